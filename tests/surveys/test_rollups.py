"""The daily rollups equal the raw answers, whenever they are read."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from surveys.counting import rollups
from surveys.counting.counts import NOTHING, InstitutionCounts
from surveys.counting.readings import counts_for_period, counts_from_answers
from surveys.models import DailyTally, QuestionTally, Response, SurveyLink
from tests.factories import (
    QuestionnaireFactory,
    QuestionnaireVersionFactory,
    RegionFactory,
    ResponseFactory,
    SurveyLinkFactory,
)

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
        "is_measured": st.booleans(),
        "is_excluded": st.booleans(),
        "answers": st.fixed_dictionaries(
            {},
            optional={
                "satisfaction": st.sampled_from(["yes", "no"]),
                "recommend": st.integers(0, 10),
                # What any door lets through: PostgreSQL keeps no NUL, and every door takes it out.
                "suggestions": st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=3),
                "days": st.sampled_from(["0", "2.5"]),
                "asked_nowhere": st.just("yes"),
            },
        ),
        "satisfaction": st.sampled_from([None, 1, 2, 3, 4]),
        "support": st.sampled_from([None, 1, 2, 3, 4]),
        "nps": st.sampled_from([None, *range(11)]),
        "days": st.sampled_from([None, Decimal(0), Decimal("2.5"), Decimal(40)]),
    }
)


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rolled_up=st.lists(ANSWER, max_size=8),
    waiting=st.lists(ANSWER, max_size=8),
    changed=st.sets(st.integers(0, 15), max_size=5),
    deleted=st.sets(st.integers(0, 15), max_size=3),
)
def test_the_rollups_and_the_raw_answers_always_agree(
    link: SurveyLink, rolled_up: list, waiting: list, changed: set[int], deleted: set[int]
):
    Response.objects.all().delete()
    DailyTally.objects.all().delete()
    QuestionTally.objects.all().delete()
    made = [ResponseFactory(link=link, **answer).pk for answer in rolled_up]
    rollups.roll_up(timezone.now())
    made += [ResponseFactory(link=link, **answer).pk for answer in waiting]
    assert_everything_agrees(link)
    left_out = [pk for number, pk in enumerate(made) if number in changed]
    gone = [pk for number, pk in enumerate(made) if number in deleted]
    with rollups.changing([*left_out, *gone]):
        Response.objects.filter(pk__in=left_out).update(is_excluded=True)
        Response.objects.filter(pk__in=gone).delete()
    assert_everything_agrees(link)
    before = asked(link)
    rollups.roll_up(timezone.now())
    assert asked(link) == before
    assert_everything_agrees(link)
    rollups.rebuild()
    assert asked(link) == before
    assert_everything_agrees(link)


def assert_everything_agrees(link: SurveyLink) -> None:
    """КПЭ and every question, read from the rollups, are what a plain look at all answers gives."""
    counts, raw = both(link, DAY, DAY + timedelta(days=1))
    assert counts == raw
    assert asked(link) == plainly_counted(link)
    assert rollups.find_differences(timezone.now()) == []


def asked(link: SurveyLink, first: date = DAY, last: date = DAY + timedelta(days=1)) -> dict[tuple[str, str], int]:
    """(question, value) → count for the link's institution."""
    found: Counter[tuple[str, str]] = Counter()
    for (_, question, value), count in rollups.read_questions(
        life_situation_id=link.life_situation_id, institution_ids=[link.institution_id], first=first, last=last
    ).items():
        found[question, value] += count
    return dict(found)


def plainly_counted(link: SurveyLink) -> dict[tuple[str, str], int]:
    """The same from the answers one by one, by rules written down a second time."""
    texts = {"suggestions"}
    found: Counter[tuple[str, str]] = Counter()
    for one in Response.objects.filter(institution=link.institution):
        counts = not one.is_excluded and (one.is_eligible or not one.is_measured)
        found["", "2" if one.is_excluded else "1" if counts else "0"] += 1
        for code, value in one.answers.items() if counts else ():
            if code != "asked_nowhere":
                found[code, "*" if code in texts else str(value)] += 1
    return dict(found)


MANY_SIDED = {
    "title": "Своя анкета",
    "sections": [
        {
            "code": "visit",
            "questions": [
                {
                    "code": "ways",
                    "type": "multiple",
                    "text": "Как Вы обращались?",
                    "options": [{"code": "phone", "title": "По телефону"}, {"code": "visit", "title": "Лично"}],
                },
                {"code": "seen_on", "type": "date", "text": "Когда?"},
                {"code": "hours", "type": "number", "text": "Сколько часов ждали?", "decimals": 1},
            ],
        },
        {
            "code": "relatives",
            "repeat": {"min": 0, "max": 3},
            "questions": [
                {"code": "age", "type": "number", "text": "Сколько лет?"},
                {
                    "code": "helped",
                    "type": "multiple",
                    "text": "Чем помогли?",
                    "options": [{"code": "money", "title": "Выплата"}, {"code": "advice", "title": "Совет"}],
                },
            ],
        },
    ],
}


