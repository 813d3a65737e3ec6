"""The list of members a region sends with its letter [001 III.1] is loaded from an XLSX."""

import io
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from accounts.models import User
from regions import member_import
from regions.cells import ImportRefused
from regions.member_import import COLUMNS, Fate
from regions.models import Body, BodyMember, Institution, Invitation, LifeSituation, Region, RegionLifeSituation
from regions.roles import Role
from tests.factories import (
    BodyFactory,
    InstitutionFactory,
    LifeSituationFactory,
    MembershipFactory,
    RegionFactory,
    UserFactory,
)
from tests.regions.letter_box import signed_in

pytestmark = pytest.mark.django_db

NOW = datetime.fromisoformat("2026-11-22T12:00:00+03:00")

NAME, POSITION, ORGANISATION, EMAIL, ROLE, LIFE_SITUATIONS, BODY, GROUP = COLUMNS
EXPERT = {
    NAME: "Петров Олег Ильич",
    POSITION: "профессор",
    ORGANISATION: "Университет",
    EMAIL: "petrov@example.ru",
    ROLE: "Член РЭГ",
}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    cache.clear()


@pytest.fixture
def region() -> Region:
    return RegionFactory(code="RU-NIZ")


@pytest.fixture
def admin(region: Region) -> User:
    return MembershipFactory(role=Role.NSI_ADMIN, region=region).user


@pytest.fixture
def situation(region: Region) -> LifeSituation:
    found = LifeSituationFactory()
    RegionLifeSituation.objects.create(region=region, life_situation=found, since=date(2026, 1, 1))
    return found


@pytest.fixture
def institution(region: Region) -> Institution:
    return InstitutionFactory(region=region, name="Центр «Забота»")


@pytest.fixture
def experts(region: Region) -> Body:
    return BodyFactory(region=region, kind=Body.Kind.EXPERT_GROUP)


def sheet(*rows: dict[str, Any], titles: tuple[str, ...] = COLUMNS) -> bytes:
    book = Workbook()
    page = book.worksheets[0]
    page.append(titles)
    for row in rows:
        page.append([row.get(title) for title in titles])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def plan_of(region: Region, by: User, *rows: dict[str, Any]) -> member_import.Plan:
    return member_import.make_plan(member_import.read_sheet(sheet(*rows)), region=region, by=by, at=NOW)


def load(region: Region, by: User, *rows: dict[str, Any]) -> member_import.Plan:
    read = member_import.read_sheet(sheet(*rows))
    seen = member_import.make_plan(read, region=region, by=by, at=NOW).digest
    return member_import.load(read, region=region, seen=seen, by=by, at=NOW)


def problems_of(region: Region, by: User, *rows: dict[str, Any]) -> list[tuple[int | None, str, str]]:
    with pytest.raises(ImportRefused) as refused:
        plan_of(region, by, *rows)
    return [(one.row, one.column, one.message) for one in refused.value.problems]


def send(client: Client, region: Region, content: bytes) -> Any:
    file = SimpleUploadedFile("список.xlsx", content)
    return client.post(reverse("invitation-import", args=[region.code]), {"file": file})


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_a_list_invites_everybody_in_their_role(
    admin: User, region: Region, situation: LifeSituation, institution: Institution
):
    plan = load(
        region,
        admin,
        EXPERT,
        {NAME: "Член Мария", EMAIL: "M@Example.ru", ROLE: "член рш", LIFE_SITUATIONS: situation.short_title.upper()},
        {NAME: "Сервис Илья", EMAIL: "s@example.ru", ROLE: "РСУ"},
        {NAME: "Забота Анна", EMAIL: "z@example.ru", ROLE: Role.INSTITUTION_REP.label, ORGANISATION: "центр забота"},
    )
    assert (plan.invited, plan.members, plan.unchanged) == (4, 0, 0)
    found = {one.email: one for one in Invitation.objects.all()}
    assert {email: one.role for email, one in found.items()} == {
        "petrov@example.ru": Role.EXPERT,
        "m@example.ru": Role.HQ_MEMBER,
        "s@example.ru": Role.SERVICE_COMMISSIONER,
        "z@example.ru": Role.INSTITUTION_REP,
    }
    assert list(found["m@example.ru"].life_situations.all()) == [situation]
    assert (found["z@example.ru"].institution, found["z@example.ru"].region) == (institution, None)
    assert found["petrov@example.ru"].position == "профессор"
    assert {one.invited_by for one in found.values()} == {admin}


