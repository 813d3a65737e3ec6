"""Suspicious answers are marked; decisions of two people leave answers out or take them back in."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, F, Min
from django.utils import timezone

from accounts.models import User
from regions.models import Institution, LifeSituation, Membership, Region, RegionLifeSituation
from regions.permissions import ROLE_PERMISSIONS, Permission, may, require
from regions.roles import Role
from surveys.counting import rollups
from surveys.locks import require_unpublished
from surveys.models import ExclusionCase, Response
from surveys.models.questionnaires import published_definition
from surveys.quality.addresses import DayCounter
from surveys.quality.marks import (
    Bounds,
    Flag,
    are_too_many,
    are_too_many_texts,
    burst_minutes,
    has_long_text,
    is_at_night,
    is_too_fast,
    number_answered,
    usual_number,
    usual_share,
    without_dates,
)
from surveys.questionnaires.answers import Answers

# Of what was said before, so many of the newest tell what is usual.
_MOST_COMPARED = 2000
_ALL_FLAGS = sum(Flag)
# Numbers in one statement: SQLite takes no more than some 32,000.
_AT_ONCE = 5000
Piece = TypeVar("Piece")


def bounds() -> Bounds:
    return Bounds(**settings.QUALITY_BOUNDS)


# When an answer arrives -----------------------------------------------------------------------------------------------


class Visit:
    """Somebody sends answers from a page or by the API: what can be told of it at once, before the one INSERT.

    `flags` counts it; `was_no_answer` takes that back: what is a repeat, or was not stored, counts for nothing.
    """

    def __init__(
        self, meta: Mapping[str, Any], *, institution_id: int, zone: ZoneInfo, begun_at: datetime, now: datetime
    ) -> None:
        self._zone, self._begun_at, self._now = zone, begun_at, now
        self._counted = 0
        self._answers_of_address = DayCounter(meta, scope=f"institution {institution_id}", zone=zone, now=now)

    def flags(self, answers: Answers) -> Flag:
        limits = bounds()
        seconds = (self._now - self._begun_at).total_seconds()
        found = Flag(0)
        if is_too_fast(seconds=seconds, answered=number_answered(answers.values), bounds=limits):
            found |= Flag.FAST
        if is_at_night(self._now, zone=self._zone, bounds=limits):
            found |= Flag.NIGHT
        self._counted = self._answers_of_address.add()
        if self._counted > limits.address_answers:
            found |= Flag.ADDRESS
        return found

    def was_no_answer(self) -> None:
        if self._counted:
            self._answers_of_address.take_back()


# Afterwards -----------------------------------------------------------------------------------------------------------


def mark_recent(now: datetime) -> int:
    """Look for bursts and identical answers of the last days; returns how many marks were set or taken away."""
    last = timezone.localdate(now) + timedelta(days=1)  # in Kamchatka it is tomorrow already
    return mark(last - timedelta(days=settings.QUALITY_DAYS_BACK), last)


def mark(first: date, last: date) -> int:
    """Set BURST and IDENTICAL for the answers of some days just as their neighbours say; safe to repeat.

    Reads the answers of these days once, and of the days before only those of links and institutions with a suspicion.
    """
    limits = bounds()
    situations = list(LifeSituation.objects.order_by("pk").values_list("pk", flat=True))
    return sum(
        _mark_bursts(situation, first, last, limits) + _mark_identical(situation, first, last, limits)
        for situation in situations
    )


def _mark_bursts(situation: int, first: date, last: date, limits: Bounds) -> int:
    recent = Response.objects.between(first, last).filter(life_situation=situation, mode=Response.Mode.ONLINE)
    streams: dict[tuple[int, date], dict[datetime, int]] = defaultdict(dict)
    rows = recent.order_by().values_list("link", "answered_on", "arrived_at").annotate(number=Count("pk"))
    for link, day, minute, number in rows:
        streams[link, day][minute] = number
    wanted: set[int] = set()
    for (link, day), stream in streams.items():
        if not burst_minutes(stream, usual=1, bounds=limits):
            continue
        usual = usual_number(_history_of(link, day), minutes=limits.burst_minutes)
        if found := burst_minutes(stream, usual=usual, bounds=limits):
            wanted.update(recent.filter(link=link, answered_on=day, arrived_at__in=found).values_list("pk", flat=True))
    return _set(Flag.BURST, wanted, situation, first, last)


def _history_of(link: int, day: date) -> dict[datetime, int]:
    earlier = Response.objects.between(day - timedelta(days=settings.QUALITY_USUAL_DAYS), day - timedelta(days=1))
    rows = earlier.filter(link=link, mode=Response.Mode.ONLINE).order_by().values_list("arrived_at")
    return dict(rows.annotate(number=Count("pk")))


def _mark_identical(situation: int, first: date, last: date, limits: Bounds) -> int:
    recent = Response.objects.between(first, last).filter(life_situation=situation).order_by()
    fewest = min(limits.identical_answers, limits.identical_texts)
    day = ("institution", "version", "answered_on")
    groups = list(
        recent.values_list(*day, "digest").annotate(number=Count("pk"), example=Min("pk")).filter(number__gte=fewest)
    )
    if not groups:
        return _set(Flag.IDENTICAL, set(), situation, first, last)
    # Whatever the number of groups each of these is asked once; what is usual, once for an institution and a day.
    examples = _answers_of([group[-1] for group in groups])
    numbers = {tuple(of): number for *of, number in recent.values_list(*day).annotate(number=Count("pk"))}
    usual: dict[tuple[int, int, date], list[str]] = {}
    wanted_groups = set()
    for institution, version, answered_on, digest, number, example in groups:
        definition, place = published_definition(version), (institution, version, answered_on)
        if has_long_text(examples[example], definition, bounds=limits):
            too_many = are_too_many_texts(number, bounds=limits)
        else:
            if place not in usual:
                usual[place] = _said_before(situation, *place)
            share = usual_share(without_dates(examples[example], definition), usual[place])
            too_many = are_too_many(number, of=numbers[place], share=share, bounds=limits)
        if too_many:
            wanted_groups.add((*place, bytes(digest)))
    wanted = set()
    for digests in _pieces(sorted({group[-1] for group in wanted_groups})):
        for pk, *place_of_it, digest in recent.filter(digest__in=digests).values_list("pk", *day, "digest"):
            if (*place_of_it, bytes(digest)) in wanted_groups:
                wanted.add(pk)
    return _set(Flag.IDENTICAL, wanted, situation, first, last)


def _answers_of(pks: Sequence[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for some in _pieces(pks):
        found.update(Response.objects.filter(pk__in=some).values_list("pk", "answers"))
    return found


def _said_before(situation: int, institution: int, version: int, day: date) -> list[str]:
    """The newest answers about an institution before a day, as `without_dates` writes them."""
    definition = published_definition(version)
    earlier = (
        Response.objects.between(day - timedelta(days=settings.QUALITY_USUAL_DAYS), day - timedelta(days=1))
        .filter(institution=institution, version=version, life_situation=situation)
        .order_by("-answered_on", "-pk")
        .values_list("answers", flat=True)[:_MOST_COMPARED]
    )
    return [without_dates(one, definition) for one in earlier]


def _set(flag: Flag, wanted: set[int], situation: int, first: date, last: date) -> int:
    """Give the mark to just these answers of the days; returns how many changed."""
    marked = set(
        Response.objects.between(first, last)
        .filter(life_situation=situation, flags__gt=0)
        .annotate(has=F("flags").bitand(int(flag)))
        .filter(has__gt=0)
        .values_list("pk", flat=True)
    )
    changed = 0
    for pks in _pieces(sorted(wanted - marked)):
        changed += Response.objects.filter(pk__in=pks).update(flags=F("flags").bitor(int(flag)))
    for pks in _pieces(sorted(marked - wanted)):
        # Not by subtraction: two who look at the same days would take the mark away twice.
        changed += Response.objects.filter(pk__in=pks).update(flags=F("flags").bitand(~int(flag) & _ALL_FLAGS))
    return changed


def _pieces(many: Sequence[Piece]) -> Iterable[Sequence[Piece]]:
    return (many[at : at + _AT_ONCE] for at in range(0, len(many), _AT_ONCE))


# Decisions ------------------------------------------------------------------------------------------------------------


class CannotDecide(Exception):
    """It cannot be done; `str()` says why in Russian, for the person."""


class NotWaiting(CannotDecide):
    """Somebody has decided the case already, or it was withdrawn."""


class OwnProposal(CannotDecide):
    """Nobody decides what they have proposed themselves."""


class AnswersChanged(CannotDecide):
    """The answers are not those the person saw."""


def place_of(institution: Institution, life_situation_id: int) -> RegionLifeSituation:
    """What rights about answers are asked of. Raises PermissionDenied where the region never took the ЖС."""
    place = RegionLifeSituation.objects.filter(region=institution.region_id, life_situation=life_situation_id).first()
    if place is None:
        raise PermissionDenied
    return place


def propose(
    *,
    institution: Institution,
    life_situation: LifeSituation,
    kind: str,
    response_ids: Iterable[int],
    reason: str,
    by: User,
) -> ExclusionCase:
    """Propose to leave answers out or to take them back in. The set is fixed: what arrives later is not in it.

    Raises PermissionDenied, AnswersChanged, PublishedAlready.
    """
    require(by, Permission.ANSWERS_EXCLUDE_PROPOSE, place_of(institution, life_situation.pk))
    wanted = sorted(set(response_ids))
    with transaction.atomic():
        # One at a time for an institution: an answer waits in one case only.
        Institution.objects.select_for_update(no_key=True).get(pk=institution.pk)
        answers: list[tuple[int, date]] = []
        for pks in _pieces(wanted):
            answers += (
                Response.objects.filter(
                    pk__in=pks,
                    institution=institution,
                    life_situation=life_situation,
                    is_excluded=kind == ExclusionCase.Kind.TAKE_BACK,
                )
                .exclude(cases__state=ExclusionCase.State.PROPOSED)
                .values_list("pk", "answered_on")
            )
        if not wanted or len(answers) != len(wanted):
            raise AnswersChanged(
                "Часть этих ответов уже ждёт решения, исключена или возвращена. Посмотрите на них ещё раз."
            )
        days = [day for _, day in answers]
        require_unpublished(institution_id=institution.pk, life_situation_id=life_situation.pk, days=days)
        case = ExclusionCase.objects.create(
            kind=kind,
            institution=institution,
            life_situation=life_situation,
            number=len(answers),
            first_day=min(days),
            last_day=max(days),
            reason=reason,
            proposed_by=by,
        )
        through = ExclusionCase.responses.through
        through.objects.bulk_create(
            [through(exclusioncase_id=case.pk, response_id=pk) for pk in wanted], batch_size=_AT_ONCE
        )
    return case


def approve(*, case: ExclusionCase, by: User, at: datetime, explanation: str = "") -> ExclusionCase:
    """Do what was proposed. Raises PermissionDenied, OwnProposal, NotWaiting, AnswersChanged, PublishedAlready."""
    with transaction.atomic():
        locked = _locked(case, by)
        answers = dict(locked.responses.order_by().values_list("pk", "answered_on"))
        leaves_out = locked.kind == ExclusionCase.Kind.LEAVE_OUT
        if not answers:
            raise AnswersChanged("Этих ответов больше нет: загрузку, с которой они пришли, отозвали.")
        with rollups.changing(answers):
            # After the lock of the rollup, as everybody who changes answers: two of them never wait for each other.
            require_unpublished(
                institution_id=locked.institution_id,
                life_situation_id=locked.life_situation_id,
                days=answers.values(),
            )
            changed = sum(
                Response.objects.filter(pk__in=pks, is_excluded=not leaves_out).update(is_excluded=leaves_out)
                for pks in _pieces(sorted(answers))
            )
        if not changed:
            raise AnswersChanged("С этими ответами это уже сделано.")
        # An import taken back meanwhile took its answers with it: the record says what was done.
        locked.number = changed
        _decide(locked, ExclusionCase.State.APPROVED, by, at, explanation)
    return locked


def decline(*, case: ExclusionCase, by: User, at: datetime, explanation: str) -> ExclusionCase:
    """Leave the answers as they are. Raises PermissionDenied, OwnProposal, NotWaiting."""
    with transaction.atomic():
        locked = _locked(case, by)
        _decide(locked, ExclusionCase.State.DECLINED, by, at, explanation)
    return locked


def withdraw(*, case: ExclusionCase, by: User) -> ExclusionCase:
    """Take back one's own proposal, or that of somebody who has left. Raises PermissionDenied, NotWaiting."""
    if not may_withdraw(case, by):
        raise PermissionDenied
    with transaction.atomic():
        locked = _waiting(case)
        locked.state = ExclusionCase.State.WITHDRAWN
        locked.save(update_fields=["state"])
    return locked


