"""Distributions as pictures: one bar for each answer, with the share and the 95 % interval where it is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from monitoring.charts import (
    GRID,
    LABELS,
    QUIET,
    ROW,
    SMALL,
    TEXT,
    VALUES,
    WIDTH,
    Specification,
    finished_picture,
    two_lines,
)

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

TOP, BOTTOM = 8, 30
THICKNESS: Final = 14
# Light enough for the line of the interval across it, dark enough for paper.
BAR: Final = "#5596b0"


@dataclass(frozen=True, slots=True)
class DrawnBar:
    """A bar of `share` per cent of those who answered; `text` stands at its right."""

    label: str
    share: float
    text: str
    low: float | None = None
    high: float | None = None


def bar_chart(title: str, bars: Sequence[DrawnBar]) -> SafeString:
    """Bars below each other on one scale; what is drawn is said in words as well."""
    said = " ".join(f"{bar.label}: {bar.text}." for bar in bars)
    return finished_picture(_specification(bars), title, said)


def _specification(bars: Sequence[DrawnBar]) -> Specification:
    rows = [
        {
            "label": (label := two_lines(bar.label)),
            "start": 0,
            "share": bar.share,
            "low": bar.low,
            "high": bar.high,
            "text": bar.text,
            "y": (y := ROW * index + ROW // 2),
            "top": y - THICKNESS // 2,
            "bottom": y + THICKNESS // 2,
            "first_line": y - (7 if "\n" in label else 0),
        }
        for index, bar in enumerate(bars)
    ]
    # Short names leave the room to the bars: on a telephone only the left of the picture is seen at once.
    longest = max((len(line) for row in rows for line in str(row["label"]).split("\n")), default=0)
    labels = min(LABELS, 24 + 7 * longest)
    plot = WIDTH - labels - VALUES
    furthest = max((number for bar in bars for number in (bar.share, bar.high or 0)), default=0)
    # A whole scale for shares; bars of many numbers are all short, and would not be seen on it.
    end = next(end for end in (20, 40, 60, 80, 100) if furthest <= end or end == 100)
    if any(bar.high is not None for bar in bars):
        end = 100
    x = {
        "type": "quantitative",
        "scale": {"domain": [0, end], "nice": False},
        "axis": {
            "title": None,
            "values": [end * step // 5 for step in range(6)],
            "labelExpr": "datum.value + ' %'",
            "domain": False,
            "ticks": False,
            "gridColor": GRID,
            "labelColor": QUIET,
            "labelFontSize": 12,
            "labelPadding": 6,
            "labelFlush": False,
        },
    }
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": plot,
        "height": ROW * len(rows),
        "autosize": "none",
        "padding": {"left": labels, "right": VALUES, "top": TOP, "bottom": BOTTOM},
        "background": None,
        "view": {"stroke": None},
        "data": {"values": rows},
        "layer": [
            {
                "mark": {"type": "rect", "fill": BAR, "opacity": 1},
                "encoding": {
                    "x": {"field": "start", **x},
                    "x2": {"field": "share"},
                    "y": _at("top"),
                    "y2": {"field": "bottom"},
                },
            },
            {
                "transform": [{"filter": "isValid(datum.low) && isValid(datum.high)"}],
                "mark": {"type": "rule", "strokeWidth": 2, "color": TEXT},
                "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}, "y": _at("y")},
            },
            _text("label", "first_line", 8 - labels, "left", 400),
            _text("text", "y", plot + VALUES - 8, "right", 600),
        ],
    }


def _at(field: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "scale": None, "axis": None}


def _text(field: str, y: str, x: int, align: str, weight: int) -> Specification:
    mark = SMALL | {"align": align, "fontWeight": weight, "lineBreak": "\n", "lineHeight": 14, "color": TEXT}
    return {"mark": mark, "encoding": {"x": {"value": x}, "y": _at(y), "text": {"field": field}}}
