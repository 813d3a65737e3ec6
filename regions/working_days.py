"""Working days of the country, with the days off the government moves each year (DESIGN 5: a library knows them)."""

from datetime import date
from functools import lru_cache


@lru_cache(maxsize=1024)
def is_working_day(day: date) -> bool:
    """Whether people work on this day: no weekend and no holiday, or a weekend made a working day."""
    # Imported late: only the worker asks.
    from holidays.countries import Russia

    return bool(Russia(years=day.year).is_working_day(day))
