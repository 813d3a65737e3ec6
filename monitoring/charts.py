"""Charts as SVG made on the server: the same picture on the page and in the PDF.

The picture carries neither styles nor scripts nor addresses, so that it stands inline on a page with a strict
Content-Security-Policy. Every number in it is also in the table beside it.
"""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final
from xml.etree import ElementTree  # reads only what vl-convert has just written

from django.core.cache import cache
from django.utils.safestring import SafeString, mark_safe

from monitoring.display import Shown, Unit, counted
from monitoring.quarters.rows import IndicatorRow, InstitutionRow, Measure

# Part of the cache key: raise it with a change of what is done to the finished picture.
PICTURE_VERSION: Final = 1
VEGA_LITE: Final = "6.4"
CACHE_SECONDS: Final = 30 * 24 * 60 * 60

# Fits a column of 640 px and, at 96 px an inch, the width of an A4 page between its margins.
WIDTH: Final = 640
LABELS, VALUES = 250, 96
PLOT: Final = WIDTH - LABELS - VALUES
TOP, BOTTOM = 24, 66
ROW: Final = 32
# More would not fit on one page of paper.
MOST_ROWS: Final = 22
LABEL_LETTERS: Final = 36

FONT: Final = "Golos Text, Golos Text Cyrillic, Golos Text Cyrillic Ext, Golos Text Latin Ext, sans-serif"
INSTITUTION, REGION, GRID, TEXT, QUIET, BAND = "#0b5c7a", "#b8500f", "#d8e0e6", "#1b2733", "#52606b", "#f2f5f7"

SVG: Final = "http://www.w3.org/2000/svg"


def interval_charts(
    region: IndicatorRow, institutions: Sequence[InstitutionRow], region_name: str = "Регион"
) -> list[SafeString]:
    """The region and its institutions in one measure, best first, with intervals and the long-term mark.

    Usually one picture; in a region with many institutions several, the region on top of each.
    """
    ordered = _best_first(region.measure, institutions)
    parts = [ordered[start : start + MOST_ROWS] for start in range(0, len(ordered), MOST_ROWS)] or [[]]
    return [
        _picture(region, part, region_name, f"{number} из {len(parts)}" if len(parts) > 1 else "")
        for number, part in enumerate(parts, start=1)
    ]


def _best_first(measure: Measure, institutions: Iterable[InstitutionRow]) -> list[InstitutionRow]:
    def key(row: InstitutionRow) -> tuple[bool, Decimal, str]:
        value = row.shown[measure.code].value
        if value is None:
            return True, Decimal(0), row.name
        return False, value if measure.lower_is_better else -value, row.name

    return sorted(institutions, key=key)


def _picture(region: IndicatorRow, institutions: Sequence[InstitutionRow], region_name: str, part: str) -> SafeString:
    return finished_picture(
        _specification(region, institutions, region_name),
        _title(region, institutions, part),
        _description(region, institutions, region_name),
    )


def finished_picture(specification: Specification, title: str, description: str) -> SafeString:
    """A picture with its name and its description in words, drawn once for all that see the same."""
    # The checksum of a result does not cover names, so the key is made of everything that is drawn or said.
    everything = json.dumps([PICTURE_VERSION, VEGA_LITE, specification, title, description], sort_keys=True)
    key = f"chart:{hashlib.sha256(everything.encode()).hexdigest()}"
    picture: str | None = cache.get(key)
    if picture is None:
        picture = _finished(_rendered(specification), title, description, prefix=f"chart-{key[-12:]}")
        cache.set(key, picture, CACHE_SECONDS)
    return mark_safe(picture)  # noqa: S308 — written by an XML serialiser, which escapes the names


def _rendered(specification: Specification) -> str:
    # Imported late: the library starts threads that do not survive a fork, so only the process that draws may load it.
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(
        specification, vl_version=VEGA_LITE, format_locale="ru-RU", allowed_base_urls=[]
    )
    return svg


