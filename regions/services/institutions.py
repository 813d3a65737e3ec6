"""Institutions: their card, the ЖС they take part in, closing and merging.

What has been answered and measured stays with the institution it was said about: closing and merging change what goes
on after a day, never what was before it.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import User
from regions.models import (
    Direction,
    Institution,
    LifeSituation,
    Membership,
    Participation,
    Region,
    RegionLifeSituation,
)
from regions.participations import StillNeeded, draw_consequences
from regions.permissions import Permission, require

# A year typed with a slip of the finger is no day anybody means: so far back and ahead forms and files are believed.
FURTHEST = timedelta(days=5 * 366)
_DAY = timedelta(days=1)
_QUOTES = str.maketrans("", "", "«»\"'“”„‘’`")


class Refused(Exception):
    """It cannot be done; the message, in Russian, says why and what to do."""


class NameTaken(Refused):
    """Another institution of the region is called so."""


class WrongDay(Refused):
    """The day does not fit what is known of other days."""


class WrongLifeSituation(Refused):
    """The region has not taken this ЖС, or the institution takes part in it already."""


class WrongTarget(Refused):
    """An institution cannot be merged into this one."""


class WrongState(Refused):
    """The institution is closed or merged already, or is not."""


@dataclass(frozen=True, slots=True)
class Particulars:
    """What is known of an institution itself."""

    name: str
    settlement: str
    locality: str
    sphere: Direction | None


@dataclass(slots=True)
class Outcome:
    """What closing or merging does: in a dry run, what it would do."""

    ended: list[Participation] = field(default_factory=list)
    # Participations that begin in the institution merged into, and those it has anyway.
    continued: list[Participation] = field(default_factory=list)
    representatives: list[User] = field(default_factory=list)
    # Of these, who gets no role in the institution merged into: whoever merges does not raise their own rights.
    not_carried_over: list[User] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    @property
    def carried_over(self) -> list[User]:
        return [one for one in self.representatives if one not in self.not_carried_over]


# Card -----------------------------------------------------------------------------------------------------------------


def plain_name(name: str) -> str:
    """A name as people compare it: letter case, quotes, spaces (also beside «№»), ё and е make no difference."""
    return " ".join(name.translate(_QUOTES).casefold().replace("ё", "е").replace("№", " № ").split())


@transaction.atomic
def add_institution(*, region: Region, particulars: Particulars, by: User, at: datetime) -> Institution:
    """Raises PermissionDenied, NameTaken."""
    require(by, Permission.INSTITUTION_MANAGE, region)
    _lock_names(region.pk)
    _require_free(particulars.name, region.pk)
    institution = Institution(
        region=region,
        name=particulars.name,
        settlement=particulars.settlement,
        locality=particulars.locality,
        sphere=particulars.sphere,
    )
    _save_card(institution, by, at)
    return institution


@transaction.atomic
def change_institution(*, institution: Institution, particulars: Particulars, by: User, at: datetime) -> Institution:
    """Only what has changed is stored, and only if anything has. Raises PermissionDenied, NameTaken."""
    require(by, Permission.INSTITUTION_MANAGE, institution)
    _lock_names(institution.region_id)
    current = Institution.objects.select_related("sphere").get(pk=institution.pk)
    changed = differences(current, particulars)
    if "name" in changed:
        _require_free(particulars.name, current.region_id, besides=current.pk)
    for name in changed:
        setattr(current, name, getattr(particulars, name))
    if changed:
        _save_card(current, by, at, changed)
    return current


def differences(institution: Institution, particulars: Particulars) -> list[str]:
    """The fields in which the institution is known otherwise."""
    names = ("name", "settlement", "locality", "sphere")
    return [name for name in names if getattr(institution, name) != getattr(particulars, name)]


def _lock_names(region_id: int) -> None:
    """Of two that give like names in one moment the second sees the first's; loading a file holds the same row."""
    Region.objects.select_for_update(no_key=True).get(pk=region_id)


def _require_free(name: str, region_id: int, besides: int | None = None) -> None:
    wanted = plain_name(name)
    for pk, known in Institution.objects.filter(region=region_id).values_list("pk", "name"):
        if pk != besides and plain_name(known) == wanted:
            raise NameTaken(f"Учреждение «{known}» в регионе уже есть")


