"""The editor of questionnaires in a real browser: dragging, keyboard, the phone beside it, small screens."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from regions.roles import Role
from surveys.models import QuestionnaireVersion
from surveys.services import questionnaires as services
from surveys.services.questionnaires import Owner
from tests.browser import *  # noqa: F403
from tests.browser import accessibility_problems
from tests.factories import MembershipFactory, RegionFactory
from tests.surveys.test_public_browser import scrolls_sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=ZoneInfo("Europe/Moscow"))
OPTIONS = [{"code": "o1", "title": "Сам"}, {"code": "o2", "title": "Помогли"}, {"code": "o3", "title": "Не помню"}]
DOCUMENT: dict[str, Any] = {
    "title": "О приёме",
    "sections": [
        {
            "code": "s1",
            "title": "Запись",
            "questions": [
                {"code": "q1", "type": "single", "text": "Как записались?", "options": OPTIONS},
                {"code": "q2", "type": "text", "text": "Долго ли ждали?"},
            ],
        },
        {"code": "s2", "title": "Приём", "questions": [{"code": "q3", "type": "text", "text": "Что улучшить?"}]},
    ],
}


@pytest.fixture
def editor() -> User:
    return MembershipFactory(role=Role.NSI_ADMIN, region=RegionFactory(code="RU-NIZ")).user


@pytest.fixture
def draft(editor: User) -> QuestionnaireVersion:
    region = editor.memberships.get().region
    return services.create(
        title="О приёме", kind="questionnaire", owner=Owner(region), document=deepcopy(DOCUMENT), by=editor, at=NOW
    )


@pytest.fixture(params=[True])
def with_script(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def page(browser: Browser, live_server: Any, editor: User, with_script: bool) -> Iterator[Page]:
    client = Client()
    client.force_login(editor, backend="allauth.account.auth_backends.AuthenticationBackend")
    context = browser.new_context(
        locale="ru-RU",
        base_url=live_server.url,
        viewport={"width": 1280, "height": 900},
        java_script_enabled=with_script,
    )
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    yield context.new_page()
    context.close()


def order(draft: QuestionnaireVersion) -> list[list[str]]:
    draft.refresh_from_db()
    return [[question["code"] for question in section["questions"]] for section in draft.document["sections"]]


def address(name: str, draft: QuestionnaireVersion, *args: object) -> str:
    return reverse(name, args=[draft.pk, *args])


def test_the_focus_stays_on_the_button_and_the_move_is_told(page: Page, draft: QuestionnaireVersion):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(address("draft", draft))
    page.locator("#up-q-q3").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#editor-said")).to_have_text("Вопрос теперь стоит под номером 1.3.")
    expect(page.locator("#up-q-q3")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#editor-said")).to_have_text("Вопрос теперь стоит под номером 1.2.")
    expect(page.locator("#up-q-q3")).to_be_focused()
    assert order(draft) == [["q1", "q3", "q2"], []]
    assert complaints == []


def test_a_question_is_dragged_into_another_section_and_the_phone_follows(page: Page, draft: QuestionnaireVersion):
    page.goto(address("draft", draft))
    phone = page.frame_locator("#phone")
    expect(phone.get_by_text("Как записались?")).to_be_visible()
    assert page.locator("#phone").bounding_box()["width"] == 362
    page.locator("#q-q1 [data-grip]").drag_to(page.locator("#q-q3"), target_position={"x": 60, "y": 60})
    expect(page.locator("#s-s2 #q-q1")).to_be_visible()
    expect(page.locator("#editor-said")).to_contain_text("Вопрос теперь стоит под номером 2.")
    expect(phone.locator("section").nth(1).get_by_text("Как записались?")).to_be_visible()
    assert sorted(order(draft)[1]) == ["q1", "q3"]
    # The list is live after the swap.
    page.locator("#s-s2 [data-grip]").first.drag_to(page.locator("#title-s1"))
    expect(page.locator("#editor-said")).to_have_text("Раздел теперь стоит под номером 1.")


def test_duplicating_with_the_script_is_an_ordinary_page(page: Page, draft: QuestionnaireVersion):
    page.goto(address("draft", draft))
    page.locator("#q-q2").get_by_role("button", name="Повторить вопрос 1.2").click()
    expect(page.locator("#q-q4")).to_be_visible()
    assert order(draft) == [["q1", "q2", "q4"], ["q3"]]


def test_options_and_a_condition_are_edited_in_the_page(page: Page, draft: QuestionnaireVersion):
    page.goto(address("draft-question", draft, "q1"))
    page.get_by_role("button", name="Ниже: вариант 1").click()
    page.get_by_label("Новые варианты ответа").fill("Никак")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.locator("#q-q1")).to_be_visible()
    draft.refresh_from_db()
    options = draft.document["sections"][0]["questions"][0]["options"]
    assert [option["code"] for option in options] == ["o2", "o1", "o3", "o4"]
    page.goto(address("draft-question", draft, "q3"))
    page.get_by_label("Текст вопроса").fill("Почему?")
    page.get_by_label("Показывать").select_option("q1")
    page.get_by_label("Никак").check()
    expect(page.get_by_label("Текст вопроса")).to_have_value("Почему?")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.locator("#q-q3")).to_contain_text("если на «Как записались?» ответили «Никак»")


@pytest.mark.parametrize("with_script", [False], indirect=True)
def test_without_a_script_everything_is_a_form(page: Page, draft: QuestionnaireVersion):
    page.goto(address("draft", draft))
    page.locator("#up-q-q3").click()
    expect(page.get_by_text("Вопрос теперь стоит под номером 1.3.")).to_be_visible()
    page.locator("#q-q2").get_by_role("button", name="Повторить вопрос 1.2").click()
    page.locator("#q-q3").get_by_role("link", name="Править вопрос").click()
    page.get_by_label("Показывать").select_option("q1")
    page.get_by_role("button", name="Показать ответы").click()
    page.get_by_label("Помогли").check()
    page.get_by_role("button", name="Сохранить").click()
    assert order(draft) == [["q1", "q2", "q4", "q3"], []]
    draft.refresh_from_db()
    assert draft.document["sections"][0]["questions"][3]["visible_if"] == {"question": "q1", "in": ["o2"]}
    # The phone is a page of its own.
    page.get_by_role("link", name="Открыть отдельно").click()
    expect(page.get_by_role("heading", name="О приёме")).to_be_visible()


@pytest.mark.parametrize("width", [320, 360, 640, 1280])
def test_the_pages_of_the_editor_fit_and_are_accessible(
    width: int, page: Page, draft: QuestionnaireVersion, editor: User
):
    draft.document["sections"][1]["questions"][0]["text"] = "Абвгдеж" * 30
    draft.document["sections"][0]["questions"][1]["visible_if"] = {"question": "gone", "in": ["x"]}
    draft.document["translations"] = {"tt": {"title": "Кабул итү"}}
    draft.save()
    page.set_viewport_size({"width": width, "height": 800})
    wrong = []
    for name, *args in (
        ("draft",),
        ("draft-question", "q1"),
        ("draft-question-add", "s1"),
        ("draft-section", "s1"),
        ("draft-settings",),
        ("draft-translations",),
        ("draft-translation", "tt"),
        ("draft-publish",),
        ("draft-import",),
        ("questionnaire-version",),
    ):
        page.goto(address(name, draft, *args))
        if scrolls_sideways(page):
            wrong.append(f"{name}: scrolls sideways")
        wrong += [f"{name}: {problem}" for problem in accessibility_problems(page)]
    page.goto(reverse("questionnaire", args=[draft.questionnaire_id]))
    wrong += ["card: scrolls sideways"] * scrolls_sideways(page) + accessibility_problems(page)
    assert not wrong, "\n".join(wrong)
