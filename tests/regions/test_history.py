"""«Кто, когда, что: было → стало»: what the history of a card says, and at what price."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from simple_history.models import HistoricalRecords

from accounts.models import User
from regions.history import changes
from regions.models import (
    Body,
    BodyMember,
    IndicatorTarget,
    Institution,
    Material,
    Membership,
    Participation,
    Region,
    RegionLifeSituation,
    TargetApproval,
)
from regions.models.bodies import Group
from regions.models.catalogue import Indicator
from regions.roles import Role
from tests.factories import (
    InstitutionFactory,
    LifeSituationFactory,
    MembershipFactory,
    ParticipationFactory,
    RegionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=ZoneInfo("Europe/Moscow"))


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def body() -> Body:
    return Body.objects.create(region=RegionFactory(), kind=Body.Kind.HEADQUARTERS, formed_on=date(2026, 1, 15))


def member_of(body: Body, name: str = "Иванова Анна Петровна", **fields: object) -> BodyMember:
    return BodyMember.objects.create(
        body=body,
        full_name=name,
        position="министр",
        organisation="Министерство",
        group=Group.SECTOR_AUTHORITY,
        starts_on=date(2026, 1, 15),
        **fields,
    )


def save(row: object, **fields: object) -> None:
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))  # type: ignore[attr-defined]


def fields_of(change: object) -> list[tuple[str, str, str]]:
    return [(one.title, one.before, one.after) for one in change.fields]  # type: ignore[attr-defined]


def test_a_row_that_appears_says_when_and_what_it_is(body: Body):
    (change,) = changes(Body.history.filter(id=body.pk))
    assert (change.kind, change.subject, change.by, change.fields) == (
        "внесено",
        "орган: Региональный штаб (РШ)",
        "",
        [],
    )


def test_a_change_says_field_by_field_what_was_and_what_is(body: Body):
    save(body, document_number="12-р", formed_on=date(2026, 2, 1))
    change = changes(Body.history.filter(id=body.pk))[0]
    assert change.kind == "изменено"
    assert fields_of(change) == [("номер документа", "—", "12-р"), ("создан с", "15.01.2026", "01.02.2026")]


@pytest.mark.parametrize(
    ("field", "before", "after", "words"),
    [
        ("group", Group.SCIENCE, Group.NONPROFIT, ("Научное сообщество", "СОНКО")),
        ("competences", ["law"], ["law", "finance"], ("правовая", "правовая; финансовая и имущественная")),
        ("competences", [], ["law"], ("—", "правовая")),
        ("is_head", False, True, ("нет", "да")),
        ("ends_on", None, date(2026, 9, 30), ("—", "30.09.2026")),
        ("email", "a@example.ru", "", ("a@example.ru", "—")),
    ],
)
def test_values_are_shown_as_people_read_them(body: Body, field: str, before: object, after: object, words: object):
    member = member_of(body)
    save(member, **{field: before})
    save(member, **{field: after})
    change = changes(BodyMember.history.filter(body_id=body.pk))[0]
    assert [(one.before, one.after) for one in change.fields] == [words]


def test_a_number_has_its_fraction_and_a_year_no_gap():
    place = RegionLifeSituation.objects.create(
        region=RegionFactory(), life_situation=LifeSituationFactory(), since=date(2026, 1, 1)
    )
    indicator = Indicator.objects.create(code="share", title="Доля", unit="percent", kind="main")
    target = IndicatorTarget.objects.create(
        place=place, indicator=indicator, year=2026, current=Decimal("61.50"), target=Decimal("70.00")
    )
    save(target, target=Decimal("75.25"), year=2027)
    change = changes(IndicatorTarget.history.filter(id=target.pk))[0]
    assert fields_of(change) == [("год", "2026", "2027"), ("целевое значение", "70,00", "75,25")]


def test_a_moment_is_shown_by_the_portal_s_clock():
    material = Material.objects.create(title="Памятка", roles=["expert"])
    save(material, withdrawn_at=NOON, roles=["expert", "nsi_admin"])
    change = changes(Material.history.filter(id=material.pk))[0]
    assert fields_of(change) == [
        ("для ролей", "Член РЭГ", "Член РЭГ; Администратор НСИ"),
        ("снят с публикации", "—", "22.11.2026 12:00"),
    ]


def test_another_file_is_a_change_though_its_name_says_nothing(body: Body):
    save(body, document_file="documents/body/one.pdf")
    save(body, document_file="documents/body/two.pdf")
    newer, older, _ = changes(Body.history.filter(id=body.pk))
    assert fields_of(older) == [("файл документа", "—", "новый файл")]
    assert fields_of(newer) == [("файл документа", "прежний файл", "новый файл")]


def test_what_is_chosen_of_many_is_named():
    membership = MembershipFactory(role=Role.HQ_MEMBER)
    one, other = LifeSituationFactory(), LifeSituationFactory(code="social-home-care")
    membership.life_situations.set([one])
    membership.life_situations.set([one, other])
    found = changes(Membership.history.filter(id=membership.pk))
    assert fields_of(found[0]) == [("отвечает за ЖС", str(one), "; ".join(sorted([str(one), str(other)])))]
    assert fields_of(found[1]) == [("отвечает за ЖС", "—", str(one))]


def test_another_row_is_named_and_so_is_one_that_is_gone(body: Body):
    anna, boris = UserFactory(full_name="Анна"), UserFactory(full_name="Борис")
    member = member_of(body, user=anna)
    save(member, user=boris)
    number = anna.pk
    anna.delete()
    change = changes(BodyMember.history.filter(body_id=body.pk))[0]
    assert fields_of(change) == [("на портале", f"удалено (№ {number})", "Борис")]


def test_who_did_it_is_named_and_the_portal_itself_is_nobody(body: Body, rf):
    request = rf.post("/")
    request.user = UserFactory(full_name="Петров Пётр")
    HistoricalRecords.context.request = request
    try:
        save(body, title="Штаб")
    finally:
        del HistoricalRecords.context.request
    save(body, title="Региональный штаб")
    assert [one.by for one in changes(Body.history.filter(id=body.pk))] == ["", "Петров Пётр", ""]


def test_a_row_that_is_deleted_stays_in_the_history_under_its_name(body: Body):
    member_of(body).delete()
    newest, *_ = changes(BodyMember.history.filter(body_id=body.pk))
    assert (newest.kind, newest.subject) == ("удалено", "член органа: Иванова Анна Петровна")


def test_a_row_whose_name_came_from_one_that_is_gone_is_still_shown():
    participation = ParticipationFactory()
    number = participation.pk
    institution = participation.institution
    institution.delete()
    newest, *_ = changes(Participation.history.filter(id=number))
    assert newest.subject == f"участие в жизненной ситуации: № {number}"


def test_saving_without_a_change_is_no_change(body: Body):
    body.save()
    assert [one.kind for one in changes(Body.history.filter(id=body.pk))] == ["внесено"]


def test_rows_of_several_kinds_stand_in_the_order_of_time(body: Body, clock: time_machine.Traveller):
    clock.shift(60)
    member = member_of(body)
    clock.shift(60)
    save(body, title="Штаб")
    clock.shift(60)
    save(member, position="заместитель министра")
    found = changes(Body.history.filter(id=body.pk), BodyMember.history.filter(body_id=body.pk))
    assert [one.subject.split(":")[0] for one in found] == ["член органа", "орган", "член органа", "орган"]


def test_the_last_change_shown_knows_what_was_before_it_however_long_ago(body: Body):
    members = [member_of(body, f"Член {number}") for number in range(6)]
    for member in members:
        save(member, position="директор")
    found = changes(BodyMember.history.filter(body_id=body.pk), limit=3)
    assert [fields_of(one) for one in found] == [[("должность", "министр", "директор")]] * 3


def test_changes_of_the_same_moment_follow_one_another(body: Body):
    save(body, title="Первое")
    save(body, title="Второе")
    assert [fields_of(one) for one in changes(Body.history.filter(id=body.pk))[:2]] == [
        [("название", "Первое", "Второе")],
        [("название", "—", "Первое")],
    ]


def test_two_hundred_changes_cost_as_many_queries_as_two():
    region: Region = RegionFactory()
    place = RegionLifeSituation.objects.create(
        region=region, life_situation=LifeSituationFactory(), since=date(2026, 1, 1)
    )
    people: list[User] = [UserFactory() for _ in range(5)]

    def grow(first: int, last: int) -> None:
        for number in range(first, last):
            indicator = Indicator.objects.create(
                code=f"i{number}", title=f"Показатель {number}", unit="percent", kind="main"
            )
            target = IndicatorTarget.objects.create(place=place, indicator=indicator, year=2026, current=1, target=2)
            save(target, entered_by=people[number % 5], target=number)
            institution = InstitutionFactory(region=region)
            participation = ParticipationFactory(institution=institution, life_situation=place.life_situation)
            save(participation, since=date(2026, 3, 1))
            approval = TargetApproval.objects.create(place=place, year=3000 + number, approved_at=NOON)
            save(approval, approved_by=people[number % 5])
            membership = MembershipFactory(role=Role.HQ_MEMBER, region=region)
            membership.life_situations.set([place.life_situation])

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            changes(
                IndicatorTarget.history.filter(place_id=place.pk),
                Participation.history.filter(life_situation_id=place.life_situation_id),
                TargetApproval.history.filter(place_id=place.pk),
                Membership.history.filter(region_id=region.pk),
                Institution.history.filter(region_id=region.pk),
            )
        return len(captured)

    grow(0, 1)
    few = queries()
    grow(1, 40)
    assert queries() <= few + 4  # predecessors that are not among the newest, kind by kind
    assert queries() <= 20