def _finished(svg: str, title: str, description: str, *, prefix: str) -> str:
    """One picture with a name and a description for those who do not see it; its parts are not read out one by one."""
    root = ElementTree.fromstring(svg)  # noqa: S314 — our own text, not a file that somebody sent
    # A layer without content leaves empty paths behind, which readers of PDF would still count.
    for parent in list(root.iter()):
        for child in list(parent):
            if child.get("display") == "none":
                parent.remove(child)
    for element in root.iter():
        # HTML does not understand prefixes, and registering one for the serialiser would change it for everybody.
        element.tag = element.tag.removeprefix(f"{{{SVG}}}")
        for name in list(element.attrib):
            if name.startswith("aria-") or name in ("role", "class", "style", "pointer-events", "font-family"):
                del element.attrib[name]
    size = {name: root.attrib[name] for name in ("width", "height", "viewBox")}
    root.attrib.clear()
    root.attrib.update(
        size
        | {
            "xmlns": SVG,
            "class": "chart",
            "role": "img",
            "aria-labelledby": f"{prefix}-title",
            "aria-describedby": f"{prefix}-desc",
            "font-family": FONT,
        }
    )
    for position, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(tag, {"id": f"{prefix}-{tag}"})
        element.text = text
        root.insert(position, element)
    return ElementTree.tostring(root, encoding="unicode")


# Words


def _title(region: IndicatorRow, institutions: Sequence[InstitutionRow], part: str) -> str:
    count = counted(len(institutions), "учреждение", "учреждения", "учреждений")
    return f"{region.measure.full_title}: регион и {count}" + (f" (часть {part})" if part else "")


def _description(region: IndicatorRow, institutions: Sequence[InstitutionRow], region_name: str) -> str:
    code = region.measure.code
    lines = [(region_name, region.shown), *((row.name, row.shown[code]) for row in institutions)]
    said = [
        f"{name}: {', '.join(filter(None, (one.full if one.value is not None else '', one.note)))}."
        for name, one in lines
    ]
    mark = f"Долгосрочный ориентир: {region.measure.mark_text}. " if region.measure.mark is not None else ""
    return f"{mark}В скобках 95-процентный интервал. {' '.join(said)}"


def two_lines(name: str) -> str:
    """A name on at most two lines. Of a longer one the beginning and the end stay, since names of neighbours often
    differ in their last words only; in full it stands in the table.
    """
    # Official names are often written in capitals, which take half as much room again.
    capitals = sum(map(str.isupper, name)) / max(1, len(name))
    letters = round(LABEL_LETTERS / (1 + capitals / 2))
    lines = textwrap.wrap(name, letters)
    if len(lines) > 2:
        backwards = textwrap.wrap(name[::-1], letters - 2)
        lines = [lines[0], f"… {backwards[0][::-1]}"]
    return "\n".join(lines)


# Drawing


Specification = dict[str, Any]
"""A piece of Vega-Lite."""

HAS_VALUE: Final = [{"filter": "isValid(datum.value)"}]
HAS_NO_VALUE: Final = [{"filter": "!isValid(datum.value)"}]
HAS_INTERVAL: Final = [{"filter": "isValid(datum.low) && isValid(datum.high)"}]
IS_REGION: Final = {"test": "datum.kind === 'region'"}
IS_FEW: Final = {"test": "datum.kind === 'few'"}
COLOUR: Final = {"condition": IS_REGION | {"value": REGION}, "value": INSTITUTION}
SMALL: Final = {"type": "text", "baseline": "middle", "fontSize": 12}


