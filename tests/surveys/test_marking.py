"""Marks are set when an answer arrives and by the hourly look at its neighbours; they change no figure."""

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from surveys.counting import rollups
from surveys.counting.readings import counts_for_period, counts_from_answers
from surveys.filling.page_keys import new_page_key
from surveys.models import Response, SurveyLink
from surveys.quality.marks import Flag
from surveys.services.quality import mark, mark_recent
from surveys.tasks import mark_suspicious_answers
from tests.factories import InstitutionFactory, ResponseFactory, SurveyLinkFactory

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 11, 18, 12, 0, tzinfo=ZONE)
TODAY = NOW.date()
TEXT = "Справку попросили второй раз, хотя она уже была"


@pytest.fixture(autouse=True)
def clock():
    cache.clear()
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def link() -> SurveyLink:
    return SurveyLinkFactory()


def answers(
    link: SurveyLink, number: int, *, day: date = TODAY, at: time = time(10, 0), **fields: Any
) -> list[Response]:
    """Answers that arrived in one minute; each says something else unless `digest` is given."""
    digests = [fields.pop("digest")] * number if "digest" in fields else None
    return [
        ResponseFactory(
            link=link,
            answered_on=day,
            arrived_at=datetime.combine(day, at, ZONE),
            digest=digests[0] if digests else f"{day} {at} {one} {link.pk}".encode().ljust(32)[:32],
            **fields,
        )
        for one in range(number)
    ]


def marked(flag: Flag) -> set[int]:
    return {one.pk for one in Response.objects.all() if one.flags & flag}


def pks(responses: list[Response]) -> set[int]:
    return {one.pk for one in responses}


# At arrival -----------------------------------------------------------------------------------------------------------


def send(link: SurveyLink, *, begun: datetime) -> Response:
    body = urlencode(
        {
            "key": new_page_key(link.pk, begun).signed,
            "service_date": str(TODAY - timedelta(days=1)),
            "satisfaction": "yes",
            "recommend": "9",
        }
    )
    answer = Client().post(f"/s/{link.token}/", body, "application/x-www-form-urlencoded")
    assert answer.status_code == 200
    return Response.objects.latest("pk")


@pytest.mark.parametrize(("seconds", "flags"), [(1, Flag.FAST), (4, Flag.FAST), (5, 0), (600, 0)])
def test_an_answer_sent_faster_than_its_questions_can_be_read_is_marked(link: SurveyLink, seconds: int, flags: int):
    assert send(link, begun=timezone.now() - timedelta(seconds=seconds)).flags == flags


def test_an_answer_at_night_is_marked_by_the_regions_clock(clock: time_machine.Traveller):
    link = SurveyLinkFactory(institution__region__code="RU-KAM")
    clock.move_to(datetime(2026, 11, 18, 3, 0, tzinfo=ZoneInfo("Asia/Kamchatka")))
    assert send(link, begun=timezone.now() - timedelta(minutes=2)).flags == Flag.NIGHT
    clock.move_to(datetime(2026, 11, 18, 3, 0, tzinfo=ZONE))
    assert send(link, begun=timezone.now() - timedelta(minutes=2)).flags == 0


def test_marks_are_set_with_the_one_insert(link: SurveyLink):
    page = Client().get(f"/s/{link.token}/")
    assert page.status_code == 200
    with CaptureQueriesContext(connection) as queries:
        send(link, begun=timezone.now())
    changing = [one["sql"] for one in queries if one["sql"].startswith(("INSERT", "UPDATE", "DELETE", "EXECUTE"))]
    assert len(changing) == 1 and changing[0].startswith(("INSERT", "EXECUTE insert_response")), changing


def test_without_a_mark_nothing_is_known_of_a_file_or_of_an_interviewer(link: SurveyLink):
    answers(link, 12, at=time(2, 0), mode=Response.Mode.FILE)
    answers(link, 12, at=time(3, 0), mode=Response.Mode.PAPER)
    mark_recent(timezone.now())
    assert set(Response.objects.values_list("flags", flat=True)) == {0}


# Bursts ---------------------------------------------------------------------------------------------------------------


def test_a_burst_is_marked_and_its_neighbours_are_not(link: SurveyLink):
    burst = answers(link, 6, at=time(10, 0)) + answers(link, 6, at=time(10, 3))
    answers(link, 3, at=time(14, 0))
    answers(SurveyLinkFactory(institution=link.institution), 6, at=time(10, 1))
    assert mark_recent(timezone.now()) == 12
    assert marked(Flag.BURST) == pks(burst)


def test_what_is_usual_for_a_link_is_no_burst(link: SurveyLink):
    for days in range(2, 12):
        answers(link, 6, day=TODAY - timedelta(days=days))
    answers(link, 15)
    mark_recent(timezone.now())
    assert not marked(Flag.BURST)
    answers(link, 5, at=time(10, 1))
    mark_recent(timezone.now())
    assert len(marked(Flag.BURST)) == 20


def test_the_task_may_run_any_number_of_times(link: SurveyLink):
    answers(link, 12, flags=Flag.NIGHT)
    first = mark_recent(timezone.now())
    assert (first, mark_recent(timezone.now())) == (12, 0)
    mark_suspicious_answers()
    assert set(Response.objects.values_list("flags", flat=True)) == {Flag.NIGHT | Flag.BURST}


