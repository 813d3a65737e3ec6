"""Institutions: the ЖС they take part in, closing and merging; what was answered and measured stays where it was."""

import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from monitoring.cabinet import tasks
from monitoring.quarters import services as monitoring
from regions.models import Institution, LifeSituation, Membership, Participation, RegionLifeSituation
from regions.roles import FEDERAL_ROLES, Role
from regions.services import institutions as services
from regions.services.institutions import (
    NameTaken,
    Particulars,
    Refused,
    WrongDay,
    WrongLifeSituation,
    WrongState,
    WrongTarget,
    add_institution,
    change_institution,
    close_institution,
    end_participation,
    merge_institutions,
    plain_name,
    reopen_institution,
    start_participation,
    transfer_participation,
)
from surveys.models import PAGE_KEPT_SECONDS, Response, SurveyLink
from surveys.services import links as surveys
from tests.factories import (
    DirectionFactory,
    InstitutionFactory,
    LifeSituationFactory,
    MembershipFactory,
    ParticipationFactory,
    QuestionnaireVersionFactory,
    ResponseFactory,
    SurveyLinkFactory,
    UserFactory,
)
from tests.world import NOW, SINCE, World, build_world, give_answers

pytestmark = pytest.mark.django_db

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TODAY = NOW.date()
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world(clock: Any) -> World:
    return build_world("RU-NIZ")


@pytest.fixture
def other(clock: Any) -> World:
    return build_world("RU-TYU")


@pytest.fixture
def second(world: World) -> LifeSituation:
    """Another ЖС the region has taken."""
    found = LifeSituationFactory(code="social-home-care")
    RegionLifeSituation.objects.create(region=world.region, life_situation=found, since=date(2026, 1, 1))
    QuestionnaireVersionFactory(questionnaire__direction=found.direction)
    return found


def admin(world: World) -> Any:
    return world.people[Role.NSI_ADMIN]


def start(world: World, life_situation: LifeSituation, since: date, **changed: Any) -> Participation:
    given = {"institution": world.institution, "by": admin(world), "at": NOW} | changed
    return start_participation(life_situation=life_situation, since=since, **given)


def end(world: World, until: date, participation: Participation | None = None, **changed: Any) -> Participation:
    row = participation or world.institution.participations.get()
    return end_participation(participation=row, until=until, **({"by": admin(world), "at": NOW} | changed))


def merge(world: World, **changed: Any) -> Any:
    given = {
        "source": world.institution,
        "target": world.sibling,
        "last_day": TODAY,
        "by": admin(world),
        "at": NOW,
    }
    return merge_institutions(**(given | changed))


def days(institution: Institution, life_situation: LifeSituation) -> list[tuple[date, date | None]]:
    rows = institution.participations.filter(life_situation=life_situation).order_by("since")
    return list(rows.values_list("since", "until"))


def as_role(world: World, role: Role) -> Client:
    client = Client()
    client.force_login(world.people[role], backend=BACKEND)
    return client


