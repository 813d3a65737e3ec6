"""The fieldwork: where institutions stand, what the pages say of it, and who is reminded, once a day at most."""

import io
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs.models import Job
from jobs.services import run_job
from monitoring import cabinet
from monitoring.fieldwork import reminders
from monitoring.fieldwork import standing as fieldwork
from monitoring.models import Collection, FieldworkPlan, Reminder, ReportingPeriod, ServedClients
from regions.models import Participation, RegionLifeSituation
from regions.roles import Role
from surveys.counting import rollups
from surveys.counting.progress import Received
from surveys.models import Questionnaire, QuestionnaireVersion, SurveyLink
from tests.factories import (
    InstitutionFactory,
    MembershipFactory,
    RegionFactory,
    ResponseFactory,
    SurveyLinkFactory,
    standard_document,
)
from tests.world import period

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
pytestmark = pytest.mark.django_db
# A Thursday, half past ten in Moscow, eight days before the close with today.
NOW = datetime(2026, 11, 12, 10, 30, tzinfo=ZoneInfo("Europe/Moscow"))
TODAY = NOW.date()
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as travelled:
        yield travelled


@pytest.fixture
def quarter() -> ReportingPeriod:
    return period("2026-Q4")


@pytest.fixture
def link(quarter: ReportingPeriod) -> SurveyLink:
    link = SurveyLinkFactory()
    RegionLifeSituation.objects.create(
        region=link.institution.region, life_situation=link.life_situation, since=date(2026, 1, 1)
    )
    return link


@pytest.fixture
def place(link: SurveyLink) -> RegionLifeSituation:
    return RegionLifeSituation.objects.get()


def standing_of(link: SurveyLink, quarter: ReportingPeriod) -> fieldwork.Standing:
    (found,) = fieldwork.standings(
        region=link.institution.region,
        period=quarter,
        pairs=[(link.institution, link.life_situation_id)],
        now=timezone.now(),
    )
    return found


def serve(link: SurveyLink, quarter: ReportingPeriod, number: int, offered: int | None = None) -> None:
    ServedClients.objects.create(
        institution=link.institution,
        life_situation=link.life_situation,
        period=quarter,
        number=number,
        offered=offered,
        entered_by=None,
    )


def interview_guide() -> QuestionnaireVersion:
    made = Questionnaire.objects.create(code="guide", title="Гайд", kind=Questionnaire.Kind.INTERVIEW_GUIDE)
    return QuestionnaireVersion.objects.create(
        questionnaire=made, number=1, document=standard_document("employment"), published_at=NOW
    )


def person(role: Role, **scope: object) -> Client:
    client = Client()
    client.force_login(MembershipFactory(role=role, **scope).user, backend=BACKEND)
    return client


# Reading


@pytest.mark.parametrize("rolled_up", [False, True])
def test_answers_are_counted_by_kind_and_only_within_the_period(
    link: SurveyLink, quarter: ReportingPeriod, rolled_up: bool
):
    for day in (quarter.opens_on, TODAY):
        ResponseFactory(link=link, answered_on=day)
    ResponseFactory(link=link, answered_on=TODAY - DAY, is_eligible=False)
    ResponseFactory(link=link, answered_on=TODAY - DAY, is_excluded=True)
    for day in (quarter.opens_on - DAY, quarter.closes_on + DAY):
        ResponseFactory(link=link, answered_on=day)
    guide = SurveyLinkFactory(institution=link.institution, version=interview_guide())
    ResponseFactory(link=guide, answered_on=TODAY, is_measured=False)
    if rolled_up:
        rollups.roll_up(NOW)
    assert standing_of(link, quarter).received == Received(2, 1, 1, TODAY)


