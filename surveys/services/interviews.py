"""Answers typed in from paper and by telephone, and the second typing of some of them."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from accounts.models import User
from regions.permissions import Permission, require
from surveys.counting import rollups
from surveys.filling.page_keys import PageKey
from surveys.links.windows import AnswerWindow
from surveys.locks import require_unpublished
from surveys.models import BlankBatch, Entry, EntryWithdrawal, Recheck, Response, SurveyLink
from surveys.paper.entry_fields import differences, flattened
from surveys.questionnaires.answers import Answers
from surveys.services.arriving import Arrival, Origin, arrival_of, build_response, store_response
from surveys.services.comments import TakenUp, require_not_taken_up

ANSWERED_ON = "answered_on"
_DRAWN_OF = 1_000_000


class CannotDo(Exception):
    """What was asked cannot be done as things stand; the message is in Russian."""


class OutsideWindow(CannotDo):
    """No answer to the link can be of this day."""


class BlankTaken(CannotDo):
    """A blank of this number was entered before; `entry` is that one."""

    def __init__(self, entry: Entry) -> None:
        region = entry.link.institution.region
        at = entry.entered_at.astimezone(region.zone)
        super().__init__(
            f"Бланк № {entry.blank_number} уже введён {at:%d.%m.%Y} в {at:%H:%M}, ввёл(а) {entry.entered_by.short_name}"
        )
        self.entry = entry


class KeyUsed(CannotDo):
    """The form was stored before with something else in it; `entry` is what was stored."""

    def __init__(self, entry: Entry | None) -> None:
        super().__init__("С этой страницы уже сохранена другая анкета")
        self.entry = entry


@dataclass(frozen=True, slots=True)
class Form:
    """One filled form, checked: how it came, when it was filled in, the number on the paper, what it says."""

    mode: str
    answered_on: date
    blank_number: int | None
    answers: Answers


def is_drawn(share: float, below: Callable[[int], int] = secrets.randbelow) -> bool:
    """Whether a form is one of the random `share` (0.05: one in twenty) that is typed in twice."""
    return below(_DRAWN_OF) < round(share * _DRAWN_OF)


def enter(*, link: SurveyLink, key: PageKey, form: Form, by: User, at: datetime) -> Entry:
    """Store a form exactly once; sent again it is the same entry.

    Raises PermissionDenied, OutsideWindow, BlankTaken, KeyUsed.
    """
    require(by, Permission.RESPONSES_IMPORT, link.institution)
    if objection := AnswerWindow.of(link, at).objection(form.answered_on):
        raise OutsideWindow(objection)
    response = build_response(
        origin=Origin.of(link),
        # Apart from those of the public page of the same link.
        key=f"entry-{key.random}",
        answers=form.answers,
        mode=form.mode,
        arrived_at=at,
        answered_on=form.answered_on,
    )
    if arrival_of(response.key, bytes(response.digest)):
        return _stored_before(response, form)
    if taken := _entered(link, form.blank_number):
        raise BlankTaken(taken)
    try:
        return _store(link, response, form, by, at)
    except IntegrityError:
        # Two people took the same blank in the same moment: the first has it.
        if taken := _entered(link, form.blank_number):
            raise BlankTaken(taken) from None
        raise


@transaction.atomic
def _store(link: SurveyLink, response: Response, form: Form, by: User, at: datetime) -> Entry:
    if store_response(response) != Arrival.STORED:
        return _stored_before(response, form)
    entry = Entry.objects.create(
        response_id=Response.objects.values_list("pk", flat=True).get(key=response.key),
        link=link,
        blank_number=form.blank_number,
        entered_by=by,
        entered_at=at,
    )
    # Only paper can be typed in again.
    if form.mode == Response.Mode.PAPER and form.blank_number and _is_to_recheck(link, form.blank_number):
        Recheck.objects.create(entry=entry, asked_at=at)
    return entry


def _is_to_recheck(link: SurveyLink, blank_number: int) -> bool:
    # Taken back and typed in anew it is drawn again: nobody gets out of the check this way.
    drawn_before = EntryWithdrawal.objects.filter(link=link, blank_number=blank_number, was_drawn=True)
    return drawn_before.exists() or is_drawn(settings.ENTRY_RECHECK_SHARE)


def _stored_before(response: Response, form: Form) -> Entry:
    entry = entries().filter(response__key=response.key).first()
    if entry is None:
        raise KeyUsed(None)
    there = entry.response
    same = (bytes(there.digest), there.mode, there.answered_on, entry.blank_number)
    # Two people may have given the same answers: by number, day and way it is seen that this is another form.
    if same != (bytes(response.digest), form.mode, form.answered_on, form.blank_number):
        raise KeyUsed(entry)
    return entry


def _entered(link: SurveyLink, blank_number: int | None) -> Entry | None:
    if blank_number is None:
        return None
    return entries().filter(link=link, blank_number=blank_number).first()


def entries() -> QuerySet[Entry]:
    return Entry.objects.select_related("entered_by", "response", "link__institution__region")


def next_blank_number(link: SurveyLink, after: int | None = None) -> int:
    """The number to propose: the first free one after the last entered, or the first that was printed."""
    if after is None:
        after = Entry.objects.filter(link=link).aggregate(last=Max("blank_number"))["last"]
    if after is None:
        first = BlankBatch.objects.filter(link=link).order_by("first").values_list("first", flat=True).first()
        return first or 1
    number = after + 1
    taken = Entry.objects.filter(link=link, blank_number__gte=number).order_by("blank_number")
    for one in taken.values_list("blank_number", flat=True):
        if one != number:
            break
        number += 1
    return number


def entered_today(link: SurveyLink, by: User, at: datetime) -> int:
    """How many forms of a link a person has typed in on this day of the region."""
    region = link.institution.region
    midnight = datetime.combine(region.local_date(at), time.min, region.zone)
    return Entry.objects.filter(link=link, entered_by=by, entered_at__gte=midnight).count()


# Taking back ----------------------------------------------------------------------------------------------------------


def objection_to_withdrawal(entry: Entry, by: User, at: datetime) -> str:
    """Why a person cannot take an entry back now, in Russian; empty when they can."""
    region = entry.link.institution.region
    if entry.entered_by_id != by.pk:
        return "Снять анкету может только тот, кто её ввёл."
    if region.local_date(entry.entered_at) != region.local_date(at):
        return "Снять анкету можно только в тот день, когда она введена."
    if Recheck.objects.filter(entry=entry, checked_at__isnull=False).exists():
        return "Анкета уже введена повторно, снять её нельзя. Предложите исключить ответ: «Качество данных»."
    return ""


def withdraw(*, entry: Entry, reason: str, by: User, at: datetime) -> None:
    """Delete an entry with its answers; that it was there is kept.

    Raises PermissionDenied, CannotDo, PublishedAlready.
    """
    require(by, Permission.RESPONSES_IMPORT, entry.link.institution)
    response = entry.response
    with rollups.changing([response.pk]):
        locked = Entry.objects.select_for_update(of=("self",)).filter(pk=entry.pk).first()
        if locked is None:
            raise CannotDo("Эта анкета уже снята.")
        if objection := objection_to_withdrawal(entry, by, at):
            raise CannotDo(objection)
        require_unpublished(
            institution_id=response.institution_id,
            life_situation_id=response.life_situation_id,
            days=[response.answered_on],
        )
        try:
            require_not_taken_up([response.pk])
        except TakenUp as error:
            raise CannotDo("За этой анкетой стоит проблема, взятая в дорожную карту: снять её нельзя.") from error
        EntryWithdrawal.objects.create(
            link=entry.link,
            blank_number=entry.blank_number,
            mode=response.mode,
            answered_on=response.answered_on,
            entered_at=entry.entered_at,
            was_drawn=Recheck.objects.filter(entry=entry).exists(),
            reason=reason,
            withdrawn_by=by,
            withdrawn_at=at,
        )
        response.delete()


# The second typing ----------------------------------------------------------------------------------------------------


def rechecks_of(link: SurveyLink) -> QuerySet[Recheck]:
    return Recheck.objects.filter(entry__link=link).select_related("entry__entered_by", "entry__response", "checked_by")


def waiting_for(link: SurveyLink, by: User) -> QuerySet[Recheck]:
    """What a person may type in again. Which of their own forms wait they are not told, or they would see to those."""
    waiting = rechecks_of(link).filter(checked_at=None).exclude(entry__entered_by=by)
    return waiting.order_by("entry__blank_number")


def recheck(*, recheck: Recheck, answered_on: date, answers: Answers, by: User, at: datetime) -> Recheck:
    """Keep what the second person has typed, and where it differs from the first; nothing is mended.

    Raises PermissionDenied (to whoever typed it first, too), CannotDo when somebody has done it meanwhile.
    """
    link = recheck.entry.link
    require(by, Permission.RESPONSES_IMPORT, link.institution)
    if recheck.entry.entered_by_id == by.pk:
        raise CannotDo("Вводить повторно должен другой человек.")
    stored = recheck.entry.response
    # Built like the first, so that its texts are masked like those of the first.
    second = build_response(
        origin=Origin.of(link),
        key="",
        answers=answers,
        mode=stored.mode,
        arrived_at=at,
        answered_on=answered_on,
    )
    typed = typed_fields(link, second.answers, answered_on)
    found = differences(typed_fields(link, stored.answers, stored.answered_on), typed)
    done = Recheck.objects.filter(pk=recheck.pk, checked_at=None)
    if not done.update(checked_by=by, checked_at=at, answers=typed, differences=found):
        raise CannotDo("Эту анкету уже ввели повторно.")
    recheck.refresh_from_db()
    return recheck


def typed_fields(link: SurveyLink, values: dict[str, Any], answered_on: date) -> dict[str, Any]:
    """All that was typed of a form, field by field."""
    return {ANSWERED_ON: answered_on.isoformat()} | flattened(link.version.definition, values)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How one person's typing agrees with that of others: forms and fields compared, fields that differ."""

    operator: User
    forms: int
    fields: int
    differing: int

    @property
    def percent(self) -> float:
        return 100 * self.differing / self.fields if self.fields else 0.0


def accuracy(link: SurveyLink) -> list[Accuracy]:
    """For everybody whose forms were typed in again, by name."""
    found: dict[int, Accuracy] = {}
    for one in rechecks_of(link).filter(checked_at__isnull=False).order_by("entry__entered_by__full_name", "pk"):
        first = typed_fields(link, one.entry.response.answers, one.entry.response.answered_on)
        operator = one.entry.entered_by
        so_far = found.get(operator.pk, Accuracy(operator, 0, 0, 0))
        found[operator.pk] = Accuracy(
            operator,
            so_far.forms + 1,
            so_far.fields + len(first.keys() | (one.answers or {}).keys()),
            so_far.differing + len(one.differences or {}),
        )
    return list(found.values())