def may_withdraw(case: ExclusionCase, user: User) -> bool:
    """Whether the person may take the proposal back: the proposer, and once they hold the right no more, who does."""
    if case.proposed_by_id == user.pk:
        return True
    place, right = _place_or_none(case), Permission.ANSWERS_EXCLUDE_PROPOSE
    return place is not None and may(user, right, place) and not may(case.proposed_by, right, place)


def may_decide(case: ExclusionCase, user: User) -> bool:
    """Whether the person may decide this case: never the one who proposed it, whatever other roles they hold."""
    if case.state != ExclusionCase.State.PROPOSED or case.proposed_by_id == user.pk:
        return False
    place = _place_or_none(case)
    return place is not None and may(user, Permission.ANSWERS_EXCLUDE_DECIDE, place)


def _place_or_none(case: ExclusionCase) -> RegionLifeSituation | None:
    return RegionLifeSituation.objects.filter(
        region=case.institution.region_id, life_situation=case.life_situation_id
    ).first()


def _locked(case: ExclusionCase, by: User) -> ExclusionCase:
    require(by, Permission.ANSWERS_EXCLUDE_DECIDE, place_of(case.institution, case.life_situation_id))
    if case.proposed_by_id == by.pk:
        raise OwnProposal("Решает другой человек: предложение внесли Вы.")
    return _waiting(case)


