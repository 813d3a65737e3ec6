"""Institutions from XLSX: what the file would do is shown first; then all of it is stored, once, or nothing."""

import io
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from regions.cells import ImportRefused
from regions.institution_import import COLUMNS, MAX_ROWS, Plan, build_template, load, make_plan, read_sheet
from regions.models import Institution, Participation
from regions.roles import Role
from regions.services.institutions import close_institution, end_participation
from regions.sheets import ChangedMeanwhile
from tests.factories import DirectionFactory, InstitutionFactory
from tests.world import NOW, SINCE, World, build_world

pytestmark = pytest.mark.django_db

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    cache.clear()
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller
    cache.clear()


@pytest.fixture
def world(clock: Any) -> World:
    DirectionFactory(code="health")
    return build_world("RU-NIZ")


def book(*rows: list[Any], titles: Any = COLUMNS, change: Any = None) -> bytes:
    workbook = Workbook()
    sheet = workbook.active
    sheet.append(list(titles))
    for row in rows:
        sheet.append(row)
    if change:
        change(sheet)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def row(name: str, **changed: Any) -> list[Any]:
    given = {
        "settlement": "город",
        "locality": "Бор",
        "sphere": "Здравоохранение",
        "life_situations": "employment-centre",
        "since": date(2026, 9, 1),
    } | changed
    return [name, *given.values()]


def plan_of(world: World, content: bytes) -> Plan:
    return make_plan(read_sheet(content), region=world.region, by=world.people[Role.NSI_ADMIN], at=NOW)


def store(world: World, content: bytes) -> Plan:
    seen = plan_of(world, content).digest
    sheet = read_sheet(content)
    return load(sheet, region=world.region, seen=seen, by=world.people[Role.NSI_ADMIN], at=NOW)


def problems(world: World, content: bytes) -> list[str]:
    with pytest.raises(ImportRefused) as caught:
        plan_of(world, content)
    return [f"{one.row or '-'} {one.column or '-'}: {one.message}" for one in caught.value.problems]


def counts() -> tuple[int, ...]:
    return (
        Institution.objects.count(),
        Participation.objects.count(),
        Institution.history.count(),
        Participation.history.count(),
    )


# What is read and stored ----------------------------------------------------------------------------------------------


def test_a_row_becomes_an_institution_with_its_participations(world: World):
    plan = store(
        world, book(row(" Поликлиника  № 1 "), row("ФАП", settlement="Село", sphere=None, life_situations="", since=""))
    )
    assert (plan.new, plan.changed, plan.unchanged) == (2, 0, 0)
    first, second = (Institution.objects.get(name=name) for name in ("Поликлиника № 1", "ФАП"))
    assert (first.region, first.settlement, first.locality, first.sphere.code) == (
        world.region,
        "town",
        "Бор",
        "health",
    )
    assert list(first.participations.values_list("life_situation__code", "since", "until")) == [
        ("employment-centre", date(2026, 9, 1), None)
    ]
    assert (second.settlement, second.sphere, second.participations.count()) == ("village", None, 0)
    record = first.history.get()
    assert (record.history_user, record.history_date) == (world.people[Role.NSI_ADMIN], NOW)


@pytest.mark.parametrize(
    "situation",
    ["employment-centre", "EMPLOYMENT-CENTRE", "Трудоустроиться через ЦЗН", " трудоустроиться через цзн ; "],
)
@pytest.mark.parametrize("since", [date(2026, 9, 1), datetime(2026, 9, 1, 0, 0), "01.09.2026", "2026-09-01"])
def test_what_people_write_is_understood(world: World, situation: str, since: Any):
    (made,) = plan_of(world, book(row("Поликлиника", life_situations=situation, since=since))).rows
    assert made.starts == ((world.life_situation, date(2026, 9, 1)),)


def test_columns_stand_in_any_order_and_some_may_be_missing(world: World):
    content = book(["Бор", "ФАП", "село"], titles=["населённый пункт", "НАЗВАНИЕ", "Город  или село"])
    (made,) = plan_of(world, content).rows
    assert (made.particulars.name, made.particulars.settlement) == ("ФАП", "village")


