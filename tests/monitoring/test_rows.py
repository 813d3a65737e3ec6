"""The rows that screen, XLSX and PDF are made of, and how their numbers are written."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template

from monitoring.display import NBSP, Unit, clean, counted, number, plural, shown
from monitoring.quarters.kpi import Scheme
from monitoring.quarters.results import MEASURES, InstitutionInput, QuarterResult, Thresholds
from monitoring.quarters.rows import IndicatorRow, InstitutionRow, institution_rows, passport_rows, region_rows
from surveys.counting.counts import NOTHING
from surveys.counting.statistics import Estimate, Reliability
from tests.monitoring.quarter import (
    FORMULA,
    MORE_SMALL,
    SILENT,
    SUFFICIENT,
    THRESHOLDS,
    TOWN,
    VILLAGE,
    counts,
    inputs,
    inputs_with_more_small,
    result,
)

NOTHING_IN_TIME = InstitutionInput(9, "Б", "town", 10, replace(NOTHING, received=2))


def indicator(code: str, of: QuarterResult | None = None) -> IndicatorRow:
    return next(row for row in region_rows(of or result()) if row.measure.code == code)


def institution(name: str, of: QuarterResult | None = None) -> InstitutionRow:
    return next(row for row in institution_rows(of or result()) if row.name == name)


# Numbers


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (None, None, "—"),
        (0, None, "0"),
        (1234567, None, "1 234 567"),
        (-12, None, "−12"),
        (61.65, None, "61,7"),
        (-14.55, None, "−14,6"),
        (-0.04, None, "0,0"),
        (Decimal("90.0"), None, "90,0"),
        (Decimal("-1234.5"), None, "−1 234,5"),
        (90.0, 0, "90"),
        (Decimal("0.25"), 1, "0,3"),
    ],
)
def test_a_number_is_written_in_russian(value, digits, text):
    assert number(value, digits) == text.replace(" ", NBSP)


@pytest.mark.parametrize(
    ("count", "form"),
    [
        (0, "ответов"), (1, "ответ"), (2, "ответа"), (4, "ответа"), (5, "ответов"), (11, "ответов"), (14, "ответов"),
        (21, "ответ"), (22, "ответа"), (100, "ответов"), (111, "ответов"), (1234, "ответа"),
    ],
)  # fmt: skip
def test_nouns_follow_their_number(count, form):
    assert plural(count, "ответ", "ответа", "ответов") == form


def test_a_counted_noun_is_not_parted_from_its_number():
    assert counted(1234, "ответ", "ответа", "ответов") == f"1{NBSP}234{NBSP}ответа"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  ЦЗН\r\n села\tВад ", "ЦЗН села Вад"),
        ("а\x00б\x0bв", "а б в"),
        ("а\ud800б\ufffe", "аб"),
        ("ГКУ \u202eДАВ\u202c", "ГКУ ДАВ"),
        (f"№{NBSP}5", f"№{NBSP}5"),
        ("Әгерҗе 👍", "Әгерҗе 👍"),
    ],
)
def test_text_of_people_is_cleaned_for_every_format(text, cleaned):
    assert clean(text) == cleaned


def test_a_shown_value_stands_with_its_interval_and_answers():
    one = shown(Estimate(value=90.0, low=74.38, high=96.54, n=30), "percent", THRESHOLDS)
    assert one.full == f"90,0{NBSP}% (74,4…96,5)"
    assert (one.text, one.interval, one.answers, one.note) == (f"90,0{NBSP}%", "74,4…96,5", f"30{NBSP}ответов", "")


def test_below_the_minimum_not_even_the_object_holds_the_value():
    one = shown(Estimate(value=71.4, low=35.9, high=91.8, n=9), Unit.PERCENT, THRESHOLDS)
    assert (one.value, one.low, one.high, one.is_hidden) == (None, None, None, True)
    assert (one.full, one.note) == ("—", "нет значения: меньше 10 ответов")


@pytest.mark.parametrize(
    ("n", "trust", "note"),
    [
        (0, Reliability.HIDDEN, "нет ответов"),
        (20, Reliability.HIDDEN, "нет значения: меньше 21 ответа"),
        (21, Reliability.FEW, "мало данных"),
        (39, Reliability.FEW, "мало данных"),
        (40, Reliability.SUFFICIENT, ""),
    ],
)
def test_reliability_follows_the_thresholds(n, trust, note):
    value = None if n == 0 else 50.0
    one = shown(Estimate(value=value, low=value, high=value, n=n), "points", Thresholds(minimum=21, sufficient=40))
    assert (one.reliability, one.note) == (trust, note)


def test_a_value_may_stand_without_an_interval():
    one = shown(Estimate(value=4.0, low=None, high=None, n=12), "days", THRESHOLDS)
    assert (one.full, one.interval) == (f"4,0{NBSP}дня", "")


def test_templates_write_numbers_the_same_way():
    template = Template(
        '{% load kpi %}{{ value|number }} {{ n|counted:"ответ,ответа,ответов" }} {{ n|plural:"раз,раза,раз" }} '
        '{% shown estimate "points" thresholds as one %}{{ one.full }}'
    )
    text = template.render(
        Context(
            {
                "value": Decimal("-1234.5"),
                "n": 2,
                "estimate": Estimate(value=-5.0, low=-30.06, high=20.0, n=30),
                "thresholds": THRESHOLDS,
            }
        )
    )
    assert text.replace(NBSP, " ") == "−1 234,5 2 ответа раза −5,0 пункта (−30,1…20,0)"


# The region


def test_the_rows_of_the_region_are_the_measures_in_order_with_official_titles():
    assert [row.measure.full_title for row in region_rows(result())] == [
        "Удовлетворённость пользователей эффективностью оказания услуги,\u00a0%",
        "Индекс приверженности потребителей (NPS),\u00a0пункты",
        "Время, потраченное пользователем на получение услуги,\u00a0дни",
        "Удовлетворённость количеством документации,\u00a0%",
        "Удовлетворённость длительностью оказания услуги,\u00a0%",
        "Удовлетворённость простотой и понятностью процесса получения услуги,\u00a0%",
        "Удовлетворённость качеством поддержки и сервиса,\u00a0%",
    ]
    assert [row.is_main for row in region_rows(result())] == [True] * 3 + [False] * 4


@pytest.mark.parametrize(
    ("scheme", "value"),
    [(Scheme.CLIENTS, "61,7"), (Scheme.RESPONDENTS, "83,3"), (Scheme.EQUAL, "77,5")],
)
def test_golden_values_of_the_region(scheme, value):
    """A 1000 clients 12/20, B 50 clients 38/40 → 61.7, 83.3, 77.5 (DESIGN 6)."""
    row = indicator("satisfaction", result(scheme, inputs()[:2]))
    assert row.shown.text == f"{value}{NBSP}%"
    assert row.shown.n == 60


def test_the_value_of_the_region_counts_institutions_whose_own_value_is_hidden():
    expected = (60 * 1000 + 95 * 50 + 90 * 120 + 600 / 7 * 60) / 1230
    row = indicator("satisfaction")
    assert row.estimate.value == pytest.approx(expected)
    assert row.shown.text == f"65,6{NBSP}%"
    assert row.shown.n == 97


def test_verdicts_and_marks():
    rows = {row.measure.code: row for row in region_rows(result())}
    assert (rows["satisfaction"].measure.mark_text, rows["satisfaction"].verdict_text) == (
        f"90{NBSP}%",
        "ориентир не достигнут",
    )
    assert (rows["nps"].measure.mark_text, rows["nps"].verdict_text) == (f"30{NBSP}пунктов", "недостаточно данных")
    # Many answers and still no verdict: it is said why.
    assert (rows["nps"].shown.note, rows["nps"].notes) == ("", "ориентир внутри интервала")
    assert (rows["days"].measure.mark_text, rows["days"].verdict_text, rows["days"].notes) == ("—", "", "")


def test_a_reached_mark():
    great = [InstitutionInput(1, "А", "town", 10_000, counts((400, 398), (400, 380, 2), {1: 400}))]
    row = indicator("satisfaction", result(given=great))
    assert (row.verdict_text, row.notes) == ("ориентир достигнут", "")


@pytest.mark.parametrize(
    ("of", "note"),
    [
        (result(scheme=None), "нет значения: не внесено решение о весах учреждений"),
        (
            result(given=[InstitutionInput(1, "А", "town", None, inputs()[0].counts)]),
            "нет значения: указаны не все числа обслуженных",
        ),
    ],
)
def test_a_region_without_weights_says_what_is_missing(of, note):
    row = indicator("satisfaction", of)
    assert (row.shown.text, row.shown.note) == ("—", note)
    assert institution_rows(of)[0].weight_share is None


# Institutions


def test_golden_values_of_institutions():
    without_small = result(given=inputs()[:3])
    village, town, enough = (institution(name, without_small) for name in (VILLAGE, TOWN, SUFFICIENT))
    assert enough.shown["satisfaction"].full == f"90,0{NBSP}% (74,4…96,5)"
    assert village.shown["nps"].text == f"70,0{NBSP}пункта"
    assert enough.shown["nps"].text == f"−40,0{NBSP}пункта"
    assert town.shown["days"].text == f"6,5{NBSP}дня"
    assert town.shown["satisfaction"].note == "мало данных"
    # 1.25 days is shown half up.
    assert enough.shown["days"].value == Decimal("1.3")


def test_an_institution_with_few_answers_has_counts_but_no_value():
    row = institution(FORMULA)
    assert (row.received, row.eligible, row.left_out) == (8, 7, 1)
    assert {one.note for one in row.shown.values()} == {"нет значения: меньше 10 ответов"}
    assert {(one.value, one.low, one.high) for one in row.shown.values()} == {(None, None, None)}


def test_beside_one_small_institution_the_two_next_smallest_are_hidden():
    """65,6 · 1230 − 60 · 1000 − 95 · 50 − 90 · 120 = 85,7 · 60: with the others shown, six of seven would be known.

    Two, since the same answers are summed up in two ways: with weights here, without on the page of survey results.
    """
    for name, n in ((TOWN, 20), (SUFFICIENT, 30)):
        row = institution(name)
        assert {one.note for one in row.shown.values()} == {"нет значения: защита малых чисел"}
        assert {(one.value, one.low, one.high) for one in row.shown.values()} == {(None, None, None)}
        assert row.shown["satisfaction"].n == n
    assert institution(VILLAGE).shown["satisfaction"].value == 95


def test_small_institutions_protect_each_other():
    of = result(given=inputs_with_more_small())
    hidden = {row.name for row in institution_rows(of) if row.shown["nps"].is_hidden}
    assert hidden == {FORMULA, *MORE_SMALL, SILENT}


def test_a_quarter_published_before_the_rule_is_shown_by_it():
    document = result().document()
    # As it was written then: only the values of fewer than ten answers were empty.
    for one in document["institutions"]:
        if one["name"] == TOWN:
            one["values"]["satisfaction"] = {"value": 60.0, "low": 38.7, "high": 78.1, "n": 20}
    assert QuarterResult.from_document(document) == result()


def test_weights_and_their_shares():
    weights = {row.name: (row.clients, row.weight, row.weight_share) for row in institution_rows(result())}
    assert weights == {
        TOWN: (1000, 1000, Decimal("81.3")),
        VILLAGE: (50, 50, Decimal("4.1")),
        SUFFICIENT: (120, 120, Decimal("9.8")),
        FORMULA: (60, 60, Decimal("4.9")),
        SILENT: (80, 0, Decimal("0.0")),
    }


def test_an_institution_left_out_says_why():
    late = NOTHING_IN_TIME
    assert institution("Б", result(given=[*inputs(), late])).left_out_because == "нет ответов, полученных в срок"
    assert institution(SILENT).left_out_because == "нет ответов"
    assert institution(TOWN).left_out_because == ""


def test_settlements_are_named():
    assert (institution(TOWN).settlement, institution(VILLAGE).settlement) == ("город", "село")


def test_rows_of_a_snapshot_equal_the_rows_it_was_made_from():
    now = result()
    again = QuarterResult.from_document(json.loads(json.dumps(now.document())))
    assert region_rows(again) == region_rows(now)
    assert institution_rows(again) == institution_rows(now)
    assert {row.measure.code for row in region_rows(again)} == set(MEASURES)


# The passport


def test_the_passport_says_where_the_numbers_come_from():
    of = result()
    rows = passport_rows(
        of, zone=ZoneInfo("Asia/Yekaterinburg"), published_at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    )
    passport = {row.label: row.value.replace(NBSP, " ") for row in rows}
    assert passport["Веса учреждений"] == "по числу обслуженных людей"
    assert passport["Решение регионального штаба"] == "№ 12-р от 03.03.2026"
    assert passport["Учреждений"] == "5, с ответами в срок 4"
    assert (passport["Ответов получено"], passport["Ответов учтено"]) == ("101", "97")
    assert passport["Не вошли в значение региона"] == f"{SILENT} (нет ответов)"
    assert passport["Вошли, но своё значение не показано"].startswith(FORMULA)
    assert passport["Скрыты вместе с ними"].startswith(f"{SUFFICIENT}; {TOWN} (защита малых чисел")
    assert passport["Версия формул"] == of.formula
    assert passport["Рассчитано"] == "20.11.2026 16:05 (UTC+5)"
    assert passport["Опубликовано"] == "24.11.2026 14:30 (UTC+5)"
    assert passport["Контрольная сумма исходных данных (SHA-256)"] == of.checksum