def _save_card(institution: Institution, by: User, at: datetime, changed: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            save_row(institution, by, at, changed)
    except IntegrityError as error:
        # Somebody else was quicker.
        raise NameTaken("Учреждение с таким названием в регионе уже есть") from error


# Participation --------------------------------------------------------------------------------------------------------


@transaction.atomic
def start_participation(
    *, institution: Institution, life_situation: LifeSituation, since: date, by: User, at: datetime
) -> Participation:
    """Let an institution take part in a ЖС of its region from the day `since`.

    One that left the day before goes on: it is the same participation. Raises PermissionDenied, WrongLifeSituation (not
    taken by the region, or taking part already), WrongDay (before the region took the ЖС), WrongState (closed).
    """
    place = RegionLifeSituation.objects.filter(region=institution.region_id, life_situation=life_situation).first()
    if place is None:
        raise WrongLifeSituation(f"Регион не взял жизненную ситуацию «{life_situation}»")
    require(by, Permission.LIFE_SITUATION_RUN, place)
    (locked,) = locked_rows(institution)
    _require_open(locked)
    if since < place.since:
        raise WrongDay(f"Регион взял эту жизненную ситуацию {_shown(place.since)}: раньше участвовать в ней нельзя")
    return begin(locked, life_situation, since, None, by, at)


@transaction.atomic
def end_participation(*, participation: Participation, until: date, by: User, at: datetime) -> Participation:
    """Let a participation end with the day `until`; links of the institution take no answers after it.

    Ending it once more with the same day changes nothing; an earlier day takes the place of a later one. Raises
    PermissionDenied, WrongDay.
    """
    require_running(by, participation)
    locked_rows(participation.institution)
    current = Participation.objects.select_related("institution", "life_situation").get(pk=participation.pk)
    if current.until == until:
        return current
    if current.until is not None and current.until < until:
        raise WrongDay(f"Участие уже завершено {_shown(current.until)}. Чтобы продолжить, начните его снова")
    _end(current, until, by, at)
    return current


@transaction.atomic
def transfer_participation(
    *, participation: Participation, life_situation: LifeSituation, last_day: date, by: User, at: datetime
) -> Participation:
    """End a participation with `last_day` and begin one in another ЖС the next day; returns the new one.

    Raises what `end_participation` and `start_participation` do.
    """
    if life_situation.pk == participation.life_situation_id:
        raise WrongLifeSituation("Учреждение уже в этой жизненной ситуации: выберите другую")
    end_participation(participation=participation, until=last_day, by=by, at=at)
    return start_participation(
        institution=participation.institution, life_situation=life_situation, since=last_day + _DAY, by=by, at=at
    )


def require_running(by: User, participation: Participation) -> None:
    """Raise PermissionDenied unless `by` may end this participation."""
    institution = participation.institution
    place = RegionLifeSituation.objects.filter(
        region=institution.region_id, life_situation=participation.life_situation_id
    ).first()
    if place is None:
        # Left over from a ЖС the region does not have: a matter of the list of institutions.
        require(by, Permission.INSTITUTION_MANAGE, institution)
    else:
        require(by, Permission.LIFE_SITUATION_RUN, place)


def begin(
    institution: Institution, life_situation: LifeSituation, since: date, until: date | None, by: User, at: datetime
) -> Participation:
    """The participation itself, of an institution that is locked. Raises WrongLifeSituation when days overlap."""
    rows = institution.participations.filter(life_situation=life_situation)
    overlapping = rows.filter(since__lte=until or date.max).not_over(since).order_by("since").first()
    if overlapping is not None:
        raise WrongLifeSituation(f"Учреждение уже участвует в этой жизненной ситуации {days_of(overlapping)}")
    row = rows.filter(until=since - _DAY).first()
    if row is None:
        row = Participation(institution=institution, life_situation=life_situation, since=since, until=until)
        save_row(row, by, at)
    else:
        row.until = until
        save_row(row, by, at, ["until"])
    return row


def _end(participation: Participation, until: date, by: User, at: datetime) -> list[str]:
    if until < participation.since:
        raise WrongDay(
            f"Учреждение участвует в ЖС «{participation.life_situation}» с {_shown(participation.since)}:"
            " последний день не может быть раньше"
        )
    participation.until = until
    save_row(participation, by, at, ["until"])
    try:
        return draw_consequences(participation, at)
    except StillNeeded as error:
        raise WrongDay(str(error)) from error


# Closing --------------------------------------------------------------------------------------------------------------


def close_institution(
    *, institution: Institution, last_day: date, by: User, at: datetime, dry_run: bool = False
) -> Outcome:
    """Close an institution with its last day of work: participations and roles in it end that day.

    Raises PermissionDenied, WrongState (closed already), WrongDay.
    """
    require(by, Permission.INSTITUTION_MANAGE, institution)
    with transaction.atomic():
        (locked,) = locked_rows(institution)
        _require_open(locked)
        outcome = Outcome()
        _end_all(locked, last_day, "Учреждение закрыто", by, at, outcome)
        locked.closed_on = last_day
        save_row(locked, by, at, ["closed_on"])
        # Nothing of a dry run stays, and nobody hears of it.
        transaction.set_rollback(dry_run)
    return outcome


@transaction.atomic
def reopen_institution(*, institution: Institution, by: User, at: datetime) -> None:
    """Let a closed institution work again. What its closing ended is begun anew by hand: since when is not known here.

    Raises PermissionDenied, WrongState (merged, so its work goes on elsewhere). Reopening twice changes nothing.
    """
    require(by, Permission.INSTITUTION_MANAGE, institution)
    (locked,) = locked_rows(institution)
    if locked.merged_into:
        raise WrongState(f"Учреждение присоединено к «{locked.merged_into}», открыть его снова нельзя")
    if locked.closed_on is not None:
        locked.closed_on = None
        save_row(locked, by, at, ["closed_on"])


def _end_all(
    institution: Institution, last_day: date, reason: str, by: User, at: datetime, outcome: Outcome
) -> tuple[list[tuple[Participation, date | None]], list[tuple[Membership, date | None]]]:
    """End participations and roles of an institution that go on after `last_day`; returns them with their old ends."""
    participations, memberships = [], []
    for row in institution.participations.select_related("institution", "life_situation").not_over(last_day + _DAY):
        participations.append((row, row.until))
        if row.since > max(last_day, institution.region.local_date(at)):
            # It was only planned: nothing has been counted in it yet.
            _delete(row, by, at)
        else:
            outcome.stopped += _end(row, last_day, by, at)
        outcome.ended.append(row)
    later = institution.memberships.filter(Q(ends_on=None) | Q(ends_on__gt=last_day))
    for membership in later.select_related("user").select_for_update(of=("self",), no_key=True).order_by("pk"):
        memberships.append((membership, membership.ends_on))
        # A role that began after a day in the past has its first day at least.
        membership.ends_on, membership.end_reason = max(last_day, membership.starts_on), reason[:300]
        save_row(membership, by, at, ["ends_on", "end_reason"])
        if membership.user not in outcome.representatives:
            outcome.representatives.append(membership.user)
    return participations, memberships


# Merging --------------------------------------------------------------------------------------------------------------


def merge_institutions(
    *, source: Institution, target: Institution, last_day: date, by: User, at: datetime, dry_run: bool = False
) -> Outcome:
    """Close `source` with `last_day`; from the next day `target` goes on with what it did.

    Its participations go on in the target unless that takes part already; its representatives get the same role there.
    Answers, links, values and published quarters stay where they were. Raises PermissionDenied, WrongTarget (itself,
    another region's, closed or merged), WrongState (the source is closed or merged already), WrongDay.
    """
    require(by, Permission.INSTITUTION_MANAGE, source)
    if source.pk == target.pk:
        raise WrongTarget("Учреждение нельзя присоединить к самому себе")
    if source.region_id != target.region_id:
        raise WrongTarget("Учреждение другого региона: присоединить можно только внутри региона")
    with transaction.atomic():
        rows = locked_rows(source, target)
        outcome = _merge(rows[0], rows[1], last_day, by, at)
        transaction.set_rollback(dry_run)
    return outcome


def _merge(source: Institution, target: Institution, last_day: date, by: User, at: datetime) -> Outcome:
    _require_open(source)
    if target.merged_into:
        raise WrongTarget(f"Это учреждение само присоединено к «{target.merged_into}»: выберите его")
    if target.closed_on is not None:
        raise WrongTarget(f"Это учреждение закрывается {_shown(target.closed_on)}: выберите то, которое работает")
    outcome = Outcome()
    reason = f"Учреждение присоединено к «{target}»"
    participations, memberships = _end_all(source, last_day, reason, by, at, outcome)
    for row, until in participations:
        continued = _continue(row, until, target, last_day + _DAY, by, at)
        if continued not in outcome.continued:
            outcome.continued.append(continued)
    _carry_over(memberships, target, last_day + _DAY, by, at, outcome)
    source.closed_on, source.merged_into = last_day, target
    save_row(source, by, at, ["closed_on", "merged_into"])
    return outcome


def _continue(
    ended: Participation, until: date | None, target: Institution, next_day: date, by: User, at: datetime
) -> Participation:
    """The participation of the target that takes the place of one that ended: a new one, or that which it has."""
    since = max(next_day, ended.since)
    rows = target.participations.filter(life_situation=ended.life_situation_id)
    own = rows.in_force(since).first()
    if own is not None:
        return own
    later = rows.filter(since__gt=since).order_by("since").first()
    if later is not None:
        until = min(until or date.max, later.since - _DAY)
    return begin(target, ended.life_situation, since, until, by, at)


def _carry_over(
    ended: list[tuple[Membership, date | None]],
    target: Institution,
    next_day: date,
    by: User,
    at: datetime,
    outcome: Outcome,
) -> None:
    """Give those whose role ended the same role in the target from `next_day` on, until the same day."""
    held: dict[int, Membership] = {}
    # Whoever deputises comes after the one they stand in for.
    for old, ends_on in sorted(ended, key=lambda pair: pair[0].deputises_for_id is not None):
        if old.user_id == by.pk:
            outcome.not_carried_over.append(old.user)
            continue
        starts_on = max(next_day, old.starts_on)
        same = Membership.objects.filter(user=old.user, role=old.role, institution=target)
        new = same.in_force(starts_on).filter(Q(ends_on=None) | Q(ends_on__gte=ends_on or date.max)).first()
        if new is None:
            new = Membership(
                user=old.user,
                role=old.role,
                institution=target,
                starts_on=starts_on,
                ends_on=ends_on,
                granted_by=by,
                deputises_for=held.get(old.deputises_for_id or 0),
            )
            save_row(new, by, at)
        held[old.pk] = new


# Shared ---------------------------------------------------------------------------------------------------------------


def days_of(participation: Participation) -> str:
    """«с 01.01.2026 по 31.03.2026»."""
    until = f" по {_shown(participation.until)}" if participation.until else ""
    return f"с {_shown(participation.since)}{until}"


def locked_rows(*institutions: Institution) -> list[Institution]:
    """The rows as they are now, locked until the end of the transaction, in the order asked for.

    Locked in the order of their numbers: of two merges at once, whichever way round, one waits and sees the other's.
    Answers refer to these rows and are not held up.
    """
    rows = Institution.objects.select_related("region", "merged_into").order_by("pk")
    wanted = [one.pk for one in institutions]
    found = {one.pk: one for one in rows.filter(pk__in=wanted).select_for_update(of=("self",), no_key=True)}
    return [found[pk] for pk in wanted]


def _require_open(institution: Institution) -> None:
    if institution.merged_into:
        raise WrongState(f"Учреждение уже присоединено к «{institution.merged_into}»")
    if institution.closed_on is not None:
        raise WrongState(f"Учреждение закрыто {_shown(institution.closed_on)}: сначала откройте его снова")


def save_row(row: Any, by: User, at: datetime, changed: list[str] | None = None) -> None:
    """Store a row (None: a new one), and in its history by whom and when."""
    row._history_user, row._history_date = by, at
    row.save(update_fields=changed)


def _delete(row: Any, by: User, at: datetime) -> None:
    row._history_user, row._history_date = by, at
    row.delete()


def _shown(day: date) -> str:
    return f"{day:%d.%m.%Y}"
