"""Methodical materials: who reads them, how they are published, and that no version is ever lost."""

import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from accounts.models import User
from regions.models import Material, MaterialVersion
from regions.roles import Role
from regions.services import materials
from regions.services.materials import Edition, VersionTaken
from tests.factories import LifeSituationFactory, MembershipFactory, RegionFactory, UserFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=ZoneInfo("Europe/Moscow"))
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
LINK = Edition(url="https://asi.ru/nsi/guide/", note="Первое издание")


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def curator() -> User:
    return MembershipFactory(role=Role.AGENCY_CURATOR).user


def holder(role: Role) -> User:
    return MembershipFactory(role=role).user


def pdf(name: str = "Рекомендации.pdf", content: bytes = b"%PDF-1.7 text") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def published(by: User, title: str = "Памятка", edition: Edition = LINK, **about: Any) -> Material:
    about = {"description": "", "roles": [], "life_situation": None} | about
    return materials.publish(title=title, edition=edition, by=by, at=NOON, **about)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


# Who reads what


@pytest.mark.parametrize(
    ("meant_for", "reader", "sees"),
    [
        ([], Role.INSTITUTION_REP, True),
        ([], None, True),
        (["expert"], Role.EXPERT, True),
        (["expert", "nsi_admin"], Role.NSI_ADMIN, True),
        (["expert"], Role.NSI_ADMIN, False),
        (["expert"], None, False),
        (["expert"], Role.AGENCY_CURATOR, True),
        (["expert"], Role.AGENCY_ANALYST, False),
    ],
)
def test_a_material_is_read_by_the_roles_it_is_meant_for(
    curator: User, meant_for: list[str], reader: Role | None, sees: bool
):
    version = published(curator, edition=Edition(file=pdf()), roles=meant_for).versions.get()
    client = signed_in(holder(reader) if reader else UserFactory())
    assert (version.material.title in client.get(reverse("material-list")).content.decode()) == sees
    for name, number in (("material", version.material_id), ("material-file", version.pk)):
        assert client.get(reverse(name, args=[number])).status_code == (200 if sees else 404)


def test_a_role_that_has_ended_reads_nothing_more(curator: User):
    material = published(curator, roles=["expert"])
    membership = MembershipFactory(role=Role.EXPERT)
    membership.user.memberships.update(ends_on="2026-11-21")
    assert signed_in(membership.user).get(reverse("material", args=[material.pk])).status_code == 404


def test_a_withdrawn_material_is_seen_by_those_who_publish_only_and_can_be_given_back(curator: User):
    material = published(curator, edition=Edition(file=pdf()))
    reader, publisher = signed_in(holder(Role.EXPERT)), signed_in(curator)
    pages = [reverse("material", args=[material.pk]), reverse("material-file", args=[material.versions.get().pk])]
    publisher.post(reverse("material-withdraw", args=[material.pk]))
    assert [reader.get(page).status_code for page in pages] == [404, 404]
    assert material.title not in reader.get(reverse("material-list")).content.decode()
    assert "снят с публикации" in publisher.get(pages[0]).content.decode()
    publisher.post(reverse("material-restore", args=[material.pk]))
    assert [reader.get(page).status_code for page in pages] == [200, 200]


def test_withdrawing_twice_keeps_the_first_moment(curator: User):
    material = published(curator)
    materials.withdraw(material=material, by=curator, at=NOON)
    materials.withdraw(material=material, by=curator, at=NOON.replace(hour=13))
    assert Material.objects.get().withdrawn_at == NOON
    kinds = [one.kind for one in _history(curator, material)]
    assert sorted(kinds) == ["внесено", "изменено", "опубликовано"], (
        "the version is told of, the second withdrawal is not"
    )


def _history(user: User, material: Material) -> list[Any]:
    response = signed_in(user).get(reverse("material-history", args=[material.pk]))
    return list(response.context["changes"])


