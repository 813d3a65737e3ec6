"""Reading the counts of institutions: from the rollup (any period) or from raw answers (a quarter, for the record)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q

from surveys.counting.counts import SHARES, InstitutionCounts
from surveys.counting.fates import COUNTED, fate
from surveys.counting.rollups import read_tallies
from surveys.counting.statistics import (
    HIGHEST_DETRACTOR,
    LOWEST_POSITIVE,
    LOWEST_PROMOTER,
    DaysCounts,
    NpsCounts,
    ShareCounts,
)
from surveys.models import Response


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

    Grouped by the days reported as well, because the median needs their histogram and the other counts add up over it;
    and by what became of an answer, which spares the database asking about it once more for every count.
    """
    columns = {}
    for share in SHARES:
        columns[f"{share}_n"] = Count(share)
        columns[f"{share}_positive"] = Count("pk", filter=Q(**{f"{share}__gte": LOWEST_POSITIVE}))
    columns["nps_n"] = Count("nps")
    columns["promoters"] = Count("pk", filter=Q(nps__gte=LOWEST_PROMOTER))
    columns["detractors"] = Count("pk", filter=Q(nps__lte=HIGHEST_DETRACTOR))
    rows = (
        Response.objects.between(first, last)
        .filter(life_situation=life_situation_id, institution__in=list(institution_ids), is_measured=True)
        .order_by()
        .values_list("institution_id", "days", "is_eligible", "is_excluded")
        .annotate(number=Count("*"), **columns)
    )
    received: Counter[int] = Counter()
    excluded: Counter[int] = Counter()
    sums: dict[int, list[int]] = {}
    days: dict[int, dict[Decimal, int]] = {}
    for institution, reported, is_eligible, is_excluded, number, *numbers in rows:
        received[institution] += number
        excluded[institution] += number if is_excluded else 0
        if fate(is_measured=True, is_eligible=is_eligible, is_excluded=is_excluded) != COUNTED:
            continue
        before = sums.get(institution)
        now = [number, *numbers]
        sums[institution] = now if before is None else [a + b for a, b in zip(before, now, strict=True)]
        if reported is not None:
            days.setdefault(institution, {})[reported] = number
    nothing = [0] * (len(columns) + 1)
    return {
        institution: _from_columns(
            number,
            excluded[institution],
            dict(zip(("eligible", *columns), sums.get(institution, nothing), strict=True)),
            days.get(institution, {}),
        )
        for institution, number in received.items()
    }


def _from_columns(received: int, excluded: int, row: dict[str, int], days: Mapping[Decimal, int]) -> InstitutionCounts:
    return InstitutionCounts(
        received=received,
        eligible=row["eligible"],
        shares={share: ShareCounts(row[f"{share}_n"], row[f"{share}_positive"]) for share in SHARES},
        nps=NpsCounts(row["nps_n"], row["promoters"], row["detractors"]),
        days=DaysCounts.from_tally(dict(days)),
        excluded=excluded,
    )