def test_whoever_is_named_in_a_body_becomes_its_member_once(admin: User, region: Region, experts: Body):
    row = {**EXPERT, BODY: "РЭГ", GROUP: "Научное сообщество"}
    assert load(region, admin, row).members == 1
    member = experts.members.get(email="petrov@example.ru")
    assert (member.full_name, member.organisation, member.group) == ("Петров Олег Ильич", "Университет", "science")
    assert member.starts_on == date(2026, 11, 22)
    assert Invitation.objects.get().body_member == member
    again = plan_of(region, admin, row)
    assert (again.invited, again.members, again.unchanged) == (0, 0, 1)
    # Known by the address, whatever else the list says of them.
    assert plan_of(region, admin, {**row, NAME: "Петров О. И.", EMAIL: "PETROV@example.ru"}).members == 0


def test_a_member_without_an_address_is_known_by_name(admin: User, region: Region, experts: Body):
    member = BodyMember.objects.create(
        body=experts,
        full_name="Петров Олег Ильич",
        position="профессор",
        organisation="Другой университет",
        group="science",
        starts_on=date(2026, 1, 1),
    )
    load(region, admin, {**EXPERT, BODY: "РЭГ", GROUP: "Научное сообщество"})
    assert experts.members.filter(full_name="Петров Олег Ильич").count() == 1
    assert Invitation.objects.get().body_member == member


def test_the_same_list_twice_invites_nobody_twice(admin: User, region: Region):
    user = MembershipFactory(role=Role.EXPERT, region=region, user=UserFactory(email="here@example.ru")).user
    rows = (EXPERT, {**EXPERT, EMAIL: user.email})
    assert [row.fate for row in load(region, admin, *rows).rows] == [Fate.INVITE, Fate.HERE]
    assert [row.fate for row in load(region, admin, *rows).rows] == [Fate.INVITED, Fate.HERE]
    assert Invitation.objects.count() == 1


