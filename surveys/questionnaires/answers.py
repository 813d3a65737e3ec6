"""Reading what was sent for a questionnaire: the same rules for the page, for paper and for files.

Pure: a definition and the values sent go in, cleaned answers or errors per field come out.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from regions.signs import UNPRINTABLE
from surveys.questionnaires.definition import SCALE4, Definition, Question, Section

Sent = Mapping[str, Sequence[str]]

EARLIEST_DATE = date(2000, 1, 1)
_LONGEST_DATE = len("2026-11-05")
_NUMBER = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,6})?")


class Message(str):
    """What is wrong with an answer, in Russian. A page in another language makes its own of `pattern` and `values`."""

    pattern: str
    values: dict[str, object]

    def __new__(cls, pattern: str, **values: object) -> "Message":
        message = super().__new__(cls, pattern % values if values else pattern)
        message.pattern, message.values = pattern, values
        return message


class InvalidAnswers(Exception):
    """Some answers cannot be taken; `errors` maps field names to messages for the person answering (`Message`)."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(f"{len(errors)} invalid answers")
        self.errors = errors


class _Wrong(Exception):
    def __init__(self, pattern: str, **values: object) -> None:
        super().__init__(pattern)
        self.message = Message(pattern, **values)


@dataclass(frozen=True, slots=True)
class Answers:
    """Cleaned answers.

    `values`: question code → JSON value, for a repeating section its code → list of such mappings; unanswered and
    hidden questions are absent. `measures`: measure → typed value (int for scales, Decimal for numbers, date).
    """

    values: dict[str, Any]
    measures: dict[str, Any]

    def digest(self) -> bytes:
        """SHA-256 of the answers: tells a repeat of the same answers from other answers under the same key."""
        return hashlib.sha256(orjson.dumps(self.values, option=orjson.OPT_SORT_KEYS)).digest()


def field_name(section: Section, question: Question, index: int | None = None) -> str:
    """Name of the form field: the question's code, in a repeating section `section-index-code`."""
    return question.code if index is None else f"{section.code}-{index}-{question.code}"


def count_field(section: Section) -> str:
    """Name of the form field that tells how many times a repeating section is shown."""
    return f"{section.code}-count"


def repeats(section: Section, sent: Sent) -> int:
    """How many times a repeating section was sent, within what the section allows."""
    assert section.repeat
    values = sent.get(count_field(section)) or [""]
    asked = int(values[0]) if values[0].isascii() and values[0].isdigit() and len(values[0]) < 4 else section.repeat.min
    return max(section.repeat.min, min(asked, section.repeat.max))


def clean_text(text: str) -> str:
    """Text as a person meant it: no characters that cannot be typed, plain line ends, no outer space."""
    if text.isprintable():
        # Nearly all there is: nothing in it to take out.
        return text.strip()
    return UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def keep_known(definition: Definition, sent: Sent) -> dict[str, list[str]]:
    """What was sent to the questions of this questionnaire, cleaned; nothing else, and no more than a page can send."""
    known: dict[str, list[str]] = {}
    for section in definition.sections:
        indexes: list[int | None] = [None]
        if section.repeat:
            indexes = list(range(repeats(section, sent)))
            known[count_field(section)] = [str(len(indexes))]
        for index in indexes:
            for question in section.questions:
                name = field_name(section, question, index)
                given = [text for text in map(clean_text, sent.get(name, ())) if text]
                # One too many is kept, so that it is called an error and not quietly mended.
                if given := given[: len(question.choices) + 1 if question.type == "multiple" else 2]:
                    known[name] = given
    return known


def read_answers(definition: Definition, sent: Sent, *, today: date) -> Answers:
    """Check and clean what was sent; `today` is the date in the region of the institution.

    Raises InvalidAnswers with every wrong field at once.
    """
    values, errors = read_so_far(definition, sent, today=today)
    if errors:
        raise InvalidAnswers(errors)
    measures = {
        measure: _typed(question, values[question.code])
        for measure, question in definition.by_measure.items()
        if question.code in values
    }
    return Answers(values, measures)


def read_so_far(definition: Definition, sent: Sent, *, today: date) -> tuple[dict[str, Any], dict[str, str]]:
    """Of a questionnaire half filled: the answers that can be taken (as `Answers.values`), and the errors by field."""
    errors: dict[str, str] = {}
    values: dict[str, Any] = {}
    for section in definition.sections:
        if section.repeat is None:
            _read_section(section, None, sent, values, values, errors, today)
        else:
            blocks: list[dict[str, Any]] = []
            for index in range(repeats(section, sent)):
                block: dict[str, Any] = {}
                _read_section(section, index, sent, block, values | block, errors, today)
                blocks.append(block)
            if any(blocks):
                values[section.code] = blocks
    return values, errors


