"""The РСУ: appointed once in a region, accredited by the Agency, released; what follows where there is none."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from regions.models import Region, ServiceCommissioner
from regions.permissions import ROLE_PERMISSIONS, Permission
from regions.roles import Role
from regions.services import bodies as services
from regions.services.bodies import CommissionerFacts, Decision
from tests.factories import CommissionerFactory, MembershipFactory, RegionFactory
from tests.world import NOW

pytestmark = pytest.mark.django_db

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TODAY = NOW.date()
APPOINTED = date(2026, 3, 1)
FACTS = CommissionerFacts(
    full_name="Соколов Олег Иванович", position="Директор проектного офиса", email="rsu@example.ru"
)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def region() -> Region:
    return RegionFactory()


@pytest.fixture
def admin(region: Region) -> User:
    return MembershipFactory(role=Role.NSI_ADMIN, region=region).user


@pytest.fixture
def curator() -> User:
    return MembershipFactory(role=Role.AGENCY_CURATOR).user


@pytest.fixture
def there(region: Region) -> ServiceCommissioner:
    return CommissionerFactory(region=region)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def pages(admin: User) -> Client:
    return signed_in(admin)


def appoint(region: Region, by: User, **changed: Any) -> ServiceCommissioner:
    wanted: dict[str, Any] = {"facts": FACTS, "decision": Decision("7-у", APPOINTED), "appointed_on": APPOINTED}
    return services.appoint_commissioner(region=region, by=by, at=timezone.now(), **{**wanted, **changed})


def accredit(commissioner: ServiceCommissioner, by: User, **changed: Any) -> ServiceCommissioner:
    wanted: dict[str, Any] = {
        "course": "Сервисный уполномоченный",
        "course_completed_on": date(2026, 4, 1),
        "accredited_on": date(2026, 5, 1),
        "accredited_until": date(2027, 5, 1),
    }
    return services.accredit(commissioner=commissioner, by=by, at=timezone.now(), **{**wanted, **changed})


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def errors_of(response: Any, field: str) -> str:
    assert response.status_code == 422
    return " ".join(response.context["form"].errors.get(field, []))


# Appointing and releasing


def test_a_region_has_one_commissioner_at_a_time(region: Region, admin: User):
    first = appoint(region, admin)
    with pytest.raises(services.AlreadyInForce):
        appoint(region, admin)
    services.release_commissioner(commissioner=first, last_day=date(2026, 6, 1), by=admin, at=timezone.now())
    with pytest.raises(services.WrongDay, match=r"по 01\.06\.2026"):
        appoint(region, admin, appointed_on=date(2026, 5, 31))
    # The day of passing on belongs to both.
    assert appoint(region, admin, appointed_on=date(2026, 6, 1)).pk
    assert ServiceCommissioner.objects.filter(region=region).count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_at_once_appoint_one(monkeypatch: pytest.MonkeyPatch):
    region = RegionFactory()
    by = MembershipFactory(role=Role.NSI_ADMIN, region=region).user
    monkeypatch.setattr(services, "_refuse_second_commissioner", lambda commissioner, appointed_on: None)
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def ask() -> None:
        start.wait()
        try:
            appoint(region, by)
            outcomes.append("appointed")
        except services.AlreadyInForce as error:
            outcomes.append(error.message)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == sorted(["appointed", "В регионе уже есть действующий РСУ"])
    assert ServiceCommissioner.objects.count() == 1


@pytest.mark.parametrize("last_day", [APPOINTED - timedelta(days=1), TODAY + timedelta(days=1)])
def test_duties_end_once_and_not_before_they_began(admin: User, there: ServiceCommissioner, last_day: date):
    with pytest.raises(services.WrongDay):
        services.release_commissioner(commissioner=there, last_day=last_day, by=admin, at=timezone.now())
    services.release_commissioner(commissioner=there, last_day=APPOINTED, by=admin, at=timezone.now())
    with pytest.raises(services.AlreadyEnded):
        services.release_commissioner(commissioner=there, last_day=TODAY, by=admin, at=timezone.now())
    there.refresh_from_db()
    assert there.ended_on == APPOINTED


# Accreditation


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"course_completed_on": None}, "course_completed_on"),
        ({"course_completed_on": TODAY + timedelta(days=1)}, "course_completed_on"),
        ({"accredited_on": date(2026, 3, 31)}, "accredited_on"),
        ({"accredited_on": TODAY + timedelta(days=1)}, "accredited_on"),
        ({"accredited_on": None}, "accredited_on"),
        ({"accredited_until": date(2026, 4, 30)}, "accredited_until"),
        ({"accredited_until": date(2206, 5, 1)}, "accredited_until"),
    ],
)
def test_accreditation_follows_the_course(curator: User, there: ServiceCommissioner, changed: dict, field: str):
    with pytest.raises(services.WrongDay) as refused:
        accredit(there, curator, **changed)
    assert refused.value.field == field
    there.refresh_from_db()
    assert there.course == ""


def test_nobody_is_accredited_after_their_duties_ended(region: Region, curator: User):
    with pytest.raises(services.AlreadyEnded):
        accredit(CommissionerFactory(region=region, ended_on=date(2026, 6, 1)), curator)


@pytest.mark.parametrize(
    ("accredited_on", "accredited_until", "kind", "words"),
    [
        (None, None, "neutral", "не аккредитован"),
        (date(2026, 5, 1), None, "good", "аккредитован"),
        (date(2026, 5, 1), TODAY + timedelta(days=61), "good", "аккредитован по 22.01.2027"),
        (date(2026, 5, 1), TODAY + timedelta(days=60), "warn", "аккредитация истекает 21.01.2027"),
        (date(2026, 5, 1), TODAY, "warn", "аккредитация истекает 22.11.2026"),
        (date(2026, 5, 1), TODAY - timedelta(days=1), "bad", "аккредитация истекла 21.11.2026"),
    ],
)
def test_how_an_accreditation_stands(accredited_on: date | None, accredited_until: date | None, kind: str, words: str):
    commissioner = ServiceCommissioner(accredited_on=accredited_on, accredited_until=accredited_until)
    assert services.accreditation_state(commissioner, TODAY) == (kind, words)


# Who may


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.INSTITUTION_REP}))
def test_services_ask_for_the_permission_themselves(role: Role, region: Region):
    by = MembershipFactory(role=role, region=None if role.startswith(("agency", "federal")) else region).user
    there = CommissionerFactory(region=region)
    at = timezone.now()
    decision = Decision("8-у", APPOINTED)
    actions: list[tuple[Permission, Callable[[], object]]] = [
        (Permission.COMMISSIONER_ACCREDIT, lambda: accredit(there, by)),
        (
            Permission.STRUCTURE_EDIT,
            lambda: services.edit_commissioner(
                commissioner=there, facts=FACTS, decision=decision, appointed_on=APPOINTED, by=by, at=at
            ),
        ),
        (
            Permission.STRUCTURE_EDIT,
            lambda: services.release_commissioner(commissioner=there, last_day=APPOINTED, by=by, at=at),
        ),
        (Permission.STRUCTURE_EDIT, lambda: appoint(region, by)),
    ]
    for permission, action in actions:
        if permission in ROLE_PERMISSIONS[role]:
            action()
        else:
            with pytest.raises(PermissionDenied):
                action()


def test_the_infrastructure_is_measured_after_every_change(
    region: Region, admin: User, monkeypatch: pytest.MonkeyPatch
):
    measured: list[Region] = []
    monkeypatch.setattr(services, "remeasure", lambda region, *, at: measured.append(region))
    there = appoint(region, admin)
    services.edit_commissioner(
        commissioner=there,
        facts=FACTS,
        decision=Decision("8-у", APPOINTED),
        appointed_on=APPOINTED,
        by=admin,
        at=timezone.now(),
    )
    services.release_commissioner(commissioner=there, last_day=TODAY, by=admin, at=timezone.now())
    assert measured == [region] * 3


# Pages


def fields(**changed: Any) -> dict[str, Any]:
    return {
        "document_number": "7-у",
        "document_date": "2026-03-01",
        "appointed_on": "2026-03-01",
        "full_name": "Соколов Олег Иванович",
        "position": "Директор проектного офиса",
        "email": "RSU@example.ru",
        "competences": ["methodology", "analysis"],
        **changed,
    }


def test_a_commissioner_is_appointed_with_a_document_and_an_office(pages: Client, region: Region):
    url = reverse("commissioner-create", args=[region.code])
    assert "назначает глава региона" in text_of(pages.get(url))
    order = SimpleUploadedFile("Указ.pdf", b"%PDF-1.7")
    assert pages.post(url, fields(document_file=order, has_office="on", office="ул. Мира, 1")).status_code == 302
    there = ServiceCommissioner.objects.get()
    assert (there.email, there.competences) == ("rsu@example.ru", ["methodology", "analysis"])
    card = text_of(pages.get(reverse("commissioner", args=[there.pk])))
    for words in ("№ 7-у от 01.03.2026", "создан: ул. Мира, 1", "rsu@example.ru", "не аккредитован", "Указ.pdf"):
        assert words in card
    # What is still asked of a РСУ [001, III.2.2].
    assert "организационно-управленческая" in card and "образовательная" in card and "[001, III.2.2]" in card
    sent = pages.get(reverse("commissioner-document", args=[there.pk]))
    assert b"".join(sent.streaming_content) == b"%PDF-1.7"


@pytest.mark.parametrize(
    ("field", "changed", "words"),
    [
        ("full_name", {"full_name": ""}, "бязательное"),
        ("email", {"email": ""}, "бязательное"),
        ("email", {"email": "rsu@ехample.ru"}, "русские буквы"),
        ("document_number", {"document_number": ""}, "бязательное"),
        ("appointed_on", {"appointed_on": "2027-01-01"}, "ещё не наступил"),
        ("has_office", {"office": "ул. Мира, 1"}, "Отметьте"),
        ("document_file", {"document_file": SimpleUploadedFile("a.pdf", b"MZ a program")}, "не похоже на PDF"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_at_the_field_and_nothing_is_stored(
    pages: Client, region: Region, field: str, changed: dict, words: str
):
    response = pages.post(reverse("commissioner-create", args=[region.code]), fields(**changed))
    assert words in errors_of(response, field)
    assert "Директор проектного офиса" in response.content.decode()
    assert not ServiceCommissioner.objects.exists()


def test_a_second_commissioner_is_refused_in_plain_words(pages: Client, there: ServiceCommissioner):
    url = reverse("commissioner-create", args=[there.region.code])
    assert "уже есть РСУ: Соколов" in text_of(pages.get(url))
    assert "уже есть действующий РСУ" in errors_of(pages.post(url, fields()), "__all__")
    assert ServiceCommissioner.objects.count() == 1


def test_a_commissioner_is_changed_and_released(pages: Client, there: ServiceCommissioner):
    edit = reverse("commissioner-edit", args=[there.pk])
    assert "rsu@example.ru" in pages.get(edit).content.decode()
    assert pages.post(edit, fields(position="Советник губернатора")).status_code == 302
    there.refresh_from_db()
    assert there.position == "Советник губернатора"
    end = reverse("commissioner-end", args=[there.pk])
    assert "раньше" in errors_of(pages.post(end, {"last_day": "2026-02-01"}), "last_day")
    assert pages.post(end, {"last_day": "2026-06-01"}).status_code == 302
    assert "уже сняты" in text_of(pages.post(end, {"last_day": "2026-06-01"}, follow=True))
    listed = text_of(pages.get(reverse("body-list", args=[there.region.code])))
    assert "нет регионального сервисного уполномоченного" in listed and "РСУ: Соколов" in listed


def test_the_agency_accredits_and_the_region_does_not(pages: Client, curator: User, there: ServiceCommissioner):
    url = reverse("commissioner-accredit", args=[there.pk])
    assert pages.get(url).status_code == 403
    agency = signed_in(curator)
    sent = {"course": "Сервисный уполномоченный", "course_completed_on": "2026-04-01", "accredited_on": "2026-03-01"}
    assert "раньше, чем пройдена" in errors_of(agency.post(url, sent), "accredited_on")
    assert "бязательное" in errors_of(agency.post(url, {}), "course")
    sent |= {"accredited_on": "2026-05-01", "accredited_until": "2026-12-01"}
    assert agency.post(url, sent).status_code == 302
    card = text_of(pages.get(reverse("commissioner", args=[there.pk])))
    assert "аккредитация истекает 01.12.2026" in card and "Сервисный уполномоченный" in card
    assert "Внести аккредитацию" not in card
    assert "Внести аккредитацию" in text_of(agency.get(reverse("commissioner", args=[there.pk])))


def test_who_only_reads_sees_no_address(pages: Client, there: ServiceCommissioner):
    pages.post(reverse("commissioner-edit", args=[there.pk]), fields(email="new@example.ru"))
    reader = signed_in(MembershipFactory(role=Role.EXPERT, region=there.region).user)
    for name in ("commissioner", "commissioner-history"):
        assert "new@example.ru" not in (said := reader.get(reverse(name, args=[there.pk])).content.decode())
        assert "rsu@example.ru" not in said
        assert "new@example.ru" in pages.get(reverse(name, args=[there.pk])).content.decode()


def test_the_commissioner_of_another_region_is_not_there(pages: Client, there: ServiceCommissioner):
    foreign = CommissionerFactory(region=RegionFactory(code="RU-TYU"))
    for name in ("commissioner-edit", "commissioner-end", "commissioner-accredit"):
        assert pages.post(reverse(name, args=[foreign.pk]), fields(last_day="2026-06-01")).status_code == 404
    for name in ("commissioner", "commissioner-document", "commissioner-history"):
        assert pages.get(reverse(name, args=[foreign.pk])).status_code == 404
    foreign.refresh_from_db()
    assert foreign.ended_on is None


@pytest.mark.parametrize("may_edit", [True, False])
def test_what_follows_where_there_is_no_commissioner(region: Region, may_edit: bool):
    html = render_to_string("regions/bodies/_no_commissioner.html", {"region": region, "may_edit": may_edit})
    for words in ("ведёт один", "не достигнет 100 %", "назначает глава региона", "Аккредитует РСУ Агентство"):
        assert words in html
    assert (reverse("commissioner-create", args=[region.code]) in html) is may_edit
