"""The daily rollups: made from raw answers, read together with the answers not yet in them, proved equal to raw.

An answer arrives with one INSERT and `is_rolled_up = false`; a periodic task moves it into `DailyTally` (the measures
of the КПЭ) and `QuestionTally` (every question). A reading adds both in one statement, so a figure is exact at any
moment and costs the same at any number of answers.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar, cast

from django.db import connections, router, transaction
from django.db.models import (
    Case,
    CharField,
    Count,
    DecimalField,
    Field,
    IntegerField,
    Q,
    QuerySet,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast

from surveys.counting.counts import RECEIVED, Tally
from surveys.counting.fates import ARRIVED, COUNTED, LEFT_OUT, TOO_LATE, fate
from surveys.counting.tallying import ANSWERED, AnswerReader
from surveys.models import TYPED_MEASURES, DailyTally, QuestionTally, Response, RollupState
from surveys.models.questionnaires import published_definition
from surveys.querysets import ResponseQuerySet

BATCH = 5000
Item = TypeVar("Item")
# Rows of one INSERT: far from the parameters a statement may have.
_ROWS = 500
_VALUE = DecimalField(max_digits=7, decimal_places=3)

Cell = tuple[int, int, date]  # institution, ЖС, day
CellValue = tuple[int, int, date, str, Decimal]
# ЖС, institution, day, version, channel, question, value: in the order of the unique index.
QuestionCell = tuple[int, int, date, int, str, str, str]
# Steps of the rolling-up transaction: each is given the numbers of the answers that are being moved.
Step = Callable[[Sequence[int]], None]
_steps: list[Step] = []


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where a rollup and the raw answers disagree; `measure` may name a question with version and channel."""

    institution_id: int
    life_situation_id: int
    day: date
    measure: str
    value: Decimal | str
    rolled_up: int
    raw: int


@dataclass(frozen=True, slots=True)
class Answered:
    """How many answered a question in a piece of time; question «» counts the answers that count."""

    piece: int
    institution_id: int
    version_id: int
    channel: str
    question: str
    n: int


# Reading


def read_tallies(
    *, life_situation_id: int, institution_ids: Iterable[int], first: date, last: date
) -> dict[int, Tally]:
    """Tallies of institutions for any period: institution id → measure → value → count.

    One statement over the rollup and the answers not yet in it: a snapshot in which no answer is missing or twice.
    """
    ids = list(institution_ids)
    rolled_up = (
        DailyTally.objects.filter(life_situation=life_situation_id, institution__in=ids, day__range=(first, last))
        .order_by()
        .values_list("institution_id", "measure", "value")
        .annotate(number=Sum("count"))
    )
    waiting = Response.objects.not_rolled_up().filter(
        life_situation=life_situation_id, institution__in=ids, answered_on__range=(first, last)
    )
    rows = rolled_up.union(*(_counted(waiting, measure, ("institution_id",)) for measure in _measures()), all=True)
    result: dict[int, dict[str, dict[Decimal, int]]] = defaultdict(lambda: defaultdict(dict))
    for institution_id, measure, value, number in rows:
        counts = result[institution_id][measure]
        counts[value] = counts.get(value, 0) + number
    return dict(result)


def read_questions(
    *,
    life_situation_id: int,
    institution_ids: Iterable[int],
    first: date,
    last: date,
    channel: str = "",
    version_ids: Iterable[int] | None = None,
    without: Mapping[QuestionCell, int] | None = None,
) -> dict[tuple[int, str, str], int]:
    """How often each answer was given in a period: (version, question, value as in `tallying`) → count.

    Of one channel and of some versions, or of all; `without` what some answers add (`counts_of`). One statement, as
    `read_tallies`.
    """
    institution_ids = list(institution_ids)
    version_ids = None if version_ids is None else list(version_ids)
    kept, waiting = _both(life_situation_id, institution_ids, first, last)
    if channel:
        kept, waiting = kept.filter(channel=channel), waiting.filter(link__channel=channel)
    if version_ids is not None:
        versions = list(version_ids)
        kept, waiting = kept.filter(version__in=versions), waiting.filter(version__in=versions)
    rolled_up = (
        kept.values_list("version_id", "question", "value")
        .annotate(number=Sum("count"))
        .annotate(document=Value("", output_field=TextField()))
    )
    not_yet = _as_arrivals(waiting).values_list("version_id", "asked", "fate", "number", "document")
    counts: Counter[tuple[int, str, str]] = Counter()
    readers = _Readers()
    for version, question, value, number, document in rolled_up.union(not_yet, all=True):
        counts[version, question, value] += number
        if document and value == COUNTED:
            counts.update((version, *answer) for answer in readers[version].read(json.loads(document)))
    for (_, institution, day, version, through, question, value), number in (without or {}).items():
        is_asked = institution in institution_ids and first <= day <= last and channel in ("", through)
        if is_asked and (version_ids is None or version in version_ids):
            counts[version, question, value] -= number
    return {key: number for key, number in counts.items() if number > 0}


