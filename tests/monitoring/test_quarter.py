"""The quarter: weights decided, calculated by a job, published for good."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from jobs.models import Job
from jobs.services import run_job
from monitoring.models import Collection, ServedClients, WeightDecision
from monitoring.quarters import services
from monitoring.quarters.kpi import Scheme
from monitoring.quarters.results import QuarterResult
from regions.models import RegionLifeSituation
from regions.roles import Role
from surveys.counting import rollups
from surveys.models import Response
from tests.factories import InstitutionFactory, LifeSituationFactory, ParticipationFactory
from tests.world import NOW, SINCE, World, build_world, give_answers, period, publish_quarter, served

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 5)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world() -> World:
    """A serves 1000 people, 12 of 20 are satisfied; B serves 50, 38 of 40 (DESIGN 6)."""
    world = build_world("RU-NIZ")
    give_answers(world.link, DAY, satisfied=12, of=20)
    give_answers(world.sibling_link, DAY, satisfied=38, of=40)
    served(world.institution, world.life_situation, world.quarter, 1000)
    served(world.sibling, world.life_situation, world.quarter, 50)
    return world


def decide(world: World, scheme: Scheme, by: Role = Role.HQ_CHAIR) -> WeightDecision:
    return services.decide_weights(
        region=world.region,
        year=2026,
        scheme=scheme,
        document_number="7",
        document_date=date(2026, 1, 20),
        by=world.people[by],
        at=timezone.now(),
    )


def calculate(world: World) -> tuple[Collection, Job]:
    collection = services.collection_for(world.place, world.quarter)
    job = services.ask_to_calculate(collection=collection, by=world.people[Role.HQ_MEMBER])
    run_job(job.pk)
    collection.refresh_from_db()
    job.refresh_from_db()
    return collection, job


@pytest.mark.parametrize(
    ("scheme", "value"), [(Scheme.CLIENTS, 61.7), (Scheme.RESPONDENTS, 83.3), (Scheme.EQUAL, 77.5)]
)
def test_the_region_is_weighted_as_the_headquarters_decided(world: World, scheme: Scheme, value: float):
    decide(world, scheme)
    collection, job = calculate(world)
    assert job.state == Job.State.DONE, job.message
    result = QuarterResult.from_document(collection.snapshot)
    assert round(result.values["satisfaction"].value or 0, 1) == value
    assert result.scheme == scheme


def test_what_is_calculated_from_raw_answers_equals_what_the_page_shows_from_the_rollup(world: World):
    decide(world, Scheme.CLIENTS)
    collection, _ = calculate(world)
    rollups.roll_up(timezone.now())
    shown = services.result_of(collection).document() | {"computed_at": ""}
    assert shown == collection.snapshot | {"computed_at": ""}


def test_the_snapshot_is_read_back_as_it_was_written(world: World):
    decide(world, Scheme.CLIENTS)
    collection, _ = calculate(world)
    assert QuarterResult.from_document(collection.snapshot).document() == collection.snapshot


def test_without_a_decision_there_is_no_value_and_no_silent_default(world: World):
    collection, job = calculate(world)
    assert job.state == Job.State.FAILED
    assert "решение РШ" in job.message
    assert collection.state == Collection.State.COLLECTING
    assert services.result_of(collection).values["satisfaction"].value is None


def test_a_missing_weight_names_the_institution(world: World):
    decide(world, Scheme.CLIENTS)
    ServedClients.objects.filter(institution=world.sibling).delete()
    collection, job = calculate(world)
    assert job.state == Job.State.FAILED
    assert world.sibling.name in job.message
    assert world.institution.name not in job.message
    assert services.result_of(collection).missing_weights == (world.sibling.name,)


def test_a_silent_institution_needs_no_weight_and_is_named_as_left_out(world: World):
    silent = InstitutionFactory(region=world.region, name="Молчаливое учреждение")
    ParticipationFactory(institution=silent, life_situation=world.life_situation)
    decide(world, Scheme.CLIENTS)
    collection, job = calculate(world)
    assert job.state == Job.State.DONE, job.message
    assert collection.snapshot["left_out"] == [{"id": silent.pk, "name": silent.name, "reason": "нет ответов"}]


def test_answers_of_other_quarters_and_late_ones_do_not_count(world: World):
    decide(world, Scheme.RESPONDENTS)
    give_answers(world.link, world.quarter.opens_on - timedelta(days=1), satisfied=0, of=30)
    give_answers(world.link, world.quarter.closes_on + timedelta(days=1), satisfied=0, of=30)
    collection, _ = calculate(world)
    assert QuarterResult.from_document(collection.snapshot).eligible == 60


def test_publishing_locks_the_quarter(world: World):
    decide(world, Scheme.CLIENTS)
    collection, _ = calculate(world)
    services.publish(collection=collection, by=world.people[Role.HQ_MEMBER], at=timezone.now())
    collection.refresh_from_db()
    published = {name: value for name, value in collection.snapshot.items() if name != "answers_until"}
    assert collection.snapshot["answers_until"] == Response.objects.latest("pk").pk
    # Answers typed in late change the live numbers no more.
    give_answers(world.link, DAY, satisfied=0, of=50)
    assert services.result_of(collection).document() == published
    with pytest.raises(services.QuarterLocked):
        services.ask_to_calculate(collection=collection, by=world.people[Role.HQ_MEMBER])
    with pytest.raises(services.QuarterLocked):
        services.publish(collection=collection, by=world.people[Role.HQ_MEMBER], at=timezone.now())
    with pytest.raises(services.QuarterLocked):
        services.enter_clients(collection=collection, numbers={world.institution: 1}, by=world.people[Role.NSI_ADMIN])
    with pytest.raises(services.SchemeFrozen):
        decide(world, Scheme.EQUAL)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE monitoring_collection SET snapshot = '{}' WHERE state = 'published'",
        "UPDATE monitoring_collection SET state = 'collecting', published_at = NULL WHERE state = 'published'",
        "DELETE FROM monitoring_collection WHERE state = 'published'",
        "UPDATE monitoring_weightdecision SET scheme = 'equal' WHERE year = 2026",
        "DELETE FROM monitoring_weightdecision WHERE year = 2026",
        "UPDATE monitoring_servedclients SET number = 1",
        "DELETE FROM monitoring_servedclients",
        """INSERT INTO monitoring_servedclients (institution_id, life_situation_id, period_id, number, entered_at)
            SELECT institution_id, life_situation_id, period_id, 5, entered_at FROM monitoring_servedclients""",
    ],
)
def test_the_database_itself_refuses_to_change_what_is_published(world: World, statement: str):
    decide(world, Scheme.CLIENTS)
    collection, _ = calculate(world)
    services.publish(collection=collection, by=world.people[Role.HQ_MEMBER], at=timezone.now())
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_running_calculation_cannot_overwrite_a_published_quarter(world: World):
    decide(world, Scheme.CLIENTS)
    collection, _ = calculate(world)
    late = services.ask_to_calculate(collection=collection, by=world.people[Role.HQ_MEMBER])
    services.publish(collection=collection, by=world.people[Role.HQ_MEMBER], at=timezone.now())
    run_job(late.pk)
    late.refresh_from_db()
    assert late.state == Job.State.FAILED
    assert "опубликован" in late.message


def test_nobody_publishes_numbers_other_than_those_calculated(world: World):
    decide(world, Scheme.CLIENTS)
    collection, _ = calculate(world)
    give_answers(world.link, DAY, satisfied=0, of=1)
    with pytest.raises(services.OutOfDate):
        services.publish(collection=collection, by=world.people[Role.HQ_MEMBER], at=timezone.now())


def test_a_quarter_not_calculated_cannot_be_published(world: World):
    with pytest.raises(services.NotCalculated):
        services.publish(
            collection=services.collection_for(world.place, world.quarter),
            by=world.people[Role.HQ_MEMBER],
            at=timezone.now(),
        )


@pytest.mark.parametrize("role", [Role.NSI_ADMIN, Role.AGENCY_ADMIN, Role.AGENCY_ANALYST, Role.EXPERT])
def test_services_ask_for_the_permission_themselves(world: World, role: Role):
    decide(world, Scheme.CLIENTS)
    collection, _ = calculate(world)
    person = world.people[role]
    with pytest.raises(PermissionDenied):
        services.ask_to_calculate(collection=collection, by=person)
    with pytest.raises(PermissionDenied):
        services.publish(collection=collection, by=person, at=timezone.now())
    with pytest.raises(PermissionDenied):
        decide(world, Scheme.EQUAL, by=role)


def test_people_of_another_region_may_do_nothing_here(world: World):
    stranger = build_world("RU-TYU").people[Role.HQ_MEMBER]
    collection = services.collection_for(world.place, world.quarter)
    with pytest.raises(PermissionDenied):
        services.ask_to_calculate(collection=collection, by=stranger)
    with pytest.raises(PermissionDenied):
        services.enter_clients(collection=collection, numbers={world.institution: 5}, by=stranger)
    assert ServedClients.objects.get(institution=world.institution, period=world.quarter).number == 1000


def test_entering_clients_is_all_or_nothing(world: World):
    stranger = build_world("RU-TYU")
    collection = services.collection_for(world.place, world.quarter)
    with pytest.raises(PermissionDenied):
        services.enter_clients(
            collection=collection,
            numbers={world.institution: 5, stranger.institution: 5},
            by=world.people[Role.NSI_ADMIN],
        )
    assert ServedClients.objects.get(institution=world.institution, period=world.quarter).number == 1000


def test_the_reports_are_made_by_a_job_after_publishing(world: World, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        collection = publish_quarter(world.place, world.quarter, world.people)
    job = Job.objects.get(kind=services.MAKE_REPORTS, scope=collection.job_scope)
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.message
    reports = {report.format: report for report in collection.reports.all()}
    assert reports.keys() == {"xlsx", "pdf"}
    assert reports["xlsx"].file.read(2) == b"PK"
    assert reports["pdf"].file.read(5) == b"%PDF-"
    # Made again, they take the place of the old ones.
    run_job(services.ask_for_reports(collection, None).pk)
    assert collection.reports.count() == 2


def test_a_quarter_that_has_not_begun_is_not_calculated(world: World):
    with pytest.raises(services.NotBegun):
        services.ask_to_calculate(
            collection=services.collection_for(world.place, period("2027-Q2")), by=world.people[Role.HQ_MEMBER]
        )


def test_a_quarter_that_runs_can_be_handed_in_by_its_last_day(world: World):
    decide(world, Scheme.CLIENTS)
    with time_machine.travel(NOW.replace(day=20), tick=False):
        collection, job = calculate(world)
        assert job.state == Job.State.DONE, job.message
        services.publish(collection=collection, by=world.people[Role.HQ_MEMBER], at=timezone.now())


def test_what_is_published_is_what_the_person_saw(world: World):
    decide(world, Scheme.CLIENTS)
    seen = calculate(world)[0].snapshot["checksum"]
    give_answers(world.link, DAY, satisfied=0, of=1)
    collection, _ = calculate(world)
    with pytest.raises(services.OutOfDate):
        services.publish(collection=collection, by=world.people[Role.HQ_MEMBER], at=timezone.now(), seen=seen)


def test_a_corrected_number_of_the_decision_must_be_calculated_anew(world: World):
    decide(world, Scheme.CLIENTS)
    collection, _ = calculate(world)
    WeightDecision.objects.filter(year=2026).update(document_number="8")
    with pytest.raises(services.OutOfDate):
        services.publish(collection=collection, by=world.people[Role.HQ_MEMBER], at=timezone.now())


def test_a_member_enters_clients_only_in_the_life_situation_they_answer_for(world: World):
    """Even for an institution that takes part in theirs as well."""
    other = LifeSituationFactory(code="health-primary-cardio")
    ParticipationFactory(institution=world.institution, life_situation=other)
    place = RegionLifeSituation.objects.create(region=world.region, life_situation=other, since=SINCE)
    member = world.people[Role.HQ_MEMBER]
    services.enter_clients(
        collection=services.collection_for(world.place, world.quarter), numbers={world.institution: 7}, by=member
    )
    with pytest.raises(PermissionDenied):
        services.enter_clients(
            collection=services.collection_for(place, world.quarter), numbers={world.institution: 7}, by=member
        )


def test_a_form_opened_earlier_does_not_undo_what_others_entered(world: World, client: Client):
    url = f"/regions/RU-NIZ/employment-centre/{world.quarter.code}/clients/"
    field, other = f"clients_{world.institution.pk}", f"clients_{world.sibling.pk}"
    client.force_login(world.people[Role.NSI_ADMIN], backend="allauth.account.auth_backends.AuthenticationBackend")
    opened = {field: "1000", f"initial-{field}": "1000", other: "", f"initial-{other}": ""}
    # Meanwhile the representative's number stands at 50 (see the fixture); the form saw it empty.
    assert client.post(url, opened).status_code == 302
    numbers = ServedClients.objects.filter(period=world.quarter)
    assert numbers.get(institution=world.sibling).number == 50
    # Changing what somebody else has changed meanwhile is a decision: the number is shown, saving again takes it.
    refused = client.post(url, opened | {other: "60"})
    assert refused.status_code == 422
    assert "здесь указали 50" in refused.content.decode()
    assert f'name="initial-{other}" value="50"' in refused.content.decode()
    assert numbers.get(institution=world.sibling).number == 50
    assert client.post(url, opened | {other: "60", f"initial-{other}": "50"}).status_code == 302
    assert numbers.get(institution=world.sibling).number == 60
    assert numbers.get(institution=world.institution).entered_by is None, "untouched numbers keep who entered them"


def test_a_field_that_was_not_on_the_page_erases_nothing(world: World, client: Client):
    client.force_login(world.people[Role.NSI_ADMIN], backend="allauth.account.auth_backends.AuthenticationBackend")
    field = f"clients_{world.institution.pk}"
    sent = {field: "1200", f"initial-{field}": "1000"}
    assert client.post(f"/regions/RU-NIZ/employment-centre/{world.quarter.code}/clients/", sent).status_code == 302
    numbers = ServedClients.objects.filter(period=world.quarter)
    assert numbers.get(institution=world.institution).number == 1200
    assert numbers.get(institution=world.sibling).number == 50


def test_answers_that_come_after_publishing_are_told_of_where_numbers_differ(world: World, client: Client):
    decide(world, Scheme.CLIENTS)
    collection, _ = calculate(world)
    services.publish(collection=collection, by=world.people[Role.HQ_MEMBER], at=timezone.now())
    collection.refresh_from_db()
    assert services.late_answers(collection) == 0
    give_answers(world.link, DAY, satisfied=0, of=3)
    assert services.late_answers(collection) == 3
    assert services.late_answers(collection, world.sibling) == 0
    client.force_login(world.people[Role.HQ_MEMBER], backend="allauth.account.auth_backends.AuthenticationBackend")
    for url in (
        f"/regions/RU-NIZ/employment-centre/{world.quarter.code}/",
        f"/institutions/{world.institution.pk}/?period={world.quarter.code}",
    ):
        assert "После публикации пришло ответов: 3" in client.get(url).content.decode(), url
    other = client.get(f"/institutions/{world.sibling.pk}/?period={world.quarter.code}")
    assert "После публикации" not in other.content.decode()


def test_who_may_do_one_step_only_is_told_whose_turn_the_other_is(world: World, client: Client):
    decide(world, Scheme.CLIENTS)

    def page_of(role: Role) -> str:
        client.force_login(world.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client.get(f"/regions/RU-NIZ/employment-centre/{world.quarter.code}/").content.decode()

    assert "Рассчитывает РСУ или член РШ" in page_of(Role.HQ_CHAIR)
    assert "Рассчитывает РСУ" not in page_of(Role.SERVICE_COMMISSIONER)
    calculate(world)
    assert "Публикует руководитель РШ или член РШ" in page_of(Role.SERVICE_COMMISSIONER)
    for role in (Role.HQ_CHAIR, Role.HQ_MEMBER):
        assert "Публикует" not in page_of(role)


@pytest.mark.parametrize(
    ("at", "code", "state"),
    [
        (NOW, "2026-Q4", "Не сдано"),
        (NOW, "2027-Q1", "Идёт сбор"),
        (NOW, "2027-Q2", "Ещё не начался"),
        (NOW, "2025-Q1", "ЖС ещё не взята"),
        (NOW, "2025-Q4", "Опубликовано"),
        # The deadline lasts to midnight in the region.
        (NOW.replace(day=20, hour=23, minute=59), "2026-Q4", "Идёт сбор"),
        (NOW.replace(day=21, hour=0, minute=0), "2026-Q4", "Не сдано"),
    ],
)
def test_the_state_of_a_quarter_follows_the_region_s_calendar(world: World, at: datetime, code: str, state: str):
    collection = Collection.objects.filter(period__code=code).first()
    assert services.quarter_state(world.place, period(code), collection, at)[1] == state


def test_more_answers_than_people_served_are_pointed_out(world: World, client: Client):
    decide(world, Scheme.CLIENTS)
    ServedClients.objects.filter(institution=world.institution, period=world.quarter).update(number=19)
    assert services.quarter_result(world.place, world.quarter).too_few_clients == [world.institution.name]
    client.force_login(world.people[Role.HQ_MEMBER], backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(f"/regions/RU-NIZ/employment-centre/{world.quarter.code}/").content.decode()
    assert "Обслужено меньше людей, чем ответило" in page
