"""Pictures of a measure: what is drawn, what is said in words, and what must not be in them."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from django.core.cache import cache

from monitoring import charts
from monitoring.charts import INSTITUTION, MOST_ROWS, PLOT, REGION, interval_charts
from monitoring.quarters.results import InstitutionInput
from monitoring.quarters.rows import institution_rows, region_rows
from tests.monitoring.quarter import (
    FORMULA,
    SILENT,
    SUFFICIENT,
    TOWN,
    VILLAGE,
    counts,
    inputs,
    inputs_with_more_small,
    result,
)

NAME = "Нижегородская область"


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


def pictures(code: str, of=None) -> list[str]:
    of = of or result()
    row = next(row for row in region_rows(of) if row.measure.code == code)
    return interval_charts(row, institution_rows(of), NAME)


def picture(code: str, of=None) -> ElementTree.Element:
    (svg,) = pictures(code, of)
    # HTML gives the elements no prefix, so the parser here need not either.
    return ElementTree.fromstring(svg.replace(' xmlns="http://www.w3.org/2000/svg"', "", 1))


def texts(svg: ElementTree.Element) -> list[str]:
    return [" ".join(text.itertext()).replace("\u00a0", " ") for text in svg.iter("text")]


def dots(svg: ElementTree.Element) -> list[tuple[float, float, str, str]]:
    """x, y, fill and stroke of the points in the plot, from the top."""
    found = []
    for path in svg.iter("path"):
        place = re.match(r"translate\(([-\d.]+),([-\d.]+)\)", path.get("transform", ""))
        # The signs of the legend stand left of the plot.
        if place and path.get("stroke") in (REGION, INSTITUTION) and float(place[1]) >= 0:
            found.append((float(place[1]), float(place[2]), path.get("fill"), path.get("stroke")))
    return sorted(found, key=lambda dot: dot[1])


@pytest.mark.parametrize("code", ["satisfaction", "nps", "days"])
def test_a_picture_fits_a_strict_policy_and_the_page(code):
    (svg,) = pictures(code)
    root = picture(code)
    assert svg.startswith("<svg ") and root.get("width") == "640" and root.get("viewBox").startswith("0 0 640 ")
    names = {name for element in root.iter() for name in element.attrib}
    assert not {name for name in names if name.startswith("on") or "href" in name} | names & {"style"}
    assert not {element.tag for element in root.iter()} & {"style", "script", "image", "a", "use", "foreignObject"}
    assert not any("//" in value for element in root.iter() for value in element.attrib.values())


def test_a_picture_has_a_name_and_says_in_words_what_it_shows():
    root = picture("satisfaction")
    title, description = root[0], root[1]
    assert (root.get("role"), title.tag, description.tag) == ("img", "title", "desc")
    assert root.get("aria-labelledby") == title.get("id") and root.get("aria-describedby") == description.get("id")
    assert title.text.replace("\u00a0", " ").endswith("услуги, %: регион и 5 учреждений")
    words = description.text.replace("\u00a0", " ")
    assert f"{NAME}: 65,6 % (" in words
    assert f"{VILLAGE}: 95,0 % (83,5…98,6)." in words
    assert f"{SUFFICIENT}: нет значения: защита малых чисел." in words
    assert f"{FORMULA}: нет значения: меньше 10 ответов." in words
    assert "ориентир: 90 %" in words
    # One picture, one name: nothing inside is read out on its own.
    assert not [
        element for element in list(root.iter())[1:] if "role" in element.attrib or "aria-label" in element.attrib
    ]


def test_best_first_the_region_on_top_and_the_silent_last():
    shown = texts(picture("satisfaction", result(given=inputs_with_more_small())))
    order = [shown.index(next(text for text in shown if text.startswith(start))) for start in (
        NAME, "ГКУ «Центр занятости населения Вад", "ГКУ <b>", "ГКУ «Центр занятости населения гор", "+7", "=HYP", "Я:"
    )]  # fmt: skip
    assert order == sorted(order)
    assert [text for text in shown if text.endswith(" %") and "," in text] == ["65,6 %", "95,0 %", "90,0 %", "60,0 %"]


def test_less_is_better_in_days():
    values = [text for text in texts(picture("days", result(given=inputs_with_more_small()))) if text.endswith(" дня")]
    assert values[1:] == ["1,3 дня", "2,5 дня", "6,5 дня"]


def test_dots_stand_at_their_values_and_few_data_is_hollow():
    drawn = dots(picture("satisfaction", result(given=inputs_with_more_small())))
    # The region, then 38 of 40, 27 of 30 and 12 of 20; those without a value have no dot.
    assert [x for x, *_ in drawn] == pytest.approx([PLOT * share for share in (0.656, 0.95, 0.9, 0.6)])
    assert [fill for _, _, fill, _ in drawn] == [REGION, INSTITUTION, INSTITUTION, "#ffffff"]
    assert [stroke for *_, stroke in drawn] == [REGION] + [INSTITUTION] * 3


def test_a_value_hidden_beside_a_small_one_has_no_dot_and_says_why():
    root = picture("satisfaction")
    assert [x for x, *_ in dots(root)] == pytest.approx([PLOT * share for share in (0.656, 0.95)])
    assert f"{TOWN}: нет значения: защита малых чисел." in root[1].text
    assert "нет значения: защита малых чисел" in texts(root)


def test_the_region_is_a_diamond_and_an_institution_a_circle():
    shapes = {
        path.get("stroke"): "circle" if "A" in path.get("d") else "diamond"
        for path in picture("satisfaction").iter("path")
        if path.get("stroke") in (REGION, INSTITUTION)
    }
    assert shapes == {REGION: "diamond", INSTITUTION: "circle"}


def test_a_region_of_few_answers_is_hollow_too():
    few = result(given=inputs()[:1])
    assert [fill for _, _, fill, _ in dots(picture("satisfaction", few))] == ["#ffffff", "#ffffff"]


@pytest.mark.parametrize(
    ("code", "label", "at"),
    [("satisfaction", "ориентир 90 %", 0.9), ("nps", "ориентир 30 пунктов", 0.65), ("days", None, None)],
)
def test_the_long_term_mark_is_a_dashed_line_with_words(code, label, at):
    root = picture(code)
    dashed = [line for line in root.iter("line") if line.get("stroke-dasharray")]
    if label is None:
        assert not dashed and not [text for text in texts(root) if text.startswith("ориентир")]
        return
    assert label in texts(root)
    (line,) = dashed
    assert float(re.match(r"translate\(([\d.]+),", line.get("transform"))[1]) == pytest.approx(PLOT * at)


def test_numbers_of_the_axis_are_russian():
    assert {"−100", "−50", "50", "100"} <= set(texts(picture("nps")))
    quick = result(given=[InstitutionInput(1, "А", "town", 100, counts((40, 38), (40, 30, 2), {1: 20, 2: 20}))])
    assert {"0", "0,5", "1", "1,5", "2"} <= set(texts(picture("days", quick)))


def test_names_are_text_and_nothing_else():
    (svg,) = pictures("satisfaction")
    assert "<b>" not in svg and "&lt;b&gt;Балахна&lt;/b&gt; &amp; партнёры" in svg


def test_a_long_name_keeps_its_beginning_and_its_end():
    name = "Государственное казённое учреждение «Центр занятости населения городского округа город Бор»"
    assert charts.two_lines(name) == "Государственное казённое учреждение\n… городского округа город Бор»"
    assert max(map(len, charts.two_lines(name.upper()).split("\n"))) <= 26


def test_many_institutions_make_several_pictures_with_the_region_on_each():
    many = [replace(inputs()[2], id=number, name=f"Учреждение {number}") for number in range(MOST_ROWS + 1)]
    of = result(given=many)
    first, second = pictures("satisfaction", of)
    assert "регион и 22" in first and "(часть 1 из 2)" in first and "(часть 2 из 2)" in second
    assert NAME in first and NAME in second


def test_a_picture_is_drawn_once_until_something_in_it_changes(monkeypatch):
    drawn = []
    render = charts._rendered
    monkeypatch.setattr(charts, "_rendered", lambda specification: drawn.append(1) or render(specification))
    assert pictures("nps") == pictures("nps") and len(drawn) == 1
    renamed = [replace(one, name=f"{one.name} (новое название)") for one in inputs()]
    assert pictures("nps", result(given=renamed)) != pictures("nps") and len(drawn) == 2


@pytest.mark.parametrize(
    ("of", "note"),
    [(result(given=[]), "нет ответов"), (result(scheme=None), "нет значения: не внесено решение о весах учреждений")],
)
def test_a_region_without_a_value_has_a_picture_that_says_why(of, note):
    root = picture("satisfaction", of)
    assert note in texts(root)
    assert REGION not in {stroke for *_, stroke in dots(root)}


def test_silent_and_hidden_institutions_are_listed():
    shown = " ".join(texts(picture("days")))
    assert SILENT in shown and "нет ответов" in shown and "нет значения: меньше 10 ответов" in shown
    # 38.4 days of seven answers.
    assert "38," not in shown and TOWN.split()[0] in shown and VILLAGE.split()[0] in shown