def test_a_person_on_the_portal_who_is_named_in_a_body_is_tied_to_it(admin: User, region: Region, experts: Body):
    user = MembershipFactory(role=Role.EXPERT, region=region, user=UserFactory(email="petrov@example.ru")).user
    load(region, admin, {**EXPERT, BODY: "РЭГ", GROUP: "Научное сообщество"})
    assert experts.members.get(email=user.email).user == user
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("changed", "column", "says"),
    [
        ({NAME: ""}, "A (ФИО)", "заполните"),
        ({NAME: "Я" * 201}, "A (ФИО)", "не больше 200"),
        ({NAME: True}, "A (ФИО)", "текст"),
        ({NAME: datetime(2026, 1, 1)}, "A (ФИО)", "текст"),
        ({EMAIL: ""}, "D (Электронная почта)", "заполните"),
        ({EMAIL: "не адрес"}, "D (Электронная почта)", "правильный адрес"),
        ({EMAIL: "реtrov@example.ru"}, "D (Электронная почта)", "похожие на латинские"),
        ({EMAIL: "pet\u200brov@example.ru"}, "D (Электронная почта)", "невидимый"),
        ({EMAIL: "admin@example.ru"}, "D (Электронная почта)", "Это Ваш адрес"),
        ({EMAIL: "gone@example.ru"}, "D (Электронная почта)", "закрыт"),
        ({ROLE: ""}, "E (Роль)", "заполните"),
        ({ROLE: "царь"}, "E (Роль)", "нет роли «царь»; возможные: Член РШ"),
        ({ROLE: "Руководитель РШ"}, "E (Роль)", "такую роль Вы дать не можете"),
        ({ROLE: "Администратор Агентства"}, "E (Роль)", "такую роль Вы дать не можете"),
        ({ROLE: "Член РШ"}, "F (Жизненные ситуации)", "впишите ЖС"),
        ({ROLE: "Член РШ", LIFE_SITUATIONS: "полёт на Луну"}, "F (Жизненные ситуации)", "не взял"),
        ({LIFE_SITUATIONS: "employment-centre"}, "F (Жизненные ситуации)", "только для роли"),
        ({ROLE: "Представитель учреждения", ORGANISATION: ""}, "C (Организация)", "впишите учреждение"),
        ({ROLE: "Представитель учреждения", ORGANISATION: "Аптека"}, "C (Организация)", "нет работающего «Аптека»"),
        ({ROLE: "Представитель учреждения", ORGANISATION: "Закрытое"}, "C (Организация)", "нет работающего"),
        ({ROLE: "Представитель учреждения", ORGANISATION: "Чужое"}, "C (Организация)", "нет работающего"),
        ({BODY: "кружок"}, "G (Орган)", "возможные значения: Региональный штаб"),
        ({BODY: "РШ", GROUP: "Другое"}, "G (Орган)", "Сначала внесите его"),
        ({BODY: "РЭГ"}, "H (Кого представляет)", "впишите, кого"),
        ({BODY: "РЭГ", GROUP: "Профильный РОИВ"}, "H (Кого представляет)", "возможные значения: Экспертное"),
        ({BODY: "РЭГ", GROUP: "Другое", POSITION: ""}, "B (Должность)", "войдёт в состав"),
        ({GROUP: "Другое"}, "G (Орган)", "впишите РШ или РЭГ"),
    ],
)
def test_what_is_wrong_in_a_cell_is_said_by_row_and_column(
    region: Region, situation: LifeSituation, experts: Body, changed: dict[str, Any], column: str, says: str
):
    by = MembershipFactory(role=Role.NSI_ADMIN, region=region, user=UserFactory(email="admin@example.ru")).user
    gone = UserFactory(email="gone@example.ru", is_active=False)
    MembershipFactory(role=Role.HQ_CHAIR, region=region, user=gone)
    InstitutionFactory(region=region, name="Закрытое", closed_on=date(2026, 11, 21))
    InstitutionFactory(region=RegionFactory(code="RU-TYU"), name="Чужое")
    ((row, place, message),) = problems_of(region, by, {**EXPERT, EMAIL: "fine@example.ru"}, {**EXPERT, **changed})
    assert (row, place) == (3, column)
    assert says in message


def test_the_same_person_twice_in_the_file_is_refused(admin: User, region: Region, experts: Body):
    in_body = {**EXPERT, BODY: "РЭГ", GROUP: "Другое"}
    assert problems_of(region, admin, EXPERT, {**EXPERT, EMAIL: "PETROV@example.RU"}) == [
        (3, "D (Электронная почта)", "этот адрес в той же роли уже есть в строке 2")
    ]
    ((row, column, _),) = problems_of(region, admin, in_body, {**in_body, ROLE: "РСУ"})
    assert (row, column) == (3, "G (Орган)")
    # Two roles of one person are two rows.
    assert load(region, admin, in_body, {**EXPERT, ROLE: "РСУ"}).invited == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "пуст"),
        (b"not a workbook", "XLSX"),
        (sheet(titles=("ФИО", "Роль")), "нет столбца «Электронная почта»"),
        (sheet(EXPERT, titles=(*COLUMNS, "ФИО")), "уже есть"),
        (sheet({**EXPERT, "Зарплата": 1}, titles=(*COLUMNS, "Зарплата")), "нет такого столбца «Зарплата»"),
        (sheet(), "Нет ни одной строки"),
        (sheet(*([EXPERT] * 501)), "больше 501 строк"),
    ],
    # A workbook differs from second to second: no name of a test can be made of it.
    ids=["empty", "no workbook", "no address", "a column twice", "a strange column", "no rows", "too many rows"],
)
def test_a_file_that_is_no_list_is_refused_as_a_whole(admin: User, region: Region, content: bytes, says: str):
    response = send(signed_in(admin), region, content)
    assert response.status_code == 422
    assert says in text_of(response)
    assert not Invitation.objects.exists()