# Publishing


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.AGENCY_ADMIN, Role.AGENCY_CURATOR)])
def test_the_services_ask_for_the_right_themselves(curator: User, role: Role):
    material, other = published(curator), holder(role)
    about: dict[str, Any] = {"title": "Иное", "description": "", "roles": [], "life_situation": None}
    for act in (
        lambda: published(other, "Чужое"),
        lambda: materials.edit(material=material, by=other, **about),
        lambda: materials.add_version(material=material, number=2, edition=LINK, by=other, at=NOON),
        lambda: materials.withdraw(material=material, by=other, at=NOON),
        lambda: materials.restore(material=material, by=other),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert Material.objects.get().title == "Памятка"
    assert MaterialVersion.objects.count() == 1


def test_a_material_is_published_with_its_first_version(curator: User):
    situation = LifeSituationFactory()
    form = {
        "title": "Как выбрать ЖС",
        "description": "По шагам",
        "life_situation": situation.pk,
        "roles": ["expert", "hq_member"],
        "file": pdf("Как выбрать ЖС.pdf"),
    }
    response = signed_in(curator).post(reverse("material-create"), form)
    material = Material.objects.get()
    assert response.headers["Location"] == reverse("material", args=[material.pk])
    assert (material.title, material.life_situation, material.roles) == (
        "Как выбрать ЖС",
        situation,
        ["expert", "hq_member"],
    )
    version = material.versions.get()
    assert (version.number, version.file_name, version.published_by, version.published_at) == (
        1,
        "Как выбрать ЖС.pdf",
        curator,
        NOON,
    )
    # The name on the disk is nobody's guess.
    assert "ЖС" not in version.file.name and version.file.name.endswith(".pdf")


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"url": "http://asi.ru/"}, "url", "https://"),
        ({"url": "https://asi.ru@evil.example/"}, "url", "имени и пароля"),
        ({"url": "javascript:alert(1)"}, "url", "https://"),
        ({"url": ""}, "file", "Приложите файл или укажите ссылку"),
        ({"file": pdf()}, "url", "что-то одно"),
        ({"file": pdf("virus.exe"), "url": ""}, "file", "принять нельзя"),
        ({"file": pdf("page.pdf", b"<html>"), "url": ""}, "file", "не похоже"),
        ({"title": "Памятка"}, "title", "уже есть"),
        ({"title": ""}, "title", "Обязательное поле"),
        ({"roles": ["king"]}, "roles", "king"),
        ({"life_situation": "0"}, "life_situation", "варианта нет"),
    ],
)
def test_wrong_input_is_answered_at_the_field_and_nothing_is_stored(
    curator: User, changed: dict[str, Any], field: str, says: str
):
    published(curator)
    form = {"title": "Новый", "description": "Набранное остаётся", "url": "https://asi.ru/"} | changed
    response = signed_in(curator).post(reverse("material-create"), form)
    assert response.status_code == 422
    assert says in " ".join(response.context["form"].errors.get(field, []))
    assert "Набранное остаётся" in response.content.decode()
    assert Material.objects.count() == 1


def test_a_material_of_the_catalogue_s_life_situations_only(curator: User):
    own = LifeSituationFactory()
    own.region, own.number = RegionFactory(), None
    own.human_centred = own.mass = own.within_powers = own.common = "да"
    own.save()
    page = signed_in(curator).get(reverse("material-create"))
    assert own not in page.context["form"].fields["life_situation"].queryset


def test_what_is_said_about_a_material_can_change_and_its_history_tells(curator: User):
    material = published(curator)
    response = signed_in(curator).post(
        reverse("material-edit", args=[material.pk]), {"title": "Памятка 2026", "roles": ["expert"]}
    )
    assert response.status_code == 302
    newest = next(one for one in _history(curator, material) if one.kind == "изменено")
    assert newest.by == str(curator)
    assert [(one.title, one.before, one.after) for one in newest.fields] == [
        ("название", "Памятка", "Памятка 2026"),
        ("для ролей", "—", "Член РЭГ"),
    ]


# Versions


def test_a_new_version_stands_above_the_old_one_and_both_can_be_read(curator: User):
    material = published(curator, edition=Edition(file=pdf(content=b"%PDF-old")))
    form = {"note": "Новые формы", "number": "2", "file": pdf(content=b"%PDF-new")}
    signed_in(curator).post(reverse("material-version-create", args=[material.pk]), form)
    reader = signed_in(holder(Role.EXPERT))
    page = reader.get(reverse("material", args=[material.pk]))
    assert [one["version"].number for one in page.context["versions"]] == [2, 1]
    assert "Новые формы" in page.content.decode()
    for version, content in zip(material.versions.order_by("number"), (b"%PDF-old", b"%PDF-new"), strict=True):
        response = reader.get(reverse("material-file", args=[version.pk]))
        assert b"".join(response.streaming_content) == content
        assert response.headers["Content-Disposition"].startswith("attachment")


