"""«Мой кабинет»: what waits for the person, the nearest deadline first."""

from datetime import date

import pytest
import time_machine
from django.utils import timezone

from monitoring.cabinet import Calendar, tasks
from monitoring.models import ServedClients, WeightDecision
from regions.roles import Role
from tests.factories import InstitutionFactory, ParticipationFactory, RegionFactory
from tests.world import NOW, SINCE, World, build_world, publish_quarter, served

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world() -> World:
    return build_world("RU-NIZ")


def titles(world: World, role: Role) -> list[str]:
    return [task.title for task in tasks(world.people[role], timezone.now())]


def test_who_hands_in_the_quarter_sees_it_with_its_deadline(world: World):
    task = next(one for one in tasks(world.people[Role.HQ_MEMBER], timezone.now()) if one.title.startswith("Сдать"))
    assert task.title == "Сдать 4 квартал 2026 года"
    assert (task.due_on, task.days_left) == (date(2026, 11, 20), -2)


def test_a_published_quarter_waits_no_more(world: World):
    publish_quarter(world.place, world.quarter, world.people)
    assert titles(world, Role.HQ_MEMBER) == []
    assert "Указать, сколько человек обслужено" not in titles(world, Role.NSI_ADMIN)


def test_numbers_of_people_served_are_asked_for_until_all_are_known(world: World):
    for institution in (world.institution, world.sibling):
        assert "Указать, сколько человек обслужено" in titles(world, Role.NSI_ADMIN)
        served(institution, world.life_situation, world.quarter, 100)
    assert "Указать, сколько человек обслужено" not in titles(world, Role.NSI_ADMIN)


def test_a_representative_is_asked_for_their_own_institution_only(world: World):
    served(world.institution, world.life_situation, world.quarter, 100)
    assert titles(world, Role.INSTITUTION_REP) == []
    ServedClients.objects.all().delete()
    served(world.sibling, world.life_situation, world.quarter, 100)
    assert titles(world, Role.INSTITUTION_REP) == ["Указать, сколько человек обслужено"]


def test_an_institution_nobody_can_answer_about_needs_a_link(world: World):
    world.link.closed_at = timezone.now()
    world.link.save()
    assert "Создать ссылку на анкету" in titles(world, Role.INSTITUTION_REP)


def test_an_analyst_has_nothing_to_hand_in(world: World):
    assert titles(world, Role.AGENCY_ANALYST) == []


def test_the_due_quarter_is_decided_by_the_region_s_own_clock():
    world = build_world("RU-NIZ")
    kamchatka = RegionFactory(code="RU-KAM")
    # 20 November, 20:00 in Moscow: in Kamchatka it is the 21st.
    with time_machine.travel(NOW.replace(day=20, hour=20), tick=False):
        calendar = Calendar(timezone.now())
        assert calendar.due(world.region).code == "2025-Q4"
        assert calendar.due(kamchatka).code == "2026-Q4"


def test_the_open_quarter_shows_itself_a_month_before_its_deadline(world: World):
    with time_machine.travel(NOW.replace(day=1), tick=False):
        found = [task for task in tasks(world.people[Role.HQ_MEMBER], timezone.now()) if "4 квартал 2026" in task.title]
        assert [(task.due_on, task.days_left) for task in found] == [(date(2026, 11, 20), 19)]
    with time_machine.travel(NOW.replace(month=10, day=1), tick=False):
        assert not [one for one in tasks(world.people[Role.HQ_MEMBER], timezone.now()) if "2026" in one.title]


def test_an_institution_that_has_left_the_life_situation_is_asked_for_nothing(world: World):
    served(world.institution, world.life_situation, world.quarter, 100)
    world.sibling.participations.update(until=date(2026, 1, 31))
    assert "Указать, сколько человек обслужено" not in titles(world, Role.NSI_ADMIN)


def test_numbers_of_people_served_are_not_asked_for_where_they_weigh_nothing(world: World):
    WeightDecision.objects.create(
        region=world.region, year=2026, scheme="equal", document_number="1", document_date=SINCE, decided_at=NOW
    )
    assert titles(world, Role.NSI_ADMIN) == []


def test_the_number_of_queries_does_not_grow_with_institutions(world: World, django_assert_max_num_queries):
    for _ in range(30):
        one = InstitutionFactory(region=world.region)
        ParticipationFactory(institution=one, life_situation=world.life_situation, since=SINCE)
    with django_assert_max_num_queries(16):
        tasks(world.people[Role.NSI_ADMIN], timezone.now())
