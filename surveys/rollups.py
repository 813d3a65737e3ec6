"""The daily rollup: made from raw answers, read together with the answers not yet in it, proved equal to raw.

An answer arrives with one INSERT and `is_rolled_up = false`; a periodic task moves it into `DailyTally`. A reading adds
both in one statement, so a figure is exact at any moment and costs the same at any number of answers.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Case, Count, DecimalField, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Cast

from surveys.counts import RECEIVED, Tally
from surveys.models import TYPED_MEASURES, DailyTally, Response, RollupState

BATCH = 5000
_VALUE = DecimalField(max_digits=7, decimal_places=3)

Cell = tuple[int, int, date]  # institution, ЖС, day
CellValue = tuple[int, int, date, str, Decimal]


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where the rollup and the raw answers disagree."""

    institution_id: int
    life_situation_id: int
    day: date
    measure: str
    value: Decimal
    rolled_up: int
    raw: int


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


def roll_up(now: datetime) -> int:
    """Move waiting answers into the rollup, a batch a transaction; returns how many were moved."""
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
        Response.objects.filter(pk__in=[row[0] for row in batch]).update(is_rolled_up=True)
        _remake_cells({row[1:] for row in batch})
    state.rolled_up_at = now
    state.save(update_fields=["rolled_up_at"])
    return len(batch)


def _remake_cells(cells: set[Cell]) -> None:
    """Write the tallies of some cells anew from their raw answers: right however often it is done."""
    for institution, life_situation, days in _by_place(cells):
        place = Q(institution=institution, life_situation=life_situation)
        DailyTally.objects.filter(place, day__in=days).delete()
        raw = Response.objects.filter(place, is_rolled_up=True, answered_on__in=days)
        DailyTally.objects.bulk_create(_tallies(raw), batch_size=2000)


def _by_place(cells: set[Cell]) -> Iterator[tuple[int, int, list[date]]]:
    places: dict[tuple[int, int], list[date]] = defaultdict(list)
    for institution, life_situation, day in cells:
        places[institution, life_situation].append(day)
    for (institution, life_situation), days in places.items():
        yield institution, life_situation, days


def _tallies(raw: "QuerySet[Response]") -> Iterator[DailyTally]:
    for (institution, life_situation, day, measure, value), count in _raw_counts(raw).items():
        yield DailyTally(
            institution_id=institution,
            life_situation_id=life_situation,
            day=day,
            measure=measure,
            value=value,
            count=count,
        )


@transaction.atomic
def rebuild() -> None:
    """Make the whole rollup anew from the raw answers."""
    RollupState.locked()
    DailyTally.objects.all().delete()
    Response.objects.not_rolled_up().update(is_rolled_up=True)
    DailyTally.objects.bulk_create(_tallies(Response.objects.filter(is_rolled_up=True)), batch_size=5000)


def find_differences(now: datetime) -> list[Difference]:
    """Compare the rollup with the raw answers it stands for; an empty list proves them equal.

    Place by place, each in a short transaction of its own: answers keep arriving meanwhile.
    """
    places = set(Response.objects.order_by().values_list("institution", "life_situation").distinct())
    places |= set(DailyTally.objects.order_by().values_list("institution", "life_situation").distinct())
    differences = [one for place in sorted(places) for one in _differences_at(*place)]
    RollupState.objects.get_or_create(pk=1)
    RollupState.objects.update(checked_at=now, differences=len(differences))
    return differences


@transaction.atomic
def _differences_at(institution_id: int, life_situation_id: int) -> list[Difference]:
    RollupState.locked()
    place = Q(institution=institution_id, life_situation=life_situation_id)
    raw = _raw_counts(Response.objects.filter(place, is_rolled_up=True))
    kept: dict[CellValue, int] = {
        row[:5]: row[5]
        for row in DailyTally.objects.filter(place).values_list(
            "institution_id", "life_situation_id", "day", "measure", "value", "count"
        )
    }
    return [
        Difference(*cell, rolled_up=kept.get(cell, 0), raw=raw.get(cell, 0))
        for cell in sorted(raw.keys() | kept.keys())
        if kept.get(cell, 0) != raw.get(cell, 0)
    ]


def _measures() -> tuple[str, ...]:
    return (RECEIVED, *TYPED_MEASURES)


def _raw_counts(raw: "QuerySet[Response]") -> dict[CellValue, int]:
    keys = ("institution_id", "life_situation_id", "answered_on")
    return {tuple(row[:5]): row[5] for measure in _measures() for row in _counted(raw, measure, keys)}


def _counted(responses: "QuerySet[Response]", measure: str, keys: tuple[str, ...]) -> "QuerySet[Response, tuple]":
    """(*keys, measure, value, count) of the answers to one measure."""
    if measure == RECEIVED:
        value: Case | F = Case(When(is_eligible=True, then=Value(1)), default=Value(0))
    else:
        value = F(measure)
        responses = responses.filter(is_eligible=True, **{f"{measure}__isnull": False})
    return (
        responses.order_by()
        .annotate(tallied=Value(measure), given=Cast(value, _VALUE))
        .values_list(*keys, "tallied", "given")
        .annotate(number=Count("pk"))
    )
