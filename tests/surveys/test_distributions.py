"""Distributions of questions over versions, from counts alone."""

from decimal import Decimal

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from surveys.counting.distributions import Bar, Distribution, Questionnaires, Source, summary
from surveys.questionnaires.definition import Definition
from tests.factories import standard_document


def version(number: int, *questions: dict, family: int = 1, measured: bool = False) -> Source:
    document = {"title": "Анкета", "sections": [{"code": "one", "title": "Раздел", "questions": list(questions)}]}
    return Source(number, family, number, Definition.model_validate(document), measured)


WAYS = {
    "code": "ways",
    "type": "multiple",
    "text": "Как обращались?",
    "options": [{"code": "phone", "title": "По телефону"}, {"code": "visit", "title": "Лично"}],
}
WAYS_LATER = WAYS | {
    "text": "Как Вы обращались?",
    "options": [{"code": "visit", "title": "Пришли сами"}, {"code": "letter", "title": "Письмом"}],
}
AGE = {"code": "age", "type": "number", "text": "Сколько лет?", "unit": "лет"}


def found(questionnaires: Questionnaires, counts: dict) -> dict[str, Distribution]:
    return {one.asked.text: one for one in questionnaires.distributions(counts)}


def test_shares_of_a_choice_of_several_are_of_those_who_answered():
    one = found(
        Questionnaires([version(1, WAYS)]), {(1, "ways", "#"): 4, (1, "ways", "phone"): 3, (1, "ways", "visit"): 2}
    )
    shares = one["Как обращались?"]
    assert shares.n == 4
    assert [(share.title, share.count, share.share.value) for share in shares.shares] == [
        ("По телефону", 3, 75.0),
        ("Лично", 2, 50.0),
    ]
    assert shares.shares[0].share.low == pytest.approx(100 * stats.binomtest(3, 4).proportion_ci(method="wilson").low)


def test_versions_are_put_together_under_the_newest_words():
    questionnaires = Questionnaires([version(1, WAYS), version(2, WAYS_LATER)])
    (one,) = questionnaires.asked
    assert (one.text, one.earlier_texts) == ("Как Вы обращались?", ("Как обращались?",))
    assert list(one.choices.items()) == [("visit", "Пришли сами"), ("letter", "Письмом"), ("phone", "По телефону")]
    counts = {(1, "ways", "#"): 2, (1, "ways", "visit"): 2, (2, "ways", "#"): 2, (2, "ways", "letter"): 1}
    shares = found(questionnaires, counts)["Как Вы обращались?"].shares
    assert [(share.code, share.count, share.share.value) for share in shares] == [
        ("visit", 2, 50.0),
        ("letter", 1, 25.0),
        ("phone", 0, 0.0),
    ]


def test_the_same_code_in_another_questionnaire_is_another_question():
    questionnaires = Questionnaires([version(1, AGE), version(2, AGE | {"text": "Возраст ребёнка"}, family=2)])
    assert len(questionnaires.asked) == 2
    one = found(questionnaires, {(1, "age", "30"): 1, (2, "age", "3"): 5})
    assert (one["Сколько лет?"].n, one["Возраст ребёнка"].n) == (1, 5)


def test_a_question_nobody_answered_and_a_code_nobody_asked_are_left_out():
    questionnaires = Questionnaires([version(1, WAYS, AGE)])
    assert list(found(questionnaires, {(1, "age", "7"): 1, (1, "lost", "7"): 1, (9, "age", "7"): 1})) == [
        "Сколько лет?"
    ]


def test_the_kpi_come_from_measured_versions_only():
    standard = Source(1, 1, 1, Definition.model_validate(standard_document("employment")), True)
    own = version(2, AGE | {"measure": "days", "max": 100}, family=2)
    counts = {
        (1, "", "1"): 12,
        (1, "", "0"): 2,
        (1, "", "2"): 1,
        (1, "satisfaction", "yes"): 6,
        (1, "satisfaction", "rather_yes"): 3,
        (1, "satisfaction", "no"): 3,
        (1, "recommend", "10"): 7,
        (1, "recommend", "0"): 2,
        (1, "days", "2.5"): 4,
        (1, "service_date", "*"): 12,
        (2, "", "1"): 50,
        (2, "age", "70"): 50,
    }
    kpi = Questionnaires([standard, own]).kpi_counts(counts)
    assert (kpi.received, kpi.eligible, kpi.too_late, kpi.excluded) == (15, 12, 2, 1)
    assert (kpi.shares["satisfaction"].n, kpi.shares["satisfaction"].positive) == (12, 9)
    assert (kpi.nps.n, kpi.nps.promoters, kpi.nps.detractors) == (9, 7, 2)
    assert (kpi.days.n, kpi.days.total) == (4, 10)
    # A measure is one question wherever it is asked.
    # And their distribution is of the same people.
    of_days = [one.n for one in Questionnaires([standard, own]).distributions(counts) if one.asked.measure == "days"]
    assert of_days == [4, 50]


def test_a_text_has_only_a_number_of_answers():
    text = {"code": "why", "type": "text", "text": "Почему?"}
    (one,) = Questionnaires([version(1, text)]).distributions({(1, "why", "*"): 3})
    assert (one.n, one.shares, one.numbers, one.asked.is_written) == (3, (), None, True)


@given(st.lists(st.decimals(-50, 5000, places=1), min_size=1, max_size=60))
def test_numbers_are_summed_up_as_numpy_does_and_every_one_is_in_a_bar(numbers: list[Decimal]):
    tally = {one: numbers.count(one) for one in set(numbers)}
    one = summary(tally)
    assert one.mean.value == pytest.approx(float(numpy.mean(numbers)), abs=1e-9)
    assert float(one.median) == pytest.approx(float(numpy.median(numbers)))
    assert (one.lowest, one.highest) == (min(numbers), max(numbers))
    assert sum(bar.count for bar in one.bars) == len(numbers)
    assert len(one.bars) <= 12
    for bar in one.bars:
        inside = [x for x in numbers if bar.low <= x < bar.high or x == bar.low == bar.high]
        assert len(inside) == bar.count


def test_few_different_numbers_have_a_bar_each():
    assert summary({Decimal(3): 2, Decimal("0.5"): 1}).bars == (
        Bar(Decimal("0.5"), Decimal("0.5"), 1),
        Bar(Decimal(3), Decimal(3), 2),
    )


def test_numbers_below_zero_have_the_interval_of_scipy():
    one = summary({Decimal(-3): 2, Decimal(1): 3})
    low, high = stats.t.interval(0.95, 4, loc=-0.6, scale=stats.sem([-3, -3, 1, 1, 1]))
    assert (one.mean.value, one.mean.low, one.mean.high) == pytest.approx((-0.6, low, high))
