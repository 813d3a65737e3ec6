"""An instrument as it stands on paper: numbered questions, places to write, conditions in words. Pure.

`laid_out(definition)` is what the PDF, the DOCX and the numbered blanks are all made of.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from surveys.questionnaires.definition import Definition, Question, Section

THANKS = "Спасибо за ответы!"
# Letters of the longest answer that stand for one ruled line: few people write so much, and paper is short.
LETTERS_PER_LINE = 500
MOST_LINES = 8
DATE_PATTERN = (2, 2, 4)


class Place(StrEnum):
    """What is printed for the answer."""

    ONE = "one"  # boxes below one another, one of them is marked
    MANY = "many"  # the same, any number of them
    SCALE = "scale"  # the four answers in a row
    RATING = "rating"  # numbers 0–10 in a row
    NUMBER = "number"  # a box for every digit
    DATE = "date"
    LINES = "lines"


PLACES = {
    "single": Place.ONE,
    "multiple": Place.MANY,
    "scale4": Place.SCALE,
    "nps": Place.RATING,
    "number": Place.NUMBER,
    "date": Place.DATE,
    "text": Place.LINES,
}
HINTS = {
    Place.ONE: "Отметьте один ответ",
    Place.MANY: "Отметьте все подходящие ответы",
    Place.RATING: "Обведите одно число",
    Place.DATE: "День, месяц, год",
}


@dataclass(frozen=True)
class PrintedQuestion:
    number: int
    text: str
    help: str
    # «Если в вопросе 3 ответ «Нет» или «Скорее нет»», or nothing: asked of everybody.
    condition: str
    place: Place
    hint: str
    choices: tuple[str, ...] = ()
    # Boxes for digits, group by group: after the first group of a number comes the decimal comma, of a date a point.
    digits: tuple[int, ...] = ()
    unit: str = ""
    lines: int = 0

    @property
    def boxes(self) -> list[range]:
        return [range(size) for size in self.digits]

    @property
    def rules(self) -> range:
        return range(self.lines)


@dataclass(frozen=True)
class PrintedSection:
    title: str
    help: str
    # How often it is filled in, when more than once.
    repeat: str
    questions: tuple[PrintedQuestion, ...]


@dataclass(frozen=True)
class Layout:
    title: str
    intro: str
    thanks: str
    sections: tuple[PrintedSection, ...]


@dataclass(frozen=True)
class Paper:
    """All that a document of an instrument says."""

    kind: str
    owner: str
    version: str  # «версия 2 от 01.03.2026» or «черновик от 05.03.2026»
    is_draft: bool
    is_questionnaire: bool
    layout: Layout
    # What the person at work writes on top of a guide, script or observation sheet.
    filled_by: tuple[str, ...]

    @property
    def ending(self) -> str:
        """The last words. Those of a questionnaire are for the screen: «Ваш ответ принят»."""
        return THANKS if self.is_questionnaire else self.layout.thanks

    @property
    def about(self) -> str:
        return f"{self.owner} · {self.version}"

    @property
    def running(self) -> str:
        """At the foot of every page."""
        title = self.layout.title
        return f"{title if len(title) <= 80 else title[:79] + '…'}, {self.version}"


def laid_out(definition: Definition, language: str = "") -> Layout:
    """The instrument in one of its languages; in the one it was written in when it has no such translation.

    Questions are numbered through all sections, as they are when people read them aloud.
    """
    definition = definition.translated(language)
    numbers = {question.code: number for number, question in enumerate(definition.questions(), start=1)}
    return Layout(
        title=definition.title,
        intro=definition.intro,
        thanks=definition.thanks,
        sections=tuple(
            PrintedSection(
                title=section.title,
                help=section.help,
                repeat=_repeat(section),
                questions=tuple(_question(question, numbers, definition) for question in section.questions),
            )
            for section in definition.sections
        ),
    )


def _repeat(section: Section) -> str:
    repeat = section.repeat
    if repeat is None:
        return ""
    if repeat.min == repeat.max:
        return "" if repeat.max == 1 else f"Заполните этот раздел столько раз: {repeat.max}"
    least = f"не меньше {repeat.min}, " if repeat.min > 1 else ""
    may_skip = " Если рассказать не о чем, пропустите." if repeat.min == 0 else ""
    return (
        f"Этот раздел можно заполнить несколько раз: {least}не больше {repeat.max}."
        f" Для каждого раза возьмите ещё один лист с этим разделом.{may_skip}"
    )


def _question(question: Question, numbers: dict[str, int], definition: Definition) -> PrintedQuestion:
    place = PLACES[question.type]
    return PrintedQuestion(
        number=numbers[question.code],
        text=question.text,
        help=question.help,
        condition=_condition(question, numbers, definition),
        place=place,
        hint=HINTS.get(place, ""),
        choices=tuple(question.choices.values()),
        digits=_digits(question),
        unit=question.unit,
        lines=_lines(question) if place is Place.LINES else 0,
    )


def _digits(question: Question) -> tuple[int, ...]:
    if question.type == "date":
        return DATE_PATTERN
    if question.type != "number":
        return ()
    whole = len(str(int(max(abs(question.min), abs(question.max)))))
    return (whole, question.decimals) if question.decimals else (whole,)


def _lines(question: Question) -> int:
    return min(MOST_LINES, max(2, math.ceil(question.max_length / LETTERS_PER_LINE)))


def _condition(question: Question, numbers: dict[str, int], definition: Definition) -> str:
    if question.visible_if is None:
        return ""
    asked = definition.by_code[question.visible_if.question]
    wanted = [code for code in asked.choices if code in question.visible_if.values]
    if asked.type == "nps":
        answers = _in_runs([int(code) for code in wanted])
    else:
        answers = _or([f"«{asked.choices[code]}»" for code in wanted])
    answer = "отмечено" if asked.type == "multiple" else "ответ"
    return f"Если в вопросе {numbers[asked.code]} {answer} {answers}"


def _in_runs(values: list[int]) -> str:
    """«от 0 до 6», «9 или 10», «от 0 до 3 или 10»."""
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    words: list[str] = []
    for run in runs:
        words += [f"от {run[0]} до {run[-1]}"] if len(run) > 2 else [str(value) for value in run]
    return _or(words)


def _or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} или {words[-1]}"
