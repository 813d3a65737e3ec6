"""The main job in a real browser, on the portal as `run_portal` starts it: link → answer → КПЭ → quarter → report.

Each step is a fixture that does it once, as a person would; a test says what must be true after it.
"""

import io
import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
import segno
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from python_calamine import CalamineWorkbook

from monitoring.display import number
from monitoring.quarters.reports import HEADER_ROW
from monitoring.quarters.rows import CATALOGUE
from regions.roles import Role
from tests.browser import *  # noqa: F403
from tests.browser import accessibility_problems
from tests.surveys.test_public_browser import press, scrolls_sideways
from tests.walk import *  # noqa: F403
from tests.walk import People

# With the other tests of run_portal: one data folder, one portal at a time.
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("run_portal")]

LIFE_SITUATION = "employment-centre"
# A job waits its turn behind the reports of the demonstration.
JOB_TIMEOUT = 90_000
SATISFACTION = CATALOGUE["satisfaction"].full_title


# The steps ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Poster:
    link: str  # address of the staff page of the link
    institution: str
    public_url: str
    picture: bytes  # the QR code as it stands on the poster


@dataclass(frozen=True)
class Change:
    """The institution's counts before and after one answer."""

    before: dict[str, str]
    after: dict[str, str]
    answers_of_the_link: str


@dataclass(frozen=True)
class Quarter:
    url: str
    region: str
    period: str
    satisfaction: str  # as on the page, with the unit
    interval: str
    n: str
    reports: list[str]


@pytest.fixture(scope="module")
def poster(people: People) -> Poster:
    """The institution's representative makes a link and opens its poster."""
    page = people.one(Role.INSTITUTION_REP, "niz")
    panel = page.get_by_role("region", name="Учреждения")
    panel.get_by_role("listitem").get_by_role("link").first.click()
    institution = page.url
    page.get_by_role("link", name="Ссылки на анкету").click()
    page.get_by_role("link", name="Новая ссылка").click()
    page.get_by_label("Плакат в учреждении").check()
    page.get_by_label("Пометка для себя").fill("Зал ожидания, окно 3")
    page.get_by_role("button", name="Создать ссылку").click()
    expect(page.get_by_text("Ссылка готова")).to_be_visible()
    link, public_url = page.url, page.get_by_label("Адрес: для писем").input_value()
    page.get_by_role("link", name="Плакаты и тексты").click()
    code = page.get_by_role("img", name="QR-код анкеты")
    expect(code).to_be_visible()
    assert code.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    return Poster(link, institution, public_url, code.screenshot())


@pytest.fixture(scope="module")
def change(people: People, poster: Poster) -> Change:
    """Somebody answers on a phone, by keyboard, while the institution looks at its numbers."""
    page = people.one(Role.INSTITUTION_REP, "niz")
    page.goto(poster.institution)
    before = counts(page)
    answer_by_keyboard(people.with_phone(width=360), poster.public_url)
    page.reload()
    after = counts(page)
    page.goto(poster.link)
    return Change(before, after, fact(page.locator("#main"), "Получено"))


@pytest.fixture(scope="module")
def quarter(people: People, change: Change) -> Quarter:
    """The member of the РШ weighs, calculates and publishes the newest closed quarter; the worker makes the reports."""
    page = people.one(Role.HQ_MEMBER, "niz")
    page.goto("/")
    places = page.get_by_role("region", name="Жизненные ситуации").locator("tr")
    line = places.filter(has=page.locator(f"a[href*='/{LIFE_SITUATION}/']"))
    region, period = (line.locator(f"td[data-label='{title}']").inner_text() for title in ("Регион", "Квартал"))
    line.locator(f"a[href*='/{LIFE_SITUATION}/']").click()
    url = page.url
    decide_weights(page, year=url.rstrip("/").rsplit("/", 1)[1][:4], region=region)

    page.goto(url)
    expect(page.get_by_text("решение № 14-РШ")).to_be_visible()
    page.get_by_role("button", name="Рассчитать").click()
    # Nobody reloads the page: it follows the job to its end by itself.
    expect(page.get_by_role("button", name="Опубликовать")).to_be_visible(timeout=JOB_TIMEOUT)
    expect(page.locator("#quarter-jobs .job")).to_have_count(0)
    seen = region_value(page)

    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Опубликовать").click()
    expect(page.get_by_text("Числа закреплены и больше не меняются")).to_be_visible()
    assert region_value(page) == seen, "what is published is what was seen"
    reports = page.get_by_role("region", name="Отчёты").get_by_role("link")
    expect(reports).to_have_count(2, timeout=JOB_TIMEOUT)
    return Quarter(url, region, period, *seen, reports.evaluate_all("links => links.map(link => link.href)"))


