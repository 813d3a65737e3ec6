"""The people of the demonstration: who they are, how they sign in, and finding them."""

from datetime import date
from functools import cache

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts import consent
from accounts.models import User
from accounts.services import set_totp
from nsi_portal.demo.places import REGIONS
from regions.models import Institution, Membership, Region
from regions.permissions import needs_second_factor
from regions.roles import FEDERAL_ROLES, Role

PASSWORD = "demo-nsi-2026"  # noqa: S105  (printed at every start; refused in production)
# Of the people whose roles need a second factor; /developer/letters/ shows the codes it gives.
DEMO_TOTP_SECRET = "NSIDEMONSTRATION234567ABCDEFGHIJ"  # noqa: S105  (as the password)
NAMES = {
    Role.AGENCY_ADMIN: "Орлова Марина Викторовна",
    Role.AGENCY_CURATOR: "Беляев Андрей Сергеевич",
    Role.AGENCY_ANALYST: "Соколова Анна Дмитриевна",
    Role.FEDERAL_OBSERVER: "Громов Павел Игоревич",
    Role.REGION_HEAD: "Ветров Николай Петрович",
    Role.HQ_CHAIR: "Лаптева Ольга Романовна",
    Role.HQ_MEMBER: "Захаров Илья Олегович",
    Role.SERVICE_COMMISSIONER: "Мельникова Юлия Андреевна",
    Role.EXPERT: "Крылов Денис Евгеньевич",
    Role.NSI_ADMIN: "Фомина Татьяна Львовна",
    Role.INSTITUTION_REP: "Иванова Алла Павловна",
}


def email_of(role: Role, tag: str = "") -> str:
    return f"{role.value.replace('_', '-')}@{tag + '.' if tag else ''}example.org"


def sign_ins() -> list[tuple[str, str, str]]:
    """Who can sign in to the demonstration: role with its place, e-mail, password."""
    federal = [(role.label, email_of(role), PASSWORD) for role in Role if role in FEDERAL_ROLES]
    regional = [
        (f"{role.label}, {region.code}", email_of(role, region.tag), PASSWORD)
        for region in REGIONS
        for role in Role
        if role not in FEDERAL_ROLES
    ]
    return federal + regional


def people_of(tag: str) -> dict[Role, User]:
    """The people of a region, and those of the federation, by role."""
    return {role: User.objects.get(email=email_of(role, "" if role in FEDERAL_ROLES else tag)) for role in Role}


def is_loaded() -> bool:
    return User.objects.filter(email=email_of(Role.AGENCY_ADMIN)).exists()


@cache
def _hashed_password() -> str:
    # One hash for all: the demonstration's password is no secret, and hashing is slow on purpose.
    return make_password(PASSWORD)


def make_person(
    role: Role,
    tag: str,
    since: date,
    by: User | None,
    *,
    region: Region | None = None,
    institution: Institution | None = None,
) -> User:
    user = User.objects.create(
        email=email_of(role, tag), password=_hashed_password(), full_name=NAMES[role], position=role.label
    )
    Membership.objects.create(
        user=user, role=role, region=region, institution=institution, starts_on=since, granted_by=by
    )
    consent.give(user, timezone.now())
    if needs_second_factor(user):
        set_totp(user, DEMO_TOTP_SECRET)
    return user