def _specification(region: IndicatorRow, institutions: Sequence[InstitutionRow], region_name: str) -> Specification:
    """Rows and texts stand at computed places: nothing depends on fonts the server may not have."""
    measure = region.measure
    rows = [
        _drawn(0, region_name, region.shown, "region"),
        *(
            _drawn(index, row.name, one, "few" if one.is_few else "sufficient")
            for index, row in enumerate(institutions, start=1)
            for one in [row.shown[measure.code]]
        ),
    ]
    height = ROW * len(rows)
    # A region of few answers is drawn hollow as well.
    region_fill = "#ffffff" if region.shown.is_few else REGION
    x = _horizontal(measure, rows)
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": PLOT,
        "height": height,
        "autosize": "none",
        "padding": {"left": LABELS, "right": VALUES, "top": TOP, "bottom": BOTTOM},
        "background": None,
        "view": {"stroke": None},
        "data": {"values": rows},
        "layer": [
            _region_band(),
            *_interval_layers(x),
            *_mark_layers(measure, height, x),
            _dot_layer(x, region_fill),
            *_text_layers(),
            *_legend_layers(height + 52, region_fill),
        ],
    }


def _drawn(index: int, name: str, shown: Shown, kind: str) -> Specification:
    label, y = two_lines(name), ROW * index + ROW // 2
    return {
        "label": label,
        "kind": kind,
        "value": None if shown.value is None else float(shown.value),
        "low": None if shown.low is None else float(shown.low),
        "high": None if shown.high is None else float(shown.high),
        "text": shown.text,
        "note": shown.note,
        "y": y,
        "first_line": y - (7 if "\n" in label else 0),
        "note_top": y - 9,
        "note_bottom": y + 9,
        "note_end": 12 + 7 * len(shown.note),
    }


def _horizontal(measure: Measure, rows: Sequence[Specification]) -> Specification:
    lowest, highest, step = _domain(measure, rows)
    return {
        "type": "quantitative",
        "scale": {"domain": [lowest, highest], "nice": False, "zero": False},
        "axis": {
            "title": measure.unit.title,
            "values": [round(lowest + step * index, 1) for index in range(round((highest - lowest) / step) + 1)],
            "format": ",.10~f",
            "domain": False,
            "ticks": False,
            "gridColor": GRID,
            "labelColor": QUIET,
            "labelFontSize": 12,
            "labelPadding": 6,
            "labelFlush": False,
            "titleColor": QUIET,
            "titleFontSize": 12,
            "titleFontWeight": 400,
            "titlePadding": 4,
        },
    }


def _vertical(field: str = "y") -> Specification:
    return {"field": field, "type": "quantitative", "scale": None, "axis": None}


def _region_band() -> Specification:
    return {
        "data": {"values": [{}]},
        "mark": {"type": "rect", "fill": BAND},
        "encoding": {
            "x": {"value": -LABELS},
            "x2": {"value": PLOT + VALUES},
            "y": {"value": 0},
            "y2": {"value": ROW},
        },
    }


def _interval_layers(x: Specification) -> list[Specification]:
    line = {
        "transform": HAS_INTERVAL,
        "mark": {"type": "rule", "strokeWidth": 2},
        "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}, "y": _vertical(), "color": COLOUR},
    }
    ends = [
        {
            "transform": HAS_INTERVAL,
            "mark": {"type": "tick", "orient": "vertical", "size": 9, "thickness": 2, "opacity": 1},
            "encoding": {"x": {"field": end, **x}, "y": _vertical(), "color": COLOUR},
        }
        for end in ("low", "high")
    ]
    return [line, *ends]


def _dot_layer(x: Specification, region_fill: str) -> Specification:
    """A diamond, a full or a hollow circle: told apart without colours."""
    return {
        "transform": HAS_VALUE,
        "mark": {"type": "point", "strokeWidth": 2, "opacity": 1},
        "encoding": {
            "x": {"field": "value", **x},
            "y": _vertical(),
            "shape": {"condition": IS_REGION | {"value": "diamond"}, "value": "circle"},
            "size": {"condition": IS_REGION | {"value": 150}, "value": 80},
            "stroke": COLOUR,
            "fill": {
                "condition": [IS_REGION | {"value": region_fill}, IS_FEW | {"value": "#ffffff"}],
                "value": INSTITUTION,
            },
        },
    }