def test_the_plan_follows_from_people_served_error_and_days_left(
    link: SurveyLink, quarter: ReportingPeriod, place: RegionLifeSituation
):
    assert standing_of(link, quarter).plan.needed == 385
    assert not standing_of(link, quarter).plan.is_population_known
    serve(link, quarter, 100, offered=40)
    ResponseFactory.create_batch(8, link=link, answered_on=TODAY)
    one = standing_of(link, quarter)
    # 12 to 20 November with both ends are nine days.
    assert (one.plan.needed, one.plan.left, one.plan.days_left, one.plan.per_day) == (80, 72, 9, 8)
    assert (float(one.offered_rate or 0), float(one.served_rate or 0)) == (0.2, 0.08)
    FieldworkPlan.objects.create(
        region_life_situation=place, period=quarter, error=10, set_by=MembershipFactory().user, set_at=NOW
    )
    assert standing_of(link, quarter).plan.needed == 50
    # Ten o'clock of the 21st in Moscow.
    with time_machine.travel(NOW + 9 * DAY, tick=False):
        assert standing_of(link, quarter).plan.per_day is None


def test_the_calendar_is_that_of_the_region(quarter: ReportingPeriod):
    far = SurveyLinkFactory(institution__region__code="RU-KAM")
    with time_machine.travel(datetime(2026, 11, 20, 18, 0, tzinfo=ZoneInfo("Europe/Moscow")), tick=False):
        assert standing_of(far, quarter).plan.days_left == 0
        assert standing_of(SurveyLinkFactory(institution__region__code="RU-NIZ"), quarter).plan.days_left == 1


def test_more_answers_than_people_are_warned_of(link: SurveyLink, quarter: ReportingPeriod):
    serve(link, quarter, 2)
    ResponseFactory.create_batch(3, link=link, answered_on=TODAY)
    one = standing_of(link, quarter)
    assert one.has_too_many and one.plan.needed == 2 and one.plan.is_reached
    page = person(Role.INSTITUTION_REP, institution=link.institution).get(
        reverse("institution-fieldwork", args=[link.institution_id])
    )
    assert "Ответов больше, чем людей" in page.content.decode()


# Pages


def test_the_page_of_an_institution_says_what_is_needed(link: SurveyLink, quarter: ReportingPeriod):
    serve(link, quarter, 100, offered=40)
    ResponseFactory.create_batch(8, link=link, answered_on=TODAY)
    client = person(Role.INSTITUTION_REP, institution=link.institution)
    url = reverse("institution-fieldwork", args=[link.institution_id])
    page = client.get(url).content.decode()
    for words in ("8 из 80", "72", "20,0 % из 40", "8,0 % из 100", "Плакат в учреждении"):
        assert words in page, words
    assert "<svg" in page and "12.11.2026" in page
    closed = client.get(url, {"period": period("2026-Q3").code}).content.decode()
    assert "период закрыт" in closed


@pytest.mark.parametrize("query", [{"period": "2026-Q9"}, {"life_situation": "нет"}, {"period": "9" * 30}])
def test_a_choice_that_is_none_comes_back_with_its_reason(
    link: SurveyLink, quarter: ReportingPeriod, query: dict[str, str]
):
    for client, url in (
        (
            person(Role.INSTITUTION_REP, institution=link.institution),
            reverse("institution-fieldwork", args=[link.institution_id]),
        ),
        (
            person(Role.NSI_ADMIN, region=link.institution.region),
            reverse("region-fieldwork", args=[link.institution.region.code]),
        ),
    ):
        response = client.get(url, query)
        assert response.status_code == 422
        assert response.context["form"].errors


@pytest.mark.parametrize(
    ("code", "closed_at", "listed"),
    [
        # 22:00 UTC the day before: Kamchatka has long been in the period, in Kaliningrad it begins this instant.
        ("RU-KAM", datetime(2026, 8, 20, 22, 0, tzinfo=UTC), True),
        ("RU-KGD", datetime(2026, 8, 20, 22, 0, tzinfo=UTC), False),
        # In Moscow the period has not begun in the first case and has in the second.
        ("RU-KAM", datetime(2026, 8, 20, 12, 0, 1, tzinfo=UTC), True),
        ("RU-KGD", datetime(2026, 8, 20, 21, 30, tzinfo=UTC), False),
        ("RU-KAM", datetime(2026, 8, 20, 12, 0, tzinfo=UTC), False),
        ("RU-KGD", datetime(2026, 8, 20, 22, 0, 1, tzinfo=UTC), True),
    ],
)
def test_a_link_closed_by_the_clock_of_its_region_before_the_period_is_not_of_it(
    quarter: ReportingPeriod, code: str, closed_at: datetime, listed: bool
):
    assert quarter.opens_on == date(2026, 8, 21)
    link = SurveyLinkFactory(institution__region=RegionFactory(code=code), closed_at=closed_at)
    institution = link.institution
    found = fieldwork.links_of(institution.region, [institution.pk], link.life_situation_id, quarter)
    assert list(found) == [link] * listed
    client = Client()
    client.force_login(MembershipFactory(institution=institution).user, backend=BACKEND)
    query = {"life_situation": link.life_situation.code, "period": quarter.code}
    page = client.get(reverse("institution-fieldwork", args=[institution.pk]), query)
    assert [one for one, _ in page.context["links"]] == [link] * listed