@pytest.fixture
def own_link() -> SurveyLink:
    """A region's questionnaire that asks for no day of service: it does not feed the КПЭ."""
    questionnaire = QuestionnaireFactory(code="own", title="Своя анкета", region=RegionFactory(), direction=None)
    version = QuestionnaireVersionFactory(questionnaire=questionnaire, number=1, document=MANY_SIDED)
    return SurveyLinkFactory(version=version, channel=SurveyLink.Channel.SITE)


def test_every_kind_of_question_is_counted_by_its_rule(own_link: SurveyLink):
    answers = [
        {"ways": ["phone", "visit"], "seen_on": "2026-11-01", "hours": "2.5"},
        {"ways": ["visit"], "hours": "2.5", "relatives": [{"age": "7", "helped": ["money"]}, {"age": "70"}]},
        {"hours": "0", "relatives": [{"age": "7", "helped": ["money", "advice"]}]},
    ]
    for one in answers:
        ResponseFactory(link=own_link, is_measured=False, is_eligible=False, service_date=None, answers=one)
    expected = {
        ("", "1"): 3,
        # Of the two who answered both came themselves, one rang up as well.
        ("ways", "#"): 2,
        ("ways", "phone"): 1,
        ("ways", "visit"): 2,
        ("seen_on", "*"): 1,
        ("hours", "2.5"): 2,
        ("hours", "0"): 1,
        # Each relative is an answer.
        ("age", "7"): 2,
        ("age", "70"): 1,
        ("helped", "#"): 2,
        ("helped", "money"): 2,
        ("helped", "advice"): 1,
    }
    assert asked(own_link) == expected
    rollups.roll_up(timezone.now())
    assert asked(own_link) == expected
    assert rollups.find_differences(timezone.now()) == []


def test_answers_that_are_not_for_the_kpi_are_neither_received_nor_left_out(own_link: SurveyLink):
    ResponseFactory(link=own_link, is_measured=False, is_eligible=False, answers={})
    assert both(own_link) == (NOTHING, NOTHING)
    rollups.roll_up(timezone.now())
    assert both(own_link) == (NOTHING, NOTHING)
    assert asked(own_link) == {("", "1"): 1}


def test_an_answer_left_out_by_a_decision_counts_nowhere(link: SurveyLink):
    left_out, *_ = [ResponseFactory(link=link, days=Decimal(3)) for _ in range(3)]
    rollups.roll_up(timezone.now())
    with rollups.changing([left_out.pk]):
        Response.objects.filter(pk=left_out.pk).update(is_excluded=True)
    counts, raw = both(link)
    assert counts == raw
    assert (counts.received, counts.eligible, counts.excluded, counts.left_out, counts.too_late) == (3, 2, 1, 1, 0)
    assert (counts.nps.n, counts.days.n, counts.shares["satisfaction"].n) == (2, 2, 2)
    assert asked(link)["", "2"] == 1
    assert asked(link)["recommend", "10"] == 2
    with rollups.changing([left_out.pk]):
        Response.objects.filter(pk=left_out.pk).update(is_excluded=False)
    assert both(link)[0].eligible == 3
    assert rollups.find_differences(timezone.now()) == []


def test_a_change_that_fails_leaves_everything_as_it_was(link: SurveyLink):
    response = ResponseFactory(link=link)
    rollups.roll_up(timezone.now())
    before = asked(link)
    with pytest.raises(RuntimeError), rollups.changing([response.pk]):
        Response.objects.filter(pk=response.pk).delete()
        raise RuntimeError
    assert asked(link) == before
    assert rollups.find_differences(timezone.now()) == []


def test_a_second_batch_of_a_day_is_added_to_the_first(link: SurveyLink):
    for _ in range(3):
        ResponseFactory(link=link)
        rollups.roll_up(timezone.now())
    assert asked(link)["satisfaction", "yes"] == 3
    assert QuestionTally.objects.get(question="satisfaction").count == 3


