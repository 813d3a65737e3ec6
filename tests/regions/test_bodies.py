"""Bodies of a region and their members: formed with a head, changed, ended; what is wrong is said at the field."""

import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import User
from regions.models import AccessRequest, Body, BodyMember, Invitation, Region, RegionLifeSituation
from regions.models.bodies import Group
from regions.permissions import ROLE_PERMISSIONS, Permission
from regions.roles import REGIONAL_ROLES, Role
from regions.services import bodies as services
from regions.services.bodies import Decision, Person
from tests.factories import (
    BodyFactory,
    BodyMemberFactory,
    CommissionerFactory,
    InstitutionFactory,
    LifeSituationFactory,
    MembershipFactory,
    RegionFactory,
    UserFactory,
)
from tests.world import NOW

pytestmark = pytest.mark.django_db

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TODAY = NOW.date()
FORMED = date(2026, 3, 1)
DECISION = Decision("12-р", FORMED)
HEAD = Person(
    full_name="Орлова Анна Павловна",
    position="Заместитель губернатора",
    organisation="Правительство области",
    group=Group.OTHER,
    email="orlova@example.ru",
)
PDF = b"%PDF-1.7 order"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def region() -> Region:
    return RegionFactory()


@pytest.fixture
def situation(region: Region) -> Any:
    found = LifeSituationFactory()
    RegionLifeSituation.objects.create(region=region, life_situation=found, since=FORMED)
    return found


@pytest.fixture
def admin(region: Region) -> User:
    return MembershipFactory(role=Role.NSI_ADMIN, region=region).user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def pages(admin: User) -> Client:
    return signed_in(admin)


@pytest.fixture
def reader(region: Region) -> Client:
    """Sees the region, keeps nothing of it, may not see the people of the portal."""
    return signed_in(MembershipFactory(role=Role.EXPERT, region=region).user)


@pytest.fixture
def hq(region: Region) -> Body:
    return BodyFactory(region=region)


def form(region: Region, by: User, **changed: Any) -> Body:
    wanted: dict[str, Any] = {"kind": Body.Kind.HEADQUARTERS, "decision": DECISION, "formed_on": FORMED, "head": HEAD}
    return services.form_body(region=region, by=by, at=timezone.now(), **{**wanted, **changed})


def person(**changed: Any) -> Person:
    wanted = {
        "full_name": "Белов Пётр Ильич",
        "position": "Министр",
        "organisation": "Минсоцполитики",
        "group": Group.SECTOR_AUTHORITY,
    }
    return Person(**{**wanted, **changed})


def add(body: Body, by: User, **changed: Any) -> BodyMember:
    wanted: dict[str, Any] = {"person": person(), "starts_on": FORMED}
    return services.add_member(body=body, by=by, at=timezone.now(), **{**wanted, **changed})


def head_of(body: Body) -> str:
    return body.members.get(is_head=True, ends_on=None).full_name


# Forming


def test_a_body_is_formed_with_its_head(region: Region, admin: User):
    body = form(region, admin)
    head = body.members.get()
    assert (body.document_title, body.formed_on, body.ended_on) == ("№ 12-р от 01.03.2026", FORMED, None)
    assert (head.full_name, head.is_head, head.starts_on, head.ends_on) == (HEAD.full_name, True, FORMED, None)


def test_a_region_has_one_headquarters_at_a_time(region: Region, admin: User, hq: Body):
    with pytest.raises(services.AlreadyInForce):
        form(region, admin)
    form(region, admin, kind=Body.Kind.EXPERT_GROUP)
    form(RegionFactory(code="RU-TYU"), MembershipFactory(role=Role.AGENCY_ADMIN).user)
    assert Body.objects.filter(region=region).count() == 2


@pytest.mark.parametrize(
    ("ended_on", "formed_on", "fits"),
    [
        (date(2026, 6, 1), date(2026, 6, 2), True),
        # The day of passing on belongs to both.
        (date(2026, 6, 1), date(2026, 6, 1), True),
        (date(2026, 6, 1), date(2026, 5, 31), False),
    ],
)
def test_a_new_headquarters_comes_after_the_former_one(
    region: Region, admin: User, ended_on: date, formed_on: date, fits: bool
):
    BodyFactory(region=region, ended_on=ended_on, head=False)
    if fits:
        assert form(region, admin, formed_on=formed_on).pk
        return
    with pytest.raises(services.WrongDay, match=r"с 01\.03\.2026 по 01\.06\.2026"):
        form(region, admin, formed_on=formed_on)


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        (Body.Kind.SECTOR_GROUP, Body.Kind.HEADQUARTERS),
        (Body.Kind.EXPERT_SUBGROUP, Body.Kind.EXPERT_GROUP),
    ],
)
def test_a_group_needs_its_body_and_a_life_situation_of_the_region(
    region: Region, admin: User, situation: Any, kind: Body.Kind, parent: Body.Kind
):
    group = Group.SECTOR_AUTHORITY if parent == Body.Kind.HEADQUARTERS else Group.SCIENCE
    asked: dict[str, Any] = {"kind": kind, "title": "Занятость", "head": person(group=group)}
    with pytest.raises(services.NoParent):
        form(region, admin, **asked, life_situations=[situation])
    BodyFactory(region=region, kind=parent)
    with pytest.raises(services.WrongLifeSituations):
        form(region, admin, **asked)
    foreign = LifeSituationFactory(code="social-home-care")
    with pytest.raises(services.WrongLifeSituations):
        form(region, admin, **asked, life_situations=[situation, foreign])
    body = form(region, admin, **asked, life_situations=[situation])
    assert (str(body), list(body.life_situations.all())) == ("Занятость", [situation])
    # As many groups as are needed.
    assert form(region, admin, **asked, life_situations=[situation])


