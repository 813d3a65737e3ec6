"""How high a region aims: long-term marks and the targets recommended for a year.

Pure arithmetic: no Django, no clock, no database. Numbers come and go in the indicator's own unit.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

LONG_TERM_MARKS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "satisfaction": 90.0,  # %
        "time_satisfaction": 90.0,  # % of people satisfied with the time it took, not days
        "nps": 30.0,  # points
        "roadmap_execution": 90.0,  # %
        "infrastructure": 100.0,  # %
    }
)
"""Where a region should arrive in the long run; more is better for all of them. Source: 001, IV.5."""

SATISFACTION_FLOOR: Final = 75.0
"""The least a leading region aims at in a satisfaction measure, %. Source: 001, Прил. 1."""


def recommended_target(current: float, mark: float, *, lower_is_better: bool = False) -> float:
    """The recommended target of a year: a quarter of the way from the current value to the long-term mark.

    Same unit in and out. At the mark or better already: the current value, since a target is never a step back.
    Source: 001, IV.5.
    """
    if _better(current, mark, lower_is_better=lower_is_better) == current:
        return current
    return current + 0.25 * (mark - current)


class Position(StrEnum):
    """Where the region stands in the national rating."""

    LAGGING = "lagging"
    AVERAGE = "average"
    LEADING = "leading"


def target_by_position(
    position: Position,
    *,
    current: float,
    national_mean: float,
    best: float,
    is_satisfaction: bool = False,
    lower_is_better: bool = False,
) -> float:
    """The target that the region's place in the rating calls for, in the unit of the measure.

    Lagging: the national mean. Near the mean: the best value. Leading: what it has, for a satisfaction measure at
    least 75 %. Never worse than the current value, should the rating and the current value disagree.
    ValueError for a satisfaction measure of which less is better. Source: 001, Прил. 1.
    """
    if is_satisfaction and lower_is_better:
        raise ValueError("satisfaction is never better when lower")
    match position:
        case Position.LAGGING:
            goal = national_mean
        case Position.AVERAGE:
            goal = best
        case Position.LEADING:
            goal = SATISFACTION_FLOOR if is_satisfaction else current
    return _better(current, goal, lower_is_better=lower_is_better)


def is_step_back(current: float, target: float, *, lower_is_better: bool) -> bool:
    """Whether the target is worse than what there is already."""
    return target > current if lower_is_better else target < current


# Unit → the least and the greatest value there can be; None: no bound.
LIMITS: Final[Mapping[str, tuple[int, int | None]]] = MappingProxyType(
    {
        "percent": (0, 100),
        "points": (-100, 100),
        "days": (0, None),
        "hours": (0, None),
        "minutes": (0, None),
        "rubles": (0, None),
        "count": (0, None),
    }
)


def fits_unit(unit: str, value: Decimal) -> bool:
    least, greatest = LIMITS[unit]
    return least <= value and (greatest is None or value <= greatest)


def _better(a: float, b: float, *, lower_is_better: bool) -> float:
    return min(a, b) if lower_is_better else max(a, b)