def read_answered(
    *,
    life_situation_id: int,
    institution_ids: Iterable[int],
    pieces: Sequence[tuple[date, date]],
    without: Mapping[QuestionCell, int] | None = None,
) -> list[Answered]:
    """How many answered each question, by piece of time, institution, version and channel; answers that count only.

    `pieces`: days from and to, without a common day, in order. `without` what some answers add (`counts_of`). What
    `surveys.counting.disclosure` needs to see what a part of the numbers would tell of the rest. One statement.
    """
    kept, waiting = _both(life_situation_id, institution_ids, pieces[0][0], pieces[-1][1])
    rolled_up = (
        kept.annotate(piece=_piece("day", pieces), is_base=Case(When(value=ANSWERED, then=Value(1)), default=Value(0)))
        .filter(piece__isnull=False)
        .exclude(question=ARRIVED, value__in=(TOO_LATE, LEFT_OUT))
        .values_list("piece", "institution_id", "version_id", "channel", "question", "is_base")
        .annotate(number=Sum("count"))
        .annotate(document=Value("", output_field=TextField()))
    )
    not_yet = (
        _as_arrivals(waiting)
        .annotate(piece=_piece("answered_on", pieces), is_base=Value(0))
        .filter(piece__isnull=False, fate=COUNTED)
        .values_list("piece", "institution_id", "version_id", "link__channel", "asked", "is_base", "number", "document")
    )
    found: Counter[tuple[int, int, int, str, str, int]] = Counter()
    readers = _Readers()
    for *place, question, is_base, number, document in rolled_up.union(not_yet, all=True):
        found[*place, question, is_base] += number
        if document:
            for code, value in readers[place[2]].read(json.loads(document)):
                found[*place, code, int(value == ANSWERED)] += 1
    for (_, institution, day, version, channel, question, value), number in (without or {}).items():
        if question == ARRIVED and value != COUNTED:
            continue
        for piece, (first, last) in enumerate(pieces):
            if first <= day <= last:
                found[piece, institution, version, channel, question, int(value == ANSWERED)] -= number
    # Of several of a list each chosen option stands in the rollup as well: there the answers are those of ANSWERED.
    bases = {key[:-1] for key in found if key[-1]}
    return [
        Answered(*key[:-1], n) for key, n in sorted(found.items()) if n > 0 and bool(key[-1]) == (key[:-1] in bases)
    ]


def counts_of(responses: ResponseQuerySet) -> dict[QuestionCell, int]:
    """What some answers add to the tallies of questions, rolled up or not: read one by one, so for few of them."""
    return dict(_question_counts(responses))


def _both(
    life_situation_id: int, institution_ids: Iterable[int], first: date, last: date
) -> "tuple[QuerySet[QuestionTally], ResponseQuerySet]":
    """The rollup of a period, and the answers not yet in it."""
    place = Q(life_situation=life_situation_id, institution__in=list(institution_ids))
    return (
        QuestionTally.objects.filter(place, day__range=(first, last)).order_by(),
        Response.objects.not_rolled_up().filter(place, answered_on__range=(first, last)).order_by(),
    )


def _as_arrivals(waiting: ResponseQuerySet) -> "QuerySet[Any]":
    """Answers as rows of the rollup: each arrived once, and carries what it answers."""
    return waiting.with_fate().annotate(
        asked=Value(ARRIVED, output_field=CharField()),
        number=Value(1, output_field=IntegerField()),
        document=Cast("answers", TextField()),
    )


def _piece(day: str, pieces: Sequence[tuple[date, date]]) -> Case:
    """The number of the piece of time a day is in, or NULL."""
    return Case(
        *(When(**{f"{day}__range": piece}, then=Value(number)) for number, piece in enumerate(pieces)),
        default=None,
        output_field=IntegerField(),
    )


class _Readers(dict[int, AnswerReader]):
    def __missing__(self, version_id: int) -> AnswerReader:
        reader = self[version_id] = AnswerReader(published_definition(version_id))
        return reader


# Writing


def on_batch(step: Step) -> Step:
    """Register a step of the rolling-up transaction; usable as a decorator.

    It is called with the numbers of the answers that are being rolled up, once for each answer.
    """
    if step not in _steps:
        _steps.append(step)
    return step


