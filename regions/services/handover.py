"""Passing a role with its open work to a successor, and standing in for somebody for a period."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from regions import open_work
from regions.models import Handover, IndicatorTarget, Invitation, Membership, RegionLifeSituation, TargetApproval
from regions.permissions import ROLE_PERMISSIONS, Permission, require_grant
from regions.roles import Role
from regions.services.people import end_deputyships, first_day

# Nobody knows further ahead who acts in which role; nor does anybody deputise for longer.
LONGEST_AHEAD = timedelta(days=365)
# An order may come late, but nobody's months of work become somebody else's.
LONGEST_BACK = timedelta(days=30)
LONGEST_DEPUTYSHIP = timedelta(days=365)


class AlreadyHandedOver(Exception):
    """The role has been passed to somebody: by this `handover`."""

    def __init__(self, handover: Handover) -> None:
        super().__init__(handover)
        self.handover = handover


class IsDeputy(Exception):
    """A deputy neither hands the role over nor appoints a deputy: it is not theirs."""


class CannotTake(Exception):
    """This person cannot take the role: it is theirs already, or the portal is closed to them."""


class WrongDays(Exception):
    """The days are not among those `days_to_hand_over` or `days_to_deputise` allow."""


class AlreadyDeputises(Exception):
    """The person already stands in on some of these days: by this `membership`."""

    def __init__(self, membership: Membership) -> None:
        super().__init__(membership)
        self.membership = membership


def days_to_hand_over(membership: Membership, today: date) -> tuple[date, date]:
    """The first and last day from which a successor may act.

    The predecessor's last day is the day before, so it is never before the predecessor's first day. Of a role that has
    ended the successor may have acted ever since.
    """
    earliest = today - LONGEST_BACK
    if membership.ends_on and membership.ends_on < today:
        earliest = min(earliest, membership.ends_on + timedelta(days=1))
    return max(membership.starts_on + timedelta(days=1), earliest), today + LONGEST_AHEAD


def days_to_deputise(membership: Membership, today: date) -> tuple[date, date]:
    """The first and last day on which somebody may stand in: neither in the past nor beyond the role itself."""
    last = today + LONGEST_AHEAD + LONGEST_DEPUTYSHIP
    return max(today, membership.starts_on), min(membership.ends_on or last, last)


@transaction.atomic
def hand_over(*, membership: Membership, to: User, on: date, reason: str, by: User, at: datetime) -> Handover:
    """Pass the role of `membership` with its open work to `to`, who acts from the day `on`; theirs ends the day before.

    Work passes at once, whatever the day. A successor who has the role already keeps it and gets the work. Those who
    deputise stop when the predecessor does. A role that has already ended keeps its last day: its work passes.

    Raises PermissionDenied unless `by` manages people there and may give this role to `to`; IsDeputy,
    AlreadyHandedOver, CannotTake, WrongDays.
    """
    require_managing(by, membership, to=to)
    predecessor = _locked(membership)
    if predecessor.deputises_for_id:
        raise IsDeputy
    if earlier := predecessor.handed_over.select_related("successor__user").first():
        raise AlreadyHandedOver(earlier)
    _require_able_to_take(predecessor, to)
    earliest, latest = days_to_hand_over(predecessor, first_day(predecessor.home_region, at))
    if not earliest <= on <= latest:
        raise WrongDays
    last_day, why = on - timedelta(days=1), f"Дела переданы: {reason}"[:300]
    ended = end_deputyships(predecessor, last_day=last_day, reason=why, by=by)
    successor = _membership_of_successor(predecessor, to, on, by)
    if predecessor.ends_on is None or predecessor.ends_on > last_day:
        predecessor.ends_on, predecessor.end_reason = last_day, why
        predecessor.save(update_fields=["ends_on", "end_reason"])
    work = open_work.pass_on(predecessor, successor, by=by, at=at)
    if ended:
        work.append({"title": "Прекращены замещения", "items": ended})
    return Handover.objects.create(
        predecessor=predecessor, successor=successor, on=on, reason=reason, work=work, at=at, by=by
    )


@transaction.atomic
def appoint_deputy(
    *, membership: Membership, to: User, starts_on: date, ends_on: date, by: User, at: datetime
) -> Membership:
    """Give `to` the role of `membership`, its scope and ЖС for a period; meanwhile both act. It ends by itself.

    Asked for twice it is one deputyship. Raises PermissionDenied like `hand_over` (the holder of a role appoints nobody
    unless they are an administrator); IsDeputy, CannotTake, WrongDays, AlreadyDeputises.
    """
    require_managing(by, membership, to=to)
    holder = _locked(membership)
    if holder.deputises_for_id:
        raise IsDeputy
    _require_able_to_take(holder, to)
    earliest, latest = days_to_deputise(holder, first_day(holder.home_region, at))
    if not earliest <= starts_on <= ends_on <= min(latest, starts_on + LONGEST_DEPUTYSHIP):
        raise WrongDays
    earlier = holder.deputies.filter(user=to, starts_on__lte=ends_on, ends_on__gte=starts_on).first()
    if earlier and (earlier.starts_on, earlier.ends_on) == (starts_on, ends_on):
        return earlier
    if earlier:
        raise AlreadyDeputises(earlier)
    if _has_the_role(holder, to, starts_on, ends_on):
        raise CannotTake
    deputy = Membership.objects.create(
        user=to,
        role=holder.role,
        region=holder.region,
        institution=holder.institution,
        starts_on=starts_on,
        ends_on=ends_on,
        granted_by=by,
        deputises_for=holder,
    )
    deputy.life_situations.set(holder.life_situations.all())
    return deputy


def require_managing(by: User, membership: Membership, *, to: User | None = None) -> None:
    """Raise PermissionDenied unless `by` may pass this role on, or lend it (to `to`: None before one is chosen)."""
    if not Membership.objects.filter(pk=membership.pk).permitting(by, Permission.PEOPLE_MANAGE).exists():
        raise PermissionDenied
    require_grant(by, membership.role, region=membership.home_region, to=to)


def _locked(membership: Membership) -> Membership:
    """The row as it is now, until the end of the transaction: of two handovers at once the second sees the first."""
    rows = Membership.objects.select_related("user", "region", "institution__region")
    return rows.select_for_update(of=("self",)).get(pk=membership.pk)


def _require_able_to_take(membership: Membership, to: User) -> None:
    # Locked too: two roles that pass to one person at once must not become two memberships.
    to = User.objects.select_for_update(no_key=True).get(pk=to.pk)
    if to == membership.user or not to.is_active:
        raise CannotTake


def _membership_of_successor(predecessor: Membership, to: User, on: date, by: User) -> Membership:
    held = to.memberships.same_role_as(predecessor).filter(deputises_for=None, ends_on=None).first()
    if held is None:
        return Membership.objects.create(
            user=to,
            role=predecessor.role,
            region=predecessor.region,
            institution=predecessor.institution,
            starts_on=on,
            granted_by=by,
        )
    if held.starts_on > on:
        held.starts_on = on
        held.save(update_fields=["starts_on"])
    return held


def _has_the_role(holder: Membership, to: User, first: date, last: date) -> bool:
    """Whether `to` does all that the holder does on these days anyway."""
    theirs = to.memberships.same_role_as(holder).filter(deputises_for=None).in_force(first).in_force(last)
    wanted = set(holder.life_situations.values_list("pk", flat=True))
    return any(wanted <= set(one.life_situations.values_list("pk", flat=True)) for one in theirs)


# Open work of the ground floor


def _life_situations(membership: Membership) -> list[str]:
    return [one.short_title for one in membership.life_situations.all()]


def _pass_life_situations(membership: Membership, successor: Membership, *, by: User, at: datetime) -> list[str]:
    # The predecessor's stay in their row: it says for what they answered while it counted.
    successor.life_situations.add(*membership.life_situations.all())
    return _life_situations(membership)


def _drafts(membership: Membership) -> QuerySet[IndicatorTarget]:
    """Values of indicators the person entered where they may, and which nobody has approved yet."""
    if Permission.TARGETS_ENTER not in ROLE_PERMISSIONS[Role(membership.role)]:
        return IndicatorTarget.objects.none()
    places = RegionLifeSituation.objects.filter(region=membership.region_id)
    if membership.role == Role.HQ_MEMBER:
        places = places.filter(life_situation__in=membership.life_situations.all())
    approved = TargetApproval.objects.filter(place=OuterRef("place"), year=OuterRef("year"))
    found = IndicatorTarget.objects.filter(~Exists(approved), place__in=places, entered_by=membership.user_id)
    return found.select_related("place__life_situation", "indicator")


def _draft_titles(drafts: Iterable[IndicatorTarget]) -> list[str]:
    return [f"{one.place.life_situation.short_title}: {one}" for one in drafts]


def _pass_drafts(membership: Membership, successor: Membership, *, by: User, at: datetime) -> list[str]:
    drafts = list(_drafts(membership).select_for_update(of=("self",)))
    for draft in drafts:
        draft.entered_by = successor.user
        draft.save(update_fields=["entered_by"])
    return _draft_titles(drafts)


def _invitations(membership: Membership) -> QuerySet[Invitation]:
    """Invitations into the scope of the role that the person sent and that nobody has answered yet."""
    if Permission.PEOPLE_MANAGE not in ROLE_PERMISSIONS[Role(membership.role)]:
        return Invitation.objects.none()
    found = Invitation.objects.open().filter(invited_by=membership.user_id).select_related("region", "institution")
    if membership.region_id:
        found = found.filter(Q(region=membership.region_id) | Q(institution__region=membership.region_id))
    return found


def _invitation_titles(invitations: Iterable[Invitation]) -> list[str]:
    return [f"{one.full_name}: {one.get_role_display()} ({one.scope_title})" for one in invitations]


def _pass_invitations(membership: Membership, successor: Membership, *, by: User, at: datetime) -> list[str]:
    invitations = list(_invitations(membership).select_for_update(of=("self",)))
    # A link lives by the rights of who invited: a successor who has none yet would be its end.
    acts = successor.is_in_force(first_day(membership.home_region, at))
    for invitation in invitations:
        invitation.invited_by = successor.user if acts else by
        invitation.save(update_fields=["invited_by"])
    return _invitation_titles(invitations)


open_work.register("Жизненные ситуации", _life_situations, _pass_life_situations)
open_work.register(
    "Значения показателей, ещё не утверждённые",
    lambda membership: _draft_titles(_drafts(membership)),
    _pass_drafts,
)
open_work.register(
    "Приглашения, на которые ещё не ответили",
    lambda membership: _invitation_titles(_invitations(membership)),
    _pass_invitations,
)
