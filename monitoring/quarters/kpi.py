"""Institutions → the region's value; verdicts. What a region aims at stands in `regions.targets`.

Pure arithmetic over counts: no Django, no clock, no database. A region's value is Σ wᵢxᵢ / Σ wᵢ over the institutions
that have a value, each institution being one stratum of the region's sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final, Generic, TypeVar

from surveys.counting.statistics import (
    NO_ANSWERS,
    Z95,
    DaysCounts,
    Estimate,
    NpsCounts,
    ShareCounts,
    adjusted_nps,
    mean_days,
    net_promoter_score,
    satisfaction_share,
    wilson_centre,
)

FORMULA_VERSION: Final = "1"
"""Stored in the passport of every value; to be raised with any change of a number computed here or in
`surveys.counting.statistics`."""

Counts = TypeVar("Counts", ShareCounts, NpsCounts, DaysCounts)


# Institutions → region


class Scheme(StrEnum):
    """What an institution weighs in its region's value: a recorded decision of the РШ per region and year."""

    CLIENTS = "clients"  # people served in the period: every person of the region counts alike (recommended)
    RESPONDENTS = "respondents"  # people who answered this question: every answer counts alike
    EQUAL = "equal"  # every institution counts alike


@dataclass(frozen=True, slots=True)
class Stratum(Generic[Counts]):
    """One institution in one region's measure.

    `name` is what an error calls it; `counts` are its answers to this measure; `clients` the people it served in the
    period, None when unknown. ValueError for negative clients.
    """

    name: str
    counts: Counts
    clients: int | None = None

    def __post_init__(self) -> None:
        if self.clients is not None and self.clients < 0:
            raise ValueError(f"{self.name}: a negative number of clients")

    @property
    def finite_correction(self) -> float:
        """1 − n/N, by which asking a large part of all clients narrows the interval; 1 when clients are not known.

        Never negative: with more answers than clients served (a mistake in the entered number, or people who came
        twice) everybody counts as asked.
        """
        if not self.clients:
            return 1.0
        return max(0.0, 1 - self.counts.n / self.clients)


class MissingWeight(Exception):
    """Institutions with answers whose weight in the scheme is unknown or zero: `institutions`, all of them by name."""

    def __init__(self, institutions: Sequence[str]) -> None:
        super().__init__(institutions)  # the constructor's own arguments, so that it survives pickling
        self.institutions = tuple(institutions)

    def __str__(self) -> str:
        return f"number of clients served is missing or zero for: {', '.join(self.institutions)}"


def weights(scheme: Scheme, strata: Sequence[Stratum[Counts]]) -> list[int]:
    """The weight of each stratum, in the given order; 0 for one without answers, which is left out of the value.

    `clients`: people served, `respondents`: answers to this measure, `equal`: 1. Not normalised.
    MissingWeight names every stratum that has answers and, with the scheme `clients`, no clients (None or 0).
    Source: DESIGN 6; "средневзвешенных по региону значений": 000, stage 4.
    """
    if scheme is Scheme.CLIENTS:
        missing = [stratum.name for stratum in strata if stratum.counts.n and not stratum.clients]
        if missing:
            raise MissingWeight(missing)
    return [_weight(scheme, stratum) if stratum.counts.n else 0 for stratum in strata]


def _weight(scheme: Scheme, stratum: Stratum[Counts]) -> int:
    match scheme:
        case Scheme.CLIENTS:
            return stratum.clients or 0
        case Scheme.RESPONDENTS:
            return stratum.counts.n
        case Scheme.EQUAL:
            return 1


def regional_share(scheme: Scheme, strata: Sequence[Stratum[ShareCounts]]) -> Estimate:
    """Weighted share of satisfied people in the region, %. More is better.

    Interval: value ± z·√Σ ŵ²(1 − n/N) p̃(1 − p̃)/(n − 1), clipped to 0…100; ŵ are the weights brought to the sum 1,
    p̃ is the share, or Wilson's centre where the share alone would claim certainty (0, 1, or one answer). With one
    answer the divisor is n: DESIGN 6 leaves n − 1 = 0 there.
    One institution with answers: its own Wilson interval (see `_regional`). None: no value, n = 0.
    MissingWeight as in `weights`. Source: 001, IV.4.1; 000, stage 4; DESIGN 6.
    """

    def variance(counts: ShareCounts) -> float:
        certain = counts.n == 1 or counts.positive in (0, counts.n)
        share = wilson_centre(counts) if certain else counts.positive / counts.n
        return 100**2 * share * (1 - share) / max(counts.n - 1, 1)

    return _regional(
        scheme,
        strata,
        value=lambda counts: counts.percent,
        variance=variance,
        single=satisfaction_share,
        scale=(0.0, 100.0),
    )


