"""Words and their stems: the search that finds «врачи грубили» by «грубый врач», the same on every database. Pure.

A word is found by the stem of its form (Snowball) or of its dictionary form: «справок» by «справка», «людям» by
«человек». Letter case and the dots of «ё» make no difference.
"""

import re
from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from typing import Any

from surveys.comments.words import lemmas

# Of a search; more would only make it slower, not better.
MOST_WORDS = 10
# A word longer than this is none; its beginning is enough to find it by.
_LONGEST = 60
_WORD = re.compile(r"[^\W_]+")


Keys = tuple[str, ...]


def stems(text: str) -> str:
    """The stems of a text, each once, each between spaces: « врач груб ». Empty for a text without words."""
    found = dict.fromkeys(key for _, _, keys in _stemmed(text) for key in keys)
    return f" {' '.join(found)} " if found else ""


def stems_of_search(text: str) -> list[Keys]:
    """For each word to look for, at most `MOST_WORDS`, its stems: one of them must be there for every word."""
    return list(dict.fromkeys(keys for _, _, keys in _stemmed(text)))[:MOST_WORDS]


def marked(text: str, wanted: Collection[Keys]) -> Iterator[tuple[str, bool]]:
    """The text in pieces, and whether each is a word that was looked for."""
    at, stems_wanted = 0, {key for keys in wanted for key in keys}
    for start, end, keys in _stemmed(text) if stems_wanted else ():
        if not stems_wanted.isdisjoint(keys):
            yield text[at:start], False
            yield text[start:end], True
            at = end
    yield text[at:], False


def _stemmed(text: str) -> Iterator[tuple[int, int, Keys]]:
    for found in _WORD.finditer(text):
        yield found.start(), found.end(), _keys(found[0][:_LONGEST])


@lru_cache(maxsize=20_000)
def _keys(word: str) -> Keys:
    folded = word.casefold()
    forms = (folded, *lemmas(folded)[:1]) if folded[0] >= "а" else (folded,)
    return tuple(dict.fromkeys(_stem(form.replace("ё", "е")) for form in forms))


def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word)) or word


@cache
def _stemmer() -> Any:
    # Loads the stemmers of thirty languages: a tenth of a second, only for those who need one.
    import snowballstemmer

    return snowballstemmer.stemmer("russian")
