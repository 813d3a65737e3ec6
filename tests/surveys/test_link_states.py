"""Links and versions as a machine of states, beside a model that knows nothing of the portal's code.

Whatever is done to a link and to its questionnaire in whatever order, the model says whether an answer begun at one
instant and sent at another is taken, to which version it belongs, and how many there are.
"""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import transaction
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from surveys.models import PAGE_KEPT_SECONDS, QuestionnaireVersion, Response, SurveyLink, VersionRetirement
from surveys.questionnaires.answers import read_answers
from surveys.services import links as services
from surveys.services.arriving import Arrival, Origin, build_response, store_response
from tests.factories import (
    InstitutionFactory,
    LifeSituationFactory,
    MembershipFactory,
    ParticipationFactory,
    QuestionnaireVersionFactory,
)

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("Asia/Kamchatka")
START = datetime(2026, 11, 2, 9, 0, tzinfo=ZONE)
GRACE = timedelta(seconds=settings.LINK_GRACE_SECONDS)
KEPT = timedelta(seconds=PAGE_KEPT_SECONDS)
# Steps of the clock that land before, on and after every border: minutes, the grace, midnights.
STEPS = (
    timedelta(seconds=2),
    timedelta(minutes=20),
    GRACE - timedelta(seconds=1),
    GRACE,
    timedelta(hours=7),
    timedelta(days=1),
    timedelta(days=4),
)
# Pages begun so long ago are asked about at every step.
AGO = (timedelta(0), timedelta(seconds=9), timedelta(minutes=15), timedelta(minutes=55), timedelta(hours=8))


@dataclass
class Model:
    """What the rules say of a link, in the plainest words: no state, only what was done and when."""

    opens_on: date
    closes_on: date | None
    version: int
    paused_at: datetime | None = None
    closed_at: datetime | None = None
    answers: dict[str, int] = field(default_factory=dict)  # key → version

    def opens_at(self) -> datetime:
        return datetime.combine(self.opens_on, time.min, ZONE)

    def ends_at(self) -> datetime:
        """24:00 of the last day."""
        if self.closes_on is None:
            return datetime.max.replace(tzinfo=UTC)
        return datetime.combine(self.closes_on, time.min, ZONE) + timedelta(days=1)

    def stops_at(self) -> datetime:
        return min(filter(None, (self.ends_at(), self.paused_at, self.closed_at)))

    def is_open(self, at: datetime) -> bool:
        return self.opens_at() <= at < self.stops_at()

    def takes(self, begun_at: datetime, at: datetime) -> bool:
        if self.is_open(at):
            return True
        in_grace = self.stops_at() <= at < self.stops_at() + GRACE
        return in_grace and self.is_open(begun_at - KEPT)

    def is_over(self, at: datetime) -> bool:
        return self.closed_at is not None or at >= self.ends_at()


