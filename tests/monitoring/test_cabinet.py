"""«Мой кабинет»: what waits for the person, the nearest deadline first."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from monitoring.cabinet import Calendar, tasks
from monitoring.models import ServedClients, WeightDecision
from regions.models import (
    AccessRequest,
    Body,
    BodyMember,
    Indicator,
    IndicatorTarget,
    Invitation,
    Letter,
    LetterDeadline,
    LetterKind,
    LifeSituationIndicator,
    Material,
    Region,
    ServiceCommissioner,
    TargetApproval,
)
from regions.roles import Role
from regions.services import letters
from surveys.models import ResponseImport, SurveyLink
from surveys.services import imports
from tests.factories import (
    InstitutionFactory,
    LifeSituationFactory,
    MembershipFactory,
    ParticipationFactory,
    RegionFactory,
    SurveyLinkFactory,
    UserFactory,
)
from tests.world import NOW, SINCE, World, build_world, publish_quarter, served

pytestmark = pytest.mark.django_db

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world() -> World:
    return build_world("RU-NIZ")


CLIENTS = "Указать, сколько человек обслужено"


def titles(world: World, role: Role) -> list[str]:
    return [task.title for task in tasks(world.people[role], timezone.now())]


def texts(world: World, role: Role, title: str) -> list[str]:
    return [task.text for task in tasks(world.people[role], timezone.now()) if task.title == title]


def test_who_hands_in_the_quarter_sees_it_with_its_deadline(world: World):
    task = next(one for one in tasks(world.people[Role.HQ_MEMBER], timezone.now()) if one.title.startswith("Сдать"))
    assert task.title == "Сдать 4 квартал 2026 года"
    assert (task.due_on, task.days_left) == (date(2026, 11, 20), -2)


def test_a_published_quarter_waits_no_more(world: World):
    publish_quarter(world.place, world.quarter, world.people)
    assert not [one for one in titles(world, Role.HQ_MEMBER) if one.startswith("Сдать")]
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
        assert not [one for one in titles(world, Role.HQ_MEMBER) if "квартал 2026" in one]


def test_an_institution_that_has_left_the_life_situation_is_asked_for_nothing(world: World):
    served(world.institution, world.life_situation, world.quarter, 100)
    world.sibling.participations.update(until=date(2026, 1, 31))
    assert "Указать, сколько человек обслужено" not in titles(world, Role.NSI_ADMIN)


def test_numbers_of_people_served_are_not_asked_for_where_they_weigh_nothing(world: World):
    WeightDecision.objects.create(
        region=world.region, year=2026, scheme="equal", document_number="1", document_date=SINCE, decided_at=NOW
    )
    assert CLIENTS not in titles(world, Role.NSI_ADMIN)


def test_who_answers_for_another_life_situation_of_the_institution_is_asked_for_nothing(world: World):
    membership = world.people[Role.HQ_MEMBER].memberships.get()
    membership.life_situations.set([LifeSituationFactory(code="social-home-care")])
    assert CLIENTS not in titles(world, Role.HQ_MEMBER)


def test_many_institutions_without_a_link_are_one_line(world: World):
    for _ in range(6):
        ParticipationFactory(
            institution=InstitutionFactory(region=world.region), life_situation=world.life_situation, since=SINCE
        )
    assert texts(world, Role.NSI_ADMIN, "Создать ссылки на анкету") == [
        "Учреждений, о которых никто не может ответить: 6"
    ]


@pytest.mark.parametrize(
    ("opens_on", "closes_on", "closed"),
    [
        (date(2026, 11, 22), None, False),
        (date(2026, 11, 23), None, False),
        (SINCE, date(2026, 11, 22), False),
        (SINCE, date(2026, 11, 21), False),
        (SINCE, None, True),
    ],
)
@pytest.mark.parametrize("hour", [1, 14, 23])
def test_the_database_and_the_model_agree_on_what_an_open_link_is(
    hour: int, opens_on: date, closes_on: date | None, closed: bool
):
    now = NOW.replace(hour=hour)
    for code in ("RU-NIZ", "RU-KAM", "RU-KGD"):
        SurveyLinkFactory(
            institution=InstitutionFactory(region=RegionFactory(code=code)),
            opens_on=opens_on,
            closes_on=closes_on,
            closed_at=now if closed else None,
        )
    by_model = {one.pk for one in SurveyLink.objects.all() if one.state(now) == SurveyLink.State.OPEN}
    assert set(SurveyLink.objects.open(now).values_list("pk", flat=True)) == by_model


# People


def invite(world: World, **fields: object) -> Invitation:
    return Invitation.objects.create(
        **{
            "email": f"guest{Invitation.objects.count()}@example.ru",
            "full_name": "Гость",
            "role": Role.EXPERT,
            "region": world.region,
            "sent_at": NOW - timedelta(days=8),
            "expires_at": NOW - timedelta(days=1),
        }
        | fields
    )


def ask_for_access(world: World, **fields: object) -> AccessRequest:
    user = UserFactory()
    return AccessRequest.objects.create(
        **{
            "email": user.email,
            "full_name": user.full_name,
            "position": "врач",
            "institution": world.institution,
            "state": "waiting",
            "user": user,
        }
        | fields
    )


def test_requests_for_access_wait_for_the_administrator_of_their_region(world: World):
    other = build_world("RU-TYU")
    for _ in range(2):
        ask_for_access(world)
    ask_for_access(world, state="declined")
    ask_for_access(other)
    title = "Решить по заявкам на доступ"
    assert texts(world, Role.NSI_ADMIN, title) == ["Нижегородская область: ждут 2, самая давняя от 22.11.2026"]
    assert texts(world, Role.AGENCY_ADMIN, title) == []
    assert texts(world, Role.HQ_CHAIR, title) == []


def test_invitations_nobody_answered_can_be_sent_again(world: World):
    title = "Пригласить ещё раз"
    invite(world)
    invite(world, region=None, institution=world.institution, role=Role.INSTITUTION_REP)
    for fields in (
        {"expires_at": NOW + timedelta(days=1)},
        {"expires_at": None},
        {"accepted_at": NOW},
        {"revoked_at": NOW},
    ):
        invite(world, **fields)
    assert texts(world, Role.NSI_ADMIN, title) == ["Нижегородская область: срок приглашений истёк, ответа нет (2)"]
    assert texts(world, Role.AGENCY_ADMIN, title) == []


def test_a_region_that_takes_part_needs_an_administrator(world: World):
    title = "Назначить администратора НСИ"
    assert texts(world, Role.AGENCY_ADMIN, title) == []
    world.region.participates_since = SINCE
    world.region.save()
    RegionFactory(code="RU-TYU")
    administrator = world.people[Role.NSI_ADMIN]
    assert texts(world, Role.AGENCY_ADMIN, title) == []
    administrator.is_active = False
    administrator.save()
    assert texts(world, Role.AGENCY_ADMIN, title) == ["Нижегородская область"]
    assert texts(world, Role.AGENCY_CURATOR, title) == []


def test_many_regions_without_an_administrator_are_one_line(world: World):
    for code in ("RU-TYU", "RU-KAM", "RU-SAM", "RU-TUL", "RU-KGD", "RU-AMU"):
        RegionFactory(code=code, participates_since=SINCE)
    (text,) = texts(world, Role.AGENCY_ADMIN, "Назначить администраторов НСИ")
    assert text.startswith("Участвуют в НСИ без администратора: 6 (")


def test_a_person_without_a_role_learns_what_happens_next(world: World, client: Client):
    waiting = ask_for_access(world)
    client.force_login(waiting.user, backend=BACKEND)
    html = client.get(reverse("cabinet")).content.decode()
    assert "Ваша заявка на доступ ждёт решения" in html and world.institution.name in html
    assert "Что ждёт меня" not in html
    client.force_login(UserFactory(), backend=BACKEND)
    html = client.get(reverse("cabinet")).content.decode()
    assert "У Вас пока нет роли" in html and reverse("signup") in html


# Structure and letters


@pytest.fixture
def letter(world: World) -> LetterKind:
    world.region.participates_since = SINCE
    world.region.save()
    return LetterKind.objects.create(code="start", position=1, stage="Этап", action="Письмо", short_title="Решение")


@pytest.mark.parametrize(
    ("due_in", "shown"),
    [(-1, True), (0, True), (30, True), (31, False)],
)
def test_letters_wait_from_a_month_before_their_deadline(world: World, letter: LetterKind, due_in: int, shown: bool):
    LetterDeadline.objects.create(kind=letter, due_on=NOW.date() + timedelta(days=due_in))
    found = [one for one in tasks(world.people[Role.NSI_ADMIN], timezone.now()) if one.title == "Отправить письмо"]
    assert [(one.text, one.days_left) for one in found] == ([("Решение, Нижегородская область", due_in)] * shown)
    assert "Отправить письмо" not in titles(world, Role.AGENCY_ADMIN)


def test_a_letter_sent_waits_no_more(world: World, letter: LetterKind):
    LetterDeadline.objects.create(kind=letter, due_on=NOW.date())
    Letter.objects.create(region=world.region, kind=letter, document_number="1", document_date=NOW.date())
    assert "Отправить письмо" not in titles(world, Role.NSI_ADMIN)


def test_many_overdue_letters_are_one_line_with_the_oldest_deadline(world: World, letter: LetterKind):
    for day in range(1, 8):
        LetterDeadline.objects.create(kind=letter, occasion=f"2026-{day}", due_on=date(2026, 3, day))
    (found,) = [one for one in tasks(world.people[Role.NSI_ADMIN], timezone.now()) if one.title == "Отправить письма"]
    assert (found.due_on, "7" in found.text) == (date(2026, 3, 1), True)


def test_the_agency_sees_how_many_regions_are_behind(world: World, letter: LetterKind):
    title = "Напомнить о письмах"
    assert texts(world, Role.AGENCY_CURATOR, title) == []
    LetterDeadline.objects.create(kind=letter, due_on=date(2026, 3, 1))
    for role in (Role.AGENCY_ADMIN, Role.AGENCY_CURATOR):
        assert texts(world, role, title) == ["Регионов, у которых есть просроченные письма: 1"]
    assert texts(world, Role.AGENCY_ANALYST, title) == []


def test_the_short_answer_on_who_is_behind_is_that_of_the_long_one(letter: LetterKind):
    codes = ("RU-NIZ", "RU-TYU", "RU-KAM", "RU-SAM")
    sent, own_later, in_time, behind = regions = [RegionFactory(code=code, participates_since=SINCE) for code in codes]
    Region.objects.update(participates_since=SINCE)
    Region.objects.filter(code="RU-SAM").update(participates_since=date(2026, 2, 1))
    LetterDeadline.objects.create(kind=letter, due_on=date(2026, 3, 1))
    LetterDeadline.objects.create(kind=letter, occasion="earlier", due_on=date(2026, 1, 1), region=behind)
    LetterDeadline.objects.create(kind=letter, due_on=date(2027, 3, 1), region=own_later)
    for region in (sent, in_time, behind):
        Letter.objects.create(region=region, kind=letter, document_date=date(2026, 2, 1))
    asked = Region.objects.filter(pk__in=[one.pk for one in regions])
    long = letters.dues(asked, at=NOW)
    overdue = {pk for pk, found in long.items() if any(one.state == letters.LetterState.OVERDUE for one in found)}
    assert letters.behind(asked, at=NOW) == overdue == {behind.pk}


def test_a_region_without_its_bodies_is_told_what_to_form(world: World):
    title = "Сформировать управленческую структуру"
    Body.objects.all().delete()
    assert len(texts(world, Role.NSI_ADMIN, title)) == 1
    assert texts(world, Role.AGENCY_ADMIN, title) == []
    for kind in Body.MAIN_KINDS:
        body = Body.objects.create(region=world.region, kind=kind, formed_on=SINCE)
        BodyMember.objects.create(body=body, full_name="Глава", group="other", is_head=True, starts_on=SINCE)
    commissioner(world)
    assert texts(world, Role.NSI_ADMIN, title) == []


def commissioner(world: World, **fields: object) -> ServiceCommissioner:
    ServiceCommissioner.objects.all().delete()
    return ServiceCommissioner.objects.create(
        **{"region": world.region, "full_name": "Смирнов Сергей", "appointed_on": SINCE} | fields
    )


@pytest.mark.parametrize(
    ("ends_in", "ended_on", "shown"),
    [(31, None, False), (30, None, True), (0, None, True), (-100, None, True), (10, SINCE, False), (None, None, False)],
)
def test_an_accreditation_about_to_end_waits_for_the_agency_and_for_its_holder(
    world: World, ends_in: int | None, ended_on: date | None, shown: bool
):
    until = NOW.date() + timedelta(days=ends_in) if ends_in is not None else None
    commissioner(
        world,
        accredited_on=SINCE if until else None,
        accredited_until=until,
        ended_on=ended_on,
        user=world.people[Role.SERVICE_COMMISSIONER],
    )
    for role, title in (
        (Role.AGENCY_ADMIN, "Аккредитовать РСУ"),
        (Role.AGENCY_CURATOR, "Аккредитовать РСУ"),
        (Role.SERVICE_COMMISSIONER, "Продлить свою аккредитацию"),
    ):
        assert texts(world, role, title) == ["Смирнов Сергей, Нижегородская область"] * shown, role
    assert "Аккредитовать РСУ" not in titles(world, Role.NSI_ADMIN)


# ЖС


@pytest.mark.parametrize(
    ("institutions", "status", "shown"),
    [(2, "chosen", False), (1, "chosen", True), (0, "chosen", True), (1, "completed", False)],
)
def test_a_life_situation_should_have_two_institutions(world: World, institutions: int, status: str, shown: bool):
    for one in [world.institution, world.sibling][institutions:]:
        one.participations.update(until=date(2026, 1, 31))
    world.place.status = status
    world.place.save()
    assert len(texts(world, Role.NSI_ADMIN, "Добавить учреждения")) == shown


@pytest.fixture
def indicators(world: World) -> list[Indicator]:
    found = [Indicator.objects.create(code=f"i{one}", title=f"{one}", unit="percent", kind="main") for one in (1, 2)]
    for one in found:
        LifeSituationIndicator.objects.create(
            life_situation=world.life_situation, indicator=one, number=one.code, position=1
        )
    return found


def enter(world: World, indicator: Indicator, year: int = 2026) -> None:
    IndicatorTarget.objects.create(
        place=world.place,
        indicator=indicator,
        year=year,
        current=1,
        target=2,
        entered_by=world.people[Role.HQ_MEMBER],
    )


def test_values_of_this_year_are_entered_by_who_answers_for_the_life_situation_and_approved_by_the_head(
    world: World, indicators: list[Indicator]
):
    enter_them, approve_them = "Внести текущие и целевые значения на 2026 год", "Утвердить показатели на 2026 год"

    def waiting() -> tuple[bool, bool]:
        return enter_them in titles(world, Role.HQ_MEMBER), approve_them in titles(world, Role.HQ_CHAIR)

    assert waiting() == (True, False)
    for one in indicators:
        enter(world, one, 2025)
    enter(world, indicators[0])
    assert waiting() == (True, False)
    enter(world, indicators[1])
    assert waiting() == (False, True)
    assert enter_them not in titles(world, Role.NSI_ADMIN)
    approval = TargetApproval.objects.create(place=world.place, year=2026, approved_at=NOW)
    assert waiting() == (False, False)
    approval.delete()
    world.people[Role.HQ_MEMBER].memberships.get().life_situations.clear()
    IndicatorTarget.objects.all().delete()
    assert waiting() == (False, False)


def test_a_life_situation_without_indicators_asks_for_no_values(world: World):
    assert not [one for one in titles(world, Role.HQ_MEMBER) if one.startswith("Внести")]


@pytest.mark.parametrize(
    ("since", "status", "shown"),
    [
        (date(2026, 5, 26), "roadmap", True),
        (date(2026, 5, 27), "roadmap", False),
        (date(2025, 5, 27), "completed", False),
        (None, "chosen", True),
    ],
)
def test_a_life_situation_that_stands_at_one_stage_for_half_a_year(
    world: World, since: date | None, status: str, shown: bool
):
    world.place.status, world.place.status_since = status, since
    world.place.save()
    assert len(texts(world, Role.HQ_MEMBER, "Перейти к следующему этапу")) == shown
    assert texts(world, Role.NSI_ADMIN, "Перейти к следующему этапу") == []


# The page


def test_the_nearest_deadline_stands_first_and_what_has_none_last(world: World, letter: LetterKind):
    LetterDeadline.objects.create(kind=letter, due_on=date(2026, 3, 1))
    found = [one.due_on for one in tasks(world.people[Role.NSI_ADMIN], timezone.now())]
    dated = [one for one in found if one]
    assert found == sorted(dated) + [None] * (len(found) - len(dated))


@pytest.mark.parametrize("role", list(Role))
def test_every_task_of_every_role_leads_somewhere_the_person_may_go(
    world: World, letter: LetterKind, indicators: list[Indicator], client: Client, role: Role
):
    LetterDeadline.objects.create(kind=letter, due_on=date(2026, 3, 1))
    commissioner(world, accredited_on=SINCE, accredited_until=NOW.date(), user=world.people[Role.SERVICE_COMMISSIONER])
    ask_for_access(world)
    invite(world)
    world.sibling.participations.update(until=date(2026, 1, 31))
    RegionFactory(code="RU-TYU", participates_since=SINCE)
    client.force_login(world.people[role], backend=BACKEND)
    for task in tasks(world.people[role], timezone.now()):
        assert client.get(task.url).status_code == 200, task
    assert client.get(reverse("cabinet")).status_code == 200


def test_materials_for_the_person_s_roles_stand_on_the_page(world: World, client: Client):
    client.force_login(world.people[Role.EXPERT], backend=BACKEND)
    page = client.get(reverse("cabinet"))
    assert list(page.context["materials"]) == [world.material]
    assert [one.name for one in page.context["regions"]] == ["Нижегородская область"]


@pytest.mark.parametrize("role", [Role.NSI_ADMIN, Role.AGENCY_ADMIN, Role.HQ_MEMBER, Role.INSTITUTION_REP])
def test_the_number_of_queries_does_not_grow(world: World, client: Client, role: Role):
    def grow(first: int, last: int) -> None:
        for number in range(first, last):
            institution = InstitutionFactory(region=world.region)
            ParticipationFactory(institution=institution, life_situation=world.life_situation, since=SINCE)
            ask_for_access(world, institution=institution)
            invite(world)
            LetterDeadline.objects.create(kind=letter, occasion=str(number), due_on=NOW.date())
            MembershipFactory(role=Role.EXPERT, region=world.region)
            Material.objects.create(title=f"Материал {number}").versions.create(
                number=1, url="https://asi.ru/", published_at=NOW
            )

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("cabinet"))
        return len(captured)

    letter = LetterKind.objects.create(code="start", position=1, stage="Этап", action="Письмо", short_title="Решение")
    world.region.participates_since = SINCE
    world.region.save()
    client.force_login(world.people[role], backend=BACKEND)
    grow(0, 1)
    queries()
    few = queries()
    grow(1, 30)
    assert queries() == few
    assert few <= 50


def test_a_file_that_somebody_wishes_to_take_back_waits_for_a_second_person(world: World):
    wanted, rep = "Решить об отзыве загрузки", world.people[Role.INSTITUTION_REP]
    found = ResponseImport.objects.create(
        link=world.link, file="x.xlsx", file_name="x.xlsx", state=ResponseImport.State.DONE, stored=3, created_by=rep
    )

    def titles(role: Role) -> list[str]:
        return [task.title for task in tasks(world.people[role], timezone.now())]

    assert wanted not in titles(Role.NSI_ADMIN)
    imports.ask_to_undo(found=found, reason="Не тот файл", by=rep, at=timezone.now())
    assert wanted in titles(Role.NSI_ADMIN)
    assert wanted not in titles(Role.INSTITUTION_REP), "who proposed it cannot confirm it"
    stranger = build_world("RU-TYU").people[Role.NSI_ADMIN]
    assert wanted not in [task.title for task in tasks(stranger, timezone.now())]
