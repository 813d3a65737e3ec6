"""A role passes to a successor with its open work, in one operation, with a record of what went over."""

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import User
from regions import open_work
from regions.models import (
    Handover,
    Indicator,
    IndicatorTarget,
    Invitation,
    LifeSituation,
    Membership,
    Region,
    RegionLifeSituation,
    ServiceCommissioner,
    TargetApproval,
)
from regions.permissions import Permission, may, require_grant
from regions.roles import Role
from regions.services import handover as services
from surveys.models import SurveyLink
from surveys.services.links import close_link, create_link
from tests.factories import (
    InstitutionFactory,
    LifeSituationFactory,
    MembershipFactory,
    RegionFactory,
    SurveyLinkFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=ZoneInfo("Europe/Moscow"))
TODAY = NOW.date()
SINCE = date(2026, 1, 1)
DAY = timedelta(days=1)
NSI = Role.NSI_ADMIN


@dataclass
class Office:
    """A region with its administrator, two members of the РШ and work of one of them."""

    region: Region
    admin: User
    leaver: Membership
    other: User
    situation: LifeSituation
    place: RegionLifeSituation

    def hand_over(self, membership: Membership | None = None, to: User | None = None, **changes: object) -> Handover:
        return services.hand_over(
            **{  # type: ignore[arg-type]
                "membership": membership or self.leaver,
                "to": to or self.other,
                "on": TODAY,
                "reason": "приказ № 12-к",
                "by": self.admin,
                "at": NOW,
                **changes,
            }
        )


@pytest.fixture
def office() -> Iterator[Office]:
    with time_machine.travel(NOW, tick=False):
        yield build_office()


def build_office() -> Office:
    region, situation = RegionFactory(), LifeSituationFactory()
    place = RegionLifeSituation.objects.create(region=region, life_situation=situation, since=SINCE)
    leaver = MembershipFactory(
        role=Role.HQ_MEMBER, region=region, life_situations=[situation], user__full_name="Захаров Илья Олегович"
    )
    other = MembershipFactory(role=Role.EXPERT, region=region, user__full_name="Крылов Денис Евгеньевич").user
    admin = MembershipFactory(role=Role.NSI_ADMIN, region=region).user
    return Office(region, admin, leaver, other, situation, place)


def target(place: RegionLifeSituation, by: User, year: int = 2027, code: str = "satisfaction") -> IndicatorTarget:
    indicator, _ = Indicator.objects.get_or_create(
        code=code, defaults={"title": code, "unit": "percent", "kind": "main"}
    )
    return IndicatorTarget.objects.create(
        place=place, indicator=indicator, year=year, current=Decimal(60), target=Decimal(70), entered_by=by
    )


def invitation(office: Office, by: User, **scope: object) -> Invitation:
    return Invitation.objects.create(
        email=f"new{Invitation.objects.count()}@example.ru",
        full_name="Новый Человек",
        **{"role": Role.EXPERT, "region": office.region, "invited_by": by, **scope},  # type: ignore[misc]
    )


# The role


def test_the_successor_gets_the_same_role_where_the_predecessor_had_it(office: Office):
    record = office.hand_over()
    gained = office.other.memberships.get(role=Role.HQ_MEMBER)
    assert (record.predecessor, record.successor) == (office.leaver, gained)
    assert (gained.region, gained.starts_on, gained.ends_on) == (office.region, TODAY, None)
    assert gained.granted_by == office.admin
    assert list(gained.life_situations.all()) == [office.situation]
    office.leaver.refresh_from_db()
    assert office.leaver.ends_on == TODAY - DAY
    assert office.leaver.end_reason == "Дела переданы: приказ № 12-к"
    # The rights move the same moment.
    assert may(office.other, Permission.QUARTER_PUBLISH, office.place)
    assert not may(office.leaver.user, Permission.QUARTER_PUBLISH, office.place)


def test_from_a_later_day_both_keep_what_they_have_until_then(office: Office):
    office.hand_over(on=TODAY + 9 * DAY)
    office.leaver.refresh_from_db()
    assert office.leaver.ends_on == TODAY + 8 * DAY
    assert may(office.leaver.user, Permission.QUARTER_PUBLISH, office.place)
    assert not may(office.other, Permission.QUARTER_PUBLISH, office.place)
    with time_machine.travel(NOW + 9 * DAY):
        assert may(office.other, Permission.QUARTER_PUBLISH, office.place)
        assert not may(office.leaver.user, Permission.QUARTER_PUBLISH, office.place)


