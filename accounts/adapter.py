"""How allauth behaves here: people are invited, letters and redirects lead to the portal, secrets are encrypted."""

import base64
import hashlib
import logging
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from allauth.account import app_settings as account_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.encoding import force_bytes
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import letters, second_factor
from accounts.addresses import normalise_email
from accounts.models import User

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "Адрес электронной почты или пароль указаны неверно.",
        "enter_current_password": "Текущий пароль указан неверно.",
        "incorrect_code": "Код неверен или больше не действует.",
        "incorrect_password": "Пароль указан неверно.",
        "rate_limited": "Слишком много попыток. Подождите несколько минут.",
        "too_many_login_attempts": "Слишком много неудачных попыток. Подождите несколько минут.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str | None) -> bool:
        # Only this very host: allauth would also lead to any other name the portal answers to.
        request = context.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    def get_reset_password_from_key_url(self, key: str) -> str:
        # The host of the request is the asker's word: a letter must not lead where a stranger wants.
        path: str = urlsplit(super().get_reset_password_from_key_url(key)).path
        return settings.PUBLIC_URL + path

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        # By the post, not at once: the page that answers must not tell whether there was somebody to write to.
        letters.post(self.render_mail(template_prefix, email, {**context, "email": email}))

    def set_password(self, user: User, password: str) -> None:
        user.set_password(password)
        user.save(update_fields=["password"])

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Who has just signed in has just shown who they are."""
        records = get_authentication_records(context.request, context.request.user)
        latest = max((record["at"] for record in records), default=0)
        if time.time() - latest < account_settings.REAUTHENTICATION_TIMEOUT:
            return False
        required: bool = super().is_reauthentication_required(app=app, **kwargs)
        return required


class MFAAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": "Ваша роль требует второго шага при входе, а это последний. "
        "Сначала добавьте другой способ, затем отключите этот.",
        "incorrect_code": "Код неверен или уже использован. Дождитесь следующего и введите его.",
    }

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return _cipher().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            # SECRET_KEY was changed. No code must fit then, and no page fail: the factor has to be reset.
            logger.exception("the secret of a second factor cannot be read: SECRET_KEY is not what it was")
            return generate_totp_secret()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return second_factor.may_be_removed(authenticator)

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return f"Ключ {number}"

    def _get_site_name(self) -> str:
        return str(settings.MFA_TOTP_ISSUER)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Whom the provider vouches for is let in when the portal knows them; nobody is added, nothing is connected."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def authenticate_by_email(self, sociallogin: Any) -> None:
        # Not allauth's way, which takes the password of an unconfirmed address for a stranger's and removes it:
        # people here are invited, their addresses are theirs.
        return None

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        user = _known_by(one.email for one in sociallogin.email_addresses if one.verified is True)
        if user is None or sociallogin.state.get("process") != "login":
            # Unknown, unverified, disabled: one page, which does not say which.
            raise ImmediateHttpResponse(render(request, "socialaccount/refused.html", status=403))
        sociallogin.user = user


def _known_by(addresses: Iterable[str]) -> User | None:
    for address in addresses:
        try:
            user = User.objects.filter(email=normalise_email(address), is_active=True).first()
        except ValidationError:
            continue
        if user:
            return user
    return None


def _cipher() -> MultiFernet:
    """For what lies in the database; SECRET_KEY does not lie there. Former keys still read what they wrote."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str | bytes) -> bytes:
    # A key of its own, not the one that signs: SECRET_KEY is long and random, so that one round is enough.
    return base64.urlsafe_b64encode(hashlib.blake2b(force_bytes(key), digest_size=32, person=b"second-factor").digest())
