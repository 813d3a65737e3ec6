"""How many answers are enough: the sample size for a share with a wanted error, and the plan that follows. Pure.

A share is estimated from n answers out of N people served. With 95 % confidence its error is at most e when

    n0 = z² · p(1 − p) / e²,   p(1 − p) ≤ 1/4,   z = 1.96          (without end to N)
    n  = n0 / (1 + (n0 − 1) / N)                                  (finite correction)

Source: W. G. Cochran, Sampling Techniques, 3rd edition, 1977, chapter 4 (sample size for a proportion). The worst p is
taken, as the share is not known beforehand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

Z: Final = Fraction("1.96")
"""Two-sided 95 % of the normal distribution, to the two places everybody takes it with."""
ERRORS: Final = (Decimal(1), Decimal(20))
"""The least and the greatest wanted error, percentage points."""
USUAL_ERROR: Final = Decimal(5)
FALLS_BEHIND: Final = Fraction(1, 5)
"""So far below the straight line from opening to close an institution falls behind."""
SILENT_DAYS: Final = 7


def sample_size(population: int | None, error: Decimal | int, *, minimum: int = 0) -> int:
    """How many answers give a share with an error of `error` percentage points at 95 % confidence, rounded up.

    `population`: people served, None when not known (then as if without end). At least `minimum`, the threshold of
    publication, and never more than there are people. Raises ValueError for an error outside ERRORS or a negative
    population.
    """
    if not ERRORS[0] <= error <= ERRORS[1]:
        raise ValueError(f"an error of {error} points is outside {ERRORS[0]}…{ERRORS[1]}")
    if population is not None and population < 0:
        raise ValueError("nobody can be served less than zero times")
    share = Fraction(error) / 100
    without_end = Z * Z / 4 / (share * share)
    if population is None:
        return max(math.ceil(without_end), minimum)
    if population == 0:
        return 0
    return min(population, max(math.ceil(without_end / (1 + (without_end - 1) / population)), minimum))


@dataclass(frozen=True, slots=True)
class Plan:
    """How many answers an institution needs and has; `per_day` is None once the period has closed or not begun."""

    needed: int
    gathered: int
    days_left: int
    is_population_known: bool

    @property
    def left(self) -> int:
        return max(self.needed - self.gathered, 0)

    @property
    def is_reached(self) -> bool:
        return self.left == 0

    @property
    def percent(self) -> int:
        """How much of the plan is gathered, whole percent, at most 100."""
        return min(100, 100 * self.gathered // self.needed) if self.needed else 100

    @property
    def per_day(self) -> int | None:
        """Answers a day, today included, until the close; rounded up."""
        return math.ceil(Fraction(self.left, self.days_left)) if self.days_left > 0 else None


def days_left(opens_on: date, closes_on: date, today: date) -> int:
    """Days on which answers can still come, today included: 0 after the close."""
    return max((closes_on - max(today, opens_on)).days + 1, 0)


def expected_by(needed: int, opens_on: date, closes_on: date, today: date) -> Fraction:
    """Answers there should be at the end of yesterday on the straight line from opening to close."""
    length = (closes_on - opens_on).days + 1
    gone = min(max((today - opens_on).days, 0), length)
    return Fraction(needed * gone, length)


def is_behind(plan: Plan, *, opens_on: date, closes_on: date, today: date) -> bool:
    """Whether an institution is more than FALLS_BEHIND below the straight line."""
    return plan.gathered < (1 - FALLS_BEHIND) * expected_by(plan.needed, opens_on, closes_on, today)


def is_silent(last_on: date | None, *, opens_on: date, today: date) -> bool:
    """Whether no answer has come for SILENT_DAYS while the period ran."""
    return (today - max(last_on or opens_on, opens_on)).days >= SILENT_DAYS


def rate(answers: int, of: int | None) -> Fraction | None:
    """Answers to people offered or served, as a share: None when not known or nobody; above 1 is a mistake."""
    return Fraction(answers, of) if of else None