def test_a_successor_with_the_role_keeps_it_and_gets_the_life_situations(office: Office):
    theirs = LifeSituationFactory(code="social-home-care")
    held = MembershipFactory(role=Role.HQ_MEMBER, region=office.region, life_situations=[theirs])
    record = office.hand_over(to=held.user)
    assert record.successor == held
    assert set(held.life_situations.all()) == {theirs, office.situation}
    assert held.user.memberships.count() == 1


def test_a_role_that_has_ended_keeps_its_last_day_and_its_work_passes(office: Office):
    office.leaver.ends_on = TODAY - 30 * DAY
    office.leaver.save()
    link = SurveyLinkFactory(institution__region=office.region, kept_by=office.leaver.user)
    office.hand_over()
    office.leaver.refresh_from_db()
    assert office.leaver.ends_on == TODAY - 30 * DAY
    assert office.other.memberships.filter(role=Role.HQ_MEMBER, starts_on=TODAY).exists()
    link.refresh_from_db()
    assert link.kept_by == office.leaver.user, "a member of the РШ manages no links: it was kept in another role"


def test_the_last_administrator_may_hand_over_themselves(office: Office):
    membership = office.admin.memberships.get()
    office.hand_over(membership)
    assert may(office.other, Permission.PEOPLE_MANAGE, office.region)
    assert not may(office.admin, Permission.PEOPLE_MANAGE, office.region)


@pytest.mark.parametrize(
    ("days", "allowed"),
    [(-400, False), (-31, False), (-30, True), (0, True), (365, True), (366, False)],
)
def test_a_role_passes_from_a_month_back_to_a_year_ahead(office: Office, days: int, allowed: bool):
    if allowed:
        assert office.hand_over(on=TODAY + timedelta(days)).on == TODAY + timedelta(days)
    else:
        with pytest.raises(services.WrongDays):
            office.hand_over(on=TODAY + timedelta(days))


@pytest.mark.parametrize(
    ("starts", "ends", "earliest"),
    [
        # Never from the predecessor's first day.
        (-10, None, -9),
        (-30, None, -29),
        (-300, None, -30),
        (5, None, 6),
        (-300, 20, -30),
        # One that has ended, from the day after at the latest.
        (-300, -1, -30),
        (-300, -100, -99),
        (-12, -10, -11),
    ],
)
def test_nobody_s_months_of_work_are_handed_over_backwards(
    office: Office, starts: int, ends: int | None, earliest: int
):
    office.leaver.starts_on = TODAY + timedelta(starts)
    office.leaver.ends_on = None if ends is None else TODAY + timedelta(ends)
    office.leaver.save()
    with pytest.raises(services.WrongDays):
        office.hand_over(on=TODAY + timedelta(earliest - 1))
    assert office.hand_over(on=TODAY + timedelta(earliest)).on == TODAY + timedelta(earliest)


# The work


def test_what_is_open_passes_and_the_record_names_it(office: Office):
    admin = office.admin.memberships.get()
    draft = target(office.place, office.admin)
    waiting = invitation(office, office.admin)
    institution = InstitutionFactory(region=office.region, name="Центр занятости")
    link = SurveyLinkFactory(institution=institution, kept_by=office.admin, label="У входа")
    before = open_work.found(admin)
    assert sorted(before, key=lambda kind: kind["title"]) == [
        {"title": "Значения показателей, ещё не утверждённые", "items": [f"{office.situation.short_title}: {draft}"]},
        {
            "title": "Приглашения, на которые ещё не ответили",
            "items": [f"Новый Человек: Член РЭГ ({office.region.name})"],
        },
        {
            "title": "Ссылки на анкету",
            "items": [f"Центр занятости: Плакат в учреждении, У входа ({office.situation.short_title})"],
        },
    ]
    record = office.hand_over(admin)
    assert record.work == before
    for one in (draft, waiting, link):
        one.refresh_from_db()
    assert (draft.entered_by, waiting.invited_by, link.kept_by) == (office.other,) * 3
    assert open_work.found(admin) == []
    assert open_work.found(record.successor) == before


