"""A questionnaire shown section by section: which sections there are for these answers, and what is wrong with one.

Pure. A step is the index of its section. A section nobody is asked about, because no condition of its questions
holds, is no step. Conditions on the same section are left to the page; those on earlier ones are decided here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from surveys.questionnaires.answers import Sent, is_visible, read_so_far
from surveys.questionnaires.definition import Definition, Question, Section


def may_be_asked(definition: Definition, section: Section, question: Question, answered: Mapping[str, Any]) -> bool:
    """Whether the answers to earlier sections leave a question to be asked."""
    own = {one.code for one in section.questions}
    while question.visible_if:
        if question.visible_if.question not in own:
            return is_visible(question, answered)
        question = definition.by_code[question.visible_if.question]
    return True


@dataclass(frozen=True, slots=True)
class Steps:
    """The way through a questionnaire, for what has been sent so far."""

    definition: Definition
    answered: dict[str, Any]
    errors: dict[str, str]
    indexes: list[int]

    @classmethod
    def of(cls, definition: Definition, sent: Sent, *, today: date) -> Self:
        answered, errors = read_so_far(definition, sent, today=today)
        indexes = [
            index
            for index, section in enumerate(definition.sections)
            if any(may_be_asked(definition, section, question, answered) for question in section.questions)
        ]
        return cls(definition, answered, errors, indexes)

    def nearest(self, asked: int) -> int:
        """The step itself, or the last one before it that there is: a section may have gone since it was shown."""
        return max((index for index in self.indexes if index <= asked), default=self.indexes[0])

    def after(self, step: int) -> int | None:
        return next((index for index in self.indexes if index > step), None)

    def before(self, step: int) -> int | None:
        return max((index for index in self.indexes if index < step), default=None)

    def number(self, step: int) -> int:
        """Counted from one."""
        return self.indexes.index(step) + 1

    def errors_on(self, step: int) -> dict[str, str]:
        return {name: error for name, error in self.errors.items() if self._home(name) == step}

    def first_wrong(self) -> int | None:
        return min((self._home(name) for name in self.errors), default=None)

    def _home(self, name: str) -> int:
        """The section a field belongs to: fields of a repeating one begin with its code and a dash."""
        code, dash, _rest = name.partition("-")
        for index, section in enumerate(self.definition.sections):
            if section.code == code if dash else any(question.code == name for question in section.questions):
                return index
        raise KeyError(name)