def test_a_link_opens_in_the_same_tab_names_its_host_and_tells_nothing_about_the_reader(curator: User):
    material = published(curator)
    page = signed_in(holder(Role.EXPERT)).get(reverse("material", args=[material.pk])).content.decode()
    link = page[page.index(f'<a href="{LINK.url}"') :].split("</a>")[0]
    assert 'rel="noopener noreferrer"' in link and "target" not in link
    assert "Открыть: asi.ru" in link
    assert signed_in(curator).get(reverse("material-file", args=[material.versions.get().pk])).status_code == 404


def test_a_second_click_makes_no_second_version(curator: User):
    material = published(curator)
    client, url = signed_in(curator), reverse("material-version-create", args=[material.pk])
    form = {"note": "Новые формы", "number": "2", "url": "https://asi.ru/2/"}
    assert client.post(url, form).status_code == 302
    again = client.post(url, form)
    assert again.status_code == 422
    assert "Версия 2 уже опубликована" in again.content.decode() and "Новые формы" in again.content.decode()
    assert again.context["form"]["number"].value() == "3"
    assert material.versions.count() == 2


def test_a_version_of_the_material_cannot_be_skipped(curator: User):
    material = published(curator)
    url = reverse("material-version-create", args=[material.pk])
    form = {"note": "Новые формы", "number": "7", "url": "https://asi.ru/2/"}
    assert signed_in(curator).post(url, form).status_code == 422
    assert material.versions.count() == 1


def test_a_version_that_lost_leaves_no_file_behind(curator: User, settings: Any, tmp_path: Any):
    settings.MEDIA_ROOT = tmp_path
    material = published(curator, edition=Edition(file=pdf()))
    with pytest.raises(VersionTaken):
        materials.add_version(material=material, number=1, edition=Edition(file=pdf()), by=curator, at=NOON)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_publish_at_once_one_wins(curator: User):
    material = published(curator)
    together, outcomes = threading.Barrier(2), []

    def publish() -> None:
        try:
            together.wait(10)
            materials.add_version(material=material, number=2, edition=LINK, by=curator, at=NOON)
            outcomes.append("published")
        except VersionTaken:
            outcomes.append("taken")
        finally:
            connection.close()

    threads = [threading.Thread(target=publish) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["published", "taken"]
    assert sorted(material.versions.values_list("number", flat=True)) == [1, 2]


# The list


def test_the_list_is_filtered_by_words_life_situation_role_and_state(curator: User):
    situation = LifeSituationFactory()
    published(curator, "Опрос в центре занятости", roles=["expert"], life_situation=situation)
    published(curator, "Дорожная карта", roles=["hq_member"])
    gone = published(curator, "Старый порядок")
    materials.withdraw(material=gone, by=curator, at=NOON)
    client = signed_in(curator)

    def titles(**query: str) -> list[str]:
        response = client.get(reverse("material-list"), query)
        return [row.record.title for row in response.context["table"].rows]

    assert titles() == ["Дорожная карта", "Опрос в центре занятости", "Старый порядок"]
    assert titles(title="ЗАНЯТОСТИ опрос") == ["Опрос в центре занятости"]
    assert titles(life_situation=situation.code) == ["Опрос в центре занятости"]
    assert titles(role="hq_member") == ["Дорожная карта", "Старый порядок"]
    assert titles(withdrawn="yes") == ["Старый порядок"]
    assert titles(sort="-title")[0] == "Старый порядок"


def test_readers_are_not_told_of_roles_and_withdrawn_materials(curator: User):
    published(curator)
    page = signed_in(holder(Role.EXPERT)).get(reverse("material-list"), {"withdrawn": "yes", "role": "nsi_admin"})
    assert set(page.context["filter"].filters) == {"title", "life_situation"}
    assert "Снят с публикации" not in page.content.decode()


def test_the_list_as_a_workbook(curator: User, tmp_path: Any):
    published(curator, "=Опрос", roles=["expert"])
    response = signed_in(curator).get(reverse("material-list"), {"format": "xlsx"})
    path = tmp_path / "list.xlsx"
    path.write_bytes(response.content)
    heading, row = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    assert heading[:4] == ["Материал", "Жизненная ситуация", "Для ролей", "Версия"]
    assert row[:4] == ["=Опрос", "ко всем", "Член РЭГ", 1]


def test_the_list_costs_as_many_queries_at_a_hundred_rows_as_at_one(curator: User):
    client, situation = signed_in(curator), LifeSituationFactory()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("material-list"))
        return len(captured)

    published(curator, "Первый", life_situation=situation)
    queries()
    one = queries()
    for number in range(99):
        published(curator, f"Материал {number}", life_situation=situation, roles=["expert"])
    assert queries() == one
