"""Two periods beside each other: the interval of the difference against published examples and SciPy."""

import math
from decimal import Decimal

import numpy
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from surveys.counting.differences import Difference, Direction, mean_difference, nps_difference, share_difference
from surveys.counting.statistics import DaysCounts, NpsCounts, ShareCounts

NO_DAYS = DaysCounts.from_tally({})


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        # Newcombe 1998, table II, method 10: p1 − p2 of the table is the later minus the earlier here.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_shares_differ_by_the_published_intervals(first, second, low, high):
    found = share_difference(ShareCounts(second[1], second[0]), ShareCounts(first[1], first[0]))
    assert found.value == pytest.approx(100 * (first[0] / first[1] - second[0] / second[1]))
    assert (found.low / 100, found.high / 100) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_shares_turned_round_give_the_difference_turned_round():
    a, b = ShareCounts(70, 56), ShareCounts(80, 48)
    there, back = share_difference(a, b), share_difference(b, a)
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))


@given(st.integers(1, 500), st.integers(1, 500), st.data())
def test_a_difference_of_shares_lies_inside_of_its_interval_and_of_the_scale(n, m, data):
    found = share_difference(ShareCounts(n, data.draw(st.integers(0, n))), ShareCounts(m, data.draw(st.integers(0, m))))
    assert -100 - 1e-9 <= found.low <= found.value <= found.high <= 100 + 1e-9


def test_a_difference_of_nps_by_hand():
    # Adjusted: (50.75 − 20.75) / 103 and (70.75 − 10.75) / 103.
    before, after = NpsCounts(100, 50, 20), NpsCounts(100, 70, 10)
    first, second = 30 / 103, 60 / 103
    variance = ((50.75 + 20.75) / 103 - first**2) / 103 + ((70.75 + 10.75) / 103 - second**2) / 103
    half = 1.959963984540054 * math.sqrt(variance)
    found = nps_difference(before, after)
    assert found.value == 30
    assert (found.low, found.high) == pytest.approx((100 * (second - first - half), 100 * (second - first + half)))
    assert found.direction is Direction.UP
    assert nps_difference(after, before).direction is Direction.DOWN
    assert nps_difference(before, before).direction is Direction.WITHIN


def test_a_difference_of_nps_keeps_to_the_scale_and_holds_its_value():
    found = nps_difference(NpsCounts(2, 0, 2), NpsCounts(2, 2, 0))
    assert (found.value, found.high) == (200, 200)


DAYS = st.lists(st.integers(0, 40), min_size=2, max_size=30)


@given(DAYS, DAYS)
def test_means_differ_as_scipy_says_with_whole_degrees_of_freedom(first, second):
    found = mean_difference(tallied(first), tallied(second))
    assert found.value == pytest.approx(numpy.mean(second) - numpy.mean(first))
    if len(set(first)) == len(set(second)) == 1:
        assert found.low == found.high == found.value
    # SciPy warns of samples that do not vary at all.
    assume(len(set(first)) > 1 and len(set(second)) > 1)
    exact = stats.ttest_ind(second, first, equal_var=False)
    error = math.sqrt(numpy.var(first, ddof=1) / len(first) + numpy.var(second, ddof=1) / len(second))
    half = stats.t.ppf(0.975, math.floor(exact.df + 1e-9)) * error
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half))
    # Never narrower than with the fraction of a degree.
    interval = exact.confidence_interval()
    assert found.low <= interval.low + 1e-9 and found.high >= interval.high - 1e-9


def test_of_a_single_answer_nothing_is_said():
    found = mean_difference(tallied([3]), tallied([1, 2]))
    assert found == Difference(-1.5, None, None)
    assert found.direction is None


@pytest.mark.parametrize("nobody", ["before", "after"])
def test_without_answers_there_is_no_difference(nobody):
    sides = [(ShareCounts(0, 0), NpsCounts(0, 0, 0), NO_DAYS), (ShareCounts(1, 1), NpsCounts(1, 1, 0), tallied([1]))]
    before, after = sides if nobody == "before" else reversed(sides)
    for function, one, other in zip((share_difference, nps_difference, mean_difference), before, after, strict=True):
        assert function(one, other) is None


@pytest.mark.parametrize(
    ("low", "high", "direction"),
    [(0.1, 3, Direction.UP), (-3, -0.1, Direction.DOWN), (0, 3, Direction.WITHIN), (-3, 0, Direction.WITHIN)],
)
def test_an_interval_that_touches_zero_tells_nothing_apart(low, high, direction):
    assert Difference((low + high) / 2, low, high).direction is direction


def tallied(days: list[int]) -> DaysCounts:
    return DaysCounts.from_tally({Decimal(one): days.count(one) for one in set(days)})