def test_a_headquarters_takes_no_life_situations_and_no_name(region: Region, admin: User, situation: Any):
    for wrong in ({"title": "Штаб"}, {"life_situations": [situation]}):
        with pytest.raises(services.WrongLifeSituations):
            form(region, admin, **wrong)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"formed_on": TODAY + timedelta(days=1)}, "formed_on"),
        ({"formed_on": date(1926, 3, 1)}, "formed_on"),
        ({"decision": Decision("1", TODAY + timedelta(days=1))}, "document_date"),
        ({"decision": Decision("1", date(202, 3, 1))}, "document_date"),
    ],
)
def test_days_that_cannot_be_meant_are_refused(region: Region, admin: User, changed: dict, field: str):
    with pytest.raises(services.WrongDay) as refused:
        form(region, admin, **changed)
    assert refused.value.field == field
    assert not Body.objects.exists()


def test_today_is_the_day_of_the_region(admin: User):
    """On Kamchatka it is already the 23rd of November at noon in London on the 22nd."""
    region = RegionFactory(code="RU-KAM")
    by = MembershipFactory(role=Role.NSI_ADMIN, region=region).user
    with time_machine.travel("2026-11-22T12:30:00Z", tick=False):
        assert form(region, by, formed_on=date(2026, 11, 23)).pk


@pytest.mark.django_db(transaction=True)
def test_two_at_once_form_one_headquarters(monkeypatch: pytest.MonkeyPatch):
    """The first look finds nothing for both; the database's constraint decides, and says so in plain words."""
    region = RegionFactory()
    by = MembershipFactory(role=Role.NSI_ADMIN, region=region).user
    monkeypatch.setattr(services, "_refuse_overlap", lambda body, formed_on: None)
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def ask() -> None:
        start.wait()
        try:
            form(region, by)
            outcomes.append("formed")
        except services.AlreadyInForce as error:
            outcomes.append(error.message)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == sorted(["formed", "Региональный штаб (РШ): в регионе уже действует"])
    assert Body.objects.count() == BodyMember.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_file_of_members_and_a_change_of_the_body_wait_for_each_other():
    """Loading a file holds the region and then its bodies; so does every change, or neither would ever end."""
    hq = BodyFactory()
    by = MembershipFactory(role=Role.NSI_ADMIN, region=hq.region).user
    member = BodyMemberFactory(body=hq, starts_on=hq.formed_on)
    failures: list[Exception] = []

    def change() -> None:
        try:
            services.end_member(member=member, last_day=TODAY, by=by, at=NOW)
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=change)
    with transaction.atomic():
        Region.objects.select_for_update(no_key=True).get(pk=hq.region.pk)
        thread.start()
        time.sleep(1)
        services.add_member(body=hq, person=person(), starts_on=TODAY, by=by, at=NOW)
    thread.join(30)
    assert not failures
    assert BodyMember.objects.get(pk=member.pk).ends_on == TODAY


# Correcting


def test_those_who_came_with_the_body_move_with_its_first_day(admin: User, hq: Body):
    later = BodyMemberFactory(body=hq, starts_on=date(2026, 5, 1))
    wanted: dict[str, Any] = {"body": hq, "decision": Decision("13-р", FORMED), "by": admin, "at": timezone.now()}
    services.edit_body(**wanted, formed_on=date(2026, 4, 1))
    hq.refresh_from_db()
    assert (hq.document_number, hq.formed_on) == ("13-р", date(2026, 4, 1))
    assert hq.members.get(is_head=True).starts_on == date(2026, 4, 1)
    with pytest.raises(services.WrongDay, match=later.full_name):
        services.edit_body(**wanted, formed_on=date(2026, 5, 2))
    hq.refresh_from_db()
    assert hq.formed_on == hq.members.get(is_head=True).starts_on == date(2026, 4, 1)


def test_a_group_keeps_a_life_situation_and_takes_none_of_another_region(
    region: Region, admin: User, hq: Body, situation: Any
):
    group = BodyFactory(region=region, kind=Body.Kind.SECTOR_GROUP, title="Занятость")
    group.life_situations.set([situation])
    foreign = LifeSituationFactory(code="social-home-care")
    wanted: dict[str, Any] = {
        "body": group,
        "decision": DECISION,
        "formed_on": FORMED,
        "title": "Труд",
        "by": admin,
        "at": timezone.now(),
    }
    with pytest.raises(services.WrongLifeSituations):
        services.edit_body(**wanted, life_situations=[foreign])
    RegionLifeSituation.objects.all().delete()
    services.edit_body(**wanted, life_situations=[situation])
    group.refresh_from_db()
    assert (group.title, list(group.life_situations.all())) == ("Труд", [situation])


