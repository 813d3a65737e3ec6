"""Roles given to people and ended, their access closed and opened again."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import services as accounts
from accounts.models import ApiToken, User
from regions.models import Institution, LifeSituation, Membership, Region
from regions.permissions import Permission, memberships_granting, require_grant, roles_grantable
from regions.roles import Role

# Without one of these nobody could let anybody in any more.
ADMINISTRATORS = frozenset({Role.NSI_ADMIN, Role.AGENCY_ADMIN})
# A last day further away than this is a slip of the pen.
LONGEST_TO_END = timedelta(days=365)


class AlreadyHolds(Exception):
    """The person has this role there: `membership`."""

    def __init__(self, membership: Membership) -> None:
        super().__init__(membership)
        self.membership = membership


class AlreadyEnded(Exception):
    """The role has ended before: `membership`."""

    def __init__(self, membership: Membership) -> None:
        super().__init__(membership)
        self.membership = membership


class WrongLastDay(Exception):
    """The last day is before the first, later than the one already set, or too far away; the message is in Russian."""


class LastAdministrator(Exception):
    """The region (None: the portal) would be left without an administrator."""

    def __init__(self, region: Region | None) -> None:
        super().__init__(region)
        self.region = region

    def __str__(self) -> str:
        place = f"{self.region} останется" if self.region else "портал останется"
        return f"Нельзя: {place} без администратора. Сначала дайте эту роль кому-нибудь ещё."


class PersonDisabled(Exception):
    """The person may not sign in: first their access is opened again."""


def home_of(region: Region | None, institution: Institution | None) -> Region | None:
    """The region a scope lies in; None: the federation."""
    return institution.region if institution else region


def first_day(region: Region | None, at: datetime) -> date:
    """From which day a role given at this moment counts: today in the region, by whose clock it will end."""
    return region.local_date(at) if region else timezone.localtime(at).date()


def is_working(institution: Institution, at: datetime) -> bool:
    """By the calendar of its region; the last day of work is a working one."""
    return institution.closed_on is None or institution.closed_on >= institution.region.local_date(at)


def written_by(row: models.Model, by: User | None) -> None:
    """The history of the row names `by`, also where nobody is signed in (a link from a letter, a job)."""
    row._history_user = by  # type: ignore[attr-defined]


# Roles ----------------------------------------------------------------------------------------------------------------


@transaction.atomic
def grant(
    *,
    user: User,
    role: str,
    region: Region | None = None,
    institution: Institution | None = None,
    life_situations: Iterable[LifeSituation] = (),
    starts_on: date,
    by: User,
) -> Membership:
    """Give a known person a role. Further ЖС for a member of the РШ are added to the role they have.

    Raises PermissionDenied, AlreadyHolds, PersonDisabled.
    """
    require_grant(by, role, region=home_of(region, institution), to=user)
    return give_role(
        user=user,
        role=role,
        region=region,
        institution=institution,
        life_situations=life_situations,
        starts_on=starts_on,
        granted_by=by,
        by=by,
    )


@transaction.atomic
def give_role(
    *,
    user: User,
    role: str,
    region: Region | None,
    institution: Institution | None,
    life_situations: Iterable[LifeSituation],
    starts_on: date,
    granted_by: User | None,
    by: User | None,
) -> Membership:
    """As `grant`, for who has asked already whether `granted_by` may; `by` is whose doing it is in the history."""
    # Of two that give the same role in one moment the second finds the first's.
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not locked.is_active:
        raise PersonDisabled
    wanted = set(life_situations)
    same = Membership.objects.filter(user=user, role=role, region=region, institution=institution, deputises_for=None)
    held = same.filter(Q(ends_on=None) | Q(ends_on__gte=starts_on)).first()
    if held:
        if not wanted - set(held.life_situations.all()):
            raise AlreadyHolds(held)
        written_by(held, by)
        held.life_situations.add(*wanted)
        return held
    membership = Membership(
        user=user,
        role=role,
        region=region,
        institution=institution,
        starts_on=starts_on,
        granted_by=granted_by,
    )
    written_by(membership, by)
    membership.save()
    if wanted:
        membership.life_situations.set(wanted)
    return membership


def days_to_end(membership: Membership, today: date) -> tuple[date, date]:
    """The earliest and the latest last day; a role that has not begun may end a year after it begins."""
    return today - LONGEST_TO_END, max(today, membership.starts_on) + LONGEST_TO_END


@transaction.atomic
def end(*, membership: Membership, last_day: date, reason: str, by: User, at: datetime) -> Membership:
    """End a role with `last_day`, and with it whoever stands in for its holder. Who may give a role may end it.

    Raises PermissionDenied, AlreadyEnded, WrongLastDay, LastAdministrator.
    """
    region = home_of(membership.region, membership.institution)
    require_grant(by, membership.role, region=region, to=None)
    if membership.role in ADMINISTRATORS:
        _lock_administration(region)
    locked = Membership.objects.select_for_update(no_key=True).get(pk=membership.pk)
    today = first_day(region, at)
    if locked.ends_on and locked.ends_on < today:
        raise AlreadyEnded(locked)
    earliest, latest = days_to_end(locked, today)
    if not earliest <= last_day <= latest:
        raise WrongLastDay(f"Можно от {earliest:%d.%m.%Y} до {latest:%d.%m.%Y}")
    if last_day < locked.starts_on:
        raise WrongLastDay(f"Роль действует с {locked.starts_on:%d.%m.%Y}: последний день не может быть раньше")
    if locked.ends_on and last_day > locked.ends_on:
        raise WrongLastDay(f"Роль и так заканчивается {locked.ends_on:%d.%m.%Y}: укажите этот день или более ранний")
    if locked.role in ADMINISTRATORS and locked.ends_on is None:
        others = _administrators(region).exclude(pk=locked.pk)
        if not others.filter(starts_on__lte=max(last_day, today) + timedelta(days=1)).exists():
            raise LastAdministrator(region)
    locked.ends_on, locked.end_reason = last_day, reason
    written_by(locked, by)
    locked.save(update_fields=["ends_on", "end_reason"])
    end_deputyships(locked, last_day=last_day, reason=reason, by=by)
    return locked


def end_deputyships(membership: Membership, *, last_day: date, reason: str, by: User) -> list[str]:
    """Let nobody stand in for this role after `last_day`, within the caller's transaction; returns who did, by name.

    What would begin later is removed: it never counted. The history keeps it.
    """
    ended = []
    for deputy in membership.deputies.filter(ends_on__gt=last_day).select_related("user"):
        ended.append(f"{deputy.user}, {deputy.starts_on:%d.%m.%Y}–{deputy.ends_on:%d.%m.%Y}")
        written_by(deputy, by)
        if deputy.starts_on > last_day:
            deputy.delete()
        else:
            deputy.ends_on, deputy.end_reason = last_day, reason
            deputy.save(update_fields=["ends_on", "end_reason"])
    return ended


# Access ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def reset_second_factor(*, user: User, by: User, at: datetime) -> None:
    """Let a person who has lost their second factor set up a new one. Raises PermissionDenied.

    Their sessions end, and the keys of their programs.
    """
    _require_access(by, user)
    accounts.reset_second_factor(user, by=by, at=at)


def revoke_api_token(*, token: ApiToken, by: User, at: datetime) -> None:
    """Take a key of a program from its person; once more does nothing. Raises PermissionDenied."""
    _require_access(by, token.user)
    accounts.revoke_api_token(token, by=by, at=at)


def may_close_access(by: User, user: User) -> bool:
    """Whether `by` administers every region the person has a role in, and may give each of these roles.

    Nobody closes the portal to themselves.
    """
    if by == user:
        return False
    if _is_federal_administrator(by):
        return True
    roles = user.memberships.not_ended_at(timezone.now())
    if not _may_give_all(by, roles.select_related("region", "institution__region")):
        return False
    if not roles.exists():
        # Of a person who has left: everywhere they have been.
        roles = user.memberships.all()
    held = roles.count()
    return held > 0 and roles.permitting(by, Permission.PEOPLE_MANAGE).count() == held


def may_open_access(by: User, user: User) -> bool:
    """As `may_close_access`; what a federal administrator has closed only a federal one opens."""
    if not may_close_access(by, user):
        return False
    return _is_federal_administrator(by) or not _was_closed_by_the_agency(user)


def _is_federal_administrator(user: User) -> bool:
    return memberships_granting(user, Permission.PEOPLE_MANAGE).federal().exists()


def _may_give_all(by: User, roles: Iterable[Membership]) -> bool:
    grantable: dict[Region | None, set[Role]] = {}
    for one in roles:
        home = one.home_region
        if home not in grantable:
            grantable[home] = roles_grantable(by, region=home)
        if one.role not in grantable[home]:
            return False
    return True


def _was_closed_by_the_agency(user: User) -> bool:
    """Whether who closed the access administered the portal on the day they did."""
    closing = None
    for record in user.history.order_by("-history_date", "-history_id").select_related("history_user"):
        if record.is_active:
            break
        closing = record
    if closing is None or closing.history_user is None:
        return False
    theirs = closing.history_user.memberships.federal().filter(role=Role.AGENCY_ADMIN)
    return bool(theirs.in_force(timezone.localtime(closing.history_date).date()).exists())


class _RolesChanged(Exception):
    """The person was given or lost an administrator's role while theirs were being locked."""


