"""One filled questionnaire → the answers it adds to the tallies of its questions. Pure.

| question | value |
| --- | --- |
| a choice, one of the scales | the code of the option, the number as text |
| a number | the number as text |
| a date, a text | `GIVEN`: that there is an answer, never the answer itself |
| several of a list | each option chosen once, and `ANSWERED` once: its shares are of those who answered |
| `ARRIVED`, not a question | its fate (`fates`) |

In a repeating section every block is an answer of its own.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from surveys.questionnaires.definition import Definition

GIVEN = "*"
# Options of a list do not add up to the people who answered, so these are counted apart. No code of an option is a «#».
ANSWERED = "#"


class AnswerReader:
    """Reads the stored answers of one questionnaire; made once for many of them."""

    def __init__(self, definition: Definition) -> None:
        self._types = {question.code: question.type for question in definition.questions()}
        self._repeating = {section.code for section in definition.sections if section.repeat}

    def read(self, answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """(question, value) of every answer given; what the questionnaire does not ask is passed over."""
        for code, given in answers.items():
            if code in self._repeating:
                for block in given:
                    yield from self.read(block)
                continue
            kind = self._types.get(code)
            if kind is None:
                continue
            if kind in ("text", "date"):
                yield code, GIVEN
            elif kind == "multiple":
                yield code, ANSWERED
                for option in given:
                    yield code, option
            else:
                yield code, str(given)
