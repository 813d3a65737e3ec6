"""The public questionnaire: what is shown, what is taken, and a plain word for everything that cannot be."""

import gzip
import html
import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.core.signing import Signer
from django.db import models
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from surveys.filling import pages, public
from surveys.models import Response, SurveyLink
from surveys.models.questionnaires import published_definition
from surveys.quality import addresses
from tests.factories import QuestionnaireVersionFactory, RegionFactory, SurveyLinkFactory

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
NOON = datetime(2026, 11, 18, 9, 0, 40, tzinfo=UTC)
GOOD = {"service_date": "2026-11-17", "satisfaction": "yes", "recommend": "9"}


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """A database rolled back gives out its numbers again: nothing may be remembered of the test before."""

    def forget() -> None:
        pages.forget()
        published_definition.cache_clear()
        cache.clear()

    forget()
    yield
    forget()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def link(clock: time_machine.Traveller) -> SurveyLink:
    return SurveyLinkFactory(closes_on=date(2026, 11, 20))


def address(link: SurveyLink) -> str:
    return reverse("answer", args=[link.token])


def key_in(page: HttpResponse) -> str:
    (key,) = re.findall(r'name="key" value="([^"]*)"', page.content.decode())
    return html.unescape(key)


def opened(client: Client, link: SurveyLink) -> str:
    """Open the page and take its key, as a browser does."""
    page = client.get(address(link))
    assert page.status_code == 200, page.content.decode()
    return key_in(page)


def send(client: Client, link: SurveyLink, **fields: Any) -> HttpResponse:
    return client.post(address(link), urlencode(fields, doseq=True), content_type=FORM)


def without_key(page: HttpResponse) -> str:
    """Every page of thanks has a key of its own for what is asked after it."""
    return re.sub(r'name="key" value="[^"]*"', "", page.content.decode())


def errors_in(page: HttpResponse) -> dict[str, str]:
    """Field names and messages, as they stand at the fields."""
    found = re.findall(r'<p class="error" id="f-([\w-]+)-error">(.*?)</p>', page.content.decode(), re.DOTALL)
    return {name: re.sub(r"<span.*?</span>|\s+", " ", text, flags=re.DOTALL).strip() for name, text in found}


def skip_cards() -> None:
    """What was changed in the database is noticed after some seconds; the test does not wait for them."""
    pages._cards.clear()


# Answering ------------------------------------------------------------------------------------------------------------


def test_answers_are_stored_and_thanked_for(client: Client, link: SurveyLink):
    thanks = send(client, link, key=opened(client, link), **GOOD, days="3,5", suggestions="Меньше очередей")
    assert thanks.status_code == 200
    assert "Спасибо" in thanks.content.decode()
    response = Response.objects.get()
    assert (response.link, response.version) == (link, link.version)
    assert (response.institution, response.life_situation) == (link.institution, link.life_situation)
    assert (response.satisfaction, response.nps, str(response.days)) == (4, 9, "3.500")
    assert response.service_date == date(2026, 11, 17) and response.is_eligible
    assert response.mode == Response.Mode.ONLINE
    assert response.answers["suggestions"] == "Меньше очередей"


def test_an_answer_about_a_visit_long_ago_is_stored_apart(client: Client, link: SurveyLink):
    assert send(client, link, key=opened(client, link), **GOOD | {"service_date": "2026-11-12"}).status_code == 200
    assert not Response.objects.get().is_eligible