@pytest.mark.parametrize(("days", "lives_by"), [(0, "successor"), (9, "who handed over")])
def test_a_link_from_a_letter_lives_by_somebody_who_may_invite_today(office: Office, days: int, lives_by: str):
    leaver = MembershipFactory(role=Role.NSI_ADMIN, region=office.region)
    waiting = invitation(office, leaver.user)
    office.hand_over(leaver, on=TODAY + timedelta(days))
    waiting.refresh_from_db()
    assert waiting.invited_by == (office.other if lives_by == "successor" else office.admin)
    require_grant(waiting.invited_by, waiting.role, region=office.region, to=None)


def test_a_successor_who_has_the_role_already_answers_for_the_invitations_at_once(office: Office):
    leaver, held = (MembershipFactory(role=Role.NSI_ADMIN, region=office.region) for _ in range(2))
    waiting = invitation(office, leaver.user)
    office.hand_over(leaver, to=held.user, on=TODAY + 9 * DAY)
    waiting.refresh_from_db()
    assert waiting.invited_by == held.user


def test_what_is_done_or_belongs_elsewhere_stays(office: Office):
    admin = office.admin.memberships.get()
    approved = target(office.place, office.admin, year=2026)
    TargetApproval.objects.create(place=office.place, year=2026, approved_at=NOW)
    elsewhere = RegionLifeSituation.objects.create(
        region=RegionFactory(code="RU-TYU"), life_situation=office.situation, since=SINCE
    )
    of_others = [target(elsewhere, office.admin), target(office.place, office.other, code="nps")]
    answered = invitation(office, office.admin, accepted_at=NOW)
    revoked = invitation(office, office.admin, revoked_at=NOW)
    closed = [
        SurveyLinkFactory(institution__region=office.region, kept_by=office.admin, closed_at=NOW),
        SurveyLinkFactory(institution__region=office.region, kept_by=office.admin, closes_on=TODAY - DAY),
        SurveyLinkFactory(institution__region=elsewhere.region, kept_by=office.admin),
    ]
    assert office.hand_over(admin).work == []
    for row, field, person in [
        (approved, "entered_by", office.admin),
        (of_others[0], "entered_by", office.admin),
        (of_others[1], "entered_by", office.other),
        (answered, "invited_by", office.admin),
        (revoked, "invited_by", office.admin),
        *((link, "kept_by", office.admin) for link in closed),
    ]:
        row.refresh_from_db()
        assert getattr(row, field) == person


def test_a_member_of_the_headquarters_passes_only_what_concerns_their_life_situations(office: Office):
    other = RegionLifeSituation.objects.create(
        region=office.region, life_situation=LifeSituationFactory(code="social-home-care"), since=SINCE
    )
    own, foreign = target(office.place, office.leaver.user), target(other, office.leaver.user)
    office.hand_over()
    own.refresh_from_db()
    foreign.refresh_from_db()
    assert (own.entered_by, foreign.entered_by) == (office.other, office.leaver.user)


def test_a_representative_passes_the_links_of_the_institution_only(office: Office):
    one, another = InstitutionFactory(region=office.region), InstitutionFactory(region=office.region)
    leaver = MembershipFactory(role=Role.INSTITUTION_REP, institution=one)
    links = [SurveyLinkFactory(institution=place, kept_by=leaver.user) for place in (one, another)]
    record = office.hand_over(leaver)
    assert record.successor.institution == one
    assert [SurveyLink.objects.get(pk=link.pk).kept_by for link in links] == [office.other, leaver.user]


def test_whoever_makes_a_link_looks_after_it(office: Office, client: Client):
    institution = SurveyLinkFactory(institution__region=office.region).institution
    link = create_link(
        institution=institution,
        life_situation=office.situation,
        channel=SurveyLink.Channel.SMS,
        opens_on=TODAY,
        by=office.admin,
    )
    assert link.kept_by == office.admin
    client.force_login(office.admin)
    assert "Отвечает" in client.get(reverse("link", args=[link.pk])).content.decode()
    close_link(link=link, by=office.admin, at=NOW)
    assert open_work.found(office.admin.memberships.get()) == []