def test_the_same_file_twice_stores_nothing_the_second_time(world: World):
    content = book(row("Поликлиника № 1"), row("ФАП"))
    store(world, content)
    before = counts()
    assert plan_of(world, content).unchanged == 2
    store(world, content)
    assert counts() == before


def test_an_institution_that_is_there_gets_what_the_file_says_otherwise(world: World):
    known = world.institution
    content = book(
        row(known.name.upper(), locality="Кстово", sphere="", since=SINCE),
        row(world.sibling.name, settlement="село", locality=world.sibling.locality, sphere="", since=date(2026, 9, 1)),
    )
    plan = plan_of(world, content)
    assert (plan.new, plan.changed, plan.unchanged) == (0, 1, 1)
    assert plan.rows[0].changes == (f"населённый пункт: {known.locality} → Кстово",)
    store(world, content)
    changed = Institution.objects.get(pk=known.pk)
    assert (changed.name, changed.locality, changed.sphere) == (known.name, "Кстово", known.sphere)
    assert changed.participations.count() == 1
    assert changed.history.count() == 2


def test_an_institution_that_left_comes_back(world: World):
    participation = world.sibling.participations.get()
    end_participation(participation=participation, until=date(2026, 5, 1), by=world.people[Role.NSI_ADMIN], at=NOW)
    content = book(row(world.sibling.name, settlement="село", locality=world.sibling.locality, sphere=""))
    (found,) = plan_of(world, content).rows
    assert found.changes == (f"{world.life_situation}: участвует с 01.09.2026",)
    store(world, content)
    assert world.sibling.participations.count() == 2


# What is refused ------------------------------------------------------------------------------------------------------

CELLS: list[tuple[str, dict[str, Any], str]] = [
    ("A", {"name": ""}, "заполните эту ячейку"),
    ("A", {"name": "Я" * 301}, "здесь 301 знаков"),
    ("A", {"name": date(2026, 1, 1)}, "здесь должен быть текст"),
    ("A", {"name": True}, "здесь должен быть текст"),
    ("B", {"settlement": ""}, "заполните эту ячейку"),
    ("B", {"settlement": "посёлок"}, "«посёлок» не подходит; возможные значения: город; село"),
    ("C", {"locality": None}, "заполните эту ячейку"),
    ("D", {"sphere": "Культура"}, "«Культура» не подходит"),
    ("E", {"life_situations": "health-primary-cardio"}, "регион не взял"),
    ("E", {"life_situations": "employment-centre; нет такой"}, "регион не взял жизненную ситуацию «нет такой»"),
    ("E", {"life_situations": "employment-centre; Трудоустроиться через ЦЗН"}, "названа дважды"),
    ("F", {"since": ""}, "укажите, с какого дня"),
    ("F", {"since": "с осени"}, "«с осени» — не дата"),
    ("F", {"since": 45}, "«45» — не дата"),
    ("F", {"since": "31.02.2026"}, "не дата"),
    ("F", {"since": date(2062, 9, 1)}, "проверьте год"),
    ("F", {"since": date(2025, 8, 20)}, "регион взял ЖС «Трудоустроиться через ЦЗН» только 21.08.2025"),
]


@pytest.mark.parametrize(("column", "changed", "says"), CELLS)
def test_what_is_wrong_is_said_by_row_and_column(world: World, column: str, changed: dict[str, Any], says: str):
    name = changed.pop("name", "Поликлиника")
    before = counts()
    (problem,) = problems(world, book(row("ФАП"), row(name, **changed)))
    assert problem.startswith(f"3 {column} (") and says in problem
    assert counts() == before


def test_all_problems_are_told_at_once_from_the_top(world: World):
    found = problems(world, book(row("", settlement="?"), row("ФАП", since="?"), row("ФАП")))
    assert [one.split(" ", 2)[:2] for one in found] == [["2", "A"], ["2", "B"], ["3", "F"], ["4", "A"]]
    assert "это учреждение уже есть в строке 3" in found[-1]


