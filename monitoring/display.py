"""How numbers look to people: one place for decimal comma, minus sign, spaces and the words beside a value.

Pages, XLSX and PDF all take their texts from here, so a rule changed here changes everywhere.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Final

from regions.signs import TURNING, UNWRITABLE
from surveys.counting.statistics import Estimate, Reliability, reliability, round_half_up

if TYPE_CHECKING:
    from monitoring.quarters.results import Thresholds

BYTE_ORDER_MARK: Final = "\ufeff"
NBSP: Final = "\u00a0"
MINUS: Final = "\u2212"
NO_VALUE: Final = "нет значения: "
PROTECTS: Final = "защита малых чисел"
DASH: Final = "\u2014"
DIGITS: Final = 1
"""Decimal places of every measured value on screen and on paper."""


class Unit(Enum):
    PERCENT = "percent"
    POINTS = "points"
    DAYS = "days"
    NUMBER = "number"  # of a question of one's own: its unit stands with the question

    @property
    def title(self) -> str:
        """The unit in a heading."""
        return {Unit.PERCENT: "%", Unit.POINTS: "пункты", Unit.DAYS: "дни", Unit.NUMBER: "число"}[self]

    @property
    def after_number(self) -> str:
        """The unit after a number with a decimal place, which in Russian always takes the genitive singular."""
        return {Unit.PERCENT: "%", Unit.POINTS: "пункта", Unit.DAYS: "дня", Unit.NUMBER: ""}[self]

    def whole(self, value: float) -> str:
        """A whole number with the unit: «90 %», «30 пунктов»."""
        count = int(value)
        words = {
            Unit.PERCENT: "%",
            Unit.POINTS: plural(count, "пункт", "пункта", "пунктов"),
            Unit.DAYS: plural(count, "день", "дня", "дней"),
            Unit.NUMBER: "",
        }
        return f"{number(count)}{NBSP}{words[self]}"


def number(value: Decimal | float | None, digits: int | None = None) -> str:
    """A number as it is written in Russian: «−1 234,5»; a dash where there is none.

    Whole numbers and Decimals keep the places they have, floats get one; `digits` rounds any of them half up.
    """
    if value is None:
        return DASH
    if digits is None and isinstance(value, float):
        digits = DIGITS
    exact = Decimal(value) if digits is None else round_half_up(float(value), digits)
    return f"{exact:,f}".translate(_RUSSIAN)


_RUSSIAN = str.maketrans({"-": MINUS, ",": NBSP, ".": ","})


def plural(count: int, one: str, few: str, many: str) -> str:
    """The form of a Russian noun after a whole number: 1 ответ, 2 ответа, 5 ответов."""
    last_two, last = abs(count) % 100, abs(count) % 10
    if 11 <= last_two <= 14:
        return many
    if last == 1:
        return one
    return few if 2 <= last <= 4 else many


def counted(count: int, one: str, few: str, many: str) -> str:
    """«1 234 ответа»."""
    return f"{number(count)}{NBSP}{plural(count, one, few, many)}"


def answers(count: int) -> str:
    return counted(count, "ответ", "ответа", "ответов")


def clean(text: str) -> str:
    """Text typed by people, safe for any format: one line, without control characters and half letters.

    XLSX refuses control characters and surrogates; marks that turn the direction of writing could make a name read as
    another one.
    """
    spaced = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)
    kept = UNWRITABLE.sub("", TURNING.sub("", spaced)).replace(BYTE_ORDER_MARK, "")
    # Not a bare split(): non-breaking spaces are the writer's intention and stay.
    return " ".join(filter(None, kept.split(" ")))


@dataclass(frozen=True, slots=True)
class Shown:
    """An estimate as people see it: rounded, with its interval, the number of answers and a word on reliability.

    A value from too few answers is not in here at all, so no template can show it by mistake.
    """

    value: Decimal | None
    low: Decimal | None
    high: Decimal | None
    n: int
    unit: Unit
    reliability: Reliability
    note: str

    @property
    def text(self) -> str:
        """«90,0 %», or a dash."""
        return DASH if self.value is None else f"{number(self.value)}{NBSP}{self.unit.after_number}".rstrip(NBSP)

    @property
    def interval(self) -> str:
        """«74,4…96,5»; empty when there is no interval."""
        if self.low is None or self.high is None:
            return ""
        return f"{number(self.low)}…{number(self.high)}"

    @property
    def full(self) -> str:
        """«90,0 % (74,4…96,5)»."""
        return f"{self.text} ({self.interval})" if self.interval else self.text

    @property
    def reason(self) -> str:
        """Why there is no value, for a place that says «Нет значения» itself."""
        return self.note.removeprefix(NO_VALUE)

    @property
    def answers(self) -> str:
        """«30 ответов»."""
        return answers(self.n)

    @property
    def is_hidden(self) -> bool:
        return self.reliability is Reliability.HIDDEN

    @property
    def is_few(self) -> bool:
        return self.reliability is Reliability.FEW


def shown(estimate: Estimate, unit: Unit | str, thresholds: Thresholds) -> Shown:
    """The estimate as it may be shown; `unit` is "percent", "points" or "days"."""
    trust = reliability(estimate.n, minimum=thresholds.minimum, sufficient=thresholds.sufficient)
    hidden = trust is Reliability.HIDDEN or estimate.value is None
    return Shown(
        value=None if hidden else _shown(estimate.value),
        low=None if hidden else _shown(estimate.low),
        high=None if hidden else _shown(estimate.high),
        n=estimate.n,
        unit=Unit(unit),
        reliability=Reliability.HIDDEN if hidden else trust,
        note=reliability_note(Reliability.HIDDEN if hidden else trust, estimate.n, thresholds),
    )


def _shown(value: float | None) -> Decimal | None:
    return None if value is None else round_half_up(value, DIGITS)


def reliability_note(trust: Reliability, n: int, thresholds: Thresholds) -> str:
    """What stands beside a value, or instead of it; empty when there is nothing to warn of."""
    match trust:
        case Reliability.HIDDEN if n == 0:
            return "нет ответов"
        case Reliability.HIDDEN if n >= thresholds.minimum:
            # Enough answers, yet it would give away the value of a smaller one (surveys.counting.disclosure).
            return f"{NO_VALUE}{PROTECTS}"
        case Reliability.HIDDEN:
            # «Меньше» takes the genitive: «меньше 21 ответа», «меньше 10 ответов».
            return f"{NO_VALUE}меньше {number(thresholds.minimum)} {_answers_genitive(thresholds.minimum)}"
        case Reliability.FEW:
            return "мало данных"
        case Reliability.SUFFICIENT:
            return ""


def _answers_genitive(count: int) -> str:
    return plural(count, "ответа", "ответов", "ответов")
