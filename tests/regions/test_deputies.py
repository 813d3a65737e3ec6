"""Somebody stands in for the holder of a role for a period; both act, and it ends by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from accounts.models import User
from regions.models import Membership, Region, RegionLifeSituation
from regions.permissions import Permission, may
from regions.roles import Role
from regions.services import handover as services
from regions.services import people
from tests.factories import LifeSituationFactory, MembershipFactory, RegionFactory, UserFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=ZoneInfo("Europe/Moscow"))
TODAY = NOW.date()
DAY = timedelta(days=1)


@dataclass
class Office:
    region: Region
    admin: User
    holder: Membership
    other: User
    place: RegionLifeSituation

    def appoint(self, **changes: object) -> Membership:
        return services.appoint_deputy(
            **{  # type: ignore[arg-type]
                "membership": self.holder,
                "to": self.other,
                "starts_on": TODAY,
                "ends_on": TODAY + 13 * DAY,
                "by": self.admin,
                "at": NOW,
                **changes,
            }
        )


@pytest.fixture
def office() -> Iterator[Office]:
    with time_machine.travel(NOW, tick=False):
        region, situation = RegionFactory(), LifeSituationFactory()
        place = RegionLifeSituation.objects.create(region=region, life_situation=situation, since=date(2026, 1, 1))
        holder = MembershipFactory(
            role=Role.HQ_MEMBER, region=region, life_situations=[situation], user__full_name="Захаров Илья Олегович"
        )
        other = MembershipFactory(role=Role.EXPERT, region=region, user__full_name="Крылов Денис Евгеньевич").user
        admin = MembershipFactory(role=Role.NSI_ADMIN, region=region).user
        yield Office(region, admin, holder, other, place)


def may_publish(user: User, office: Office, day: date) -> bool:
    with time_machine.travel(datetime.combine(day, NOW.timetz())):
        return may(user, Permission.QUARTER_PUBLISH, office.place)


def test_both_act_and_it_ends_by_itself(office: Office):
    deputy = office.appoint(starts_on=TODAY + DAY, ends_on=TODAY + 5 * DAY)
    assert (deputy.role, deputy.region, deputy.deputises_for) == (Role.HQ_MEMBER, office.region, office.holder)
    assert list(deputy.life_situations.all()) == [office.place.life_situation]
    days = {number: may_publish(office.other, office, TODAY + number * DAY) for number in (0, 1, 5, 6)}
    assert days == {0: False, 1: True, 5: True, 6: False}
    assert all(may_publish(office.holder.user, office, TODAY + number * DAY) for number in (0, 1, 5, 6))


@pytest.mark.parametrize(
    ("starts", "ends", "allowed"),
    [
        (-1, 5, False),
        (0, 0, True),
        (0, 365, True),
        (0, 366, False),
        (5, 4, False),
        (365, 365 + 365, True),
    ],
)
def test_a_deputyship_begins_today_or_later_and_lasts_a_year_at_most(
    office: Office, starts: int, ends: int, allowed: bool
):
    period = {"starts_on": TODAY + timedelta(starts), "ends_on": TODAY + timedelta(ends)}
    if allowed:
        assert office.appoint(**period).deputises_for == office.holder
    else:
        with pytest.raises(services.WrongDays):
            office.appoint(**period)


def test_nobody_stands_in_longer_than_the_role_lasts(office: Office):
    office.holder.ends_on = TODAY + 10 * DAY
    office.holder.save()
    with pytest.raises(services.WrongDays):
        office.appoint(ends_on=TODAY + 11 * DAY)
    assert office.appoint(ends_on=TODAY + 10 * DAY)


def test_a_deputy_appoints_no_deputy_and_hands_nothing_over(office: Office):
    deputy = office.appoint()
    with pytest.raises(services.IsDeputy):
        office.appoint(membership=deputy, to=UserFactory())
    with pytest.raises(services.IsDeputy):
        services.hand_over(membership=deputy, to=UserFactory(), on=TODAY + DAY, reason="—", by=office.admin, at=NOW)


def test_handing_over_ends_deputyships(office: Office):
    running = office.appoint(starts_on=TODAY, ends_on=TODAY + 20 * DAY)
    later = office.appoint(to=UserFactory(), starts_on=TODAY + 15 * DAY, ends_on=TODAY + 30 * DAY)
    over = office.appoint(to=UserFactory(), starts_on=TODAY, ends_on=TODAY + 3 * DAY)
    record = services.hand_over(
        membership=office.holder, to=UserFactory(), on=TODAY + 10 * DAY, reason="приказ", by=office.admin, at=NOW
    )
    running.refresh_from_db()
    over.refresh_from_db()
    assert (running.ends_on, over.ends_on) == (TODAY + 9 * DAY, TODAY + 3 * DAY)
    assert running.end_reason == "Дела переданы: приказ"
    # One that had not begun never counted; the history keeps it.
    assert not Membership.objects.filter(pk=later.pk).exists()
    assert Membership.history.filter(id=later.pk, history_type="-").exists()
    ended = record.work[-1]
    assert ended["title"] == "Прекращены замещения" and len(ended["items"]) == 2


def test_ending_a_role_ends_deputyships_too(office: Office):
    running = office.appoint()
    people.end(membership=office.holder, last_day=TODAY + 2 * DAY, reason="уволился", by=office.admin, at=NOW)
    running.refresh_from_db()
    assert (running.ends_on, running.end_reason) == (TODAY + 2 * DAY, "уволился")


def test_a_deputy_may_become_the_successor(office: Office):
    office.appoint()
    record = services.hand_over(
        membership=office.holder, to=office.other, on=TODAY + DAY, reason="приказ", by=office.admin, at=NOW
    )
    assert record.successor.deputises_for is None
    assert (record.successor.starts_on, record.successor.ends_on) == (TODAY + DAY, None)


# Who may


def test_the_holder_appoints_nobody_unless_an_administrator(office: Office):
    with pytest.raises(PermissionDenied):
        office.appoint(by=office.holder.user)
    own = office.admin.memberships.get()
    assert office.appoint(membership=own).role == Role.NSI_ADMIN


def test_nobody_lends_a_role_they_may_not_give_nor_to_themselves(office: Office):
    chair = MembershipFactory(role=Role.HQ_CHAIR, region=office.region)
    with pytest.raises(PermissionDenied):
        office.appoint(membership=chair)
    with pytest.raises(PermissionDenied):
        office.appoint(to=office.admin)
    stranger = MembershipFactory(role=Role.NSI_ADMIN, region=RegionFactory(code="RU-TYU")).user
    with pytest.raises(PermissionDenied):
        office.appoint(by=stranger)


def test_nobody_stands_in_for_themselves_nor_without_access_nor_in_a_role_they_have(office: Office):
    same = MembershipFactory(
        role=Role.HQ_MEMBER, region=office.region, life_situations=[office.place.life_situation]
    ).user
    for person in (office.holder.user, UserFactory(is_active=False), same):
        with pytest.raises(services.CannotTake):
            office.appoint(to=person)


def test_a_member_who_answers_for_something_else_may_stand_in(office: Office):
    elsewhere = LifeSituationFactory(code="social-home-care")
    member = MembershipFactory(role=Role.HQ_MEMBER, region=office.region, life_situations=[elsewhere]).user
    office.appoint(to=member)
    assert may(member, Permission.QUARTER_PUBLISH, office.place)


def test_asked_for_twice_it_is_one_and_one_person_stands_in_once_a_day(office: Office):
    assert office.appoint() == office.appoint()
    with pytest.raises(services.AlreadyDeputises):
        office.appoint(starts_on=TODAY + 13 * DAY, ends_on=TODAY + 20 * DAY)
    assert office.appoint(starts_on=TODAY + 14 * DAY, ends_on=TODAY + 20 * DAY)
    assert office.appoint(to=UserFactory())


# The page


@pytest.fixture
def admin(client: Client, office: Office) -> Client:
    client.force_login(office.admin)
    return client


def post(client: Client, membership: Membership, **data: object):
    return client.post(
        reverse("deputy-create", args=[membership.pk]),
        {"person": "", "email": "", "starts_on": "2026-11-22", "ends_on": "2026-12-05", **data},
    )


def test_a_deputy_is_appointed_on_a_page(admin: Client, office: Office):
    assert "Крылов Денис Евгеньевич" in admin.get(reverse("deputy-create", args=[office.holder.pk])).content.decode()
    done = post(admin, office.holder, person=office.other.pk)
    assert done.headers["Location"] == reverse("person", args=[office.holder.user_id])
    assert office.holder.deputies.get().user == office.other
    again = post(admin, office.holder, person=office.other.pk, ends_on="2026-12-06")
    assert again.status_code == 422
    assert "уже замещает: с 22.11.2026 по 05.12.2026" in again.content.decode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"starts_on": "2026-11-21"}, "Можно от 22.11.2026"),
        ({"ends_on": "2026-11-21"}, "Можно от 22.11.2026 до 22.11.2027"),
        ({"ends_on": "2027-11-23"}, "Можно от 22.11.2026 до 22.11.2027"),
        ({"ends_on": ""}, "Обязательное поле"),
        ({"email": "nobody@example.ru", "person": ""}, "Сначала пригласите его"),
        ({"email": "nobody@example.ru"}, "Укажите что-то одно"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(admin: Client, office: Office, data: dict[str, str], words: str):
    response = post(admin, office.holder, **{"person": office.other.pk, **data})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not office.holder.deputies.exists()


def test_a_deputy_has_no_page_to_lend_or_pass_the_role(admin: Client, office: Office):
    deputy = office.appoint()
    for name in ("deputy-create", "handover-create"):
        assert admin.get(reverse(name, args=[deputy.pk])).headers["Location"] == reverse(
            "person", args=[office.other.pk]
        )
