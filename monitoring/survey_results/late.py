"""Answers that came after their quarter was published: nobody outside the institution finds them in any number.

Published is 90,0 % of 30. Were the page of the same days to show 31 answers, the difference would be one person. So the
days of a published quarter are counted without what came later, and are not shown at all when that is not exactly what
was published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from django.db.models import Q

from monitoring.models import Collection
from surveys.counting.fates import ARRIVED
from surveys.counting.rollups import Answered, QuestionCell, counts_of
from surveys.models import Response

if TYPE_CHECKING:
    from regions.models import LifeSituation, Region


@dataclass(frozen=True, slots=True)
class Published:
    """A published quarter: its days, the number of the newest answer that could be in it, and what counted in it.

    Without that number nothing is known to be late: it was published before it was kept.
    """

    first: date
    last: date
    until: int | None
    # Institution → answers that count.
    counted: Mapping[int, int]


@dataclass(frozen=True)
class LateAnswers:
    quarters: tuple[Published, ...] = ()
    # What they add to the tallies.
    cells: Mapping[QuestionCell, int] = field(default_factory=dict)

    def number(self, first: date, last: date, *, institution: int | None, channel: str, version: int | None) -> int:
        """How many there are among the answers of some days."""
        return sum(
            n
            for (_, one, day, number, through, question, _), n in self.cells.items()
            if question == ARRIVED
            and first <= day <= last
            and institution in (None, one)
            and channel in ("", through)
            and version in (None, number)
        )

    def differ_from_published(self, answered: Iterable[tuple[date, Answered]]) -> bool:
        """Whether the answers that count, by the first day of their piece of time, are others than those published."""
        now: Counter[tuple[date, int]] = Counter()
        for day, one in answered:
            quarter = next((quarter for quarter in self.quarters if quarter.first <= day <= quarter.last), None)
            if quarter and one.question == ARRIVED:
                now[quarter.first, one.institution_id] += one.n
        return any(
            now[quarter.first, institution] != n
            for quarter in self.quarters
            for institution, n in quarter.counted.items()
        )


def late_answers(
    region: Region, life_situation: LifeSituation, institution_ids: Iterable[int], first: date, last: date
) -> LateAnswers:
    """Those of the published quarters that have a day from `first` to `last`."""
    quarters = _published(region, life_situation, first, last)
    late = [Q(answered_on__range=(one.first, one.last), pk__gt=one.until) for one in quarters if one.until is not None]
    if not late:
        return LateAnswers(quarters)
    place = Q(life_situation=life_situation.pk, institution__in=list(institution_ids))
    return LateAnswers(quarters, counts_of(Response.objects.filter(place, reduce(or_, late))))


def _published(region: Region, life_situation: LifeSituation, first: date, last: date) -> tuple[Published, ...]:
    found = (
        Collection.objects.published()
        .filter(
            region_life_situation__region=region,
            region_life_situation__life_situation=life_situation,
            period__opens_on__lte=last,
            period__closes_on__gte=first,
        )
        .values_list("period__opens_on", "period__closes_on", "snapshot")
    )
    return tuple(
        Published(
            opens_on,
            closes_on,
            snapshot.get("answers_until"),
            {one["id"]: one["counts"]["eligible"] for one in snapshot["institutions"]},
        )
        for opens_on, closes_on, snapshot in found
        # The database sees to it that nothing is published without one.
        if snapshot
    )