def disable(*, user: User, by: User, at: datetime) -> None:
    """Close the portal to a person at once, whatever roles they have. Raises PermissionDenied, LastAdministrator."""
    while True:
        try:
            _disable(user, by, at)
        except _RolesChanged:
            continue
        return


@transaction.atomic
def _disable(user: User, by: User, at: datetime) -> None:
    _require_access(by, user)
    since = _administered(user, at)
    for region in sorted(since, key=lambda one: one.pk if one else 0):
        _lock_administration(region)
    # Whoever gives a role locks the person too (`give_role`, handing over): from here on theirs stay as they are.
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not locked.is_active:
        return
    if _administered(user, at) != since:
        raise _RolesChanged
    for region, day in since.items():
        if not _administrators(region).exclude(user=user).filter(starts_on__lte=day).exists():
            raise LastAdministrator(region)
    accounts.disable(locked, by=by, at=at)


def _administered(user: User, at: datetime) -> dict[Region | None, date]:
    """Where the person administers, or is about to, and since when: who remains must have begun by then."""
    roles = user.memberships.not_ended_at(at).filter(role__in=ADMINISTRATORS)
    return {
        membership.region: max(membership.local_date(at), membership.starts_on)
        for membership in roles.order_by("-starts_on").select_related("region")
    }


@transaction.atomic
def enable(*, user: User, by: User, at: datetime) -> None:
    """Let a person sign in again. Raises PermissionDenied."""
    if not may_open_access(by, user):
        raise PermissionDenied
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not locked.is_active:
        accounts.enable(locked, by=by, at=at)


def _require_access(by: User, user: User) -> None:
    if not may_close_access(by, user):
        raise PermissionDenied


def _administrators(region: Region | None) -> models.QuerySet[Membership]:
    """Who administers the region (None: the portal) with no end in sight; deputies do not count."""
    role = Role.NSI_ADMIN if region else Role.AGENCY_ADMIN
    return Membership.objects.filter(
        role=role, region=region, institution=None, ends_on=None, deputises_for=None, user__is_active=True
    )


def _lock_administration(region: Region | None) -> None:
    """Hold back till commit whoever else is about to take an administrator away: two must not take the last two."""
    if region:
        Region.objects.select_for_update(no_key=True).get(pk=region.pk)
    else:
        federal = Membership.objects.federal().filter(role=Role.AGENCY_ADMIN, ends_on=None)
        list(federal.order_by("pk").select_for_update(no_key=True))
