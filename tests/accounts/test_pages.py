"""Every page of signing in, as a person sees it: on a phone and on a desk, readable by all, nothing in English.

The pictures lie in pytest's folder of the run (--basetemp).
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage, get_connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page

from accounts.models import User
from accounts.services import set_totp
from nsi_portal.demo.people import DEMO_TOTP_SECRET, email_of
from regions.roles import Role
from tests.accounts.codes import totp_code
from tests.accounts.pages import sign_in
from tests.browser import *  # noqa: F403
from tests.browser import accessibility_problems
from tests.factories import PASSWORD, TOTP_SECRET, MembershipFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

WIDTHS = (360, 1280)
# Words that are written so in Russian too.
FOREIGN = {"nsi", "google", "authenticator", "freeotp", "aegis", "pin", "usb", "qr", "chrome", "linux", "javascript"}
# The names people are known by and what they see once signed in.
STRANGER = [
    ("account_login", []),
    ("account_request_login_code", []),
    ("account_reset_password", []),
    ("account_reset_password_done", []),
    ("account_reset_password_from_key", ["1", "used-up"]),
    ("account_reset_password_from_key_done", []),
    ("account_inactive", []),
    ("account_signup", []),
    ("socialaccount_login_cancelled", []),
    ("developer-letters", []),
]
SIGNED_IN = [
    ("account_logout", []),
    ("account_change_password", []),
    ("account_reauthenticate", []),
    ("mfa_reauthenticate", []),
    ("consent", []),
    ("mfa_index", []),
    ("mfa_list_webauthn", []),
    ("mfa_edit_webauthn", ["key"]),
    ("mfa_remove_webauthn", ["key"]),
    ("mfa_deactivate_totp", []),
    ("mfa_view_recovery_codes", []),
    ("mfa_generate_recovery_codes", []),
    ("usersessions_list", []),
]


class Eyes:
    """Looks at a page in every width and writes down what is wrong with it."""

    def __init__(self, browser: Browser, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.wrong: list[str] = []
        self.context = browser.new_context(base_url=url, locale="ru-RU")
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self._hear(message.type, message.text))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and "status of 4" not in text:
            self.wrong.append(text)

    def come_as(self, client: Client) -> None:
        self.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": self.url}])

    def look(self, name: str) -> None:
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 800})
            self.page.screenshot(path=self.folder / f"{name}-{width}.png", full_page=True)
            if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                self.wrong.append(f"{name}: scrolls sideways at {width} px")
            self.wrong += [f"{name} at {width} px: {problem}" for problem in accessibility_problems(self.page)]
        self.wrong += [f"{name}: «{word}»" for word in english(self.page)]

    def open(self, name: str, *arguments: object) -> None:
        self.page.goto(reverse(name, args=arguments))
        self.look(name)


def english(page: Page) -> list[str]:
    """Latin words on the page that are neither names nor addresses."""
    text = re.sub(r"\S+@\S+|https?://\S+|Номер запроса.*|номер запроса: \w+", "", page.locator("main").inner_text())
    text = re.sub(r"\b[A-Z2-7]{32}\b", "", text)
    return sorted({word for word in re.findall(r"\b[A-Za-z]{3,}\b", text) if word.lower() not in FOREIGN})


@pytest.fixture
def eyes(browser: Browser, live_server: Any, tmp_path: Path, settings: Any) -> Iterator[Eyes]:
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    eyes = Eyes(browser, live_server.url, tmp_path)
    yield eyes
    eyes.context.close()
    assert eyes.wrong == []


def person(role: Role, **options: Any) -> User:
    user = UserFactory(email="fomina@example.ru", full_name="Фомина Татьяна Львовна", password=PASSWORD, **options)
    MembershipFactory(role=role, user=user)
    return user


def signed_in(user: User, *, step: int = 0) -> Client:
    client = Client(HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0 Safari/537.36")
    sign_in(client, user.email)
    client.post(reverse("mfa_authenticate"), {"code": totp_code(TOTP_SECRET, step=step)})
    assert get_user_model().objects.get(pk=client.session["_auth_user_id"]) == user
    return client


def test_the_pages_of_a_stranger(eyes: Eyes):
    admin = MembershipFactory(role=Role.AGENCY_ADMIN, user=UserFactory(email=email_of(Role.AGENCY_ADMIN))).user
    set_totp(admin, DEMO_TOTP_SECRET)
    get_connection("django.core.mail.backends.filebased.EmailBackend").send_messages(
        [
            EmailMessage(
                "Портал НСИ: новый пароль", "Откройте ссылку:\n\nhttp://127.0.0.1:8000/help/", to=["a@example.ru"]
            )
        ]
    )
    for name, arguments in STRANGER:
        eyes.open(name, *arguments)
    eyes.page.get_by_role("link", name="новый пароль").click()
    eyes.look("developer-letter")


def test_the_steps_of_signing_in(eyes: Eyes):
    user = person(Role.NSI_ADMIN, consent=False)
    page = eyes.page
    page.goto("/accounts/login/")
    page.get_by_label("Адрес электронной почты").fill(user.email)
    page.get_by_label("Пароль").fill("не тот пароль")
    page.get_by_role("button", name="Войти", exact=True).click()
    eyes.look("wrong-password")
    page.get_by_label("Пароль").fill(PASSWORD)
    page.get_by_role("button", name="Войти", exact=True).click()
    eyes.look("mfa_authenticate")
    page.get_by_label("Код").fill("000000")
    page.get_by_role("button", name="Войти", exact=True).click()
    eyes.look("wrong-code")
    page.get_by_role("button", name="Войти по-другому").click()
    page.get_by_role("link", name="Получить код по почте").click()
    page.get_by_label("Адрес электронной почты").fill("nobоdy@example.ru")
    page.evaluate("document.querySelector('main form').noValidate = true")
    page.get_by_role("button", name="Прислать код").click()
    eyes.look("look-alike")
    page.get_by_label("Адрес электронной почты").fill("nobody@example.ru")
    page.get_by_role("button", name="Прислать код").click()
    eyes.look("account_confirm_login_code")
    page.get_by_label("Код из письма").fill("0000-0000")
    page.get_by_role("button", name="Войти", exact=True).click()
    eyes.look("wrong-code-of-letter")


def test_what_comes_before_work(eyes: Eyes):
    user = UserFactory(email="new@example.ru", full_name="Новикова Вера Ильинична", password=PASSWORD, consent=False)
    MembershipFactory(role=Role.NSI_ADMIN, user=user, second_factor=False)
    page = eyes.page
    page.goto("/accounts/login/")
    page.get_by_label("Адрес электронной почты").fill(user.email)
    page.get_by_label("Пароль").fill(PASSWORD)
    page.get_by_role("button", name="Войти", exact=True).click()
    eyes.look("consent-asked")
    page.get_by_role("button", name="Продолжить").click()
    eyes.look("consent-not-ticked")
    page.get_by_label("Даю согласие").check()
    page.get_by_role("button", name="Продолжить").click()
    eyes.look("second-factor")
    page.get_by_role("link", name="Настроить приложение").click()
    eyes.look("mfa_activate_totp")
    page.get_by_label("Код из приложения").fill("000000")
    page.get_by_role("button", name="Включить").click()
    eyes.look("mfa_activate_totp-wrong")
    page.get_by_label("Код из приложения").fill(totp_code(page.locator("code.short-code").inner_text()))
    page.get_by_role("button", name="Включить").click()
    eyes.look("recovery-codes-first")


def test_the_pages_of_ones_own_sign_in(eyes: Eyes, live_server: Any):
    user = person(Role.NSI_ADMIN)
    key = Authenticator.objects.create(
        user=user, type="webauthn", data={"name": "Рабочий ноутбук", "credential": {}}, last_used_at=timezone.now()
    )
    signed_in(user)
    eyes.come_as(signed_in(user, step=1))
    for name, arguments in SIGNED_IN:
        eyes.open(name, *[key.pk if one == "key" else one for one in arguments])
    # A made-up key answers no browser: the page that reads the keys there are is looked at without it.
    key.delete()
    eyes.open("mfa_add_webauthn")
    eyes.page.goto(reverse("mfa_index"))
    eyes.page.locator(".user-menu summary").click()
    eyes.look("user-menu")