def is_visible(question: Question, answered: Mapping[str, Any]) -> bool:
    """Whether the condition of a question holds for the answers given so far."""
    condition = question.visible_if
    if condition is None:
        return True
    answer = answered.get(condition.question)
    given = answer if isinstance(answer, list) else [answer]
    return any(str(one) in condition.values for one in given if one is not None)


def _read_section(
    section: Section,
    index: int | None,
    sent: Sent,
    into: dict[str, Any],
    answered: dict[str, Any],
    errors: dict[str, str],
    today: date,
) -> None:
    for question in section.questions:
        name = question.code if index is None else field_name(section, question, index)
        values = sent.get(name)
        if not values and not question.required:
            continue
        # Somebody who changed their mind has left an answer behind a condition that no longer holds: it does not count.
        if question.visible_if is not None and not is_visible(question, answered):
            continue
        # Most answers are one of the choices just as it is called: there is nothing to clean and nothing to object to.
        if question.type in _CHOSEN and values and len(values) == 1 and values[0] in question.choices:
            into[question.code] = answered[question.code] = _READERS[question.type](question, values, today)
            continue
        given = [text for value in values or () if (text := clean_text(value))]
        try:
            if not given:
                if question.required:
                    raise _Wrong("Выберите дату") if question.type == "date" else _Wrong("Ответьте на этот вопрос")
                continue
            if len(given) > 1 and question.type != "multiple":
                raise _Wrong("Здесь возможен только один ответ")
            into[question.code] = answered[question.code] = _READERS[question.type](question, given, today)
        except _Wrong as error:
            errors[name] = error.message


_CHOSEN = frozenset({"single", "scale4", "nps"})


def _choice(question: Question, given: Sequence[str], today: date) -> str:
    if given[0] not in question.choices:
        raise _Wrong("Выберите один из предложенных вариантов")
    return given[0]


def _nps(question: Question, given: Sequence[str], today: date) -> int:
    if given[0] not in question.choices:
        raise _Wrong("Выберите целое число от 0 до 10")
    return int(given[0])


def _multiple(question: Question, given: Sequence[str], today: date) -> list[str]:
    if not set(given) <= question.choices.keys():
        raise _Wrong("Выберите варианты из предложенных")
    return [code for code in question.choices if code in given]


def _number(question: Question, given: Sequence[str], today: date) -> str:
    text = given[0].replace(",", ".").replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
    if not _NUMBER.fullmatch(text):
        raise _Wrong("Введите число, например 3 или 3,5") if question.decimals else _Wrong("Введите число, например 3")
    number = Decimal(text)
    if not question.min <= number <= question.max:
        raise _Wrong("Введите число от %(least)s до %(most)s", least=_plain(question.min), most=_plain(question.max))
    if number != round(number, question.decimals):
        if question.decimals == 0:
            raise _Wrong("Введите целое число")
        if question.decimals == 1:
            raise _Wrong("Не больше одного знака после запятой")
        raise _Wrong("Не больше %(count)s знаков после запятой", count=question.decimals)
    return _plain(number)


def _date(question: Question, given: Sequence[str], today: date) -> str:
    day = parse_date(given[0])
    if day is None:
        raise _Wrong("Введите дату в виде день.месяц.год, например 05.11.2026")
    if day > today:
        raise _Wrong("Эта дата ещё не наступила")
    if day < EARLIEST_DATE:
        raise _Wrong("Проверьте год")
    return day.isoformat()


def _text(question: Question, given: Sequence[str], today: date) -> str:
    if len(given[0]) > question.max_length:
        raise _Wrong(
            "Слишком длинный текст: %(length)s знаков, можно не больше %(most)s",
            length=len(given[0]),
            most=question.max_length,
        )
    return given[0]


_READERS: dict[str, Callable[[Question, Sequence[str], date], Any]] = {
    "single": _choice,
    "scale4": _choice,
    "multiple": _multiple,
    "nps": _nps,
    "number": _number,
    "date": _date,
    "text": _text,
}


def parse_date(text: str) -> date | None:
    """A date as browsers send it (2026-11-05) or as people write it (05.11.2026); None when it is neither."""
    return _parse_date(text) if len(text) <= _LONGEST_DATE else None


# In a file the same days come again and again, and reading one takes as long as all the rest of an answer.
@lru_cache(maxsize=2048)
def _parse_date(text: str) -> date | None:
    for pattern in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, pattern).date()
        except ValueError:
            continue
    return None


def _typed(question: Question, value: Any) -> Any:
    if question.type == "scale4":
        return SCALE4[value]
    if question.type == "date":
        return date.fromisoformat(value)
    if question.type == "number":
        return Decimal(value)
    return value


def _plain(number: Decimal) -> str:
    """3 for 3.0, 3.5 for 3.50, never 1E+3."""
    # Adding zero takes the sign off a zero.
    return f"{number.normalize() + 0:f}"