# Dissolving


def test_a_body_ends_with_its_groups_and_all_their_members(region: Region, admin: User, hq: Body):
    group = BodyFactory(region=region, kind=Body.Kind.SECTOR_GROUP, title="Занятость")
    subgroup = BodyFactory(region=region, kind=Body.Kind.EXPERT_SUBGROUP, title="Методика")
    left = BodyMemberFactory(body=hq, ends_on=date(2026, 5, 1))
    last_day = date(2026, 6, 1)
    services.dissolve_body(body=hq, last_day=last_day, by=admin, at=timezone.now())
    assert set(Body.objects.filter(ended_on=last_day)) == {hq, group}
    assert set(BodyMember.objects.filter(ends_on=None)) == {subgroup.members.get()}
    left.refresh_from_db()
    assert left.ends_on == date(2026, 5, 1)
    with pytest.raises(services.AlreadyEnded):
        services.dissolve_body(body=hq, last_day=last_day, by=admin, at=timezone.now())


@pytest.mark.parametrize(
    ("last_day", "words"),
    [
        (FORMED - timedelta(days=1), "не может быть раньше"),
        (TODAY + timedelta(days=1), "ещё не наступил"),
        # Somebody came in later.
        (date(2026, 4, 30), "в составе с 01.05.2026"),
    ],
)
def test_a_body_does_not_end_before_it_began(admin: User, hq: Body, last_day: date, words: str):
    BodyMemberFactory(body=hq, starts_on=date(2026, 5, 1))
    with pytest.raises(services.WrongDay, match=words) as refused:
        services.dissolve_body(body=hq, last_day=last_day, by=admin, at=timezone.now())
    assert refused.value.field == "last_day"
    hq.refresh_from_db()
    assert hq.ended_on is None and not hq.members.exclude(ends_on=None).exists()


def test_nobody_joins_a_body_that_has_ended(region: Region, admin: User):
    former = BodyFactory(region=region, ended_on=date(2026, 6, 1))
    with pytest.raises(services.AlreadyEnded):
        add(former, admin)


# Members


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"starts_on": FORMED - timedelta(days=1)}, "starts_on"),
        ({"starts_on": TODAY + timedelta(days=1)}, "starts_on"),
        ({"starts_on": date(2026, 5, 1), "ends_on": date(2026, 4, 30)}, "ends_on"),
        ({"ends_on": date(2206, 1, 1)}, "ends_on"),
        ({"is_head": True, "ends_on": TODAY}, "ends_on"),
        ({"person": person(group=Group.SCIENCE)}, "group"),
        ({"person": person(email="head@example.ru")}, "email"),
        ({"person": person(full_name="Первая Анна", organisation="Правительство области")}, "full_name"),
    ],
)
def test_who_cannot_be_added(region: Region, admin: User, changed: dict, field: str):
    body = BodyFactory(region=region, head__full_name="Первая Анна", head__email="head@example.ru")
    with pytest.raises(services.StructureError) as refused:
        add(body, admin, **changed)
    assert refused.value.field == field
    assert body.members.count() == 1 and head_of(body) == "Первая Анна"


def test_who_left_may_come_again(admin: User, hq: Body):
    first = add(hq, admin, person=person(email="belov@example.ru"))
    services.end_member(member=first, last_day=date(2026, 5, 1), by=admin, at=timezone.now())
    again = add(hq, admin, person=person(email="belov@example.ru"), starts_on=date(2026, 6, 1))
    assert again.pk != first.pk


def test_competences_are_kept_in_the_order_of_the_document(admin: User, hq: Body):
    member = add(hq, admin, person=person(competences=["law", "management"]))
    assert member.competences == ["management", "law"]


def test_a_new_head_takes_over_and_the_old_one_stays(admin: User, hq: Body):
    old = hq.members.get()
    new = add(hq, admin, is_head=True)
    assert head_of(hq) == new.full_name
    old.refresh_from_db()
    assert (old.is_head, old.ends_on) == (False, None)
    services.edit_member(
        member=old, person=person(full_name=old.full_name), starts_on=FORMED, is_head=True, by=admin, at=timezone.now()
    )
    assert head_of(hq) == old.full_name


@pytest.mark.parametrize("changed", [{"is_head": False}, {"is_head": True, "ends_on": TODAY}])
def test_editing_leaves_no_body_without_a_head(admin: User, hq: Body, changed: dict):
    head = hq.members.get()
    with pytest.raises(services.StructureError):
        services.edit_member(member=head, person=person(), starts_on=FORMED, by=admin, at=timezone.now(), **changed)
    assert head_of(hq) == head.full_name