def _waiting(case: ExclusionCase) -> ExclusionCase:
    locked = ExclusionCase.objects.select_for_update().get(pk=case.pk)
    if locked.state != ExclusionCase.State.PROPOSED:
        raise NotWaiting(f"По этому предложению уже есть решение: {locked.get_state_display().lower()}.")
    return locked


def _decide(case: ExclusionCase, state: str, by: User, at: datetime, explanation: str) -> None:
    case.state, case.decided_by, case.decided_at, case.decision_reason = state, by, at, explanation
    case.save(update_fields=["number", "state", "decided_by", "decided_at", "decision_reason"])


class Deciders:
    """Who people were when they proposed or decided, for any number of decisions in a region: read once."""

    def __init__(self, region: Region, users: Iterable[User | None]) -> None:
        self._region = region
        held = Membership.objects.filter(region=region, user__in={one for one in users if one})
        self._held = list(held.order_by("role", "pk"))

    def title(self, user: User | None, permission: Permission, at: datetime | None) -> str:
        """«Администратор НСИ, Фомина Т. Л.»; the name alone when no role of theirs is known for the day."""
        if user is None or at is None:
            return ""
        day = self._region.local_date(at)
        for one in self._held:
            is_in_force = one.starts_on <= day and (one.ends_on is None or day <= one.ends_on)
            if one.user_id == user.pk and is_in_force and permission in ROLE_PERMISSIONS[Role(one.role)]:
                return f"{one.get_role_display()}, {user.short_name}"
        return user.short_name
