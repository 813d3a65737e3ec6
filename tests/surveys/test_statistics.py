"""Counts of answers → the value of one institution. Oracles: SciPy, and answers written out one by one."""

import itertools
import math
import statistics
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from surveys.counting.statistics import (
    DaysCounts,
    Estimate,
    NpsCounts,
    Reliability,
    ShareCounts,
    is_eligible,
    mean_days,
    net_promoter_score,
    published,
    reliability,
    round_half_up,
    satisfaction_share,
    student_t_quantile_975,
)

NOTHING = Estimate(value=None, low=None, high=None, n=0)


@st.composite
def share_counts(draw, min_n=1):
    n = draw(st.integers(min_n, 10**6))
    return ShareCounts(n, draw(st.integers(0, n)))


@st.composite
def nps_counts(draw, min_n=1):
    n = draw(st.integers(min_n, 10**6))
    promoters = draw(st.integers(0, n))
    return NpsCounts(n, promoters, draw(st.integers(0, n - promoters)))


days = st.decimals(0, 400, places=1)
reported_days = st.lists(days, min_size=1, max_size=40)


def shown(estimate, digits):
    return tuple(round_half_up(number, digits) for number in (estimate.value, estimate.low, estimate.high))


# Share of satisfied people


@pytest.mark.parametrize(
    ("n", "positive", "as_shown"),
    [
        (30, 27, ("90.0", "74.4", "96.5")),
        (10, 9, ("90.0", "59.6", "98.2")),
        (20, 12, ("60.0", "38.7", "78.1")),
        (10, 0, ("0.0", "0.0", "27.8")),
        (10, 10, ("100.0", "72.2", "100.0")),
        (1, 1, ("100.0", "20.7", "100.0")),
    ],
)
def test_share_golden_values(n, positive, as_shown):
    estimate = satisfaction_share(ShareCounts(n, positive))
    assert shown(estimate, 1) == tuple(map(Decimal, as_shown))
    assert estimate.n == n


