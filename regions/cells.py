"""Reading the cells of a sheet people have filled in: words, one of several things, and what is wrong where."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from regions.services.institutions import plain_name
from regions.spreadsheets import CellError, CellValue, safe_text

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong and where: `row` is None for the whole file, `column` empty for a whole row."""

    row: int | None
    column: str
    message: str


class ImportRefused(Exception):
    """Nothing was stored; `problems` lists everything to mend, from the top of the sheet down."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


class WrongCell(Exception):
    """One cell cannot be read; the message is in Russian."""


def is_filled(value: CellValue) -> bool:
    return bool(value.strip()) if isinstance(value, str) else True


def text_of(value: CellValue) -> str:
    """The value as a person sees it in the cell. Raises WrongCell for what is no word."""
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, CellError):
        raise WrongCell(f"в ячейке {value.problem}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongCell("здесь должен быть текст")
    return f"{value:.15g}"


def line_of(value: CellValue, limit: int) -> str:
    """Words in one line, at most `limit` characters. Raises WrongCell."""
    text = " ".join(text_of(value).split())
    if not text:
        raise WrongCell("заполните эту ячейку")
    if len(text) > limit:
        raise WrongCell(f"здесь {len(text)} знаков, а можно не больше {limit}")
    return text


def short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"


def by_words(things: Iterable[Found], words: Callable[[Found], Iterable[str]]) -> dict[str, Found]:
    """Things by all they may be called, each only by what names no other."""
    found: dict[str, list[Found]] = {}
    for thing in things:
        for word in {plain_name(str(word)) for word in words(thing)}:
            found.setdefault(word, []).append(thing)
    return {word: named[0] for word, named in found.items() if len(named) == 1}


def one_of(known: Mapping[str, Found], value: CellValue) -> Found:
    """The thing that is called like this. Raises WrongCell, which names them all."""
    text = text_of(value)
    found = known.get(plain_name(text))
    if found is None:
        titles = dict.fromkeys(getattr(one, "label", str(one)) for one in known.values())
        raise WrongCell(f"«{short(text)}» не подходит; возможные значения: {'; '.join(titles)}")
    return found
