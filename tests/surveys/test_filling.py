"""Filling step by step: kept on the way, resumed on the same phone, in another language; what is asked at the end."""

import gzip
import html
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode, urljoin
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from surveys import tasks
from surveys.filling import pages
from surveys.filling.page_keys import read_page_key
from surveys.models import ChangeMade, FillingDraft, FormFeedback, Questionnaire, Response, SurveyLink
from surveys.models.questionnaires import published_definition
from surveys.services import filling
from tests.factories import MembershipFactory, QuestionnaireVersionFactory, SurveyLinkFactory
from tests.surveys.paged import VISIT
from tests.surveys.test_public_page import FORM, GOOD, address, errors_in, key_in, opened, send, skip_cards

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 18, 9, 0, 40, tzinfo=UTC)
CLOSES = datetime(2026, 11, 21, tzinfo=ZoneInfo("Europe/Moscow"))
FIRST = {"service_date": "2026-11-17", "how": "web"}
LAST = {"satisfaction": "yes", "recommend": "9"}


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    pages.forget()
    published_definition.cache_clear()
    # The same hour again for every test: what an address did in the one before would count.
    cache.clear()
    yield
    pages.forget()
    published_definition.cache_clear()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def link(clock: time_machine.Traveller) -> SurveyLink:
    version = QuestionnaireVersionFactory(number=7, document=VISIT)
    return SurveyLinkFactory(closes_on=date(2026, 11, 20), version=version)


@pytest.fixture
def plain(clock: time_machine.Traveller) -> SurveyLink:
    """The standard questionnaire, on one page."""
    return SurveyLinkFactory(closes_on=date(2026, 11, 20))