def test_the_same_answers_sent_twice_are_stored_once_and_thanked_for_twice(client: Client, link: SurveyLink):
    key = opened(client, link)
    first, second = (send(client, link, key=key, **GOOD) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert without_key(first) == without_key(second)
    assert Response.objects.count() == 1


def test_other_answers_under_the_same_key_are_refused_and_may_be_sent_as_a_new_form(client: Client, link: SurveyLink):
    key = opened(client, link)
    send(client, link, key=key, **GOOD)
    other = GOOD | {"recommend": "0", "suggestions": "О другом <обращении>"}
    refused = send(client, link, key=key, **other)
    text = refused.content.decode()
    assert refused.status_code == 409
    assert "уже приняты" in text and "Отправить как новую анкету" in text
    assert Response.objects.get().nps == 9, "the first is kept"
    # What was typed is on the page, under a key of its own.
    assert "О другом &lt;обращении&gt;" in text and re.search(r'id="f-recommend-0"\s+checked', text)
    assert key_in(refused) != key
    assert send(client, link, key=key_in(refused), **other).status_code == 200
    assert sorted(response.nps for response in Response.objects.all()) == [0, 9]


def test_a_form_sent_anew_after_a_conflict_was_begun_when_the_first_was(
    client: Client, link: SurveyLink, clock: time_machine.Traveller
):
    """Else answers begun in time could not be sent in the grace, and late ones could."""
    clock.move_to(CLOSES - timedelta(minutes=1))
    key = opened(client, link)
    clock.move_to(CLOSES + timedelta(minutes=1))
    send(client, link, key=key, **GOOD)
    refused = send(client, link, key=key, **GOOD | {"recommend": "0"})
    assert refused.status_code == 409
    assert send(client, link, key=key_in(refused), **GOOD | {"recommend": "0"}).status_code == 200
    clock.move_to(CLOSES + timedelta(hours=1))
    assert send(client, link, key=key_in(refused), **GOOD | {"recommend": "5"}).status_code == 410


def test_each_opening_of_the_page_may_be_answered(client: Client, link: SurveyLink):
    for _ in range(2):
        assert send(client, link, key=opened(client, link), **GOOD).status_code == 200
    assert Response.objects.count() == 2


# Keys -----------------------------------------------------------------------------------------------------------------


def bad_key(kind: str, client: Client, link: SurveyLink) -> dict[str, Any]:
    good = opened(client, link)
    return {
        "missing": {},
        "empty": {"key": ""},
        "damaged": {"key": good[:-1] + ("A" if good[-1] != "A" else "B")},
        "of another instant": {"key": re.sub(r"\.\d+:", ".1:", good)},
        "invented": {"key": Signer().sign("abc.1")},
        "not of letters": {"key": "\N{SNOWMAN}:\x00"},
        "of another link": {"key": opened(client, SurveyLinkFactory(institution=link.institution))},
    }[kind]


@pytest.mark.parametrize(
    "kind", ["missing", "empty", "damaged", "of another instant", "invented", "not of letters", "of another link"]
)
def test_a_page_with_a_bad_key_comes_back_with_a_good_one(client: Client, link: SurveyLink, kind: str):
    page = send(client, link, **bad_key(kind, client, link), **GOOD, suggestions="Всё хорошо")
    assert page.status_code == 422
    assert "Страница устарела" in page.content.decode() and "Всё хорошо" in page.content.decode()
    assert not Response.objects.exists()
    assert send(client, link, key=key_in(page), **GOOD).status_code == 200
    assert Response.objects.count() == 1


# Bad answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recommend", "11"),
        ("recommend", "-1"),
        ("recommend", "9.5"),
        ("recommend", "NaN"),
        ("recommend", ["9", "10"]),
        ("recommend", ""),
        ("satisfaction", "perhaps"),
        ("satisfaction", ["yes", "no"]),
        ("satisfaction", ""),
        ("service_date", "2026-11-19"),
        ("service_date", "позавчера"),
        ("service_date", ""),
        ("days", "-1"),
        ("days", "NaN"),
        ("days", "много"),
        ("suggestions", "а" * 4001),
    ],
)
def test_a_bad_answer_comes_back_with_all_that_was_typed(client: Client, link: SurveyLink, field: str, value: Any):
    key = opened(client, link)
    typed = GOOD | {"support": "rather_no", "support_comment": 'Ждал "долго" & зря', "days": "7", "suggestions": "Ура"}
    page = send(client, link, key=key, **typed | {field: value})
    text = page.content.decode()
    assert page.status_code == 422
    assert not Response.objects.exists()
    assert set(errors_in(page)) == {field} and errors_in(page)[field]
    (focused,) = re.findall(r'<a href="#([\w-]+)">', text)
    assert f'id="{focused}"' in text, "the summary leads to the field"
    assert f"f-{field}-error" in " ".join(re.findall(r'aria-describedby="([^"]*)"', text))
    assert text.count('aria-invalid="true"') == 1
    assert html.escape('Ждал "долго" & зря').replace("&#x27;", "'") in text
    for name, sent in (typed | {field: value}).items():
        if name in ("suggestions", "days", "service_date") and sent:
            assert sent in text, name
        elif name in ("satisfaction", "recommend", "support") and name != field:
            assert re.search(rf'id="f-{name}-{sent}"\s+checked', text), name
    # The same page, put right, is taken: under the key it was opened with.
    assert key_in(page) == key
    assert send(client, link, key=key, **typed).status_code == 200


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        (b"%00%D0%B4%D0%B0%00", "да"),
        (b"%ED%A0%80%D0%B4%D0%B0", "\N{REPLACEMENT CHARACTER}" * 3 + "да"),
        (b"%FF%FE", "\N{REPLACEMENT CHARACTER}" * 2),
        ("🙂".encode(), "🙂"),
        (b"%3Cscript%3E", "<script>"),
    ],
    ids=["NUL", "half of a surrogate pair", "no UTF-8", "beyond the basic plane", "a tag"],
)
def test_strange_bytes_do_no_harm(client: Client, link: SurveyLink, raw: bytes, stored: str):
    body = urlencode({"key": opened(client, link), **GOOD}).encode() + b"&suggestions=" + raw
    assert client.post(address(link), body, content_type=FORM).status_code == 200
    assert Response.objects.get().answers["suggestions"] == stored