def test_a_former_head_comes_back_as_a_member(admin: User, hq: Body):
    former = BodyMemberFactory(body=hq, is_head=True, ends_on=date(2026, 5, 1))
    services.edit_member(
        member=former, person=person(full_name=former.full_name), starts_on=FORMED, by=admin, at=timezone.now()
    )
    former.refresh_from_db()
    assert (former.is_head, former.ends_on) == (False, None)


@pytest.mark.parametrize("last_day", [date(2026, 5, 1), TODAY])
def test_the_head_leaves_when_there_is_another(admin: User, hq: Body, last_day: date):
    head, member = hq.members.get(), BodyMemberFactory(body=hq)
    with pytest.raises(services.HeadNeeded):
        services.end_member(member=head, last_day=last_day, by=admin, at=timezone.now())
    services.end_member(member=head, last_day=last_day, successor=member, by=admin, at=timezone.now())
    assert head_of(hq) == member.full_name
    head.refresh_from_db()
    assert (head.is_head, head.ends_on) == (True, last_day)


@pytest.mark.parametrize(
    ("last_day", "starts_on"), [(date(2026, 5, 1), date(2026, 5, 2)), (TODAY, TODAY)], ids=["earlier", "today"]
)
def test_somebody_new_may_take_over_from_the_next_day_on_but_a_body_is_never_without_a_head(
    admin: User, hq: Body, last_day: date, starts_on: date
):
    services.end_member(member=hq.members.get(), last_day=last_day, successor=person(), by=admin, at=timezone.now())
    assert hq.members.get(is_head=True, ends_on=None).starts_on == starts_on


def test_the_successor_is_of_the_same_body_and_stays(region: Region, admin: User, hq: Body):
    other = BodyFactory(region=region, kind=Body.Kind.EXPERT_GROUP).members.get()
    leaving = BodyMemberFactory(body=hq, ends_on=TODAY)
    for wrong in (other, leaving, hq.members.get(is_head=True)):
        with pytest.raises(services.HeadNeeded):
            services.end_member(
                member=hq.members.get(is_head=True), last_day=TODAY, successor=wrong, by=admin, at=timezone.now()
            )
    assert hq.members.get(is_head=True).ends_on is None


def test_a_membership_ends_once_and_not_before_it_began(admin: User, hq: Body):
    member = BodyMemberFactory(body=hq, starts_on=date(2026, 5, 1))
    for wrong in (date(2026, 4, 30), TODAY + timedelta(days=1)):
        with pytest.raises(services.WrongDay):
            services.end_member(member=member, last_day=wrong, by=admin, at=timezone.now())
    services.end_member(member=member, last_day=date(2026, 6, 1), by=admin, at=timezone.now())
    with pytest.raises(services.AlreadyEnded):
        services.end_member(member=member, last_day=TODAY, by=admin, at=timezone.now())
    member.refresh_from_db()
    assert member.ends_on == date(2026, 6, 1)


# Who may


@pytest.mark.parametrize("role", sorted(REGIONAL_ROLES))
def test_services_ask_for_the_permission_themselves(role: Role, region: Region, hq: Body):
    by = MembershipFactory(role=role, region=region).user
    member = BodyMemberFactory(body=hq)
    at = timezone.now()
    actions: dict[str, Callable[[], object]] = {
        "form": lambda: form(region, by, kind=Body.Kind.EXPERT_GROUP),
        "edit": lambda: services.edit_body(body=hq, decision=DECISION, formed_on=FORMED, by=by, at=at),
        "add": lambda: add(hq, by),
        "edit member": lambda: services.edit_member(
            member=member, person=person(full_name="Другой Пётр"), starts_on=FORMED, by=by, at=at
        ),
        "end member": lambda: services.end_member(member=member, last_day=TODAY, by=by, at=at),
        "dissolve": lambda: services.dissolve_body(body=hq, last_day=TODAY, by=by, at=at),
    }
    for action in actions.values():
        if Permission.STRUCTURE_EDIT in ROLE_PERMISSIONS[role]:
            action()
        else:
            with pytest.raises(PermissionDenied):
                action()


def test_the_administrator_of_another_region_may_nothing(hq: Body):
    by = MembershipFactory(role=Role.NSI_ADMIN, region=RegionFactory(code="RU-TYU")).user
    with pytest.raises(PermissionDenied):
        add(hq, by)


@pytest.mark.parametrize("action", ["form", "edit", "add", "end", "dissolve"])
def test_the_infrastructure_is_measured_after_every_change(
    action: str, region: Region, admin: User, hq: Body, monkeypatch: pytest.MonkeyPatch
):
    measured: list[Region] = []
    monkeypatch.setattr(services, "remeasure", lambda region, *, at: measured.append(region))
    at = timezone.now()
    member = BodyMemberFactory(body=hq)
    actions: dict[str, Callable[[], object]] = {
        "form": lambda: form(region, admin, kind=Body.Kind.EXPERT_GROUP),
        "edit": lambda: services.edit_body(body=hq, decision=DECISION, formed_on=FORMED, by=admin, at=at),
        "add": lambda: add(hq, admin),
        "end": lambda: services.end_member(member=member, last_day=TODAY, by=admin, at=at),
        "dissolve": lambda: services.dissolve_body(body=hq, last_day=TODAY, by=admin, at=at),
    }
    actions[action]()
    assert measured == [region]


