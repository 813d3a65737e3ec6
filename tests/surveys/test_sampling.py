"""The plan of a fieldwork: golden values of the sample size, and what follows from them."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regions.working_days import is_working_day
from surveys.counting.sampling import (
    Plan,
    days_left,
    expected_by,
    is_behind,
    is_silent,
    rate,
    sample_size,
)

OPENS, CLOSES = date(2026, 8, 21), date(2026, 11, 20)


@pytest.mark.parametrize(
    ("population", "error", "needed"),
    [
        # n0 = 1.96² / 4 / e²: 384.16, 1067.1, 96.04, 9604.
        (None, 5, 385),
        (None, 3, 1068),
        (None, 10, 97),
        (None, 1, 9604),
        (1000, 5, 278),
        (500, 5, 218),
        (100, 5, 80),
        (10_000, 5, 370),
        (1_000_000, 5, 385),
        (1, 5, 1),
        (0, 5, 0),
    ],
)
def test_the_sample_size_is_that_of_the_tables(population: int | None, error: int, needed: int):
    assert sample_size(population, error) == needed


def test_a_value_needs_the_threshold_of_publication_but_never_more_than_there_are_people():
    assert sample_size(100, 20, minimum=30) == 30
    assert sample_size(8, 5, minimum=10) == 8
    assert sample_size(None, 20, minimum=30) == 30


@given(st.integers(1, 10**7), st.integers(1, 20))
def test_it_grows_with_the_people_and_never_beyond_them_or_the_infinite_one(population: int, error: int):
    needed = sample_size(population, error)
    assert 0 < needed <= min(population, sample_size(None, error))
    assert needed <= sample_size(population + 1, error)
    assert sample_size(population, min(error + 1, 20)) <= needed
    # The error of that many answers is indeed the wanted one, with the finite correction, at the worst share.
    if 1 < needed < population:
        square = Fraction(196, 100) ** 2 / 4 / needed * Fraction(population - needed, population - 1)
        assert square <= Fraction(error, 100) ** 2


@pytest.mark.parametrize("error", [0, -5, 21, Decimal("0.9")])
def test_an_error_nobody_means_is_refused(error: Decimal):
    with pytest.raises(ValueError):
        sample_size(100, error)
    with pytest.raises(ValueError):
        sample_size(-1, 5)


@pytest.mark.parametrize(
    ("today", "left"),
    [(OPENS, 92), (CLOSES, 1), (date(2026, 11, 21), 0), (date(2026, 8, 1), 92), (date(2026, 11, 16), 5)],
)
def test_today_is_one_of_the_days_left(today: date, left: int):
    assert days_left(OPENS, CLOSES, today) == left


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 92))
def test_so_many_a_day_are_enough_and_one_less_is_not(needed: int, gathered: int, days: int):
    plan = Plan(needed, gathered, days, True)
    assert plan.left == max(needed - gathered, 0)
    assert plan.is_reached == (plan.left == 0)
    if plan.per_day is None:
        assert days == 0
    else:
        assert plan.per_day * days >= plan.left
        assert plan.per_day == ceil(plan.left / days)
    assert 0 <= plan.percent <= 100


def test_behind_is_a_fifth_below_the_straight_line():
    # After half of 92 days half of 200 is expected: 80 is a fifth below.
    today = date(2026, 10, 6)
    assert expected_by(200, OPENS, CLOSES, today) == 100
    for gathered, behind in ((80, False), (79, True), (100, False)):
        assert is_behind(Plan(200, gathered, 46, True), opens_on=OPENS, closes_on=CLOSES, today=today) is behind
    # On the first day nothing is expected yet.
    assert not is_behind(Plan(200, 0, 92, True), opens_on=OPENS, closes_on=CLOSES, today=OPENS)
    assert expected_by(200, OPENS, CLOSES, date(2027, 1, 1)) == 200


def test_silent_is_a_week_without_answers():
    assert is_silent(date(2026, 11, 1), opens_on=OPENS, today=date(2026, 11, 8))
    assert not is_silent(date(2026, 11, 2), opens_on=OPENS, today=date(2026, 11, 8))
    # Without any answer the week begins with the period.
    assert not is_silent(None, opens_on=OPENS, today=date(2026, 8, 27))
    assert is_silent(None, opens_on=OPENS, today=date(2026, 8, 28))


def test_a_rate_of_nobody_is_no_rate():
    assert rate(5, None) is None and rate(5, 0) is None
    assert rate(30, 120) == Fraction(1, 4)
    assert rate(30, 20) == Fraction(3, 2)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-11-20", True),  # a Friday
        ("2026-11-21", False),
        ("2026-11-04", False),  # a holiday on a Wednesday
        ("2026-01-09", False),  # a day off moved by decree
        ("2025-11-01", True),  # a Saturday made a working day
    ],
)
def test_working_days_know_what_the_government_moves(day: str, works: bool):
    assert is_working_day(date.fromisoformat(day)) is works