def test_one_wrong_row_keeps_all_out(admin: User, region: Region):
    response = send(signed_in(admin), region, sheet(EXPERT, {**EXPERT, EMAIL: "нет"}))
    assert response.status_code == 422
    assert "D (Электронная почта)" in text_of(response)
    assert not Invitation.objects.exists()


def test_the_page_first_shows_and_then_loads_without_the_file_being_sent_again(admin: User, region: Region):
    client, url = signed_in(admin), reverse("invitation-import", args=[region.code])
    page = send(client, region, sheet(EXPERT))
    assert "Петров Олег Ильич" in text_of(page) and "Пригласим" in text_of(page)
    assert not Invitation.objects.exists()
    word = re.search(r'name="load" value="([^"]+)"', page.content.decode())[1]
    confirm = {"load": word, "digest": page.context["plan"].digest}
    # Nobody else's word, no other region's.
    colleague = MembershipFactory(role=Role.NSI_ADMIN, region=region).user
    assert signed_in(colleague).post(url, confirm).headers["Location"] == url
    assert not Invitation.objects.exists()
    assert client.post(url, confirm).headers["Location"] == reverse("invitation-list", args=[region.code])
    assert Invitation.objects.count() == 1
    # The second click.
    assert client.post(url, confirm).headers["Location"] == url
    assert Invitation.objects.count() == 1


def test_what_has_changed_since_it_was_shown_is_shown_again(admin: User, region: Region):
    client, url = signed_in(admin), reverse("invitation-import", args=[region.code])
    page = send(client, region, sheet(EXPERT, {**EXPERT, EMAIL: "second@example.ru"}))
    word = re.search(r'name="load" value="([^"]+)"', page.content.decode())[1]
    load(region, admin, EXPERT)
    response = client.post(url, {"load": word, "digest": page.context["plan"].digest})
    assert response.status_code == 409
    assert "Пока Вы смотрели" in text_of(response) and "Уже приглашён(а)" in text_of(response)
    assert Invitation.objects.count() == 1
    client.post(url, {"load": word, "digest": response.context["plan"].digest})
    assert Invitation.objects.count() == 2


def test_only_whoever_manages_the_people_of_the_region_loads_a_list(admin: User, region: Region):
    other = RegionFactory(code="RU-TYU")
    read = member_import.read_sheet(sheet(EXPERT))
    for by, place in ((admin, other), (MembershipFactory(role=Role.HQ_CHAIR, region=region).user, region)):
        with pytest.raises(PermissionDenied):
            member_import.make_plan(read, region=place, by=by, at=NOW)
        assert send(signed_in(by), place, sheet(EXPERT)).status_code == 404
    assert not Invitation.objects.exists()


def test_the_empty_file_can_be_filled_in_and_loaded(admin: User, region: Region, situation: LifeSituation):
    response = signed_in(admin).get(reverse("invitation-import-template", args=[region.code]))
    book = load_workbook(io.BytesIO(response.content))
    page = book.worksheets[0]
    assert tuple(cell.value for cell in page[1]) == COLUMNS
    guide = " ".join(str(cell.value) for (cell,) in book["Как заполнять"].iter_rows())
    assert situation.short_title in guide and "Руководитель РШ" not in guide
    page.append([EXPERT.get(title) for title in COLUMNS])
    filled = io.BytesIO()
    book.save(filled)
    assert "Петров Олег Ильич" in text_of(send(signed_in(admin), region, filled.getvalue()))
