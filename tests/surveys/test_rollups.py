"""The daily rollup equals the raw answers, whenever it is read."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from surveys import rollups
from surveys.counts import NOTHING, InstitutionCounts
from surveys.models import DailyTally, Response, SurveyLink
from surveys.readings import counts_for_period, counts_from_answers
from tests.factories import ResponseFactory, SurveyLinkFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 5)


@pytest.fixture
def link() -> SurveyLink:
    return SurveyLinkFactory()


def both(link: SurveyLink, first: date = DAY, last: date = DAY) -> tuple[InstitutionCounts, InstitutionCounts]:
    """Counts of the link's institution from the rollup and from the raw answers."""
    place = {
        "life_situation_id": link.life_situation_id,
        "institution_ids": [link.institution_id],
        "first": first,
        "last": last,
    }
    return (
        counts_for_period(**place).get(link.institution_id, NOTHING),
        counts_from_answers(**place).get(link.institution_id, NOTHING),
    )


def test_an_answer_counts_before_it_is_rolled_up_and_after(link: SurveyLink):
    ResponseFactory(link=link, satisfaction=4, nps=10, days=Decimal("3.5"))
    before, raw = both(link)
    assert before == raw
    assert (before.received, before.eligible, before.shares["satisfaction"].positive) == (1, 1, 1)
    rollups.roll_up(timezone.now())
    assert not Response.objects.not_rolled_up().exists()
    after, _ = both(link)
    assert after == before
    # And with one of each kind.
    ResponseFactory(link=link, satisfaction=1, nps=0, days=Decimal(7))
    mixed, raw = both(link)
    assert mixed == raw
    assert (mixed.received, mixed.nps.detractors, mixed.days.maximum) == (2, 1, Decimal(7))


def test_late_answers_are_received_and_do_not_count(link: SurveyLink):
    ResponseFactory(link=link, satisfaction=1, is_eligible=False, service_date=DAY - timedelta(days=6))
    ResponseFactory(link=link, satisfaction=4)
    rollups.roll_up(timezone.now())
    counts, raw = both(link)
    assert counts == raw
    assert (counts.received, counts.eligible, counts.left_out) == (2, 1, 1)
    assert (counts.shares["satisfaction"].n, counts.shares["satisfaction"].positive) == (1, 1)


def test_only_the_days_asked_for_count(link: SurveyLink):
    for shift in (-1, 0, 1, 2):
        ResponseFactory(link=link, answered_on=DAY + timedelta(days=shift))
    rollups.roll_up(timezone.now())
    counts, raw = both(link, DAY, DAY + timedelta(days=1))
    assert counts == raw
    assert counts.received == 2


def test_another_institution_and_life_situation_stay_apart(link: SurveyLink):
    other = SurveyLinkFactory(life_situation__code="social-home-care")
    ResponseFactory(link=link)
    ResponseFactory(link=other)
    ResponseFactory(link=SurveyLinkFactory(institution=link.institution, life_situation=other.life_situation))
    rollups.roll_up(timezone.now())
    counts, raw = both(link)
    assert counts == raw
    assert counts.received == 1


ANSWER = st.fixed_dictionaries(
    {
        "answered_on": st.sampled_from([DAY, DAY + timedelta(days=1)]),
        "is_eligible": st.booleans(),
        "satisfaction": st.sampled_from([None, 1, 2, 3, 4]),
        "support": st.sampled_from([None, 1, 2, 3, 4]),
        "nps": st.sampled_from([None, *range(11)]),
        "days": st.sampled_from([None, Decimal(0), Decimal("2.5"), Decimal(40)]),
    }
)


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rolled_up=st.lists(ANSWER, max_size=8), waiting=st.lists(ANSWER, max_size=8))
def test_the_rollup_and_the_raw_answers_always_agree(link: SurveyLink, rolled_up: list, waiting: list):
    Response.objects.all().delete()
    DailyTally.objects.all().delete()
    for answer in rolled_up:
        ResponseFactory(link=link, **answer)
    rollups.roll_up(timezone.now())
    for answer in waiting:
        ResponseFactory(link=link, **answer)
    counts, raw = both(link, DAY, DAY + timedelta(days=1))
    assert counts == raw
    assert rollups.find_differences(timezone.now()) == []


def test_more_answers_than_a_batch_are_rolled_up(link: SurveyLink, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rollups, "BATCH", 3)
    for _ in range(8):
        ResponseFactory(link=link)
    assert rollups.roll_up(timezone.now()) == 8
    counts, raw = both(link)
    assert counts == raw


def test_the_check_command_finds_a_wrong_rollup_and_mends_it(link: SurveyLink, capsys: pytest.CaptureFixture[str]):
    ResponseFactory(link=link)
    call_command("check_rollups")
    DailyTally.objects.filter(measure="nps").update(count=5)
    with pytest.raises(CommandError, match="расходятся"):
        call_command("check_rollups")
    assert "в итогах 5, в ответах 1" in capsys.readouterr().err
    call_command("check_rollups", rebuild=True)
    counts, raw = both(link)
    assert counts == raw


def test_a_reading_is_one_statement_whatever_the_number_of_answers(link: SurveyLink, django_assert_num_queries):
    for _ in range(5):
        ResponseFactory(link=link)
    rollups.roll_up(timezone.now())
    ResponseFactory(link=link)
    with django_assert_num_queries(1):
        counts_for_period(
            life_situation_id=link.life_situation_id, institution_ids=[link.institution_id], first=DAY, last=DAY
        )