def test_a_mark_that_no_longer_holds_is_taken_away_and_the_others_stay(link: SurveyLink):
    answers(link, 4, flags=Flag.NIGHT | Flag.BURST)
    assert mark_recent(timezone.now()) == 4
    assert set(Response.objects.values_list("flags", flat=True)) == {Flag.NIGHT}


def test_days_long_past_are_left_as_they_were(link: SurveyLink):
    old = answers(link, 12, day=TODAY - timedelta(days=9))
    kept = answers(link, 2, day=TODAY - timedelta(days=9), at=time(15, 0), flags=Flag.BURST)
    assert mark_recent(timezone.now()) == 0
    assert marked(Flag.BURST) == pks(kept)
    assert mark(TODAY - timedelta(days=9), TODAY) == 14
    assert marked(Flag.BURST) == pks(old)


# Identical ------------------------------------------------------------------------------------------------------------


def test_the_same_long_text_three_times_a_day_is_marked(link: SurveyLink):
    same = {"digest": b"a" * 32, "answers": {"satisfaction": "rather_no", "satisfaction_comment": TEXT}}
    elsewhere = SurveyLinkFactory()
    answers(elsewhere, 2, **same)
    answers(link, 2, day=TODAY - timedelta(days=1), **same)
    today = answers(link, 2, **same)
    mark_recent(timezone.now())
    assert not marked(Flag.IDENTICAL)
    # One of them typed in from paper: what is the same is the same.
    today += answers(link, 1, mode=Response.Mode.PAPER, **same)
    mark_recent(timezone.now())
    assert marked(Flag.IDENTICAL) == pks(today)


def test_equal_short_forms_are_marked_only_when_they_are_more_than_usual(link: SurveyLink):
    yes, no = ({"satisfaction": word, "recommend": 10} for word in ("yes", "no"))
    for days in range(4, 24):
        day = TODAY - timedelta(days=days)
        answers(link, 4, day=day, at=time(9), answers=yes | {"service_date": str(day)})
        answers(link, 6, day=day, at=time(12), answers={"satisfaction": "yes", "recommend": days % 9})
    content = answers(link, 9, digest=b"y" * 32, answers=yes)
    angry = answers(link, 6, digest=b"n" * 32, answers=no, at=time(11))
    answers(link, 5, at=time(15), answers={"satisfaction": "yes", "recommend": 3})
    mark_recent(timezone.now())
    assert marked(Flag.IDENTICAL) == pks(angry)
    assert not pks(content) & marked(Flag.IDENTICAL)


def test_of_an_institution_nobody_knows_yet_only_a_whole_day_of_equal_forms_is_marked(link: SurveyLink):
    answers(link, 9, digest=b"y" * 32)
    answers(link, 1, at=time(15))
    mark_recent(timezone.now())
    assert not marked(Flag.IDENTICAL)
    alike = SurveyLinkFactory(institution=InstitutionFactory())
    same = answers(alike, 10, digest=b"z" * 32)
    mark_recent(timezone.now())
    assert marked(Flag.IDENTICAL) == pks(same)


# Figures and cost -----------------------------------------------------------------------------------------------------


def test_marks_change_no_figure(link: SurveyLink):
    for number in range(30):
        answers(link, 1, at=time(10, number), satisfaction=1 + number % 4, nps=number % 11)
    place = {
        "life_situation_id": link.life_situation_id,
        "institution_ids": [link.institution_id],
        "first": TODAY,
        "last": TODAY,
    }
    before = counts_for_period(**place), counts_from_answers(**place)
    rollups.roll_up(timezone.now())
    Response.objects.update(flags=sum(Flag))
    assert (counts_for_period(**place), counts_from_answers(**place)) == before
    assert rollups.find_differences(timezone.now()) == []


def test_the_look_asks_the_same_whatever_the_number_of_equal_groups(link: SurveyLink):
    def add(name: str) -> list[Response]:
        texts = {"answers": {"suggestions": f"{TEXT} {name}"}, "digest": f"text {name}".encode().ljust(32)}
        short = {"answers": {"satisfaction": "no", "recommend": 1}, "digest": f"short {name}".encode().ljust(32)}
        return answers(link, 3, **texts) + answers(link, 30, at=time(11), **short)

    def queries() -> int:
        Response.objects.update(flags=0)
        with CaptureQueriesContext(connection) as captured:
            mark_recent(timezone.now())
        return len(captured)

    answers(link, 20, day=TODAY - timedelta(days=5), answers={"satisfaction": "yes"})
    wanted = add("0")
    queries()  # what is read once per process does not count
    one = queries()
    assert marked(Flag.IDENTICAL) == pks(wanted)
    for name in "123456":
        wanted += answers(link, 3, answers={"suggestions": f"{TEXT} {name}"}, digest=name.encode().ljust(32))
    several = queries()
    assert marked(Flag.IDENTICAL) == pks(wanted)
    assert several == one


def test_the_look_asks_the_same_whatever_the_number_of_quiet_links(link: SurveyLink):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            mark_recent(timezone.now())
        return len(captured)

    answers(link, 2)
    few = queries()
    for number in range(12):
        other = SurveyLinkFactory(institution=link.institution)
        answers(other, 3, at=time(9, number))
    assert queries() == few