# Pages


def fields(**changed: Any) -> dict[str, Any]:
    """What the form of a new РШ sends."""
    return {
        "document_number": "12-р",
        "document_date": "2026-03-01",
        "formed_on": "2026-03-01",
        "full_name": "Орлова Анна Павловна",
        "position": "Заместитель губернатора",
        "organisation": "Правительство области",
        "email": " Orlova@Example.ru ",
        "group": "other",
        "competences": ["management", "law"],
        **changed,
    }


def create_url(region: Region, kind: str = "headquarters") -> str:
    return reverse("body-create", args=[region.code]) + f"?kind={kind}"


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def errors_of(response: Any, field: str) -> str:
    assert response.status_code == 422
    return " ".join(response.context["form"].errors.get(field, []))


def test_a_headquarters_is_entered_with_its_document(pages: Client, region: Region):
    assert pages.get(create_url(region)).status_code == 200
    order = SimpleUploadedFile("Распоряжение № 12.pdf", PDF)
    response = pages.post(create_url(region), fields(document_file=order))
    body = Body.objects.get()
    assert response.status_code == 302 and response.headers["Location"] == reverse("body", args=[body.pk])
    head = body.members.get()
    assert (head.email, head.competences) == ("orlova@example.ru", ["management", "law"])
    assert "Распоряжение" not in body.document_file.name
    sent = pages.get(reverse("body-document", args=[body.pk]))
    assert b"".join(sent.streaming_content) == PDF
    assert "attachment" in sent.headers["Content-Disposition"]
    card = text_of(pages.get(reverse("body", args=[body.pk])))
    assert "Орлова Анна Павловна" in card and "№ 12-р от 01.03.2026" in card and "Распоряжение № 12.pdf" in card


@pytest.mark.parametrize("field", ["full_name", "position", "organisation", "group"])
def test_a_body_without_a_head_is_refused_at_the_field(pages: Client, region: Region, field: str):
    response = pages.post(create_url(region), fields(**{field: " "}))
    assert errors_of(response, field)
    assert "Заместитель губернатора" in response.content.decode() or field == "position"
    assert not Body.objects.exists() and not BodyMember.objects.exists()


WRONG = [
    ("document_number", {"document_number": ""}, "бязательное"),
    ("document_date", {"document_date": "31.02.2026"}, "дату"),
    ("formed_on", {"formed_on": "2027-01-01"}, "ещё не наступил"),
    ("email", {"email": "оrlova@example.ru"}, "русские буквы"),
    ("email", {"email": "orlova@"}, "адрес"),
    ("group", {"group": "science"}, "допустимых"),
    ("competences", {"competences": ["magic"]}, "допустимых"),
    ("full_name", {"full_name": "Анна\0"}, "запрещённый символ"),
    ("position", {"position": "х" * 301}, "300"),
    ("document_file", {"document_file": SimpleUploadedFile("order.pdf", b"MZ\x90\x00 a program")}, "не похоже на PDF"),
    ("document_file", {"document_file": SimpleUploadedFile("order.exe", b"MZ")}, "принять нельзя"),
    ("document_file", {"document_file": SimpleUploadedFile("order.pdf", b"")}, "пуст"),
    (
        "document_file",
        {"document_file": SimpleUploadedFile("order.pdf", b"%PDF-" + bytes(20 * 2**20))},
        "больше 15 МБ",
    ),
]


@pytest.mark.parametrize(("field", "changed", "words"), WRONG, ids=lambda one: one if isinstance(one, str) else "")
def test_what_is_wrong_is_said_at_the_field_and_nothing_is_stored(
    pages: Client, region: Region, field: str, changed: dict, words: str
):
    for value in changed.values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)
    response = pages.post(create_url(region), fields(**changed))
    assert words in errors_of(response, field)
    if field != "full_name":
        assert "Орлова Анна Павловна" in response.content.decode(), "what was typed is kept"
    assert not Body.objects.exists()


def test_a_second_headquarters_is_refused_in_plain_words(pages: Client, region: Region, hq: Body):
    response = pages.post(create_url(region), fields())
    assert "в регионе уже действует" in errors_of(response, "__all__")
    assert Body.objects.count() == 1


def test_the_choice_of_kinds_says_what_is_needed_first(pages: Client, region: Region, hq: Body):
    page = pages.get(reverse("body-create", args=[region.code]))
    said = text_of(page)
    assert "Уже действует: Региональный штаб" in said
    assert "Сначала внесите: Региональная экспертная группа" in said
    assert "Сначала выберите жизненные ситуации региона" in said
    assert pages.post(reverse("body-create", args=[region.code]), fields()).status_code == 422
    assert pages.post(create_url(region, "ministry"), fields()).status_code == 422
    assert Body.objects.count() == 1


