"""Counts of answers → the value of one institution, with its 95 % interval.

Pure arithmetic: no Django, no clock, no database. Counts are what is kept and added up; values are derived from them
whenever they are needed and rounded only when they are shown (`round_half_up`).

Every function reads `n` as the number of people who answered *that* question, not the number of questionnaires.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Final, Self

Z95: Final = 1.959963984540054
"""Quantile 0.975 of the standard normal distribution: half-width, in standard errors, of a 95 % interval."""

# The four-point scale as it is stored: 4 «Да», 3 «Скорее да», 2 «Скорее нет», 1 «Нет».
SCALE4: Final = range(1, 5)
LOWEST_POSITIVE: Final = 3

NPS_SCALE: Final = range(11)
LOWEST_PROMOTER: Final = 9
HIGHEST_DETRACTOR: Final = 6

# Sums of days must not be rounded: the check "rollup = raw" compares them digit by digit, and the default
# precision of 28 digits is too near for squares of long fractions.
_EXACT: Final = Context(prec=100)


# Counts


@dataclass(frozen=True, slots=True)
class ShareCounts:
    """Answers to one yes/no-like question: `n` people answered, `positive` of them «Да» or «Скорее да».

    Adding two of them pools the respondents. ValueError unless 0 <= positive <= n.
    """

    n: int
    positive: int

    def __post_init__(self) -> None:
        if not 0 <= self.positive <= self.n:
            raise ValueError(f"need 0 <= positive <= n, got {self.positive} of {self.n}")

    @classmethod
    def from_tally(cls, tally: Mapping[int, int]) -> Self:
        """Count answers of the four-point scale: {4: how many «Да», 3: «Скорее да», 2: «Скорее нет», 1: «Нет»}.

        Codes that nobody chose may be absent. ValueError for a code off the scale or a negative number.
        Source: 001, IV.4.1.
        """
        _check_tally(tally, SCALE4)
        positive = sum(times for answer, times in tally.items() if answer >= LOWEST_POSITIVE)
        return cls(n=sum(tally.values()), positive=positive)

    @property
    def percent(self) -> Fraction:
        """The share as an exact percentage, 0…100. ZeroDivisionError when nobody answered."""
        return Fraction(100 * self.positive, self.n)

    def __add__(self, other: ShareCounts) -> ShareCounts:
        return ShareCounts(n=self.n + other.n, positive=self.positive + other.positive)


@dataclass(frozen=True, slots=True)
class NpsCounts:
    """Answers to the 0–10 question: `n` in all, `promoters` gave 9–10, `detractors` 0–6, the rest are passive.

    Adding two of them pools the respondents. ValueError for negative counts or promoters + detractors > n.
    """

    n: int
    promoters: int
    detractors: int

    def __post_init__(self) -> None:
        if min(self.promoters, self.detractors) < 0 or self.promoters + self.detractors > self.n:
            raise ValueError(f"{self.promoters} promoters and {self.detractors} detractors do not fit into {self.n}")

    @classmethod
    def from_tally(cls, tally: Mapping[int, int]) -> Self:
        """Count marks 0…10: {mark: how many gave it}, absent marks are zero.

        ValueError for a mark off the scale or a negative number. Source: 001, V.2; bounds 6 and 9: DESIGN 6.
        """
        _check_tally(tally, NPS_SCALE)
        return cls(
            n=sum(tally.values()),
            promoters=sum(times for mark, times in tally.items() if mark >= LOWEST_PROMOTER),
            detractors=sum(times for mark, times in tally.items() if mark <= HIGHEST_DETRACTOR),
        )

    @property
    def points(self) -> Fraction:
        """Promoters minus detractors, exact, in points −100…100. ZeroDivisionError when nobody answered."""
        return Fraction(100 * (self.promoters - self.detractors), self.n)

    def __add__(self, other: NpsCounts) -> NpsCounts:
        return NpsCounts(
            n=self.n + other.n,
            promoters=self.promoters + other.promoters,
            detractors=self.detractors + other.detractors,
        )


@dataclass(frozen=True, slots=True)
class DaysCounts:
    """Days that `n` people reported: their sum, sum of squares, worst (largest) and median.

    Enough for mean and variance over any period without the answers themselves. `median` cannot be derived from
    sums: it is None unless it was computed from a tally, and pooling two non-empty sides loses it.
    Nothing (n = 0) has zero sums and no maximum or median. ValueError for sums that no `n` non-negative numbers
    with this maximum could have.
    """

    n: int
    total: Decimal
    total_squares: Decimal
    maximum: Decimal | None = None
    median: Decimal | None = None

    def __post_init__(self) -> None:
        numbers = [self.total, self.total_squares, self.maximum, self.median]
        if self.n < 0 or not all(number.is_finite() and number >= 0 for number in numbers if number is not None):
            raise ValueError(f"counts and days must be finite and not negative: {self}")
        if self.n == 0:
            if self.total or self.total_squares or self.maximum is not None or self.median is not None:
                raise ValueError(f"no answers, yet they have days: {self}")
            return
        if self.maximum is None:
            raise ValueError(f"answers without a maximum: {self}")
        total, squares, maximum = self.total, self.total_squares, self.maximum
        # Exact: the comparison is an equality when all answers are the same, and must not fail by rounding.
        with localcontext(_EXACT):
            if not total**2 <= self.n * squares <= self.n * maximum * total or not maximum <= total <= self.n * maximum:
                raise ValueError(f"no {self.n} answers have these sums: {self}")
        if self.median is not None and self.median > self.maximum:
            raise ValueError(f"median above the maximum: {self}")

    @classmethod
    def from_tally(cls, tally: Mapping[Decimal, int] | Mapping[int, int] | Mapping[Decimal | int, int]) -> Self:
        """Count reported days: {days: how many people reported them}. All sums are exact.

        Median of an even number of answers: half-way between the two in the middle. ValueError for negative or
        non-finite days and for negative numbers of people.
        """
        if not all(Decimal(days).is_finite() and days >= 0 for days in tally):
            raise ValueError("days must be finite and not negative")
        _check_times(tally)
        reported = sorted((Decimal(days), times) for days, times in tally.items() if times)
        n = sum(times for _, times in reported)
        if n == 0:
            return cls(n=0, total=Decimal(0), total_squares=Decimal(0))
        with localcontext(_EXACT):
            return cls(
                n=n,
                total=sum((days * times for days, times in reported), Decimal(0)),
                total_squares=sum((days * days * times for days, times in reported), Decimal(0)),
                maximum=reported[-1][0],
                median=(_nth(reported, (n - 1) // 2) + _nth(reported, n // 2)) / 2,
            )

    @property
    def mean(self) -> Fraction:
        """Mean in days, exact. ZeroDivisionError when nobody answered."""
        return Fraction(self.total) / self.n

    @property
    def variance(self) -> Fraction | None:
        """Sample variance s² (divisor n − 1) in days², exact; None for fewer than two answers."""
        if self.n < 2:
            return None
        return (Fraction(self.total_squares) - Fraction(self.total) ** 2 / self.n) / (self.n - 1)

    def __add__(self, other: DaysCounts) -> DaysCounts:
        if other.n == 0:
            return self
        if self.n == 0:
            return other
        with localcontext(_EXACT):
            return DaysCounts(
                n=self.n + other.n,
                total=self.total + other.total,
                total_squares=self.total_squares + other.total_squares,
                maximum=max(days for days in (self.maximum, other.maximum) if days is not None),
            )


def _check_tally(tally: Mapping[int, int], scale: range) -> None:
    off_scale = sorted(answer for answer in tally if answer not in scale)
    if off_scale:
        raise ValueError(f"answers off the scale {scale[0]}…{scale[-1]}: {off_scale}")
    _check_times(tally)


def _check_times(tally: Mapping[int, int] | Mapping[Decimal, int] | Mapping[Decimal | int, int]) -> None:
    if any(times < 0 for times in tally.values()):
        raise ValueError("an answer cannot be given a negative number of times")


def _nth(reported: list[tuple[Decimal, int]], index: int) -> Decimal:
    """The answer at `index` (from 0) if the tally were written out in order."""
    for days, times in reported:
        if index < times:
            return days
        index -= times
    raise IndexError("fewer answers than asked for")


# Values


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval, unrounded, in the unit of the measure (%, points, days).

    `n` people stand behind it. All three numbers are None when there is no value; the bounds alone are None when
    the answers allow a value and no interval (the mean of one answer).
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


NO_ANSWERS: Final = Estimate(value=None, low=None, high=None, n=0)


def satisfaction_share(counts: ShareCounts) -> Estimate:
    """Share of satisfied people, %: 100 × («Да» + «Скорее да») / all who answered. More is better.

    Interval: Wilson, always inside 0…100 and around the value. Without answers: no value, n = 0.
    Source: 001, IV.4.1; interval: DESIGN 6.
    """
    n, positive = counts.n, counts.positive
    if n == 0:
        return NO_ANSWERS
    half = Z95 * math.sqrt(positive * (n - positive) / n + Z95**2 / 4) / (n + Z95**2)
    centre = wilson_centre(counts)
    return Estimate(
        value=float(counts.percent),
        # At the ends of the scale the bound *is* the end; computed, it misses it by a rounding error.
        low=0.0 if positive == 0 else 100 * (centre - half),
        high=100.0 if positive == n else 100 * (centre + half),
        n=n,
    )


def wilson_centre(counts: ShareCounts) -> float:
    """Middle of the Wilson interval as a fraction 0…1: the share drawn towards one half, never 0 or 1.

    ValueError when nobody answered.
    """
    if counts.n == 0:
        raise ValueError("a share of nobody has no centre")
    return (counts.positive + Z95**2 / 2) / (counts.n + Z95**2)


def net_promoter_score(counts: NpsCounts) -> Estimate:
    """NPS in points −100…100: 100 × (promoters − detractors) / all who answered. More is better.

    Interval: adjusted Wald, clipped to the scale. It is drawn around the adjusted score, so with one single answer
    (never published) it may leave the value itself just outside; from two answers on it contains it.
    Without answers: no value, n = 0. Source: 001, V.2; interval: DESIGN 6.
    """
    if counts.n == 0:
        return NO_ANSWERS
    centre, variance = adjusted_nps(counts)
    half = Z95 * math.sqrt(variance)
    return Estimate(
        value=float(counts.points),
        low=max(-100.0, 100 * (centre - half)),
        high=min(100.0, 100 * (centre + half)),
        n=counts.n,
    )


def adjusted_nps(counts: NpsCounts) -> tuple[float, float]:
    """Score −1…1 and variance of its sampling error after adding three people: ¾ promoter, ¾ detractor each way.

    The addition (n + 3, promoters + ¾, detractors + ¾) keeps the variance above zero when everybody agrees.
    Source: DESIGN 6 (adjusted Wald).
    """
    n = counts.n + 3
    promoters, detractors = (counts.promoters + 0.75) / n, (counts.detractors + 0.75) / n
    score = promoters - detractors
    return score, (promoters + detractors - score**2) / n


def mean_days(counts: DaysCounts) -> Estimate:
    """Mean of the days that people report. Less is better.

    Interval: Student's t with n − 1 degrees of freedom, the lower bound not below 0. One answer: a value without
    bounds. Equal answers: an interval of zero width. Without answers: no value, n = 0. Source: DESIGN 6.
    """
    if counts.n == 0:
        return NO_ANSWERS
    mean, variance = float(counts.mean), counts.variance
    if variance is None:
        return Estimate(value=mean, low=None, high=None, n=counts.n)
    half = student_t_quantile_975(counts.n - 1) * math.sqrt(variance / counts.n)
    return Estimate(value=mean, low=max(0.0, mean - half), high=mean + half, n=counts.n)


@lru_cache(maxsize=1024)
def student_t_quantile_975(df: int) -> float:
    """Quantile 0.975 of Student's distribution with `df` degrees of freedom, to better than 1e-9.

    Falls from 12.706 (df = 1) to 1.95996. ValueError for df < 1.
    Source: Abramowitz and Stegun, 26.7.3–26.7.5.
    """
    if df < 1:
        raise ValueError(f"degrees of freedom start at 1, got {df}")
    if df > 200:
        # The finite sum grows with df while this expansion in 1/df is already exact to 1e-11 here.
        return _student_t_expansion(df)
    low, high = Z95, 13.0  # the normal quantile lies below every answer, 13 above the largest
    while True:
        middle = (low + high) / 2
        if not low < middle < high:  # neighbouring floats: nothing left to halve
            return middle
        if _student_t_within(middle, df) < 0.95:
            low = middle
        else:
            high = middle


def _student_t_within(t: float, df: int) -> float:
    """P(|T| < t): a finite sum when `df` is whole, all terms positive, so nothing cancels. A&S 26.7.3, 26.7.4."""
    angle = math.atan(t / math.sqrt(df))
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = df % 2
    term = cosine if odd else 1.0
    total = term if df > 1 else 0.0
    for k in range(2 + odd, df - 1, 2):
        term *= cosine**2 * (k - 1) / k
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def _student_t_expansion(df: int) -> float:
    """Cornish–Fisher expansion of the quantile around the normal one. A&S 26.7.5."""
    z = Z95
    return (
        z
        + (z**3 + z) / 4 / df
        + (5 * z**5 + 16 * z**3 + 3 * z) / 96 / df**2
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384 / df**3
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160 / df**4
    )


# What may be shown


class Reliability(StrEnum):
    """How much can be said about a value, by the number of answers behind it."""

    HIDDEN = "hidden"  # the value is not published
    FEW = "few"  # «мало данных»: the value, but no verdict
    SUFFICIENT = "sufficient"


def reliability(n: int, *, minimum: int = 10, sufficient: int = 30) -> Reliability:
    """Below `minimum` answers a value is hidden, from there to `sufficient` it is «мало данных».

    ValueError for a negative n or minimum > sufficient. Source: DESIGN 6.
    """
    if n < 0:
        raise ValueError(f"a negative number of answers: {n}")
    if minimum > sufficient:
        raise ValueError(f"minimum {minimum} is above sufficient {sufficient}")
    if n < minimum:
        return Reliability.HIDDEN
    return Reliability.FEW if n < sufficient else Reliability.SUFFICIENT


def published(estimate: Estimate, *, minimum: int = 10) -> Estimate:
    """The estimate as others may see it: below `minimum` answers only `n` is left. Source: DESIGN 6."""
    if estimate.n < minimum:
        return Estimate(value=None, low=None, high=None, n=estimate.n)
    return estimate


def round_half_up(value: float, digits: int = 1) -> Decimal:
    """Round for display: halves away from zero, on the shortest decimal that names the float.

    61.65 is stored a hair below 61.65; people see 61.65 and expect 61.7, so it is that text which is rounded, not
    the binary fraction. Negative values mirror positive ones (−14.5 → −15); there is no «−0». The result has
    exactly `digits` (>= 0) places. ValueError for NaN or infinity.
    """
    if not math.isfinite(value):
        raise ValueError(f"cannot show {value}")
    with localcontext(Context(prec=400)):  # the longest float has 309 digits before the point
        rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
        return abs(rounded) if rounded.is_zero() else rounded


def is_eligible(*, service_date: date, answered_on: date, within_days: int = 5) -> bool:
    """Whether the answer counts: the service was received at most `within_days` days before it, or the same day.

    Both are calendar dates in the region's time zone. A service date in the future never counts.
    Source: 000, stage 3c.
    """
    return 0 <= (answered_on - service_date).days <= within_days