def test_names_in_one_file_are_compared_as_people_compare_them(world: World):
    (problem,) = problems(world, book(row("ГКУ «Центр приёма»"), row('гку "центр  приема"')))
    assert problem.startswith("3 A") and "в строке 2" in problem


def test_a_closed_and_a_merged_institution_are_not_touched(world: World):
    admin = world.people[Role.NSI_ADMIN]
    close_institution(institution=world.sibling, last_day=NOW.date(), by=admin, at=NOW)
    InstitutionFactory(region=world.region, name="Присоединённое", closed_on=NOW.date(), merged_into=world.institution)
    found = problems(world, book(row(world.sibling.name), row("Присоединённое")))
    assert "учреждение закрыто 22.11.2026" in found[0]
    assert f"присоединено к «{world.institution}»" in found[1]


def test_a_participation_begun_later_than_the_file_says_is_not_moved(world: World):
    world.sibling.participations.update(since=date(2026, 10, 1))
    (problem,) = problems(world, book(row(world.sibling.name)))
    assert "участвует в ЖС «Трудоустроиться через ЦЗН» с 01.10.2026" in problem


def test_an_institution_of_another_region_is_another_institution(world: World):
    other = build_world("RU-TYU")
    plan = store(world, book(row(other.institution.name)))
    assert plan.new == 1
    other.institution.refresh_from_db()
    assert other.institution.locality != "Бор"


FILES: list[tuple[str, Any, str]] = [
    ("no workbook", lambda: b"PDF", "Это не книга XLSX"),
    ("empty", lambda: b"", "Файл пуст"),
    ("a bomb", lambda: b"PK\x03\x04" + b"PK\x01\x02" * 2000, "Файл повреждён"),
    ("nothing in it", lambda: book(titles=[]), "ничего нет"),
    ("titles only", lambda: book(), "Нет ни одной строки"),
    ("a column missing", lambda: book(["ФАП"], titles=["Название"]), "нет столбца «Город или село»"),
    (
        "a foreign column",
        lambda: book([*row("ФАП"), "7"], titles=[*COLUMNS, "Телефон"]),
        "нет такого столбца «Телефон»",
    ),
    ("a column twice", lambda: book(row("ФАП"), titles=[*COLUMNS[:5], "Название"]), "уже есть: A"),
    (
        "merged cells",
        lambda: book(row("ФАП"), row("ФАП 2"), change=lambda sheet: sheet.merge_cells("C2:C3")),
        "объединены",
    ),
    ("too many rows", lambda: book(*[row(f"ФАП {n}") for n in range(MAX_ROWS + 1)]), "больше 2001 строк"),
    ("too many columns", lambda: book([*row("ФАП"), *[""] * 40, "x"]), "больше 30 столбцов"),
]


@pytest.mark.parametrize(("name", "make", "says"), FILES, ids=[one[0] for one in FILES])
def test_files_nobody_can_load(world: World, name: str, make: Any, says: str):
    content = make()
    with pytest.raises(ImportRefused) as caught:
        plan_of(world, content)
    assert any(says in one.message for one in caught.value.problems), caught.value.problems


def test_a_failed_formula_is_no_text(world: World):
    def fail(sheet: Any) -> None:
        sheet["C2"].value = "#REF!"
        sheet["C2"].data_type = "e"

    (problem,) = problems(world, book(row("ФАП"), change=fail))
    assert "ошибка формулы #REF!" in problem


# All or nothing -------------------------------------------------------------------------------------------------------


def test_nothing_is_stored_when_it_would_be_something_else_than_was_seen(world: World):
    content = book(row("Поликлиника № 1"), row("ФАП"))
    seen = plan_of(world, content).digest
    InstitutionFactory(region=world.region, name="ФАП")
    before = counts()
    with pytest.raises(ChangedMeanwhile) as caught:
        load(read_sheet(content), region=world.region, seen=seen, by=world.people[Role.NSI_ADMIN], at=NOW)
    assert (caught.value.plan.new, caught.value.plan.changed) == (1, 1)
    assert counts() == before


