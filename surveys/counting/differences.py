"""How two periods differ: the difference of their values with its 95 % interval, and what may be said of it. Pure.

The samples are independent: other people answered. «Выросло» and «снизилось» speak of the number only; whether that is
better or worse is for whoever knows the measure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from surveys.counting.statistics import (
    Z95,
    DaysCounts,
    Estimate,
    NpsCounts,
    ShareCounts,
    adjusted_nps,
    student_t_quantile_975,
)
from surveys.counting.statistics import satisfaction_share as _share


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    WITHIN = "within"  # the interval holds zero: the samples do not tell them apart


@dataclass(frozen=True, slots=True)
class Difference:
    """The later value minus the earlier one, unrounded, in the unit of the measure (points of %, points, days).

    The bounds are None when the answers allow no interval; then nothing can be said of the direction.
    """

    value: float
    low: float | None
    high: float | None

    @property
    def direction(self) -> Direction | None:
        if self.low is None or self.high is None:
            return None
        if self.low > 0:
            return Direction.UP
        return Direction.DOWN if self.high < 0 else Direction.WITHIN


def share_difference(before: ShareCounts, after: ShareCounts) -> Difference | None:
    """Difference of two shares in points of %, −100…100; None when nobody answered on one side.

    Interval: Newcombe's hybrid of the two Wilson intervals. Source: Newcombe 1998, Statistics in Medicine 17:873–890,
    method 10; examples there: 56/70 − 48/80 → 5.24…33.39, 9/10 − 3/10 → 17.05…80.90.
    """
    if before.n == 0 or after.n == 0:
        return None
    first, second = _share(before), _share(after)
    value = float(after.percent - before.percent)
    return Difference(
        value=value,
        low=value - math.hypot(_distance(second, second.low), _distance(first, first.high)),
        high=value + math.hypot(_distance(second, second.high), _distance(first, first.low)),
    )


def _distance(one: Estimate, bound: float | None) -> float:
    assert one.value is not None and bound is not None
    return bound - one.value


def nps_difference(before: NpsCounts, after: NpsCounts) -> Difference | None:
    """Difference of two NPS in points, −200…200; None when nobody answered on one side.

    Interval: around the difference of the adjusted scores, with the sum of their variances (adjusted Wald, as for one
    NPS in `statistics.net_promoter_score`), clipped to the scale. The adjustment draws small samples towards zero:
    where the value itself would fall outside, the interval is widened to it.
    """
    if before.n == 0 or after.n == 0:
        return None
    (first, first_variance), (second, second_variance) = adjusted_nps(before), adjusted_nps(after)
    half = 100 * Z95 * math.sqrt(first_variance + second_variance)
    centre = 100 * (second - first)
    value = float(after.points - before.points)
    return Difference(
        value=value,
        low=max(-200.0, min(value, centre - half)),
        high=min(200.0, max(value, centre + half)),
    )


def mean_difference(before: DaysCounts, after: DaysCounts) -> Difference | None:
    """Difference of two means in their unit; None when nobody answered on one side.

    Interval: Welch's t for unequal variances. Its degrees of freedom (Welch–Satterthwaite) are rounded down to a whole
    number, which makes the interval a little wider, never narrower. No bounds when a side has a single answer; equal
    answers on both sides: an interval of zero width. Source: Welch 1947, Biometrika 34:28–35.
    """
    if before.n == 0 or after.n == 0:
        return None
    value = float(after.mean - before.mean)
    if before.variance is None or after.variance is None:
        return Difference(value=value, low=None, high=None)
    first, second = before.variance / before.n, after.variance / after.n
    if not first + second:
        return Difference(value=value, low=value, high=value)
    # Exact fractions until here: rounded down, a float just below a whole number would lose a degree.
    freedom = (first + second) ** 2 / (first**2 / (before.n - 1) + second**2 / (after.n - 1))
    half = student_t_quantile_975(math.floor(freedom)) * math.sqrt(first + second)
    return Difference(value=value, low=value - half, high=value + half)
