"""Who works on the portal: lists, a person's card, roles given and ended, access closed and opened."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from accounts import api_tokens, second_factor
from accounts import services as accounts
from accounts.models import ApiToken, User
from regions.explaining import explain
from regions.models import Membership, Region, RegionLifeSituation
from regions.permissions import Permission, may
from regions.roles import Role
from regions.services import people as services
from tests.factories import InstitutionFactory, LifeSituationFactory, MembershipFactory, RegionFactory, UserFactory
from tests.regions.letter_box import signed_in

pytestmark = pytest.mark.django_db

NOW = datetime.fromisoformat("2026-11-22T12:00:00+03:00")
TODAY, YESTERDAY = date(2026, 11, 22), date(2026, 11, 21)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def region() -> Region:
    return RegionFactory(code="RU-NIZ")


@pytest.fixture
def other() -> Region:
    return RegionFactory(code="RU-TYU")


@pytest.fixture
def admin(region: Region) -> User:
    return MembershipFactory(role=Role.NSI_ADMIN, region=region).user


@pytest.fixture
def agency() -> User:
    return MembershipFactory(role=Role.AGENCY_ADMIN).user


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def names_in(response: Any) -> list[str]:
    """Whose names the list shows, in its order."""
    return re.findall(r'<th scope="row"><a href="/people/\d+/">([^<]+)</a>', response.content.decode())


# Lists ----------------------------------------------------------------------------------------------------------------


def test_the_list_of_a_region_holds_its_people_and_those_of_its_institutions_only(
    admin: User, region: Region, other: Region
):
    institution = InstitutionFactory(region=region)
    MembershipFactory(role=Role.INSTITUTION_REP, institution=institution, user__full_name="Я Представитель")
    MembershipFactory(role=Role.EXPERT, region=region, user__full_name="Э Эксперт")
    MembershipFactory(role=Role.EXPERT, region=other, user__full_name="Ч Чужой")
    MembershipFactory(role=Role.AGENCY_ANALYST, user__full_name="Ф Федеральный")
    MembershipFactory(role=Role.EXPERT, region=region, user__full_name="Б Бывший", ends_on=YESTERDAY)
    client, url = signed_in(admin), reverse("region-people", args=[region.code])
    assert names_in(client.get(url)) == sorted([admin.full_name, "Я Представитель", "Э Эксперт"])
    for query, names in (
        ({"name": "эксперт"}, ["Э Эксперт"]),
        ({"role": Role.EXPERT}, ["Э Эксперт"]),
        ({"state": "ended"}, ["Б Бывший"]),
        ({"role": Role.EXPERT, "state": "all"}, ["Б Бывший", "Э Эксперт"]),
        ({"institution": institution.pk}, ["Я Представитель"]),
        ({"role": Role.EXPERT, "state": "all", "sort": "-full_name"}, ["Э Эксперт", "Б Бывший"]),
    ):
        assert names_in(client.get(url, query)) == names, query
    for nonsense in (
        {"institution": "x"},
        {"role": "x"},
        {"state": "x"},
        {"sort": "x"},
        {"page": "x"},
    ):
        assert client.get(url, nonsense).status_code == 200


def test_the_list_downloads_as_it_stands(admin: User, region: Region):
    MembershipFactory(role=Role.EXPERT, region=region, user__full_name="=Эксперт", granted_by=admin)
    response = signed_in(admin).get(
        reverse("region-people", args=[region.code]), {"format": "xlsx", "role": Role.EXPERT}
    )
    title, row = load_workbook(BytesIO(response.content)).active.iter_rows(values_only=True)
    assert title[:4] == ("Имя", "Адрес почты", "Должность", "Роль")
    assert row[0] == "=Эксперт"
    assert (row[3], row[4]) == ("Член РЭГ", region.name)
    assert row[6] == datetime(2026, 1, 1)
    assert row[8] == admin.full_name


def test_the_agency_sees_all_people_and_an_administrator_is_led_to_their_region(
    agency: User, admin: User, region: Region, other: Region
):
    MembershipFactory(role=Role.EXPERT, region=other, user__full_name="Ч Чужой")
    client, url = signed_in(agency), reverse("people-list")
    assert set(names_in(client.get(url))) == {agency.full_name, admin.full_name, "Ч Чужой"}
    assert names_in(client.get(url, {"region": other.code})) == ["Ч Чужой"]
    assert signed_in(admin).get(url).headers["Location"] == reverse("region-people", args=[region.code])
    MembershipFactory(role=Role.NSI_ADMIN, region=other, user=admin)
    assert "Ч Чужой" in names_in(signed_in(admin).get(url))
    assert agency.full_name not in names_in(signed_in(admin).get(url))


@pytest.mark.parametrize("name", ["region-people", "people-list"])
def test_lists_ask_the_database_as_often_for_many_rows_as_for_one(agency: User, region: Region, name: str):
    client = signed_in(agency)
    url = reverse(name, args=[region.code] if name == "region-people" else [])
    institution, situation = InstitutionFactory(region=region), LifeSituationFactory()

    def more(number: int) -> None:
        for _ in range(number):
            MembershipFactory(role=Role.HQ_MEMBER, region=region, life_situations=[situation], granted_by=agency)
            MembershipFactory(role=Role.INSTITUTION_REP, institution=institution, granted_by=agency)

    more(1)
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    more(20)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)


# The card -------------------------------------------------------------------------------------------------------------


def test_the_card_shows_roles_now_and_earlier_of_what_one_administers(admin: User, region: Region, other: Region):
    user = MembershipFactory(role=Role.EXPERT, region=region).user
    MembershipFactory(role=Role.HQ_CHAIR, region=region, user=user, ends_on=YESTERDAY, end_reason="ушёл на пенсию")
    MembershipFactory(role=Role.SERVICE_COMMISSIONER, region=other, user=user)
    page = text_of(signed_in(admin).get(reverse("person", args=[user.pk])))
    now, _, earlier = page.partition("Роли раньше")
    assert "Член РЭГ" in now and "Руководитель РШ" not in now
    assert "Руководитель РШ" in earlier and "ушёл на пенсию" in earlier
    assert "Региональный сервисный уполномоченный" not in page and other.name not in page
    assert "Есть роли и там, где Вы людей не ведёте" in page
    assert "Второй шаг при входе не настроен" in page


@pytest.mark.parametrize(
    "name",
    ["person", "person-history", "membership-create", "person-disable", "person-enable", "person-reset-second-factor"],
)
def test_people_of_another_region_are_not_there(admin: User, other: Region, name: str):
    stranger = MembershipFactory(role=Role.EXPERT, region=other).user
    client = signed_in(admin)
    ask = client.post if name.startswith(("person-disable", "person-enable", "person-reset")) else client.get
    for pk in (stranger.pk, MembershipFactory(role=Role.AGENCY_ADMIN).user.pk, 999_999):
        assert ask(reverse(name, args=[pk])).status_code == 404


def test_the_history_tells_who_gave_and_who_ended_which_role(admin: User, region: Region, other: Region):
    user = MembershipFactory(role=Role.EXPERT, region=region).user
    MembershipFactory(role=Role.HQ_CHAIR, region=other, user=user)
    client = signed_in(admin)
    client.post(
        reverse("membership-end", args=[user.memberships.get(role=Role.EXPERT).pk]),
        {"last_day": "2026-11-30", "reason": "перешёл"},
    )
    client.post(reverse("person-disable", args=[user.pk]))
    page = text_of(client.get(reverse("person-history", args=[user.pk])))
    assert "30.11.2026" in page and "перешёл" in page and admin.full_name in page
    assert "Руководитель РШ" not in page


def test_a_lost_second_factor_is_reset_by_an_administrator_and_the_person_is_told(
    admin: User, region: Region, django_capture_on_commit_callbacks: Any
):
    user = MembershipFactory(role=Role.NSI_ADMIN, region=region).user
    theirs, client = signed_in(user), signed_in(admin)
    assert theirs.get("/").status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("person-reset-second-factor", args=[user.pk]))
    assert not second_factor.exists_for(user)
    assert theirs.get("/").headers["Location"].startswith(reverse("second-factor"))
    assert [letter.to for letter in mail.outbox] == [[user.email]]
    # It stands in the history, though no field has changed.
    page = text_of(client.get(reverse("person-history", args=[user.pk])))
    assert f"пользователь: {user} — сброшен второй шаг 22.11.2026 12:00 , {admin.full_name} " in page
    record = user.history.first()
    assert (record.history_user, record.history_date, record.is_active) == (admin, NOW, True)
    # Their own nobody resets here: that is done on the page of sign-in and safety.
    assert client.post(reverse("person-reset-second-factor", args=[admin.pk])).status_code == 403


# Roles ----------------------------------------------------------------------------------------------------------------


def test_a_known_person_gets_another_role(admin: User, region: Region):
    user = MembershipFactory(role=Role.EXPERT, region=region).user
    situation, client = LifeSituationFactory(), signed_in(admin)
    RegionLifeSituation.objects.create(region=region, life_situation=situation, since=date(2026, 1, 1))
    url = reverse("membership-create", args=[user.pk])
    sent = {"role": Role.HQ_MEMBER, "life_situations": [situation.code], "starts_on": "2026-12-01"}
    assert client.post(url, sent).headers["Location"] == reverse("person", args=[user.pk])
    membership = user.memberships.get(role=Role.HQ_MEMBER)
    assert (membership.region, membership.granted_by) == (region, admin)
    assert (membership.starts_on, list(membership.life_situations.all())) == (date(2026, 12, 1), [situation])
    assert not membership.is_in_force(TODAY)


@pytest.mark.parametrize("nonsense", ["9" * 30, "x", "\0", "-1"])
def test_a_life_situation_nobody_has_is_refused_at_its_field(admin: User, region: Region, nonsense: str):
    user = MembershipFactory(role=Role.EXPERT, region=region).user
    response = signed_in(admin).post(
        reverse("membership-create", args=[user.pk]),
        {"role": Role.HQ_MEMBER, "life_situations": [nonsense], "starts_on": "2026-12-01"},
    )
    assert response.status_code == 422
    assert response.context["form"].errors["life_situations"]


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"role": Role.EXPERT}, "role", "Эта роль у человека уже есть: с 01.01.2026"),
        ({"role": Role.HQ_CHAIR}, "role", "hq_chair"),
        ({"role": Role.AGENCY_ADMIN}, "role", "agency_admin"),
        ({"role": ""}, "role", "Обязательное поле"),
        ({"starts_on": "2026-11-21"}, "starts_on", "задним числом"),
        ({"starts_on": "2126-11-22"}, "starts_on", "слишком далеко"),
        ({"starts_on": "завтра"}, "starts_on", "правильную дату"),
    ],
)
def test_a_role_that_cannot_be_given_is_refused_at_its_field(
    admin: User, region: Region, changed: dict[str, str], field: str, says: str
):
    user = MembershipFactory(role=Role.EXPERT, region=region).user
    sent = {"role": Role.SERVICE_COMMISSIONER, "starts_on": "2026-11-22"} | changed
    response = signed_in(admin).post(reverse("membership-create", args=[user.pk]), sent)
    assert response.status_code == 422
    assert says in " ".join(response.context["form"].errors[field])
    assert user.memberships.count() == 1


def test_the_agency_first_says_where(agency: User, region: Region, other: Region):
    user, client = MembershipFactory(role=Role.EXPERT, region=region).user, signed_in(agency)
    url = reverse("membership-create", args=[user.pk])
    assert "Тюменская" in text_of(client.get(url))
    assert client.post(url, {"role": Role.HQ_CHAIR, "starts_on": "2026-11-22"}).status_code == 200
    assert client.get(url, {"scope": "nowhere"}).status_code == 200
    assert user.memberships.count() == 1
    client.post(f"{url}?scope={other.code}", {"role": Role.HQ_CHAIR, "starts_on": "2026-11-22"})
    client.post(f"{url}?scope=federal", {"role": Role.AGENCY_ANALYST, "starts_on": "2026-11-22"})
    assert user.memberships.get(role=Role.HQ_CHAIR).region == other
    assert user.memberships.get(role=Role.AGENCY_ANALYST).scope_title == "Российская Федерация"


def test_nobody_gives_roles_to_themselves(admin: User, agency: User, region: Region):
    for by in (admin, agency):
        assert signed_in(by).get(reverse("membership-create", args=[by.pk])).status_code == 403
        with pytest.raises(PermissionDenied):
            services.grant(user=by, role=Role.EXPERT, region=region, starts_on=TODAY, by=by)


def test_an_administrator_gives_no_role_in_another_region(admin: User, region: Region, other: Region):
    user = MembershipFactory(role=Role.EXPERT, region=region).user
    institution = InstitutionFactory(region=other)
    for scope in ({"role": Role.EXPERT, "region": other}, {"role": Role.INSTITUTION_REP, "institution": institution}):
        with pytest.raises(PermissionDenied):
            services.grant(user=user, starts_on=TODAY, by=admin, **scope)
    # What the address names is not one of the places, so the only one there is is meant.
    url = f"{reverse('membership-create', args=[user.pk])}?scope={other.code}"
    signed_in(admin).post(url, {"role": Role.SERVICE_COMMISSIONER, "starts_on": "2026-11-22"})
    assert user.memberships.get(role=Role.SERVICE_COMMISSIONER).region == region


def test_a_person_whose_access_is_closed_gets_no_role(admin: User, region: Region):
    user = MembershipFactory(role=Role.EXPERT, region=region, user__is_active=False).user
    with pytest.raises(services.PersonDisabled):
        services.grant(user=user, role=Role.SERVICE_COMMISSIONER, region=region, starts_on=TODAY, by=admin)


def test_a_role_ends_with_its_last_day(admin: User, region: Region):
    membership = MembershipFactory(role=Role.EXPERT, region=region)
    client, url = signed_in(admin), reverse("membership-end", args=[membership.pk])
    for last_day, reason, field, says in (
        ("2025-12-31", "ушла", "last_day", "не может быть раньше"),
        ("", "ушла", "last_day", "Обязательное поле"),
        ("2026-02-30", "ушла", "last_day", "правильную дату"),
        ("2026-11-30", "", "reason", "Обязательное поле"),
    ):
        response = client.post(url, {"last_day": last_day, "reason": reason})
        assert response.status_code == 422
        assert says in " ".join(response.context["form"].errors[field])
    client.post(url, {"last_day": "2026-11-30", "reason": "ушла"})
    membership.refresh_from_db()
    assert (membership.ends_on, membership.end_reason) == (date(2026, 11, 30), "ушла")
    assert "и так заканчивается" in text_of(client.post(url, {"last_day": "2026-12-01", "reason": "ушла"}))
    assert client.post(url, {"last_day": "2026-11-21", "reason": "сразу"}).status_code == 302
    # The second click.
    assert client.post(url, {"last_day": "2026-11-21", "reason": "ещё раз"}).status_code == 302
    membership.refresh_from_db()
    assert (membership.ends_on, membership.end_reason) == (YESTERDAY, "сразу")


@pytest.mark.parametrize("role", [Role.EXPERT, Role.NSI_ADMIN])
@pytest.mark.parametrize("last_day", [date(2025, 11, 21), date(2027, 11, 23), date(9999, 12, 31)])
def test_a_last_day_is_at_most_a_year_away(admin: User, region: Region, role: Role, last_day: date):
    membership = MembershipFactory(role=role, region=region, starts_on=date(2025, 1, 1))
    response = signed_in(admin).post(
        reverse("membership-end", args=[membership.pk]), {"last_day": last_day.isoformat(), "reason": "ушла"}
    )
    assert response.status_code == 422
    assert "Можно от 22.11.2025 до 22.11.2027" in " ".join(response.context["form"].errors["last_day"])
    with pytest.raises(services.WrongLastDay, match="Можно от"):
        services.end(membership=membership, last_day=last_day, reason="ушла", by=admin, at=NOW)
    membership.refresh_from_db()
    assert membership.ends_on is None


@pytest.mark.parametrize("role", [Role.HQ_CHAIR, Role.REGION_HEAD])
def test_who_may_not_give_a_role_may_not_end_it(admin: User, region: Region, role: Role):
    membership = MembershipFactory(role=role, region=region)
    url = reverse("membership-end", args=[membership.pk])
    assert signed_in(admin).get(url).status_code == 403
    assert signed_in(admin).post(url, {"last_day": "2026-11-22", "reason": "-"}).status_code == 403
    assert url not in signed_in(admin).get(reverse("person", args=[membership.user.pk])).content.decode()


# The last administrator -----------------------------------------------------------------------------------------------


def others_of(kind: str, region: Region, role: Role) -> None:
    """Who else is there."""
    scope = {"region": region} if role == Role.NSI_ADMIN else {}
    match kind:
        case "nobody":
            pass
        case "disabled":
            MembershipFactory(role=role, user__is_active=False, **scope)
        case "ended":
            MembershipFactory(role=role, ends_on=YESTERDAY, **scope)
        case "for a while":
            MembershipFactory(role=role, ends_on=TODAY + timedelta(days=30), **scope)
        case "not yet":
            MembershipFactory(role=role, starts_on=TODAY + timedelta(days=9), **scope)
        case "of another region" if role == Role.NSI_ADMIN:
            MembershipFactory(role=role, region=RegionFactory(code="RU-TYU"))
        case "in another role":
            MembershipFactory(role=Role.EXPERT, region=region)
        case "one more":
            MembershipFactory(role=role, **scope)


@pytest.mark.parametrize(
    ("kind", "may"),
    [
        ("nobody", False),
        ("disabled", False),
        ("ended", False),
        ("for a while", False),
        ("not yet", False),
        ("of another region", False),
        ("in another role", False),
        ("one more", True),
    ],
)
@pytest.mark.parametrize("role", [Role.NSI_ADMIN, Role.AGENCY_ADMIN])
@pytest.mark.parametrize("how", ["end", "disable"])
def test_the_last_administrator_stays(region: Region, kind: str, may: bool, role: Role, how: str):
    scope = {"region": region} if role == Role.NSI_ADMIN else {}
    last = MembershipFactory(role=role, **scope)
    others_of(kind, region, role)
    # Of the Agency only somebody of the Agency may; with one more there is one more.
    by = MembershipFactory(role=Role.AGENCY_ADMIN).user
    if role == Role.AGENCY_ADMIN and not may:
        by.memberships.update(ends_on=TODAY + timedelta(days=1))

    def take_away() -> None:
        if how == "end":
            services.end(membership=last, last_day=TODAY, reason="ушла", by=by, at=NOW)
        else:
            services.disable(user=last.user, by=by, at=NOW)

    if may:
        take_away()
    else:
        with pytest.raises(services.LastAdministrator, match="останется без администратора"):
            take_away()
    last.refresh_from_db()
    last.user.refresh_from_db()
    assert (last.ends_on is None and last.user.is_active) is not may


@pytest.mark.parametrize(
    ("others", "may"),
    [
        ([], False),
        # The one of today leaves on the eve.
        ([(None, 4)], False),
        ([(9, None)], False),
        ([(5, None)], True),
        ([(None, None)], True),
    ],
)
def test_the_last_administrator_to_come_stays_too(
    agency: User, region: Region, others: list[tuple[int | None, int | None]], may: bool
):
    def day(number: int) -> date:
        return TODAY + timedelta(days=number)

    coming = MembershipFactory(role=Role.NSI_ADMIN, region=region, starts_on=day(5))
    for starts, ends in others:
        days = {"starts_on": day(starts)} if starts else {}
        MembershipFactory(role=Role.NSI_ADMIN, region=region, ends_on=day(ends) if ends else None, **days)
    if may:
        services.disable(user=coming.user, by=agency, at=NOW)
    else:
        with pytest.raises(services.LastAdministrator):
            services.disable(user=coming.user, by=agency, at=NOW)


def test_the_pages_say_that_the_last_administrator_stays(agency: User, admin: User, region: Region):
    client, membership = signed_in(agency), admin.memberships.get()
    response = client.post(
        reverse("membership-end", args=[membership.pk]), {"last_day": "2026-11-22", "reason": "ушла"}
    )
    assert response.status_code == 422
    assert "Нижегородская область останется без администратора" in text_of(response)
    response = client.post(reverse("person-disable", args=[admin.pk]), follow=True)
    assert "Нижегородская область останется без администратора" in text_of(response)
    # Nor does one walk out oneself.
    response = signed_in(admin).post(
        reverse("membership-end", args=[membership.pk]), {"last_day": "2026-11-22", "reason": "ушла"}
    )
    assert response.status_code == 422


def test_who_became_the_last_administrator_in_this_very_moment_stays(admin: User, agency: User, region: Region):
    """The roles were read, then another handed theirs over, then the person is locked."""
    coming = MembershipFactory(role=Role.EXPERT, region=region).user
    looks = []

    def hand_over() -> None:
        MembershipFactory(role=Role.NSI_ADMIN, region=region, user=coming)
        admin.memberships.update(ends_on=YESTERDAY)

    def hand_over_between_looks(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        is_look = "regions_membership" in sql and '"starts_on" DESC' in sql
        looks.extend([sql] * is_look)
        if is_look and len(looks) == 3:
            # What stands in for the other's transaction was rolled back with this one.
            hand_over()
        result = execute(sql, params, many, context)
        if is_look and len(looks) == 1:
            hand_over()
        return result

    with connection.execute_wrapper(hand_over_between_looks), pytest.raises(services.LastAdministrator):
        services.disable(user=coming, by=agency, at=NOW)
    coming.refresh_from_db()
    assert coming.is_active


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", [Role.NSI_ADMIN, Role.AGENCY_ADMIN])
def test_of_two_last_administrators_taken_away_in_one_moment_one_stays(region: Region, role: Role):
    scope = {"region": region} if role == Role.NSI_ADMIN else {}
    by = MembershipFactory(role=Role.AGENCY_ADMIN, ends_on=TODAY + timedelta(days=1)).user
    memberships = [MembershipFactory(role=role, **scope) for _ in range(2)]
    barrier, outcomes = threading.Barrier(2), []

    def take_away(number: int) -> None:
        try:
            barrier.wait()
            if number:
                services.end(membership=memberships[number], last_day=TODAY, reason="ушла", by=by, at=NOW)
            else:
                services.disable(user=memberships[number].user, by=by, at=NOW)
            outcomes.append("gone")
        except services.LastAdministrator:
            outcomes.append("stays")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take_away, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["gone", "stays"]
    left = Membership.objects.filter(role=role, ends_on=None, user__is_active=True, **scope)
    assert left.count() == 1


# Days -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "at", "begun", "ended"),
    [
        ("RU-NIZ", "2026-11-22T23:59:59", False, False),
        ("RU-NIZ", "2026-11-23T00:00:00", True, True),
        # An hour behind Moscow, and nine hours ahead of it.
        ("RU-KGD", "2026-11-23T00:59:59", False, False),
        ("RU-KGD", "2026-11-23T01:00:00", True, True),
        ("RU-KAM", "2026-11-22T14:59:59", False, False),
        ("RU-KAM", "2026-11-22T15:00:00", True, True),
        (None, "2026-11-22T23:59:59", False, False),
        (None, "2026-11-23T00:00:00", True, True),
    ],
)
@pytest.mark.parametrize("of_institution", [False, True])
def test_a_role_begins_and_ends_at_midnight_in_its_region(
    clock: time_machine.Traveller, code: str | None, at: str, begun: bool, ended: bool, of_institution: bool
):
    target = InstitutionFactory(region=RegionFactory(code=code or "RU-KAM"))
    scope: dict[str, Any] = {"role": Role.AGENCY_ANALYST}
    if code:
        scope = {"role": Role.EXPERT, "region": target.region}
        if of_institution:
            scope = {"role": Role.INSTITUTION_REP, "institution": target}
    ending = MembershipFactory(ends_on=TODAY, **scope)
    coming = MembershipFactory(starts_on=TODAY + timedelta(days=1), **scope)
    clock.move_to(datetime.fromisoformat(f"{at}+03:00"))
    for membership, holds in ((ending, not ended), (coming, begun)):
        user = User.objects.get(pk=membership.user_id)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert may(user, Permission.INSTITUTION_VIEW, target) is holds
        assert len(asked) == 1
        assert membership.is_in_force_at(datetime.now(UTC)) is holds
        explained = {one.permission: one for one in explain(user, target, [membership])}
        assert explained[Permission.INSTITUTION_VIEW].is_granted is holds


# Access ---------------------------------------------------------------------------------------------------------------


def test_closing_access_ends_the_sessions_at_once_and_opening_lets_in_again(admin: User, region: Region):
    user = MembershipFactory(role=Role.EXPERT, region=region, user=UserFactory(password="пароль для входа 5")).user
    client, theirs = signed_in(admin), Client()
    theirs.post(reverse("account_login"), {"login": user.email, "password": "пароль для входа 5"})
    assert theirs.get(reverse("cabinet")).status_code == 200
    for _ in range(2):  # the second click
        client.post(reverse("person-disable", args=[user.pk]))
        assert theirs.get(reverse("cabinet")).status_code == 302
    assert "Вход закрыт" in text_of(client.get(reverse("person", args=[user.pk])))
    for _ in range(2):
        client.post(reverse("person-enable", args=[user.pk]))
    user.refresh_from_db()
    assert user.is_active
    assert [one.is_active for one in user.history.all()][:2] == [True, False]
    assert user.history.first().history_user == admin
    assert user.memberships.get().ends_on is None


def key_of(user: User) -> ApiToken:
    return api_tokens.issue(user=user, name="Выгрузка в таблицу", days=30, may_change=False, at=NOW)[0]


def keys_in_force(user: User) -> int:
    return ApiToken.objects.in_force(NOW).filter(user=user).count()


def test_closing_access_and_resetting_the_second_factor_end_the_keys_for_good(admin: User, region: Region):
    user = MembershipFactory(role=Role.EXPERT, region=region).user
    key_of(user)
    services.disable(user=user, by=admin, at=NOW)
    services.enable(user=user, by=admin, at=NOW)
    assert keys_in_force(user) == 0
    key_of(user)
    services.reset_second_factor(user=user, by=admin, at=NOW)
    assert keys_in_force(user) == 0


def test_an_administrator_sees_and_takes_back_the_keys_of_a_person(admin: User, region: Region):
    user = MembershipFactory(role=Role.EXPERT, region=region).user
    token, other, foreign = key_of(user), key_of(user), key_of(UserFactory())
    client = signed_in(admin)
    card = text_of(client.get(reverse("person", args=[user.pk])))
    assert card.count("Выгрузка в таблицу") == 2 and "не использован" in card
    assert client.post(reverse("person-api-token-revoke", args=[user.pk, foreign.pk])).status_code == 404
    for _ in range(2):  # the second click
        client.post(reverse("person-api-token-revoke", args=[user.pk, token.pk]))
    assert list(ApiToken.objects.in_force(NOW).filter(user=user)) == [other]
    assert text_of(client.get(reverse("person-history", args=[user.pk]))).count("отозван ключ для программ") == 1


def test_who_may_not_close_access_sees_and_ends_no_keys(admin: User, region: Region):
    user = MembershipFactory(role=Role.HQ_CHAIR, region=region).user
    token = key_of(user)
    client = signed_in(admin)
    assert "Выгрузка в таблицу" not in text_of(client.get(reverse("person", args=[user.pk])))
    assert client.post(reverse("person-api-token-revoke", args=[user.pk, token.pk])).status_code == 403
    assert keys_in_force(user) == 1


def test_no_key_is_made_after_access_was_closed(admin: User, region: Region):
    user = MembershipFactory(role=Role.EXPERT, region=region).user
    services.disable(user=User.objects.get(pk=user.pk), by=admin, at=NOW)
    with pytest.raises(PermissionDenied):
        key_of(user)


@pytest.mark.parametrize(
    ("roles", "admin_may", "agency_may"),
    [
        ([(Role.EXPERT, "own", None)], True, True),
        ([(Role.INSTITUTION_REP, "own", None)], True, True),
        ([(Role.EXPERT, "own", None), (Role.EXPERT, "other", None)], False, True),
        ([(Role.EXPERT, "own", None), (Role.INSTITUTION_REP, "other", None)], False, True),
        ([(Role.EXPERT, "own", None), (Role.AGENCY_ANALYST, "", None)], False, True),
        ([(Role.EXPERT, "own", None), (Role.EXPERT, "other", YESTERDAY)], True, True),
        # Whoever has left belongs to where they have been.
        ([(Role.EXPERT, "own", YESTERDAY)], True, True),
        ([(Role.EXPERT, "own", YESTERDAY), (Role.EXPERT, "other", YESTERDAY)], False, True),
        ([(Role.EXPERT, "other", None)], False, True),
        ([], False, True),
        # Whom one may not appoint one does not shut out either (decision 19).
        ([(Role.REGION_HEAD, "own", None)], False, True),
        ([(Role.HQ_CHAIR, "own", None)], False, True),
        ([(Role.EXPERT, "own", None), (Role.HQ_CHAIR, "own", None)], False, True),
        ([(Role.HQ_CHAIR, "own", TODAY)], False, True),
        ([(Role.EXPERT, "own", None), (Role.HQ_CHAIR, "own", YESTERDAY)], True, True),
        ([(Role.NSI_ADMIN, "own", None)], True, True),
    ],
)
def test_who_may_close_access_to_whom(
    admin: User,
    agency: User,
    region: Region,
    other: Region,
    roles: list[tuple[Role, str, date | None]],
    admin_may: bool,
    agency_may: bool,
):
    user = UserFactory()
    for role, where, ends_on in roles:
        place = {"own": region, "other": other}.get(where)
        is_representative = role == Role.INSTITUTION_REP
        scope = {"institution": InstitutionFactory(region=place)} if is_representative else {"region": place}
        MembershipFactory(user=user, role=role, ends_on=ends_on, **scope)
    assert services.may_close_access(admin, user) is admin_may
    assert services.may_close_access(agency, user) is agency_may
    if not admin_may:
        for action in (services.disable, services.enable):
            with pytest.raises(PermissionDenied):
                action(user=user, by=admin, at=NOW)
        with pytest.raises(PermissionDenied):
            services.reset_second_factor(user=user, by=admin, at=NOW)


def test_a_role_that_is_to_begin_counts_too(admin: User, region: Region):
    user = MembershipFactory(role=Role.EXPERT, region=region).user
    MembershipFactory(user=user, role=Role.HQ_CHAIR, region=region, starts_on=TODAY + timedelta(days=5))
    assert not services.may_close_access(admin, user)


@pytest.mark.parametrize(("closed_by", "admin_opens"), [("admin", True), ("agency", False), ("nobody", True)])
def test_what_the_agency_closed_only_the_agency_opens(
    admin: User, agency: User, region: Region, closed_by: str, admin_opens: bool
):
    user = MembershipFactory(role=Role.EXPERT, region=region).user
    if closed_by == "nobody":
        accounts.disable(user, by=None, at=NOW)
    else:
        services.disable(user=user, by={"admin": admin, "agency": agency}[closed_by], at=NOW)
    user.refresh_from_db()
    # A change of the card afterwards is not who closed it.
    user.position = "директор"
    user._history_user = admin  # type: ignore[attr-defined]
    user.save(update_fields=["position"])
    # Nor does it matter that who closed it has left the Agency since.
    agency.memberships.update(ends_on=TODAY)
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        assert services.may_open_access(admin, user) is admin_opens
        card = text_of(signed_in(admin).get(reverse("person", args=[user.pk])))
        assert ("Открыть вход" in card) is admin_opens
        assert ("может только администратор Агентства" in card) is not admin_opens
        answer = signed_in(admin).post(reverse("person-enable", args=[user.pk]))
        assert answer.status_code == (302 if admin_opens else 403)
        another = MembershipFactory(role=Role.AGENCY_ADMIN).user
        services.enable(user=user, by=another, at=NOW + timedelta(days=1))
    user.refresh_from_db()
    assert user.is_active


def test_nobody_closes_the_portal_to_themselves(admin: User, agency: User, region: Region):
    MembershipFactory(role=Role.NSI_ADMIN, region=region)
    MembershipFactory(role=Role.AGENCY_ADMIN)
    for user in (admin, agency):
        assert signed_in(user).post(reverse("person-disable", args=[user.pk])).status_code == 403


def test_a_button_of_another_page_does_nothing_without_its_token(admin: User, region: Region):
    user = MembershipFactory(role=Role.EXPERT, region=region).user
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(reverse("person-disable", args=[user.pk])).status_code == 403
    assert client.get(reverse("person-disable", args=[user.pk])).status_code == 405
    user.refresh_from_db()
    assert user.is_active
