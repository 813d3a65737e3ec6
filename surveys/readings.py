"""Reading the counts of institutions: from the rollup (any period) or from raw answers (a quarter, for the record)."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q

from surveys.counts import SHARES, InstitutionCounts
from surveys.models import Response
from surveys.rollups import read_tallies
from surveys.statistics import (
    HIGHEST_DETRACTOR,
    LOWEST_POSITIVE,
    LOWEST_PROMOTER,
    DaysCounts,
    NpsCounts,
    ShareCounts,
)


def counts_for_period(
    *, life_situation_id: int, institution_ids: Iterable[int], first: date, last: date
) -> dict[int, InstitutionCounts]:
    """Counts of institutions for any period, from the rollup; institutions without answers are absent."""
    tallies = read_tallies(life_situation_id=life_situation_id, institution_ids=institution_ids, first=first, last=last)
    return {institution: InstitutionCounts.from_tally(tally) for institution, tally in tallies.items()}


def counts_from_answers(
    *, life_situation_id: int, institution_ids: Iterable[int], first: date, last: date
) -> dict[int, InstitutionCounts]:
    """The same counts from the raw answers, in one pass over them.

    Grouped by the days reported as well: the median needs their histogram, and the other counts add up over it.
    """
    eligible = Q(is_eligible=True)
    columns = {"received": Count("pk"), "eligible": Count("pk", filter=eligible)}
    for share in SHARES:
        columns[f"{share}_n"] = Count(share, filter=eligible)
        columns[f"{share}_positive"] = Count("pk", filter=eligible & Q(**{f"{share}__gte": LOWEST_POSITIVE}))
    columns["nps_n"] = Count("nps", filter=eligible)
    columns["promoters"] = Count("pk", filter=eligible & Q(nps__gte=LOWEST_PROMOTER))
    columns["detractors"] = Count("pk", filter=eligible & Q(nps__lte=HIGHEST_DETRACTOR))
    rows = (
        Response.objects.between(first, last)
        .filter(life_situation=life_situation_id, institution__in=list(institution_ids))
        .order_by()
        .values_list("institution_id", "days")
        .annotate(**columns)
    )
    sums: dict[int, list[int]] = {}
    days: dict[int, dict[Decimal, int]] = {}
    for institution, reported, *numbers in rows:
        before = sums.setdefault(institution, [0] * len(columns))
        sums[institution] = [a + b for a, b in zip(before, numbers, strict=True)]
        if reported is not None and numbers[1]:
            days.setdefault(institution, {})[reported] = numbers[1]
    return {
        institution: _from_columns(dict(zip(columns, numbers, strict=True)), days.get(institution, {}))
        for institution, numbers in sums.items()
    }


def _from_columns(row: dict[str, int], days: Mapping[Decimal, int]) -> InstitutionCounts:
    return InstitutionCounts(
        received=row["received"],
        eligible=row["eligible"],
        shares={share: ShareCounts(row[f"{share}_n"], row[f"{share}_positive"]) for share in SHARES},
        nps=NpsCounts(row["nps_n"], row["promoters"], row["detractors"]),
        days=DaysCounts.from_tally(dict(days)),
    )