def test_the_page_of_a_region_names_who_is_silent_and_links_without_answers(link: SurveyLink, quarter: ReportingPeriod):
    silent = SurveyLinkFactory(institution=InstitutionFactory(region=link.institution.region, name="Тихое"))
    ResponseFactory.create_batch(400, link=link, answered_on=TODAY)
    client = person(Role.NSI_ADMIN, region=link.institution.region)
    url = reverse("region-fieldwork", args=[link.institution.region.code])
    response = client.get(url)
    assert [one.institution.name for one in response.context["silent"]] == ["Тихое"]
    assert response.context["empty_links"] == [silent]
    assert (response.context["reached"], response.context["institutions_count"]) == (1, 2)
    for show, names in (("silent", ["Тихое"]), ("short", ["Тихое"]), ("", [link.institution.name, "Тихое"])):
        book = openpyxl.load_workbook(io.BytesIO(client.get(url, {"show": show, "format": "xlsx"}).content))
        header, *rows = book.active.iter_rows(values_only=True)
        assert [row[0] for row in rows] == sorted(names)
        told = dict(zip(header, next(row for row in rows if row[0] == "Тихое"), strict=True))
        assert (told["Учтено"], told["Нужно"], told["Ссылок без ответов"]) == (0, 385, 1)


@pytest.mark.parametrize(("role", "is_led"), [(Role.NSI_ADMIN, True), (Role.AGENCY_ADMIN, False)])
def test_nobody_is_led_to_numbers_they_may_not_enter(
    link: SurveyLink, quarter: ReportingPeriod, place: RegionLifeSituation, role: Role, is_led: bool
):
    client = person(role, **({"region": place.region} if role == Role.NSI_ADMIN else {}))
    to_enter = reverse("clients", args=[place.region.code, place.life_situation.code, quarter.code])
    page = client.get(reverse("region-fieldwork", args=[place.region.code])).content.decode()
    assert "Сколько человек обслужено, неизвестно" in page and (to_enter in page) == is_led


def test_the_number_of_queries_does_not_grow_with_institutions(link: SurveyLink, quarter: ReportingPeriod):
    client = person(Role.NSI_ADMIN, region=link.institution.region)
    url = reverse("region-fieldwork", args=[link.institution.region.code])

    def queries() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as made:
            client.get(url)
        return len(made)

    ResponseFactory(link=link, answered_on=TODAY)
    SurveyLinkFactory(institution=InstitutionFactory(region=link.institution.region))
    before = queries()
    for _ in range(12):
        one = SurveyLinkFactory(institution=InstitutionFactory(region=link.institution.region))
        ResponseFactory(link=one, answered_on=TODAY)
    assert queries() == before


def test_the_error_is_chosen_for_a_life_situation_and_period_by_who_runs_it(
    link: SurveyLink, quarter: ReportingPeriod, place: RegionLifeSituation, clock: time_machine.Traveller
):
    url = reverse("fieldwork-error", args=[place.region.code, place.life_situation.code, quarter.code])
    member = person(Role.HQ_MEMBER, region=place.region, life_situations=[place.life_situation])
    for wrong in ("0", "21", "много", "", "9" * 30, "2,55", "nan"):
        response = member.post(url, {"error": wrong})
        assert response.status_code == 422, wrong
    assert member.post(url, {"error": "3,5"}).status_code == 302
    assert fieldwork.error_of(place, quarter) == 3.5
    assert person(Role.EXPERT, region=place.region).post(url, {"error": "3"}).status_code == 403
    clock.shift(9 * DAY)
    member = person(Role.HQ_MEMBER, region=place.region, life_situations=[place.life_situation])
    late = member.post(url, {"error": "3"})
    assert late.status_code == 422 and "закрыт" in late.content.decode()


