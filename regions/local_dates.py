"""The date in each region at one instant, as the database sees it: deadlines and facts of many regions in one query."""

import csv
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db.models import Case, DateField, Q, Value, When

_REGIONS = Path(__file__).parent / "reference" / "regions.csv"
_USUAL = "Europe/Moscow"


@cache
def time_zones() -> tuple[str, ...]:
    """The time zones of the country's regions, as the reference data names them."""
    with _REGIONS.open(encoding="utf-8", newline="") as file:
        return tuple(sorted({row["time_zone"] for row in csv.DictReader(file)}))


def one_date(at: datetime) -> date | None:
    """The date at `at`, while it is the same in the whole country; None when it is not."""
    usual, elsewhere = _dates(at.replace(second=0, microsecond=0))
    return None if elsewhere else usual


@lru_cache(maxsize=128)
def _dates(minute: datetime) -> tuple[date, dict[date, list[str]]]:
    """The date by Moscow's clock; other dates with the time zones where they are. Days begin at whole minutes."""
    usual = minute.astimezone(ZoneInfo(_USUAL)).date()
    elsewhere: dict[date, list[str]] = {}
    for name in time_zones():
        day = minute.astimezone(ZoneInfo(name)).date()
        if day != usual:
            elsewhere.setdefault(day, []).append(name)
    return usual, elsewhere


def local_date(at: datetime, *, zone: str = "time_zone", or_zone: str = "") -> Case:
    """An expression for the date at `at` by the clock of the row's region; `zone` leads to its time zone.

    So does `or_zone`, where there is nothing at the end of `zone`. Rows without either go by Moscow.
    """
    usual, elsewhere = _dates(at.replace(second=0, microsecond=0))
    return Case(
        *(When(_is_one_of(names, zone, or_zone), then=Value(day)) for day, names in elsewhere.items()),
        default=Value(usual),
        output_field=DateField(),
    )


def _is_one_of(names: list[str], zone: str, or_zone: str) -> Q:
    found = Q(**{f"{zone}__in": names})
    return found | Q(**{f"{or_zone}__in": names}) if or_zone else found
