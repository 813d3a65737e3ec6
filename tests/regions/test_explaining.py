"""«Почему вижу»: every answer is the one that decides, and says by which role or what is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import User
from regions.explaining import APPLY_TO, PORTAL_WIDE, Answer, explain, memberships_seen
from regions.models import Institution, LifeSituation, Membership, Region, RegionLifeSituation
from regions.permissions import BOUND_TO_LIFE_SITUATION, PLANNED, ROLE_PERMISSIONS, Permission, held_in, may
from regions.roles import FEDERAL_ROLES, INSTITUTION_ROLES, Role
from tests.factories import (
    InstitutionFactory,
    LifeSituationFactory,
    MembershipFactory,
    ParticipationFactory,
    RegionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=ZoneInfo("Europe/Moscow"))


@dataclass
class Country:
    """Two regions, each with two ЖС and an institution in each of them."""

    regions: list[Region]
    situations: list[LifeSituation]
    places: list[RegionLifeSituation]
    institutions: list[Institution]

    @property
    def things(self) -> list[Region | RegionLifeSituation | Institution]:
        """All of the first region, and one of each kind in the other."""
        return [*self.regions, *self.places[:3], *self.institutions[:3]]


@pytest.fixture
def country() -> Iterator[Country]:
    with time_machine.travel(NOW, tick=False):
        regions = [RegionFactory(code="RU-NIZ"), RegionFactory(code="RU-TYU")]
        situations = [LifeSituationFactory(code="employment-centre"), LifeSituationFactory(code="social-home-care")]
        places, institutions = [], []
        for region in regions:
            for situation in situations:
                places.append(
                    RegionLifeSituation.objects.create(region=region, life_situation=situation, since=date(2026, 1, 1))
                )
                institution = InstitutionFactory(region=region)
                ParticipationFactory(institution=institution, life_situation=situation)
                institutions.append(institution)
        yield Country(regions, situations, places, institutions)


def people_of_all_kinds(country: Country) -> list[User]:
    """Every role, in force, ended and to come; several at once; nobody; a deputy; a person whose access is closed."""
    here, there = country.regions

    def scope(role: Role, region: Region, institution: Institution) -> dict[str, object]:
        if role in FEDERAL_ROLES:
            return {}
        return {"institution": institution} if role in INSTITUTION_ROLES else {"region": region}

    people = [UserFactory()]
    for role in Role:
        bound = [country.situations[0]] if role == Role.HQ_MEMBER else []
        own = scope(role, here, country.institutions[0])
        people.append(MembershipFactory(role=role, life_situations=bound, **own).user)
    for role in (Role.NSI_ADMIN, Role.HQ_MEMBER):
        bound = [country.situations[0]] if role == Role.HQ_MEMBER else []
        own = scope(role, here, country.institutions[0])
        for days in (
            {"ends_on": date(2026, 11, 21)},
            {"starts_on": date(2026, 11, 23)},
            {"starts_on": date(2026, 11, 22), "ends_on": date(2026, 11, 22)},
        ):
            people.append(MembershipFactory(role=role, life_situations=bound, **own, **days).user)
        closed = MembershipFactory(role=role, life_situations=bound, **own).user
        closed.is_active = False
        closed.save()
        people.append(closed)
    people.append(MembershipFactory(role=Role.HQ_MEMBER, region=here).user)
    people.append(MembershipFactory(role=Role.HQ_MEMBER, region=here, life_situations=country.situations).user)
    holder = MembershipFactory(role=Role.HQ_CHAIR, region=there)
    deputy = {"role": Role.HQ_CHAIR, "region": there, "deputises_for": holder, "ends_on": date(2026, 12, 1)}
    people.append(MembershipFactory(**deputy).user)
    # And elsewhere in a role that has ended, and here in another.
    MembershipFactory(user=people[1], role=Role.NSI_ADMIN, region=there, ends_on=date(2026, 11, 21))
    MembershipFactory(user=people[-1], role=Role.EXPERT, region=here)
    return people


def test_an_explained_yes_is_the_yes_that_decides(country: Country):
    """The grid: people of all kinds × things × rights, acting in all roles and in each."""
    asked = 0
    for person in people_of_all_kinds(country):
        memberships = list(memberships_seen(person, person))
        # Of one role it makes no difference.
        for acting in (None, *(one.pk for one in memberships[1:])):
            person.acting_membership_id = acting  # type: ignore[attr-defined]
            for thing in country.things:
                for answer in explain(person, thing, memberships):
                    asked += 1
                    assert answer.is_granted == may(person, answer.permission, thing), (person, thing, answer)
                    assert answer.is_granted == any(ground.counts for ground in answer.grounds)
    assert asked > 1_200


def test_what_is_said_of_one_thing_is_what_the_lists_hold(country: Country):
    """The same grid: `held_in` does not ask the lists about a region or a ЖС, and must agree with them."""
    # One right of those that the same roles hold in the same way.
    kinds = {
        (*(one in of_role for of_role in ROLE_PERMISSIONS.values()), one in BOUND_TO_LIFE_SITUATION): one
        for one in Permission
    }
    things = [*country.regions, *country.places[:3]]
    yes = no = 0
    for person in people_of_all_kinds(country):
        memberships = list(person.memberships.all())
        for acting in (None, *(one.pk for one in memberships[1:])):
            person.acting_membership_id = acting  # type: ignore[attr-defined]
            for thing in things:
                rows = type(thing).objects.filter(pk=thing.pk)
                listed = {one for one in kinds.values() if rows.permitting(person, one).exists()}
                assert held_in(person, thing) & set(kinds.values()) == listed, (person, thing)
                yes, no = yes + len(listed), no + len(kinds) - len(listed)
    assert yes > 300 and no > 1_000


def test_every_right_a_page_asks_about_is_explained():
    explained = {one for several in APPLY_TO.values() for one in several}
    assert set(Permission) == explained | PORTAL_WIDE | PLANNED
    assert not explained & (PORTAL_WIDE | PLANNED)


# What the words say


def answer(person: User, thing: Region | RegionLifeSituation | Institution, permission: Permission) -> Answer:
    found = {one.permission: one for one in explain(person, thing, memberships_seen(person, person))}
    return found[permission]


def words(person: User, thing: Region | RegionLifeSituation | Institution, permission: Permission) -> list[str]:
    return [ground.words for ground in answer(person, thing, permission).grounds]


def test_a_yes_names_the_roles_and_since_when(country: Country):
    here = country.regions[0]
    person = MembershipFactory(role=Role.EXPERT, region=here).user
    MembershipFactory(user=person, role=Role.HQ_CHAIR, region=here, starts_on="2026-02-01", ends_on="2026-12-31")
    assert words(person, here, Permission.REGION_VIEW) == ["с 01.02.2026 по 31.12.2026", "с 01.01.2026"]
    assert words(person, here, Permission.WEIGHTS_DECIDE) == ["с 01.02.2026 по 31.12.2026"]


def test_a_yes_of_a_deputy_names_for_whom(country: Country):
    here = country.regions[0]
    holder = MembershipFactory(role=Role.HQ_CHAIR, region=here, user__full_name="Лаптева Ольга Романовна")
    person = MembershipFactory(role=Role.HQ_CHAIR, region=here, deputises_for=holder, ends_on="2026-12-01").user
    assert words(person, here, Permission.WEIGHTS_DECIDE) == ["с 01.01.2026 по 01.12.2026, замещает: Лаптева О. Р."]


@pytest.mark.parametrize(
    ("role", "given", "thing", "permission", "said"),
    [
        (Role.HQ_CHAIR, {"region": 1}, ("region", 0), Permission.WEIGHTS_DECIDE, "роль дана в другом регионе"),
        (Role.HQ_CHAIR, {"region": 1}, ("institution", 0), Permission.INSTITUTION_VIEW, "роль дана в другом регионе"),
        (
            Role.INSTITUTION_REP,
            {"institution": 1},
            ("institution", 0),
            Permission.LINK_MANAGE,
            "роль дана в другом учреждении",
        ),
        (
            Role.INSTITUTION_REP,
            {"institution": 0},
            ("place", 0),
            Permission.CLIENTS_ENTER,
            "роль дана в учреждении и действует только там",
        ),
        (
            Role.NSI_ADMIN,
            {"region": 0, "ends_on": date(2026, 11, 21)},
            ("region", 0),
            Permission.PEOPLE_VIEW,
            "роль закончилась 21.11.2026",
        ),
        (
            Role.NSI_ADMIN,
            {"region": 0, "starts_on": date(2026, 11, 23)},
            ("region", 0),
            Permission.PEOPLE_VIEW,
            "роль начнёт действовать 23.11.2026",
        ),
        (
            Role.HQ_MEMBER,
            {"region": 0, "life_situations": [1]},
            ("place", 0),
            Permission.QUARTER_PUBLISH,
            "отвечает за другие ЖС: ",
        ),
        (
            Role.HQ_MEMBER,
            {"region": 0, "life_situations": [1]},
            ("institution", 0),
            Permission.CLIENTS_ENTER,
            "учреждение не участвует в ЖС, за которые отвечает: ",
        ),
        (
            Role.HQ_MEMBER,
            {"region": 0},
            ("place", 0),
            Permission.QUARTER_PUBLISH,
            "не назначен ответственным ни за одну ЖС",
        ),
    ],
)
def test_a_no_says_what_is_missing(
    country: Country, role: Role, given: dict, thing: tuple[str, int], permission: Permission, said: str
):
    of = {"region": country.regions, "institution": country.institutions, "place": country.places}
    given = {key: of[key][value] if key in of else value for key, value in given.items()}
    given["life_situations"] = [country.situations[one] for one in given.get("life_situations", [])]
    person = MembershipFactory(role=role, **given).user
    found = answer(person, of[thing[0]][thing[1]], permission)
    assert not found.is_granted
    assert [ground.words.startswith(said) for ground in found.grounds] == [True], found


def test_a_no_without_a_role_names_those_that_would_do(country: Country):
    person = MembershipFactory(role=Role.EXPERT, region=country.regions[0]).user
    found = answer(person, country.places[0], Permission.TARGETS_APPROVE)
    assert (found.is_granted, found.grounds, found.roles) == (False, [], [Role.HQ_CHAIR])


def test_a_closed_access_and_another_role_chosen_are_said(country: Country):
    here = country.regions[0]
    person = MembershipFactory(role=Role.HQ_CHAIR, region=here).user
    person.acting_membership_id = MembershipFactory(user=person, role=Role.EXPERT, region=here).pk
    assert words(person, here, Permission.WEIGHTS_DECIDE) == ["сейчас выбрана другая роль"]
    del person.acting_membership_id
    person.is_active = False
    assert words(person, here, Permission.WEIGHTS_DECIDE) == ["вход на портал закрыт"]


# The page


def url(**query: object) -> str:
    return reverse("access-explain", query=query)


def sign_in(client: Client, role: Role, **scope: object) -> Client:
    client.force_login(MembershipFactory(role=role, **scope).user)
    return client


def test_an_administrator_of_a_region_begins_with_the_region_and_themselves(client: Client, country: Country):
    page = sign_in(client, Role.NSI_ADMIN, region=country.regions[0]).get(url())
    answers = {one.permission: one.is_granted for one in page.context["answers"]}
    assert answers[Permission.PEOPLE_MANAGE] and not answers[Permission.WEIGHTS_DECIDE]
    assert "(Вы): Нижегородская область" in " ".join(page.content.decode().split())


def test_a_thing_can_be_named_in_each_of_its_ways(client: Client, country: Country):
    sign_in(client, Role.AGENCY_ADMIN)
    region, place, institution = country.regions[0], country.places[0], country.institutions[0]
    assert client.get(url()).context["target"] is None
    assert client.get(url(region=region.code)).context["target"] == region
    assert client.get(url(place=place.pk)).context["target"] == place
    assert client.get(url(institution=institution.pk)).context["target"] == institution
    assert client.get(url(region=region.code, thing=f"place-{place.pk}")).context["target"] == place
    # The region has been changed in the form: what was chosen in the other one no longer counts.
    other = country.regions[1]
    assert client.get(url(region=other.code, thing=f"place-{place.pk}")).context["target"] == other


def test_a_person_is_found_by_name_or_address(client: Client, country: Country):
    here = country.regions[0]
    sign_in(client, Role.NSI_ADMIN, region=here)
    one = MembershipFactory(role=Role.EXPERT, region=here, user__full_name="Крылов Денис Евгеньевич").user
    two = MembershipFactory(role=Role.EXPERT, region=here, user__full_name="Крылова Анна Ивановна").user
    assert client.get(url(who="крылов денис")).context["person"] == one
    assert client.get(url(who=two.email)).context["person"] == two
    assert client.get(url(person=two.pk)).context["person"] == two
    several = client.get(url(who="Крылов", region=here.code))
    assert several.context["person"] is None and several.context["found"] == [one, two]
    assert f"person={one.pk}" in several.content.decode()
    nobody = client.get(url(who="Никто"))
    assert nobody.status_code == 422
    assert "Никого не нашлось" in nobody.content.decode()


def test_an_administrator_of_a_region_looks_into_no_other(client: Client, country: Country):
    sign_in(client, Role.NSI_ADMIN, region=country.regions[0])
    stranger = MembershipFactory(role=Role.EXPERT, region=country.regions[1], user__full_name="Чужой Человек").user
    for query in (
        {"region": "RU-TYU"},
        {"place": country.places[2].pk},
        {"institution": country.institutions[2].pk},
        {"thing": f"place-{country.places[2].pk}"},
        {"person": stranger.pk},
        {"place": "x"},
        {"institution": "9" * 40},
    ):
        assert client.get(url(**query)).status_code == 404, query
    for text in ("Чужой", stranger.email):
        response = client.get(url(who=text))
        assert response.status_code == 422 and "Чужой Человек" not in response.content.decode()


@pytest.mark.parametrize("elsewhere", [Role.NSI_ADMIN, Role.AGENCY_ADMIN, Role.INSTITUTION_REP])
def test_and_learns_nothing_of_what_a_person_does_elsewhere(client: Client, country: Country, elsewhere: Role):
    here, there = country.regions
    sign_in(client, Role.NSI_ADMIN, region=here)
    person = MembershipFactory(role=Role.INSTITUTION_REP, institution=country.institutions[0]).user
    before = client.get(url(person=person.pk, region=here.code)).context["answers"]
    scope = {Role.NSI_ADMIN: {"region": there}, Role.INSTITUTION_REP: {"institution": country.institutions[2]}}
    MembershipFactory(user=person, role=elsewhere, **scope.get(elsewhere, {}))
    page = client.get(url(person=person.pk, region=here.code))
    assert page.context["answers"] == before
    assert [one.role for one, _ in page.context["memberships"]] == [Role.INSTITUTION_REP]
    for hidden in (there.name, country.institutions[2].name, "Российская Федерация"):
        assert hidden not in page.content.decode()


def test_the_agency_sees_all_roles_of_a_person(client: Client, country: Country):
    sign_in(client, Role.AGENCY_ADMIN)
    person = MembershipFactory(role=Role.EXPERT, region=country.regions[0]).user
    MembershipFactory(user=person, role=Role.HQ_CHAIR, region=country.regions[1])
    page = client.get(url(person=person.pk, region="RU-NIZ"))
    assert "Руководитель РШ (Тюменская область): роль дана в другом регионе" in page.content.decode()
    granted = {one.permission for one in page.context["answers"] if one.is_granted}
    assert granted == {one for one in APPLY_TO[Region] if may(person, one, country.regions[0])}


def test_past_roles_explain_too(client: Client, country: Country):
    here = country.regions[0]
    sign_in(client, Role.NSI_ADMIN, region=here)
    left = MembershipFactory(role=Role.EXPERT, region=here, ends_on="2026-10-31").user
    page = client.get(url(person=left.pk)).content.decode()
    assert "роль закончилась 31.10.2026" in page


@pytest.mark.parametrize("role", [one for one in Role if one not in (Role.NSI_ADMIN, Role.AGENCY_ADMIN)])
def test_nobody_else_asks(client: Client, country: Country, role: Role):
    assert sign_in(client, role).get(url()).status_code == 403


def test_a_role_given_by_several_is_asked_a_bounded_number_of_times(
    client: Client, country: Country, django_assert_max_num_queries
):
    here = country.regions[0]
    sign_in(client, Role.NSI_ADMIN, region=here)
    person = MembershipFactory(role=Role.EXPERT, region=here).user
    for role in (Role.HQ_CHAIR, Role.REGION_HEAD, Role.SERVICE_COMMISSIONER):
        MembershipFactory(user=person, role=role, region=here)
    assert Membership.objects.filter(user=person).count() == 4
    with django_assert_max_num_queries(80):
        client.get(url(person=person.pk))