def roll_up(now: datetime) -> int:
    """Move waiting answers into the rollups, a batch a transaction; returns how many were moved."""
    moved = 0
    while count := _roll_up_batch(now):
        moved += count
        if count < BATCH:
            break
    return moved


@transaction.atomic
def _roll_up_batch(now: datetime) -> int:
    state = RollupState.locked()
    batch = list(
        Response.objects.not_rolled_up()
        .order_by()
        .values_list("pk", "institution", "life_situation", "answered_on")[:BATCH]
    )
    if batch:
        pks = [row[0] for row in batch]
        Response.objects.filter(pk__in=pks).update(is_rolled_up=True)
        _remake_measures({row[1:] for row in batch})
        _add_questions(_question_counts(Response.objects.filter(pk__in=pks)))
        for step in _steps:
            step(pks)
    state.rolled_up_at = now
    state.save(update_fields=["rolled_up_at"])
    return len(batch)


@contextmanager
def changing(response_ids: Iterable[int]) -> Iterator[None]:
    """One transaction in which these answers are changed or deleted by the body, and their days are counted anew.

    Nobody rolls up meanwhile. The institution, ЖС, version and link of an answer stay as they are.
    """
    with transaction.atomic():
        RollupState.locked()
        cells: set[Cell] = set()
        for some in _pieces(response_ids, BATCH):
            cells.update(
                Response.objects.filter(pk__in=some)
                .order_by()
                .values_list("institution", "life_situation", "answered_on")
                .distinct()
            )
        yield
        _remake_measures(cells)
        _remake_questions(cells)


def _remake_measures(cells: set[Cell]) -> None:
    """Write the tallies of some cells anew from their raw answers: right however often it is done."""
    for institution, life_situation, days in _by_place(cells):
        place = Q(institution=institution, life_situation=life_situation)
        DailyTally.objects.filter(place, day__in=days).delete()
        raw = Response.objects.filter(place, is_rolled_up=True, answered_on__in=days)
        DailyTally.objects.bulk_create(_tallies(raw), batch_size=2000)


def _remake_questions(cells: set[Cell]) -> None:
    for institution, life_situation, days in _by_place(cells):
        place = Q(institution=institution, life_situation=life_situation)
        QuestionTally.objects.filter(place, day__in=days).delete()
        _add_questions(_question_counts(Response.objects.filter(place, is_rolled_up=True, answered_on__in=days)))


def _by_place(cells: set[Cell]) -> Iterator[tuple[int, int, list[date]]]:
    places: dict[tuple[int, int], list[date]] = defaultdict(list)
    for institution, life_situation, day in cells:
        places[institution, life_situation].append(day)
    for institution, life_situation in sorted(places):
        yield institution, life_situation, sorted(places[institution, life_situation])


def _tallies(raw: ResponseQuerySet) -> Iterator[DailyTally]:
    for (institution, life_situation, day, measure, value), count in _raw_counts(raw).items():
        yield DailyTally(
            institution_id=institution,
            life_situation_id=life_situation,
            day=day,
            measure=measure,
            value=value,
            count=count,
        )


def _question_counts(raw: ResponseQuerySet) -> "Counter[QuestionCell]":
    """What some answers add to the tallies of questions; they are read piece by piece, never all at once."""
    rows = raw.order_by().values_list(
        "life_situation_id",
        "institution_id",
        "answered_on",
        "version_id",
        "link__channel",
        "is_measured",
        "is_eligible",
        "is_excluded",
        "answers",
    )
    counts: Counter[QuestionCell] = Counter()
    readers = _Readers()
    for row in rows.iterator(chunk_size=BATCH):
        place: tuple[int, int, date, int, str] = row[:5]
        is_measured, is_eligible, is_excluded, answers = row[5:]
        became = fate(is_measured=is_measured, is_eligible=is_eligible, is_excluded=is_excluded)
        counts[*place, ARRIVED, became] += 1
        if became == COUNTED:
            for question, value in readers[place[3]].read(answers):
                counts[*place, question, value] += 1
    return counts


def _add_questions(counts: "Counter[QuestionCell]") -> None:
    """Add counts to the rollup. In one order for everybody: two who write the same rows never wait for each other."""
    fields = ("life_situation", "institution", "day", "version", "channel", "question", "value", "count")
    columns = [cast("Field[Any, Any]", QuestionTally._meta.get_field(name)).column for name in fields]
    table = QuestionTally._meta.db_table
    names = ", ".join(f'"{column}"' for column in columns)
    unique = ", ".join(f'"{column}"' for column in columns[:-1])
    row = f"({', '.join(['%s'] * len(columns))})"
    connection = connections[router.db_for_write(QuestionTally)]
    with connection.cursor() as cursor:
        for rows in _pieces(sorted(counts.items()), _ROWS):
            values: list[Any] = []
            for (situation, institution, day, *rest), count in rows:
                values += (situation, institution, connection.ops.adapt_datefield_value(day), *rest, count)
            cursor.execute(
                f'INSERT INTO "{table}" ({names}) VALUES {", ".join([row] * len(rows))} '  # noqa: S608  (own names)
                f'ON CONFLICT ({unique}) DO UPDATE SET "count" = "{table}"."count" + excluded."count"',
                values,
            )