def test_a_change_of_hands_stands_in_the_history_of_what_passed(office: Office):
    draft = target(office.place, office.leaver.user)
    office.hand_over()
    assert [row.entered_by for row in draft.history.order_by("history_id")] == [office.leaver.user, office.other]
    assert office.leaver.history.first().ends_on == TODAY - DAY


def test_nothing_is_left_half_done(office: Office, monkeypatch: pytest.MonkeyPatch):
    def fail(*args: object, **kwargs: object) -> list[str]:
        raise RuntimeError

    kind = open_work.Kind("Сломанное", lambda membership: [], fail)
    monkeypatch.setitem(open_work._kinds, "Сломанное", kind)
    draft = target(office.place, office.leaver.user)
    with pytest.raises(RuntimeError):
        office.hand_over()
    draft.refresh_from_db()
    office.leaver.refresh_from_db()
    assert (draft.entered_by, office.leaver.ends_on) == (office.leaver.user, None)
    assert not office.other.memberships.filter(role=Role.HQ_MEMBER).exists()


# Who may, to whom


def test_nobody_hands_a_role_over_to_themselves(office: Office):
    with pytest.raises(PermissionDenied):
        office.hand_over(to=office.admin)


@pytest.mark.parametrize("role", [Role.HQ_CHAIR, Role.REGION_HEAD])
def test_the_administrator_of_a_region_passes_no_role_they_may_not_give(office: Office, role: Role):
    membership = MembershipFactory(role=role, region=office.region)
    with pytest.raises(PermissionDenied):
        office.hand_over(membership)
    federal = MembershipFactory(role=Role.AGENCY_ADMIN).user
    assert office.hand_over(membership, by=federal).successor.role == role


@pytest.mark.parametrize("role", [one for one in Role if one not in (Role.NSI_ADMIN, Role.AGENCY_ADMIN)])
def test_who_does_not_manage_people_passes_nothing(office: Office, role: Role):
    by = MembershipFactory(role=role, **({"region": office.region} if role == Role.HQ_CHAIR else {})).user
    with pytest.raises(PermissionDenied):
        office.hand_over(by=by)
    with pytest.raises(PermissionDenied):
        office.hand_over(by=office.leaver.user)


def test_an_administrator_of_another_region_passes_nothing_here(office: Office):
    with pytest.raises(PermissionDenied):
        office.hand_over(by=MembershipFactory(role=Role.NSI_ADMIN, region=RegionFactory(code="RU-TYU")).user)


def test_a_federal_role_is_passed_by_the_agency(office: Office):
    federal = MembershipFactory(role=Role.AGENCY_CURATOR)
    with pytest.raises(PermissionDenied):
        office.hand_over(federal)
    by = MembershipFactory(role=Role.AGENCY_ADMIN).user
    assert office.hand_over(federal, by=by).successor.scope_title == "Российская Федерация"


def test_nobody_takes_over_from_themselves_nor_without_access(office: Office):
    for person in (office.leaver.user, UserFactory(is_active=False)):
        with pytest.raises(services.CannotTake):
            office.hand_over(to=person)


# Once


def test_a_role_is_handed_over_once(office: Office):
    first = office.hand_over(on=TODAY + 5 * DAY)
    with pytest.raises(services.AlreadyHandedOver) as refused:
        office.hand_over(to=UserFactory())
    assert refused.value.handover == first
    assert Handover.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_handovers_at_once_one_wins():
    with time_machine.travel(NOW, tick=False):
        office = build_office()
        rivals = [office.other, MembershipFactory(role=Role.EXPERT, region=office.region).user]
        start, outcome = threading.Barrier(2), []

        def run(to: User) -> None:
            start.wait()
            try:
                office.hand_over(to=to)
                outcome.append("done")
            except services.AlreadyHandedOver:
                outcome.append("late")
            finally:
                connections.close_all()

        threads = [threading.Thread(target=run, args=[one]) for one in rivals]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert sorted(outcome) == ["done", "late"]
    assert Handover.objects.count() == 1
    assert Membership.objects.filter(role=Role.HQ_MEMBER, ends_on=None).count() == 1