def text_of(response: Any) -> str:
    """What a person reads, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


# Participation --------------------------------------------------------------------------------------------------------


def test_an_institution_takes_part_from_its_first_to_its_last_day(world: World, second: LifeSituation):
    row = start(world, second, date(2026, 3, 1))
    end(world, date(2026, 9, 30), row)
    for day, expected in [
        (date(2026, 2, 28), False),
        (date(2026, 3, 1), True),
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
    ]:
        found = Institution.objects.taking_part(second.pk, day, day).filter(pk=world.institution.pk)
        assert found.exists() is expected, day
        assert Participation.objects.in_force(day).filter(pk=row.pk).exists() is expected, day


def test_it_may_come_back_and_is_counted_once(world: World, second: LifeSituation):
    end(world, date(2026, 3, 31), start(world, second, date(2026, 2, 1)))
    start(world, second, date(2026, 6, 1))
    assert days(world.institution, second) == [(date(2026, 2, 1), date(2026, 3, 31)), (date(2026, 6, 1), None)]
    assert list(Institution.objects.taking_part(second.pk, date(2026, 1, 1), TODAY)) == [world.institution]
    assert not Institution.objects.taking_part(second.pk, date(2026, 4, 1), date(2026, 5, 31)).exists()
    page = as_role(world, Role.NSI_ADMIN).get(reverse("institution", args=[world.institution.pk]))
    assert len(page.context["form"]["life_situation"].field.choices) == 2
    form = as_role(world, Role.NSI_ADMIN).get(reverse("link-create", args=[world.institution.pk])).context["form"]
    assert form.fields["life_situation"].queryset.count() == 2


def test_coming_back_the_very_next_day_is_going_on(world: World, second: LifeSituation):
    row = end(world, date(2026, 3, 31), start(world, second, date(2026, 2, 1)))
    assert start(world, second, date(2026, 4, 1)) == row
    assert days(world.institution, second) == [(date(2026, 2, 1), None)]
    assert row.history.count() == 3


@pytest.mark.parametrize("since", [date(2026, 1, 31), date(2026, 2, 1), date(2026, 3, 31)])
def test_it_does_not_take_part_twice_at_once(world: World, second: LifeSituation, since: date):
    end(world, date(2026, 3, 31), start(world, second, date(2026, 2, 1)))
    with pytest.raises(WrongLifeSituation, match=r"уже участвует .* с 01.02.2026 по 31.03.2026"):
        start(world, second, since)


def test_the_database_keeps_two_participations_without_end_apart(world: World):
    row = world.institution.participations.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Participation.objects.create(
            institution=row.institution, life_situation=row.life_situation, since=row.since + DAY
        )


def test_only_life_situations_of_the_region_and_since_it_took_them(world: World, second: LifeSituation, other: World):
    with pytest.raises(WrongLifeSituation, match="не взял"):
        start(world, LifeSituationFactory(code="health-primary-cardio"), TODAY)
    with pytest.raises(WrongDay, match=r"взял эту жизненную ситуацию 01\.01\.2026"):
        start(world, second, date(2025, 12, 31))
    # The other region has not taken it, whoever asks.
    with pytest.raises(WrongLifeSituation, match="не взял"):
        start(world, second, TODAY, institution=other.institution, by=other.people[Role.NSI_ADMIN])


def test_a_closed_institution_starts_nothing(world: World, second: LifeSituation):
    close_institution(institution=world.institution, last_day=TODAY, by=admin(world), at=NOW)
    with pytest.raises(WrongState, match=r"закрыто 22\.11\.2026"):
        start(world, second, TODAY)


@pytest.mark.parametrize(
    ("first_end", "then", "says"),
    [
        (None, SINCE - DAY, "не может быть раньше"),
        (date(2026, 12, 31), date(2027, 1, 31), "уже завершено 31.12.2026"),
        (None, date(2025, 11, 9), "последний — 10.11.2025"),
    ],
)
def test_days_a_participation_cannot_end_on(world: World, first_end: date | None, then: date, says: str):
    Response.objects.all().delete()
    give_answers(world.link, date(2025, 11, 10), satisfied=1, of=1)
    if first_end:
        end(world, first_end)
    with pytest.raises(WrongDay, match=says):
        end(world, then)
    assert world.institution.participations.get().until == first_end


def test_an_earlier_last_day_takes_the_place_of_a_later_one_and_the_same_changes_nothing(world: World):
    row = end(world, date(2026, 12, 31))
    end(world, date(2026, 11, 30))
    changes = row.history.count()
    end(world, date(2026, 11, 30))
    assert row.history.count() == changes
    assert days(world.institution, world.life_situation) == [(SINCE, date(2026, 11, 30))]


def test_a_transfer_ends_here_and_begins_there_the_next_day(world: World, second: LifeSituation):
    transfer_participation(
        participation=world.institution.participations.get(),
        life_situation=second,
        last_day=TODAY,
        by=admin(world),
        at=NOW,
    )
    assert days(world.institution, world.life_situation) == [(SINCE, TODAY)]
    assert days(world.institution, second) == [(TODAY + DAY, None)]


def test_a_transfer_that_cannot_begin_does_not_end_anything(world: World, second: LifeSituation):
    start(world, second, date(2026, 2, 1))
    row = world.institution.participations.get(life_situation=world.life_situation)
    for target in (second, world.life_situation, LifeSituationFactory(code="health-primary-cardio")):
        with pytest.raises(WrongLifeSituation):
            transfer_participation(participation=row, life_situation=target, last_day=TODAY, by=admin(world), at=NOW)
    assert days(world.institution, world.life_situation) == [(SINCE, None)]


# Who may --------------------------------------------------------------------------------------------------------------

RUNS = {Role.NSI_ADMIN, Role.HQ_CHAIR, Role.HQ_MEMBER}
MANAGES = {Role.NSI_ADMIN}


@pytest.mark.parametrize("role", list(Role))
def test_services_ask_for_the_permission_themselves(world: World, other: World, second: LifeSituation, role: Role):
    participation = world.institution.participations.get()
    particulars = Particulars("Новое", "town", "Бор", None)
    deeds: list[tuple[set[Role], Callable[[Any], Any]]] = [
        (RUNS, lambda by: end(world, TODAY, by=by)),
        (RUNS - {Role.HQ_MEMBER}, lambda by: start(world, second, TODAY, by=by)),
        (
            RUNS - {Role.HQ_MEMBER},
            lambda by: transfer_participation(
                participation=participation, life_situation=second, last_day=TODAY, by=by, at=NOW
            ),
        ),
        (MANAGES, lambda by: add_institution(region=world.region, particulars=particulars, by=by, at=NOW)),
        (
            MANAGES,
            lambda by: change_institution(institution=world.institution, particulars=particulars, by=by, at=NOW),
        ),
        (MANAGES, lambda by: close_institution(institution=world.institution, last_day=TODAY, by=by, at=NOW)),
        (MANAGES, lambda by: reopen_institution(institution=world.institution, by=by, at=NOW)),
        (MANAGES, lambda by: merge(world, by=by)),
    ]
    people = [(other.people[role], False)] if role not in FEDERAL_ROLES else []
    for allowed, deed in deeds:
        for person, at_home in [(world.people[role], True), *people]:
            with transaction.atomic():
                if at_home and role in allowed:
                    deed(person)
                else:
                    with pytest.raises(PermissionDenied):
                        deed(person)
                transaction.set_rollback(True)


# Links ----------------------------------------------------------------------------------------------------------------


def test_links_take_answers_until_the_last_day_and_no_later(world: World, clock: time_machine.Traveller):
    end(world, TODAY)
    world.link.refresh_from_db()
    assert (world.link.closes_on, world.link.closed_at) == (TODAY, None)
    assert world.link.state(NOW) == SurveyLink.State.OPEN
    assert world.link.state(NOW + DAY) == SurveyLink.State.CLOSED
    # The other institution of the ЖС is none of its business.
    world.sibling_link.refresh_from_db()
    assert world.sibling_link.closes_on is None


def test_a_link_that_closes_earlier_keeps_its_day_and_one_closed_by_hand_its_instant(world: World):
    early = SurveyLinkFactory(
        institution=world.institution, life_situation=world.life_situation, opens_on=SINCE, closes_on=date(2026, 11, 1)
    )
    by_hand = SurveyLinkFactory(
        institution=world.institution, life_situation=world.life_situation, opens_on=SINCE, closed_at=NOW - DAY
    )
    end(world, date(2026, 11, 15))
    for link in (early, by_hand):
        before = (link.closes_on, link.closed_at)
        link.refresh_from_db()
        assert (link.closes_on, link.closed_at) == before


def test_a_link_that_would_open_after_the_last_day_never_does(world: World):
    link = SurveyLinkFactory(
        institution=world.institution, life_situation=world.life_situation, opens_on=date(2026, 12, 1)
    )
    end(world, TODAY)
    link.refresh_from_db()
    later = NOW.replace(month=12, day=2)
    assert link.state(later) == SurveyLink.State.CLOSED
    assert not link.accepts(begun_at=later - timedelta(minutes=5), now=later)


def test_the_public_page_notices_a_day_in_the_past_within_seconds(world: World, monkeypatch: pytest.MonkeyPatch):
    address = reverse("answer", args=[world.link.token])
    key = re.search(r'name="key" value="([^"]+)"', Client().get(address).content.decode())
    assert key
    end(world, TODAY - DAY)
    kept_until = time.monotonic() + PAGE_KEPT_SECONDS
    monkeypatch.setattr("surveys.filling.pages.time.monotonic", lambda: kept_until + 1)
    assert Client().get(address).status_code == 410
    # Answers begun before it ended come too late as well: their day would be outside the participation.
    sent = {"key": key[1], "service_date": "2026-11-21", "satisfaction": "yes", "recommend": "9"}
    before = Response.objects.count()
    late = Client().post(address, urlencode(sent), content_type="application/x-www-form-urlencoded")
    assert late.status_code == 410
    assert Response.objects.count() == before


def test_answers_given_later_hold_the_last_day_back(world: World):
    give_answers(world.link, TODAY, satisfied=1, of=1)
    with pytest.raises(WrongDay, match=r"последний — 22\.11\.2026\. Укажите этот день"):
        end(world, TODAY - DAY)
    world.link.refresh_from_db()
    assert world.link.closes_on is None
    end(world, TODAY)


def test_what_belongs_to_the_time_after_coming_back_is_left_alone(world: World, second: LifeSituation):
    end(world, date(2026, 4, 30), first := start(world, second, date(2026, 2, 1)))
    start(world, second, date(2026, 6, 1))
    link = surveys.create_link(
        institution=world.institution, life_situation=second, channel="poster", opens_on=TODAY, by=None
    )
    ResponseFactory(link=link, answered_on=TODAY)
    end(world, date(2026, 3, 31), first)
    link.refresh_from_db()
    assert (link.closes_on, link.closed_at) == (None, None)


def test_a_new_link_belongs_to_the_participation_in_force(world: World, second: LifeSituation):
    end(world, date(2026, 4, 30), start(world, second, date(2026, 2, 1)))
    start(world, second, date(2026, 6, 1))

    def link(opens_on: date, closes_on: date | None = None) -> SurveyLink:
        return surveys.create_link(
            institution=world.institution,
            life_situation=second,
            channel="poster",
            opens_on=opens_on,
            closes_on=closes_on,
            by=None,
        )

    assert link(TODAY).closes_on is None
    # No link outlives what it was made for.
    assert link(date(2026, 3, 1)).closes_on == date(2026, 4, 30)
    for opens_on, closes_on in [
        (date(2026, 1, 31), None),
        (date(2026, 5, 1), None),
        (date(2026, 3, 1), date(2026, 5, 1)),
    ]:
        with pytest.raises(surveys.NotTakingPart):
            link(opens_on, closes_on)


# Closing --------------------------------------------------------------------------------------------------------------


def test_closing_ends_participations_roles_and_links_that_day(world: World, second: LifeSituation):
    start(world, second, date(2026, 2, 1))
    planned = LifeSituationFactory(code="health-primary-cardio")
    RegionLifeSituation.objects.create(region=world.region, life_situation=planned, since=SINCE)
    start(world, planned, date(2027, 2, 1))
    outcome = close_institution(institution=world.institution, last_day=date(2026, 11, 30), by=admin(world), at=NOW)
    assert days(world.institution, world.life_situation) == [(SINCE, date(2026, 11, 30))]
    assert days(world.institution, second) == [(date(2026, 2, 1), date(2026, 11, 30))]
    assert days(world.institution, planned) == []
    membership = world.people[Role.INSTITUTION_REP].memberships.get()
    assert (membership.ends_on, membership.end_reason) == (date(2026, 11, 30), "Учреждение закрыто")
    world.link.refresh_from_db()
    assert world.link.closes_on == date(2026, 11, 30)
    assert (
        outcome.stopped == ["Плакат в учреждении (Трудоустройство через центр занятости)"] or len(outcome.stopped) == 1
    )
    institution = Institution.objects.get(pk=world.institution.pk)
    assert institution.is_working(date(2026, 11, 30)) and not institution.is_working(date(2026, 12, 1))


@pytest.mark.parametrize(
    ("last_day", "says"),
    [(SINCE - DAY, "участвует в ЖС"), (date(2025, 11, 9), "есть ответы после 09.11.2025")],
)
def test_days_an_institution_cannot_close_on(world: World, last_day: date, says: str):
    with pytest.raises(WrongDay, match=says):
        close_institution(institution=world.institution, last_day=last_day, by=admin(world), at=NOW)
    world.institution.refresh_from_db()
    assert world.institution.closed_on is None
    assert world.people[Role.INSTITUTION_REP].memberships.get().ends_on is None


def test_a_closed_institution_asks_for_nothing_and_shows_what_it_was(world: World):
    close_institution(institution=world.institution, last_day=TODAY - DAY, by=admin(world), at=NOW)
    assert not [one for one in tasks(admin(world), NOW) if world.institution.name in one.text]
    assert (
        as_role(world, Role.INSTITUTION_REP).get(reverse("institution", args=[world.institution.pk])).status_code == 404
    )
    for role in (Role.NSI_ADMIN, Role.AGENCY_ANALYST):
        page = as_role(world, role).get(reverse("institution", args=[world.institution.pk]), {"period": "2025-Q4"})
        assert "12" in text_of(page)


def test_opening_again_undoes_the_closing_only(world: World):
    close_institution(institution=world.institution, last_day=TODAY, by=admin(world), at=NOW)
    with pytest.raises(WrongState, match=r"закрыто 22\.11\.2026"):
        close_institution(institution=world.institution, last_day=TODAY, by=admin(world), at=NOW)
    for _ in range(2):
        reopen_institution(institution=world.institution, by=admin(world), at=NOW)
    world.institution.refresh_from_db()
    assert world.institution.closed_on is None
    assert days(world.institution, world.life_situation) == [(SINCE, TODAY)]
    start(world, world.life_situation, TODAY + DAY)
    assert days(world.institution, world.life_situation) == [(SINCE, None)]


# Merging --------------------------------------------------------------------------------------------------------------


def closed(world: World) -> Institution:
    return InstitutionFactory(region=world.region, closed_on=TODAY)


def merged(world: World) -> Institution:
    return InstitutionFactory(region=world.region, closed_on=TODAY, merged_into=world.sibling)


REFUSALS: list[tuple[str, Callable[[World, World], dict[str, Any]], type[Refused], str]] = [
    ("into itself", lambda own, other: {"target": own.institution}, WrongTarget, "к самому себе"),
    ("across regions", lambda own, other: {"target": other.institution}, WrongTarget, "другого региона"),
    ("into a closed one", lambda own, other: {"target": closed(own)}, WrongTarget, "закрывается 22.11.2026"),
    ("into a merged one", lambda own, other: {"target": merged(own)}, WrongTarget, "само присоединено"),
    ("a closed one", lambda own, other: {"source": closed(own)}, WrongState, "закрыто 22.11.2026"),
    ("a merged one", lambda own, other: {"source": merged(own)}, WrongState, "уже присоединено"),
    ("before it took part", lambda own, other: {"last_day": SINCE - DAY}, WrongDay, "участвует в ЖС"),
    ("before its answers", lambda own, other: {"last_day": date(2025, 11, 9)}, WrongDay, "есть ответы после"),
]


@pytest.mark.parametrize(("name", "changed", "error", "says"), REFUSALS, ids=[one[0] for one in REFUSALS])
def test_what_cannot_be_merged(world: World, other: World, name: str, changed: Any, error: type[Refused], says: str):
    given = changed(world, other)
    before = list(Institution.objects.order_by("pk").values())
    with pytest.raises(error, match=says):
        merge(world, **given)
    assert list(Institution.objects.order_by("pk").values()) == before


def test_a_merged_institution_can_neither_be_merged_back_nor_opened(world: World):
    merge(world)
    with pytest.raises(WrongTarget, match="само присоединено"):
        merge(world, source=world.sibling, target=world.institution)
    with pytest.raises(WrongState, match="присоединено"):
        reopen_institution(institution=world.institution, by=admin(world), at=NOW)


def test_what_goes_on_goes_on_in_the_other_from_the_next_day(world: World, second: LifeSituation):
    start(world, second, date(2026, 2, 1))
    outcome = merge(world)
    # The target took part in the one already, and now takes part in the other.
    assert days(world.sibling, world.life_situation) == [(SINCE, None)]
    assert days(world.sibling, second) == [(TODAY + DAY, None)]
    assert days(world.institution, world.life_situation) == [(SINCE, TODAY)]
    assert len(outcome.continued) == 2
    world.institution.refresh_from_db()
    assert (world.institution.closed_on, world.institution.merged_into) == (TODAY, world.sibling)


@pytest.mark.parametrize(
    ("of_target", "expected"),
    [
        ([], [(TODAY + DAY, None)]),
        ([(date(2026, 2, 1), TODAY)], [(date(2026, 2, 1), None)]),
        ([(date(2026, 2, 1), date(2026, 3, 1))], [(date(2026, 2, 1), date(2026, 3, 1)), (TODAY + DAY, None)]),
        ([(date(2027, 1, 1), None)], [(TODAY + DAY, date(2026, 12, 31)), (date(2027, 1, 1), None)]),
        ([(TODAY, None)], [(TODAY, None)]),
    ],
)
def test_the_target_s_own_participations_come_first(
    world: World, second: LifeSituation, of_target: list[tuple[date, date | None]], expected: list[Any]
):
    start(world, second, date(2026, 2, 1))
    for since, until in of_target:
        Participation.objects.create(institution=world.sibling, life_situation=second, since=since, until=until)
    merge(world)
    assert days(world.sibling, second) == expected


def test_representatives_go_over_with_their_deputies_and_nobody_twice(world: World):
    rep = world.people[Role.INSTITUTION_REP].memberships.get()
    deputy = MembershipFactory(institution=world.institution, ends_on=date(2026, 12, 31))
    Membership.objects.filter(pk=deputy.pk).update(deputises_for=rep)
    both = MembershipFactory(institution=world.institution)
    MembershipFactory(user=both.user, institution=world.sibling)
    outcome = merge(world)
    there = {one.user: one for one in world.sibling.memberships.all()}
    assert there.keys() == {rep.user, deputy.user, both.user}
    assert world.sibling.memberships.count() == 3
    assert (there[rep.user].starts_on, there[rep.user].ends_on, there[rep.user].granted_by) == (
        TODAY + DAY,
        None,
        admin(world),
    )
    assert there[deputy.user].deputises_for == there[rep.user]
    assert there[deputy.user].ends_on == date(2026, 12, 31)
    assert set(outcome.carried_over) == there.keys()
    for membership in world.institution.memberships.all():
        assert (membership.ends_on, membership.end_reason) == (
            TODAY,
            f"Учреждение присоединено к «{world.sibling}»",
        )


def test_whoever_merges_does_not_raise_their_own_rights(world: World):
    MembershipFactory(user=admin(world), institution=world.institution)
    outcome = merge(world)
    assert outcome.not_carried_over == [admin(world)]
    assert not world.sibling.memberships.filter(user=admin(world)).exists()


@pytest.mark.parametrize("deed", ["close", "merge", "end"])
def test_answers_stay_and_the_quarters_count_the_same(world: World, deed: str):
    give_answers(world.link, date(2026, 11, 10), satisfied=9, of=12)
    give_answers(world.sibling_link, date(2026, 11, 10), satisfied=5, of=15)

    def figures() -> list[Any]:
        open_quarter = monitoring.quarter_result(world.place, world.quarter, from_answers=True)
        published = monitoring.result_of(world.published)
        return [
            open_quarter.checksum,
            [(one.id, one.counts) for one in open_quarter.institutions],
            published.checksum,
            list(Response.objects.order_by("pk").values_list("pk", "institution", "link")),
            sorted(SurveyLink.objects.values_list("pk", "institution", "token")),
        ]

    before = figures()
    last_day = date(2026, 11, 20)
    match deed:
        case "close":
            close_institution(institution=world.institution, last_day=last_day, by=admin(world), at=NOW)
        case "merge":
            merge(world, last_day=last_day)
        case "end":
            end(world, last_day)
    assert figures() == before
    world.published.refresh_from_db()
    kept, result = world.published.snapshot, monitoring.result_of(world.published).document()
    # Beside the result the snapshot says which answers it was made of.
    assert kept == {"answers_until": kept["answers_until"]} | result


def test_a_dry_run_tells_all_and_changes_nothing(world: World, second: LifeSituation):
    start(world, second, date(2026, 2, 1))
    tables: list[Any] = [Institution, Participation, Membership, SurveyLink, Institution.history, Participation.history]

    def rows() -> list[Any]:
        return [list(getattr(one, "objects", one).order_by("pk").values()) for one in tables]

    before = rows()
    tried = merge(world, dry_run=True)
    assert rows() == before
    done = merge(world)
    for told in ("representatives", "stopped"):
        assert getattr(tried, told) == getattr(done, told)
    assert [str(one) for one in tried.continued] == [str(one) for one in done.continued]


@pytest.mark.django_db(transaction=True)
def test_of_two_merges_at_once_into_each_other_one_is_refused(clock: Any):
    one = InstitutionFactory()
    pair = (one, InstitutionFactory(region=one.region))
    by = MembershipFactory(role=Role.NSI_ADMIN, region=one.region).user
    begin = threading.Barrier(2)
    outcomes: list[str] = []

    def run(source: Institution, target: Institution) -> None:
        try:
            begin.wait()
            merge_institutions(source=source, target=target, last_day=TODAY, by=by, at=NOW)
            outcomes.append("merged")
        except Refused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=one) for one in (pair, pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == ["merged", "refused"]
    assert Institution.objects.filter(merged_into__isnull=False).count() == 1


# Card -----------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_like_names_given_in_one_moment_one_is_refused(clock: Any, monkeypatch: pytest.MonkeyPatch):
    institution = InstitutionFactory(name="Отдел")
    region = institution.region
    by = MembershipFactory(role=Role.NSI_ADMIN, region=region).user
    look = services._require_free

    def look_and_linger(*arguments: Any, **more: Any) -> None:
        look(*arguments, **more)
        time.sleep(0.5)

    monkeypatch.setattr(services, "_require_free", look_and_linger)
    begin, outcomes = threading.Barrier(2), []

    def add() -> None:
        add_institution(region=region, particulars=Particulars("Центр «Приём»", "city", "Н", None), by=by, at=NOW)

    def rename() -> None:
        changed = Particulars("центр прием", "city", "Н", None)
        change_institution(institution=institution, particulars=changed, by=by, at=NOW)

    def run(deed: Callable[[], None]) -> None:
        try:
            begin.wait()
            deed()
            outcomes.append("given")
        except NameTaken:
            outcomes.append("taken")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[one]) for one in (add, rename)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == ["given", "taken"]


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("ГКУ «Центр занятости»", 'гку  "центр занятости"'),
        ("Отдел приёма", "Отдел приема"),
    ],
)
def test_names_are_compared_as_people_compare_them(one: str, same: str):
    assert plain_name(one) == plain_name(same)


def test_only_what_has_changed_is_stored(world: World):
    institution = world.institution
    same = Particulars(institution.name, institution.settlement, institution.locality, institution.sphere)
    change_institution(institution=institution, particulars=same, by=admin(world), at=NOW)
    assert institution.history.count() == 1
    other = Particulars(institution.name, "village", "Кстово", DirectionFactory())
    change_institution(institution=institution, particulars=other, by=admin(world), at=NOW)
    newest = institution.history.first()
    assert (newest.history_user, newest.history_date) == (admin(world), NOW)


def test_the_history_of_an_institution_reads_as_sentences(world: World, second: LifeSituation):
    start(world, second, date(2026, 2, 1))
    change_institution(
        institution=world.institution,
        particulars=Particulars(world.institution.name, "town", "Кстово", None),
        by=admin(world),
        at=NOW,
    )
    merge(world)
    text = text_of(as_role(world, Role.NSI_ADMIN).get(reverse("institution-history", args=[world.institution.pk])))
    assert f"{admin(world)}" in text
    for line in (
        "населённый пункт Нижний Новгород → Кстово",
        "работает по — → 22.11.2026",
        f"присоединено к — → {world.sibling}",
        "участвует по — → 22.11.2026",
        f"{world.institution}: {second}, с 01.02.2026 — внесено",
        f"почему завершено — → Учреждение присоединено к «{world.sibling}»",
    ):
        assert line in text, line


def test_people_of_an_institution_are_named_to_its_own_and_to_those_who_see_people(world: World):
    name = world.people[Role.INSTITUTION_REP].full_name
    url = reverse("institution-card", args=[world.institution.pk])
    for role in Role:
        response = as_role(world, role).get(url)
        shown = response.status_code == 200 and name in response.content.decode().partition("<main")[2]
        assert shown is (role in {Role.NSI_ADMIN, Role.AGENCY_ADMIN, Role.INSTITUTION_REP}), role


def test_the_card_names_what_was_merged_both_ways(world: World):
    merge(world)
    source, target = (
        text_of(as_role(world, Role.NSI_ADMIN).get(reverse("institution-card", args=[one.pk])))
        for one in (world.institution, world.sibling)
    )
    assert f"Присоединено к {world.sibling}" in source
    assert f"К нему присоединено {world.institution}, 22.11.2026" in target


# Pages ----------------------------------------------------------------------------------------------------------------


def errors_of(response: Any, field: str) -> str:
    assert response.status_code == 422, text_of(response)
    return " ".join(response.context["form"].errors.get(field, []))


@pytest.mark.parametrize(
    ("field", "changed", "says"),
    [
        ("name", {"name": ""}, "Обязательное поле"),
        ("name", {"name": "Я" * 301}, "не более 300"),
        ("name", {"name": " центр занятости  города ru-niz "}, "в регионе уже есть"),
        ("settlement", {"settlement": "moon"}, "moon"),
        ("locality", {"locality": ""}, "Обязательное поле"),
        ("sphere", {"sphere": "0"}, "корректный вариант"),
    ],
)
def test_a_wrong_card_comes_back_with_the_reason_at_its_field(
    world: World, field: str, changed: dict[str, str], says: str
):
    sent = {"name": "Новое учреждение", "settlement": "town", "locality": "Бор", "sphere": ""} | changed
    client = as_role(world, Role.NSI_ADMIN)
    before = Institution.objects.count()
    for url in (
        reverse("institution-create", args=[world.region.code]),
        reverse("institution-edit", args=[world.sibling.pk]),
    ):
        response = client.post(url, sent)
        assert says in errors_of(response, field)
        assert {name: response.context["form"][name].value() for name in sent} == sent
    assert Institution.objects.count() == before


def test_a_new_institution_leads_to_its_card(world: World):
    response = as_role(world, Role.NSI_ADMIN).post(
        reverse("institution-create", args=[world.region.code]),
        {"name": " Новое  учреждение ", "settlement": "village", "locality": "Бор", "sphere": ""},
        follow=True,
    )
    made = Institution.objects.get(name="Новое учреждение")
    assert response.redirect_chain[0][0] == reverse("institution-card", args=[made.pk])
    assert made.region == world.region


@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("", "Обязательное поле"),
        ("вчера", "правильную дату"),
        ("0001-01-01", "слишком далеко"),
        ("9999-12-31", "слишком далеко"),
    ],
)
def test_days_no_form_believes(world: World, second: LifeSituation, day: str, says: str):
    client = as_role(world, Role.NSI_ADMIN)
    row = world.institution.participations.get()
    for name, arguments, field, sent in (
        ("institution-close", [world.institution.pk], "last_day", {}),
        ("institution-merge", [world.institution.pk], "last_day", {"target": world.sibling.pk}),
        ("participation-create", [world.institution.pk], "since", {"life_situation": second.pk}),
        ("participation-end", [row.pk], "until", {}),
        ("participation-transfer", [row.pk], "last_day", {"life_situation": second.pk}),
    ):
        response = client.post(reverse(name, args=arguments), {**sent, field: day})
        assert says in errors_of(response, field), name


def test_what_the_services_refuse_stands_at_the_field(world: World, other: World, second: LifeSituation):
    client = as_role(world, Role.NSI_ADMIN)
    row = world.institution.participations.get()
    merge_url = reverse("institution-merge", args=[world.institution.pk])
    for url, field, sent, says in (
        (merge_url, "target", {"target": world.institution.pk, "last_day": "2026-11-22"}, "к самому себе"),
        (merge_url, "target", {"target": other.institution.pk, "last_day": "2026-11-22"}, "в регионе нет"),
        (merge_url, "target", {"target": closed(world).pk, "last_day": "2026-11-22"}, "закрывается"),
        (merge_url, "target", {"target": merged(world).pk, "last_day": "2026-11-22"}, "само присоединено"),
        (merge_url, "target", {"target": "9" * 40, "last_day": "2026-11-22"}, "в регионе нет"),
        (merge_url, "last_day", {"target": world.sibling.pk, "last_day": "2025-01-01"}, "участвует в ЖС"),
        (reverse("institution-close", args=[world.institution.pk]), "last_day", {"last_day": "2025-01-01"}, "раньше"),
        (reverse("participation-end", args=[row.pk]), "until", {"until": "2025-01-01"}, "раньше"),
        (
            reverse("participation-create", args=[world.institution.pk]),
            "since",
            {"life_situation": second.pk, "since": "2025-12-31"},
            "взял эту жизненную ситуацию",
        ),
        (
            reverse("participation-create", args=[world.institution.pk]),
            "life_situation",
            {"life_situation": world.life_situation.pk, "since": "2026-11-22"},
            "корректный вариант",
        ),
        (
            reverse("participation-transfer", args=[row.pk]),
            "life_situation",
            {"life_situation": world.life_situation.pk, "last_day": "2026-11-22"},
            "корректный вариант",
        ),
    ):
        response = client.post(url, sent)
        assert says in errors_of(response, field), (url, field)
        assert {name: str(response.context["form"][name].value()) for name in sent} == {
            name: str(value) for name, value in sent.items()
        }


def test_a_member_of_the_headquarters_is_offered_only_the_life_situations_they_answer_for(
    world: World, second: LifeSituation
):
    client = as_role(world, Role.HQ_MEMBER)
    url = reverse("participation-create", args=[world.institution.pk])
    assert "Выбрать нечего" in text_of(client.get(url))
    assert "корректный вариант" in errors_of(
        client.post(url, {"life_situation": second.pk, "since": "2026-11-22"}), "life_situation"
    )
    row = start(world, second, date(2026, 2, 1))
    assert client.get(reverse("participation-end", args=[row.pk])).status_code == 403


def test_merging_shows_what_will_happen_before_it_does(world: World, second: LifeSituation):
    start(world, second, date(2026, 2, 1))
    client = as_role(world, Role.NSI_ADMIN)
    url = reverse("institution-merge", args=[world.institution.pk])
    found = client.get(url, {"q": "РАЙОНА"})
    assert world.sibling.name in text_of(found) and f'value="{world.sibling.pk}"' in found.content.decode()
    assert "Учреждений не найдено" in text_of(client.get(url, {"q": "нет такого"}))
    sent = {"target": str(world.sibling.pk), "last_day": "2026-11-22"}
    preview = client.post(url, sent)
    text = text_of(preview)
    assert preview.status_code == 200
    assert "Продолжится участие в ЖС: 2" in text
    assert f"Представителей перейдёт: 1 {world.people[Role.INSTITUTION_REP]}" in text
    assert "Перестанут принимать ответы ссылки: 1" in text
    world.institution.refresh_from_db()
    assert world.institution.merged_into is None
    assert client.post(url, sent | {"confirm": "yes"}).status_code == 302
    world.institution.refresh_from_db()
    assert world.institution.merged_into == world.sibling
    # A second click tells what has happened.
    assert "уже присоединено" in text_of(client.post(url, sent | {"confirm": "yes"}))


def test_closing_and_opening_again_by_the_pages(world: World):
    client = as_role(world, Role.NSI_ADMIN)
    card = reverse("institution-card", args=[world.institution.pk])
    client.post(reverse("institution-close", args=[world.institution.pk]), {"last_day": "2026-11-21"})
    assert "Закрыто" in text_of(client.get(card))
    answer = client.post(reverse("institution-reopen", args=[world.institution.pk]), follow=True)
    assert "Учреждение снова работает" in text_of(answer)


# Lists ----------------------------------------------------------------------------------------------------------------


def names_in(response: Any) -> list[str]:
    return [row.record.name for row in response.context["table"].rows]


def test_the_list_shows_working_institutions_unless_asked_for_others(world: World):
    closed(world)
    tomorrow = InstitutionFactory(region=world.region, name="Закроется завтра", closed_on=TODAY + DAY)
    yesterday = InstitutionFactory(region=world.region, name="Закрылось вчера", closed_on=TODAY - DAY)
    client = as_role(world, Role.NSI_ADMIN)
    for url in (reverse("institution-list"), reverse("region-institutions", args=[world.region.code])):
        assert yesterday.name not in names_in(client.get(url))
        assert tomorrow.name in names_in(client.get(url))
        assert names_in(client.get(url, {"state": "closed"})) == [yesterday.name]
        assert {yesterday.name, tomorrow.name} <= set(names_in(client.get(url, {"state": "all"})))
        assert "работает по 21.11.2026" in text_of(client.get(url, {"state": "closed"}))


def test_the_list_knows_the_life_situations_of_today_and_those_to_come(world: World, second: LifeSituation):
    start(world, second, TODAY + DAY)
    end(world, TODAY - DAY, world.institution.participations.get(life_situation=world.life_situation))
    client = as_role(world, Role.NSI_ADMIN)
    url = reverse("region-institutions", args=[world.region.code])
    assert f"{second.short_title} (с 23.11.2026)" in text_of(client.get(url))
    assert names_in(client.get(url, {"life_situation": second.code})) == [world.institution.name]
    assert names_in(client.get(url, {"life_situation": world.life_situation.code})) == [world.sibling.name]
    of_all = client.get(url, {"life_situation": world.life_situation.code, "state": "all"})
    assert len(names_in(of_all)) == 2


def test_the_list_filters_by_sphere_and_sorts_by_its_columns(world: World):
    world.sibling.sphere = DirectionFactory(code="health")
    world.sibling.save()
    client = as_role(world, Role.NSI_ADMIN)
    url = reverse("institution-list")
    assert names_in(client.get(url, {"sphere": "health"})) == [world.sibling.name]
    up, down = (names_in(client.get(url, {"sort": sort})) for sort in ("name", "-name"))
    assert up == down[::-1]
    for column in ("locality", "sphere", "links", "-links"):
        assert client.get(url, {"sort": column}).status_code == 200


@pytest.mark.parametrize(
    ("url", "rows"),
    [
        (lambda world: reverse("institution-list"), 2),
        (lambda world: reverse("region-institutions", args=[world.region.code]), 2),
        (lambda world: reverse("link-list", args=[world.institution.pk]), 1),
        (lambda world: reverse("report-list"), 1),
    ],
    ids=["institutions", "of a region", "links", "reports"],
)
def test_every_list_downloads_as_a_workbook(world: World, url: Any, rows: int):
    response = as_role(world, Role.NSI_ADMIN).get(url(world), {"format": "xlsx"})
    sheet = load_workbook(io.BytesIO(response.content)).active
    assert sheet.max_row == rows + 1
    assert all(cell.value for cell in sheet[1])


def queries(client: Client, url: str) -> int:
    # The first page of a session does more than the others.
    client.get(url)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def test_the_number_of_queries_does_not_grow_with_institutions(world: World, second: LifeSituation):
    client = as_role(world, Role.NSI_ADMIN)
    urls = [
        reverse("institution-list"),
        reverse("region-institutions", args=[world.region.code]),
        reverse("institution-list") + "?format=xlsx",
        reverse("institution-merge", args=[world.institution.pk]),
    ]

    before = [queries(client, url) for url in urls]
    for _ in range(100):
        one = InstitutionFactory(region=world.region, sphere=second.direction)
        for life_situation in (world.life_situation, second):
            ParticipationFactory(institution=one, life_situation=life_situation)
    assert [queries(client, url) for url in urls] == before


def test_the_number_of_queries_does_not_grow_with_links(world: World):
    client = as_role(world, Role.INSTITUTION_REP)
    url = reverse("link-list", args=[world.institution.pk])
    before = queries(client, url)
    for _ in range(30):
        SurveyLinkFactory(institution=world.institution, life_situation=world.life_situation)
    assert queries(client, url) == before


def test_the_number_of_queries_of_a_card_does_not_grow_with_what_it_shows(world: World):
    client = as_role(world, Role.NSI_ADMIN)
    url = reverse("institution-card", args=[world.institution.pk])
    before = queries(client, url)
    for _ in range(20):
        MembershipFactory(institution=world.institution, user=UserFactory())
        InstitutionFactory(region=world.region, closed_on=TODAY, merged_into=world.institution)
    for code in ("social-home-care", "health-primary-cardio", "health-hightech-cardio"):
        ParticipationFactory(institution=world.institution, life_situation=LifeSituationFactory(code=code))
    assert queries(client, url) == before


def test_the_time_of_a_page_is_the_region_s(world: World, clock: time_machine.Traveller):
    """On Kamchatka the next day has begun, and with it the institution has closed."""
    far = build_world("RU-KAM")
    close_institution(institution=far.institution, last_day=TODAY, by=admin(far), at=NOW)
    clock.move_to(NOW.replace(hour=20))
    assert timezone.localdate() == TODAY
    assert far.institution.name not in names_in(as_role(far, Role.NSI_ADMIN).get(reverse("institution-list")))