def test_what_is_typed_cannot_become_part_of_the_page(client: Client, link: SurveyLink):
    typed = "</textarea><script>alert(1)</script>"
    page = send(client, link, key=opened(client, link), suggestions=typed, days='"><img src=x>')
    assert page.content.count(b"<script") == 1 and b"<img" not in page.content
    assert html.escape(typed).encode() in page.content


def test_ten_megabytes_of_text_are_refused(client: Client, link: SurveyLink):
    page = send(client, link, key=opened(client, link), **GOOD, suggestions="x" * 10_000_000)
    assert page.status_code == 413
    assert "Слишком много текста" in page.content.decode()


def test_thousands_of_fields_are_refused(client: Client, link: SurveyLink):
    many = {f"field{number}": "x" for number in range(6000)}
    assert send(client, link, key=opened(client, link), **GOOD, **many).status_code == 413


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"recommend": 9}', "application/json"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"recommend=9", "application/x-www-form-urlencoded; charset=utf-16"),
        (b"recommend=9", ""),
    ],
)
def test_a_body_no_browser_sends_is_refused_plainly(client: Client, link: SurveyLink, body: bytes, content_type: str):
    page = client.post(address(link), body, content_type=content_type)
    assert page.status_code == 400
    assert "не удалось прочитать" in page.content.decode()


# When -----------------------------------------------------------------------------------------------------------------

KAMCHATKA = ZoneInfo("Asia/Kamchatka")


def test_a_link_closes_at_midnight_of_its_own_region(client: Client, clock: time_machine.Traveller):
    last = date(2026, 11, 18)
    link = SurveyLinkFactory(institution__region=RegionFactory(code="RU-KAM"), closes_on=last)
    other = SurveyLinkFactory(closes_on=last)
    midnight = datetime(2026, 11, 19, tzinfo=KAMCHATKA)
    clock.move_to(midnight - timedelta(seconds=1))
    assert client.get(address(link)).status_code == 200
    clock.move_to(midnight)
    assert client.get(address(link)).status_code == 410
    assert client.get(address(other)).status_code == 200, "nine hours later in Нижний Новгород"