class Phone:
    """Fills a form as a browser does: what the page holds goes back, with what was changed and the button pressed."""

    def __init__(self, link: SurveyLink, client: Client | None = None, query: str = "") -> None:
        self.link, self.client = link, client or Client()
        self.url = address(link) + query
        self.open()

    def open(self) -> HttpResponse:
        self.page = self.client.get(self.url)
        return self.page

    @property
    def text(self) -> str:
        return self.page.content.decode()

    @property
    def heading(self) -> str:
        found = re.search(r"<h2[^>]*>(.*?)</h2>", self.text, re.DOTALL)
        return " ".join(re.sub(r"<[^>]*>", "", found[1]).split()) if found else ""

    def fields(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for tag in re.findall(r"<input[^>]*>", self.text):
            if ("radio" in tag or "checkbox" in tag) and "checked" not in tag:
                continue
            name, value = (re.search(rf'\b{part}="([^"]*)"', tag) for part in ("name", "value"))
            if name:
                found.setdefault(name[1], []).append(html.unescape(value[1]) if value else "")
        for name, value in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n(.*?)</textarea>', self.text, re.DOTALL):
            found.setdefault(name, []).append(html.unescape(value))
        return found

    def press(self, button: str = "", **typed: Any) -> HttpResponse:
        """`button`: `name=value`; empty: the one that sends. Names with dashes are given with `__`."""
        fields = self.fields() | {name.replace("__", "-"): value for name, value in typed.items()}
        if button:
            name, _equals, value = button.partition("=")
            assert f'name="{name}"' in self.text and f'value="{value}"' in self.text, button
            fields[name] = [value]
        self.page = self.client.post(self.url, urlencode(fields, doseq=True), content_type=FORM)
        return self.page

    def next(self, **typed: Any) -> HttpResponse:
        return self.press("_do=next", **typed)


def to_the_end(link: SurveyLink) -> Phone:
    phone = Phone(link)
    phone.next(**FIRST)
    phone.next(handy="yes")
    phone.next()
    return phone


# Steps ----------------------------------------------------------------------------------------------------------------


def test_a_paged_questionnaire_is_answered_section_by_section(link: SurveyLink):
    phone = Phone(link)
    assert phone.heading == "Шаг 1 из 3 Обращение", "nobody has come by the site so far"
    assert "Когда Вы получили услугу?" in phone.text and "Довольны ли Вы?" not in phone.text
    assert phone.next(**FIRST).status_code == 200
    assert phone.heading == "Шаг 2 из 4 Сайт"
    phone.next(handy="rather_no", unhandy="Мелко <очень>")
    assert phone.heading == "Шаг 3 из 4 Родные"
    phone.press("add=kin")
    phone.next(**{"kin__0__age": "70", "kin__0__need": "yes", "kin__0__note": "ночью"})
    assert phone.heading == "Шаг 4 из 4 Оценка"
    assert not Response.objects.exists(), "nothing arrives before it is sent"
    thanks = phone.press(**LAST, days="3")
    assert thanks.status_code == 200 and "Ответы приняты" in phone.text
    assert Response.objects.get().answers == {
        "service_date": "2026-11-17",
        "how": "web",
        "handy": "rather_no",
        "unhandy": "Мелко <очень>",
        "kin": [{"age": "70", "need": "yes", "note": "ночью"}],
        "satisfaction": "yes",
        "recommend": 9,
        "days": "3",
    }


def test_each_step_is_checked_before_the_next_and_keeps_what_was_typed(link: SurveyLink):
    phone = Phone(link)
    page = phone.next(service_date="2026-11-30", how="desk", why="Мне так <проще>")
    assert page.status_code == 422 and set(errors_in(page)) == {"service_date"}
    assert phone.heading.startswith("Проверьте ответы")
    assert "Мне так &lt;проще&gt;" in phone.text and re.search(r'id="f-how-desk"\s+checked', phone.text)
    phone.next(service_date="2026-11-17")
    assert phone.heading == "Шаг 2 из 3 Родные", "the section about the site is no step for them"


def test_one_goes_back_without_losing_what_is_half_typed(link: SurveyLink):
    phone = Phone(link)
    phone.next(**FIRST)
    phone.press("_do=back", handy="no", unhandy="половина")
    assert phone.page.status_code == 200 and phone.heading == "Шаг 1 из 4 Обращение"
    phone.next()
    assert re.search(r'id="f-handy-no"\s+checked', phone.text) and "половина" in phone.text


def test_a_changed_mind_takes_a_step_away_and_what_was_said_there_does_not_count(link: SurveyLink):
    phone = Phone(link)
    phone.next(**FIRST)
    phone.next(handy="no", unhandy="всё")
    phone.press("_do=back")
    phone.press("_do=back")
    phone.next(how="desk")
    assert phone.heading == "Шаг 2 из 3 Родные"
    phone.next()
    phone.press(**LAST)
    answers = Response.objects.get().answers
    assert answers["how"] == "desk" and "handy" not in answers and "unhandy" not in answers


def test_the_key_stays_the_same_on_all_steps_and_a_repeat_is_stored_once(link: SurveyLink):
    phone = Phone(link)
    keys = {key_in(phone.page)}
    for typed in (FIRST, {"handy": "yes"}, {}):
        keys.add(key_in(phone.next(**typed)))
    assert len(keys) == 1
    last = phone.fields() | {name: [value] for name, value in LAST.items()}
    for _ in range(2):
        page = phone.client.post(phone.url, urlencode(last, doseq=True), content_type=FORM)
        assert page.status_code == 200 and "Ответы приняты" in page.content.decode()
    assert Response.objects.count() == 1


def test_answers_of_all_sections_sent_at_once_are_taken_too(link: SurveyLink):
    client = Client()
    page = send(client, link, key=opened(client, link), **FIRST, handy="yes", **LAST)
    assert page.status_code == 200 and Response.objects.count() == 1


def test_what_is_wrong_on_an_earlier_step_leads_back_to_it(link: SurveyLink):
    client = Client()
    key = opened(client, link)
    page = send(client, link, key=key, _step="3", **FIRST | {"how": "post"}, **LAST)
    assert page.status_code == 422
    assert set(errors_in(page)) == {"how"} and 'name="_step" value="0"' in page.content.decode()


@pytest.mark.parametrize(
    "step", ["", "-1", "4", "99", "1e9", "9" * 400, "x", "\x00", "٣", "1"], ids=lambda step: step[:3]
)
@pytest.mark.parametrize("button", ["next", "back", "save", "", "nonsense"])
def test_a_step_that_there_is_not_breaks_nothing(link: SurveyLink, step: str, button: str):
    client = Client()
    page = send(client, link, key=opened(client, link), _step=step, _do=button, **FIRST | {"how": "desk"})
    assert page.status_code in (200, 422)
    assert not Response.objects.exists()


def test_the_last_step_may_turn_out_to_have_one_after_it(clock: time_machine.Traveller):
    two = {**VISIT, "sections": VISIT["sections"][:2], "translations": {}}
    link = SurveyLinkFactory(version=QuestionnaireVersionFactory(number=8, document=two))
    phone = Phone(link)
    assert "Отправить ответы" in phone.text
    phone.press(**FIRST)
    assert phone.heading == "Шаг 2 из 2 Сайт" and not Response.objects.exists()
    # And the other way round: going on finds nothing more to ask.
    phone.press("_do=back")
    phone.next(how="desk")
    assert "Осталось отправить ответы" in phone.text and not Response.objects.exists()
    phone.press()
    assert Response.objects.count() == 1


def test_a_step_page_is_light_however_much_was_typed_before(link: SurveyLink):
    phone = Phone(link)
    assert len(gzip.compress(phone.page.content)) <= 30_000
    phone.next(**FIRST | {"how": "desk"}, why="Долго ждали. " * 15)
    assert len(gzip.compress(phone.page.content)) <= 30_000
    script = gzip.compress((settings.BASE_DIR / "static/js/questionnaire.js").read_bytes())
    assert len(gzip.compress(phone.page.content)) + len(script) <= 45_000


# Drafts ---------------------------------------------------------------------------------------------------------------


def test_the_same_phone_resumes_where_it_was_after_the_tab_was_closed(link: SurveyLink):
    phone = Phone(link)
    key = key_in(phone.page)
    phone.next(**FIRST)
    phone.open()
    assert "Мы сохранили Ваши ответы, продолжайте" in phone.text and "Начать заново" in phone.text
    assert key_in(phone.page) == key
    assert "Удобен ли сайт?" in phone.text
    phone.press("_do=back")
    assert re.search(r'id="f-how-web"\s+checked', phone.text)


def test_another_phone_finds_nothing(link: SurveyLink):
    Phone(link).next(**FIRST)
    assert "Мы сохранили" not in Phone(link).text


def kept_for(phone: Phone) -> filling.Kept | None:
    token = phone.client.cookies["filling"].value
    return filling.find_draft(link_id=phone.link.pk, token=token, now=timezone.now())


def test_the_phone_holds_a_secret_the_portal_does_not_keep(link: SurveyLink):
    phone = Phone(link)
    cookie = phone.next(**FIRST).cookies["filling"]
    assert len(cookie.value) >= 22, "at least 128 bits"
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (address(link), True, "Lax")
    assert cookie["max-age"] == 3 * 24 * 60 * 60
    assert not in_the_clear([cookie.value])
    assert phone.next(handy="yes").cookies["filling"].value == cookie.value
    assert FillingDraft.objects.count() == 1, "one phone, one draft"


def in_the_clear(words: Iterable[str]) -> list[str]:
    """Which of these words stand in any column of any form kept, as text or as JSON would write them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM surveys_fillingdraft")
        rows = cursor.fetchall()
    assert rows
    columns = [bytes(one) if isinstance(one, bytes | memoryview) else str(one).encode() for row in rows for one in row]
    looks = {word: (word.encode(), json.dumps(word)[1:-1].encode()) for word in words}
    return [word for word, written in looks.items() if any(one in column for one in written for column in columns)]


def test_with_the_whole_database_and_no_phone_nobody_reads_a_form_that_was_left(link: SurveyLink):
    phone = Phone(link)
    key = key_in(phone.page)
    words = "Очередь на два часа, врач Иванова"
    phone.next(**FIRST | {"how": "desk"}, why=words)
    phone.press("_do=save")
    random = read_page_key(link.pk, key).random
    assert not in_the_clear([words, "Очередь", "desk", key, random, "satisfaction", "why"])
    # The answers go another way, without the cookie, and the form that was kept stays: nothing of them is in it.
    send(Client(), link, key=key, **FIRST | {"how": "desk"}, why=words, **LAST)
    response = Response.objects.get()
    assert response.key == random and words in str(response.answers)
    assert not in_the_clear([response.key, bytes(response.digest).hex(), words])
    found = kept_for(phone)
    assert found and found.key == key and found.sent["why"] == [words], "the phone itself reads all of it"


def test_the_length_of_a_kept_form_does_not_tell_what_it_became(link: SurveyLink):
    for words in ("Да", "Долго ждали. " * 15):
        Phone(link).next(**FIRST | {"how": "desk"}, why=words)
    assert len({len(bytes(one.content)) for one in FillingDraft.objects.all()}) == 1


def test_the_token_is_looked_up_and_encrypts_under_two_keys_of_which_none_tells_the_other(link: SurveyLink):
    keys = {filling._derived("token", purpose) for purpose in (filling._LOOKUP, filling._CONTENT)}
    assert len(keys) == 2 and sha256(b"token").digest() not in keys


@pytest.mark.parametrize("damage", ["cut", "empty", "changed", "of another link", "of another phone"])
def test_a_form_that_was_damaged_begins_anew(link: SurveyLink, damage: str):
    phone = Phone(link)
    phone.next(**FIRST)
    draft = FillingDraft.objects.get()
    content = bytes(draft.content)
    form = kept_for(phone)
    assert form
    draft.content = {
        "cut": content[:7],
        "empty": b"",
        "changed": content[:-1] + bytes([content[-1] ^ 1]),
        "of another link": filling._encrypted(form, phone.client.cookies["filling"].value, link.pk + 1),
        "of another phone": filling._encrypted(form, "x" * 32, link.pk),
    }[damage]
    draft.save()
    assert phone.open().status_code == 200 and "Мы сохранили" not in phone.text
    phone.next(**FIRST)
    assert FillingDraft.objects.count() == 1
    assert "Мы сохранили" in phone.open().content.decode(), "what is kept next takes its place"


def test_a_cookie_of_another_link_opens_nothing(link: SurveyLink):
    phone = Phone(link)
    phone.next(**FIRST)
    token = phone.client.cookies["filling"].value
    other = Phone(SurveyLinkFactory(version=link.version, institution=link.institution))
    other.client.cookies["filling"] = token
    assert "Мы сохранили" not in other.open().content.decode()


@pytest.mark.parametrize("token", ["", "x", "\ud800", "x" * 5000, "é\x01", "'; drop"])
def test_an_invented_cookie_is_no_harm(link: SurveyLink, token: str):
    header = token.encode(errors="replace").decode("latin-1")
    for page in (
        Client().get(address(link), HTTP_COOKIE=f"filling={header}"),
        Client().post(address(link), urlencode(FIRST), content_type=FORM, HTTP_COOKIE=f"filling={header}"),
    ):
        assert page.status_code in (200, 422)


def test_the_draft_is_gone_once_the_answers_are_sent(link: SurveyLink):
    phone = to_the_end(link)
    assert FillingDraft.objects.count() == 1
    thanks = phone.press(**LAST)
    assert thanks.status_code == 200
    assert thanks.cookies["filling"].value == "" and thanks.cookies["filling"]["max-age"] == 0
    assert not FillingDraft.objects.exists()
    assert "Мы сохранили" not in Phone(link, phone.client).text


def test_any_questionnaire_is_saved_for_later_as_it_is(plain: SurveyLink):
    phone = Phone(plain)
    page = phone.press("_do=save", satisfaction="no", days="много", suggestions="А" * 3000 + " 🙂 \u202e\x00")
    assert page.status_code == 200 and "Ответы сохранены" in phone.text and "21.11.2026" in phone.text
    phone.open()
    assert "Мы сохранили" in phone.text and 'value="много"' in phone.text
    assert "А" * 3000 + " 🙂 \u202e" in phone.text
    assert not Response.objects.exists()
    assert phone.press(**GOOD, days="3").status_code == 200
    assert Response.objects.get().answers["suggestions"] == "А" * 3000 + " 🙂 \u202e"


def test_only_answers_to_its_questions_are_kept(link: SurveyLink):
    client = Client()
    many = {f"field{number}": "x" for number in range(1000)}
    send(
        client, link, key=opened(client, link), _do="save", **many,
        how=["web"] * 50, service_date="\x00", satisfaction_comment="чужой вопрос", kin__0__age="1",
    )  # fmt: skip
    kept = filling.find_draft(link_id=link.pk, token=client.cookies["filling"].value, now=timezone.now())
    assert kept and kept.sent == {"how": ["web", "web"], "kin-count": ["0"]}


def test_starting_again_deletes_what_was_kept(link: SurveyLink):
    phone = Phone(link)
    key = key_in(phone.page)
    phone.next(**FIRST)
    phone.open()
    away = phone.press("_do=restart")
    assert (away.status_code, away.headers["Location"]) == (303, address(link))
    assert not FillingDraft.objects.exists() and phone.client.cookies["filling"].value == ""
    assert key_in(phone.open()) != key and "Мы сохранили" not in phone.text


def test_a_draft_is_kept_for_three_days(link: SurveyLink, clock: time_machine.Traveller):
    SurveyLink.objects.update(closes_on=None)
    phone = Phone(link)
    phone.next(**FIRST)
    clock.shift(timedelta(days=3) - timedelta(seconds=1))
    assert "Мы сохранили" in phone.open().content.decode()
    tasks.forget_old_drafts()
    assert FillingDraft.objects.exists()
    clock.shift(timedelta(seconds=1))
    phone.client.cookies["filling"]["max-age"] = ""
    assert "Мы сохранили" not in phone.open().content.decode()
    tasks.forget_old_drafts()
    assert not FillingDraft.objects.exists()
    assert "forget-old-drafts" in settings.CELERY_BEAT_SCHEDULE


@pytest.mark.parametrize("channel", ["interviewer", "paper"])
def test_where_one_person_after_another_is_asked_nothing_is_kept(link: SurveyLink, channel: str):
    SurveyLink.objects.filter(pk=link.pk).update(channel=channel)
    phone = Phone(link)
    assert "Сохранить и продолжить позже" not in phone.text and "data-keep" not in phone.text
    phone.next(**FIRST)
    assert phone.heading == "Шаг 2 из 4 Сайт", "the steps themselves work"
    assert not FillingDraft.objects.exists() and "filling" not in phone.client.cookies
    assert send(Client(), link, key=key_in(phone.page), _do="save", **FIRST).status_code == 429
    assert not FillingDraft.objects.exists()


def test_so_many_drafts_of_a_link_and_no_more(link: SurveyLink, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(filling, "MOST_DRAFTS_AN_HOUR", 3)
    known = Phone(link)
    known.next(**FIRST)
    for _ in range(5):
        Phone(link).next(**FIRST)
    assert FillingDraft.objects.count() == 3
    # Whoever comes now goes on without being kept, and is told so only when they ask for it.
    late = Phone(link)
    assert late.next(**FIRST).status_code == 200 and late.heading == "Шаг 2 из 4 Сайт"
    page = late.press("_do=save")
    assert page.status_code == 429 and "сейчас не получилось" in late.text
    known.next(handy="yes")
    kept = kept_for(known)
    assert kept and kept.step == 2, "a phone that is known goes on being kept"
    monkeypatch.setattr(filling, "MOST_DRAFTS_AN_HOUR", 1000)
    monkeypatch.setattr(filling, "MOST_DRAFTS", 3)
    Phone(link).next(**FIRST)
    assert FillingDraft.objects.count() == 3


def test_one_address_does_not_take_the_places_of_all_others(link: SurveyLink, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(filling, "MOST_DRAFTS_BY_ADDRESS_AN_HOUR", 2)
    known = Phone(link)
    known.next(**FIRST)
    for _ in range(3):
        Phone(link).next(**FIRST)
    assert FillingDraft.objects.count() == 2
    known.next(handy="yes")
    kept = kept_for(known)
    assert kept and kept.step == 2, "a form begun before goes on being kept"
    others = Phone(link)
    others.client.defaults["REMOTE_ADDR"] = "203.0.113.9"
    others.next(**FIRST)
    assert FillingDraft.objects.count() == 3


def test_a_draft_resumed_in_the_grace_is_still_taken_and_not_after_it(link: SurveyLink, clock: time_machine.Traveller):
    clock.move_to(CLOSES - timedelta(hours=5))
    phone = to_the_end(link)
    clock.move_to(CLOSES + timedelta(minutes=59))
    assert Phone(link).page.status_code == 410, "who begins now is too late"
    assert "Мы сохранили" in phone.open().content.decode()
    assert phone.press(**LAST).status_code == 200
    assert Response.objects.get().answered_on == date(2026, 11, 20)
    clock.move_to(CLOSES - timedelta(hours=5))
    phone = to_the_end(link)
    clock.move_to(CLOSES + timedelta(hours=1))
    assert phone.open().status_code == 410


def test_a_draft_under_an_old_secret_gets_a_new_key(link: SurveyLink, settings: Any):
    phone = Phone(link)
    phone.next(**FIRST)
    settings.SECRET_KEY = "another secret of the portal" * 2
    assert "Мы сохранили" in phone.open().content.decode()
    phone.next(handy="yes")
    phone.next()
    assert phone.press(**LAST).status_code == 200


def test_who_has_kept_nothing_costs_the_database_nothing(link: SurveyLink, django_assert_num_queries: Any):
    client = Client()
    client.get(address(link))
    with django_assert_num_queries(0):
        assert client.get(address(link)).status_code == 200
    key = opened(client, link)
    with django_assert_num_queries(1):
        assert send(client, link, key=key, **FIRST, handy="yes", **LAST).status_code == 200
    phone = Phone(link)
    with django_assert_num_queries(3):  # two counts, one INSERT
        phone.next(**FIRST)
    with django_assert_num_queries(1):  # the cookie is known: one UPDATE
        phone.next(handy="yes")
    with django_assert_num_queries(1):
        phone.open()
    phone.next()
    with django_assert_num_queries(2):  # the INSERT of the answers, the DELETE of the draft
        assert phone.press(**LAST).status_code == 200
    assert Response.objects.count() == 2


def test_other_answers_after_a_draft_was_sent_come_back_whole(link: SurveyLink):
    phone = to_the_end(link)
    before = phone.page
    phone.press(**LAST)
    phone.page = before  # the browser's own «back»
    page = phone.press(satisfaction="no", recommend="1")
    assert page.status_code == 409 and "Отправить как новую анкету" in phone.text
    assert "Когда Вы получили услугу?" in phone.text, "all sections, to be looked through"
    assert phone.press().status_code == 200
    assert sorted(response.nps for response in Response.objects.all()) == [1, 9]


# Bad input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("button", ["next", "back", "save", "resume", "add", "speak"])
@pytest.mark.parametrize("kind", ["none", "damaged", "foreign"])
def test_every_button_under_a_bad_key_gives_the_page_back_with_a_good_one(link: SurveyLink, button: str, kind: str):
    client = Client()
    good = opened(client, link)
    bad = {
        "none": {},
        "damaged": {"key": good[:-1] + ("A" if good[-1] != "A" else "B")},
        "foreign": {"key": opened(client, SurveyLinkFactory(version=link.version, institution=link.institution))},
    }[kind]
    pressed = {"add": {"add": "kin"}, "speak": {"_speak": "tt"}}.get(button, {"_do": button})
    page = send(client, link, **bad, **pressed, _step="0", **FIRST | {"how": "desk"}, why="Слова")
    assert page.status_code == 422 and "Слова" in page.content.decode()
    assert not FillingDraft.objects.exists() and "filling" not in client.cookies
    assert key_in(page) != good


@pytest.mark.parametrize("button", ["next", "back", "save", "resume"])
@pytest.mark.parametrize(
    "text",
    ["\x00да\x00", "🙂" * 50, "\u202eавд\u202c", "ё" * 40_000, "</textarea><script>"],
    ids=["NUL", "emoji", "right to left", "long", "tags"],
)
def test_strange_texts_go_through_every_door(link: SurveyLink, button: str, text: str):
    client = Client()
    page = send(client, link, key=opened(client, link), _do=button, _step="0", **FIRST | {"how": "desk"}, why=text)
    assert page.status_code == (422 if button == "next" and len(text) > 200 else 200)
    body = page.content.decode()
    assert "<script>" not in body
    if "Ответы сохранены" in body:
        body = client.get(address(link)).content.decode()
    kept = html.escape(text.replace("\x00", "")).replace("&#x27;", "&#x27;")
    assert kept in body


def test_ten_megabytes_and_foreign_bodies_are_refused_at_the_feedback_too(link: SurveyLink):
    url = f"{address(link)}feedback/"
    assert Client().post(url, "ease=" + "3" * 1_000_000, content_type=FORM).status_code == 413
    assert Client().post(url, b"{}", content_type="application/json").status_code == 400
    assert Client().get(url).headers["Location"] == address(link)
    assert Client().post(f"/s/{'x' * 32}/feedback/", "ease=3", content_type=FORM).status_code == 404


def test_texts_typed_in_vain_are_given_back(plain: SurveyLink, clock: time_machine.Traveller):
    client = Client()
    key = opened(client, plain)
    clock.move_to(CLOSES + timedelta(hours=2))
    page = send(client, plain, key=key, **GOOD, suggestions="Мои <слова>")
    assert page.status_code == 410
    assert "Мои &lt;слова&gt;" in page.content.decode() and "скопировать" in page.content.decode()


# Languages ------------------------------------------------------------------------------------------------------------


def test_the_language_is_switched_without_losing_a_word(link: SurveyLink):
    phone = Phone(link)
    assert 'lang="ru"' in phone.text and "Татарча" in phone.text and "العربية" in phone.text
    phone.press("_speak=tt", service_date="2026-11-17", how="desk", why="Слова")
    assert phone.page.status_code == 200
    assert '<html lang="tt"' in phone.text
    assert "Ничек мөрәҗәгать иттегез?" in phone.text and "Үзем килеп" in phone.text
    assert "Алга" in phone.text and "Сакларга һәм соңрак дәвам итәргә" in phone.text
    assert re.search(r'id="f-how-desk"\s+checked', phone.text) and "Слова" in phone.text
    # It stays so on the next pages, errors included.
    page = phone.next(service_date="")
    assert errors_in(page) == {"service_date": "Датаны сайлагыз"}
    phone.next(service_date="2026-11-17")
    assert "Адым: 2 / 3" in phone.text and '<html lang="tt"' in phone.text
    phone.open()
    assert "Без Сезнең җавапларыгызны сакладык" in phone.text, "resumed in the language it was left in"
    phone.next()
    phone.press("_do=back")
    phone.next()
    thanks = phone.press(**LAST)
    assert "Рәхмәт!" in phone.text and '<html lang="tt"' in phone.text
    assert thanks.status_code == 200 and Response.objects.get().answers["why"] == "Слова"


def test_a_poster_opens_the_page_in_its_language(link: SurveyLink):
    phone = Phone(link, query="?lang=tt")
    assert "Мөрәҗәгать ничек узды" in phone.text
    for wrong in ("", "xx", "en", "tt'", "ё", "RU"):
        assert '<html lang="ru"' in Phone(link, query=f"?lang={wrong}").text
    assert Client().get(f"{address(link)}?lang=%00").status_code == 400
    code = Client().get(f"/s/{link.short_code}/?lang=tt")
    assert code.headers["Location"] == f"{address(link)}?lang=tt"


def test_every_page_kept_is_of_one_language(link: SurveyLink, django_assert_num_queries: Any):
    texts = {language: Phone(link, query=f"?lang={language}").text for language in ("ru", "tt", "ba")}
    with django_assert_num_queries(0):
        for language, text in texts.items():
            again = Phone(link, query=f"?lang={language}").text
            assert re.sub(r'value="[^"]*:[^"]*"', "", again) == re.sub(r'value="[^"]*:[^"]*"', "", text)
    assert len(set(texts.values())) == 3


def test_a_language_the_portal_does_not_speak_has_russian_around_it(link: SurveyLink):
    text = Phone(link, query="?lang=ba").text
    assert '<html lang="ru"' in text and "Сохранить и продолжить позже" in text
    assert '<h1 lang="ba">Мөрәжәғәт нисек үтте</h1>' in text
    assert '<span lang="ba">Нисек мөрәжәғәт иттегеҙ?</span>' in text
    text = Phone(link, query="?lang=ar").text
    assert '<h1 lang="ar" dir="rtl">كيف كانت زيارتك</h1>' in text


def test_what_is_russian_on_a_page_in_another_language_says_so(link: SurveyLink):
    text = Phone(link, query="?lang=tt").text
    assert f'<p class="place" lang="ru">{html.escape(link.institution.name)}</p>' in text
    assert 'lang="ru"' not in Phone(link).text.replace('<html lang="ru"', "").replace('lang="ru" aria', "")


@pytest.mark.parametrize("asked", ["", "xx", "\x00", "ru' onx=", "tt" * 500])
def test_a_language_that_there_is_not_changes_nothing(link: SurveyLink, asked: str):
    client = Client()
    page = send(client, link, key=opened(client, link), _speak=asked, _step="0", _lang="tt", **FIRST)
    assert page.status_code == 200 and '<html lang="tt"' in page.content.decode()


def test_a_questionnaire_of_one_language_has_no_buttons_for_it(plain: SurveyLink):
    assert "_speak" not in Phone(plain).text and "_lang" not in Phone(plain).text


# The end --------------------------------------------------------------------------------------------------------------


def feedback(link: SurveyLink, page: HttpResponse, ease: str = "3", **changed: str) -> HttpResponse:
    fields = {"key": key_in(page), "ease": ease} | changed
    return Client().post(f"{address(link)}feedback/", urlencode(fields), content_type=FORM)


@pytest.fixture
def thanks(plain: SurveyLink) -> HttpResponse:
    client = Client()
    return send(client, plain, key=opened(client, plain), **GOOD)


def test_one_tap_says_how_the_form_was(plain: SurveyLink, thanks: HttpResponse):
    text = thanks.content.decode()
    assert "Удобно ли было заполнять анкету?" in text
    assert [text.count(f'value="{ease}"') for ease in (3, 2, 1)] == [1, 1, 1]
    page = feedback(plain, thanks, "1")
    assert page.status_code == 200 and "<h1>Спасибо</h1>" in page.content.decode()
    said = FormFeedback.objects.get()
    assert (said.version, said.institution, said.day, said.ease) == (
        plain.version, plain.institution, date(2026, 11, 18), 1,
    )  # fmt: skip
    # Tapped again, even on another answer: the first is kept.
    assert feedback(plain, thanks, "3").status_code == 200
    assert FormFeedback.objects.get().ease == 1


def test_links_that_look_alike_keep_what_is_said_of_each_apart(plain: SurveyLink, thanks: HttpResponse):
    other = SurveyLinkFactory(
        institution=plain.institution, life_situation=plain.life_situation, version=plain.version, closes_on=None
    )
    client = Client()
    page = send(client, other, key=opened(client, other), **GOOD)
    # The page is kept ready for both: it must name neither.
    assert plain.token not in page.content.decode()
    (action,) = re.findall(r'action="([^"]*)"', page.content.decode())
    sent = client.post(urljoin(address(other), action), urlencode({"key": key_in(page), "ease": 3}), content_type=FORM)
    assert sent.status_code == 200 and FormFeedback.objects.count() == 1


def test_nothing_joins_what_is_said_of_the_form_with_the_answers(plain: SurveyLink, thanks: HttpResponse):
    feedback(plain, thanks)
    said, response = FormFeedback.objects.get(), Response.objects.get()
    assert said.key != response.key and said.key[:8] not in json.dumps(response.answers)
    fields = {field.name for field in FormFeedback._meta.concrete_fields}
    assert fields == {"id", "key", "version", "institution", "day", "ease"}, "no link, no instant"
    # Not made of the page's key either: the same answers, thanked again, get another one.
    client = Client()
    key = opened(client, plain)
    first, second = (key_in(send(client, plain, key=key, **GOOD)) for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    "changed", [{"key": ""}, {"key": "x"}, {"ease": "0"}, {"ease": "4"}, {"ease": "x"}, {"ease": "\x00"}, {"ease": "³"}]
)
def test_a_feedback_that_cannot_be_taken_is_refused(plain: SurveyLink, thanks: HttpResponse, changed: dict[str, str]):
    page = feedback(plain, thanks, **changed)
    assert page.status_code == 422 and "Ответы на вопросы анкеты приняты" in page.content.decode()
    assert not FormFeedback.objects.exists()


def test_a_key_of_answers_is_no_key_of_feedback_nor_the_other_way_round(plain: SurveyLink, thanks: HttpResponse):
    client = Client()
    assert feedback(plain, thanks, key=opened(client, plain)).status_code == 422
    assert send(client, plain, key=key_in(thanks), **GOOD).status_code == 422
    other = SurveyLinkFactory(institution=plain.institution)
    assert feedback(other, thanks).status_code == 422
    assert not FormFeedback.objects.exists()


def test_the_form_is_spoken_of_on_the_same_day_only(
    plain: SurveyLink, thanks: HttpResponse, clock: time_machine.Traveller
):
    clock.shift(timedelta(days=1, seconds=1))
    assert feedback(plain, thanks).status_code == 422


def test_the_thanks_tell_what_was_changed(plain: SurveyLink):
    by = MembershipFactory(institution=plain.institution).user
    for number in range(1, 6):
        ChangeMade.objects.create(
            institution=plain.institution, life_situation=plain.life_situation if number % 2 else None,
            said=f"Сказали {number}", done=f"Сделали <{number}>", done_on=date(2026, 10, number), created_by=by,
        )  # fmt: skip
    ChangeMade.objects.filter(said="Сказали 5").update(is_shown=False)
    foreign = SurveyLinkFactory()
    ChangeMade.objects.create(
        institution=foreign.institution, said="Чужое", done="Чужое", done_on=date(2026, 11, 1), created_by=by
    )
    client = Client()
    text = send(client, plain, key=opened(client, plain), **GOOD).content.decode()
    assert "Вы сказали — мы сделали" in text and "Сделали &lt;4&gt;" in text
    assert re.findall(r"«Сказали (\d)»", text) == ["4", "3", "2"]
    assert "Чужое" not in text
    ChangeMade.objects.update(is_shown=False)
    skip_cards()
    text = send(client, plain, key=opened(client, plain), **GOOD).content.decode()
    assert "Вы сказали" not in text


# States and kinds -----------------------------------------------------------------------------------------------------


def test_a_paused_link_says_what_to_do_and_keeps_the_grace(plain: SurveyLink, clock: time_machine.Traveller):
    client = Client()
    key = opened(client, plain)
    SurveyLink.objects.filter(pk=plain.pk).update(paused_at=NOON + timedelta(minutes=1))
    clock.shift(timedelta(minutes=2))
    skip_cards()
    page = client.get(address(plain))
    assert page.status_code == 403 and "Приём ответов приостановлен" in page.content.decode()
    assert send(client, plain, key=key, **GOOD).status_code == 200
    clock.shift(timedelta(hours=2))
    skip_cards()
    page = send(client, plain, key=key, **GOOD | {"recommend": "1"}, suggestions="Слова")
    assert page.status_code == 403 and "Слова" in page.content.decode()
    SurveyLink.objects.filter(pk=plain.pk).update(paused_at=None)
    skip_cards()
    assert client.get(address(plain)).status_code == 200
    SurveyLink.objects.filter(pk=plain.pk).update(paused_at=NOON, closed_at=NOON + timedelta(hours=1))
    skip_cards()
    assert client.get(address(plain)).status_code == 410


@pytest.mark.parametrize("kind", [kind for kind in Questionnaire.Kind.values if kind != "questionnaire"])
def test_other_instruments_are_unknown_to_the_public(plain: SurveyLink, kind: str):
    Questionnaire.objects.update(kind=kind)
    client = Client()
    assert client.get(address(plain)).status_code == 404
    assert send(client, plain, **GOOD).status_code == 404
    assert client.get(f"/s/{plain.short_code}/").status_code == 404
    assert client.post("/s/", urlencode({"code": plain.short_code}), content_type=FORM).status_code == 422
    assert client.post(f"{address(plain)}feedback/", "ease=3", content_type=FORM).status_code == 404
