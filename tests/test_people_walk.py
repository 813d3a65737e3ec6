"""How people come to the portal and leave it, in a real browser: invitation → first sign-in → cabinet; handover.

The letters are read where a developer reads them: on the portal's own page of letters.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from regions.roles import Role
from tests.accounts.codes import totp_code
from tests.browser import *  # noqa: F403
from tests.browser import accessibility_problems
from tests.surveys.test_public_browser import scrolls_sideways
from tests.walk import *  # noqa: F403
from tests.walk import People, Person

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("run_portal")]

REGION = "RU-NIZ"
ADDRESS = "novaya@niz.example.org"
NAME = "Новая Екатерина Ильинична"
CHOSEN = "достаточно длинный пароль 5"
# The letter waits for its job, and the job for the reports of the demonstration.
LETTER_TIMEOUT = 90


@dataclass(frozen=True)
class Arrival:
    """Somebody invited as administrator of the region, with their own window."""

    page: Page
    invitation: str
    recovery_code: str


def letter_to(page: Page, address: str) -> str:
    """The text of the newest letter to an address, once it has come."""
    for _ in range(LETTER_TIMEOUT):
        page.goto("/developer/letters/")
        found = page.get_by_role("listitem").filter(has_text=address)
        if found.count():
            found.first.get_by_role("link").click()
            return page.locator("#main").inner_text()
        page.wait_for_timeout(1000)
    raise AssertionError(f"no letter to {address}")


@pytest.fixture(scope="module")
def arrival(people: People, browser: Browser, portal: str) -> Arrival:
    """The administrator invites; the invited opens the letter, chooses a password, sets up the codes, and is in."""
    page = people.one(Role.NSI_ADMIN, "niz")
    page.goto(f"/regions/{REGION}/people/")
    page.get_by_role("link", name="Пригласить").click()
    page.get_by_label("Администратор НСИ").check()
    page.get_by_label("Фамилия, имя, отчество").first.fill(NAME)
    page.get_by_label("Адрес электронной почты").first.fill(ADDRESS.upper())
    page.get_by_role("button", name=re.compile("Пригласить")).click()
    expect(page.get_by_text(f"Приглашение создано: {NAME}")).to_be_visible()

    people.known["the invited"] = newcomer = Person(browser, portal, width=360)
    page = newcomer.page
    link = re.search(rf"{re.escape(portal)}/invitation/\S+", letter_to(page, ADDRESS))
    assert link
    page.goto(link[0])
    assert_fits(page)
    page.get_by_label("Пароль", exact=True).fill(CHOSEN)
    page.get_by_label("Пароль ещё раз").fill(CHOSEN)
    page.get_by_label(re.compile("согласие")).check()
    page.get_by_role("button", name="Принять и войти").click()

    # The role asks for a second factor: nothing else opens before it.
    page.goto(f"/regions/{REGION}/people/")
    expect(page.get_by_role("link", name="Настроить приложение")).to_be_visible()
    assert_fits(page)
    page.get_by_role("link", name="Настроить приложение").click()
    assert_fits(page)
    secret = page.locator("code.short-code").inner_text().replace(" ", "")
    page.get_by_label("Код").fill(totp_code(secret))
    page.get_by_role("button", name="Включить").click()
    code = page.get_by_role("list", name="Неиспользованные коды").get_by_role("listitem").first.inner_text()
    assert_fits(page)
    page.get_by_role("link", name="Коды сохранены, продолжить").click()
    return Arrival(page, link[0], code.strip())


def assert_fits(page: Page) -> None:
    assert accessibility_problems(page) == [], page.url
    assert not scrolls_sideways(page), page.url


def test_the_invited_person_arrives_where_they_wanted_and_has_a_cabinet(arrival: Arrival):
    expect(arrival.page).to_have_url(re.compile(rf"/regions/{REGION}/people/"))
    arrival.page.goto("/")
    expect(arrival.page.get_by_role("heading", level=1)).to_have_text("Мой кабинет")
    expect(arrival.page.get_by_text("Решить по заявкам на доступ")).to_be_visible()
    assert_fits(arrival.page)


def test_the_link_of_the_letter_opens_once(arrival: Arrival, people: People):
    page = people.with_phone()
    assert page.goto(arrival.invitation).status in (404, 410)
    expect(page.get_by_label("Пароль", exact=True)).to_have_count(0)


def test_the_next_sign_in_asks_for_password_and_second_factor(arrival: Arrival, people: People, browser: Browser):
    people.known["the invited, again"] = again = Person(browser, people.portal)
    page = again.page
    page.goto("/")
    page.get_by_label("Адрес электронной почты").fill(ADDRESS)
    page.get_by_label("Пароль").fill(CHOSEN)
    page.get_by_role("button", name="Войти", exact=True).click()
    # Half-way in is not in: any page leads back to the step that is left.
    page.goto("/institutions/")
    expect(page).to_have_url(re.compile("/accounts/login/second-factor/"))
    page.get_by_label("Код").fill(arrival.recovery_code)
    page.get_by_role("button", name="Войти", exact=True).click()
    expect(page.get_by_role("navigation").first).to_be_visible()
    expect(page.get_by_text("Выйти")).to_have_count(1)


def test_the_administrator_hands_over_and_only_the_successor_acts_from_then_on(arrival: Arrival, people: People):
    """The member of the РШ leaves: the administrator passes role, ЖС and open work to the expert in one operation."""
    member = people.one(Role.HQ_MEMBER, "niz")
    administrator = people.one(Role.NSI_ADMIN, "niz")
    administrator.goto(f"/regions/{REGION}/people/")
    administrator.get_by_role("link", name="Захаров Илья Олегович").first.click()
    administrator.get_by_role("link", name="Передать дела").first.click()
    successor_line = administrator.get_by_label("Кому").locator("option", has_text="Крылов Денис Евгеньевич")
    administrator.get_by_label("Кому").select_option(value=successor_line.get_attribute("value"))
    administrator.get_by_label("С какого дня").fill(today())
    administrator.get_by_label("Основание").fill("приказ № 12-к")
    administrator.get_by_role("button", name="Показать, что перейдёт").click()
    # What will pass is shown before it does.
    expect(administrator.get_by_text("Трудоустроиться через ЦЗН").first).to_be_visible()
    assert_fits(administrator)
    administrator.get_by_role("button", name="Передать дела").click()
    expect(administrator.get_by_text("приказ № 12-к")).to_be_visible()
    assert_fits(administrator)

    successor = people.one(Role.EXPERT, "niz")
    successor.goto("/")
    expect(successor.get_by_text("Член РШ, ответственный за ЖС").first).to_be_attached()
    quarter = successor.get_by_role("region", name="Жизненные ситуации").locator("a[href*='/employment-centre/']")
    quarter.first.click()
    expect(successor.get_by_role("button", name="Рассчитать")).to_be_visible()
    # The predecessor's days in the role are over.
    assert member.request.get(successor.url).status == 404


def today() -> str:
    return datetime.now(ZoneInfo("Europe/Moscow")).date().isoformat()