def test_a_link_opens_at_midnight_of_its_own_region(client: Client, clock: time_machine.Traveller):
    link = SurveyLinkFactory(institution__region=RegionFactory(code="RU-KAM"), opens_on=date(2026, 11, 20))
    midnight = datetime(2026, 11, 20, tzinfo=KAMCHATKA)
    clock.move_to(midnight - timedelta(seconds=1))
    page = client.get(address(link))
    assert page.status_code == 403
    assert "20 ноября 2026" in page.content.decode()
    clock.move_to(midnight)
    assert client.get(address(link)).status_code == 200


def test_the_calendar_ends_on_the_day_of_the_region(client: Client, clock: time_machine.Traveller):
    link = SurveyLinkFactory(institution__region=RegionFactory(code="RU-KAM"))
    # 02:00 of the 19th in Kamchatka, still the 18th in Moscow.
    clock.move_to(datetime(2026, 11, 18, 14, 0, tzinfo=UTC))
    assert b'max="2026-11-19"' in client.get(address(link)).content
    assert send(client, link, key=opened(client, link), **GOOD | {"service_date": "2026-11-19"}).status_code == 200
    assert Response.objects.get().answered_on == date(2026, 11, 19)


CLOSES = datetime(2026, 11, 21, tzinfo=ZoneInfo("Europe/Moscow"))


@pytest.mark.parametrize(
    ("begun", "sent", "status"),
    [
        (timedelta(seconds=-1), timedelta(seconds=-1), 200),
        (timedelta(seconds=-1), timedelta(0), 200),
        (timedelta(seconds=-1), timedelta(minutes=59, seconds=59), 200),
        (timedelta(seconds=-1), timedelta(hours=1), 410),
        (timedelta(days=-2), timedelta(minutes=30), 200),
    ],
)
def test_answers_begun_before_the_close_arrive_for_an_hour(
    client: Client, link: SurveyLink, clock: time_machine.Traveller, begun: timedelta, sent: timedelta, status: int
):
    clock.move_to(CLOSES + begun)
    key = opened(client, link)
    clock.move_to(CLOSES + sent)
    assert client.get(address(link)).status_code == (410 if sent >= timedelta(0) else 200)
    assert send(client, link, key=key, **GOOD).status_code == status
    assert Response.objects.count() == (status == 200)


def test_a_mistake_may_be_put_right_during_the_grace(client: Client, link: SurveyLink, clock: time_machine.Traveller):
    clock.move_to(CLOSES - timedelta(minutes=1))
    key = opened(client, link)
    clock.move_to(CLOSES + timedelta(minutes=1))
    page = send(client, link, key=key, **GOOD | {"recommend": ""})
    assert page.status_code == 422
    assert send(client, link, key=key_in(page), **GOOD).status_code == 200


def test_a_bad_key_gets_no_new_one_after_the_close(client: Client, link: SurveyLink, clock: time_machine.Traveller):
    clock.move_to(CLOSES + timedelta(minutes=1))
    assert send(client, link, key="x", **GOOD).status_code == 410


def test_stored_answers_are_thanked_for_long_after_the_close(
    client: Client, link: SurveyLink, clock: time_machine.Traveller
):
    key = opened(client, link)
    first = send(client, link, key=key, **GOOD)
    clock.move_to(CLOSES + timedelta(days=3))
    again = send(client, link, key=key, **GOOD)
    assert again.status_code == 200 and without_key(again) == without_key(first)
    assert send(client, link, key=key, **GOOD | {"recommend": "0"}).status_code == 410
    assert Response.objects.count() == 1