def test_as_many_as_a_file_may_hold_are_loaded(world: World):
    content = book(*[row(f"ФАП {number}") for number in range(MAX_ROWS)])
    assert store(world, content).new == MAX_ROWS
    assert Participation.history.filter(institution__name__startswith="ФАП").count() == MAX_ROWS
    assert plan_of(world, content).unchanged == MAX_ROWS


# Pages ----------------------------------------------------------------------------------------------------------------


def as_admin(world: World) -> Client:
    client = Client()
    client.force_login(world.people[Role.NSI_ADMIN], backend=BACKEND)
    return client


def send(client: Client, world: World, content: bytes) -> Any:
    return client.post(
        reverse("institution-import", args=[world.region.code]),
        {"file": SimpleUploadedFile("учреждения.xlsx", content, content_type=XLSX)},
    )


def confirm(client: Client, world: World, page: Any) -> Any:
    word = re.search(r'name="load"\s+value="([^"]+)"', page.content.decode())
    assert word
    return client.post(
        reverse("institution-import", args=[world.region.code]),
        {"load": word[1], "digest": page.context["plan"].digest},
        follow=True,
    )


def test_the_file_is_sent_once_and_loaded_once(world: World):
    client = as_admin(world)
    before = counts()
    page = send(
        client, world, book(row("Поликлиника <1>"), row(world.institution.name, locality="Кстово", since=SINCE))
    )
    assert page.status_code == 200 and counts() == before
    text = page.content.decode()
    assert "Новых: 1, изменится: 1, без изменений: 0" in text and "Поликлиника &lt;1&gt;" in text
    assert "Загружено. Новых учреждений: 1, изменено: 1." in confirm(client, world, page).content.decode()
    after = counts()
    assert after[0] == before[0] + 1
    assert "уже загружен" in confirm(client, world, page).content.decode()
    assert counts() == after


def test_what_was_checked_is_for_its_author_and_region_only(world: World):
    other = build_world("RU-TYU")
    page = send(as_admin(world), world, book(row("Поликлиника")))
    stranger = as_admin(other)
    word = re.search(r'name="load"\s+value="([^"]+)"', page.content.decode())
    assert word
    for name in (word[1], "", "х" * 300, "\0"):
        answer = stranger.post(
            reverse("institution-import", args=[other.region.code]),
            {"load": name, "digest": page.context["plan"].digest},
            follow=True,
        )
        assert "Выберите его ещё раз" in answer.content.decode()
    assert not Institution.objects.filter(name="Поликлиника").exists()


def test_a_list_that_changed_meanwhile_is_shown_anew(world: World):
    client = as_admin(world)
    page = send(client, world, book(row("Поликлиника")))
    InstitutionFactory(region=world.region, name="Поликлиника")
    again = confirm(client, world, page)
    assert again.status_code == 409 and "список учреждений изменился" in again.content.decode()
    assert confirm(client, world, again).status_code == 200


def test_mistakes_come_back_in_a_table(world: World):
    page = send(as_admin(world), world, book(row("ФАП", settlement="?"), row("", since="?")))
    assert page.status_code == 422
    assert [(one.row, one.column) for one in page.context["problems"]] == [
        (2, "B (Город или село)"),
        (3, "A (Название)"),
        (3, "F (Участвует с)"),
    ]
    for nothing in ({}, {"file": "words"}):
        assert as_admin(world).post(reverse("institution-import", args=[world.region.code]), nothing).status_code == 422


def test_the_template_can_be_filled_in_and_loaded(world: World):
    client = as_admin(world)
    response = client.get(reverse("institution-import-template", args=[world.region.code]))
    assert response.content[:2] == b"PK"
    workbook = load_workbook(io.BytesIO(build_template(world.region)))
    sheet = workbook.worksheets[0]
    assert [cell.value for cell in sheet[1]] == list(COLUMNS)
    guide = " ".join(str(line[0].value) for line in workbook.worksheets[1].rows)
    assert "код employment-centre" in guide
    sheet.append(row("Поликлиника"))
    filled = io.BytesIO()
    workbook.save(filled)
    assert plan_of(world, filled.getvalue()).new == 1
