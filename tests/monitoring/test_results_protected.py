"""What others cannot find in live results: single days, and answers that came after a quarter was published."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.api_tokens import issue
from jobs.services import run_job
from monitoring.models import Collection, WeightDecision
from monitoring.quarters import services
from monitoring.quarters.kpi import Scheme
from monitoring.quarters.weeks import EARLIEST, WholeWeeks, weeks_of
from monitoring.survey_results.reading import Results
from regions.roles import Role
from surveys.counting import rollups
from surveys.models import Response, SurveyLink
from tests.factories import ResponseFactory
from tests.monitoring.test_survey_results import (
    DAY,
    OWN,
    QUARTER,
    STAFF,
    answer,
    client_of,
    institution_url,
    region_url,
    results,
    text_of,
    third,
    value,
)
from tests.world import NOW, World, build_world, period, served

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture
def world():
    with time_machine.travel(NOW, tick=False):
        yield build_world("RU-NIZ")


# After the publication


def four_links(world: World) -> list[SurveyLink]:
    links = [world.link, world.sibling_link, third(world), third(world, "Четвёртое")]
    for index, link in enumerate(links):
        answer(link, 30 + 10 * index, satisfied=27)
        served(link.institution, world.life_situation, world.quarter, 1000)
    return links


def publish(world: World) -> Collection:
    WeightDecision.objects.create(
        region=world.region, year=2026, scheme=Scheme.CLIENTS, document_number="1", document_date=DAY, decided_at=NOW
    )
    by = world.people[Role.HQ_MEMBER]
    collection = services.collection_for(world.place, world.quarter)
    run_job(services.ask_to_calculate(collection=collection, by=by).pk)
    return services.publish(collection=collection, by=by, at=NOW)


ASKED = [
    {},
    {"channel": "poster"},
    {"first": EARLIEST, "last": TODAY},
    {"first": date(2026, 11, 2), "last": date(2026, 11, 8)},
]


def everything_shown(world: World, links: list[SurveyLink]) -> list[Results]:
    asked = [*ASKED, *({"institution": link.institution, **one} for link in links for one in ASKED)]
    found = [results(world, **one) for one in asked]
    for one in found:
        object.__setattr__(one, "late", 0)
    return found


@pytest.mark.parametrize("is_rolled_up", [False, True])
def test_a_published_period_shows_the_same_whatever_comes_later(world: World, is_rolled_up: bool):
    """Every number of every page of others is what it was: so nothing can be subtracted."""
    links = four_links(world)
    rollups.roll_up(NOW)
    publish(world)
    before = everything_shown(world, links)
    assert value(before[0]) is not None
    answer(world.link, 1, satisfied=0)
    answer(world.sibling_link, 3, satisfied=1, day=date(2026, 10, 1))
    ResponseFactory(link=world.link, answered_on=DAY, is_eligible=False, answers={"satisfaction": "no"})
    if is_rolled_up:
        rollups.roll_up(NOW)
    assert everything_shown(world, links) == before
    assert results(world).late == 5 and results(world, institution=links[2].institution).late == 0
    assert "Пришло после публикации квартала, здесь не считаются: 5" in text_of(
        client_of(world, STAFF).get(region_url(world))
    )
    # The institution's own people see all that they have.
    own = results(world, institution=world.institution, sees_all=True)
    assert (own.counts.eligible, own.counts.received, own.late) == (31, 32, 0)
    url = reverse("institution", args=[world.institution.pk], query={"period": "2026-Q4"})
    others, own_page = (text_of(client_of(world, role).get(url)) for role in (STAFF, OWN))
    assert "90,0 %" in others and "Их нет ни здесь" in others
    assert "87,1 %" in own_page and "Здесь они учтены" in own_page


def test_days_that_are_not_what_was_published_are_hidden(world: World):
    """An answer that was on its way into the database at that moment is known by no number."""
    links = four_links(world)
    on_its_way = ResponseFactory(link=world.link, answered_on=DAY).pk
    Response.objects.filter(pk=on_its_way).delete()
    answer(world.link, 1, satisfied=1)
    publish(world)
    assert value(results(world)) is not None
    ResponseFactory(pk=on_its_way, link=world.link, answered_on=DAY, satisfaction=1, answers={"satisfaction": "no"})
    for one in everything_shown(world, links):
        assert one.behind == {} and all(question.is_hidden for question in one.questions if question.asked.has_shares)
    assert value(results(world, institution=world.institution, sees_all=True)) is not None


# Weeks


def test_the_weeks_of_a_period():
    """Monday to Sunday; short ones belong to their neighbours, and so does what has just begun."""
    opens, closes = QUARTER
    weeks = weeks_of(opens, closes, date(2026, 12, 1))
    assert weeks[:2] == [(opens, date(2026, 8, 30)), (date(2026, 8, 31), date(2026, 9, 6))]
    assert weeks[-1] == (date(2026, 11, 9), closes)
    for today in (opens + timedelta(days=number) for number in range(110)):
        weeks = weeks_of(opens, closes, today)
        assert (weeks[0][0], weeks[-1][1]) == QUARTER
        assert all(last + timedelta(days=1) == first for (_, last), (first, _) in pairwise(weeks))
        assert all(first.weekday() == 0 for first, _ in weeks[1:])
        assert all(last - first >= timedelta(days=6) for first, last in weeks)
        assert len(weeks) == 1 or min(today - timedelta(days=1), closes) - weeks[-1][0] >= timedelta(days=6)


def test_a_choice_is_widened_to_whole_weeks(world: World):
    period("2026-Q4")
    weeks = WholeWeeks(TODAY)
    assert weeks.around(date(2026, 9, 9), date(2026, 9, 15)) == (date(2026, 9, 7), date(2026, 9, 20))
    assert weeks.around(EARLIEST, TODAY) == (EARLIEST, TODAY)
    for first in (EARLIEST + timedelta(days=number) for number in range(0, 2600, 13)):
        around = weeks.around(first, first)
        assert around[0] <= first <= around[1] and not list(weeks.objections(*around))


SLIDING = {"period": "", "first": "2026-11-03", "last": "2026-11-09"}


def test_others_choose_whole_weeks_on_pages_in_files_and_by_the_api(world: World):
    answer(world.link, 30, satisfied=27)
    world.quarter  # noqa: B018  (made when first asked for)
    staff, own = (client_of(world, role) for role in (STAFF, OWN))
    kpi_url = reverse("institution", args=[world.institution.pk], query=SLIDING)
    for url in (institution_url(world, **SLIDING), region_url(world, **SLIDING), kpi_url):
        refused = staff.get(url)
        page = refused.content.decode()
        assert refused.status_code == 422
        assert "Можно с 02.11.2026 или 09.11.2026" in page and "Можно по 08.11.2026 или 20.11.2026" in page
        assert 'value="2026-11-03"' in page and 'value="2026-11-09"' in page
    assert own.get(institution_url(world, **SLIDING)).status_code == 200
    assert own.get(kpi_url).status_code == 200
    for kind in ("xlsx", "pdf"):
        url = reverse("institution-results-file", args=[world.institution.pk, kind], query=SLIDING)
        assert staff.get(url).status_code == 404
    _, key = issue(user=world.people[STAFF], name="проверка", days=1, may_change=False, at=NOW)
    told = Client(headers={"Authorization": f"Bearer {key}"}).get(
        reverse("api-institution-results", args=[world.institution.pk]), SLIDING
    )
    assert told.status_code == 422 and told.json()["errors"].keys() == {"first", "last"}
    whole = {"period": "", "first": "2026-11-02", "last": "2026-11-08"}
    assert staff.get(institution_url(world, **whole)).status_code == 200


@pytest.mark.parametrize("compare", ["before", "year-ago", "2026-Q4"])
@pytest.mark.parametrize(
    "span", [{"period": "week"}, {"period": "month"}, {"first": "2026-11-02", "last": "2026-11-08"}]
)
def test_what_is_compared_is_whole_weeks_too(world: World, compare: str, span: dict[str, str]):
    answer(world.link, 30, satisfied=27)
    period("2026-Q4")
    found = client_of(world, STAFF).get(institution_url(world, **{"period": "", **span, "compare": compare}))
    assert found.status_code == 200
    before = found.context["comparison"].before if found.context["comparison"] else None
    weeks = WholeWeeks(TODAY)
    assert not list(weeks.objections(found.context["results"].first, found.context["results"].last))
    assert before and not list(weeks.objections(before.first, before.last))
    if compare == "before":
        assert before.last < found.context["results"].first


def test_sliding_by_a_week_tells_of_no_few_people(world: World):
    """Five people in one week: no run of weeks that ends or begins beside it is shown of their institution."""
    for link in (world.link, world.sibling_link, third(world), third(world, "Четвёртое")):
        for week in (date(2026, 9, 2), date(2026, 9, 9), date(2026, 9, 16), date(2026, 9, 23)):
            answer(link, 5 if link == world.link and week == date(2026, 9, 16) else 15, satisfied=4, day=week)
    institution = {"institution": world.institution}
    assert value(results(world, **institution)) is not None
    for first, last in (
        ((8, 31), (9, 13)),
        ((8, 31), (9, 20)),
        ((8, 31), (9, 27)),
        ((9, 7), (9, 20)),
        ((9, 21), (9, 27)),
    ):
        days = date(2026, *first), date(2026, *last)
        is_all = days == (date(2026, 8, 31), date(2026, 9, 27))
        assert (value(results(world, *days, **institution)) is not None) == is_all
        # Two of the others are hidden with it, and the region is shown.
        assert value(results(world, *days)) is not None
        shown = [value(results(world, *days, institution=one.institution)) for one in SurveyLink.objects.all()]
        assert shown.count(None) == (0 if is_all else 3)
