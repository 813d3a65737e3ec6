"""Links of letters: a token nobody can guess, of which the portal keeps only the hash."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings

TOKEN_BYTES = 24
_LONGEST = 100


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_of(token: str) -> str:
    # One round is enough: a token is random, unlike a password.
    return hashlib.sha256(token[:_LONGEST].encode(errors="replace")).hexdigest()


def valid_until(sent_at: datetime) -> datetime:
    return sent_at + timedelta(days=settings.INVITATION_DAYS)
