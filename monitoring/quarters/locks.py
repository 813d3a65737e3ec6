"""Which days no decision about answers may change any more: those of published quarters."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from monitoring.models import Collection
from regions.models import Institution
from surveys import locks


@locks.register
def published_quarter(institution_id: int, life_situation_id: int, days: Iterable[date]) -> str | None:
    """The published quarter of the ЖС in the institution's region that holds one of the days: «4 квартал 2026 года».

    Within a transaction whoever publishes the quarter waits for its end: what is decided now is in what they publish,
    or is told to them as a change.
    """
    asked = sorted(days)
    if not asked:
        return None
    region = Institution.objects.values_list("region", flat=True).get(pk=institution_id)
    found = (
        Collection.objects.filter(
            period__opens_on__lte=asked[-1],
            period__closes_on__gte=asked[0],
            region_life_situation__region=region,
            region_life_situation__life_situation=life_situation_id,
        )
        .without_snapshot()
        .select_related("period")
        .order_by("pk")
    )
    if transaction.get_connection().in_atomic_block:
        found = found.select_for_update(of=("self",), no_key=True)
    for one in found:
        period = one.period
        if one.state == Collection.State.PUBLISHED and any(period.opens_on <= day <= period.closes_on for day in asked):
            return str(period)
    return None
