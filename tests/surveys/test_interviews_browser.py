"""Forms typed in from paper in a real browser: by keys alone, and without JavaScript."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from regions.roles import Role
from surveys.models import Entry, Recheck, Response, SurveyLink
from tests.browser import *  # noqa: F403
from tests.browser import accessibility_problems
from tests.factories import MembershipFactory, SurveyLinkFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def link(transactional_db: None) -> SurveyLink:
    made: SurveyLink = SurveyLinkFactory(opens_on=timezone.localdate(), channel="paper")
    return made


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer, link: SurveyLink) -> Callable[..., Page]:
    def open_for(path: str, user: User | None = None, **context: Any) -> Page:
        client = Client()
        person = user or MembershipFactory(role=Role.INSTITUTION_REP, institution=link.institution).user
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        window = browser.new_context(
            locale="ru-RU", base_url=live_server.url, viewport={"width": 360, "height": 800}, **context
        )
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        window.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        page = window.new_page()
        page.goto(path)
        return page

    return open_for


def digits(link: SurveyLink) -> str:
    return f"{link.institution.region.local_date():%d%m%y}"


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.name"))


def test_a_form_is_typed_in_by_keys_alone(link: SurveyLink, open_page: Callable[..., Page]) -> None:
    page = open_page(f"/links/{link.pk}/entry/")
    keys = page.keyboard
    assert focused(page) == "entry-day"
    keys.type(digits(link))
    keys.press("Enter")
    assert focused(page) == "entry-number"
    keys.press("Enter")
    keys.type(digits(link))
    keys.press("Enter")
    passed = []
    # Two of the digits ask for a comment, which Enter leaves empty.
    for key in ("1", "4"):
        passed.append(focused(page))
        keys.type(key)
    passed.append(focused(page))
    keys.type("Много бумаг")
    keys.press("Enter")
    for key in ("1", "1", "1"):
        passed.append(focused(page))
        keys.type(key)
    passed.append(focused(page))
    keys.type("1")
    assert focused(page) == "recommend"  # 10 may follow
    keys.type("0")
    passed.append(focused(page))
    keys.press("F2")
    expect(page.get_by_text("Анкета № 1 принята, за сегодня — 1.")).to_be_visible()
    assert passed == [
        "satisfaction", "documents", "documents_comment", "duration", "clarity", "support", "recommend", "days",
    ]  # fmt: skip
    stored = Response.objects.get()
    assert (stored.satisfaction, stored.documents, stored.duration, stored.nps) == (4, 1, 4, 10)
    assert stored.answers["documents_comment"] == "Много бумаг"
    # The next empty form, with its number chosen.
    assert focused(page) == "entry-number"
    assert page.input_value("[name=entry-number]") == "2"
    assert page.input_value("[name=satisfaction]") == ""
    # By telephone, without leaving the keys.
    page.focus("[name=entry-mode]")
    keys.press("ArrowDown")
    expect(page.locator("[name=entry-number]")).to_be_hidden()
    assert not accessibility_problems(page)


def test_what_is_wrong_is_read_out_and_ctrl_enter_saves(link: SurveyLink, open_page: Callable[..., Page]) -> None:
    page = open_page(f"/links/{link.pk}/entry/")
    keys = page.keyboard
    keys.type(digits(link))
    keys.press("Enter")
    keys.press("Enter")
    keys.type(digits(link))
    keys.press("Enter")
    keys.type("7")
    assert focused(page) == "satisfaction"
    expect(page.locator("[data-entry-said]")).to_have_text("Номер ответа от 1 до 4")
    keys.press("Control+Enter")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    assert not accessibility_problems(page)
    keys.press("Tab")
    keys.press("Enter")
    assert focused(page) == "satisfaction"
    keys.press("Control+a")
    keys.type("1")
    page.fill("[name=recommend]", "9")
    keys.press("Control+Enter")
    expect(page.get_by_text("Анкета № 1 принята")).to_be_visible()


def test_without_javascript_enter_checks_and_the_button_saves(link: SurveyLink, open_page: Callable[..., Page]) -> None:
    page = open_page(f"/links/{link.pk}/entry/", java_script_enabled=False)
    for name, text in {"entry-day": digits(link), "service_date": digits(link), "satisfaction": "1"}.items():
        page.fill(f"[name={name}]", text)
    page.fill("[name=recommend]", "9")
    page.press("[name=recommend]", "Enter")
    expect(page.get_by_text("Анкета ещё не сохранена")).to_be_visible()
    assert not Response.objects.exists()
    page.get_by_role("button", name="Сохранить и следующая").click()
    expect(page.get_by_text("Анкета № 1 принята")).to_be_visible()
    assert Entry.objects.get().blank_number == 1


def test_a_form_is_typed_again_blind_by_keys(link: SurveyLink, open_page: Callable[..., Page]) -> None:
    page = open_page(f"/links/{link.pk}/entry/")
    for name, text in {"entry-day": digits(link), "service_date": digits(link), "satisfaction": "1"}.items():
        page.fill(f"[name={name}]", text)
    page.fill("[name=recommend]", "9")
    page.keyboard.press("F2")
    expect(page.get_by_text("Анкета № 1 принята")).to_be_visible()
    recheck, _ = Recheck.objects.get_or_create(entry=Entry.objects.get(), defaults={"asked_at": timezone.now()})
    second = open_page(f"/rechecks/{recheck.pk}/")
    keys = second.keyboard
    assert focused(second) == "entry-day"
    keys.type(digits(link))
    keys.press("Enter")
    keys.type(digits(link))
    keys.press("Enter")
    keys.type("1")
    second.fill("[name=recommend]", "8")
    keys.press("F2")
    expect(second.get_by_role("cell", name="Повторный 8", exact=True)).to_be_visible()
    assert not accessibility_problems(second)