def test_a_group_is_entered_with_life_situations_of_its_own_region_only(
    pages: Client, region: Region, hq: Body, situation: Any
):
    foreign = LifeSituationFactory(code="social-home-care")
    RegionLifeSituation.objects.create(region=RegionFactory(code="RU-TYU"), life_situation=foreign, since=FORMED)
    url = create_url(region, "sector_group")
    assert errors_of(pages.post(url, fields(title="Занятость")), "life_situations")
    assert errors_of(pages.post(url, fields(life_situations=[situation.code])), "title")
    wrong = pages.post(url, fields(title="Занятость", life_situations=[situation.code, foreign.code]))
    assert "не выбирал" in errors_of(wrong, "life_situations")
    for nonsense in ("x", "9" * 30, "\0"):
        assert errors_of(pages.post(url, fields(title="Занятость", life_situations=[nonsense])), "life_situations")
    assert Body.objects.count() == 1
    assert pages.post(url, fields(title="Занятость", life_situations=[situation.code])).status_code == 302
    assert "Занятость" in text_of(pages.get(reverse("body-list", args=[region.code])))


def test_a_document_can_be_replaced_kept_and_taken_away(pages: Client, hq: Body):
    url = reverse("body-edit", args=[hq.pk])
    sent = {"document_number": "14-р", "document_date": "2026-03-02", "formed_on": "2026-03-01"}
    pages.post(url, {**sent, "document_file": SimpleUploadedFile("one.pdf", PDF)})
    hq.refresh_from_db()
    stored = hq.document_file.name
    assert (hq.document_number, hq.document_name) == ("14-р", "one.pdf")
    assert "one.pdf" in pages.get(url).content.decode()
    pages.post(url, sent)
    hq.refresh_from_db()
    assert hq.document_file.name == stored
    pages.post(url, {**sent, "document_file-clear": "on"})
    hq.refresh_from_db()
    assert not hq.document_file
    assert pages.get(reverse("body-document", args=[hq.pk])).status_code == 404


def test_a_body_is_dissolved_on_a_page_that_says_what_goes_with_it(pages: Client, region: Region, hq: Body):
    BodyFactory(region=region, kind=Body.Kind.SECTOR_GROUP, title="Занятость")
    url = reverse("body-end", args=[hq.pk])
    assert "его группы: Занятость" in text_of(pages.get(url))
    assert "раньше" in errors_of(pages.post(url, {"last_day": "2026-02-28"}), "last_day")
    assert pages.post(url, {"last_day": "2026-06-01"}).status_code == 302
    again = pages.post(url, {"last_day": "2026-06-02"}, follow=True)
    assert "уже прекратил работу 01.06.2026" in text_of(again)
    listed = text_of(pages.get(reverse("body-list", args=[region.code])))
    assert "Штаба пока нет" in listed and "Прежние органы и РСУ" in listed
    assert "по 01.06.2026" in listed


def test_a_member_is_added_changed_and_led_out(pages: Client, hq: Body):
    sent = fields(full_name="Белов  Пётр Ильич", email="belov@example.ru", group="municipality", starts_on="2026-04-01")
    assert pages.post(reverse("body-member-create", args=[hq.pk]), sent).status_code == 302
    member = hq.members.get(email="belov@example.ru")
    assert (member.full_name, member.is_head) == ("Белов Пётр Ильич", False)
    edit = reverse("body-member-edit", args=[member.pk])
    assert "belov@example.ru" in pages.get(edit).content.decode()
    wrong = pages.post(edit, {**sent, "ends_on": "2026-03-31"})
    assert "раньше первого" in errors_of(wrong, "ends_on")
    assert pages.post(edit, {**sent, "is_head": "on"}).status_code == 302
    assert head_of(hq) == "Белов Пётр Ильич"
    old = hq.members.get(is_head=False)
    assert pages.post(reverse("body-member-end", args=[old.pk]), {"last_day": "2026-05-01"}).status_code == 302
    old.refresh_from_db()
    assert old.ends_on == date(2026, 5, 1)


def test_the_page_on_which_the_head_leaves_asks_for_another(pages: Client, region: Region, hq: Body):
    head, member = hq.members.get(), BodyMemberFactory(body=hq)
    foreign = BodyFactory(region=region, kind=Body.Kind.EXPERT_GROUP).members.get()
    url = reverse("body-member-end", args=[head.pk])
    assert member.full_name in pages.get(url).content.decode()
    assert errors_of(pages.post(url, {"last_day": "2026-05-01"}), "successor")
    for wrong in (foreign.pk, head.pk, "x"):
        assert errors_of(pages.post(url, {"last_day": "2026-05-01", "successor": wrong}), "successor")
    half = pages.post(url, {"last_day": "2026-05-01", "successor": "new", "full_name": "Новая Анна"})
    assert errors_of(half, "position") and errors_of(half, "group") and "Новая Анна" in half.content.decode()
    assert head_of(hq) == head.full_name
    assert pages.post(url, {"last_day": "2026-05-01", "successor": member.pk}).status_code == 302
    assert head_of(hq) == member.full_name
    new = fields(last_day="2026-06-01", successor="new", full_name="Новая Анна", email="")
    assert pages.post(reverse("body-member-end", args=[member.pk]), new).status_code == 302
    assert head_of(hq) == "Новая Анна"
    again = pages.post(reverse("body-member-end", args=[member.pk]), {"last_day": "2026-06-02"}, follow=True)
    assert "уже не в составе" in text_of(again)