@pytest.mark.parametrize("n", [1, 2, 3, 10, 29, 30, 100, 1234])
def test_share_interval_is_wilsons(n):
    for positive in sorted({0, 1, n // 3, n // 2, n - 1, n}):
        estimate = satisfaction_share(ShareCounts(n, positive))
        oracle = stats.binomtest(positive, n).proportion_ci(0.95, method="wilson")
        assert estimate.value == pytest.approx(100 * positive / n, rel=1e-15)
        assert estimate.low == pytest.approx(100 * oracle.low, abs=1e-10)
        assert estimate.high == pytest.approx(100 * oracle.high, abs=1e-10)


@given(share_counts())
def test_share_interval_contains_the_value_and_stays_on_the_scale(counts):
    estimate = satisfaction_share(counts)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 100
    assert estimate.low < estimate.high


@given(share_counts().filter(lambda counts: counts.positive < counts.n))
def test_one_more_satisfied_person_raises_value_and_bounds(counts):
    before = satisfaction_share(counts)
    after = satisfaction_share(ShareCounts(counts.n, counts.positive + 1))
    assert before.value < after.value
    assert before.low < after.low
    assert before.high < after.high


@given(share_counts())
def test_share_of_the_dissatisfied_mirrors_it(counts):
    satisfied = satisfaction_share(counts)
    dissatisfied = satisfaction_share(ShareCounts(counts.n, counts.n - counts.positive))
    assert satisfied.low == pytest.approx(100 - dissatisfied.high, abs=1e-9)


@given(share_counts(), st.integers(2, 50))
def test_more_answers_of_the_same_kind_narrow_the_interval(counts, times):
    few, many = satisfaction_share(counts), satisfaction_share(ShareCounts(counts.n * times, counts.positive * times))
    assert few.value == many.value
    assert many.high - many.low < few.high - few.low


def test_yes_and_rather_yes_are_positive():
    assert ShareCounts.from_tally({4: 5, 3: 4, 2: 2, 1: 1}) == ShareCounts(n=12, positive=9)


@pytest.mark.parametrize(("answer", "positive"), [(4, 1), (3, 1), (2, 0), (1, 0)])
def test_each_answer_of_the_scale(answer, positive):
    assert ShareCounts.from_tally({answer: 1}) == ShareCounts(1, positive)


# NPS


@pytest.mark.parametrize(
    ("counts", "as_shown"),
    [
        (NpsCounts(100, promoters=50, detractors=20), ("30", "14", "44")),
        (NpsCounts(10, promoters=10, detractors=0), ("100", "48", "100")),
        (NpsCounts(10, promoters=0, detractors=10), ("-100", "-100", "-48")),
        (NpsCounts(10, promoters=0, detractors=0), ("0", "-18", "18")),
        (NpsCounts(40, promoters=20, detractors=20), ("0", "-29", "29")),
    ],
)
def test_nps_golden_values(counts, as_shown):
    estimate = net_promoter_score(counts)
    assert shown(estimate, 0) == tuple(map(Decimal, as_shown))
    assert estimate.n == counts.n


@given(nps_counts(min_n=2))
def test_nps_interval_is_that_of_a_sample_with_three_more_people(counts):
    """Oracle: mean and population variance of marks +1, 0, −1 with ¾, 1½ and ¾ of a person added, in fractions."""
    n = counts.n + 3
    quarter = Fraction(3, 4)
    sample = {1: counts.promoters + quarter, -1: counts.detractors + quarter}
    mean = sum(mark * people for mark, people in sample.items()) / n
    variance = sum(mark**2 * people for mark, people in sample.items()) / n - mean**2
    half = stats.norm.ppf(0.975) * math.sqrt(variance / n)
    estimate = net_promoter_score(counts)
    assert estimate.value == float(Fraction(100 * (counts.promoters - counts.detractors), counts.n))
    assert estimate.low == pytest.approx(max(-100, 100 * (float(mean) - half)), abs=1e-9)
    assert estimate.high == pytest.approx(min(100, 100 * (float(mean) + half)), abs=1e-9)


def test_nps_interval_contains_the_value_from_two_answers_on():
    for n in range(2, 60):
        for promoters, detractors in itertools.product(range(n + 1), repeat=2):
            if promoters + detractors <= n:
                estimate = net_promoter_score(NpsCounts(n, promoters, detractors))
                assert -100 <= estimate.low <= estimate.value <= estimate.high <= 100


@given(nps_counts())
def test_nps_of_the_opposite_opinion_is_the_opposite_number(counts):
    estimate = net_promoter_score(counts)
    opposite = net_promoter_score(NpsCounts(counts.n, counts.detractors, counts.promoters))
    assert estimate.value == -opposite.value
    assert estimate.low == pytest.approx(-opposite.high)


@pytest.mark.parametrize(
    ("mark", "promoters", "detractors"),
    [(0, 0, 1), (6, 0, 1), (7, 0, 0), (8, 0, 0), (9, 1, 0), (10, 1, 0)],
)
def test_marks_of_promoters_passives_and_detractors(mark, promoters, detractors):
    assert NpsCounts.from_tally({mark: 1}) == NpsCounts(1, promoters, detractors)


# Days


@given(reported_days)
def test_tally_of_days_agrees_with_the_answers_written_out(answers):
    counts = DaysCounts.from_tally(Counter(answers))
    assert counts.n == len(answers)
    assert counts.total == sum(answers)
    assert counts.total_squares == sum(answer**2 for answer in answers)
    assert counts.maximum == max(answers)
    assert counts.median == statistics.median(answers)


@pytest.mark.parametrize(
    ("tally", "median"),
    [({5: 1}, "5"), ({1: 1, 2: 1}, "1.5"), ({1: 2, 100: 1}, "1"), ({3: 0, 7: 1}, "7"), ({1: 5, 9: 5}, "5")],
)
def test_median_is_the_middle_answer_or_half_way_between_two(tally, median):
    assert DaysCounts.from_tally(tally).median == Decimal(median)


@given(reported_days.filter(lambda answers: len(set(answers)) > 1))
def test_mean_interval_is_students(answers):
    floats = [float(answer) for answer in answers]
    oracle = stats.t.interval(0.95, len(answers) - 1, loc=statistics.mean(floats), scale=stats.sem(floats))
    estimate = mean_days(DaysCounts.from_tally(Counter(answers)))
    assert estimate.value == pytest.approx(statistics.mean(floats), abs=1e-12)
    assert estimate.low == pytest.approx(max(0, oracle[0]), abs=1e-8)
    assert estimate.high == pytest.approx(oracle[1], abs=1e-8)


def test_mean_days_golden_values():
    # 1…10 days: mean 5.5, s = 3.0277, t(9) = 2.2622.
    assert shown(mean_days(DaysCounts.from_tally(dict.fromkeys(range(1, 11), 1))), 2) == (
        Decimal("5.50"),
        Decimal("3.33"),
        Decimal("7.67"),
    )


def test_mean_of_one_answer_has_no_bounds():
    assert mean_days(DaysCounts.from_tally({7: 1})) == Estimate(value=7.0, low=None, high=None, n=1)


@given(days, st.integers(2, 500))
def test_equal_answers_give_an_interval_of_no_width(answer, n):
    expected = float(answer)
    assert mean_days(DaysCounts.from_tally({answer: n})) == Estimate(expected, expected, expected, n)


def test_lower_bound_of_days_is_not_below_zero():
    estimate = mean_days(DaysCounts.from_tally({0: 1, 10: 1}))
    assert estimate.low == 0
    assert estimate.high > 60


@pytest.mark.parametrize("df", [*range(1, 1001), 5_000, 10**5, 10**6, 10**9])
def test_student_quantile_agrees_with_scipy(df):
    assert student_t_quantile_975(df) == pytest.approx(stats.t.ppf(0.975, df), abs=1e-9)


@pytest.mark.parametrize("df", [0, -1])
def test_student_quantile_needs_a_degree_of_freedom(df):
    with pytest.raises(ValueError, match="degrees of freedom"):
        student_t_quantile_975(df)


# All measures


@pytest.mark.parametrize(
    ("estimate_of", "counts"),
    [
        (satisfaction_share, ShareCounts(0, 0)),
        (satisfaction_share, ShareCounts.from_tally({})),
        (net_promoter_score, NpsCounts(0, 0, 0)),
        (net_promoter_score, NpsCounts.from_tally({10: 0})),
        (mean_days, DaysCounts(0, Decimal(0), Decimal(0))),
        (mean_days, DaysCounts.from_tally({})),
    ],
)
def test_no_answers_no_value(estimate_of, counts):
    assert estimate_of(counts) == NOTHING


@pytest.mark.parametrize(
    ("kind", "tally"),
    [
        (ShareCounts, {5: 1}),
        (ShareCounts, {0: 1}),
        (ShareCounts, {4: -1}),
        (NpsCounts, {11: 1}),
        (NpsCounts, {-1: 1}),
        (NpsCounts, {10: -1}),
        (DaysCounts, {-1: 1}),
        (DaysCounts, {1: -1}),
        (DaysCounts, {Decimal("NaN"): 1}),
        (DaysCounts, {Decimal("Infinity"): 1}),
    ],
)
def test_impossible_tallies_are_refused(kind, tally):
    with pytest.raises(ValueError):
        kind.from_tally(tally)


D = Decimal


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        (ShareCounts, (1, 2)),
        (ShareCounts, (1, -1)),
        (ShareCounts, (-1, 0)),
        (NpsCounts, (10, 6, 5)),
        (NpsCounts, (10, -1, 5)),
        (NpsCounts, (10, 5, -1)),
        (NpsCounts, (-1, 0, 0)),
        (DaysCounts, (-1, D(0), D(0))),
        (DaysCounts, (0, D(1), D(1), D(1))),
        (DaysCounts, (0, D(0), D(0), D(0))),
        (DaysCounts, (1, D(1), D(1))),  # no maximum
        (DaysCounts, (2, D(3), D(4), D(2))),  # squares below total² / n
        (DaysCounts, (2, D(3), D(7), D(2))),  # squares above maximum × total
        (DaysCounts, (2, D(5), D(13), D(2))),  # total above n × maximum
        (DaysCounts, (2, D(1), D(1), D(2))),  # total below the maximum
        (DaysCounts, (2, D(3), D(5), D(2), D(3))),  # median above the maximum
        (DaysCounts, (1, D("NaN"), D(1), D(1))),
        (DaysCounts, (1, D(-1), D(1), D(1))),
    ],
)
def test_impossible_counts_are_refused(kind, numbers):
    with pytest.raises(ValueError):
        kind(*numbers)