@pytest.fixture(scope="module")
def files(people: People, quarter: Quarter, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The analyst finds the region's reports in the list and downloads both."""
    page = people.one(Role.AGENCY_ANALYST)
    page.get_by_role("link", name="Отчёты", exact=True).click()
    page.get_by_label("Регион").select_option(quarter.region)
    page.get_by_role("button", name="Отобрать").click()
    row = page.get_by_role("row").filter(has_text=quarter.region).filter(has_text=quarter.period)
    found = {}
    for kind in ("XLSX", "PDF"):
        with page.expect_download() as waiting:
            row.get_by_role("link", name=re.compile(kind)).click()
        found[kind] = tmp_path_factory.mktemp("downloads") / waiting.value.suggested_filename
        waiting.value.save_as(found[kind])
    return found


def answer_by_keyboard(page: Page, url: str) -> None:
    page.goto(url)
    press(page, "Tab")
    day = page.get_by_label("Когда Вы получили услугу?")
    expect(day).to_be_focused()
    # Day first or month first: that is the browser's language, which no page decides.
    page.keyboard.type(today().strftime("%d%m%Y"))
    if day.input_value() != today().isoformat():
        press(page, "ArrowLeft", "ArrowLeft")
        page.keyboard.type(today().strftime("%m%d%Y"))
    expect(day).to_have_value(today().isoformat())
    tab_to(page, "satisfaction")
    press(page, "Space")
    expect(page.locator("#f-satisfaction-yes")).to_be_checked()
    tab_to(page, "recommend")
    press(page, "Space", "ArrowLeft")
    expect(page.locator("#f-recommend-10")).to_be_checked()
    press(page, "Tab")
    page.keyboard.type("12")
    assert not scrolls_sideways(page)
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ответы приняты")


def tab_to(page: Page, name: str) -> None:
    for _ in range(20):
        press(page, "Tab")
        if page.locator(f"[name={name}]:focus").count():
            return
    raise AssertionError(f"the keyboard does not reach {name}")


def decide_weights(page: Page, *, year: str, region: str) -> None:
    page.get_by_role("navigation", name="Путь к странице").get_by_role("link", name=region).click()
    page.get_by_role("link", name=re.compile(f"решение на {year} год")).click()
    page.get_by_label("ответивших").check()
    page.get_by_label("Номер").fill("14-РШ")
    page.get_by_label("Дата").fill(today().isoformat())
    page.get_by_role("button", name="Внести решение").click()
    expect(page.get_by_text(f"Решение № 14-РШ от {today():%d.%m.%Y}")).to_be_visible()


def today() -> date:
    """The day in the region."""
    return datetime.now(ZoneInfo("Europe/Moscow")).date()


def fact(place: Locator, title: str) -> str:
    term = place.page.locator("dt", has_text=re.compile(rf"^\s*{title}"))
    return place.locator("dl > div").filter(has=term).locator("dd").inner_text().strip()


def counts(page: Page) -> dict[str, str]:
    answers = page.get_by_role("region", name="Ответы")
    return {title: fact(answers, title) for title in ("Получено", "Учтено", "Ответили «Да»", "Порекомендуют")}


def region_value(page: Page) -> tuple[str, str, str]:
    """Satisfaction of the region as the page says it: value, interval, number of answers."""
    card = page.get_by_role("region", name="КПЭ региона").locator(".value").filter(has_text=SATISFACTION)
    facts = one_line(card.locator(".value-facts").inner_text())
    found = re.search(r"интервал (\S+…\S+) ответов: ([\d ]+)", facts)
    assert found, facts
    return one_line(card.locator(".value-number").inner_text()), found[1], found[2].strip()


def one_line(text: str) -> str:
    return " ".join(text.split())


# What must be true ----------------------------------------------------------------------------------------------------


def test_the_qr_code_on_the_poster_is_the_links_address(poster: Poster, portal: str):
    assert re.fullmatch(rf"{re.escape(portal)}/s/[\w-]{{22,}}/", poster.public_url)
    expected = [[bool(module) for module in row] for row in segno.make_qr(poster.public_url, error="q").matrix]
    assert modules_of(poster.picture, len(expected)) == expected


def modules_of(picture: bytes, size: int) -> list[list[bool]]:
    """The dark and light squares of a picture of a QR code, frame of four squares taken off."""
    image = Image.open(io.BytesIO(picture)).convert("L")
    step = image.width / (size + 8)
    assert step > 2, "large enough to be read by a camera"
    assert all(image.getpixel((int((x + 0.5) * step), int(step))) == 255 for x in range(size + 8)), "a light frame"
    at = [int((4.5 + index) * step) for index in range(size)]
    return [[image.getpixel((x, y)) < 128 for x in at] for y in at]


def test_an_answer_moves_the_numbers_of_the_institution(change: Change):
    assert change.answers_of_the_link == "1"
    for title in ("Получено", "Учтено"):
        assert int(change.after[title]) == int(change.before[title]) + 1, title
    for title in ("Ответили «Да»", "Порекомендуют"):
        before, after = (list(map(int, re.findall(r"\d+", one[title]))) for one in (change.before, change.after))
        # The satisfied or the promoters, and all who were asked.
        assert (after[0], after[-1]) == (before[0] + 1, before[-1] + 1), title


def test_a_published_quarter_offers_nothing_that_would_change_it(people: People, quarter: Quarter):
    page = people.one(Role.HQ_MEMBER, "niz")
    page.goto(quarter.url)
    for name in ("Рассчитать", "Рассчитать ещё раз", "Опубликовать"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    page.get_by_role("link", name=quarter.region, exact=True).click()
    expect(page.get_by_text("закреплено")).to_be_visible()


def test_the_sheet_says_what_the_page_says(files: dict[str, Path], quarter: Quarter):
    sheet = CalamineWorkbook.from_path(files["XLSX"]).get_sheet_by_name("Итоги региона").to_python()
    header = sheet[HEADER_ROW - 1]
    row = dict(zip(header, sheet[HEADER_ROW], strict=True))
    assert row["Показатель"] == CATALOGUE["satisfaction"].title
    assert f"{number(row['Значение'])} {row['Единица']}" == quarter.satisfaction
    assert f"{number(row['Интервал 95 %: от'])}…{number(row['Интервал 95 %: до'])}" == quarter.interval
    assert f"{row['Ответов']:.0f}" == quarter.n


def test_the_document_says_what_the_page_says(files: dict[str, Path], quarter: Quarter):
    with pypdfium2.PdfDocument(files["PDF"]) as document:
        text = one_line(" ".join(page.get_textpage().get_text_range() for page in document))
    assert quarter.region in text and quarter.period in text
    assert f"{one_line(SATISFACTION)} {quarter.satisfaction} {quarter.interval} {quarter.n}" in text


def test_files_have_names_a_person_understands(files: dict[str, Path]):
    assert files["XLSX"].suffix == ".xlsx" and files["PDF"].suffix == ".pdf"
    assert files["XLSX"].stem == files["PDF"].stem
    assert "RU-NIZ" in files["PDF"].stem and LIFE_SITUATION in files["PDF"].stem


def test_for_a_member_of_another_region_the_quarter_and_its_files_do_not_exist(people: People, quarter: Quarter):
    page = people.one(Role.HQ_MEMBER, "tyu")
    for url in (quarter.url, f"{quarter.url}passport/", *quarter.reports):
        answer = page.request.get(url)
        assert answer.status == 404, url
        assert "Страница не найдена" in answer.text()
        assert quarter.satisfaction not in answer.text()


def test_a_form_with_mistakes_comes_back_with_what_was_typed(people: People, poster: Poster):
    page = people.with_phone(Role.INSTITUTION_REP, "niz")
    page.goto(f"{poster.institution}links/new/")
    page.get_by_label("Пометка для себя").fill("Второй этаж")
    page.get_by_label("Открыть с").fill("2031-05-02")
    page.get_by_label("Принимать ответы по").fill("2031-05-01")
    page.get_by_role("button", name="Создать ссылку").click()
    problems = page.get_by_role("alert")
    expect(problems).to_be_focused()
    expect(page.get_by_label("Пометка для себя")).to_have_value("Второй этаж")
    expect(page.get_by_label("Открыть с")).to_have_value("2031-05-02")
    assert accessibility_problems(page) == []
    assert not scrolls_sideways(page)
    problems.get_by_role("link").click()
    expect(page.get_by_label("Принимать ответы по")).to_be_focused()


def staff_pages(poster: Poster, quarter: Quarter) -> dict[str, tuple[Role | None, str]]:
    """Every staff page of the walk, and who looks at it."""
    rep, member = Role.INSTITUTION_REP, Role.HQ_MEMBER
    region, _, period = quarter.url.rstrip("/").rsplit("/", 2)
    unpublished = f"{region}/health-primary-cardio/{period}/"
    return {
        "sign-in": (None, "/accounts/login/"),
        "password": (None, "/accounts/password/reset/"),
        "cabinet of a representative": (rep, "/"),
        "institution": (rep, poster.institution),
        "links": (rep, f"{poster.institution}links/"),
        "link form": (rep, f"{poster.institution}links/new/"),
        "link": (rep, poster.link),
        "poster": (rep, f"{poster.link}poster/"),
        "cabinet of a member": (member, "/"),
        "institutions": (member, "/institutions/"),
        "region": (member, f"{region}/"),
        "weights, frozen": (member, f"{region}/weights/{period[:4]}/"),
        "weights": (member, f"{region}/weights/{int(period[:4]) + 1}/"),
        "quarter": (member, quarter.url),
        "quarter that waits": (member, unpublished),
        "clients": (member, f"{unpublished}clients/"),
        "passport": (member, f"{quarter.url}passport/"),
        "reports": (member, "/reports/"),
        "not found": (member, "/regions/RU-TYU/"),
    }


def test_staff_pages_are_accessible_and_fit_320_pixels(people: People, poster: Poster, quarter: Quarter):
    wrong = []
    for name, (role, path) in staff_pages(poster, quarter).items():
        page = people.with_phone(role, "niz" if role else "")
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        if scrolls_sideways(page):
            wrong.append(f"{name}: scrolls sideways")
        wrong += [f"{name}: {problem}" for problem in accessibility_problems(page)]
    assert not wrong, "\n".join(wrong)
