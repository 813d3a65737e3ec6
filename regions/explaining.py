"""Why somebody sees a thing, or does not: each right on it, by which role it is held or what is missing.

Every answer is the one `permissions` gives: it is asked about each role of the person as if it were the only one. What
is added here is words.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.utils import timezone

from regions.models import Institution, Membership, Region, RegionLifeSituation
from regions.permissions import ROLE_PERMISSIONS, Permission, Target, may
from regions.querysets import MembershipQuerySet, people_visible_to
from regions.roles import Role

if TYPE_CHECKING:
    from accounts.models import User

# Which rights are asked about which kind of thing.
APPLY_TO: dict[type[Target], tuple[Permission, ...]] = {
    Region: (
        Permission.REGION_VIEW,
        Permission.RESULTS_VIEW,
        Permission.STRUCTURE_EDIT,
        Permission.COMMISSIONER_ACCREDIT,
        Permission.LIFE_SITUATION_CHOOSE,
        Permission.INSTITUTION_MANAGE,
        Permission.QUESTIONNAIRE_EDIT,
        Permission.WEIGHTS_DECIDE,
        Permission.PEOPLE_VIEW,
        Permission.PEOPLE_MANAGE,
        Permission.ACCESS_EXPLAIN,
    ),
    RegionLifeSituation: (
        Permission.REGION_VIEW,
        Permission.RESULTS_VIEW,
        Permission.LIFE_SITUATION_RUN,
        Permission.TARGETS_ENTER,
        Permission.TARGETS_APPROVE,
        Permission.COMPLETION_DECIDE,
        Permission.CLIENTS_ENTER,
        Permission.QUARTER_CALCULATE,
        Permission.QUARTER_PUBLISH,
    ),
    Institution: (
        Permission.INSTITUTION_VIEW,
        Permission.OWN_COUNTS_VIEW,
        Permission.INSTITUTION_MANAGE,
        Permission.LINK_MANAGE,
        Permission.RESPONSES_IMPORT,
        Permission.ANSWERS_EXCLUDE_PROPOSE,
        Permission.ANSWERS_EXCLUDE_DECIDE,
        Permission.COMMENTS_VIEW,
        Permission.COMMENTS_CODE,
        Permission.COMMENTS_RAW,
        Permission.CHANGES_TELL,
        Permission.CLIENTS_ENTER,
    ),
}
# Asked about no thing in particular.
PORTAL_WIDE = frozenset(
    {
        Permission.COUNTRY_VIEW,
        Permission.PERMISSIONS_VIEW,
        Permission.DEADLINES_MANAGE,
        Permission.MATERIALS_PUBLISH,
        Permission.CATALOGUE_MANAGE,
        Permission.QUESTIONNAIRE_STANDARD_EDIT,
    }
)


@dataclass(frozen=True, slots=True)
class Ground:
    """A role of the person that could give the right: whether it does, and why (not)."""

    membership: Membership
    counts: bool
    words: str


@dataclass(frozen=True, slots=True)
class Answer:
    permission: Permission
    is_granted: bool
    # By which roles; of a right not held: the roles that could give it and what each lacks.
    grounds: list[Ground]
    # Which roles give the right at all.
    roles: list[Role]


def memberships_seen(person: User, by: User) -> MembershipQuerySet:
    """The roles of a person, past ones too, that `by` may know of: of others those where they see people."""
    theirs = Membership.objects.filter(user=person)
    seen = theirs if person == by else theirs.permitting(by, Permission.PEOPLE_VIEW)
    return seen.select_related("user", "region", "institution__region", "deputises_for__user").order_by(
        "-starts_on", "pk"
    )


def explain(person: User, target: Target, memberships: Iterable[Membership]) -> list[Answer]:
    """Each right that is asked about such a thing, explained by these roles of the person.

    With all roles of the person the answers are those of `may`; with some, as if there were no others.
    """
    theirs = list(memberships)
    return [_explained(permission, person, target, theirs) for permission in APPLY_TO[type(target)]]


def _explained(permission: Permission, person: User, target: Target, memberships: list[Membership]) -> Answer:
    able = [one for one in memberships if permission in ROLE_PERMISSIONS[Role(one.role)]]
    grounds = [_ground(permission, person, target, one) for one in able]
    granting = [one for one in grounds if one.counts]
    return Answer(
        permission=permission,
        is_granted=bool(granting),
        grounds=granting or grounds,
        roles=[role for role in Role if permission in ROLE_PERMISSIONS[role]],
    )


def _ground(permission: Permission, person: User, target: Target, membership: Membership) -> Ground:
    acting = getattr(person, "acting_membership_id", None)
    if may(_acting_in(person, membership), permission, target):
        if acting and acting != membership.pk:
            return Ground(membership, False, "сейчас выбрана другая роль")
        return Ground(membership, True, _since(membership))
    return Ground(membership, False, _lack(person, target, membership, membership.local_date(timezone.now())))


def _acting_in(person: User, membership: Membership) -> User:
    """The person with this role only."""
    one = copy.copy(person)
    one.acting_membership_id = membership.pk  # type: ignore[attr-defined]
    return one


def _since(membership: Membership) -> str:
    words = f"с {membership.starts_on:%d.%m.%Y}"
    if membership.ends_on:
        words += f" по {membership.ends_on:%d.%m.%Y}"
    if membership.deputises_for:
        words += f", замещает: {membership.deputises_for.user.short_name}"
    return words


def _lack(person: User, target: Target, membership: Membership, today: date) -> str:
    """What keeps a role that gives the right from giving it here."""
    region = target if isinstance(target, Region) else target.region
    if membership.region and membership.region != region:
        return "роль дана в другом регионе"
    if membership.institution and not isinstance(target, Institution):
        return "роль дана в учреждении и действует только там"
    if membership.institution and membership.institution != target:
        return "роль дана в другом учреждении"
    if membership.starts_on > today:
        return f"роль начнёт действовать {membership.starts_on:%d.%m.%Y}"
    if membership.ends_on and membership.ends_on < today:
        return f"роль закончилась {membership.ends_on:%d.%m.%Y}"
    if not person.is_active:
        return "вход на портал закрыт"
    answers_for = "; ".join(one.short_title for one in membership.life_situations.all())
    if not answers_for:
        return "не назначен ответственным ни за одну ЖС"
    if isinstance(target, Institution):
        return f"учреждение не участвует в ЖС, за которые отвечает: {answers_for}"
    return f"отвечает за другие ЖС: {answers_for}"


def people_seen(by: User) -> QuerySet[User]:
    """Whom `by` may ask about: themselves and everybody they find in the lists of people."""
    return get_user_model().objects.filter(Q(pk=by.pk) | Q(pk__in=people_visible_to(by)))