class Links(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.now = START
        self.keys = itertools.count()
        self.begun: list[tuple[datetime, str]] = []
        self.links: list[tuple[SurveyLink, Model]] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize()
    def place(self) -> None:
        self.situation = LifeSituationFactory()
        self.institution = InstitutionFactory(region__code="RU-KAM")
        ParticipationFactory(institution=self.institution, life_situation=self.situation, since=date(2026, 1, 1))
        self.person = MembershipFactory(institution=self.institution).user
        self.versions: list[QuestionnaireVersion] = [
            QuestionnaireVersionFactory(questionnaire__direction=self.situation.direction)
        ]
        self.retired: set[int] = set()
        self.create(opens_in=0, lasts=None)

    @property
    def today(self) -> date:
        return self.now.astimezone(ZONE).date()

    def in_use(self) -> QuestionnaireVersion | None:
        usable = [one for one in self.versions if one.pk not in self.retired]
        return usable[-1] if usable else None

    def one(self, data: st.DataObject) -> tuple[SurveyLink, Model]:
        link, model = data.draw(st.sampled_from(self.links))
        return SurveyLink.objects.with_places().get(pk=link.pk), model

    # Versions

    @precondition(lambda self: len(self.versions) < 4)
    @rule()
    def publish(self) -> None:
        first = self.versions[0]
        self.versions.append(
            QuestionnaireVersion.objects.create(
                questionnaire=first.questionnaire,
                number=len(self.versions) + 1,
                document=first.document,
                digest=f"{len(self.versions):064}",
                published_at=self.now,
            )
        )

    @precondition(lambda self: self.in_use())
    @rule(data=st.data())
    def retire(self, data: st.DataObject) -> None:
        version = data.draw(st.sampled_from([one for one in self.versions if one.pk not in self.retired]))
        VersionRetirement.objects.create(
            version=version, retired_at=self.now, retired_by=self.person, reason="Заменена новой"
        )
        self.retired.add(version.pk)

    # Links

    @precondition(lambda self: len(self.links) < 3)
    @rule(opens_in=st.integers(-1, 2), lasts=st.none() | st.integers(0, 6))
    def create(self, opens_in: int, lasts: int | None) -> None:
        opens_on = self.today + timedelta(days=opens_in)
        closes_on = None if lasts is None else opens_on + timedelta(days=lasts)
        wanted = self.in_use()
        try:
            link = services.create_link(
                institution=self.institution,
                life_situation=self.situation,
                channel="poster",
                opens_on=opens_on,
                closes_on=closes_on,
                by=self.person,
            )
        except services.NoQuestionnaire:
            assert wanted is None
            return
        assert wanted is not None and link.version_id == wanted.pk
        self.links.append((link, Model(opens_on, closes_on, wanted.pk)))

    @precondition(lambda self: self.links)
    @rule(data=st.data())
    def pause(self, data: st.DataObject) -> None:
        link, model = self.one(data)
        try:
            services.pause_link(link=link, by=self.person, at=self.now)
        except services.WrongState:
            assert model.is_over(self.now)
            return
        assert not model.is_over(self.now)
        model.paused_at = model.paused_at or self.now

    @precondition(lambda self: self.links)
    @rule(data=st.data())
    def pause_for_hours_and_close(self, data: st.DataObject) -> None:
        """The way on which closing could begin a second grace."""
        self.pause(data)
        self.now += timedelta(hours=2)
        self.close(data)

    @precondition(lambda self: self.links)
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        link, model = self.one(data)
        try:
            services.resume_link(link=link, by=self.person, at=self.now)
        except services.WrongState:
            assert model.is_over(self.now)
            return
        assert not model.is_over(self.now)
        model.paused_at = None

    @precondition(lambda self: self.links)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        link, model = self.one(data)
        services.close_link(link=link, by=self.person, at=self.now)
        if not model.is_over(self.now):
            model.closed_at = self.now

    @precondition(lambda self: self.links)
    @rule(data=st.data(), closes_in=st.none() | st.integers(-1, 5))
    def reopen(self, data: st.DataObject, closes_in: int | None) -> None:
        link, model = self.one(data)
        closes_on = None if closes_in is None else self.today + timedelta(days=closes_in)
        try:
            services.reopen_link(link=link, closes_on=closes_on, by=self.person, at=self.now)
        except services.WrongState:
            assert not model.is_over(self.now)
            return
        except services.BadWindow:
            assert closes_on is not None and closes_on < max(self.today, model.opens_on)
            return
        assert model.is_over(self.now)
        model.closed_at = model.paused_at = None
        model.closes_on = closes_on

    @precondition(lambda self: self.links)
    @rule(data=st.data(), closes_in=st.integers(-2, 5))
    def move_last_day(self, data: st.DataObject, closes_in: int) -> None:
        link, model = self.one(data)
        closes_on = self.today + timedelta(days=closes_in)
        try:
            services.change_link(
                link=link,
                label=link.label,
                target=5,
                opens_on=link.opens_on,
                closes_on=closes_on,
                by=self.person,
                at=self.now,
            )
        except services.BadWindow:
            assert model.is_over(self.now) or closes_on < max(self.today, model.opens_on)
            return
        assert closes_on == model.closes_on or not model.is_over(self.now)
        model.closes_on = closes_on

    # Answers

    @rule()
    def open_a_page(self) -> None:
        self.begun.append((self.now, f"machine-{next(self.keys)}"))

    @precondition(lambda self: self.links and self.begun)
    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        link, model = self.one(data)
        begun_at, key = data.draw(st.sampled_from(self.begun))
        key = f"{key}-{link.pk}"
        taken = link.accepts(begun_at=begun_at, now=self.now)
        assert taken == model.takes(begun_at, self.now)
        if not taken:
            return
        day = link.answered_at(self.now).astimezone(ZONE).date()
        # No answer ever lies outside the days of its link.
        assert link.opens_on <= day and (link.closes_on is None or day <= link.closes_on)
        sent = {"service_date": [day.isoformat()], "satisfaction": ["yes"], "recommend": ["9"]}
        response = build_response(
            origin=Origin.of(link),
            key=key,
            answers=read_answers(link.version.definition, sent, today=day),
            mode=Response.Mode.ONLINE,
            arrived_at=self.now,
            answered_on=day,
        )
        arrival = store_response(response)
        known = model.answers.setdefault(key, model.version)
        assert known == model.version
        assert arrival in (Arrival.STORED, Arrival.REPEATED, Arrival.CONFLICT)

    @rule(step=st.sampled_from(STEPS))
    def wait(self, step: timedelta) -> None:
        self.now += step

    # What always holds

    @invariant()
    def no_answer_is_lost_and_each_keeps_its_version(self) -> None:
        for link, model in self.links:
            stored = dict(Response.objects.filter(link=link).values_list("key", "version"))
            assert stored == model.answers

    @invariant()
    def the_state_agrees_with_the_model_and_with_the_database(self) -> None:
        for link, model in self.links:
            now = SurveyLink.objects.with_places().get(pk=link.pk)
            is_open = model.is_open(self.now)
            assert (now.state(self.now) == SurveyLink.State.OPEN) == is_open
            assert SurveyLink.objects.open(self.now).filter(pk=link.pk).exists() == is_open
            assert now.version_id == model.version
            for ago in AGO:
                begun_at = self.now - ago
                taken = model.takes(begun_at, self.now)
                assert now.accepts(begun_at=begun_at, now=self.now) == taken, (begun_at, self.now)


def test_links_and_versions_do_what_the_model_says():
    run_state_machine_as_test(
        Links,
        settings=hypothesis_settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


# The table of states --------------------------------------------------------------------------------------------------

STATE = SurveyLink.State
NOON = "2026-11-20 12:00"


def at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE) if text else None


@pytest.mark.parametrize(
    ("paused", "closed", "closes_on", "now", "state"),
    [
        (None, None, None, NOON, STATE.OPEN),
        (NOON, None, None, "2026-11-20 12:59", STATE.CLOSING),
        (NOON, None, None, "2026-11-20 13:00", STATE.PAUSED),
        # Paused in the grace after the last day: nothing is left to pause.
        ("2026-11-21 00:30", None, "2026-11-20", "2026-11-21 00:45", STATE.CLOSING),
        ("2026-11-21 00:30", None, "2026-11-20", "2026-11-21 01:00", STATE.CLOSED),
        # Closed while paused: the grace was that of the pause.
        (NOON, "2026-11-20 15:00", None, "2026-11-20 15:10", STATE.CLOSED),
        (NOON, "2026-11-20 12:30", None, "2026-11-20 12:45", STATE.CLOSING),
        # Past its last day while paused.
        (NOON, None, "2026-11-20", "2026-11-20 23:59", STATE.PAUSED),
        (NOON, None, "2026-11-20", "2026-11-21 00:00", STATE.CLOSED),
        # Stopped before it opened: nobody has begun anything.
        ("2026-10-01 12:00", None, None, "2026-10-01 12:10", STATE.PAUSED),
        (None, "2026-10-01 12:00", None, "2026-10-01 12:10", STATE.CLOSED),
    ],
)
def test_a_link_is_in_one_state(
    paused: str | None, closed: str | None, closes_on: str | None, now: str, state: SurveyLink.State
):
    link = SurveyLink(
        institution=InstitutionFactory.build(region__time_zone="Asia/Kamchatka"),
        opens_on=date(2026, 11, 1),
        closes_on=date.fromisoformat(closes_on) if closes_on else None,
        paused_at=at(paused),
        closed_at=at(closed),
    )
    instant = at(now)
    assert instant and link.state(instant) == state


def test_what_was_begun_before_a_pause_is_taken_in_the_grace_and_again_after_it():
    link = SurveyLink(
        institution=InstitutionFactory.build(region__time_zone="Asia/Kamchatka"),
        opens_on=date(2026, 11, 1),
        paused_at=at(NOON),
    )
    begun = at("2026-11-20 11:55")
    assert begun
    taken = {}
    for minute in ("12:30", "13:30"):
        instant = at(f"2026-11-20 {minute}")
        assert instant
        taken[minute] = link.accepts(begun_at=begun, now=instant)
    assert taken == {"12:30": True, "13:30": False}
    link.paused_at = None
    instant = at("2026-11-20 14:00")
    assert instant and link.accepts(begun_at=begun, now=instant)
