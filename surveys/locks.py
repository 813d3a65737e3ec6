"""Days whose answers no decision may change any more: those of a published quarter.

Who publishes quarters stands above this app and registers the question in its AppConfig.ready().
"""

from collections.abc import Callable, Iterable
from datetime import date

# (institution id, ЖС id, days) → the published quarter that holds one of the days, as people call it, or None.
Question = Callable[[int, int, Iterable[date]], str | None]
_questions: list[Question] = []


class PublishedAlready(Exception):
    """Answers of a published quarter stay as they are; `str()` is its name in Russian."""


def register(question: Question) -> Question:
    _questions.append(question)
    return question


def require_unpublished(*, institution_id: int, life_situation_id: int, days: Iterable[date]) -> None:
    """Raise PublishedAlready when one of the days lies in a published quarter of the ЖС in the institution's region.

    Within a transaction nobody publishes these quarters until its end. Whoever changes answers asks inside
    `rollups.changing`: the locks are then taken in one order by all.
    """
    asked = sorted(set(days))
    for question in _questions:
        if found := question(institution_id, life_situation_id, asked):
            raise PublishedAlready(found)