@given(st.lists(st.integers(1, 4)), st.lists(st.integers(1, 4)))
def test_adding_shares_pools_the_people(here, there):
    def count(answers):
        return ShareCounts.from_tally(Counter(answers))

    assert count(here) + count(there) == count(here + there)


@given(st.lists(st.integers(0, 10)), st.lists(st.integers(0, 10)))
def test_adding_nps_pools_the_people(here, there):
    def count(answers):
        return NpsCounts.from_tally(Counter(answers))

    assert count(here) + count(there) == count(here + there)


@given(st.lists(days), st.lists(days))
def test_adding_days_pools_all_but_the_median(here, there):
    def count(answers):
        return DaysCounts.from_tally(Counter(answers))

    together, whole = count(here) + count(there), count(here + there)
    assert mean_days(together) == mean_days(whole)
    assert together.maximum == whole.maximum
    assert together.median == (None if here and there else whole.median)


def test_long_fractions_of_days_are_added_without_rounding():
    third = D("0." + "3" * 27)
    counts = DaysCounts.from_tally({third: 3, 100: 1})
    assert Fraction(counts.total) == 3 * Fraction(third) + 100
    assert Fraction(counts.total_squares) == 3 * Fraction(third) ** 2 + 10000


# What may be shown


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (0, Reliability.HIDDEN),
        (9, Reliability.HIDDEN),
        (10, Reliability.FEW),
        (29, Reliability.FEW),
        (30, Reliability.SUFFICIENT),
        (10**6, Reliability.SUFFICIENT),
    ],
)
def test_reliability_by_number_of_answers(n, expected):
    assert reliability(n) is expected