def test_a_link_closed_by_hand_is_closed_within_seconds_and_keeps_the_grace(
    client: Client, link: SurveyLink, clock: time_machine.Traveller
):
    key = opened(client, link)
    SurveyLink.objects.filter(pk=link.pk).update(closed_at=NOON + timedelta(minutes=1))
    clock.shift(timedelta(minutes=2))
    skip_cards()
    assert client.get(address(link)).status_code == 410
    assert send(client, link, key=key, **GOOD).status_code == 200


def test_a_card_is_kept_for_seconds_only(client: Client, link: SurveyLink, monkeypatch: pytest.MonkeyPatch):
    client.get(address(link))
    SurveyLink.objects.filter(pk=link.pk).update(closed_at=NOON)
    assert client.get(address(link)).status_code == 200
    monkeypatch.setattr(pages, "PAGE_KEPT_SECONDS", -1)
    assert client.get(address(link)).status_code == 410


# Fast -----------------------------------------------------------------------------------------------------------------


def test_a_page_in_use_asks_the_database_nothing(client: Client, link: SurveyLink, django_assert_num_queries: Any):
    client.get(address(link))
    with django_assert_num_queries(0):
        assert client.get(address(link)).status_code == 200


def test_answers_take_one_statement(client: Client, link: SurveyLink, django_assert_num_queries: Any):
    key = opened(client, link)
    with django_assert_num_queries(1):
        assert send(client, link, key=key, **GOOD).status_code == 200


def test_what_is_kept_is_bounded_and_unknown_tokens_are_not(client: Client):
    kept = pages.Kept[int, int](3)
    for number in range(10):
        kept.put(number, number)
    assert [number for number in range(10) if kept.get(number) is not None] == [7, 8, 9]
    client.get(reverse("answer", args=["x" * 32]))
    assert not pages._cards._values


# Unknown links and short codes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["x" * 32, "x" * 31, "x" * 5000, "а" * 32, "%00" * 10, "..", "'"])
def test_an_unknown_link_is_answered_plainly(client: Client, token: str):
    for page in (client.get(f"/s/{token}/"), client.post(f"/s/{token}/", urlencode(GOOD), content_type=FORM)):
        assert page.status_code == 404
        assert "Ссылка не найдена" in page.content.decode()
        assert b'name="code"' in page.content


def test_a_code_leads_to_the_questionnaire_however_it_is_typed(client: Client, link: SurveyLink):
    SurveyLink.objects.filter(pk=link.pk).update(short_code="ABEK2345")
    for typed in ("ABEK2345", "abek-2345", " авек 2345 ", "АВЕК–2345"):
        page = client.post(reverse("answer-by-code"), urlencode({"code": typed}), content_type=FORM)
        assert (page.status_code, page.headers["Location"]) == (302, address(link)), typed
    for typed in ("ABEK2345", "abek-2345"):
        assert client.get(f"/s/{typed}/").headers["Location"] == address(link)


@pytest.mark.parametrize("typed", ["", "ABEK2346", "ABC", "x" * 5000, "\x00" * 8, "<script>"])
def test_a_wrong_code_comes_back_with_a_word(client: Client, typed: str):
    page = client.post(reverse("answer-by-code"), urlencode({"code": typed}), content_type=FORM)
    assert page.status_code == 422
    assert ("Такого кода нет" if typed else "Введите код.") in page.content.decode()
    assert html.escape(typed[:40]) in page.content.decode()


def test_codes_cannot_be_guessed(client: Client, link: SurveyLink, clock: time_machine.Traveller):
    def try_code(code: str, **extra: str) -> int:
        return client.post(reverse("answer-by-code"), urlencode({"code": code}), content_type=FORM, **extra).status_code

    wrong = [f"ABEK{number:04}" for number in range(2222, 2222 + public.WRONG_CODES_AN_HOUR)]
    assert {try_code(code) for code in wrong} == {422}
    assert try_code("ABEK9999") == try_code(link.short_code) == 429
    assert client.get(f"/s/{link.short_code}/").status_code == 429
    assert try_code(link.short_code, REMOTE_ADDR="203.0.113.9") == 302, "others are not held back"
    assert client.get(address(link)).status_code == 200, "nor is the questionnaire itself"
    clock.shift(timedelta(hours=1))
    assert try_code(link.short_code) == 302