# The pages


def post(client: Client, office: Office, membership: Membership | None = None, **data: object):
    url = reverse("handover-create", args=[(membership or office.leaver).pk])
    return client.post(url, {"person": "", "email": "", "on": "2026-11-22", "reason": "приказ № 12-к", **data})


@pytest.fixture
def admin(client: Client, office: Office) -> Client:
    client.force_login(office.admin)
    return client


def test_first_it_is_shown_what_passes_then_it_passes(admin: Client, office: Office):
    form = admin.get(reverse("handover-create", args=[office.leaver.pk])).content.decode()
    assert "Крылов Денис Евгеньевич" in form and "Показать, что перейдёт" in form
    draft = target(office.place, office.leaver.user)
    preview = post(admin, office, person=office.other.pk)
    assert preview.status_code == 200
    page = preview.content.decode()
    assert f"{office.situation.short_title}: {draft}" in page and "Жизненные ситуации: 1" in page
    assert not Handover.objects.exists()
    done = post(admin, office, person=office.other.pk, confirm="1")
    record = Handover.objects.get()
    assert done.headers["Location"] == reverse("handover", args=[record.pk])
    page = admin.get(done.headers["Location"]).content.decode()
    for words in ("Захаров Илья Олегович", "Крылов Денис Евгеньевич", "приказ № 12-к", str(draft)):
        assert words in page


def test_a_second_click_does_no_harm(admin: Client, office: Office):
    post(admin, office, person=office.other.pk, confirm="1")
    again = post(admin, office, person=office.other.pk, confirm="1")
    record = Handover.objects.get()
    assert again.headers["Location"] == reverse("handover", args=[record.pk])
    assert "Эта роль уже передана: Крылов Денис Евгеньевич" in admin.get(again.headers["Location"]).content.decode()


def test_days_that_changed_meanwhile_are_said_at_the_field(
    admin: Client, office: Office, monkeypatch: pytest.MonkeyPatch
):
    def refuse(**given: object) -> Handover:
        raise services.WrongDays

    monkeypatch.setattr(services, "hand_over", refuse)
    response = post(admin, office, person=office.other.pk, confirm="1")
    assert response.status_code == 422
    assert "дни роли изменились" in response.content.decode()


