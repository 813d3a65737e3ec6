"""The questionnaire as one validated JSON document: sections → questions, conditions, repeating blocks.

`Definition.model_validate(document)` is the only way in; what it lets through can be shown, answered and counted.
Source of the standard questions: 001, IV.4.1; 000, stage 3.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, model_validator

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
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
    # Names of the four-point scale in another language: only in what `Definition.translated` makes.
    scale_titles: dict[str, Text] = {}

    @model_validator(mode="after")
    def _fits_its_type(self, info: ValidationInfo) -> Self:
        if self.scale_titles and not (info.context or {}).get("translated"):
            raise ValueError(f"вопрос «{self.code}»: слова четырёхбалльной шкалы менять нельзя")
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
            return {**SCALE4_TITLES, **self.scale_titles}
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
    language: Language = "ru"
    intro: str = Field("", max_length=1000)
    thanks: str = Field("", max_length=1000)
    # Shown section by section, each kept as soon as it is answered; otherwise on one page.
    paged: bool = False
    # Language → place of a text (`texts`) → the text in that language; what is missing stays in the first language.
    translations: dict[Language, dict[str, Text]] = Field({}, max_length=20)
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
        self._check_translations()
        return self

    def _check_translations(self) -> None:
        if self.language in self.translations:
            raise ValueError(f"перевод на язык самой анкеты ({self.language}) не нужен")
        known = self.texts() if self.translations else {}
        for language, texts in self.translations.items():
            unknown = texts.keys() - known.keys()
            if unknown:
                raise ValueError(f"перевод ({language}): в анкете нет текста «{min(unknown)}»")

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
    def names(self) -> dict[str, str]:
        """Code → the words that tell a question from the others: its own, after those of what it follows if it must.

        Every scale of the standard questionnaires is followed by «Прокомментируйте, пожалуйста, ответ».
        """
        times = Counter(question.text for question in self.questions())
        return {
            question.code: f"{self.by_code[question.visible_if.question].text} — {question.text}"
            if question.visible_if and times[question.text] > 1
            else question.text
            for question in self.questions()
        }

    @cached_property
    def by_measure(self) -> dict[str, Question]:
        return {question.measure: question for question in self.questions() if question.measure}

    @cached_property
    def with_texts(self) -> list[tuple[Section, list[Question]]]:
        """The sections that ask for something in people's own words, with those of their questions."""
        found = [(section, [one for one in section.questions if one.type == "text"]) for section in self.sections]
        return [(section, texts) for section, texts in found if texts]

    @cached_property
    def languages(self) -> list[str]:
        """The language it is written in, then those it is translated into."""
        return [self.language, *self.translations]

    def texts(self) -> dict[str, str]:
        """All that a respondent reads of it: place → text, in the order of the page. Empty texts are left out.

        Places: `title`, `intro`, `thanks`, `section.<code>.title|help|add`, `question.<code>.text|help|unit`,
        `option.<question>.<code>`, and `scale4.<code>` when there is a four-point question.
        """
        found = {"title": self.title, "intro": self.intro, "thanks": self.thanks}
        for section in self.sections:
            place = f"section.{section.code}"
            found |= {f"{place}.title": section.title, f"{place}.help": section.help}
            if section.repeat:
                found[f"{place}.add"] = section.repeat.add
            for question in section.questions:
                place = f"question.{question.code}"
                found |= {
                    f"{place}.text": question.text,
                    f"{place}.help": question.help,
                    f"{place}.unit": question.unit,
                }
                found |= {f"option.{question.code}.{option.code}": option.title for option in question.options}
        if any(question.type == "scale4" for question in self.questions()):
            found |= {f"scale4.{code}": title for code, title in SCALE4_TITLES.items()}
        return {place: text for place, text in found.items() if text}

    def translated(self, language: str) -> "Definition":
        """The same questionnaire in one of its languages: same codes, same answers, other words."""
        words = self.translations.get(language)
        if words is None:
            return self
        document = self.document() | {"language": language, "translations": {}}
        for place in ("title", "intro", "thanks"):
            if place in words:
                document[place] = words[place]
        for section in document["sections"]:
            _put(section, words, f"section.{section['code']}", ("title", "help"))
            if section.get("repeat") is not None:
                _put(section["repeat"], words, f"section.{section['code']}", ("add",))
            for question in section["questions"]:
                _put(question, words, f"question.{question['code']}", ("text", "help", "unit"))
                for option in question.get("options", []):
                    if title := words.get(f"option.{question['code']}.{option['code']}"):
                        option["title"] = title
                if question["type"] == "scale4":
                    question["scale_titles"] = {
                        code: words[f"scale4.{code}"] for code in SCALE4 if f"scale4.{code}" in words
                    }
        return Definition.model_validate(document, context={"translated": True})

    def document(self) -> dict[str, Any]:
        """The JSON document this definition was read from, without what stands at its default."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def digest(self) -> str:
        """SHA-256 of the document: equal for equal questionnaires."""
        text = json.dumps(self.document(), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _put(target: dict[str, Any], words: dict[str, str], place: str, names: tuple[str, ...]) -> None:
    for name in names:
        if f"{place}.{name}" in words:
            target[name] = words[f"{place}.{name}"]
