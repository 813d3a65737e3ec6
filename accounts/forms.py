"""Forms of signing in: allauth's, in the portal's words, with addresses in their one form."""

from typing import Any

from allauth.account import forms as account_forms
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.core.cache import cache
from django.core.exceptions import ValidationError

from accounts.addresses import LONGEST, normalise_email

EMAIL = "Адрес электронной почты"


class EmailField(forms.EmailField):
    """An address in its one form (accounts.addresses); look-alike and invisible characters are named to the writer."""

    widget = forms.EmailInput(attrs={"autocomplete": "email"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"label": EMAIL, "max_length": LONGEST, **options})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return normalise_email(text) if text else text


class SignInField(EmailField):
    """The address at sign-in: what is wrong with it is answered like a wrong password."""

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except ValidationError as error:
            if not {one.code for one in error.error_list} <= {"cyrillic", "invisible"}:
                raise
            # Nobody is known by such an address.
            return value.strip().lower()


class ConsentForm(forms.Form):
    agreed = forms.BooleanField(
        label="Даю согласие на обработку моих персональных данных",
        error_messages={"required": "Отметьте, что даёте согласие. Без него работать на портале нельзя."},
    )


class LoginForm(account_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = SignInField(widget=forms.EmailInput(attrs={"autocomplete": "username webauthn"}))
        self.order_fields(["login", "password"])


class RequestLoginCodeForm(account_forms.RequestLoginCodeForm):
    email = EmailField()


class ResetPasswordForm(account_forms.ResetPasswordForm):
    email = EmailField()


def _code_field(label: str, help_text: str = "") -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True})
    return forms.CharField(label=label, help_text=help_text, max_length=40, widget=widget)


class ConfirmLoginCodeForm(account_forms.ConfirmLoginCodeForm):
    code = _code_field("Код из письма")


class _OnceOnly(mfa_forms.BaseAuthenticateForm):
    """A code of the app is refused the second time for as long as it would be valid, a clock that is off included."""

    authenticator: Authenticator

    def clean_code(self) -> str:
        code: str = super().clean_code()
        lives = mfa_settings.TOTP_PERIOD * (2 * mfa_settings.TOTP_TOLERANCE + 1)
        if not cache.add(f"second-factor-used:{self.user.pk}:{code.strip()}", True, lives):
            raise get_mfa_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_OnceOnly, mfa_forms.AuthenticateForm):
    code = _code_field("Код", "Шесть цифр из приложения или один из резервных кодов.")


class ReauthenticateForm(_OnceOnly, mfa_forms.ReauthenticateForm):
    code = _code_field("Код", "Шесть цифр из приложения или один из резервных кодов.")


class ActivateTotpForm(totp_forms.ActivateTOTPForm):
    code = _code_field("Код из приложения", "Шесть цифр, которые приложение показывает сейчас.")


# What the browser's key answered is anybody's word: what a parser says of nonsense is a refusal, not a failure.
_NONSENSE = (AttributeError, KeyError, IndexError, TypeError, ValueError, NotImplementedError)


def _credential_field() -> forms.JSONField:
    return forms.JSONField(label="Ответ ключа", widget=forms.HiddenInput)


class _PasskeyAnswer(webauthn_forms.AuthenticateWebAuthnForm):
    credential = _credential_field()

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except _NONSENSE as error:
            raise get_mfa_adapter().validation_error("incorrect_code") from error


class AuthenticatePasskeyForm(_PasskeyAnswer):
    pass


class LoginPasskeyForm(_PasskeyAnswer, webauthn_forms.LoginWebAuthnForm):
    pass


class ReauthenticatePasskeyForm(_PasskeyAnswer, webauthn_forms.ReauthenticateWebAuthnForm):
    pass


class AddPasskeyForm(webauthn_forms.AddWebAuthnForm):
    name = forms.CharField(
        label="Название ключа",
        help_text="Чтобы отличать ключи друг от друга: «Рабочий ноутбук», «Телефон».",
        max_length=60,
        required=False,
    )
    passwordless = forms.BooleanField(
        label="Входить этим ключом без пароля",
        help_text="Устройство каждый раз спросит отпечаток, лицо или PIN-код. Без отметки ключ заменит только код.",
        initial=True,
        required=False,
    )
    credential = _credential_field()
    field_order = ["name", "passwordless", "credential"]

    def clean(self) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super().clean()
        except _NONSENSE as error:
            raise get_mfa_adapter().validation_error("incorrect_code") from error
        return cleaned


class EditPasskeyForm(webauthn_forms.EditWebAuthnForm):
    name = forms.CharField(label="Название ключа", max_length=60)


class ApiTokenForm(forms.Form):
    name = forms.CharField(
        label="Для чего ключ",
        max_length=100,
        help_text="Название программы, например «Выгрузка в хранилище региона»",
    )
    days = forms.TypedChoiceField(
        label="Сколько действует",
        choices=[(30, "30 дней"), (90, "90 дней"), (365, "год")],
        coerce=int,
        initial=90,
    )
    may_change = forms.BooleanField(
        label="Разрешить изменять: создавать, закрывать и открывать ссылки",
        required=False,
        help_text="Без этой отметки ключ только читает",
    )
