"""The public questionnaire in a real browser: a phone, a keyboard, no script, nothing from elsewhere."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from surveys.filling import pages
from surveys.models import Response, SurveyLink
from surveys.models.questionnaires import published_definition
from tests.browser import *  # noqa: F403
from tests.browser import accessibility_problems
from tests.factories import QuestionnaireVersionFactory, SurveyLinkFactory
from tests.surveys.test_public_page import FAMILY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

WIDTHS = [320, 360]


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    pages.forget()
    published_definition.cache_clear()
    yield
    pages.forget()
    published_definition.cache_clear()


class Phone:
    """A page of a given width that remembers what it asked for and what the browser complained of."""

    def __init__(self, browser: Browser, width: int, **options: Any) -> None:
        options = {"locale": "ru-RU", "has_touch": True} | options
        self.context = browser.new_context(viewport={"width": width, "height": 740}, **options)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        # A browser also remarks on every status above 399: those are expected where they come.
        self.page.on(
            "console",
            lambda message: None if "status of 4" in message.text else self.complaints.append(message.text),
        )

    def open(self, url: str) -> Page:
        self.page.goto(url)
        return self.page


@pytest.fixture
def link() -> SurveyLink:
    return SurveyLinkFactory(opens_on=date(2020, 1, 1), institution__name="Центр занятости Большеболдинского района")


@pytest.fixture
def url(link: SurveyLink, live_server: Any) -> str:
    return f"{live_server.url}/s/{link.token}/"


@pytest.fixture
def phone(browser: Browser) -> Iterator[Phone]:
    phone = Phone(browser, 360)
    yield phone
    phone.context.close()


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_questionnaire_is_filled_and_sent_by_keyboard(phone: Phone, url: str):
    page = phone.open(url)
    script = f"{url.partition('/s/')[0]}/static/js/questionnaire.js"
    assert phone.requests == [url, script], "one request brings everything but the script, which nobody needs"
    press(page, "Tab")
    expect(page.get_by_label("Когда Вы получили услугу?")).to_be_focused()
    # Day, month, year in the order of the browser's own language, whichever it is.
    asked = page.get_by_label("Когда Вы получили услугу?")
    page.keyboard.type(date.today().strftime("%d%m%Y"))
    if asked.input_value() != date.today().isoformat():
        press(page, "ArrowLeft", "ArrowLeft")
        page.keyboard.type(date.today().strftime("%m%d%Y"))
    expect(asked).to_have_value(date.today().isoformat())
    while not page.locator("[name=satisfaction]:focus").count():
        press(page, "Tab")
    press(page, "Space", "ArrowDown", "ArrowDown", "ArrowDown")
    expect(page.locator("#f-satisfaction-no")).to_be_checked()
    press(page, "Tab")
    expect(page.locator("#f-satisfaction_comment")).to_be_focused()
    page.keyboard.type("Долго ждал приёма")
    while not page.locator("[name=recommend]:focus").count():
        press(page, "Tab")
    press(page, "Space", "ArrowRight", "ArrowRight", "ArrowRight")
    expect(page.locator("#f-recommend-3")).to_be_checked()
    press(page, "Tab")
    expect(page.get_by_label("Сколько дней заняло получение услуги?")).to_be_focused()
    page.keyboard.type("3,5")
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ответы приняты")
    response = Response.objects.get()
    assert (response.satisfaction, response.nps, str(response.days)) == (1, 3, "3.500")
    assert response.service_date == date.today()
    assert response.answers["satisfaction_comment"] == "Долго ждал приёма"
    assert phone.complaints == [] and phone.context.cookies() == []
    # Looking at the page again sends it again: the same thanks, nothing twice.
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ответы приняты")
    assert Response.objects.count() == 1


def test_it_works_by_touch_without_script(browser: Browser, url: str):
    phone = Phone(browser, 360, java_script_enabled=False)
    page = phone.open(url)
    page.get_by_label("Когда Вы получили услугу?").fill(date.today().isoformat())
    page.locator("label", has=page.locator("#f-satisfaction-yes")).tap()
    page.locator("label", has=page.locator("#f-recommend-10")).tap()
    page.locator("button.go").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ответы приняты")
    phone.context.close()


def test_a_comment_is_asked_for_on_no_and_rather_no_only(phone: Phone, url: str):
    page = phone.open(url)
    comment = page.locator("#b-satisfaction_comment")
    expect(comment).to_be_hidden()
    for choice, is_asked in (("no", True), ("yes", False), ("rather_no", True), ("rather_yes", False)):
        page.locator(f"#f-satisfaction-{choice}").check()
        expect(comment).to_be_visible(visible=is_asked)
    expect(page.locator("#b-support_comment")).to_be_hidden()


def test_what_is_wrong_gets_the_focus_and_leads_to_its_field(phone: Phone, url: str):
    page = phone.open(url)
    page.locator("#f-satisfaction-no").check()
    page.locator("#f-satisfaction_comment").fill("Не помогли")
    page.get_by_label("Сколько дней").fill("много")
    page.locator("button.go").click()
    problem = page.get_by_role("alert")
    expect(problem).to_be_focused()
    expect(problem.get_by_role("link")).to_have_count(3)
    assert page.title().startswith("Ошибка:")
    expect(page.locator("#f-satisfaction-no")).to_be_checked()
    expect(page.locator("#f-satisfaction_comment")).to_have_value("Не помогли")
    expect(page.get_by_label("Сколько дней")).to_have_value("много")
    problem.get_by_role("link", name=re.compile("рекомендовать")).click()
    expect(page.locator("#f-recommend-0")).to_be_focused()
    assert accessibility_problems(page) == []
    assert phone.complaints == []


@pytest.mark.parametrize("width", [*WIDTHS, 1280])
def test_it_fits_and_is_accessible(browser: Browser, url: str, width: int):
    phone = Phone(browser, width)
    page = phone.open(url)
    for question in ("satisfaction", "documents", "duration", "clarity", "support"):
        page.locator(f"#f-{question}-no").check()
    page.locator("#f-recommend-9").check()
    assert not scrolls_sideways(page)
    assert accessibility_problems(page) == []
    small = page.evaluate(
        """[...document.querySelectorAll("label:has(input), input:not([type=hidden],[type=radio]), textarea, .go")]
           .map(e => e.getBoundingClientRect()).filter(r => r.width < 44 || r.height < 44).length"""
    )
    assert small == 0, "everything to be touched is at least 44 pixels wide and high"
    assert phone.complaints == []
    phone.context.close()


def test_it_fits_a_phone_with_letters_of_double_size(browser: Browser, url: str):
    phone = Phone(browser, 360)
    page = phone.open(url)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert not scrolls_sideways(page)
    phone.context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_other_pages_fit_and_are_accessible(browser: Browser, live_server: Any, width: int):
    phone = Phone(browser, width)
    links = {
        "closed": SurveyLinkFactory(opens_on=date(2020, 1, 1), closes_on=date(2020, 1, 2)),
        "not yet open": SurveyLinkFactory(opens_on=date(2999, 1, 1)),
    }
    paths = {
        **{name: f"/s/{link.token}/" for name, link in links.items()},
        "unknown": f"/s/{'x' * 32}/",
        "code": "/s/",
    }
    for name, path in paths.items():
        page = phone.open(live_server.url + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert not scrolls_sideways(page), name
        assert accessibility_problems(page) == [], name
    assert phone.complaints == []
    phone.context.close()


def test_a_code_from_a_poster_opens_the_questionnaire(phone: Phone, link: SurveyLink, live_server: Any):
    page = phone.open(f"{live_server.url}/s/")
    page.get_by_label("Короткий код").fill("АААА 1111")
    page.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("Такого кода нет")
    expect(page.get_by_label("Короткий код")).to_be_focused()
    page.get_by_label("Короткий код").fill(link.typed_code.lower())
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(link.version.definition.title)


def test_all_kinds_of_questions_chains_and_repetitions(phone: Phone, live_server: Any):
    link = SurveyLinkFactory(opens_on=date(2020, 1, 1), version=QuestionnaireVersionFactory(number=7, document=FAMILY))
    page = phone.open(f"{live_server.url}/s/{link.token}/")
    expect(page.locator("#b-site")).to_be_hidden()
    page.locator("#f-how-web").check()
    page.locator("#f-site-no").check()
    expect(page.locator("#b-why")).to_be_visible()
    page.locator("#f-how-desk").check()
    expect(page.locator("#b-why")).to_be_hidden()
    page.locator("#f-helped-care").check()
    page.locator("#f-kin-0-age").fill("70")
    page.get_by_role("button", name="Добавить родственника").click()
    expect(page.locator("#f-kin-0-age")).to_have_value("70")
    page.locator("#f-kin-1-need-yes").check()
    expect(page.locator("#b-kin-1-note")).to_be_visible()
    expect(page.locator("#b-kin-0-note")).to_be_hidden()
    page.locator("#f-kin-1-age").fill("5")
    assert not scrolls_sideways(page)
    assert accessibility_problems(page) == []
    # Enter sends the answers; it does not press the button that takes a block away.
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ответы приняты")
    assert Response.objects.get().answers["kin"] == [{"age": "70"}, {"age": "5", "need": "yes"}]
    assert phone.complaints == []
