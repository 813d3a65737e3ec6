"""The key a questionnaire page carries: by it answers from one opened page are stored once, whatever is sent again.

Random, so that it tells nothing of who opened the page; signed together with the link and the instant it was made, so
that a key of another link, an invented one, or an earlier instant (to slip in after the close) is refused. What is
asked after the answers were sent has a key of its own, which nothing joins with theirs.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.signing import BadSignature, Signer

ANSWERS, FEEDBACK = "page_keys", "feedback_keys"


class BadPageKey(Exception):
    """The key is missing, damaged, or was made for another link."""


@dataclass(frozen=True, slots=True)
class PageKey:
    random: str  # stands in the stored response
    begun_at: datetime
    signed: str  # stands in the page


def new_page_key(link_id: int, now: datetime, purpose: str = ANSWERS) -> PageKey:
    random = secrets.token_urlsafe(16)
    # Whole seconds: enough for the grace.
    second = int(now.timestamp())
    return PageKey(random, datetime.fromtimestamp(second, UTC), _signer(link_id, purpose).sign(f"{random}.{second}"))


def read_page_key(link_id: int, signed: str, purpose: str = ANSWERS) -> PageKey:
    """The key as it came back with the answers. Raises BadPageKey."""
    try:
        random, second = _signer(link_id, purpose).unsign(signed).split(".")
    except BadSignature:
        raise BadPageKey from None
    return PageKey(random, datetime.fromtimestamp(int(second), UTC), signed)


def _signer(link_id: int, purpose: str) -> Signer:
    return Signer(salt=f"surveys.{purpose}.{link_id}")
