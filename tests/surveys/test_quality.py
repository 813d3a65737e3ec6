"""Which answers are marked: golden streams made by hand, and what must hold for any."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.quality.marks import (
    AFTERWARDS,
    AT_ARRIVAL,
    EXPLANATIONS,
    TITLES,
    Bounds,
    Flag,
    are_too_many,
    are_too_many_texts,
    burst_minutes,
    has_long_text,
    is_at_night,
    is_too_fast,
    number_answered,
    split,
    titles,
    usual_number,
    usual_share,
    without_dates,
)
from surveys.questionnaires.definition import Definition
from tests.factories import standard_document

BOUNDS = Bounds()
START = datetime(2026, 11, 5, 9, 0, tzinfo=UTC)


def minutes(*numbers: int, start: datetime = START) -> dict[datetime, int]:
    """A stream by minutes: minutes(3, 0, 2) is three answers at once and two two minutes later."""
    return {start + timedelta(minutes=at): number for at, number in enumerate(numbers) if number}


# Flags ----------------------------------------------------------------------------------------------------------------


def test_every_mark_has_a_title_and_an_explanation_and_is_set_either_at_arrival_or_afterwards():
    assert set(TITLES) == set(EXPLANATIONS) == set(Flag)
    assert Flag(sum(Flag)) == AT_ARRIVAL | AFTERWARDS and not AT_ARRIVAL & AFTERWARDS


@pytest.mark.parametrize(
    ("flags", "words"),
    [(0, ""), (1, "Слишком быстро"), (3, "Слишком быстро, ночью"), (12, "Всплеск, одинаковые"), (64, "")],
)
def test_a_sum_of_marks_is_read_as_words(flags: int, words: str):
    assert titles(flags) == words
    assert sum(split(flags)) == flags % 32


# Too fast, at night ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "answered", "fast"),
    [(0, 3, True), (4.4, 3, True), (4.5, 3, False), (60, 3, False), (0, 0, False), (-5, 3, False), (13, 9, True)],
)
def test_too_fast_depends_on_how_many_questions_were_answered(seconds: float, answered: int, fast: bool):
    assert is_too_fast(seconds=seconds, answered=answered, bounds=BOUNDS) is fast


def test_questions_of_a_repeating_section_count_each_time():
    values = {"satisfaction": "yes", "choice": ["a", "b"], "family": [{"age": 3, "sex": "m"}, {"age": 5}]}
    assert number_answered(values) == 1 + 1 + 3
    assert number_answered({}) == 0


@pytest.mark.parametrize(
    ("hour_utc", "zone", "night"),
    [
        (21, "Europe/Moscow", True),  # 00:00
        (1, "Europe/Moscow", True),  # 04:00
        (2, "Europe/Moscow", False),  # 05:00
        (20, "Europe/Moscow", False),  # 23:00
        (12, "Asia/Kamchatka", True),  # 00:00
        (21, "Asia/Kamchatka", False),  # 09:00
    ],
)
def test_night_is_told_by_the_regions_clock(hour_utc: int, zone: str, night: bool):
    at = datetime(2026, 11, 5, hour_utc, 0, tzinfo=UTC)
    assert is_at_night(at, zone=ZoneInfo(zone), bounds=BOUNDS) is night


# Bursts ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "usual", "marked"),
    [
        (minutes(9), 1, []),
        (minutes(10), 1, [0]),
        (minutes(3, 3, 3, 3, 3), 1, [0, 1, 2, 3, 4]),
        (minutes(2, 2, 2, 2, 2), 1, [0, 1, 2, 3, 4]),
        (minutes(2, 2, 2, 2, 1), 1, []),
        # Ten answers within six minutes are no burst of five.
        (minutes(5, 0, 0, 0, 0, 5), 1, []),
        (minutes(5, 0, 0, 0, 5), 1, [0, 4]),
        # What lies apart from the burst stays as it was.
        (minutes(1, *[0] * 10, 12, *[0] * 10, 1), 1, [11]),
        # Of a link where six at a time are usual, eighteen are needed.
        (minutes(12), 6, []),
        (minutes(18), 6, [0]),
    ],
)
def test_a_burst_is_many_answers_in_a_short_time_and_unusual_for_the_link(stream, usual: float, marked: list[int]):
    found = burst_minutes(stream, usual=usual, bounds=BOUNDS)
    assert found == {START + timedelta(minutes=at) for at in marked}


def test_the_usual_number_is_the_median_of_times_in_which_anybody_answered():
    assert usual_number({}, minutes=5) == 1
    hours = {START + timedelta(hours=at): number for at, number in enumerate([1, 2, 3, 40])}
    assert usual_number(hours, minutes=5) == 2.5
    # A burst or two of the past do not make the next one usual.
    assert usual_number(hours | {START + timedelta(hours=9): 60}, minutes=5) == 3
    # Minutes of one five minutes belong together.
    assert usual_number(minutes(1, 1, 1), minutes=5) == 3


streams = st.dictionaries(
    st.integers(0, 90).map(lambda at: START + timedelta(minutes=at)), st.integers(1, 12), max_size=30
)


@given(streams, st.floats(1, 8))
def test_every_marked_minute_lies_in_a_window_that_is_too_full_and_every_such_window_is_marked(stream, usual):
    """Counted the slow way: every window of five minutes that begins with an answer."""
    needed = max(BOUNDS.burst_answers, BOUNDS.burst_times_usual * usual)
    expected = set()
    for first in stream:
        window = [one for one in stream if first <= one < first + timedelta(minutes=BOUNDS.burst_minutes)]
        if sum(stream[one] for one in window) >= needed:
            expected.update(window)
    assert burst_minutes(stream, usual=usual, bounds=BOUNDS) == expected


# Identical answers ----------------------------------------------------------------------------------------------------

DEFINITION = Definition.model_validate(standard_document("employment"))


@pytest.mark.parametrize(
    ("number", "of", "share", "many"),
    [
        # Nobody knows yet what is usual: half may say the same.
        (5, 5, 0.5, False),
        (9, 10, 0.5, False),
        (10, 10, 0.5, True),
        # Rare before, five times today.
        (4, 40, 0.01, False),
        (5, 40, 0.01, True),
        # «Всё да» of every fifth is no wonder: 6 expected of 30, up to 12.57 by chance.
        (12, 30, 0.2, False),
        (13, 30, 0.2, True),
    ],
)
def test_equal_short_forms_are_judged_against_what_is_expected(number: int, of: int, share: float, many: bool):
    assert are_too_many(number, of=of, share=share, bounds=BOUNDS) is many


def test_three_times_the_same_long_text_is_too_many():
    assert [are_too_many_texts(number, bounds=BOUNDS) for number in (2, 3)] == [False, True]


@pytest.mark.parametrize(
    ("values", "long"),
    [
        ({"satisfaction": "rather_no", "satisfaction_comment": "Долго ждали приёма"}, True),
        ({"satisfaction": "rather_no", "satisfaction_comment": "  спасибо      "}, False),
        # The code of an option may be long and is still no text; neither is a day.
        ({"satisfaction": "a_very_long_code_of_an_option", "service_date": "2026-11-05 and more"}, False),
        ({"unknown_question": "Долго ждали приёма"}, False),
        ({}, False),
    ],
)
def test_only_a_text_of_some_length_is_nobody_elses(values: dict[str, str], long: bool):
    assert has_long_text(values, DEFINITION, bounds=BOUNDS) is long


def test_what_was_said_is_compared_without_its_days():
    first = {"satisfaction": "yes", "service_date": "2026-11-05"}
    second = {"service_date": "2026-10-01", "satisfaction": "yes"}
    assert without_dates(first, DEFINITION) == without_dates(second, DEFINITION)
    assert without_dates(first, DEFINITION) != without_dates(first | {"satisfaction": "no"}, DEFINITION)


def test_the_usual_share_counts_what_was_said_before_and_one_more_of_each():
    assert usual_share("a", []) == 0.5
    assert usual_share("a", ["a", "b", "b"]) == pytest.approx(2 / 5)


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.01, 0.99))
def test_more_equal_answers_are_never_less_suspicious(number: int, more: int, share: float):
    of = number + more
    if are_too_many(number, of=of, share=share, bounds=BOUNDS):
        assert are_too_many(number + 1, of=of, share=share, bounds=BOUNDS)