def test_going_back_keeps_what_was_typed(admin: Client, office: Office):
    page = post(admin, office, person=office.other.pk, change="1").content.decode()
    assert 'value="приказ № 12-к"' in page and f'value="{office.other.pk}" selected' in page


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Выберите человека или укажите его адрес ниже"),
        ({"email": "nobody@example.ru"}, "Такого человека на портале нет. Сначала пригласите его"),
        ({"email": "closed@example.ru"}, "Такого человека на портале нет. Сначала пригласите его"),
        ({"email": "admin@example.ru"}, "Себе роль дать нельзя"),
        ({"email": "leaver@example.ru"}, "Это тот же человек"),
        ({"email": "stranger@example.ru", "on": "2025-12-31"}, "Можно от 23.10.2026 до 22.11.2027"),
        ({"email": "stranger@example.ru", "on": ""}, "Обязательное поле"),
        ({"email": "stranger@example.ru", "reason": ""}, "Обязательное поле"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(admin: Client, office: Office, data: dict[str, str], words: str):
    UserFactory(email="stranger@example.ru")
    UserFactory(email="closed@example.ru", is_active=False)
    User.objects.filter(pk=office.admin.pk).update(email="admin@example.ru")
    User.objects.filter(pk=office.leaver.user_id).update(email="leaver@example.ru")
    response = post(admin, office, confirm="1", **data)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Handover.objects.exists()


def test_somebody_from_elsewhere_is_found_by_the_exact_address_and_told_nothing_of(admin: Client, office: Office):
    stranger = UserFactory(email="stranger@example.ru", full_name="Тайный Советник")
    page = post(admin, office, email=" Stranger@Example.ru ").content.decode()
    assert "stranger@example.ru" in page and "Тайный" not in page
    assert "Тайный" not in admin.get(reverse("handover-create", args=[office.leaver.pk])).content.decode()
    post(admin, office, email="stranger@example.ru", confirm="1")
    assert Handover.objects.get().successor.user == stranger


def test_the_appointment_of_a_commissioner_is_not_what_passes(admin: Client, office: Office):
    membership = MembershipFactory(role=Role.SERVICE_COMMISSIONER, region=office.region)
    said = "Назначение РСУ при этом не меняется"
    assert said not in post(admin, office, membership, person=office.other.pk).content.decode()
    ServiceCommissioner.objects.create(
        region=office.region, full_name="Мельникова", position="РСУ", appointed_on=SINCE, user=membership.user
    )
    assert said in post(admin, office, membership, person=office.other.pk).content.decode()


def test_who_hands_over_their_own_role_is_warned_and_still_sees_the_record(admin: Client, office: Office):
    own = office.admin.memberships.get()
    assert "Вы передаёте свою роль" in post(admin, office, own, person=office.other.pk).content.decode()
    done = post(admin, office, own, person=office.other.pk, confirm="1")
    assert admin.get(done.headers["Location"]).status_code == 200
    assert admin.get(reverse("region-people", args=[office.region.code])).status_code == 404


def test_the_two_see_the_record_and_their_colleagues_do_not(client: Client, office: Office):
    record = office.hand_over()
    bystander = MembershipFactory(role=Role.HQ_CHAIR, region=office.region).user
    for user, status in ((office.other, 200), (office.leaver.user, 200), (bystander, 404)):
        client.force_login(user)
        assert client.get(reverse("handover", args=[record.pk])).status_code == status


def test_the_card_of_a_person_leads_to_the_handover_and_then_shows_it(admin: Client, office: Office):
    card, form = reverse("person", args=[office.leaver.user_id]), reverse("handover-create", args=[office.leaver.pk])
    assert form in admin.get(card).content.decode()
    record = office.hand_over()
    for person in (office.leaver.user, office.other):
        assert reverse("handover", args=[record.pk]) in admin.get(reverse("person", args=[person.pk])).content.decode()
    assert form not in admin.get(card).content.decode()


def test_the_work_of_a_role_that_has_ended_can_still_be_passed_from_the_card(admin: Client, office: Office):
    office.leaver.ends_on = TODAY - DAY
    office.leaver.save()
    page = admin.get(reverse("person", args=[office.leaver.user_id])).content.decode()
    assert reverse("handover-create", args=[office.leaver.pk]) in page
    assert reverse("deputy-create", args=[office.leaver.pk]) not in page


def test_the_list_names_the_handovers_of_the_region(admin: Client, office: Office):
    office.hand_over()
    elsewhere = MembershipFactory(role=Role.EXPERT, region=RegionFactory(code="RU-TYU"), user__full_name="Чужой")
    office.hand_over(elsewhere, by=MembershipFactory(role=Role.AGENCY_ADMIN).user)
    url = reverse("handover-list", args=[office.region.code])
    page = admin.get(url).content.decode()
    assert "Захаров Илья Олегович" in page and "Жизненные ситуации: 1" in page and "Чужой" not in page
    assert "Захаров" in admin.get(url, {"name": "захаров"}).content.decode()
    assert "Захаров" not in admin.get(url, {"role": Role.EXPERT}).content.decode()
    book = load_workbook(io.BytesIO(admin.get(url, {"format": "xlsx"}).content))
    heading, row = book.active.iter_rows(values_only=True)
    assert heading[1:4] == ("Кто передал", "Кто принял", "Роль")
    assert row[1:3] == ("Захаров Илья Олегович", "Крылов Денис Евгеньевич")
    assert row[0].date() == TODAY


def test_the_list_asks_as_much_for_a_hundred_as_for_one(admin: Client, office: Office):
    url = reverse("handover-list", args=[office.region.code])
    office.hand_over()

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert admin.get(url).status_code == 200
        return len(queries)

    count()
    one = count()
    others = [office.hand_over(MembershipFactory(role=role, region=office.region)) for role in (Role.EXPERT, NSI)]
    Handover.objects.bulk_create(
        Handover(predecessor=one.predecessor, successor=one.successor, on=TODAY, reason="—", work=one.work, at=NOW)
        for one in others * 50
    )
    assert count() == one
