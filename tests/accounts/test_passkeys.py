"""Passkeys in a real browser, with an authenticator that Chromium plays itself.

The portal is at localhost: a number is no name a passkey could be bound to.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from accounts.models import User
from regions.roles import Role
from tests.accounts.codes import totp_code
from tests.browser import *  # noqa: F403
from tests.browser import accessibility_problems
from tests.factories import PASSWORD, TOTP_SECRET, MembershipFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


class Person:
    """A browser with an authenticator of its own, which always says yes until told otherwise."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.url = url
        self.context = browser.new_context(base_url=url, locale="ru-RU", viewport={"width": 1280, "height": 800})
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda message: self._hear(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.devices: CDPSession = self.context.new_cdp_session(self.page)
        self.devices.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self.device = self.devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and "status of 4" not in text:
            self.complaints.append(text)

    def refuse(self) -> None:
        """From now on the finger is not the owner's."""
        self.devices.send("WebAuthn.setUserVerified", {"authenticatorId": self.device, "isUserVerified": False})

    def sign_in(self, user: User) -> Page:
        self.page.goto("/accounts/login/")
        self.page.get_by_label("Адрес электронной почты").fill(user.email)
        self.page.get_by_label("Пароль").fill(PASSWORD)
        self.page.get_by_role("button", name="Войти", exact=True).click()
        return self.page

    def sign_out(self) -> None:
        self.context.clear_cookies()


@pytest.fixture
def person(browser: Browser, live_server: Any) -> Iterator[Person]:
    assert live_server.url.startswith("http://localhost:")
    person = Person(browser, live_server.url)
    yield person
    person.context.close()
    assert person.complaints == []
    assert [url for url in person.requests if not url.startswith((f"{person.url}/", "data:", "blob:"))] == []


@pytest.fixture
def administrator() -> User:
    """Of a region, newly invited: has to set up a second factor."""
    user = UserFactory(email="new@example.ru", password=PASSWORD)
    return MembershipFactory(role=Role.NSI_ADMIN, user=user, second_factor=False).user


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def add_passkey(page: Page, name: str = "Рабочий ноутбук") -> None:
    page.get_by_label("Название ключа").fill(name)
    page.get_by_role("button", name="Создать ключ").click()


def test_a_passkey_is_made_and_signs_in_without_password_and_code(person: Person, administrator: User):
    page = person.sign_in(administrator)
    heading(page, "Второй шаг входа")
    page.get_by_role("link", name="Добавить ключ доступа").click()
    assert accessibility_problems(page) == []
    add_passkey(page)
    heading(page, "Резервные коды")
    page.get_by_role("link", name="Коды сохранены, продолжить").click()
    heading(page, "Мой кабинет")
    assert [one.type for one in administrator.authenticator_set.order_by("type")] == ["recovery_codes", "webauthn"]

    person.sign_out()
    page.goto("/accounts/login/?next=/help/")
    page.get_by_role("button", name="Ключ доступа").click()
    expect(page).to_have_url(f"{person.url}/help/")
    expect(page.locator(".user-menu-name")).to_have_text(administrator.short_name)

    page.goto("/accounts/security/passkeys/")
    expect(page.get_by_text("Рабочий ноутбук")).to_be_visible()
    expect(page.get_by_text("входит без пароля")).to_be_visible()


def test_a_passkey_is_the_second_step_after_a_password(person: Person, administrator: User):
    page = person.sign_in(administrator)
    page.get_by_role("link", name="Добавить ключ доступа").click()
    page.get_by_label("Входить этим ключом без пароля").uncheck()
    add_passkey(page)
    heading(page, "Резервные коды")
    person.sign_out()
    person.sign_in(administrator)
    heading(page, "Второй шаг входа")
    assert accessibility_problems(page) == []
    page.get_by_role("button", name="Подтвердить ключом доступа").click()
    heading(page, "Мой кабинет")


def test_a_key_that_was_not_confirmed_is_said_on_the_page(person: Person, administrator: User):
    page = person.sign_in(administrator)
    page.get_by_role("link", name="Добавить ключ доступа").click()
    add_passkey(page)
    heading(page, "Резервные коды")
    person.sign_out()
    person.refuse()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Ключ доступа").click()
    expect(page.get_by_role("alert").filter(has_text="Ключ не подтверждён")).to_be_visible()
    heading(page, "Вход для сотрудников")


def test_a_key_is_renamed_and_removed_once_there_is_another_factor(person: Person, administrator: User):
    page = person.sign_in(administrator)
    page.get_by_role("link", name="Добавить ключ доступа").click()
    add_passkey(page, "Телефон")
    # The browser goes on by itself once the key is made.
    heading(page, "Резервные коды")
    page.goto("/accounts/security/passkeys/")
    page.get_by_role("link", name="Переименовать: Телефон").click()
    page.get_by_label("Название ключа").fill("Старый телефон")
    page.get_by_role("button", name="Сохранить").click()
    page.get_by_role("link", name="Удалить: Старый телефон").click()
    expect(page.get_by_text("Удалить нельзя")).to_be_visible()
    page.get_by_role("link", name="Настроить приложение").click()
    secret = page.locator("code.short-code").inner_text()
    page.get_by_label("Код из приложения").fill(totp_code(secret))
    page.get_by_role("button", name="Включить").click()
    heading(page, "Вход и безопасность")
    page.goto("/accounts/security/passkeys/")
    page.get_by_role("link", name="Удалить: Старый телефон").click()
    page.get_by_role("button", name="Удалить ключ").click()
    expect(page.get_by_text("Ключ доступа удалён.")).to_be_visible()
    expect(page.get_by_text("Ключей пока нет")).to_be_visible()


def test_where_passkeys_cannot_be_they_are_not_offered(browser: Browser, live_server: Any, settings: Any):
    user = MembershipFactory(role=Role.AGENCY_ADMIN, user=UserFactory(password=PASSWORD)).user
    context = browser.new_context(base_url=live_server.url.replace("localhost", "127.0.0.1"), locale="ru-RU")
    page = context.new_page()
    page.goto("/accounts/login/")
    expect(page.get_by_role("button", name="Ключ доступа")).to_have_count(0)
    page.get_by_label("Адрес электронной почты").fill(user.email)
    page.get_by_label("Пароль").fill(PASSWORD)
    page.get_by_role("button", name="Войти", exact=True).click()
    page.get_by_label("Код").fill(totp_code(TOTP_SECRET))
    page.get_by_role("button", name="Войти", exact=True).click()
    page.goto("/accounts/security/passkeys/")
    expect(page.get_by_text("По этому адресу портала ключи доступа не работают")).to_be_visible()
    expect(page.get_by_role("link", name="Добавить ключ доступа")).to_have_count(0)
    context.close()


def test_everything_else_works_without_a_script(browser: Browser, live_server: Any):
    user = UserFactory(email="new@example.ru", password=PASSWORD, consent=False)
    MembershipFactory(role=Role.NSI_ADMIN, user=user, second_factor=False)
    context = browser.new_context(base_url=live_server.url, locale="ru-RU", java_script_enabled=False)
    page = context.new_page()
    page.goto("/institutions/")
    page.get_by_label("Адрес электронной почты").fill(user.email)
    page.get_by_label("Пароль").fill(PASSWORD)
    page.get_by_role("button", name="Войти", exact=True).click()
    page.get_by_label("Даю согласие").check()
    page.get_by_role("button", name="Продолжить").click()
    page.get_by_role("link", name="Настроить приложение").click()
    page.get_by_label("Код из приложения").fill(totp_code(page.locator("code.short-code").inner_text()))
    page.get_by_role("button", name="Включить").click()
    page.get_by_role("link", name="Коды сохранены, продолжить").click()
    heading(page, "Учреждения")
    page.goto("/accounts/security/sessions/")
    page.get_by_role("button", name="Выйти").last.click()
    heading(page, "Вход для сотрудников")
    context.close()
