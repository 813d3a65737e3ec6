"""The card of a region: what is ready, what is missing and where it is mended, and who sees how much of it."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from regions.models import Body, BodyMember, LetterDeadline, LetterKind, Region, RegionLifeSituation
from regions.roles import Role
from regions.services.readiness import remeasure
from tests.factories import (
    InstitutionFactory,
    LifeSituationFactory,
    MembershipFactory,
    ParticipationFactory,
    RegionFactory,
)
from tests.regions.test_readiness import head, ready_region

pytestmark = pytest.mark.django_db

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
NOON = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False):
        yield


def person(role: Role, region: Region | None = None, **fields: object) -> User:
    return MembershipFactory(role=role, **({"region": region} if region else {}), **fields).user


def card(user: User, region: Region) -> str:
    client = Client()
    client.force_login(user, backend=BACKEND)
    response = client.get(reverse("region-card", args=[region.code]))
    assert response.status_code == 200
    page = " ".join(response.content.decode().split())
    return page[page.index("<main") : page.index("</main")]


def test_a_region_with_nothing_yet_is_told_what_to_begin_with():
    region = RegionFactory()
    page = card(person(Role.NSI_ADMIN, region), region)
    assert "0 %" in page
    for words in (
        "Не создан орган: Региональный штаб (РШ)",
        "Не создан орган: Региональная экспертная группа (РЭГ)",
        "Нет действующего РСУ",
        "Регион не выбрал ни одной ЖС",
        "В НСИ пока не участвует",
    ):
        assert words in page
    for name in ("body-list", "place-list", "region-participation", "region-history", "letter-list", "region-people"):
        assert reverse(name, args=[region.code]) in page


def test_each_gap_leads_to_where_it_is_mended():
    region = ready_region()
    headquarters = region.bodies.get(kind=Body.Kind.HEADQUARTERS)
    headquarters.members.all().delete()
    place = region.life_situations.get()
    place.status = "self_assessment"
    place.save()
    place.target_approvals.all().delete()
    page = card(person(Role.EXPERT, region), region)
    assert f'<a href="{reverse("body", args=[headquarters.pk])}">Нет руководителя: Региональный штаб (РШ)</a>' in page
    assert (
        f'<a href="{reverse("place", args=[place.pk])}">«{place.life_situation}»: этап «Самообследование»</a>' in page
    )
    assert f'href="{reverse("place-targets", args=[place.pk, 2026])}"' in page
    assert "Не создан орган" not in page and "Нет действующего РСУ" not in page


@pytest.mark.parametrize(("lost", "share"), [(0, "100 %"), (1, "66,7 %"), (2, "33,3 %")])
def test_the_share_of_the_facts(lost, share):
    region = ready_region()
    if lost > 0:
        region.commissioners.all().delete()
    if lost > 1:
        region.life_situations.get().target_approvals.all().delete()
    assert share in card(person(Role.EXPERT, region), region)


def test_what_is_frozen_says_since_when_and_on_what_grounds():
    region = ready_region()
    remeasure(region, at=NOON)
    region.commissioners.all().delete()
    page = card(person(Role.EXPERT, region), region)
    assert "100 % достигнуты 22 ноября 2026 года" in page
    assert "№ 4-РШ" in page and "Нет действующего РСУ" not in page


def test_life_situations_with_stage_institutions_and_who_answers():
    region = ready_region()
    situation = region.life_situations.get().life_situation
    for fields in ({}, {"village": True}, {"closed_on": date(2026, 11, 21)}):
        ParticipationFactory(institution=InstitutionFactory(region=region, **fields), life_situation=situation)
    other = InstitutionFactory(region=RegionFactory(code="RU-TYU"))
    ParticipationFactory(institution=other, life_situation=situation)
    member = person(Role.HQ_MEMBER, region, life_situations=[situation])
    page = card(member, region)
    row = page[page.index(f">{situation}</a> </th>") :]
    row = row[: row.index("</tr>")]
    assert "Внедрение" in row and ">2</td>" in row and member.full_name in row
    institutions = page[page.index('id="institutions"') :]
    assert [part.split("</dd>")[0].strip() for part in institutions.split("<dd>")[1:4]] == ["1", "1", "1"]


def test_overdue_letters_come_first():
    region = RegionFactory()
    region.participates_since = date(2026, 1, 1)
    region.save()
    kind = LetterKind.objects.create(code="results", position=1, short_title="Результаты внедрения", is_quarterly=True)
    for occasion, day in (("2027-Q1", date(2027, 2, 15)), ("2026-Q4", date(2026, 11, 15))):
        LetterDeadline.objects.create(kind=kind, occasion=occasion, due_on=day)
    page = card(person(Role.EXPERT, region), region)
    assert page.index("просрочено на 7 дн.") < page.index("осталось 85 дн.")
    assert "Просрочено: <strong>1</strong>" in page


@pytest.mark.parametrize(
    ("role", "edits", "sees_people", "explains"),
    [
        (Role.AGENCY_ADMIN, True, True, True),
        (Role.AGENCY_CURATOR, False, False, False),
        (Role.NSI_ADMIN, True, True, True),
        (Role.HQ_CHAIR, False, False, False),
        (Role.EXPERT, False, False, False),
    ],
)
def test_who_is_offered_what(role, edits, sees_people, explains):
    region = RegionFactory()
    page = card(person(role) if role.value.startswith("agency") else person(role, region), region)
    assert (reverse("region-participation", args=[region.code]) in page) is edits
    assert (reverse("region-people", args=[region.code]) in page) is sees_people
    assert (f"{reverse('access-explain')}?region={region.code}" in page) is explains


def test_people_of_the_region_are_counted_once():
    region = RegionFactory()
    administrator = person(Role.NSI_ADMIN, region)
    MembershipFactory(user=administrator, role=Role.EXPERT, region=region)
    person(Role.INSTITUTION_REP, institution=InstitutionFactory(region=region))
    person(Role.EXPERT, region, ends_on=date(2026, 11, 21))
    person(Role.EXPERT, RegionFactory(code="RU-TYU"))
    page = card(administrator, region)
    assert page[page.index('id="people"') :].split("<dd>")[1].split("</dd>")[0].strip() == "2"


def test_the_card_asks_the_same_number_of_queries_however_much_there_is():
    region = ready_region()
    region.participates_since = date(2026, 1, 1)
    region.save()
    administrator = person(Role.NSI_ADMIN, region)
    person(Role.HQ_MEMBER, region, life_situations=[region.life_situations.get().life_situation])
    client = Client()
    client.force_login(administrator, backend=BACKEND)

    def queries() -> int:
        client.get(reverse("region-card", args=[region.code]))
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("region-card", args=[region.code]))
        return len(captured)

    few = queries()
    kind = LetterKind.objects.create(code="results", position=1, short_title="Результаты внедрения", is_quarterly=True)
    situations = [
        LifeSituationFactory(code=code)
        for code in ("social-home-care", "health-primary-cardio", "social-rehab-equipment")
    ]
    for number, situation in enumerate(situations):
        RegionLifeSituation.objects.create(region=region, life_situation=situation, since=date(2026, 1, 1))
        ParticipationFactory(institution=InstitutionFactory(region=region), life_situation=situation)
        person(Role.HQ_MEMBER, region, life_situations=[situation])
        LetterDeadline.objects.create(kind=kind, occasion=f"2027-Q{number + 1}", due_on=date(2027, 1, 1))
    assert queries() == few


def test_the_day_a_region_joined_is_set_on_its_page_and_stays_in_the_history():
    region = RegionFactory()
    client = Client()
    client.force_login(person(Role.NSI_ADMIN, region), backend=BACKEND)
    url = reverse("region-participation", args=[region.code])
    assert client.post(url, {"participates_since": "2026-06-01"}).status_code == 302
    for typed, words in (
        ("2026-11-23", "Этот день ещё не наступил"),
        ("0202-06-01", "Проверьте год"),
        ("x", "правильную дату"),
    ):
        response = client.post(url, {"participates_since": typed})
        assert response.status_code == 422 and words in response.content.decode()
    region.refresh_from_db()
    assert region.participates_since == date(2026, 6, 1)
    history = client.get(reverse("region-history", args=[region.code])).content.decode()
    assert "участвует в НСИ с" in history and "<ins>01.06.2026</ins>" in history
    assert client.post(url, {"participates_since": ""}).status_code == 302
    region.refresh_from_db()
    assert region.participates_since is None


def test_the_history_of_a_region_is_its_own_and_hides_addresses_of_people():
    region, other = ready_region(), RegionFactory(code="RU-TYU")
    body = region.bodies.get(kind=Body.Kind.HEADQUARTERS)
    member = body.members.get()
    member.email = "vetrov@example.org"
    member.save()
    stranger = Body.objects.create(region=other, kind="headquarters", formed_on=date(2026, 1, 1), title="Чужой штаб")
    head(stranger, full_name="Чужой Человек")

    def history(user: User) -> str:
        client = Client()
        client.force_login(user, backend=BACKEND)
        return client.get(reverse("region-history", args=[region.code])).content.decode()

    seen = history(person(Role.NSI_ADMIN, region))
    assert "vetrov@example.org" in seen and BodyMember.objects.filter(full_name="Чужой Человек").exists()
    assert "Чужой" not in seen
    assert "vetrov@example.org" not in history(person(Role.EXPERT, region))