def regional_nps(scheme: Scheme, strata: Sequence[Stratum[NpsCounts]]) -> Estimate:
    """Weighted NPS of the region, points −100…100. More is better.

    Interval: value ± z·√Σ ŵ²(1 − n/N) v, v being each institution's variance from the adjusted counts; clipped to
    the scale. One institution with answers: its own interval. None: no value, n = 0.
    MissingWeight as in `weights`. Source: 001, V.2; 000, stage 4; DESIGN 6.
    """
    return _regional(
        scheme,
        strata,
        value=lambda counts: counts.points,
        variance=lambda counts: 100**2 * adjusted_nps(counts)[1],
        single=net_promoter_score,
        scale=(-100.0, 100.0),
    )


def regional_days(scheme: Scheme, strata: Sequence[Stratum[DaysCounts]]) -> Estimate:
    """Weighted mean of reported days in the region. Less is better.

    Interval: value ± z·√Σ ŵ²(1 − n/N) s²/n, not below 0. One answer has no s² of its own and borrows the pooled one
    of the institutions with two or more; if there is none, the value stands without bounds.
    One institution with answers: its own t-interval. None: no value, n = 0.
    MissingWeight as in `weights`. Source: 000, stage 4; DESIGN 6.
    """

    def pooled() -> Fraction | None:
        spread = [(stratum.counts.n - 1, s2) for stratum in strata if (s2 := stratum.counts.variance) is not None]
        degrees = sum(df for df, _ in spread)
        return sum((df * s2 for df, s2 in spread), Fraction(0)) / degrees if degrees else None

    def variance(counts: DaysCounts) -> float | None:
        s2 = counts.variance if counts.n > 1 else pooled()
        return None if s2 is None else float(s2 / counts.n)

    return _regional(
        scheme,
        strata,
        value=lambda counts: counts.mean,
        variance=variance,
        single=mean_days,
        scale=(0.0, math.inf),
    )


def _regional(
    scheme: Scheme,
    strata: Sequence[Stratum[Counts]],
    *,
    value: Callable[[Counts], Fraction],
    variance: Callable[[Counts], float | None],
    single: Callable[[Counts], Estimate],
    scale: tuple[float, float],
) -> Estimate:
    """The stratified estimate; `variance` is that of one institution's value, before the finite correction.

    A single institution is passed through `single` unchanged: the region's page and the institution's page show the
    same counts, and must not show two intervals for them. Its interval is also the better one for a lone small
    sample, and leaves out the finite correction, so it is never too narrow.
    """
    weighted = [(w, stratum) for w, stratum in zip(weights(scheme, strata), strata, strict=True) if w]
    if not weighted:
        return NO_ANSWERS
    if len(weighted) == 1:
        return single(weighted[0][1].counts)

    total = sum(w for w, _ in weighted)
    n = sum(stratum.counts.n for _, stratum in weighted)
    # Exact until here: 61.65 must not become 61.6499999 and be shown as 61.6, nor depend on the order of institutions.
    x = float(sum((w * value(stratum.counts) for w, stratum in weighted), Fraction(0)) / total)

    parts: list[float] = []
    for w, stratum in weighted:
        own = variance(stratum.counts)
        if own is None:
            return Estimate(value=x, low=None, high=None, n=n)
        parts.append((w / total) ** 2 * stratum.finite_correction * own)
    half = Z95 * math.sqrt(math.fsum(parts))
    lowest, highest = scale
    return Estimate(value=x, low=max(lowest, x - half), high=min(highest, x + half), n=n)


# Verdicts


class Verdict(StrEnum):
    """«Достигнуто», «не достигнуто», «недостаточно данных»."""

    REACHED = "reached"
    MISSED = "missed"
    INSUFFICIENT = "insufficient"


def verdict(estimate: Estimate, target: float, *, lower_is_better: bool = False, sufficient: int = 30) -> Verdict:
    """Whether the target is reached, judged by the whole 95 % interval, not by the value alone.

    Reached: both bounds on the good side, the target itself included. Missed: both bounds worse than the target.
    Insufficient data: the interval straddles the target, there is no interval, or fewer than `sufficient` answers.
    Source: DESIGN 6; targets: 001, IV.5.
    """
    low, high = estimate.low, estimate.high
    if low is None or high is None or estimate.n < sufficient:
        return Verdict.INSUFFICIENT
    if lower_is_better:
        # Mirrored, less is more: one pair of comparisons decides for both directions.
        low, high, target = -high, -low, -target
    if low >= target:
        return Verdict.REACHED
    return Verdict.MISSED if high < target else Verdict.INSUFFICIENT


# Roadmap


def roadmap_execution(*, done: int, due: int) -> float | None:
    """Share of the activities due by a date that are done, %. More is better; None when nothing is due yet.

    `done` counts among those due, so that work ahead of the plan cannot hide a delay. Given the number done in
    time it is the share done in time. ValueError unless 0 <= done <= due. Source: 001, V.2; DESIGN 6.
    """
    if not 0 <= done <= due:
        raise ValueError(f"need 0 <= done <= due, got {done} of {due}")
    return 100 * done / due if due else None
