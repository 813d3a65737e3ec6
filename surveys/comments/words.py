"""The dictionary of Russian word forms (OpenCorpora, by pymorphy): one for the process, loaded by the first question.

It takes some 25 MB and a tenth of a second: a process that meets no comments does without it. Pure.
"""

from __future__ import annotations

import logging
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer
    from pymorphy3.tagset import OpencorporaTag

# Longer ones are no words; looking them up would only cost time.
_LONGEST = 40
_KEPT = 20_000


@lru_cache(maxsize=_KEPT)
def is_known(word: str) -> bool:
    return len(word) <= _LONGEST and bool(_dictionary().word_is_known(word.lower()))


@lru_cache(maxsize=_KEPT)
def tags(word: str) -> tuple[OpencorporaTag, ...]:
    """Grammatical readings of a word of the dictionary, the likeliest first; none for other words."""
    return tuple(_dictionary().tag(word.lower())) if is_known(word) else ()


@lru_cache(maxsize=_KEPT)
def lemmas(word: str) -> tuple[str, ...]:
    """The dictionary forms of a word, the likeliest first: «людям» → человек; none for other words."""
    if not is_known(word):
        return ()
    return tuple(dict.fromkeys(one.normal_form for one in _dictionary().parse(word.lower())))


@cache
def _dictionary() -> MorphAnalyzer:
    from pymorphy3 import MorphAnalyzer

    # It tells where its files lie, every time.
    logging.getLogger("pymorphy3").setLevel(logging.WARNING)
    return MorphAnalyzer(lang="ru")