def test_rows_of_another_region_are_not_there_and_stay_as_they_are(pages: Client):
    foreign = BodyFactory(region=RegionFactory(code="RU-TYU"))
    head, before = foreign.members.get(), list(Body.objects.values())
    sent = fields(last_day="2026-06-01", starts_on="2026-04-01", successor="new")
    for name, row in (
        ("body-edit", foreign),
        ("body-end", foreign),
        ("body-member-create", foreign),
        ("body-member-edit", head),
        ("body-member-end", head),
    ):
        assert pages.post(reverse(name, args=[row.pk]), sent).status_code == 404, name
    assert pages.post(create_url(foreign.region), fields()).status_code == 404
    for name in ("body", "body-document", "body-history"):
        assert pages.get(reverse(name, args=[foreign.pk])).status_code == 404, name
        assert pages.get(reverse(name, args=[10**18])).status_code == 404, name
    assert list(Body.objects.values()) == before and BodyMember.objects.get().ends_on is None


def test_who_only_reads_sees_no_addresses_and_no_buttons(reader: Client, pages: Client, hq: Body):
    member = BodyMemberFactory(body=hq, email="secret@example.ru")
    pages.post(
        reverse("body-member-edit", args=[member.pk]),
        fields(full_name=member.full_name, starts_on="2026-03-01", email="hidden@example.ru"),
    )
    card, history = reverse("body", args=[hq.pk]), reverse("body-history", args=[hq.pk])
    for address in (card, history, card + "?format=xlsx", card + "?state=all&sort=email"):
        response = reader.get(address)
        assert response.status_code == 200
        if "xlsx" in address:
            cells = {cell.value for row in load_workbook(io.BytesIO(response.content)).active for cell in row}
            assert member.full_name in cells and not any("@" in str(cell) for cell in cells)
        else:
            said = response.content.decode().replace("<wbr>", "")
            assert "hidden@example.ru" not in said and "secret@example.ru" not in said
            assert "body-members/" not in said and "/edit/" not in said
    assert "hidden@example.ru" in pages.get(card).content.decode().replace("<wbr>", "")
    assert "hidden@example.ru" in pages.get(history).content.decode()


def test_the_history_says_who_changed_what(pages: Client, admin: User, hq: Body):
    pages.post(
        reverse("body-edit", args=[hq.pk]),
        {"document_number": "99-р", "document_date": "2026-03-01", "formed_on": "2026-03-01"},
    )
    said = text_of(pages.get(reverse("body-history", args=[hq.pk])))
    assert admin.full_name in said and "12-р" in said and "99-р" in said


@pytest.mark.parametrize(
    ("case", "offered"),
    [
        ("no account", True),
        # Whether a stranger's address is on the portal is not told here.
        ("account", True),
        ("role elsewhere", True),
        ("unconfirmed request here", True),
        ("role here", False),
        ("former role here", False),
        ("role in an institution here", False),
        ("request here", False),
        ("no e-mail", False),
        ("invited", False),
        ("left", False),
    ],
)
def test_whoever_has_an_email_and_is_not_known_in_the_region_can_be_invited(
    pages: Client, hq: Body, case: str, offered: bool
):
    member = BodyMemberFactory(body=hq, email="" if case == "no e-mail" else "belov@example.ru")
    user = None if case in ("no account", "no e-mail") else UserFactory(email="belov@example.ru")
    institution = InstitutionFactory(region=hq.region)
    scope = {
        "role elsewhere": {"role": Role.EXPERT, "region": RegionFactory(code="RU-TYU")},
        "role here": {"role": Role.EXPERT, "region": hq.region},
        "former role here": {"role": Role.EXPERT, "region": hq.region, "ends_on": date(2026, 5, 1)},
        "role in an institution here": {"role": Role.INSTITUTION_REP, "institution": institution},
    }.get(case)
    if scope:
        MembershipFactory(user=user, **scope)
    if "request" in case:
        confirmed = case == "request here"
        AccessRequest.objects.create(
            email="belov@example.ru",
            full_name="Белов Пётр",
            position="врач",
            institution=institution,
            user=user if confirmed else None,
            state="waiting" if confirmed else "unconfirmed",
        )
    if case == "invited":
        Invitation.objects.create(email="belov@example.ru", region=hq.region, role=Role.EXPERT)
    if case == "left":
        BodyMember.objects.filter(pk=member.pk).update(ends_on=date(2026, 5, 1))
    said = pages.get(reverse("body", args=[hq.pk]) + "?state=all").content.decode()
    assert (f"?body_member={member.pk}" in said) is offered
    assert ("на портале" in said) is ("here" in case and not offered)