def test_right_codes_are_not_counted(client: Client, link: SurveyLink):
    for _ in range(public.WRONG_CODES_AN_HOUR + 5):
        assert client.get(f"/s/{link.short_code}/").status_code == 302


def test_without_the_cache_codes_still_work(client: Client, link: SurveyLink, monkeypatch: pytest.MonkeyPatch):
    def broken(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError("away")

    for name in ("get", "add", "incr"):
        monkeypatch.setattr(addresses.cache, name, broken, raising=False)
    assert client.get(f"/s/{link.short_code}/").status_code == 302
    assert client.get("/s/ABEK9999/").status_code == 404


# Anonymous, light, closed to all others -------------------------------------------------------------------------------


# Those of the form, and the one after which nothing need be kept on the phone any more.
WITH_SCRIPT = {"questionnaire", "errors", "thanks", "conflict"}


def all_pages(client: Client, link: SurveyLink) -> Iterator[tuple[str, HttpResponse]]:
    """Every page of this address, by name."""
    key = opened(client, link)
    yield "questionnaire", client.get(address(link))
    yield "errors", send(client, link, key=key)
    yield "thanks", send(client, link, key=key, **GOOD)
    yield "conflict", send(client, link, key=key, **GOOD | {"recommend": "0"})
    yield "too large", send(client, link, x="x" * 300_000)
    yield "unreadable", client.post(address(link), b"{}", content_type="application/json")
    yield "code", client.get(reverse("answer-by-code"))
    yield "wrong code", client.post(reverse("answer-by-code"), urlencode({"code": "x"}), content_type=FORM)
    yield "unknown", client.get(reverse("answer", args=["x" * 32]))
    yield "not yet open", client.get(address(SurveyLinkFactory(opens_on=date(2026, 12, 1))))
    yield "closed", client.get(address(SurveyLinkFactory(closes_on=date(2026, 11, 1))))
    paused = SurveyLinkFactory(paused_at=NOON - timedelta(minutes=1))
    yield "paused", client.get(address(paused))
    yield "closed in vain", send(client, SurveyLinkFactory(closes_on=date(2026, 11, 1)), suggestions="Слова")
    yield "feedback refused", client.post(f"{address(link)}feedback/", "ease=3", content_type=FORM)


def test_no_page_sets_a_cookie_or_loads_anything(client: Client, link: SurveyLink):
    for name, page in all_pages(client, link):
        text = page.content.decode()
        assert not page.cookies, name
        assert page.headers["Cache-Control"] == "no-store", name
        script = '<script defer src="/static/js/questionnaire.js"></script>'
        assert re.findall("<script[^>]*>.*?</script>", text) == [script] * (name in WITH_SCRIPT), name
        assert "style=" not in text, name
        text = text.replace(script, "")
        assert not re.findall(r'(?:href|src|action)="(?!/s/|feedback/|#|\?|data:image/svg)[^"]*"', text), name
        assert not re.findall(r"url\(|@import", text), name
        assert "{{" not in text and "{%" not in text and "None" not in text.replace("'none'", ""), name


def test_the_policy_of_a_page_lets_in_its_own_style_and_nothing_else(client: Client, link: SurveyLink):
    for name, page in all_pages(client, link):
        (sheet,) = re.findall("<style>(.*?)</style>", page.content.decode(), re.DOTALL)
        checksum = b64encode(sha256(sheet.encode()).digest()).decode()
        script = "script-src 'self'; connect-src 'self'; " if name in WITH_SCRIPT else ""
        assert page.headers["Content-Security-Policy"] == (
            f"default-src 'none'; {script}style-src 'sha256-{checksum}'; img-src data:; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        ), name


def test_the_page_is_light(client: Client, link: SurveyLink):
    page = client.get(address(link)).content
    assert len(page) <= 30_000, "even before it is compressed"
    assert len(gzip.compress(page)) <= 10_000
    filled = send(client, link, recommend="11", suggestions="Очень долго. " * 100).content
    assert len(gzip.compress(filled)) <= 30_000
    script = gzip.compress((settings.BASE_DIR / "static/js/questionnaire.js").read_bytes())
    assert len(gzip.compress(filled)) + len(script) <= 45_000
    assert len(gzip.compress(page)) + len(script) <= 13_000


def test_every_page_says_whose_it_is(client: Client, link: SurveyLink):
    text = client.get(address(link)).content.decode()
    assert "Национальная социальная инициатива" in text
    assert html.escape(link.institution.name) in text and link.life_situation.short_title in text
    assert "Анкета анонимна: мы не спрашиваем и не храним имя, телефон и адрес" in text


def test_a_new_name_of_the_institution_is_shown(client: Client, link: SurveyLink):
    client.get(address(link))
    link.institution.name = "Кадровый центр «Работа <России>»"
    link.institution.save()
    skip_cards()
    assert "Работа &lt;России&gt;" in client.get(address(link)).content.decode()


def test_nothing_of_a_person_is_stored():
    known = {
        "link", "version", "institution", "life_situation", "key", "digest", "mode", "arrived_at", "answered_on",
        "service_date", "is_eligible", "answers", "is_rolled_up", "satisfaction", "documents", "duration", "clarity",
        "support", "nps", "days",
        # What is wrong with it, the texts before masking, the file it came in.
        "is_measured", "is_excluded", "flags", "originals", "imported_in",
    }  # fmt: skip
    fields = {field.name: field for field in Response._meta.concrete_fields if not field.primary_key}
    assert set(fields) == known, "a new column of an answer: can it tell who answered?"
    assert not any(isinstance(field, models.GenericIPAddressField | models.EmailField) for field in fields.values())


def test_the_arrival_is_stored_in_whole_minutes(client: Client, link: SurveyLink):
    send(client, link, key=opened(client, link), **GOOD)
    assert Response.objects.get().arrived_at == NOON.replace(second=0)


def test_the_stored_key_does_not_tell_when_the_page_was_opened(client: Client, link: SurveyLink):
    key = opened(client, link)
    send(client, link, key=key, **GOOD)
    stored = Response.objects.get().key
    assert key.startswith(stored + ".") and len(stored) == 22


def test_the_page_key_is_all_that_is_needed_to_send(link: SurveyLink):
    client = Client(enforce_csrf_checks=True)
    assert send(client, link, key=opened(client, link), **GOOD).status_code == 200


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_refused(client: Client, link: SurveyLink, method: str):
    assert getattr(client, method)(address(link)).status_code == 405


def test_the_head_of_the_page_may_be_asked_for(client: Client, link: SurveyLink):
    assert client.head(address(link)).status_code == 200


# All kinds of questions -----------------------------------------------------------------------------------------------

FAMILY: dict[str, Any] = {
    "title": "Семья",
    "sections": [
        {
            "code": "home",
            "title": "Дом",
            "questions": [
                {
                    "code": "how",
                    "type": "single",
                    "text": "Как обратились?",
                    "options": [{"code": "web", "title": "Сайт"}, {"code": "desk", "title": "Лично"}],
                },
                {
                    "code": "helped",
                    "type": "multiple",
                    "text": "Чем помогли?",
                    "required": True,
                    "options": [{"code": "money", "title": "Деньги"}, {"code": "care", "title": "Уход"}],
                },
                {
                    "code": "site",
                    "type": "scale4",
                    "text": "Удобен ли сайт?",
                    "visible_if": {"question": "how", "in": ["web"]},
                },
                {
                    "code": "why",
                    "type": "text",
                    "text": "Почему?",
                    "max_length": 50,
                    "visible_if": {"question": "site", "in": ["no"]},
                },
            ],
        },
        {
            "code": "kin",
            "title": "Родные",
            "repeat": {"min": 1, "max": 2, "add": "Добавить родственника"},
            "questions": [
                {"code": "age", "type": "number", "text": "Сколько лет?", "required": True, "unit": "лет", "max": 120},
                {
                    "code": "need",
                    "type": "single",
                    "text": "Нужен уход?",
                    "options": [{"code": "yes", "title": "Да"}, {"code": "no", "title": "Нет"}],
                },
                {"code": "note", "type": "text", "text": "Какой?", "visible_if": {"question": "need", "in": ["yes"]}},
            ],
        },
    ],
}


@pytest.fixture
def family(clock: time_machine.Traveller) -> SurveyLink:
    return SurveyLinkFactory(version=QuestionnaireVersionFactory(number=7, document=FAMILY))


def test_a_block_is_added_and_taken_away_without_losing_a_word(client: Client, family: SurveyLink):
    key = opened(client, family)
    typed = {"helped": ["care"], "how": "web", "kin-count": "1", "kin-0-age": "семь", "kin-0-note": "дневной"}
    more = send(client, family, key=key, add="kin", **typed)
    text = more.content.decode()
    assert more.status_code == 200 and not errors_in(more), "nothing is judged before it is sent"
    assert 'name="kin-count" value="2"' in text and 'name="kin-1-age"' in text
    assert 'value="семь"' in text and "дневной" in text and re.search(r'id="f-helped-care"\s+checked', text)
    assert key_in(more) == key
    assert 'value="kin"' not in text, "two is the most"
    less = send(client, family, key=key, add="kin-less", **typed | {"kin-count": "2"}).content.decode()
    assert 'name="kin-count" value="1"' in less and 'value="kin-less"' not in less
    for nonsense in ("", "home", "nothing", "kin-more"):
        page = send(client, family, key=key, add=nonsense, **typed).content.decode()
        assert 'name="kin-count" value="1"' in page
    assert not Response.objects.exists()


def test_a_repeating_section_is_stored_and_its_errors_stand_where_they_belong(client: Client, family: SurveyLink):
    key = opened(client, family)
    typed = {
        "helped": ["care", "money"],
        "kin-count": "2",
        "kin-0-age": "70",
        "kin-0-need": "yes",
        "kin-0-note": "ночью",
    }
    page = send(client, family, key=key, **typed)
    assert page.status_code == 422 and set(errors_in(page)) == {"kin-1-age"}
    assert send(client, family, key=key, **typed, **{"kin-1-age": "5"}).status_code == 200
    assert Response.objects.get().answers == {
        "helped": ["money", "care"],
        "kin": [{"age": "70", "need": "yes", "note": "ночью"}, {"age": "5"}],
    }


def test_conditions_become_style_rules_chains_and_repetitions_too(client: Client, family: SurveyLink):
    text = client.get(address(family)).content.decode()
    for rule in (
        "form:has(#f-how-web:checked) #b-site{display:block}",
        "form:has(#f-site-no:checked):has(#f-how-web:checked) #b-why{display:block}",
        "form:has(#f-kin-0-need-yes:checked) #b-kin-0-note{display:block}",
    ):
        assert rule in text
    assert "Если ответили «Сайт»" in re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", text))


def test_each_error_of_check_boxes_is_heard(client: Client, family: SurveyLink):
    page = send(client, family, key=opened(client, family), **{"kin-0-age": "1"})
    assert set(errors_in(page)) == {"helped"}
    assert page.content.count(b'aria-invalid="true"') == 2
