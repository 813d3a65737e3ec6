"""Reading answers: every bad one is refused with a word at its field, and nothing sent can break the reading."""

import json
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.questionnaires.answers import Answers, InvalidAnswers, parse_date, read_answers
from surveys.questionnaires.definition import Definition

TODAY = date(2026, 11, 20)

DEFINITION = Definition.model_validate(
    {
        "title": "Проверка",
        "sections": [
            {
                "code": "visit",
                "questions": [
                    {
                        "code": "service_date",
                        "type": "date",
                        "text": "Когда?",
                        "required": True,
                        "measure": "service_date",
                    },
                    {
                        "code": "satisfaction",
                        "type": "scale4",
                        "text": "Довольны?",
                        "required": True,
                        "measure": "satisfaction",
                    },
                    {
                        "code": "why",
                        "type": "text",
                        "text": "Почему?",
                        "max_length": 20,
                        "required": True,
                        "visible_if": {"question": "satisfaction", "in": ["no", "rather_no"]},
                    },
                    {"code": "recommend", "type": "nps", "text": "Посоветуете?", "required": True, "measure": "nps"},
                    {
                        "code": "days",
                        "type": "number",
                        "text": "Дней?",
                        "measure": "days",
                        "max": 1000,
                        "decimals": 1,
                    },
                    {"code": "visits", "type": "number", "text": "Визитов?", "min": 1, "max": 99},
                    {
                        "code": "how",
                        "type": "single",
                        "text": "Как?",
                        "options": [{"code": "web", "title": "Сайт"}, {"code": "desk", "title": "Лично"}],
                    },
                    {
                        "code": "helped",
                        "type": "multiple",
                        "text": "Чем?",
                        "options": [{"code": "money", "title": "Деньги"}, {"code": "care", "title": "Уход"}],
                    },
                ],
            },
            {
                "code": "family",
                "repeat": {"min": 0, "max": 3},
                "questions": [
                    {"code": "age", "type": "number", "text": "Возраст", "required": True, "max": 120},
                    {
                        "code": "care",
                        "type": "single",
                        "text": "Нужен уход?",
                        "options": [{"code": "yes", "title": "Да"}, {"code": "no", "title": "Нет"}],
                    },
                    {
                        "code": "which",
                        "type": "text",
                        "text": "Какой?",
                        "visible_if": {"question": "care", "in": ["yes"]},
                    },
                ],
            },
        ],
    }
)
GOOD = {"service_date": ["2026-11-18"], "satisfaction": ["yes"], "recommend": ["9"]}


def read(**sent: Any) -> Answers:
    given_all = {name: [value] if isinstance(value, str) else value for name, value in sent.items()}
    return read_answers(DEFINITION, {**GOOD, **given_all}, today=TODAY)


def test_good_answers_become_typed_measures():
    answers = read(days="3,5", helped=["care", "money"], how="web")
    assert answers.measures == {
        "service_date": date(2026, 11, 18),
        "satisfaction": 4,
        "nps": 9,
        "days": Decimal("3.5"),
    }
    assert answers.values["helped"] == ["money", "care"], "in the order of the questionnaire"
    assert answers.values["days"] == "3.5"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("recommend", "11", "от 0 до 10"),
        ("recommend", "-1", "от 0 до 10"),
        ("recommend", "9.5", "от 0 до 10"),
        ("recommend", "9,5", "от 0 до 10"),
        ("recommend", "NaN", "от 0 до 10"),
        ("recommend", "05", "от 0 до 10"),
        ("recommend", "٩", "от 0 до 10"),
        ("recommend", "9e0", "от 0 до 10"),
        ("recommend", ["9", "10"], "только один"),
        ("recommend", ["9", "9"], "только один"),
        ("recommend", [], "Ответьте"),
        ("recommend", "  ", "Ответьте"),
        ("recommend", "\x00", "Ответьте"),
        ("recommend", "\ud800", "Ответьте"),
        ("satisfaction", "maybe", "из предложенных"),
        ("satisfaction", "4", "из предложенных"),
        ("satisfaction", "Да", "из предложенных"),
        ("satisfaction", ["yes", "no"], "только один"),
        ("satisfaction", [], "Ответьте"),
        ("how", "post", "из предложенных"),
        ("how", ["web", "desk"], "только один"),
        ("helped", ["money", "love"], "из предложенных"),
        ("days", "-1", "от 0 до 1000"),
        ("days", "1001", "от 0 до 1000"),
        ("days", "3,55", "Не больше одного знака"),
        ("days", "NaN", "Введите число"),
        ("days", "Infinity", "Введите число"),
        ("days", "1e2", "Введите число"),
        ("days", "три", "Введите число"),
        ("days", "9" * 400, "Введите число"),
        ("days", ["3", "4"], "только один"),
        ("visits", "0", "от 1 до 99"),
        ("visits", "1,5", "целое"),
        ("service_date", "2026-11-21", "ещё не наступила"),
        ("service_date", "21.11.2026", "ещё не наступила"),
        ("service_date", "9999-12-31", "ещё не наступила"),
        ("service_date", "1999-12-31", "Проверьте год"),
        ("service_date", "2026-02-30", "Введите дату"),
        ("service_date", "вчера", "Введите дату"),
        ("service_date", "0000-00-00", "Введите дату"),
        ("service_date", ["2026-11-18", "2026-11-19"], "только один"),
        ("service_date", [], "Выберите дату"),
    ],
)
def test_a_bad_answer_is_refused_at_its_field(field: str, value: Any, says: str):
    with pytest.raises(InvalidAnswers) as refusal:
        read(**{field: value})
    assert list(refusal.value.errors) == [field]
    assert says in refusal.value.errors[field]


