"""The date in each region at one instant, as the database sees it: deadlines and facts of many regions in one query."""

import csv
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db.models import Case, DateField, Value, When

_REGIONS = Path(__file__).parent / "reference" / "regions.csv"
_USUAL = "Europe/Moscow"


@cache
def time_zones() -> tuple[str, ...]:
    """The time zones of the country's regions, as the reference data names them."""
    with _REGIONS.open(encoding="utf-8", newline="") as file:
        return tuple(sorted({row["time_zone"] for row in csv.DictReader(file)}))


def local_date(at: datetime, *, zone: str = "time_zone") -> Case:
    """An expression for the date at `at` by the clock of the row's region; `zone` leads to its time zone."""
    usual = at.astimezone(ZoneInfo(_USUAL)).date()
    elsewhere: dict[object, list[str]] = {}
    for name in time_zones():
        day = at.astimezone(ZoneInfo(name)).date()
        if day != usual:
            elsewhere.setdefault(day, []).append(name)
    return Case(
        *(When(**{f"{zone}__in": names}, then=Value(day)) for day, names in elsewhere.items()),
        default=Value(usual),
        output_field=DateField(),
    )
