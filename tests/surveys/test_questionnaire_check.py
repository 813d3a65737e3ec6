"""The check of a questionnaire that is being made: all findings, in Russian, at their places; it never crashes."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from surveys.questionnaires.checking import MOST_FINDINGS, Finding, Purpose, check, errors_of
from surveys.questionnaires.definition import Definition
from surveys.questionnaires.files import MOST_BYTES, FileError, read_document
from surveys.questionnaires.shapes import places, shaped
from tests.factories import standard_document

STANDARD = Purpose(is_standard=True)


def question(code: str, kind: str = "text", **more: Any) -> dict[str, Any]:
    options = [{"code": "a", "title": "А"}, {"code": "b", "title": "Б"}]
    return {
        "code": code,
        "type": kind,
        "text": f"Вопрос {code}",
        **({"options": options} if kind == "single" else {}),
        **more,
    }


def document(*questions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"title": "Анкета", "sections": [{"code": "s", "questions": list(questions)}], **more}


def shown_if(asked: str, *values: str) -> dict[str, Any]:
    return {"visible_if": {"question": asked, "in": list(values)}}


def said(found: list[Finding]) -> str:
    return "\n".join(f"{one.severity} {one.place}: {one.message}" for one in found)


@pytest.mark.parametrize("direction", ["health", "employment", "social"])
def test_a_standard_questionnaire_has_no_findings(direction: str):
    assert check(standard_document(direction), STANDARD) == []


@pytest.mark.parametrize(
    ("questions", "place", "words"),
    [
        ([question("a"), question("a")], "Раздел 1, вопрос 2, код", "уже у вопроса 1 раздела 1"),
        ([question("s")], "Раздел 1, вопрос 1, код", "уже у раздела 1"),
        ([question("key")], "Раздел 1, вопрос 1, код", "занят порталом"),
        ([question("Код")], "Раздел 1, вопрос 1, код", "латинские"),
        ([question("a", **shown_if("none", "x"))], "Раздел 1, вопрос 1, условие показа", "в анкете нет"),
        ([question("a", **shown_if("b", "a")), question("b", "single")], "Раздел 1, вопрос 1, условие показа", "позже"),
        (
            [question("a", "single", **shown_if("a", "a"))],
            "Раздел 1, вопрос 1, условие показа",
            "от ответа на самого себя",
        ),
        (
            [question("b", "single"), question("a", **shown_if("b", "z"))],
            "Раздел 1, вопрос 2, условие показа",
            "больше нет",
        ),
        ([question("b"), question("a", **shown_if("b", "z"))], "Раздел 1, вопрос 2, условие показа", "с выбором"),
        (
            [question("b", "single"), question("a", **shown_if("b"))],
            "Раздел 1, вопрос 2, ответы условия",
            "не меньше 1",
        ),
        ([question("a", text="")], "Раздел 1, вопрос 1, текст вопроса", "Не заполнено"),
        ([question("a", text="я" * 40_000)], "Раздел 1, вопрос 1, текст вопроса", "сейчас 40\u00a0000"),
        ([question("a", text="\x00")], "Раздел 1, вопрос 1, текст вопроса", "недопустимый знак"),
        ([question("a", "slider")], "Раздел 1, вопрос 1, вид вопроса", "нет. Бывают"),
        ([question("a", "single", options=[])], "Раздел 1, вопрос 1, варианты ответа", "двух вариантов"),
        ([question("a", "nps", measure="satisfaction")], "Раздел 1, вопрос 1, показатель", "нужен вид вопроса"),
        (
            [question("a", "nps", measure="nps"), question("b", "nps", measure="nps")],
            "Раздел 1, вопрос 2, показатель",
            "несколько вопросов",
        ),
        ([question("a", "number", min=5, max=2)], "Раздел 1, вопрос 1, наименьшее", "больше наибольшего"),
        ([question("a", surprise=1)], "Раздел 1, вопрос 1, поле «surprise»", "нет"),
        ([], "Раздел 1", "нет вопросов"),
    ],
)
def test_each_error_is_said_in_russian_at_its_place(questions: list[dict[str, Any]], place: str, words: str):
    found = [one for one in errors_of(check(document(*questions))) if one.place == place]
    assert any(words in one.message for one in found), said(check(document(*questions)))
    assert not re.search("[a-z]{5}", " ".join(one.message for one in found).replace("single", "").split("Бывают")[0])


def test_all_questions_of_a_circle_are_named():
    circle = [question(code, "single", **shown_if(other, "a")) for code, other in (("a", "c"), ("b", "a"), ("c", "b"))]
    found = [one for one in check(document(*circle)) if "круг" in one.message]
    assert [one.question for one in found] == [0, 1, 2]
    assert "«a» → «c» → «b» → «a»" in found[0].message


def test_what_hangs_on_a_question_nobody_sees_is_never_seen_either():
    questions = [
        question("a", "single"),
        question("b", "single", **shown_if("a", "gone")),
        question("c", **shown_if("b", "a")),
    ]
    found = {one.question: one.message for one in errors_of(check(document(*questions)))}
    assert "больше нет" in found[1]
    assert "никто не увидит" in found[2]


def test_a_condition_that_always_holds_and_hidden_marks_are_doubtful_but_no_errors():
    questions = [question("a", "single", required=True), question("b", text="а\u202eб 🙂", **shown_if("a", "a", "b"))]
    found = check(document(*questions))
    assert errors_of(found) == []
    assert "при любом ответе" in said(found)
    assert "направления письма" in said(found)


def test_a_standard_questionnaire_without_measures_is_an_error_a_regional_one_a_warning():
    plain = document(question("a"))
    assert {one.message.split("«")[1].split("»")[0] for one in errors_of(check(plain, STANDARD))} == {
        "день получения услуги",
        "удовлетворённость",
        "готовность рекомендовать (NPS)",
    }
    assert errors_of(check(plain)) == []
    assert "не войдут в КПЭ" in said(check(plain))
    assert check(plain, Purpose(is_questionnaire=False)) == []


def test_missing_translations_are_counted():
    found = check(document(question("a"), translations={"tt": {"title": "Анкета"}}))
    assert "Татарча: не переведено 1 из 2" in said(found)
    assert "нет, — «question.z.text»" in said(
        check(document(question("a"), translations={"tt": {"question.z.text": "x"}}))
    )


def test_ten_thousand_questions_are_refused_quickly_and_briefly():
    many = document(*[question(f"q{number}") for number in range(10_000)])
    assert "не больше 100, сейчас 10\u00a0000" in said(check(many))
    assert "Слишком много вопросов" in said(check(document(*[question("q")] * 10_001)))
    wrong = document(*[question("q", "single", options=[]) for _ in range(5000)])
    assert len(check(wrong)) <= MOST_FINDINGS


@pytest.mark.parametrize(
    "junk",
    [
        None,
        [],
        "анкета",
        7,
        {},
        {"sections": {}},
        {"sections": [[], None, {"questions": "x"}]},
        {
            "title": ["x"],
            "sections": [
                {
                    "questions": [{"options": [1], "visible_if": "x", "min": {}, "max": "∞", "code": 5, "measure": []}],
                    "repeat": {"min": "a"},
                }
            ],
            "translations": {"tt": {"x": 1}, "x": 2},
        },
    ],
)
def test_the_check_never_crashes(junk: object):
    assert errors_of(check(junk))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "title",
                    "sections",
                    "questions",
                    "code",
                    "type",
                    "visible_if",
                    "in",
                    "question",
                    "options",
                    "repeat",
                    "min",
                    "max",
                    "measure",
                    "translations",
                    "text",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(JSON)
@settings(max_examples=300, deadline=None)
def test_what_has_no_errors_is_a_definition_and_the_other_way_round(made: object):
    try:
        Definition.model_validate(made)
        is_whole = True
    except ValidationError:
        is_whole = False
    assert (not errors_of(check(made))) == is_whole


CODES = st.sampled_from(["a", "b", "c", "d"])
QUESTIONS = st.builds(
    lambda code, kind, asked, values, measure: {
        **question(code, kind),
        **({"visible_if": {"question": asked, "in": values}} if asked else {}),
        **({"measure": measure} if measure else {}),
    },
    CODES,
    st.sampled_from(["single", "text", "scale4", "nps"]),
    st.none() | CODES,
    st.lists(st.sampled_from(["a", "b", "yes", "10"]), min_size=1, max_size=2),
    st.none() | st.sampled_from(["nps", "satisfaction"]),
)


@given(st.lists(st.lists(QUESTIONS, min_size=1, max_size=4), min_size=1, max_size=3), st.integers(-1, 2))
@settings(max_examples=300, deadline=None)
def test_the_check_and_the_definition_agree_on_conditions_and_measures(
    sections: list[list[dict[str, Any]]], repeated: int
):
    made = {
        "title": "Анкета",
        "sections": [
            {"code": f"s{at}", "questions": questions, **({"repeat": {}} if at == repeated else {})}
            for at, questions in enumerate(sections)
        ],
    }
    try:
        Definition.model_validate(made)
        is_whole = True
    except ValidationError:
        is_whole = False
    errors = errors_of(check(made))
    # The only thing the check knows better: questions that are never shown.
    assert is_whole or errors
    assert not is_whole or all("никто не увидит" in one.message for one in errors), said(errors)


def test_places_are_those_of_the_definition():
    made = document(question("a", "scale4", help="п"), question("b", "single"), question("n", "number", unit="дней"))
    made["sections"][0] |= {"title": "Раздел", "repeat": {"min": 1, "max": 2}}
    assert places(shaped(made)) == Definition.model_validate(made).texts()


# Files ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{" * 100, "не JSON"),
        (b"[" * 1_000_000, "вложенных скобок"),
        (b'{"title": 1, "title": 2}', "дважды"),
        (b'{"min": NaN}', "не число"),
        (b'{"min": ' + b"9" * 5000 + b"}", "длинное число"),
        ("{}".encode("utf-16"), "UTF-8"),
        (b" " * (MOST_BYTES + 1), "больше 2 МБ"),
        (b"", "не JSON"),
    ],
)
def test_a_bad_file_is_refused_in_plain_words(content: bytes, words: str):
    with pytest.raises(FileError, match=words):
        read_document(content)


def test_a_good_file_is_read_with_or_without_a_mark_of_its_encoding():
    text = json.dumps(standard_document("health"), ensure_ascii=False)
    assert read_document(text.encode()) == read_document(text.encode("utf-8-sig")) == standard_document("health")