def _text_layers() -> list[Specification]:
    """Names on the left, values on the right, and in the middle why there is no value."""
    return [
        {
            "mark": SMALL | {"align": "left", "lineBreak": "\n", "lineHeight": 14, "color": TEXT},
            "encoding": {"x": {"value": 8 - LABELS}, "y": _vertical("first_line"), "text": {"field": "label"}},
        },
        {
            "transform": HAS_VALUE,
            "mark": SMALL | {"align": "right", "fontWeight": 600, "color": TEXT},
            "encoding": {"x": {"value": PLOT + VALUES - 8}, "y": _vertical(), "text": {"field": "text"}},
        },
        {
            # The grid and the mark would run through the words.
            "transform": HAS_NO_VALUE,
            "mark": {"type": "rect", "fill": "#ffffff", "opacity": 1},
            "encoding": {
                "x": {"value": 4},
                "x2": {"field": "note_end", "type": "quantitative", "scale": None},
                "y": _vertical("note_top"),
                "y2": {"field": "note_bottom"},
            },
        },
        {
            "transform": HAS_NO_VALUE,
            "mark": SMALL | {"align": "left", "color": QUIET},
            "encoding": {"x": {"value": 8}, "y": _vertical(), "text": {"field": "note"}},
        },
    ]


def _domain(measure: Measure, rows: Sequence[Specification]) -> tuple[float, float, float]:
    """Lower end, upper end and step of the axis. The whole scale where it has ends: a cut one would overstate gaps."""
    match measure.unit:
        case Unit.PERCENT:
            return 0, 100, 20
        case Unit.POINTS:
            return -100, 100, 50
        case Unit.DAYS | Unit.NUMBER:
            furthest = max(
                (row[name] for row in rows for name in ("value", "high") if row[name] is not None), default=1
            )
            steps = (size * 10**power for power in range(-1, 12) for size in (1, 2, 5))
            step = next(step for step in steps if step * 6 >= furthest)
            return 0, step * max(1, -(-furthest // step)), step


def _mark_layers(measure: Measure, height: int, x: Specification) -> list[Specification]:
    if measure.mark is None:
        return []
    here = {"values": [{"mark": measure.mark, "label": measure.mark_note}]}
    return [
        {
            "data": here,
            "mark": {"type": "rule", "strokeDash": [5, 4], "strokeWidth": 1.5, "color": TEXT},
            "encoding": {"x": {"field": "mark", **x}, "y": {"value": -4}, "y2": {"value": height}},
        },
        {
            "data": here,
            "mark": {"type": "text", "baseline": "bottom", "fontSize": 12, "color": TEXT},
            "encoding": {"x": {"field": "mark", **x}, "y": {"value": -8}, "text": {"field": "label"}},
        },
    ]


def _legend_layers(y: int, region_fill: str) -> list[Specification]:
    items = (
        ("diamond", REGION, region_fill, "регион"),
        ("circle", INSTITUTION, INSTITUTION, "учреждение"),
        ("circle", INSTITUTION, "#ffffff", "мало данных"),
        ("stroke", TEXT, None, "95-процентный интервал"),
    )
    layers: list[Specification] = []
    left = 16 - LABELS
    for shape, stroke, fill, words in items:
        if shape == "stroke":
            symbol = {"type": "rule", "strokeWidth": 2, "color": stroke}
            place: Specification = {"x": {"value": left - 8}, "x2": {"value": left + 8}}
        else:
            symbol = {"type": "point", "shape": shape, "stroke": stroke, "fill": fill, "strokeWidth": 2, "opacity": 1}
            symbol["size"] = 120 if shape == "diamond" else 80
            place = {"x": {"value": left}}
        layers += [
            {"data": {"values": [{}]}, "mark": symbol, "encoding": place | {"y": {"value": y}}},
            {
                "data": {"values": [{}]},
                "mark": {"type": "text", "align": "left", "baseline": "middle", "fontSize": 12, "color": QUIET},
                "encoding": {"x": {"value": left + 14}, "y": {"value": y}, "text": {"value": words}},
            },
        ]
        left += 14 + 26 + 7 * len(words)
    return layers