@pytest.mark.parametrize(
    ("served", "offered", "says"),
    [
        ("100", "40", ""),
        ("", "40", "Сначала укажите"),
        ("30", "40", "больше, чем обслужили"),
        ("30", "-1", "не меньше 0"),
        ("30", "много", "целое число"),
        ("30", "9" * 30, "не больше "),
    ],
)
def test_people_offered_are_some_of_those_served(
    link: SurveyLink, quarter: ReportingPeriod, place: RegionLifeSituation, served: str, offered: str, says: str
):
    client = person(Role.INSTITUTION_REP, institution=link.institution)
    url = reverse("clients", args=[place.region.code, place.life_situation.code, quarter.code])
    pk = link.institution_id
    response = client.post(url, {f"clients_{pk}": served, f"offered_{pk}": offered})
    if says:
        assert response.status_code == 422
        assert says in response.context["form"].errors[f"offered_{pk}"][0]
    else:
        assert response.status_code == 302
        stored = ServedClients.objects.get()
        assert (stored.number, stored.offered) == (100, 40)
        # Seen with these numbers, one of them may change alone.
        again = {f"clients_{pk}": "120", f"offered_{pk}": "40"}
        seen = {f"initial-clients_{pk}": "100", f"initial-offered_{pk}": "40"}
        assert client.post(url, again | seen).status_code == 302
        stored.refresh_from_db()
        assert (stored.number, stored.offered) == (120, 40)
        # Whoever saw older numbers is told.
        assert client.post(url, {f"clients_{pk}": "90", f"offered_{pk}": "40"} | seen).status_code == 422


# Cabinet


def test_a_representative_is_asked_to_gather_the_rest_by_the_deadline(link: SurveyLink, quarter: ReportingPeriod):
    serve(link, quarter, 100)
    ResponseFactory.create_batch(8, link=link, answered_on=TODAY)
    rep = MembershipFactory(institution=link.institution).user
    found = [one for one in cabinet.tasks(rep, NOW) if one.title.startswith("Добрать")]
    assert [(one.title, one.due_on, one.days_left) for one in found] == [
        ("Добрать ответы: 8 из 80", quarter.closes_on, 8)
    ]
    ResponseFactory.create_batch(72, link=link, answered_on=TODAY)
    assert not [one for one in cabinet.tasks(rep, NOW) if one.title.startswith("Добрать")]
    # Whoever only manages links of the region has a page of its own.
    admin = MembershipFactory(role=Role.NSI_ADMIN, region=link.institution.region).user
    assert not [one for one in cabinet.tasks(admin, NOW) if one.title.startswith("Добрать")]


# Reminders


def remind() -> None:
    job = reminders.ask(timezone.now())
    if job:
        run_job(job.pk)


def test_who_falls_behind_gets_one_letter_a_day_about_all_their_institutions(
    link: SurveyLink, quarter: ReportingPeriod, clock: time_machine.Traveller
):
    other = SurveyLinkFactory(institution=InstitutionFactory(region=link.institution.region, name="Второе"))
    rep = MembershipFactory(institution=link.institution).user
    MembershipFactory(user=rep, institution=other.institution)
    for _ in range(2):
        remind()
    (letter,) = mail.outbox
    assert letter.to == [rep.email] and "20 ноября" in letter.subject
    assert link.institution.name in letter.body and "Второе" in letter.body
    assert "собрано 0 из 385" in letter.body and reverse("reminders") in letter.body
    clock.move_to(NOW.replace(hour=15))
    remind()
    assert len(mail.outbox) == 1
    clock.move_to(NOW + DAY)
    remind()
    assert len(mail.outbox) == 2
    assert Reminder.objects.filter(sent_at__isnull=False).count() == 2


