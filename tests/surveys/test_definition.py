"""What a questionnaire may be: every document that could not be shown, answered or counted is refused."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from surveys.questionnaires.definition import MEASURE_TYPES, Definition
from tests.servers import ROOT

STANDARD = sorted((ROOT / "surveys" / "reference").glob("standard-*.json"))

GOOD: dict[str, Any] = {
    "title": "Проверка",
    "sections": [
        {
            "code": "visit",
            "questions": [
                {"code": "satisfaction", "type": "scale4", "text": "Довольны?", "measure": "satisfaction"},
                {
                    "code": "why",
                    "type": "text",
                    "text": "Почему?",
                    "visible_if": {"question": "satisfaction", "in": ["no"]},
                },
                {
                    "code": "how",
                    "type": "single",
                    "text": "Как обратились?",
                    "options": [{"code": "web", "title": "Сайт"}, {"code": "desk", "title": "Лично"}],
                },
                {"code": "days", "type": "number", "text": "Сколько дней?", "measure": "days", "max": 100},
            ],
        },
        {
            "code": "family",
            "repeat": {"min": 1, "max": 3},
            "questions": [
                {"code": "age", "type": "number", "text": "Возраст"},
                {
                    "code": "helped",
                    "type": "multiple",
                    "text": "Чем помогли?",
                    "options": [{"code": "money", "title": "Деньги"}, {"code": "care", "title": "Уход"}],
                },
            ],
        },
    ],
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The good document with one place changed: `sections.0.questions.1.code`; None removes the place."""
    document = deepcopy(GOOD)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: Any = document
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    elif isinstance(last, int) and last == len(place):
        place.append(value)
    else:
        place[last] = value
    return document


SATISFACTION, WHY, HOW, DAYS = (f"sections.0.questions.{number}" for number in range(4))
AGE, HELPED = (f"sections.1.questions.{number}" for number in range(2))
TEXT = {"code": "more", "type": "text", "text": "Ещё?"}

BAD = {
    "no title": ("title", None),
    "empty title": ("title", "  "),
    "unknown key": ("author", "Иванов"),
    "language that is none": ("language", "русский"),
    "no sections": ("sections", []),
    "section without questions": ("sections.0.questions", []),
    "section without code": ("sections.0.code", None),
    "two sections of one code": ("sections.1.code", "visit"),
    "section and question of one code": ("sections.1.code", "why"),
    "question with the code of its section": (f"{WHY}.code", "visit"),
    "two questions of one code": (f"{DAYS}.code", "how"),
    "two questions of one code in two sections": (f"{AGE}.code", "how"),
    "code in capitals": (f"{HOW}.code", "How"),
    "code with a hyphen": (f"{HOW}.code", "how-much"),
    "code that would end a style rule": (f"{HOW}.code", "a}b"),
    "Cyrillic code": (f"{HOW}.code", "как"),
    "code of a field the page has": (f"{HOW}.code", "key"),
    "unknown type": (f"{HOW}.type", "slider"),
    "no text": (f"{HOW}.text", None),
    "unknown key of a question": (f"{HOW}.colour", "red"),
    "choice without options": (f"{HOW}.options", None),
    "choice of one": (f"{HOW}.options", [{"code": "web", "title": "Сайт"}]),
    "two options of one code": (f"{HOW}.options.1.code", "web"),
    "options of a text": (f"{WHY}.options", [{"code": "a", "title": "А"}, {"code": "b", "title": "Б"}]),
    "options of a scale": (f"{SATISFACTION}.options", [{"code": "a", "title": "А"}, {"code": "b", "title": "Б"}]),
    "smallest above largest": (f"{DAYS}.min", 101),
    "number that is none": (f"{DAYS}.max", "NaN"),
    "too many decimals": (f"{DAYS}.decimals", 4),
    "text of no length": (f"{WHY}.max_length", 0),
    "measure of another type": (f"{DAYS}.measure", "nps"),
    "two questions of one measure": (
        "sections.0.questions.4",
        {"code": "again", "type": "scale4", "text": "А теперь?", "measure": "satisfaction"},
    ),
    "measure in a repeating section": (
        "sections.1.questions.2",
        {"code": "service_date", "type": "date", "text": "Когда?", "measure": "service_date"},
    ),
    "condition on nothing": (f"{WHY}.visible_if.question", "nothing"),
    "condition on itself": (f"{WHY}.visible_if.question", "why"),
    "condition on a later question": (f"{WHY}.visible_if", {"question": "how", "in": ["web"]}),
    "condition without values": (f"{WHY}.visible_if.in", []),
    "condition on an answer that is not there": (f"{WHY}.visible_if.in", ["never"]),
    "condition on a text": (
        "sections.0.questions.4",
        {**TEXT, "visible_if": {"question": "why", "in": ["да"]}},
    ),
    "condition on a number": ("sections.0.questions.4", {**TEXT, "visible_if": {"question": "days", "in": ["1"]}}),
    "condition into another's repetition": (
        "sections.2",
        {
            "code": "end",
            "questions": [{**TEXT, "visible_if": {"question": "helped", "in": ["money"]}}],
        },
    ),
    "repeated fewer times than none": ("sections.1.repeat.min", -1),
    "repeated without end": ("sections.1.repeat.max", 21),
    "repeated at least more than at most": ("sections.1.repeat.min", 4),
}


