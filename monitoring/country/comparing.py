"""Regions compared: one value of each, in five steps. Only published values, so small ones stay hidden here too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from monitoring.display import NBSP, Shown, Unit, number, shown
from monitoring.models import Collection, ReportingPeriod
from monitoring.quarters.results import Thresholds
from monitoring.quarters.rows import Measure
from regions.models import LifeSituation, Region
from regions.permissions import Permission, Person
from surveys.counting.statistics import NO_ANSWERS, Estimate, round_half_up

STEPS = 5
# A value is shown with one decimal place: the next one is this much more.
_NEXT = Decimal("0.1")
NO_DATA = "нет данных"


@dataclass(frozen=True, slots=True)
class RegionValue:
    """What is known of a region: a value, or why there is none."""

    value: Decimal | None
    text: str
    interval: str = ""
    answers: int | None = None
    note: str = ""
    # Too few answers for a colour, which would look like a verdict.
    is_few: bool = False

    @property
    def full(self) -> str:
        """«90,0 % (74,4…96,5), мало данных», or the reason why there is no value."""
        if self.value is None:
            return self.note or NO_DATA
        value = f"{self.text} ({self.interval})" if self.interval else self.text
        return ", ".join(filter(None, (value, self.note)))


UNKNOWN = RegionValue(value=None, text="", note=NO_DATA)


def published_values(
    user: Person, *, measure: Measure, life_situation: LifeSituation, period: ReportingPeriod
) -> dict[int, RegionValue]:
    """By the number of the region its published value; one that has not published the quarter is not in here."""
    collections = (
        Collection.objects.published()
        .permitting(user, Permission.RESULTS_VIEW)
        .filter(region_life_situation__life_situation=life_situation, period=period)
        # Not the whole snapshot: it holds every institution of the region.
        .values_list("region_life_situation__region", "snapshot__values", "snapshot__thresholds")
    )
    return {
        region: _region_value(
            shown(
                Estimate(**values[measure.code]) if measure.code in values else NO_ANSWERS,
                measure.unit,
                Thresholds(**thresholds),
            )
        )
        for region, values, thresholds in collections
    }


def _region_value(found: Shown) -> RegionValue:
    if found.value is None:
        return RegionValue(value=None, text="", answers=found.n, note=found.note)
    return RegionValue(
        value=found.value,
        text=found.text,
        interval=found.interval,
        answers=found.n,
        note=found.note,
        is_few=found.is_few,
    )


def readiness_values(regions: Iterable[Region]) -> dict[int, RegionValue]:
    """By the number of the region the readiness of its infrastructure; regions come from `with_readiness`."""
    values = {}
    for region in regions:
        readiness = region.readiness
        note = f"достигнута {readiness.reached_on:%d.%m.%Y}" if readiness.reached_on else ""
        values[region.pk] = RegionValue(value=round_half_up(readiness.share), text=readiness.text, note=note)
    return values


# Colours


@dataclass(frozen=True, slots=True)
class Step:
    """One of the colours, 1 (the worst) to 5 (the best), and the values it stands for."""

    number: int
    low: Decimal
    high: Decimal
    text: str


@dataclass(frozen=True, slots=True)
class Scale:
    """From the worst values to the best."""

    steps: tuple[Step, ...]

    def step_of(self, one: RegionValue) -> Step | None:
        if one.value is None or one.is_few:
            return None
        return next((step for step in self.steps if step.low <= one.value <= step.high), None)


def fixed_scale(lowest: int, highest: int, unit: Unit) -> Scale:
    """Five equal steps between two whole numbers, whatever the values are."""
    width = Decimal(highest - lowest) / STEPS
    return _scale([lowest + width * number for number in range(STEPS)], Decimal(highest), unit)


def scale_of(values: Iterable[RegionValue], measure: Measure) -> Scale:
    """Five equal steps from the least value to the greatest; fewer where the values hardly differ."""
    coloured = [one.value for one in values if one.value is not None and not one.is_few]
    if not coloured:
        return Scale(())
    lowest, highest = min(coloured), max(coloured)
    width = (highest - lowest) / STEPS
    bounds = [round_half_up(float(lowest + width * number)) for number in range(STEPS)]
    return _scale(sorted(set(bounds)), highest, measure.unit, lower_is_better=measure.lower_is_better)


def _scale(lows: list[Decimal], highest: Decimal, unit: Unit, *, lower_is_better: bool = False) -> Scale:
    highs = [low - _NEXT for low in lows[1:]] + [highest]
    # The best is always the darkest, even when there are fewer than five.
    spread = zip(lows, highs, strict=True) if not lower_is_better else zip(lows[::-1], highs[::-1], strict=True)
    first = STEPS - len(lows) + 1
    return Scale(
        tuple(Step(first + place, low, high, _range(low, high, unit)) for place, (low, high) in enumerate(spread))
    )


def _range(low: Decimal, high: Decimal, unit: Unit) -> str:
    values = number(low, 1) if low == high else f"{number(low, 1)}…{number(high, 1)}"
    return f"{values}{NBSP}{unit.after_number}"
