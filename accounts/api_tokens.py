"""Keys of the API: a person makes one, a program shows it, the person takes it back."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from accounts import consent, second_factor
from accounts.models import ApiToken, User

PREFIX = "nsi_"
LONGEST_DAYS = 365
# More keys than this one person does not tell apart.
MOST_IN_FORCE = 10


class TooManyTokens(Exception):
    """The person has as many keys as one may have."""


@transaction.atomic
def issue(*, user: User, name: str, days: int, may_change: bool, at: datetime) -> tuple[ApiToken, str]:
    """Make a key that works for `days` (1…365) days: the row, and the key itself, which is shown once.

    Raises TooManyTokens, and PermissionDenied when the person was shut out in the meantime.
    """
    # Of two made in one moment the second counts the first; none slips in behind `revoke_all`.
    if not User.objects.select_for_update(no_key=True).get(pk=user.pk).is_active:
        raise PermissionDenied
    if ApiToken.objects.in_force(at).filter(user=user).count() >= MOST_IN_FORCE:
        raise TooManyTokens
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        beginning=secret[: len(PREFIX) + 4],
        digest=_digest(secret),
        may_change=may_change,
        created_at=at,
        expires_at=at + timedelta(days=min(days, LONGEST_DAYS)),
    )
    return token, secret


def find(secret: str, *, at: datetime) -> ApiToken | None:
    """The key in force, of a person who may sign in. None for any other, whatever is wrong with it."""
    if not secret.startswith(PREFIX) or len(secret) > 100:
        return None
    found = ApiToken.objects.in_force(at).select_related("user").filter(digest=_digest(secret)).first()
    return found if found and found.user.is_active else None


def why_not_yet(user: User) -> str:
    """What the person must do on the portal's pages before a program may act for them (Russian); empty when nothing."""
    if not consent.is_given(user):
        return "Сначала войдите на портал и дайте согласие на обработку персональных данных."
    if second_factor.is_required(user) and not second_factor.exists_for(user):
        return "Сначала войдите на портал и настройте второй шаг входа."
    return ""


def note_use(token: ApiToken, *, at: datetime) -> None:
    today = at.date()
    if token.last_used_on != today:
        ApiToken.objects.filter(Q(last_used_on=None) | Q(last_used_on__lt=today), pk=token.pk).update(
            last_used_on=today
        )


def revoke(*, token: ApiToken, at: datetime) -> bool:
    """From now on the key opens nothing. Revoking twice keeps the first instant; returns whether this was the first."""
    return bool(ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=at))


def revoke_all(*, user: User, at: datetime) -> None:
    """As `revoke`, all the keys of a person."""
    user.api_tokens.filter(revoked_at=None).update(revoked_at=at)


def _digest(secret: str) -> str:
    # 256 bits of chance need no slow hash.
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
