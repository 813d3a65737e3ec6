"""Who has several roles may act in one of them: rights, navigation and history follow."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from regions.history import changes
from regions.middleware import SESSION_KEY
from regions.models import Institution, Membership, Region
from regions.permissions import needs_second_factor
from regions.roles import Role
from tests.factories import InstitutionFactory, MembershipFactory, RegionFactory, UserFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=ZoneInfo("Europe/Moscow"))
TODAY = NOW.date()
CABINET = reverse("cabinet")


@dataclass
class Somebody:
    """A person who administers a region and represents an institution in another."""

    user: User
    admin: Membership
    rep: Membership
    client: Client

    @property
    def people_page(self) -> str:
        return reverse("region-people", args=["RU-NIZ"])

    def act_as(self, membership: Membership | str, **data: str) -> int:
        value = membership.pk if isinstance(membership, Membership) else membership
        return int(self.client.post(reverse("act-as"), {"membership": value, **data}).status_code)

    def sees(self, url: str) -> bool:
        return self.client.get(url).status_code == 200


@pytest.fixture
def somebody(client: Client) -> Iterator[Somebody]:
    with time_machine.travel(NOW, tick=False):
        user = UserFactory()
        admin = MembershipFactory(user=user, role=Role.NSI_ADMIN, region=RegionFactory())
        institution = InstitutionFactory(region=RegionFactory(code="RU-TYU"), name="Центр занятости Уватского района")
        rep = MembershipFactory(user=user, role=Role.INSTITUTION_REP, institution=institution)
        client.force_login(user)
        yield Somebody(user, admin, rep, client)


def test_without_a_choice_all_roles_count(somebody: Somebody):
    assert somebody.sees(somebody.people_page)
    assert somebody.sees(reverse("link-list", args=[somebody.rep.institution_id]))


def test_in_one_role_only_its_rights_count(somebody: Somebody):
    assert somebody.act_as(somebody.rep) == 302
    assert not somebody.sees(somebody.people_page)
    assert somebody.sees(reverse("link-list", args=[somebody.rep.institution_id]))
    somebody.act_as(somebody.admin)
    assert somebody.sees(somebody.people_page)
    assert not somebody.sees(reverse("link-list", args=[somebody.rep.institution_id]))
    somebody.act_as("")
    assert somebody.sees(somebody.people_page)
    assert somebody.sees(reverse("link-list", args=[somebody.rep.institution_id]))


def test_navigation_and_menu_follow(somebody: Somebody):
    page = somebody.client.get(CABINET)
    titles = {one["title"] for one in page.context["nav"]}
    assert "Кто что видит" in titles
    assert [one["title"] for one in page.context["acting_roles"]] == [
        "Все роли",
        str(somebody.rep),
        str(somebody.admin),
    ]
    assert "Вы действуете как" not in page.content.decode()
    somebody.act_as(somebody.rep)
    page = somebody.client.get(CABINET)
    assert "Кто что видит" not in {one["title"] for one in page.context["nav"]}
    assert page.context["role_titles"] == ["Представитель учреждения"]
    assert [one["title"] for one in page.context["acting_roles"] if one["active"]] == [str(somebody.rep)]
    text = " ".join(page.content.decode().split())
    assert "Вы действуете как <strong>Представитель учреждения (Центр занятости Уватского района)</strong>" in text


def test_the_strip_is_there_where_nothing_else_is_and_leads_back_to_the_same_page(somebody: Somebody):
    somebody.act_as(somebody.rep)
    lost = somebody.client.get(somebody.people_page)
    assert lost.status_code == 404 and "Вы действуете как" in lost.content.decode()
    back = somebody.client.post(reverse("act-as"), {"membership": "", "next": somebody.people_page})
    assert back.headers["Location"] == somebody.people_page
    assert somebody.sees(somebody.people_page)


@pytest.mark.parametrize("elsewhere", ["https://example.com/", "//example.com/", "javascript:alert(1)", ""])
def test_it_leads_nowhere_else(somebody: Somebody, elsewhere: str):
    response = somebody.client.post(reverse("act-as"), {"membership": "", "next": elsewhere})
    assert response.headers["Location"] == CABINET


@pytest.mark.parametrize("value", ["0", "99999999", "-1", "x", "²", "9" * 30])
def test_what_is_nobodys_role_cannot_be_chosen(somebody: Somebody, value: str):
    assert somebody.act_as(value) == 404
    assert SESSION_KEY not in somebody.client.session


def test_only_ones_own_roles_in_force_can_be_chosen(somebody: Somebody):
    foreign = MembershipFactory(role=Role.AGENCY_ADMIN)
    ended = MembershipFactory(user=somebody.user, role=Role.EXPERT, region=RegionFactory(), ends_on=date(2026, 11, 21))
    later = MembershipFactory(
        user=somebody.user, role=Role.EXPERT, region=RegionFactory(), starts_on=date(2026, 11, 23)
    )
    for membership in (foreign, ended, later):
        assert somebody.act_as(membership) == 404


@pytest.mark.parametrize("what", ["foreign", "ended", "gone"])
def test_a_choice_that_is_no_longer_theirs_is_dropped_silently(somebody: Somebody, what: str):
    somebody.act_as(somebody.rep)
    if what == "foreign":
        somebody.rep.user = UserFactory()
        somebody.rep.save()
    elif what == "ended":
        somebody.rep.ends_on = TODAY - timedelta(days=1)
        somebody.rep.save()
    else:
        somebody.rep.delete()
    assert somebody.sees(somebody.people_page)
    assert SESSION_KEY not in somebody.client.session


def test_a_foreign_role_put_into_the_session_gives_nothing(somebody: Somebody):
    foreign = MembershipFactory(role=Role.AGENCY_ADMIN)
    session = somebody.client.session
    session[SESSION_KEY] = foreign.pk
    session.save()
    assert somebody.client.get(reverse("permission-table")).status_code == 403


def test_the_second_factor_is_asked_for_whichever_role_is_chosen(somebody: Somebody):
    somebody.act_as(somebody.rep)
    somebody.user.acting_membership_id = somebody.rep.pk
    assert needs_second_factor(somebody.user)


def test_who_has_one_role_is_offered_no_choice(client: Client):
    client.force_login(MembershipFactory(role=Role.HQ_CHAIR).user)
    page = client.get(CABINET)
    assert (page.context["acting_roles"], page.context["acting_as"]) == ([], "")


def test_a_deputy_is_told_for_whom(somebody: Somebody):
    holder = MembershipFactory(role=Role.HQ_CHAIR, region=RegionFactory(), user__full_name="Лаптева Ольга Романовна")
    MembershipFactory(
        user=somebody.user, role=Role.HQ_CHAIR, region=RegionFactory(), ends_on=date(2026, 12, 1), deputises_for=holder
    )
    titles = [one["title"] for one in somebody.client.get(CABINET).context["acting_roles"]]
    assert "Руководитель РШ (Нижегородская область), замещает: Лаптева О. Р." in titles


def test_without_a_choice_nothing_more_is_asked_of_the_database(somebody: Somebody, monkeypatch: pytest.MonkeyPatch):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            somebody.client.get(CABINET)
        return len(queries)

    count()
    with_middleware = count()
    without = [one for one in settings.MIDDLEWARE if "ActingRole" not in one]
    monkeypatch.setattr(settings, "MIDDLEWARE", without)
    somebody.client.handler._middleware_chain = None  # type: ignore[attr-defined]
    assert count() == with_middleware


def test_the_history_says_in_which_role_a_change_was_made(somebody: Somebody):
    holder = MembershipFactory(role=Role.EXPERT, region=somebody.admin.region)
    somebody.act_as(somebody.admin)
    deputy = UserFactory()
    somebody.client.post(
        reverse("deputy-create", args=[holder.pk]),
        {"person": "", "email": deputy.email, "starts_on": "2026-11-23", "ends_on": "2026-11-30"},
    )
    made = holder.deputies.get()
    record = made.history.last()
    assert (record.history_user, record.history_change_reason) == (somebody.user, "Администратор НСИ")
    assert changes(Membership.history.filter(id=made.pk))[-1].by == f"{somebody.user}, Администратор НСИ"


def test_without_a_choice_the_history_names_the_person_alone(somebody: Somebody):
    holder = MembershipFactory(role=Role.EXPERT, region=somebody.admin.region)
    somebody.client.post(
        reverse("deputy-create", args=[holder.pk]),
        {"person": "", "email": UserFactory().email, "starts_on": "2026-11-23", "ends_on": "2026-11-30"},
    )
    made = holder.deputies.get()
    assert changes(Membership.history.filter(id=made.pk))[-1].by == str(somebody.user)
    # Outside of a page nobody acts in a role.
    region = Region.objects.get(code="RU-NIZ")
    quiet = Institution.objects.create(region=region, name="Тихое", settlement="town", locality="Бор")
    assert quiet.history.get().history_change_reason is None