@pytest.mark.parametrize(
    "at",
    [
        "2026-11-14 10:30",  # a Saturday
        "2026-11-04 10:30",  # a holiday
        "2026-11-12 12:30",  # no hour of letters
        "2026-10-05 10:30",  # long before the close
        "2026-11-21 10:30",  # the day after it, which is a Saturday too
    ],
)
def test_nobody_is_reminded_at_the_wrong_time(
    link: SurveyLink, quarter: ReportingPeriod, clock: time_machine.Traveller, at: str
):
    MembershipFactory(institution=link.institution)
    clock.move_to(datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("Europe/Moscow")))
    remind()
    assert not mail.outbox and not Job.objects.exists()


def test_who_is_on_the_line_has_switched_off_or_left_gets_nothing(link: SurveyLink, quarter: ReportingPeriod):
    rep = MembershipFactory(institution=link.institution).user
    client = Client()
    client.force_login(rep, backend=BACKEND)
    assert client.post(reverse("reminders-switch"), {"off": "1"}).status_code == 302
    assert "отключены" in client.get(reverse("reminders")).content.decode()
    MembershipFactory(institution=link.institution, ends_on=TODAY - DAY)
    MembershipFactory(institution=link.institution, user__is_active=False)
    remind()
    assert not mail.outbox
    client.post(reverse("reminders-switch"), {"off": "0"})
    serve(link, quarter, 100)
    ResponseFactory.create_batch(79, link=link, answered_on=TODAY)
    remind()
    assert not mail.outbox


def test_a_published_quarter_and_an_institution_that_left_remind_nobody(
    link: SurveyLink, quarter: ReportingPeriod, place: RegionLifeSituation
):
    MembershipFactory(institution=link.institution)
    Participation.objects.update(until=TODAY - DAY)
    remind()
    Participation.objects.update(until=None)
    Collection.objects.create(
        region_life_situation=place, period=quarter, state="published", snapshot={}, calculated_at=NOW, published_at=NOW
    )
    remind()
    assert not mail.outbox


def test_a_letter_the_server_did_not_take_is_tried_again_at_the_next_hour(
    link: SurveyLink, quarter: ReportingPeriod, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
):
    MembershipFactory(institution=link.institution)

    def fail(**letter: object) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as away:
        away.setattr(reminders, "send_letter", fail)
        remind()
    assert not Reminder.objects.exists() and Job.objects.get().state == Job.State.FAILED
    clock.move_to(NOW.replace(hour=15))
    remind()
    assert len(mail.outbox) == 1


def test_a_letter_names_no_respondent(link: SurveyLink, quarter: ReportingPeriod):
    MembershipFactory(institution=link.institution)
    ResponseFactory(link=link, answered_on=TODAY, answers={"comment": "Звоните 8 912 000-00-00"})
    remind()
    assert "912" not in mail.outbox[0].body and link.token not in mail.outbox[0].body


@pytest.mark.django_db(transaction=True)
def test_the_task_run_many_times_at_once_sends_one_letter():
    period("2026-Q4")
    # A draft, which a database may still be emptied of.
    link = SurveyLinkFactory(version__draft=True)
    RegionLifeSituation.objects.create(
        region=link.institution.region, life_situation=link.life_situation, since=date(2026, 1, 1)
    )
    for _ in range(3):
        MembershipFactory(institution=link.institution)
    jobs = [Job.objects.create(kind=reminders.REMIND, scope=f"race-{number}") for number in range(4)]
    start = threading.Barrier(len(jobs))
    failed: list[BaseException] = []

    def work(pk: int) -> None:
        try:
            start.wait()
            run_job(pk)
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(job.pk,)) for job in jobs]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not failed
    assert set(Job.objects.values_list("state", flat=True)) == {Job.State.DONE}
    assert len(mail.outbox) == 3 == len({one.to[0] for one in mail.outbox})
    assert Reminder.objects.count() == 3


def test_whoever_works_in_two_regions_hears_of_both_in_one_letter(link: SurveyLink, quarter: ReportingPeriod):
    far = SurveyLinkFactory(institution__region=RegionFactory(code="RU-KAM"))
    RegionLifeSituation.objects.create(
        region=far.institution.region, life_situation=far.life_situation, since=date(2026, 1, 1)
    )
    rep = MembershipFactory(institution=link.institution).user
    MembershipFactory(user=rep, institution=far.institution)
    remind()
    (letter,) = mail.outbox
    assert link.institution.name in letter.body and far.institution.name in letter.body
