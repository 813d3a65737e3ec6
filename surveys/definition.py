"""The questionnaire as one validated JSON document: sections → questions, conditions, repeating blocks.

`Definition.model_validate(document)` is the only way in; what it lets through can be shown, answered and counted.
Source of the standard questions: 001, IV.4.1; 000, stage 3.
"""

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
QuestionType = Literal["single", "multiple", "scale4", "nps", "number", "date", "text"]

# Option codes of the four-point scale and the number each is stored as; 3 and 4 count as satisfied [001, IV.4.1].
SCALE4 = {"yes": 4, "rather_yes": 3, "rather_no": 2, "no": 1}
SCALE4_TITLES = {"yes": "Да", "rather_yes": "Скорее да", "rather_no": "Скорее нет", "no": "Нет"}

# Measures with a typed column of their own in a response, and the question type each takes.
MEASURE_TYPES: dict[str, QuestionType] = {
    "service_date": "date",
    "satisfaction": "scale4",
    "documents": "scale4",
    "duration": "scale4",
    "clarity": "scale4",
    "support": "scale4",
    "nps": "nps",
    "days": "number",
}
# The largest number a measure's column holds.
MOST_MEASURED = 9999
# Names the answer page uses for its own fields.
RESERVED = {"key", "add", "code", "answered_on"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Option(_Strict):
    code: Code
    title: Text


class Condition(_Strict):
    """Shown when the answer to an earlier question is one of `values`."""

    question: Code
    values: list[str] = Field(alias="in", min_length=1)


class Question(_Strict):
    code: Code
    type: QuestionType
    text: Text
    help: str = Field("", max_length=500)
    required: bool = False
    measure: str | None = None
    visible_if: Condition | None = None
    options: list[Option] = []
    unit: str = Field("", max_length=30)
    min: Decimal = Decimal(0)
    max: Decimal = Decimal(1_000_000)
    decimals: int = Field(0, ge=0, le=3)
    max_length: int = Field(2000, ge=1, le=10_000)

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if self.code in RESERVED:
            raise ValueError(f"вопрос «{self.code}»: этот код занят")
        if self.type in ("single", "multiple"):
            codes = [option.code for option in self.options]
            if len(codes) < 2 or len(set(codes)) != len(codes):
                raise ValueError(f"вопрос «{self.code}»: нужно не меньше двух вариантов с разными кодами")
        elif self.options:
            raise ValueError(f"вопрос «{self.code}»: варианты ответа бывают только у выбора")
        if self.min > self.max:
            raise ValueError(f"вопрос «{self.code}»: наименьшее больше наибольшего")
        if self.measure and self.type == "number" and not (self.min >= 0 and self.max <= MOST_MEASURED):
            raise ValueError(f"вопрос «{self.code}»: измеряемое число — от 0 до {MOST_MEASURED}")
        if self.measure in MEASURE_TYPES and MEASURE_TYPES[self.measure] != self.type:
            raise ValueError(f"вопрос «{self.code}»: показателю «{self.measure}» нужен другой тип вопроса")
        return self

    @cached_property
    def choices(self) -> dict[str, str]:
        """Codes and titles of the answers to choose from, in order; empty for questions typed in."""
        if self.type == "scale4":
            return SCALE4_TITLES
        if self.type == "nps":
            return {str(number): str(number) for number in range(11)}
        return {option.code: option.title for option in self.options}


class Repeat(_Strict):
    """A section answered from `min` to `max` times, for example once per member of the family."""

    min: int = Field(1, ge=0, le=20)
    max: int = Field(5, ge=1, le=20)
    add: Text = "Добавить ещё"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError("наименьшее число повторов больше наибольшего")
        return self


class Section(_Strict):
    code: Code
    title: str = Field("", max_length=300)
    help: str = Field("", max_length=1000)
    repeat: Repeat | None = None
    questions: list[Question] = Field(min_length=1, max_length=100)


class Definition(_Strict):
    title: Text
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")] = "ru"
    intro: str = Field("", max_length=1000)
    thanks: str = Field("", max_length=1000)
    sections: list[Section] = Field(min_length=1, max_length=50)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        seen: dict[str, tuple[Section, Question]] = {}
        sections: set[str] = set()
        measures: set[str] = set()
        for section in self.sections:
            if section.code in sections or section.code in seen:
                raise ValueError(f"раздел «{section.code}»: код уже занят")
            sections.add(section.code)
            for question in section.questions:
                if question.code in seen or question.code in sections:
                    raise ValueError(f"вопрос «{question.code}»: код уже занят")
                if question.visible_if:
                    self._check_condition(section, question, question.visible_if, seen)
                if question.measure:
                    if question.measure in measures:
                        raise ValueError(f"показатель «{question.measure}» измеряют два вопроса")
                    if section.repeat:
                        raise ValueError(
                            f"вопрос «{question.code}»: показатель нельзя измерять в повторяющемся разделе"
                        )
                    measures.add(question.measure)
                seen[question.code] = (section, question)
        return self

    @staticmethod
    def _check_condition(
        section: Section, question: Question, condition: Condition, seen: dict[str, tuple[Section, Question]]
    ) -> None:
        if condition.question not in seen:
            raise ValueError(f"вопрос «{question.code}»: условие ссылается не на предыдущий вопрос")
        at, asked = seen[condition.question]
        if at.repeat and at is not section:
            raise ValueError(f"вопрос «{question.code}»: условие ссылается внутрь чужого повторяющегося раздела")
        if asked.type not in ("single", "multiple", "scale4", "nps"):
            raise ValueError(f"вопрос «{question.code}»: условие возможно только на вопрос с выбором")
        unknown = set(condition.values) - set(asked.choices)
        if unknown:
            raise ValueError(f"вопрос «{question.code}»: у «{asked.code}» нет ответа «{min(unknown)}»")

    def questions(self) -> Iterator[Question]:
        for section in self.sections:
            yield from section.questions

    @cached_property
    def by_code(self) -> dict[str, Question]:
        return {question.code: question for question in self.questions()}

    @cached_property
    def by_measure(self) -> dict[str, Question]:
        return {question.measure: question for question in self.questions() if question.measure}

    def document(self) -> dict[str, Any]:
        """The JSON document this definition was read from, without what stands at its default."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def digest(self) -> str:
        """SHA-256 of the document: equal for equal questionnaires."""
        text = json.dumps(self.document(), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
