"""What makes answers suspicious, without knowing anything of who answered. Pure: streams in, marks out.

A mark changes no figure and tells nothing of what was answered [001, V.2: data are verified before they are used].
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntFlag
from math import sqrt
from statistics import median
from typing import Any, Final
from zoneinfo import ZoneInfo

from surveys.questionnaires.definition import Definition


class Flag(IntFlag):
    """A mark on an answer; `Response.flags` holds their sum."""

    FAST = 1
    NIGHT = 2
    BURST = 4
    IDENTICAL = 8
    ADDRESS = 16

    @property
    def title(self) -> str:
        return TITLES[self]

    @property
    def explanation(self) -> str:
        return EXPLANATIONS[self]


# Decided when an answer arrives; the others need its neighbours and are looked for afterwards.
AT_ARRIVAL: Final = Flag.FAST | Flag.NIGHT | Flag.ADDRESS
AFTERWARDS: Final = Flag.BURST | Flag.IDENTICAL

TITLES: Final[Mapping[Flag, str]] = {
    Flag.FAST: "Слишком быстро",
    Flag.NIGHT: "Ночью",
    Flag.BURST: "Всплеск",
    Flag.IDENTICAL: "Одинаковые",
    Flag.ADDRESS: "С одного адреса",
}
EXPLANATIONS: Final[Mapping[Flag, str]] = {
    Flag.FAST: "Анкету открыли и отправили быстрее, чем можно прочитать вопросы.",
    Flag.NIGHT: "Ответ пришёл ночью по времени региона, когда учреждения обычно не работают.",
    Flag.BURST: (
        "За несколько минут по одной ссылке пришло намного больше ответов, чем обычно. Так бывает и после рассылки СМС."
    ),
    Flag.IDENTICAL: "В один день об учреждении пришло много анкет с одними и теми же ответами до последней буквы.",
    Flag.ADDRESS: (
        "За день с одного интернет-адреса об учреждении ответили много раз."
        " Так бывает и тогда, когда в зале стоит общий терминал."
    ),
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """From where on something is marked: settings.QUALITY_BOUNDS."""

    # Less than this for each question answered is too fast.
    seconds_per_answer: float = 1.5
    # From the first hour to before the second, by the region's clock.
    night_hours: tuple[int, int] = (0, 5)
    # So many answers of one link in so many minutes, and so many times more than is usual for the link.
    burst_answers: int = 10
    burst_minutes: int = 5
    burst_times_usual: float = 3
    # So many equal answers about an institution in a day; fewer when somebody wrote the same text.
    identical_answers: int = 5
    identical_texts: int = 3
    # A text of so many letters is nobody's «нет» or «спасибо».
    text_letters: int = 15
    # More than so many from one address about one institution in a day.
    address_answers: int = 20


def split(flags: int) -> list[Flag]:
    """The single marks of a sum, in the order of the pages; bits nobody knows are left out."""
    return [flag for flag in TITLES if flags & flag]


def titles(flags: int) -> str:
    """«Слишком быстро, ночью»; empty for an answer without marks."""
    return ", ".join(flag.title for flag in split(flags)).capitalize()


# One answer by itself -------------------------------------------------------------------------------------------------


def number_answered(values: Mapping[str, Any]) -> int:
    """How many questions were answered: those of a repeating section count each time."""
    return sum(
        sum(number_answered(block) for block in value)
        if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value)
        else 1
        for value in values.values()
    )


def is_too_fast(*, seconds: float, answered: int, bounds: Bounds) -> bool:
    """Whether `answered` questions were sent sooner after the page was opened than anybody could read them.

    A clock that ran back (fewer than no seconds) is no proof of anything.
    """
    return 0 <= seconds < answered * bounds.seconds_per_answer


def is_at_night(at: datetime, *, zone: ZoneInfo, bounds: Bounds) -> bool:
    first, last = bounds.night_hours
    return first <= at.astimezone(zone).hour < last


# Bursts of one link ---------------------------------------------------------------------------------------------------

# Minute an answer arrived → how many did.
Stream = Mapping[datetime, int]


def usual_number(history: Stream, *, minutes: int) -> float:
    """How many answers usually come in `minutes` minutes in which any come: 1 for a link without a history.

    The median, so that a burst or two in the past do not make the next one usual.
    """
    tiles: Counter[int] = Counter()
    for minute, number in history.items():
        tiles[int(minute.timestamp()) // (60 * minutes)] += number
    return float(median(tiles.values())) if tiles else 1.0


def burst_minutes(stream: Stream, *, usual: float, bounds: Bounds) -> set[datetime]:
    """The minutes whose answers belong to a burst: all of a window that holds too many, wherever the window begins."""
    needed = max(bounds.burst_answers, bounds.burst_times_usual * usual)
    minutes = sorted(stream)
    found: set[datetime] = set()
    first = 0
    total = 0
    for last, minute in enumerate(minutes):
        total += stream[minute]
        while minute - minutes[first] >= timedelta(minutes=bounds.burst_minutes):
            total -= stream[minutes[first]]
            first += 1
        if total >= needed:
            found.update(minutes[first : last + 1])
    return found


# Identical answers of a day -------------------------------------------------------------------------------------------


def has_long_text(values: Mapping[str, Any], definition: Definition, *, bounds: Bounds) -> bool:
    """Whether somebody wrote so much in their own words that another would hardly write the same."""
    for name, value in values.items():
        if isinstance(value, list):
            if any(isinstance(one, Mapping) and has_long_text(one, definition, bounds=bounds) for one in value):
                return True
        elif isinstance(value, str) and len(value.strip()) >= bounds.text_letters:
            question = definition.by_code.get(name)
            if question is not None and question.type == "text":
                return True
    return False


def without_dates(values: Mapping[str, Any], definition: Definition) -> str:
    """What was answered besides days, as one comparable string: «всё да» of yesterday and of today are the same."""
    return repr(_comparable(values, definition))


def _comparable(values: Mapping[str, Any], definition: Definition) -> list[tuple[str, Any]]:
    kept = []
    for name, value in sorted(values.items()):
        question = definition.by_code.get(name)
        if question is not None and question.type == "date":
            continue
        if isinstance(value, list):
            value = [_comparable(one, definition) if isinstance(one, Mapping) else one for one in value]
        kept.append((name, value))
    return kept


def usual_share(content: str, history: Iterable[str]) -> float:
    """The share of answers that say just this, by what was said before (Laplace: ½ when nothing was)."""
    same = total = 0
    for one in history:
        total += 1
        same += one == content
    return (same + 1) / (total + 2)


def are_too_many(number: int, *, of: int, share: float, bounds: Bounds) -> bool:
    """Whether `number` equal answers without a text among `of` of a day are more than chance brings.

    Three standard deviations above what is usual: short forms where everybody is content are alike by nature.
    """
    expected = of * share
    return number >= bounds.identical_answers and number > expected + 3 * sqrt(expected * (1 - share))


def are_too_many_texts(number: int, *, bounds: Bounds) -> bool:
    return number >= bounds.identical_texts
