"""Filling on a phone: the tab is closed and opened again, the network goes and comes back, no script, keyboard only."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect

from surveys.filling import pages
from surveys.models import ChangeMade, FillingDraft, FormFeedback, Response, SurveyLink
from surveys.models.questionnaires import published_definition
from tests.browser import *  # noqa: F403
from tests.browser import accessibility_problems
from tests.factories import MembershipFactory, QuestionnaireVersionFactory, SurveyLinkFactory
from tests.surveys.paged import VISIT
from tests.surveys.test_public_browser import Phone, press, scrolls_sideways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    pages.forget()
    published_definition.cache_clear()
    yield
    pages.forget()
    published_definition.cache_clear()


@pytest.fixture
def link() -> SurveyLink:
    version = QuestionnaireVersionFactory(number=7, document=VISIT)
    return SurveyLinkFactory(opens_on=date(2020, 1, 1), version=version)


@pytest.fixture
def url(link: SurveyLink, live_server: Any) -> str:
    return f"{live_server.url}/s/{link.token}/"


@pytest.fixture
def plain_url(live_server: Any) -> str:
    """The standard questionnaire, on one page."""
    return f"{live_server.url}/s/{SurveyLinkFactory(opens_on=date(2020, 1, 1)).token}/"


@pytest.fixture(params=[True, False], ids=["with script", "without"])
def any_phone(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Phone]:
    phone = Phone(browser, 360, java_script_enabled=request.param)
    yield phone
    phone.context.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Phone]:
    phone = Phone(browser, 360)
    yield phone
    phone.context.close()


def heading(page: Page) -> Any:
    return page.locator("section h2")


def button(page: Page, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def answer_first(page: Page, how: str = "web") -> None:
    page.locator("#f-service_date").fill(date.today().isoformat())
    page.locator(f"#f-how-{how}").check()


def answer_plainly(page: Page) -> None:
    page.locator("#f-service_date").fill(date.today().isoformat())
    page.locator("#f-satisfaction-yes").check()
    page.locator("#f-recommend-9").check()


def expect_thanks(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Ответы приняты")


def kept_on(page: Page) -> int:
    return int(page.evaluate("localStorage.length"))


# Resuming -------------------------------------------------------------------------------------------------------------


def test_the_same_phone_resumes_after_the_tab_was_closed(any_phone: Phone, url: str):
    page = any_phone.open(url)
    answer_first(page)
    button(page, "Далее").click()
    expect(heading(page)).to_contain_text("Шаг 2 из 4")
    page.close()
    page = any_phone.context.new_page()
    page.goto(url)
    expect(page.get_by_role("status")).to_contain_text("Мы сохранили Ваши ответы, продолжайте")
    expect(page.get_by_role("status")).to_be_focused()
    expect(heading(page)).to_contain_text("Шаг 2 из 4")
    page.locator("#f-handy-yes").check()
    button(page, "Далее").click()
    button(page, "Далее").click()
    page.locator("#f-satisfaction-yes").check()
    page.locator("#f-recommend-10").check()
    button(page, "Отправить ответы").click()
    expect_thanks(page)
    assert Response.objects.get().answers["how"] == "web"
    assert not FillingDraft.objects.exists()
    page.goto(url)
    expect(heading(page)).to_contain_text("Шаг 1 из 3")
    expect(page.locator("#f-how-web")).not_to_be_checked()


def test_a_form_saved_for_later_waits_on_the_same_phone_only(any_phone: Phone, plain_url: str, browser: Browser):
    page = any_phone.open(plain_url)
    page.locator("#f-suggestions").fill("Половина мысли")
    button(page, "Сохранить и продолжить позже").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ответы сохранены")
    page.goto(plain_url)
    expect(page.locator("#f-suggestions")).to_have_value("Половина мысли")
    stranger = Phone(browser, 360)
    expect(stranger.open(plain_url).locator("#f-suggestions")).to_have_value("")
    stranger.context.close()
    # Somebody else holds the phone now.
    button(page, "Начать заново").click()
    expect(page.locator("#f-suggestions")).to_have_value("")
    page.goto(plain_url)
    expect(page.locator("#f-suggestions")).to_have_value("")
    assert not FillingDraft.objects.exists()
    assert any_phone.context.cookies() == []


def test_what_was_typed_and_never_sent_is_still_there(phone: Phone, plain_url: str):
    page = phone.open(plain_url)
    key = page.locator("[name=key]").input_value()
    page.locator("#f-satisfaction-no").check()
    page.locator("#f-satisfaction_comment").fill("Долго\nждали")
    page.goto(plain_url)
    expect(page.get_by_role("status")).to_contain_text("Мы сохранили Ваши ответы")
    expect(page.locator("#f-satisfaction_comment")).to_have_value("Долго\nждали")
    assert page.locator("[name=key]").input_value() == key
    assert not FillingDraft.objects.exists() and phone.context.cookies() == [], "it never left the phone by itself"
    answer_plainly(page)
    button(page, "Отправить ответы").click()
    expect_thanks(page)
    assert kept_on(page) == 0
    page.goto(plain_url)
    expect(page.locator("#f-satisfaction-yes")).not_to_be_checked()


def test_what_is_older_than_three_days_is_forgotten(phone: Phone, plain_url: str):
    page = phone.open(plain_url)
    page.locator("#f-suggestions").fill("Старое")
    page.evaluate(
        """days => Object.keys(localStorage).forEach(name => localStorage.setItem(name, JSON.stringify(
             {...JSON.parse(localStorage.getItem(name)), at: Date.now() - days * 86400000})))""",
        3.1,
    )
    page.goto(plain_url)
    expect(page.locator("#f-suggestions")).to_have_value("")
    assert kept_on(page) == 0


def test_a_browser_that_keeps_nothing_still_answers(phone: Phone, plain_url: str):
    phone.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})"
    )
    page = phone.open(plain_url)
    answer_plainly(page)
    button(page, "Отправить ответы").click()
    expect_thanks(page)
    assert phone.complaints == []


# Without a network ----------------------------------------------------------------------------------------------------


def test_answers_given_without_a_network_go_out_when_it_is_back(phone: Phone, plain_url: str):
    page = phone.open(plain_url)
    answer_plainly(page)
    key = page.locator("[name=key]").input_value()
    phone.context.set_offline(True)
    button(page, "Отправить ответы").click()
    told = page.get_by_role("alert")
    expect(told).to_contain_text("Нет связи. Ответы остались на этом телефоне")
    expect(told).to_be_focused()
    assert accessibility_problems(page) == []
    assert not Response.objects.exists() and kept_on(page) == 1
    page.locator("#f-suggestions").fill("Дописано без сети")
    phone.context.set_offline(False)
    expect_thanks(page)
    response = Response.objects.get()
    assert response.answers["suggestions"] == "Дописано без сети"
    assert key.startswith(response.key), "the key of the page that was opened"
    assert kept_on(page) == 0
    host = plain_url.partition("/s/")[0]
    assert {asked.startswith(host) for asked in phone.requests} == {True}, "nothing goes anywhere else"


def test_what_is_wrong_comes_back_after_the_network_did(phone: Phone, plain_url: str):
    page = phone.open(plain_url)
    page.locator("#f-suggestions").fill("Слова")
    phone.context.set_offline(True)
    button(page, "Отправить ответы").click()
    expect(page.get_by_role("alert")).to_contain_text("Нет связи")
    phone.context.set_offline(False)
    expect(page.get_by_role("alert").filter(has_text="Проверьте ответы")).to_be_focused()
    expect(page.locator("#f-suggestions")).to_have_value("Слова")
    assert not Response.objects.exists()


def test_a_link_closed_meanwhile_loses_no_word(phone: Phone, live_server: Any):
    link = SurveyLinkFactory(opens_on=date(2020, 1, 1))
    page = phone.open(f"{live_server.url}/s/{link.token}/")
    answer_plainly(page)
    page.locator("#f-suggestions").fill("Слова")
    phone.context.set_offline(True)
    button(page, "Отправить ответы").click()
    SurveyLink.objects.filter(pk=link.pk).update(closed_at=timezone.now() - timedelta(days=1))
    pages.forget()
    phone.context.set_offline(False)
    expect(page.get_by_role("heading", level=1)).to_have_text("Анкета закрыта")
    expect(page.get_by_label("То, что Вы написали")).to_have_value("Слова")
    assert accessibility_problems(page) == []
    assert kept_on(page) == 1, "nor does the phone forget it"


def test_a_portal_that_does_not_answer_is_waited_for(phone: Phone, plain_url: str):
    """The network is there, the portal is not: a database that starts anew, a proxy without anything behind it."""

    def broken(route: Route) -> None:
        if route.request.method == "HEAD":
            route.fulfill(status=502)
        else:
            route.continue_()

    page = phone.open(plain_url)
    answer_plainly(page)
    page.route("**/s/**", broken)
    button(page, "Отправить ответы").click()
    expect(page.get_by_role("alert")).to_contain_text("Нет связи")
    assert not Response.objects.exists()
    page.unroute("**/s/**", broken)
    button(page, "Отправить ответы").click()
    expect_thanks(page)
    assert Response.objects.count() == 1


def test_a_step_waits_for_the_network_too(phone: Phone, url: str):
    page = phone.open(url)
    answer_first(page)
    phone.context.set_offline(True)
    button(page, "Далее").click()
    expect(page.get_by_role("alert")).to_contain_text("Нет связи")
    phone.context.set_offline(False)
    expect(heading(page)).to_contain_text("Шаг 2 из 4")
    expect(heading(page)).to_be_focused()


# Languages ------------------------------------------------------------------------------------------------------------


def test_the_language_is_switched_in_the_middle(any_phone: Phone, url: str):
    page = any_phone.open(url)
    page.locator("#f-how-desk").check()
    page.locator("#f-why").fill("Слова")
    button(page, "Татарча").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Мөрәҗәгать ничек узды")
    expect(page.locator("#f-how-desk")).to_be_checked()
    expect(page.locator("#f-why")).to_have_value("Слова")
    expect(page.locator("html")).to_have_attribute("lang", "tt")
    button(page, "Алга").click()
    expect(page.get_by_role("alert")).to_contain_text("Датаны сайлагыз")
    button(page, "Русский").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Как прошло обращение")
    expect(page.locator("#f-why")).to_have_value("Слова")
    button(page, "العربية").click()
    expect(page.get_by_role("heading", level=1)).to_have_attribute("dir", "rtl")
    assert not scrolls_sideways(page)


# Keyboard and no script -----------------------------------------------------------------------------------------------


def tab_to(page: Page, selector: str) -> None:
    for _ in range(60):
        if page.locator(f"{selector}:focus").count():
            return
        press(page, "Tab")
    raise AssertionError(f"{selector} cannot be reached by keyboard")


def test_a_paged_questionnaire_is_filled_by_keyboard_alone(any_phone: Phone, url: str):
    page = any_phone.open(url)
    tab_to(page, "#f-service_date")
    # Day, month, year in the order of the browser's own language, whichever it is.
    asked = page.locator("#f-service_date")
    page.keyboard.type(date.today().strftime("%d%m%Y"))
    if asked.input_value() != date.today().isoformat():
        press(page, "ArrowLeft", "ArrowLeft")
        page.keyboard.type(date.today().strftime("%m%d%Y"))
    tab_to(page, "[name=how]")
    press(page, "Space", "Enter")
    # The focus stands at the heading of the step: the next Tab is its first question.
    expect(heading(page)).to_contain_text("Шаг 2 из 4")
    expect(heading(page)).to_be_focused()
    press(page, "Tab")
    expect(page.locator("#f-handy-yes")).to_be_focused()
    press(page, "Space", "ArrowDown", "ArrowDown")
    expect(page.locator("#f-handy-rather_no")).to_be_checked()
    press(page, "Tab")
    expect(page.locator("#f-unhandy")).to_be_focused()
    page.keyboard.type("Мелко")
    tab_to(page, "button.go")
    press(page, "Enter")
    expect(heading(page)).to_contain_text("Шаг 3 из 4")
    expect(heading(page)).to_be_focused()
    tab_to(page, "[name=add][value=kin]")
    press(page, "Enter")
    expect(page.locator("#f-kin-0-age")).to_be_visible()
    expect(heading(page)).to_be_focused()
    tab_to(page, "#f-kin-0-age")
    page.keyboard.type("семь")
    # Enter in a field goes on; here it finds the mistake, and the summary gets the focus.
    press(page, "Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    press(page, "Tab", "Enter")
    expect(page.locator("#f-kin-0-age")).to_be_focused()
    # Wrong once more: the summary is told of again, though the address ends in the name of the field.
    press(page, "Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    press(page, "Tab", "Enter", "Control+a")
    page.keyboard.type("70")
    tab_to(page, "[name=kin-0-need]")
    press(page, "Space", "Tab")
    expect(page.locator("#f-kin-0-note")).to_be_focused()
    page.keyboard.type("ночью")
    tab_to(page, "button.go")
    press(page, "Space")
    expect(heading(page)).to_contain_text("Шаг 4 из 4")
    expect(heading(page)).to_be_focused()
    tab_to(page, "[name=satisfaction]")
    press(page, "Space")
    tab_to(page, "[name=recommend]")
    press(page, "Space", "ArrowRight", "ArrowRight")
    tab_to(page, "[value=back]")
    press(page, "Enter")
    expect(heading(page)).to_contain_text("Шаг 3 из 4")
    expect(page.locator("#f-kin-0-note")).to_have_value("ночью")
    expect(heading(page)).to_be_focused()
    tab_to(page, "button.go")
    press(page, "Enter")
    expect(page.locator("#f-recommend-2")).to_be_checked()
    expect(heading(page)).to_be_focused()
    tab_to(page, "button.go")
    press(page, "Enter")
    expect_thanks(page)
    tab_to(page, "[name=ease][value='2']")
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Спасибо")
    assert Response.objects.get().answers["kin"] == [{"age": "70", "need": "yes", "note": "ночью"}]
    assert FormFeedback.objects.get().ease == FormFeedback.Ease.SO_SO
    assert any_phone.complaints == []


# To look at -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ru", "tt"])
@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_of_the_way_fits_and_is_accessible(
    browser: Browser, live_server: Any, link: SurveyLink, language: str, width: int
):
    by = MembershipFactory(institution=link.institution).user
    ChangeMade.objects.create(
        institution=link.institution, said="Долго ждать у кабинета", done="Поставили электронную очередь",
        done_on=date(2026, 10, 1), created_by=by,
    )  # fmt: skip
    phone = Phone(browser, width)
    base = f"{live_server.url}/s/{link.token}/"
    page = phone.open(f"{base}?lang={language}")

    def look(name: str) -> None:
        assert accessibility_problems(page) == [], name
        assert not scrolls_sideways(page), name
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert not scrolls_sideways(page), f"{name}, double size"
        page.evaluate("document.documentElement.style.fontSize = ''")

    def go(value: str) -> None:
        page.locator(f"p.more [name=_do][value={value}], button.go[value={value}]").first.click()

    look("first step")
    go("next")
    expect(page.get_by_role("alert")).to_be_visible()
    look("errors")
    answer_first(page)
    go("next")
    page.locator("#f-handy-no").check()
    look("second step")
    go("next")
    page.locator("[name=add][value=kin]").click()
    page.locator("#f-kin-0-age").fill("7")
    look("a block")
    go("save")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Ответы сохранены" if language == "ru" else "Җаваплар сакланды"
    )
    look("saved")
    page.goto(base)
    expect(page.get_by_role("status")).to_be_visible()
    look("resumed")
    go("next")
    page.locator("#f-satisfaction-yes").check()
    page.locator("#f-recommend-9").check()
    last = page.content()
    page.locator("button.go").click()
    expect(page.locator(".changes")).to_be_visible()
    look("thanks")
    # Another answer under the same key.
    key = re.search(r'name="key" value="([^"]+)"', last)
    assert key
    page.evaluate(
        """fields => { const form = document.createElement("form"); form.method = "post";
           for (const [name, value] of fields) {
             const input = document.createElement("input"); input.name = name; input.value = value; form.append(input);
           } document.body.append(form); form.submit() }""",
        [
            ["key", key[1]], ["service_date", date.today().isoformat()], ["how", "desk"], ["_lang", language],
            ["satisfaction", "no"], ["recommend", "1"],
        ],
    )  # fmt: skip
    expect(page.get_by_role("alert").filter(has=page.get_by_role("heading"))).to_be_visible()
    look("conflict")
    page.locator("button.go").click()
    page.locator("[name=ease][value='3']").click()
    expect(page.locator("[name=ease]")).to_have_count(0)
    look("feedback")
    SurveyLink.objects.filter(pk=link.pk).update(paused_at=timezone.now())
    pages.forget()
    page.goto(f"{base}?lang={language}")
    look("paused")
    SurveyLink.objects.filter(pk=link.pk).update(closed_at=timezone.now())
    pages.forget()
    page.goto(f"{base}?lang={language}")
    look("closed")
    phone.context.close()
    assert phone.complaints == []