def test_members_are_filtered_and_downloaded(pages: Client, hq: Body):
    BodyMemberFactory(body=hq, full_name="Бывший Иван", ends_on=date(2026, 5, 1))
    BodyMemberFactory(body=hq, full_name="Нынешний Иван", group=Group.MUNICIPALITY, competences=["law", "finance"])
    url = reverse("body", args=[hq.pk])

    def names(query: str) -> set[str]:
        return {row.record.full_name for row in pages.get(url + query).context["page"].object_list}

    assert names("") == {hq.members.get(is_head=True).full_name, "Нынешний Иван"}
    assert names("?state=former") == {"Бывший Иван"}
    assert len(names("?state=all")) == 3
    assert names("?group=municipality") == {"Нынешний Иван"}
    assert len(names("?group=science&state=x")) in (0, 2)
    book = load_workbook(io.BytesIO(pages.get(url + "?format=xlsx&group=municipality").content)).active
    rows = [[cell.value for cell in row] for row in book]
    assert rows[0] == [
        "Кто",
        "Роль",
        "Должность",
        "Организация",
        "Кого представляет",
        "Компетенции",
        "Почта",
        "На портале",
        "В составе с",
        "В составе по",
    ]
    assert (
        rows[1][:3] == ["Нынешний Иван", "член", "Заместитель губернатора"]
        and "правовая; финансовая и имущественная" in rows[1]
    )


def test_a_former_body_shows_all_that_were_in_it(pages: Client, region: Region):
    former = BodyFactory(region=region, ended_on=date(2026, 6, 1), head__ends_on=date(2026, 6, 1))
    response = pages.get(reverse("body", args=[former.pk]))
    assert former.members.get().full_name in text_of(response)
    assert "прекратил работу" in text_of(response) and "Добавить члена" not in text_of(response)


def test_hints_stand_on_the_card_and_hinder_nothing(pages: Client, region: Region):
    body = BodyFactory(region=region, head__position="Министр", head__organisation="Минсоцполитики", head__email="")
    said = text_of(pages.get(reverse("body", args=[body.pk])))
    for words in (
        "Председатель РЭГ",
        "правовая",
        "заместитель главы региона по социальным вопросам",
        "один человек",
        "Электронная почта указана не у всех",
        "[001, III.2.1]",
    ):
        assert words in said
    assert "подсказок: 5" in text_of(pages.get(reverse("body-list", args=[region.code])))


def test_the_page_of_a_region_without_anything_says_the_next_step(pages: Client, reader: Client, region: Region):
    said = text_of(pages.get(reverse("body-list", args=[region.code])))
    assert "Штаба пока нет" in said and "Экспертной группы пока нет" in said and "Групп пока нет" in said
    assert "нет регионального сервисного уполномоченного" in said and "не достигнет 100 %" in said
    assert "Назначить РСУ" in said
    read = text_of(reader.get(reverse("body-list", args=[region.code])))
    assert "Вносит администратор НСИ" in read and "Назначить РСУ" not in read


def test_the_page_of_a_region_shows_its_bodies_groups_and_commissioner(
    pages: Client, region: Region, hq: Body, situation: Any
):
    BodyFactory(region=region, kind=Body.Kind.EXPERT_GROUP)
    group = BodyFactory(region=region, kind=Body.Kind.SECTOR_GROUP, title="Занятость")
    group.life_situations.set([situation])
    CommissionerFactory(region=region)
    url = reverse("body-list", args=[region.code])
    said = text_of(pages.get(url))
    for words in (hq.members.get().full_name, "№ 12-р от 01.03.2026", "Занятость", "Соколов Олег", "не аккредитован"):
        assert words in said
    assert "нет регионального сервисного уполномоченного" not in said
    # Nobody has any of the eight competences.
    assert "маркетинговая и информационная" in said
    book = load_workbook(io.BytesIO(pages.get(url + "?format=xlsx").content)).active
    rows = [[cell.value for cell in row] for row in book]
    assert rows[1][:4] == ["Занятость", "Отраслевая группа РШ", group.members.get().full_name, 1]
    assert rows[1][5:] == ["№ 12-р от 01.03.2026", 1]
    assert "Занятость" not in text_of(pages.get(url + "?kind=expert_subgroup")).split("Скачать XLSX")[1]


@pytest.mark.parametrize("name", ["body-list", "body"])
def test_the_number_of_queries_does_not_grow_with_the_rows(
    name: str, pages: Client, region: Region, hq: Body, situation: Any, settings: Any
):
    def more(count: int) -> None:
        for _ in range(count):
            BodyMemberFactory(body=hq)
            group = BodyFactory(region=region, kind=Body.Kind.SECTOR_GROUP, title="Группа")
            group.life_situations.set([situation])

    def queries() -> int:
        address = reverse(name, args=[region.code if name == "body-list" else hq.pk])
        with CaptureQueriesContext(connections["default"]) as found:
            assert pages.get(address).status_code == 200
            assert pages.get(address + "?format=xlsx").status_code == 200
        return len(found)

    more(1)
    queries()  # Fills what is kept for the session.
    few = queries()
    more(45)
    assert queries() == few
