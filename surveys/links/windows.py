"""The days on which answers to a link could have been given: one rule for files, paper and telephone."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from surveys.models import SurveyLink


@dataclass(frozen=True, slots=True)
class AnswerWindow:
    """From the first day of a link to its last, or to the day it was closed by hand, and never later than today.

    Paper filled in while the link was open is taken after it has closed. All days are those of the region's calendar.
    """

    first: date
    last: date | None
    today: date

    @classmethod
    def of(cls, link: "SurveyLink", now: datetime) -> "AnswerWindow":
        region = link.institution.region
        last_days = [link.closes_on] if link.closes_on else []
        if link.closed_at:
            last_days.append(region.local_date(link.closed_at))
        return cls(link.opens_on, min(last_days, default=None), region.local_date(now))

    def objection(self, day: date) -> str:
        """Why no answer can be of this day, in Russian; empty when it can."""
        if day > self.today:
            return f"эта дата ещё не наступила: в регионе сегодня {shown(self.today)}"
        if day < self.first:
            return f"ссылка открыта только с {shown(self.first)}"
        if self.last and day > self.last:
            return f"ссылка была открыта только по {shown(self.last)}"
        return ""


def shown(day: date) -> str:
    """05.11.2026, whatever the year."""
    return f"{day.day:02}.{day.month:02}.{day.year:04}"
