"""Answers as JSON: the values a definition describes, in the shape forms send them, so that one rule reads both."""

from collections.abc import Mapping
from typing import Any

from surveys.questionnaires.answers import InvalidAnswers, count_field, field_name
from surveys.questionnaires.definition import Definition, Question, Section

# Deeper or longer lists than any question takes are refused before they are looked at.
_MOST_VALUES = 200


def sent_from(definition: Definition, answers: Mapping[str, Any]) -> dict[str, list[str]]:
    """`answers`: question code → string, number or list of codes; section code → list of such mappings, if it repeats.

    Raises InvalidAnswers naming what belongs to no question of this questionnaire or has no such shape.
    """
    sent: dict[str, list[str]] = {}
    errors: dict[str, str] = {}
    known: set[str] = set()
    for section in definition.sections:
        if section.repeat is None:
            known |= {question.code for question in section.questions}
            for question in section.questions:
                _put(question, question.code, answers.get(question.code), sent, errors)
        else:
            known.add(section.code)
            _put_blocks(section, answers.get(section.code), sent, errors)
    for code in answers.keys() - known:
        errors[str(code)[:100]] = "В этой анкете нет такого вопроса"
    if errors:
        raise InvalidAnswers(errors)
    return sent


def _put_blocks(section: Section, blocks: Any, sent: dict[str, list[str]], errors: dict[str, str]) -> None:
    assert section.repeat
    if blocks is None:
        return
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        errors[section.code] = "Нужен список объектов: по одному на повторение раздела"
        return
    if not section.repeat.min <= len(blocks) <= section.repeat.max:
        errors[section.code] = f"Повторений должно быть от {section.repeat.min} до {section.repeat.max}"
        return
    sent[count_field(section)] = [str(len(blocks))]
    codes = {question.code for question in section.questions}
    for index, block in enumerate(blocks):
        for question in section.questions:
            _put(question, field_name(section, question, index), block.get(question.code), sent, errors)
        for code in block.keys() - codes:
            errors[f"{section.code}-{index}-{code}"[:150]] = "В этом разделе нет такого вопроса"


def _put(question: Question, name: str, value: Any, sent: dict[str, list[str]], errors: dict[str, str]) -> None:
    if value is None:
        return
    values = value if isinstance(value, list) else [value]
    if isinstance(value, list) and question.type != "multiple":
        errors[name] = "Здесь возможен только один ответ, не список"
    elif len(values) > _MOST_VALUES or not all(_is_plain(one) for one in values):
        errors[name] = "Ответ должен быть строкой или числом"
    else:
        sent[name] = [str(one) for one in values]


def _is_plain(value: Any) -> bool:
    # True and False are ints to Python, but no answers.
    return isinstance(value, str | int | float) and not isinstance(value, bool)