def test_all_bad_answers_are_named_at_once():
    with pytest.raises(InvalidAnswers) as refusal:
        read(recommend="11", days="NaN", satisfaction=[])
    assert set(refusal.value.errors) == {"recommend", "days", "satisfaction"}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("3,5", "3.5"),
        ("3.5", "3.5"),
        (" 3 ", "3"),
        ("3.0", "3"),
        ("007", "7"),
        ("1 000", "1000"),
        ("1\N{NO-BREAK SPACE}000", "1000"),
        ("0", "0"),
    ],
)
def test_a_number_may_be_written_as_people_write_it(sent: str, stored: str):
    assert read(days=sent).values["days"] == stored


@pytest.mark.parametrize("sent", ["2026-11-05", "05.11.2026", "5.11.2026"])
def test_a_date_may_be_written_as_people_write_it(sent: str):
    assert parse_date(sent) == date(2026, 11, 5)
    assert read(service_date=sent).values["service_date"] == "2026-11-05"


def test_today_is_no_future():
    assert read(service_date=TODAY.isoformat())


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("долго\x00 ждал", "долго ждал"),
        ("долго\ud83d ждал", "долго ждал"),
        ("долго\r\nждал\rочень", "долго\nждал\nочень"),
        ("  долго \n", "долго"),
        ("ждал 🙂", "ждал 🙂"),
    ],
)
def test_text_is_kept_without_what_cannot_be_typed(sent: str, stored: str):
    assert read(satisfaction="no", why=sent).values["why"] == stored


def test_a_text_that_is_too_long_says_by_how_much():
    with pytest.raises(InvalidAnswers, match="1 invalid") as refusal:
        read(satisfaction="no", why="а" * 21)
    assert "21" in refusal.value.errors["why"] and "20" in refusal.value.errors["why"]


# Conditions -----------------------------------------------------------------------------------------------------------


def test_a_hidden_question_is_neither_required_nor_counted():
    assert "why" not in read(satisfaction="yes", why="передумал").values


def test_a_shown_question_may_be_required():
    with pytest.raises(InvalidAnswers) as refusal:
        read(satisfaction="rather_no")
    assert set(refusal.value.errors) == {"why"}


def test_a_hidden_wrong_answer_is_no_error():
    assert read(satisfaction="yes", why="а" * 500)


# Repeating sections ---------------------------------------------------------------------------------------------------


def test_a_repeating_section_becomes_a_list():
    answers = read(
        **{
            "family-count": "2",
            "family-0-age": "70",
            "family-0-care": "yes",
            "family-0-which": "дневной",
            "family-1-age": "5",
            "family-1-care": "no",
            "family-1-which": "скрыто",
        }
    )
    assert answers.values["family"] == [
        {"age": "70", "care": "yes", "which": "дневной"},
        {"age": "5", "care": "no"},
    ]


def test_an_error_names_its_repetition():
    with pytest.raises(InvalidAnswers) as refusal:
        read(**{"family-count": "2", "family-0-age": "70", "family-1-age": "200"})
    assert set(refusal.value.errors) == {"family-1-age"}


@pytest.mark.parametrize("count", ["", "-1", "999999999999", "4", "x", "٢", "1e9"])
def test_the_number_of_repetitions_stays_within_its_bounds(count: str):
    many = {f"family-{number}-age": "1" for number in range(10)}
    assert len(read(**{"family-count": count, **many}).values.get("family", [])) <= 3


def test_other_fields_are_ignored():
    assert read(nobody="asked", key="x", **{"family-9-age": "x"}).values == read().values


# The same and not the same --------------------------------------------------------------------------------------------


def test_the_digest_is_of_what_is_meant():
    assert read(days="3,50").digest() == read(days="3.5").digest()
    assert read(days="3").digest() != read(days="4").digest()


# Anything at all ------------------------------------------------------------------------------------------------------

NAMES = [
    *(question.code for question in DEFINITION.sections[0].questions),
    "family-count",
    *(f"family-{number}-{code}" for number in range(3) for code in ("age", "care", "which")),
]
LIKELY = [
    "yes",
    "no",
    "web",
    "money",
    "0",
    "10",
    "11",
    "-1",
    "3,5",
    "NaN",
    "2026-11-20",
    "20.11.2026",
    "\x00",
    "\ud800",
]
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)


@settings(max_examples=300, deadline=None)
@given(
    sent=st.dictionaries(
        st.sampled_from(NAMES) | ANY_TEXT, st.lists(st.sampled_from(LIKELY) | ANY_TEXT, max_size=3), max_size=12
    )
)
def test_whatever_is_sent_is_read_or_refused_with_words(sent: dict[str, list[str]]):
    try:
        answers = read_answers(DEFINITION, sent, today=TODAY)
    except InvalidAnswers as refusal:
        assert refusal.errors
        assert all(name in NAMES and message for name, message in refusal.errors.items())
    else:
        # Stored digests outlive the library that writes the JSON.
        canonical = json.dumps(answers.values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert answers.digest() == sha256(canonical.encode()).digest()
        assert 0 <= answers.measures["nps"] <= 10
        # What is stored is stored by every database.
        assert "\x00" not in repr(answers.values) and str(answers.values).encode()
