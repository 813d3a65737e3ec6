"""Every address × every role × own or other region: served, refused (403) or not there (404)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import time_machine
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from regions.permissions import ROLE_PERMISSIONS
from regions.roles import FEDERAL_ROLES, Role
from tests.world import NOW, World, build_world

pytestmark = pytest.mark.django_db

ALL = frozenset(Role)
REP = frozenset({Role.INSTITUTION_REP})
OBSERVER = frozenset({Role.FEDERAL_OBSERVER})
# Sees the region: everybody but the representative of an institution; the observer sees only what is published.
SEE_REGION = ALL - REP - OBSERVER
SEE_RESULTS = ALL - REP
SEE_INSTITUTION = ALL - OBSERVER
MANAGE_LINKS = frozenset({Role.NSI_ADMIN, Role.INSTITUTION_REP})
ENTER_CLIENTS = frozenset({Role.NSI_ADMIN, Role.HQ_MEMBER, Role.SERVICE_COMMISSIONER, Role.INSTITUTION_REP})
CALCULATE = frozenset({Role.HQ_MEMBER, Role.SERVICE_COMMISSIONER})
PUBLISH = frozenset({Role.HQ_MEMBER, Role.HQ_CHAIR})
DECIDE = frozenset({Role.HQ_MEMBER, Role.HQ_CHAIR})


@dataclass(frozen=True)
class Line:
    """What an address answers. `ok` get it, `forbidden` see the thing but may not do this: 403; all others 404.

    `public`: open to everybody. `personal`: the page is about the person, the same for all who are signed in.
    """

    arguments: Callable[[World], list[object]] = lambda world: []
    method: str = "get"
    ok: frozenset[Role] = ALL
    forbidden: frozenset[Role] = frozenset()
    public: bool = False
    personal: bool = False
    data: dict[str, str] = field(default_factory=dict)


def quarter(world: World) -> list[object]:
    return [world.region.code, world.life_situation.code, world.quarter.code]


def handed_in(world: World) -> list[object]:
    return [world.region.code, world.life_situation.code, world.published.period.code]


def institution(world: World) -> list[object]:
    return [world.institution.pk]


def link(world: World) -> list[object]:
    return [world.link.pk]


PUBLIC = Line(public=True)
TABLE: dict[str, Line | list[Line]] = {
    "health-live": PUBLIC,
    "health-ready": PUBLIC,
    "account_login": PUBLIC,
    "account_signup": PUBLIC,
    "account_inactive": PUBLIC,
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": Line(arguments=lambda world: ["1", "set-password"], public=True),
    "account_reset_password_from_key_done": PUBLIC,
    "account_logout": Line(personal=True),
    "account_change_password": Line(personal=True),
    "account_set_password": Line(personal=True),
    "account_reauthenticate": Line(personal=True),
    "answer": Line(arguments=lambda world: [world.link.token], public=True),
    "answer-by-code": PUBLIC,
    "gallery": Line(personal=True),
    "help": Line(personal=True),
    "guide": Line(arguments=lambda world: ["hq_member"], personal=True),
    "cabinet": Line(personal=True),
    "institution-list": Line(personal=True),
    "region-list": Line(personal=True),
    "choose": Line(ok=frozenset(), personal=False),
    "institution": Line(institution, ok=SEE_INSTITUTION),
    "link-list": Line(institution, ok=SEE_INSTITUTION),
    "link-create": Line(institution, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "link": Line(link, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "link-poster": Line(link, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "link-qr": Line(link, ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "link-close": Line(link, "post", ok=MANAGE_LINKS, forbidden=SEE_INSTITUTION - MANAGE_LINKS),
    "region": Line(lambda world: [world.region.code], ok=SEE_RESULTS),
    "weights": Line(lambda world: [world.region.code, 2026], ok=DECIDE, forbidden=SEE_REGION - DECIDE),
    "collection": [Line(quarter, ok=SEE_REGION), Line(handed_in, ok=SEE_RESULTS)],
    "collection-progress": [Line(quarter, ok=SEE_REGION), Line(handed_in, ok=SEE_RESULTS)],
    "passport": [Line(quarter, ok=SEE_REGION), Line(handed_in, ok=SEE_RESULTS)],
    "clients": Line(quarter, ok=ENTER_CLIENTS, forbidden=SEE_REGION - ENTER_CLIENTS),
    "collection-calculate": Line(quarter, "post", ok=CALCULATE, forbidden=SEE_REGION - CALCULATE),
    "collection-publish": Line(quarter, "post", ok=PUBLISH, forbidden=SEE_REGION - PUBLISH),
    "collection-reports": Line(quarter, "post", ok=PUBLISH, forbidden=SEE_REGION - PUBLISH),
    "report-list": Line(ok=SEE_RESULTS, forbidden=REP),
    "report-download": Line(lambda world: [world.report.pk], ok=SEE_RESULTS),
}
# Static files and the like are not views of the portal.
LINES = [(name, line) for name, lines in TABLE.items() for line in (lines if isinstance(lines, list) else [lines])]


def url_names(patterns: list[URLPattern | URLResolver]) -> Iterator[str | None]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from url_names(pattern.url_patterns)
        else:
            yield pattern.name


def test_every_address_has_a_line():
    names = set(url_names(get_resolver().url_patterns))
    assert None not in names, "an address without a name cannot stand in the table"
    assert names - TABLE.keys() == set(), "addresses without a line in the table"
    assert TABLE.keys() - names == set(), "lines without an address"


def test_every_role_has_its_permissions():
    assert ROLE_PERMISSIONS.keys() == set(Role)


@pytest.fixture
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def own(clock: None) -> World:
    return build_world("RU-NIZ")


@pytest.fixture
def other(clock: None) -> World:
    return build_world("RU-TYU")


def ask(client: Client, name: str, line: Line, world: World) -> int:
    url = reverse(name, args=line.arguments(world))
    return int(getattr(client, line.method)(url, line.data).status_code)


def expected(line: Line, role: Role, *, at_home: bool) -> int:
    if line.personal or line.public or line.arguments is Line.arguments or not line.arguments(_NoWorld()):
        at_home = True  # the page is not about a region
    sees = at_home or role in FEDERAL_ROLES
    if sees and role in line.ok:
        return 200
    return 403 if sees and role in line.forbidden else 404


class _NoWorld:
    """Stands in for a world to find out whether an address speaks of one at all."""

    def __getattr__(self, name: str) -> "_NoWorld":
        return self


@pytest.mark.parametrize("role", list(Role))
def test_who_gets_what(role: Role, own: World, other: World):
    """The whole table for one role, in the own region and in the other."""
    client = Client()
    client.force_login(own.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    wrong = []
    for name, line in LINES:
        if line.personal and name in ("account_logout",):
            continue  # would end the session of the test
        for at_home, world in ((True, own), (False, other)):
            status = ask(client, name, line, world)
            found = 200 if status in (200, 302, 303) else status
            wanted = expected(line, role, at_home=at_home)
            if line.public:
                wanted = 200
                found = 200 if found in (200, 404) and name == "account_reset_password_from_key" else found
            if found != wanted:
                wrong.append(f"{name} {'own' if at_home else 'other'} region: {status} instead of {wanted}")
    assert not wrong, "\n".join(wrong)


def test_somebody_not_signed_in_gets_public_pages_only(own: World):
    for name, line in LINES:
        if line.public:
            continue
        response = getattr(Client(), line.method)(reverse(name, args=line.arguments(own)))
        assert response.status_code == 302, name
        assert response.headers["Location"].startswith("/accounts/login/"), name


def test_a_representative_does_not_see_the_other_institution_of_the_region(own: World):
    client = Client()
    client.force_login(own.people[Role.INSTITUTION_REP], backend="allauth.account.auth_backends.AuthenticationBackend")
    for name, arguments in (
        ("institution", [own.sibling.pk]),
        ("link-list", [own.sibling.pk]),
        ("link-create", [own.sibling.pk]),
        ("link", [own.sibling_link.pk]),
        ("link-poster", [own.sibling_link.pk]),
        ("link-qr", [own.sibling_link.pk]),
    ):
        assert client.get(reverse(name, args=arguments)).status_code == 404, name


def test_a_membership_that_has_ended_opens_nothing(own: World):
    user = own.people[Role.HQ_MEMBER]
    user.memberships.update(ends_on=NOW.date().replace(day=21))
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(reverse("region", args=[own.region.code])).status_code == 404


def test_a_member_of_the_headquarters_acts_only_in_the_life_situation_they_answer_for(own: World):
    user = own.people[Role.HQ_MEMBER]
    user.memberships.get().life_situations.clear()
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(reverse("collection", args=quarter(own))).status_code == 200
    for name in ("collection-calculate", "collection-publish"):
        assert client.post(reverse(name, args=quarter(own))).status_code == 403
    assert client.get(reverse("clients", args=quarter(own))).status_code == 403