def test_thresholds_of_reliability_are_the_callers():
    assert [reliability(n, minimum=5, sufficient=7) for n in (4, 5, 6, 7)] == ["hidden", "few", "few", "sufficient"]


@pytest.mark.parametrize("wrong", [{"n": -1}, {"n": 5, "minimum": 31}])
def test_reliability_refuses_nonsense(wrong):
    with pytest.raises(ValueError):
        reliability(**wrong)


def test_below_ten_answers_only_their_number_is_published():
    assert published(satisfaction_share(ShareCounts(9, 9))) == Estimate(None, None, None, 9)


def test_from_ten_answers_on_the_estimate_is_published_as_it_is():
    estimate = satisfaction_share(ShareCounts(10, 9))
    assert published(estimate) is estimate
    assert published(estimate, minimum=11) == Estimate(None, None, None, 10)


@pytest.mark.parametrize(
    ("value", "digits", "as_shown"),
    [
        (61.65, 1, "61.7"),  # stored as 61.64999…
        (61.64, 1, "61.6"),
        (0.05, 1, "0.1"),
        (90.0, 1, "90.0"),
        (100.0, 0, "100"),
        (44.5, 0, "45"),  # half up, not to even
        (-14.5, 0, "-15"),
        (-0.04, 1, "0.0"),
        (2.675, 2, "2.68"),
        (1e-9, 1, "0.0"),
        (7, 1, "7.0"),
        (1e300, 1, "1" + "0" * 300 + ".0"),
    ],
)
def test_rounding_for_display(value, digits, as_shown):
    assert str(round_half_up(value, digits)) == as_shown


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_not_shown(value):
    with pytest.raises(ValueError):
        round_half_up(value)


@given(st.floats(-1000, 1000), st.integers(0, 6))
def test_rounding_moves_by_half_a_unit_at_most(value, digits):
    rounded = round_half_up(value, digits)
    assert abs(Fraction(rounded) - Fraction(repr(value))) <= Fraction(1, 2 * 10**digits)
    assert -rounded.as_tuple().exponent == digits


@pytest.mark.parametrize(
    ("days_before", "eligible"),
    [(-1, False), (0, True), (1, True), (5, True), (6, False), (365, False)],
)
def test_service_at_most_five_days_before_the_answer(days_before, eligible):
    answered_on = date(2026, 3, 2)  # the five days reach back over the end of February
    assert is_eligible(service_date=answered_on - timedelta(days_before), answered_on=answered_on) is eligible


def test_the_number_of_days_is_the_callers():
    day = date(2026, 11, 20)
    assert is_eligible(service_date=day - timedelta(7), answered_on=day, within_days=7)
    assert not is_eligible(service_date=day - timedelta(1), answered_on=day, within_days=0)