@transaction.atomic
def rebuild() -> None:
    """Make the rollups anew from the raw answers."""
    RollupState.locked()
    waiting = Response.objects.not_rolled_up().order_by().values_list("pk", flat=True)
    for pks in _pieces(list(waiting) if _steps else (), BATCH):
        for step in _steps:
            step(pks)
    Response.objects.not_rolled_up().update(is_rolled_up=True)
    DailyTally.objects.all().delete()
    QuestionTally.objects.all().delete()
    DailyTally.objects.bulk_create(_tallies(Response.objects.filter(is_rolled_up=True)), batch_size=5000)
    for institution, life_situation in _places(Response):
        place = Q(institution=institution, life_situation=life_situation)
        _add_questions(_question_counts(Response.objects.filter(place, is_rolled_up=True)))


# Proving


def find_differences(now: datetime) -> list[Difference]:
    """Compare the rollups with the raw answers they stand for; an empty list proves them equal.

    Place by place, each in a short transaction of its own: answers keep arriving meanwhile.
    """
    places = _places(Response) | _places(DailyTally) | _places(QuestionTally)
    differences = [one for place in sorted(places) for one in _differences_at(*place)]
    RollupState.objects.get_or_create(pk=1)
    RollupState.objects.update(checked_at=now, differences=len(differences))
    return differences


def _places(model: type[Response | DailyTally | QuestionTally]) -> set[tuple[int, int]]:
    return set(model._default_manager.order_by().values_list("institution", "life_situation").distinct())


@transaction.atomic
def _differences_at(institution_id: int, life_situation_id: int) -> list[Difference]:
    RollupState.locked()
    place = Q(institution=institution_id, life_situation=life_situation_id)
    return [*_differing_measures(place), *_differing_questions(place)]


def _differing_measures(place: Q) -> Iterator[Difference]:
    raw = _raw_counts(Response.objects.filter(place, is_rolled_up=True))
    kept: dict[CellValue, int] = {
        row[:5]: row[5]
        for row in DailyTally.objects.filter(place).values_list(
            "institution_id", "life_situation_id", "day", "measure", "value", "count"
        )
    }
    for cell in sorted(raw.keys() | kept.keys()):
        if kept.get(cell, 0) != raw.get(cell, 0):
            yield Difference(*cell, rolled_up=kept.get(cell, 0), raw=raw.get(cell, 0))


def _differing_questions(place: Q) -> Iterator[Difference]:
    raw = _question_counts(Response.objects.filter(place, is_rolled_up=True))
    kept: dict[QuestionCell, int] = {
        row[:7]: row[7]
        for row in QuestionTally.objects.filter(place).values_list(
            "life_situation_id", "institution_id", "day", "version_id", "channel", "question", "value", "count"
        )
    }
    for cell in sorted(raw.keys() | kept.keys()):
        if kept.get(cell, 0) != raw[cell]:
            situation, institution, day, version, channel, question, value = cell
            name = f"{question or 'поступило'} (версия {version}, {channel})"
            yield Difference(institution, situation, day, name, value, rolled_up=kept.get(cell, 0), raw=raw[cell])


def _pieces(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while piece := list(islice(iterator, size)):
        yield piece


def _measures() -> tuple[str, ...]:
    return (RECEIVED, *TYPED_MEASURES)


def _raw_counts(raw: ResponseQuerySet) -> dict[CellValue, int]:
    keys = ("institution_id", "life_situation_id", "answered_on")
    return {tuple(row[:5]): row[5] for measure in _measures() for row in _counted(raw, measure, keys)}


def _counted(responses: ResponseQuerySet, measure: str, keys: tuple[str, ...]) -> "QuerySet[Response, tuple]":
    """(*keys, measure, value, count) of the answers to one measure."""
    responses = responses.filter(is_measured=True)
    if measure == RECEIVED:
        value = "fate"
        responses = responses.with_fate()
    else:
        value = measure
        responses = responses.filter(is_eligible=True, is_excluded=False, **{f"{measure}__isnull": False})
    return (
        responses.order_by()
        .annotate(tallied=Value(measure), given=Cast(value, _VALUE))
        .values_list(*keys, "tallied", "given")
        .annotate(number=Count("pk"))
    )
