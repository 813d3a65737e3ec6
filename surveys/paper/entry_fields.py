"""A questionnaire as somebody types it in from paper or by telephone: every answer by a few keys.

An answer to choose is typed as its number in the list (1 is the first), several one after the other (135 or 1, 3, 5); a
day as 051126. Pure: what was typed goes in, what the answer page would have sent comes out, and the fields to print.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from surveys.links.windows import shown
from surveys.questionnaires.answers import (
    Answers,
    InvalidAnswers,
    Sent,
    clean_text,
    count_field,
    field_name,
    is_visible,
    parse_date,
    read_answers,
    read_so_far,
    repeats,
)
from surveys.questionnaires.definition import Definition, Question, Section

# Up to so many options a digit is an option: two digits are two answers, and no Enter is needed after one.
ONE_DIGIT = 9
_DIGITS = re.compile(r"[0-9]+")
_SHORT_DATE = re.compile(r"([0-3][0-9])([01][0-9])((?:20)?[0-9]{2})")
_PARTS = re.compile(r"[\s,;.]+")


@dataclass(frozen=True, slots=True)
class EntryField:
    question: Question
    name: str
    number: str
    value: str
    error: str
    # Number and title of each option.
    options: list[tuple[int, str]]
    # The field of the question this one hangs on, the numbers typed there that ask it, and the same in words.
    asked_by: str
    asked_on: list[int]
    asked_words: str

    @property
    def id(self) -> str:
        return f"e-{self.name}"

    @property
    def is_text(self) -> bool:
        return self.question.type == "text" and self.question.max_length > 100

    @property
    def goes_on_after(self) -> int:
        """After so many digits nothing else can follow, so the next question gets the focus; 0: only by Enter."""
        if self.question.type in ("single", "scale4"):
            return len(str(len(self.options)))
        return 0

    @property
    def hint(self) -> str:
        return {
            "multiple": "Номера через запятую" if len(self.options) > ONE_DIGIT else "Номера подряд: 135",
            "nps": "От 0 до 10",
            "date": "День, месяц, год: 051126",
        }.get(self.question.type, self.question.unit)

    @property
    def described_by(self) -> str:
        """Ids of the options, the hint and the error, for assistive technology."""
        parts = {"options": bool(self.options), "hint": bool(self.hint), "error": bool(self.error)}
        return " ".join(f"{self.id}-{part}" for part, is_there in parts.items() if is_there)


@dataclass(frozen=True, slots=True)
class EntryPart:
    section: Section
    blocks: list[tuple[str, list[EntryField]]]  # number of the block (empty when there is but one), its fields

    @property
    def count_field(self) -> str:
        return count_field(self.section) if self.section.repeat else ""


def read_typed(definition: Definition, typed: Sent, *, today: date) -> Answers:
    """What was typed, as answers. Raises InvalidAnswers with every wrong field at once."""
    sent, wrong = to_sent(definition, typed)
    if not wrong:
        return read_answers(definition, sent, today=today)
    values, errors = read_so_far(definition, sent, today=today)
    for section, question, index, name in _fields(definition, typed):
        # Behind a condition that does not hold nothing counts, whatever is typed there.
        if name in wrong and is_visible(question, _known(values, section, index)):
            errors[name] = wrong[name]
    if errors:
        raise InvalidAnswers({name: errors[name] for *_, name in _fields(definition, typed) if name in errors})
    return read_answers(definition, sent, today=today)


def _known(values: dict[str, Any], section: Section, index: int | None) -> dict[str, Any]:
    blocks = values.get(section.code) if index is not None else None
    return values | (blocks[index] if blocks and index is not None and index < len(blocks) else {})


def to_sent(definition: Definition, typed: Sent) -> tuple[dict[str, list[str]], dict[str, str]]:
    """What the answer page would have sent, and what is wrong with numbers that stand for no answer."""
    sent: dict[str, list[str]] = {}
    wrong: dict[str, str] = {}
    for section in definition.sections:
        if section.repeat:
            sent[count_field(section)] = [str(repeats(section, typed))]
    for _, question, _, name in _fields(definition, typed):
        text = clean_text((typed.get(name) or [""])[0])
        if not text:
            continue
        try:
            sent[name] = _meant(question, text)
        except ValueError as error:
            wrong[name] = str(error)
    return sent, wrong


def _meant(question: Question, text: str) -> list[str]:
    """What the page sends for what was typed. Raises ValueError (Russian)."""
    if question.type in ("single", "scale4"):
        return [_option(question, text)]
    if question.type == "multiple":
        numbers = [part for part in _PARTS.split(text) if part]
        if len(question.choices) <= ONE_DIGIT:
            numbers = [digit for part in numbers for digit in (part if _DIGITS.fullmatch(part) else [part])]
        return [_option(question, number) for number in numbers]
    return [typed_date(text) if question.type == "date" else text]


def _option(question: Question, text: str) -> str:
    codes = list(question.choices)
    if len(text) > 3 or not text.isascii() or not text.isdigit() or not 1 <= int(text) <= len(codes):
        raise ValueError(f"Введите номер ответа от 1 до {len(codes)}")
    return codes[int(text) - 1]


def typed_date(text: str) -> str:
    """051126 and 05112026 as 05.11.2026; everything else as it is."""
    match = _SHORT_DATE.fullmatch(text)
    if match is None:
        return text
    day, month, year = match.groups()
    return f"{day}.{month}.{year if len(year) == 4 else f'20{year}'}"


def build_entry(definition: Definition, typed: Sent, errors: Mapping[str, str]) -> list[EntryPart]:
    """All sections with what was typed and what is wrong with it (field name → message)."""
    parts: list[EntryPart] = []
    asked = 0
    numbers: dict[str, str] = {}
    for section in definition.sections:
        indexes: list[int | None] = [None] if section.repeat is None else list(range(repeats(section, typed)))
        for question in section.questions:
            asked += 1
            numbers[question.code] = str(asked)
        blocks = []
        for index in indexes:
            fields = [
                _field(definition, section, question, index, numbers, typed, errors) for question in section.questions
            ]
            blocks.append(("" if index is None else str(index + 1), fields))
        parts.append(EntryPart(section, blocks))
    return parts


def fields_of(parts: list[EntryPart]) -> Iterator[EntryField]:
    for part in parts:
        for _, fields in part.blocks:
            yield from fields


def _field(
    definition: Definition,
    section: Section,
    question: Question,
    index: int | None,
    numbers: Mapping[str, str],
    typed: Sent,
    errors: Mapping[str, str],
) -> EntryField:
    name = field_name(section, question, index)
    asked_by, asked_on, words = "", [], ""
    if condition := question.visible_if:
        asking = definition.by_code[condition.question]
        asked_by = field_name(section, asking, index if asking in section.questions else None)
        # The scale from 0 to 10 is typed as it is; of others the number of the option.
        codes = list(asking.choices)
        offset = 0 if asking.type == "nps" else 1
        asked_on = [codes.index(code) + offset for code in condition.values]
        words = f"если на вопрос {numbers[asking.code]} ответ {' или '.join(str(one) for one in asked_on)}"
    options = [] if question.type == "nps" else list(enumerate(question.choices.values(), start=1))
    return EntryField(
        question=question,
        name=name,
        number=numbers[question.code],
        value=clean_text((typed.get(name) or [""])[0]),
        error=errors.get(name, ""),
        options=options,
        asked_by=asked_by,
        asked_on=asked_on,
        asked_words=words,
    )


def _fields(definition: Definition, typed: Sent) -> Iterator[tuple[Section, Question, int | None, str]]:
    for section in definition.sections:
        indexes: list[int | None] = [None] if section.repeat is None else list(range(repeats(section, typed)))
        for index in indexes:
            for question in section.questions:
                yield section, question, index, field_name(section, question, index)


# Two people, one form -------------------------------------------------------------------------------------------------


def flattened(definition: Definition, values: Mapping[str, Any]) -> dict[str, Any]:
    """Answers (as `Answers.values`) by the names of their fields, blocks of repeating sections included."""
    flat: dict[str, Any] = {}
    for section in definition.sections:
        if section.repeat is None:
            flat |= {question.code: values[question.code] for question in section.questions if question.code in values}
            continue
        for index, block in enumerate(values.get(section.code, ())):
            flat |= {f"{section.code}-{index}-{code}": value for code, value in block.items()}
    return flat


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Where two flattened answers differ: field → [first, second]; None is no answer."""
    names = [*first, *(name for name in second if name not in first)]
    return {name: [first.get(name), second.get(name)] for name in names if first.get(name) != second.get(name)}


def in_words(definition: Definition, name: str, value: Any) -> str:
    """An answer to the field as people read it."""
    if value is None:
        return "нет ответа"
    question = definition.by_code.get(name.rpartition("-")[2])
    # The day of the form itself is no question.
    if (question is None or question.type == "date") and (day := parse_date(str(value))):
        return shown(day)
    values = value if isinstance(value, list) else [value]
    titles = question.choices if question and question.type != "nps" else {}
    return "; ".join(titles.get(str(one), str(one)) for one in values)


def title_of(definition: Definition, name: str) -> str:
    """The question of a field, with the number of its block."""
    parts = name.rsplit("-", 2)
    question = definition.by_code.get(parts[-1])
    text = question.text if question else name
    return f"{text} ({int(parts[1]) + 1})" if len(parts) == 3 else text
