"""The days whose results are shown to people outside an institution: whole reporting periods, and whole weeks of them.

One day more or less would be one person more or less (decision 28). A week runs from Monday to Sunday; a shorter one at
either end of a reporting period belongs to its neighbour, and so do this week and the one before it: a week that has
just begun holds few answers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, timedelta

from monitoring.models import ReportingPeriod

# The initiative began in 2021 [001].
EARLIEST = date(2020, 1, 1)
DAY, WEEK = timedelta(days=1), timedelta(days=7)


def weeks_of(opens: date, closes: date, today: date) -> list[tuple[date, date]]:
    """A reporting period as its weeks, from and to: none of them can be asked for in part."""
    known = min(closes, today - DAY)
    starts, monday = [opens], opens + timedelta(days=-opens.weekday() % 7)
    while monday + WEEK <= known + DAY:
        if monday - opens >= WEEK:
            starts.append(monday)
        monday += WEEK
    return [(start, following - DAY) for start, following in zip(starts, [*starts[1:], closes + DAY], strict=True)]


class WholeWeeks:
    """On which days a choice of days may begin and end."""

    def __init__(self, today: date) -> None:
        self._today = today
        starts = {EARLIEST}
        for period in ReportingPeriod.objects.filter(opens_on__lte=today):
            starts |= {first for first, _ in weeks_of(period.opens_on, period.closes_on, today)}
            # Days between two periods and after the last one go together.
            starts.add(period.closes_on + DAY)
        self._starts = sorted(starts)

    def begin(self, day: date) -> date:
        """The last day up to `day` on which a choice may begin."""
        return self._starts[max(bisect_right(self._starts, day) - 1, 0)]

    def end(self, day: date) -> date:
        """The first day from `day` on on which a choice may end; nothing is later than today."""
        after = bisect_right(self._starts, day)
        return self._starts[after] - DAY if after < len(self._starts) else max(day, self._today)

    def around(self, first: date, last: date) -> tuple[date, date]:
        """The nearest choice that holds these days."""
        return self.begin(first), self.end(last)

    def objections(self, first: date | None, last: date | None) -> Iterable[tuple[str, str]]:
        """(field, why a choice cannot begin or end so) in Russian, with the nearest days that can."""
        if first and (begin := self.begin(first)) != first:
            other = self.end(min(first, self._today)) + DAY
            yield "first", f"{_WHOLE}. Можно с {_shown(begin, other if other <= self._today else None)}"
        if last and last < self._today and (end := self.end(last)) != last:
            other = self.begin(last) - DAY
            yield "last", f"{_WHOLE}. Можно по {_shown(other if other >= EARLIEST else None, end)}"


_WHOLE = "Здесь выбирают целые недели, с понедельника по воскресенье, или отчётные периоды"


def _shown(*days: date | None) -> str:
    return " или ".join(f"{day:%d.%m.%Y}" for day in days if day)
