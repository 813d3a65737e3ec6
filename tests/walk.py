"""Walks of people through the portal in a real browser, as `run_portal` starts it.

Import the fixtures into a test module: `from tests.walk import *`; mark it `browser` and `xdist_group("run_portal")`.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from nsi_portal.demo.people import DEMO_TOTP_SECRET, PASSWORD, email_of
from regions.permissions import SECOND_FACTOR_ROLES
from regions.roles import Role
from tests import servers
from tests.accounts.codes import totp_code
from tests.test_run_portal import embedded_folder, run_portal, wait_until_ready

__all__ = ["People", "Person", "nothing_is_wrong_in_the_browser", "people", "portal"]


class Person:
    """Somebody with a browser window of their own, which remembers what it asked for and complained of."""

    def __init__(self, browser: Browser, portal: str, *, width: int = 1280, **options: Any) -> None:
        self.portal = portal
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.context = browser.new_context(
            base_url=portal, viewport={"width": width, "height": 800}, locale="ru-RU", **options
        )
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self._hear(message.type, message.text))

    def _hear(self, kind: str, text: str) -> None:
        # A browser also remarks on every status above 399: those are expected where they come.
        if kind in ("error", "warning") and "status of 4" not in text:
            self.complaints.append(text)

    def sign_in(self, role: Role, tag: str = "") -> Page:
        self.page.goto("/")
        self.page.get_by_label("Адрес электронной почты").fill(email_of(role, tag))
        self.page.get_by_label("Пароль").fill(PASSWORD)
        self.page.get_by_role("button", name="Войти", exact=True).click()
        if role in SECOND_FACTOR_ROLES:
            self.page.get_by_label("Код").fill(totp_code(DEMO_TOTP_SECRET))
            self.page.get_by_role("button", name="Войти", exact=True).click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Мой кабинет")
        return self.page

    @property
    def strangers(self) -> list[str]:
        return [url for url in self.requests if not url.startswith((f"{self.portal}/", "data:", "blob:"))]


class People:
    """All who take part, each signed in once."""

    def __init__(self, browser: Browser, portal: str) -> None:
        self.browser, self.portal = browser, portal
        self.known: dict[str, Person] = {}

    def one(self, role: Role, tag: str = "") -> Page:
        email = email_of(role, tag)
        if email not in self.known:
            self.known[email] = Person(self.browser, self.portal)
            self.known[email].sign_in(role, tag)
        return self.known[email].page

    def with_phone(self, role: Role | None = None, tag: str = "", *, width: int = 320) -> Page:
        """The same person on a narrow screen; without a role somebody from the street."""
        name = f"{role and email_of(role, tag)} at {width} px"
        if name not in self.known:
            state = self.one(role, tag).context.storage_state() if role else None
            self.known[name] = Person(self.browser, self.portal, width=width, storage_state=state)
        return self.known[name].page


def folder_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration as it is on the first day: what one walk publishes or hands over, the next one never meets."""
    first_day = embedded_folder(tmp_path_factory)
    if not (first_day / "var").exists():
        port = servers.free_port()
        with run_portal(first_day, port) as process:
            wait_until_ready(process, port)
            os.kill(process.pid, signal.SIGINT)
            process.wait(30)
    folder = tmp_path_factory.mktemp("walk")
    shutil.copytree(first_day / "var", folder / "var")
    return folder


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = folder_of_its_own(tmp_path_factory), servers.free_port()
    with run_portal(folder, port) as process:
        wait_until_ready(process, port)
        yield f"http://127.0.0.1:{port}"
        log = process.output()
    assert "Traceback" not in log, log


@pytest.fixture(scope="module")
def people(browser: Browser, portal: str) -> Iterator[People]:
    people = People(browser, portal)
    yield people
    for person in people.known.values():
        person.context.close()


@pytest.fixture(autouse=True)
def nothing_is_wrong_in_the_browser(people: People) -> Iterator[None]:
    """After every test: no script failed, nothing was blocked, nobody but the portal was asked for anything."""
    yield
    for name, person in people.known.items():
        assert person.complaints == [], name
        assert person.strangers == [], name
