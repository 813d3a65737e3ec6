"""Answers begun before a link closes: they arrive in the grace and belong to the last day of the link."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from surveys.filling import pages
from surveys.models import PAGE_KEPT_SECONDS, Response, SurveyLink
from surveys.services.links import close_link
from tests.factories import MembershipFactory, SurveyLinkFactory

pytestmark = pytest.mark.django_db
GOOD = {"service_date": "2026-11-15", "satisfaction": "yes", "recommend": "9"}


def open_page(client: Client, link: SurveyLink) -> str:
    page = client.get(f"/s/{link.token}/")
    assert page.status_code == 200
    found = re.search(r'name="key"\s+value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def send(client: Client, link: SurveyLink, key: str) -> int:
    return client.post(
        f"/s/{link.token}/",
        "&".join(f"{name}={value}" for name, value in {**GOOD, "key": key}.items()),
        content_type="application/x-www-form-urlencoded",
    ).status_code


@pytest.mark.parametrize("code", ["RU-NIZ", "RU-KAM"])
def test_answers_begun_before_midnight_belong_to_the_day_before(client: Client, code: str):
    link = SurveyLinkFactory(institution__region__code=code, closes_on=date(2026, 11, 20))
    zone = ZoneInfo(link.institution.region.time_zone)
    with time_machine.travel(datetime(2026, 11, 20, 23, 55, tzinfo=zone), tick=False):
        key = open_page(client, link)
    with time_machine.travel(datetime(2026, 11, 21, 0, 5, tzinfo=zone), tick=False):
        assert send(client, link, key) == 200
    response = Response.objects.get()
    # Five days after the service when begun, six when it arrived; the quarter ended at midnight.
    assert (response.answered_on, response.is_eligible) == (date(2026, 11, 20), True)


@pytest.mark.parametrize("begun_on", [date(2026, 11, 10), date(2026, 11, 19)])
def test_a_page_open_for_days_gives_answers_of_the_last_day(client: Client, begun_on: date):
    """Begun before the service was given, in another quarter even: what was sent after midnight is of the last day."""
    link = SurveyLinkFactory(opens_on=date(2026, 11, 1), closes_on=date(2026, 12, 20))
    zone = ZoneInfo(link.institution.region.time_zone)
    with time_machine.travel(datetime.combine(begun_on, time(12), zone), tick=False):
        key = open_page(client, link)
    with time_machine.travel(datetime(2026, 12, 21, 0, 5, tzinfo=zone), tick=False):
        assert send(client, link, key) == 200
    response = Response.objects.get()
    assert (response.answered_on, response.is_eligible) == (date(2026, 12, 20), False)


def test_a_page_given_out_seconds_after_midnight_belongs_to_the_last_day(client: Client):
    link = SurveyLinkFactory(opens_on=date(2026, 11, 1), closes_on=date(2026, 11, 20))
    midnight = datetime(2026, 11, 21, tzinfo=link.institution.region.zone)
    begun, sent = midnight + timedelta(seconds=2), midnight + timedelta(minutes=3)
    assert link.accepts(begun_at=begun, now=sent)
    assert link.institution.region.local_date(link.answered_at(sent)) == date(2026, 11, 20)


def test_while_the_link_is_open_an_answer_belongs_to_the_day_it_arrives(client: Client):
    link = SurveyLinkFactory()
    zone = ZoneInfo(link.institution.region.time_zone)
    with time_machine.travel(datetime(2026, 11, 20, 23, 55, tzinfo=zone), tick=False):
        key = open_page(client, link)
    with time_machine.travel(datetime(2026, 11, 21, 0, 5, tzinfo=zone), tick=False):
        assert send(client, link, key) == 200
    assert Response.objects.get().answered_on == date(2026, 11, 21)


def test_a_page_given_out_just_after_a_link_was_closed_by_hand_is_still_taken(client: Client):
    link = SurveyLinkFactory()
    person = MembershipFactory(institution=link.institution).user
    now = datetime(2026, 11, 16, 12, 0, tzinfo=ZoneInfo("Europe/Moscow"))
    with time_machine.travel(now, tick=False) as clock:
        open_page(client, link)  # the process now keeps what it needs of the link
        close_link(link=link, by=person, at=now)
        clock.shift(timedelta(seconds=PAGE_KEPT_SECONDS - 2))
        key = open_page(client, link)
        clock.shift(timedelta(minutes=3))
        pages.forget()  # what it kept is too old by now
        assert send(client, link, key) == 200
        # Who comes later finds it closed.
        assert client.get(f"/s/{link.token}/").status_code == 410


@pytest.mark.parametrize(
    ("begun", "sent", "taken"),
    [
        ("2026-11-20 23:59", "2026-11-20 23:59", True),
        ("2026-11-20 23:59", "2026-11-21 00:59", True),
        ("2026-11-20 23:59", "2026-11-21 01:00", False),  # the grace is over
        ("2026-11-21 00:01", "2026-11-21 00:02", False),  # begun after the close
        ("2026-11-09 23:59", "2026-11-21 00:02", False),  # begun before the link opened
        ("2026-11-09 23:59", "2026-11-09 23:59", False),
    ],
)
def test_the_grace_is_for_what_was_begun_in_time(begun: str, sent: str, taken: bool):
    link = SurveyLinkFactory(opens_on=date(2026, 11, 10), closes_on=date(2026, 11, 20))
    zone = link.institution.region.zone
    instants = [datetime.fromisoformat(text).replace(tzinfo=zone) for text in (begun, sent)]
    assert link.accepts(begun_at=instants[0], now=instants[1]) is taken
