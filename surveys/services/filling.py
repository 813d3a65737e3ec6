"""Forms begun and kept for later on the same phone, and what people say of the form afterwards.

A kept form lies encrypted under a key made of the token in the phone's cookie, which the portal does not keep: whoever
has the whole database, but not the phone, reads neither what was typed nor the page's key by which the answers of a
form that was sent elsewhere could be found.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db import connections

from surveys.models import FillingDraft, FormFeedback, SurveyLink
from surveys.quality.addresses import DayCounter
from surveys.services.arriving import Origin
from surveys.storing import renew_draft

DRAFT_KEPT = timedelta(days=3)
# So many forms begun by one link are kept: a hall full of people an hour, but no full disk.
MOST_DRAFTS = 3000
MOST_DRAFTS_AN_HOUR = 600
# And so many by one address: a waiting room behind one router, but nobody alone takes the places of all others.
MOST_DRAFTS_BY_ADDRESS_AN_HOUR = 120

# Filled in for somebody else, one person after another: nothing may be resumed there.
_NEVER_KEPT = frozenset({SurveyLink.Channel.INTERVIEWER, SurveyLink.Channel.PAPER})

# What a token is made into: by the one a form is found, under the other it lies encrypted.
_LOOKUP, _CONTENT = b"surveys.filling: lookup", b"surveys.filling: content"
_NONCE_BYTES = 12
# A form kept takes a power of two, this at least: its length does not tell which answers it became.
_LEAST_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """A form somebody has begun, as their phone left it. `key` is the signed key of the page."""

    key: str
    sent: dict[str, list[str]]
    language: str
    step: int


def keeps_drafts(link: SurveyLink) -> bool:
    return link.channel not in _NEVER_KEPT


def find_draft(*, link_id: int, token: str, now: datetime) -> Kept | None:
    """What the phone with this token has begun at a link, if it is not too old and has not been damaged."""
    content = (
        FillingDraft.objects.filter(token_digest=_digest(token), link_id=link_id, updated_at__gt=now - DRAFT_KEPT)
        .values_list("content", flat=True)
        .first()
    )
    return None if content is None else _decrypted(bytes(content), token, link_id)


def keep_draft(
    *,
    link_id: int,
    token: str | None,
    key: str,
    sent: Mapping[str, list[str]],
    language: str,
    step: int,
    now: datetime,
    begun_there: Callable[[], DayCounter],
) -> str | None:
    """Keep what was typed so far under the phone's token, or under a new one. `key` is the signed key of the page.

    `begun_there` gives the counter of forms this address has begun at the link in this hour.
    Returns the token; None when so many forms are kept for this link, or for this address, that no new one can be.
    """
    form = Kept(key, dict(sent), language, step)
    if token:
        kept = renew_draft(
            connections[FillingDraft.objects.db],
            token_digest=_digest(token),
            link_id=link_id,
            content=_encrypted(form, token, link_id),
            now=now,
            since=now - DRAFT_KEPT,
        )
        if kept:
            return token
    begun = FillingDraft.objects.filter(link_id=link_id)
    if (
        begun.filter(updated_at__gt=now - timedelta(hours=1)).count() >= MOST_DRAFTS_AN_HOUR
        or begun.count() >= MOST_DRAFTS
        or (by_address := begun_there()).count() >= MOST_DRAFTS_BY_ADDRESS_AN_HOUR
    ):
        return None
    by_address.add()
    token = secrets.token_urlsafe(24)
    FillingDraft.objects.create(
        token_digest=_digest(token), link_id=link_id, content=_encrypted(form, token, link_id), updated_at=now
    )
    return token


def drop_draft(*, link_id: int, token: str) -> None:
    FillingDraft.objects.filter(token_digest=_digest(token), link_id=link_id).delete()


def forget_old_drafts(now: datetime) -> int:
    """Delete what nobody has come back to; returns how many."""
    deleted, _by_model = FillingDraft.objects.filter(updated_at__lte=now - DRAFT_KEPT).delete()
    return deleted


def keep_feedback(*, key: str, origin: Origin, day: date, ease: FormFeedback.Ease) -> None:
    """Keep what somebody said of the form, once: what is said again under the same key changes nothing."""
    feedback = FormFeedback(
        key=key, version_id=origin.version_id, institution_id=origin.institution_id, day=day, ease=ease
    )
    FormFeedback.objects.bulk_create([feedback], ignore_conflicts=True)


def _derived(token: str, purpose: bytes) -> bytes:
    """32 bytes made of a token; those for one purpose tell nothing of those for another, nor of the token."""
    # A cookie may hold anything.
    return HKDF(SHA256(), length=32, salt=None, info=purpose).derive(token.encode(errors="replace"))


def _digest(token: str) -> str:
    return _derived(token, _LOOKUP).hex()


def _encrypted(form: Kept, token: str, link_id: int) -> bytes:
    """A random nonce, and the form under it and the token's key; good for this link only."""
    words = [form.key, form.sent, form.language, form.step]
    text = json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    size = max(_LEAST_BYTES, 1 << (len(text) - 1).bit_length())
    nonce = secrets.token_bytes(_NONCE_BYTES)
    # JSON ends with as many spaces as it likes.
    return nonce + AESGCM(_derived(token, _CONTENT)).encrypt(nonce, text.ljust(size), str(link_id).encode())


def _decrypted(content: bytes, token: str, link_id: int) -> Kept | None:
    """None for what was damaged, or not written under this token for this link."""
    nonce, text = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
    try:
        words = AESGCM(_derived(token, _CONTENT)).decrypt(nonce, text, str(link_id).encode())
    except (InvalidTag, ValueError):
        # ValueError: cut so short that there is no nonce.
        return None
    return Kept(*json.loads(words))
