"""What is done to people: ending and renewing their access, giving them a second factor."""

from datetime import datetime
from functools import partial

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.db import transaction

from accounts import api_tokens, letters
from accounts.models import ApiToken, User

# How the history of a person names what changed no field of theirs.
SECOND_FACTOR_RESET = "Сброшен второй шаг"
API_KEY_REVOKED = "Отозван ключ для программ"


@transaction.atomic
def disable(user: User, *, by: User | None, at: datetime) -> None:
    """Close the portal to a person at once: the next request of their sessions and of their programs is a stranger's.

    Who may do this is for the caller to ask. The change stands in the person's history under `by`.
    """
    _change_access(user, is_active=False, by=by, at=at)
    end_sessions(user)
    api_tokens.revoke_all(user=user, at=at)


@transaction.atomic
def enable(user: User, *, by: User | None, at: datetime) -> None:
    """Let a person sign in again. Sessions that were ended stay ended, and keys of programs revoked."""
    _change_access(user, is_active=True, by=by, at=at)


def end_sessions(user: User, *, but: str | None = None) -> int:
    """End the person's sessions, all or all but the one with the key `but`; returns how many."""
    sessions = list(UserSession.objects.filter(user=user).exclude(session_key=but))
    for session in sessions:
        session.end()
    return len(sessions)


@transaction.atomic
def reset_second_factor(user: User, *, by: User | None, at: datetime) -> None:
    """Take away what a person has lost: app, passkeys, recovery codes.

    Their sessions end and the keys of their programs; they are told by letter.

    Who may do this, and whether it is really the person who asks, is for the caller to know. Whose role needs a second
    factor sets one up at the next sign-in. It stands in the person's history under `by`.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    user._change_reason = SECOND_FACTOR_RESET  # type: ignore[attr-defined]
    _record(user, by=by, at=at)
    Authenticator.objects.filter(user=user).delete()
    end_sessions(user)
    # Whoever has found the telephone may have made keys with it.
    api_tokens.revoke_all(user=user, at=at)
    letter = letters.compose(to=user.email, template="account/email/second_factor_reset", context={"user": user})
    transaction.on_commit(partial(letters.post, letter))


@transaction.atomic
def revoke_api_token(token: ApiToken, *, by: User, at: datetime) -> None:
    """Take a key of a program from a person. Who may do this is for the caller to ask; it stands in the history."""
    user = User.objects.select_for_update(no_key=True).get(pk=token.user_id)
    if api_tokens.revoke(token=token, at=at):
        user._change_reason = API_KEY_REVOKED  # type: ignore[attr-defined]
        _record(user, by=by, at=at)


@transaction.atomic
def set_totp(user: User, secret: str) -> None:
    """Give a person an authenticator with a known secret (base32), and recovery codes: demonstrations and tests."""
    Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)


def _change_access(user: User, *, is_active: bool, by: User | None, at: datetime) -> None:
    user.is_active = is_active
    _record(user, by=by, at=at)


def _record(user: User, *, by: User | None, at: datetime) -> None:
    # Read by the history of cards.
    user._history_user, user._history_date = by, at  # type: ignore[attr-defined]
    try:
        user.save(update_fields=["is_active"])
    finally:
        del user._history_user, user._history_date  # type: ignore[attr-defined]