def test_channels_and_versions_are_kept_apart(link: SurveyLink):
    newer = QuestionnaireVersionFactory(
        questionnaire=link.version.questionnaire, number=2, document=link.version.document
    )
    place = {"institution": link.institution, "life_situation": link.life_situation}
    ResponseFactory(link=link)
    ResponseFactory(link=SurveyLinkFactory(**place, version=newer, channel="sms"))
    ResponseFactory(link=SurveyLinkFactory(**place, version=newer, channel="sms"))
    for _ in range(2):  # Waiting, and rolled up.
        assert recommended(link) == {link.version_id: 1, newer.pk: 2}
        assert recommended(link, channel="sms") == {newer.pk: 2}
        assert recommended(link, version_ids=[link.version_id]) == {link.version_id: 1}
        assert recommended(link, channel="sms", version_ids=[link.version_id]) == {}
        rollups.roll_up(timezone.now())


def recommended(link: SurveyLink, **filters: object) -> dict[int, int]:
    """Version → how many answered its question of 0 to 10."""
    place = {"life_situation_id": link.life_situation_id, "institution_ids": [link.institution_id]}
    counts = rollups.read_questions(**place, first=DAY, last=DAY, **filters)
    return {version: count for (version, question, _), count in counts.items() if question == "recommend"}


def test_the_numbers_of_answers_are_read_by_pieces_of_time(own_link: SurveyLink, django_assert_num_queries):
    other = SurveyLinkFactory(
        institution=own_link.institution, life_situation=own_link.life_situation, version=own_link.version
    )
    several = {"is_measured": False, "is_eligible": False, "service_date": None}
    for _ in range(2):
        for link, shift, answers in (
            (own_link, 0, {"ways": ["phone", "visit"], "hours": "1"}),
            (own_link, 0, {"hours": "2"}),
            (own_link, 3, {"ways": ["phone"]}),
            (other, 3, {}),
            (own_link, 2, {"ways": ["phone"]}),  # In no piece.
        ):
            ResponseFactory(link=link, answered_on=DAY + timedelta(days=shift), answers=answers, **several)
        ResponseFactory(link=own_link, answered_on=DAY, is_excluded=True, answers={"hours": "2"}, **several)
        rollups.roll_up(timezone.now())
        ResponseFactory(link=own_link, answered_on=DAY, answers={"ways": ["visit"], "hours": "9"}, **several)
    expected = {
        (0, "site", ""): 6,
        (0, "site", "ways"): 4,
        (0, "site", "hours"): 6,
        (1, "site", ""): 2,
        (1, "site", "ways"): 2,
        (1, "poster", ""): 2,
    }
    pieces = [(DAY, DAY + timedelta(days=1)), (DAY + timedelta(days=3), DAY + timedelta(days=9))]
    for _ in range(2):
        rows = rollups.read_answered(
            life_situation_id=own_link.life_situation_id, institution_ids=[own_link.institution_id], pieces=pieces
        )
        assert {(one.piece, one.channel, one.question): one.n for one in rows} == expected
        assert {(one.institution_id, one.version_id) for one in rows} == {
            (own_link.institution_id, own_link.version_id)
        }
        rollups.roll_up(timezone.now())
    with django_assert_num_queries(1):
        rollups.read_answered(
            life_situation_id=own_link.life_situation_id, institution_ids=[own_link.institution_id], pieces=pieces
        )


def test_steps_of_the_rolling_up_see_every_answer_once(link: SurveyLink, monkeypatch: pytest.MonkeyPatch):
    seen: list[int] = []
    monkeypatch.setattr(rollups, "BATCH", 2)
    monkeypatch.setattr(rollups, "_steps", [seen.extend])
    made = [ResponseFactory(link=link).pk for _ in range(5)]
    rollups.roll_up(timezone.now())
    made += [ResponseFactory(link=link).pk for _ in range(3)]
    rollups.rebuild()
    rollups.roll_up(timezone.now())
    assert sorted(seen) == sorted(made)


def test_a_step_is_registered_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rollups, "_steps", [])

    @rollups.on_batch
    def step(pks: object) -> None: ...

    rollups.on_batch(step)
    assert rollups._steps == [step]


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
    QuestionTally.objects.filter(question="recommend").update(count=7)
    with pytest.raises(CommandError, match="расходятся"):
        call_command("check_rollups")
    assert "recommend" in (said := capsys.readouterr().err)
    assert "10: в итогах 7, в ответах 1" in said
    call_command("check_rollups", rebuild=True)
    assert rollups.find_differences(timezone.now()) == []


def test_a_reading_is_one_statement_whatever_the_number_of_answers(link: SurveyLink, django_assert_num_queries):
    for _ in range(5):
        ResponseFactory(link=link)
    rollups.roll_up(timezone.now())
    ResponseFactory(link=link)
    with django_assert_num_queries(1):
        counts_for_period(
            life_situation_id=link.life_situation_id, institution_ids=[link.institution_id], first=DAY, last=DAY
        )
    assert asked(link)  # The definitions are read once and kept.
    with django_assert_num_queries(1):
        asked(link)
