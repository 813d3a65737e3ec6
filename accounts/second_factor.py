"""The second factor of signing in: who has one, and who has to."""

from typing import cast

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import User

# Recovery codes stand in for a lost factor; they are none by themselves.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def is_required(user: User) -> bool:
    """Whether one of the person's roles asks for a second factor (SECOND_FACTOR_REQUIRED says who knows)."""
    return cast(bool, import_string(settings.SECOND_FACTOR_REQUIRED)(user))


def exists_for(user: User) -> bool:
    return cast(bool, Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def may_be_removed(authenticator: Authenticator) -> bool:
    """Whether the person may go on without this authenticator: not without the last factor that is required."""
    if authenticator.type not in FACTORS or not is_required(authenticator.user):
        return True
    others = Authenticator.objects.filter(user=authenticator.user, type__in=FACTORS).exclude(pk=authenticator.pk)
    return cast(bool, others.exists())