def test_the_good_document_is_good():
    assert Definition.model_validate(GOOD).document()["title"] == "Проверка"


@pytest.mark.parametrize(("path", "value"), BAD.values(), ids=BAD.keys())
def test_a_bad_document_is_refused(path: str, value: Any):
    with pytest.raises(ValidationError):
        Definition.model_validate(changed(path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{AGE}.text", "Полных лет"),
        ("sections.1.questions.2", {**TEXT, "visible_if": {"question": "helped", "in": ["money"]}}),
        ("sections.1.questions.2", {**TEXT, "visible_if": {"question": "satisfaction", "in": ["no"]}}),
        ("sections.1.repeat.min", 0),
    ],
    ids=["text", "condition inside a repetition", "condition on what stands before the repetition", "no repetition"],
)
def test_a_changed_document_may_be_as_good(path: str, value: Any):
    assert Definition.model_validate(changed(path, value))


@pytest.mark.parametrize("file", STANDARD, ids=lambda file: file.stem)
def test_a_standard_questionnaire_asks_what_the_methodology_asks(file: Path):
    definition = Definition.model_validate(json.loads(file.read_text(encoding="utf-8")))
    assert set(definition.by_measure) == set(MEASURE_TYPES), "001, IV.4.1; 000, stage 3"
    for measure in ("satisfaction", "documents", "duration", "clarity", "support"):
        assert definition.by_measure[measure].code == measure
        comment = definition.by_code[f"{measure}_comment"]
        assert comment.visible_if and comment.visible_if.question == measure
        assert set(comment.visible_if.values) == {"no", "rather_no"}
    assert definition.by_measure["nps"].code == "recommend"
    assert {"service_date", "days", "suggestions"} <= set(definition.by_code)


@pytest.mark.parametrize("file", STANDARD, ids=lambda file: file.stem)
def test_questions_that_say_the_same_are_told_apart_by_what_they_follow(file: Path):
    definition = Definition.model_validate(json.loads(file.read_text(encoding="utf-8")))
    assert len(set(definition.names.values())) == len(definition.names)
    assert definition.names["documents_comment"] == (
        "Удовлетворены ли Вы количеством документации? — Прокомментируйте, пожалуйста, ответ"
    )
    assert definition.names["documents"] == definition.by_code["documents"].text


def test_equal_documents_have_equal_digests_and_others_do_not():
    again = json.loads(json.dumps(GOOD))
    assert Definition.model_validate(again).digest() == Definition.model_validate(GOOD).digest()
    other = Definition.model_validate(changed(f"{AGE}.text", "Полных лет"))
    assert other.digest() != Definition.model_validate(GOOD).digest()


def test_a_definition_survives_being_stored():
    definition = Definition.model_validate(GOOD)
    stored = json.loads(json.dumps(definition.document()))
    assert Definition.model_validate(stored) == definition
