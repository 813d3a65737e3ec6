"""What a dry run of an import has checked, kept until its author confirms it: files are not asked for twice."""

import secrets
from typing import Any

from django.core.cache import cache

from accounts.models import User
from regions.models import Region

KEPT_SECONDS = 60 * 60


def keep(kind: str, payload: Any, *, region: Region, by: User) -> str:
    """Keep `payload` (whatever the cache can hold) for an hour; returns the word to recall it by."""
    word = secrets.token_urlsafe(16)
    cache.set(_key(kind, word, region, by), payload, KEPT_SECONDS)
    return word


def recall(kind: str, word: str, *, region: Region, by: User) -> Any | None:
    """What this person kept for this region under `word`; None when it is forgotten, or somebody else's."""
    return cache.get(_key(kind, word, region, by))


def forget(kind: str, word: str, *, region: Region, by: User) -> None:
    cache.delete(_key(kind, word, region, by))


def _key(kind: str, word: str, region: Region, by: User) -> str:
    # A word comes back from a form, and may be anything of any length.
    known = word if len(word) <= 40 and word.isascii() and word.isprintable() and " " not in word else "-"
    return f"dry-run:{kind}:{region.pk}:{by.pk}:{known}"
