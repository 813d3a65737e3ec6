"""The picture of a fieldwork: answers by day, drawn by a template from places computed here (decision 12).

It carries no styles, scripts or addresses; every number in it stands in the table beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from monitoring.display import counted
from surveys.counting.progress import NOTHING, Received

WIDTH: Final = 640
HEIGHT: Final = 220
LEFT, RIGHT, TOP, BOTTOM = 40, 8, 14, 26
PLOT_WIDTH: Final = WIDTH - LEFT - RIGHT
PLOT_HEIGHT: Final = HEIGHT - TOP - BOTTOM
MONTHS: Final = ("янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")


@dataclass(frozen=True, slots=True)
class Bar:
    """A day: its answers that count, and above them those that do not. Places as SVG takes them."""

    x: str
    width: str
    y: str
    height: str
    other_y: str
    other_height: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the grid or a day on the axis, with its words."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class DayChart:
    bars: list[Bar]
    levels: list[Mark]
    months: list[Mark]
    wanted_y: str  # of the answers wanted a day, empty when there is no plan to draw
    title: str
    description: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    base: int = HEIGHT - BOTTOM
    words_y: int = HEIGHT - 8


def day_chart(days: Mapping[date, Received], *, first: date, last: date, per_day: int | None = None) -> DayChart | None:
    """Answers by day from one day to another, both included; None without answers. `per_day` is drawn as a line."""
    if not days:
        return None
    length = (last - first).days + 1
    highest = max(max(one.received for one in days.values()), per_day or 0)
    step = _step(highest)
    top = step * -(-highest // step)
    slot = PLOT_WIDTH / length

    def y(count: int) -> float:
        return TOP + PLOT_HEIGHT * (1 - count / top)

    bars = []
    for number in range(length):
        one = days.get(first + timedelta(days=number), NOTHING)
        if one.received:
            bars.append(
                Bar(
                    x=_place(LEFT + number * slot + slot * 0.1),
                    width=_place(slot * 0.8),
                    y=_place(y(one.eligible)),
                    height=_place(y(0) - y(one.eligible)),
                    other_y=_place(y(one.received)),
                    other_height=_place(y(one.eligible) - y(one.received)),
                )
            )
    beginnings = [day for day in (first + timedelta(days=number) for number in range(length)) if day.day == 1]
    most = max(days, key=lambda day: (days[day].received, day))
    total = sum(one.received for one in days.values())
    wanted = f" Чтобы успеть, нужно в день: {per_day}." if per_day else ""
    return DayChart(
        bars=bars,
        levels=[Mark(_place(y(count)), str(count)) for count in range(0, top + 1, step)],
        months=[Mark(_place(LEFT + (day - first).days * slot), f"1 {MONTHS[day.month - 1]}") for day in beginnings],
        wanted_y=_place(y(per_day)) if per_day else "",
        title=f"Ответы по дням с {first:%d.%m.%Y} по {last:%d.%m.%Y}",
        description=(
            f"Всего {counted(total, 'ответ', 'ответа', 'ответов')}. Больше всего, {days[most].received}, пришло"
            f" {most:%d.%m.%Y}.{wanted}"
        ),
    )


def _step(highest: int) -> int:
    """A round step that gives at most five lines."""
    return next(step for power in range(12) for size in (1, 2, 5) if (step := size * 10**power) * 5 >= highest)


def _place(value: float) -> str:
    return f"{value:.1f}"
