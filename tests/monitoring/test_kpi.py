"""Institutions → the region's value; verdicts. Oracle of weighted values: exact fractions."""

import math
import pickle
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.quarters.kpi import (
    MissingWeight,
    Scheme,
    Stratum,
    Verdict,
    regional_days,
    regional_nps,
    regional_share,
    roadmap_execution,
    verdict,
    weights,
)
from surveys.counting.statistics import (
    DaysCounts,
    Estimate,
    NpsCounts,
    ShareCounts,
    mean_days,
    net_promoter_score,
    round_half_up,
    satisfaction_share,
)

Z = 1.959963984540054
NOTHING = Estimate(value=None, low=None, high=None, n=0)

A = Stratum("A", ShareCounts(20, 12), clients=1000)
B = Stratum("B", ShareCounts(40, 38), clients=50)
SILENT = Stratum("C", ShareCounts(0, 0))


@st.composite
def share_strata(draw, min_size=2):
    def stratum(index):
        n = draw(st.integers(1, 5000))
        return Stratum(f"№{index}", ShareCounts(n, draw(st.integers(0, n))), clients=n * draw(st.integers(1, 50)))

    return [stratum(index) for index in range(draw(st.integers(min_size, 12)))]


@st.composite
def days_strata(draw):
    tallies = st.dictionaries(st.decimals(0, 100, places=1), st.integers(1, 20), min_size=1, max_size=5)
    drawn = draw(st.lists(tallies, min_size=2, max_size=8))
    return [Stratum(f"№{i}", DaysCounts.from_tally(tally), clients=500) for i, tally in enumerate(drawn)]


schemes = st.sampled_from(Scheme)


# Weights


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (Scheme.CLIENTS, [1000, 50, 0]),
        (Scheme.RESPONDENTS, [20, 40, 0]),
        (Scheme.EQUAL, [1, 1, 0]),
    ],
)
def test_weights_stand_in_the_order_of_institutions_and_the_silent_one_weighs_nothing(scheme, expected):
    assert weights(scheme, [A, B, SILENT]) == expected


def test_every_institution_without_a_weight_is_named():
    strata = [A, Stratum("ЦЗН Бор", ShareCounts(5, 5)), SILENT, Stratum("ЦЗН Выкса", ShareCounts(7, 1), clients=0)]
    with pytest.raises(MissingWeight) as caught:
        regional_share(Scheme.CLIENTS, strata)
    assert caught.value.institutions == ("ЦЗН Бор", "ЦЗН Выкса")
    assert "ЦЗН Бор, ЦЗН Выкса" in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).institutions == caught.value.institutions


@pytest.mark.parametrize("scheme", [Scheme.RESPONDENTS, Scheme.EQUAL])
def test_other_schemes_do_without_clients(scheme):
    assert regional_share(scheme, [Stratum("A", ShareCounts(10, 5)), Stratum("B", ShareCounts(10, 5))]).value == 50


def test_a_lone_institution_needs_its_weight_too():
    with pytest.raises(MissingWeight):
        regional_share(Scheme.CLIENTS, [Stratum("A", ShareCounts(20, 12))])


def test_clients_are_not_negative():
    with pytest.raises(ValueError, match="A: "):
        Stratum("A", ShareCounts(1, 1), clients=-1)


# Value


@pytest.mark.parametrize(
    ("scheme", "as_shown"),
    [(Scheme.CLIENTS, "61.7"), (Scheme.RESPONDENTS, "83.3"), (Scheme.EQUAL, "77.5")],
)
def test_regional_share_golden_values(scheme, as_shown):
    estimate = regional_share(scheme, [A, B, SILENT])
    assert round_half_up(estimate.value) == Decimal(as_shown)
    assert estimate.n == 60


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize(
    ("regional", "counts"),
    [
        (regional_share, ShareCounts(0, 0)),
        (regional_nps, NpsCounts(0, 0, 0)),
        (regional_days, DaysCounts(0, Decimal(0), Decimal(0))),
    ],
)
def test_no_answers_in_the_region_no_value(scheme, regional, counts):
    assert regional(scheme, []) == NOTHING
    assert regional(scheme, [Stratum("A", counts), Stratum("B", counts, clients=10)]) == NOTHING


@given(share_strata())
def test_weighted_share_is_exact(strata):
    clients = sum(stratum.clients for stratum in strata)
    oracle = sum(Fraction(s.clients, clients) * Fraction(s.counts.positive, s.counts.n) for s in strata)
    assert regional_share(Scheme.CLIENTS, strata).value == float(100 * oracle)


@given(share_strata())
def test_weighted_by_respondents_is_the_pooled_share(strata):
    pooled = sum((stratum.counts for stratum in strata), ShareCounts(0, 0))
    assert regional_share(Scheme.RESPONDENTS, strata).value == satisfaction_share(pooled).value


@given(days_strata())
def test_weighted_by_respondents_is_the_pooled_mean(strata):
    pooled = sum((stratum.counts for stratum in strata), DaysCounts.from_tally({}))
    assert regional_days(Scheme.RESPONDENTS, strata).value == mean_days(pooled).value


@pytest.mark.parametrize(
    ("scheme", "value"),
    [(Scheme.CLIENTS, 24), (Scheme.RESPONDENTS, 0), (Scheme.EQUAL, 15)],
)
def test_regional_nps_is_weighted(scheme, value):
    strata = [
        Stratum("A", NpsCounts(100, 50, 20), clients=900),  # NPS 30
        Stratum("B", NpsCounts(20, 0, 0), clients=225),  # NPS 0
    ]
    if scheme is Scheme.RESPONDENTS:
        strata[1] = Stratum("B", NpsCounts(100, 20, 50), clients=225)  # NPS −30
    assert regional_nps(scheme, strata).value == value


@pytest.mark.parametrize(
    ("scheme", "value"),
    [(Scheme.CLIENTS, 9.0), (Scheme.RESPONDENTS, 6.0), (Scheme.EQUAL, 7.5)],
)
def test_regional_days_are_weighted(scheme, value):
    strata = [
        Stratum("A", DaysCounts.from_tally({9: 1, 11: 1}), clients=80),
        Stratum("B", DaysCounts.from_tally({4: 4, 6: 4}), clients=20),
    ]
    assert regional_days(scheme, strata).value == value


@given(share_strata(), st.integers(2, 1000))
def test_only_the_ratio_of_weights_matters(strata, times):
    scaled = [Stratum(s.name, s.counts, s.clients * times) for s in strata]
    assert regional_share(Scheme.CLIENTS, scaled).value == regional_share(Scheme.CLIENTS, strata).value


@given(share_strata(), schemes, st.randoms())
def test_the_order_of_institutions_does_not_matter(strata, scheme, random):
    shuffled = random.sample(strata, len(strata))
    assert regional_share(scheme, shuffled) == regional_share(scheme, strata)


@given(share_strata(), schemes)
def test_silent_institutions_change_nothing(strata, scheme):
    assert regional_share(scheme, [SILENT, *strata, SILENT]) == regional_share(scheme, strata)


@given(share_strata(), schemes)
def test_value_lies_between_the_institutions_and_inside_its_interval(strata, scheme):
    estimate = regional_share(scheme, strata)
    values = [satisfaction_share(stratum.counts).value for stratum in strata]
    assert min(values) <= estimate.value <= max(values)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 100


@given(share_strata())
def test_institutions_with_equally_many_clients_weigh_equally(strata):
    alike = [Stratum(s.name, s.counts, clients=10_000) for s in strata]
    assert regional_share(Scheme.CLIENTS, alike) == regional_share(Scheme.EQUAL, alike)


# Interval


def share_half_width(estimate):
    return estimate.high - estimate.value


def test_interval_of_a_share_by_hand():
    # by clients: ŵ = 1000/1050 and 50/1050, fpc = 0.98 and 0.2, p(1−p)/(n−1) = 0.24/19 and 0.0475/39
    variance = (1000 / 1050) ** 2 * 0.98 * 0.24 / 19 + (50 / 1050) ** 2 * 0.2 * 0.0475 / 39
    estimate = regional_share(Scheme.CLIENTS, [A, B])
    assert estimate.low == pytest.approx(100 * (64.75 / 105 - Z * math.sqrt(variance)))
    assert estimate.high == pytest.approx(100 * (64.75 / 105 + Z * math.sqrt(variance)))


@pytest.mark.parametrize("scheme", Scheme)
def test_the_finite_correction_applies_in_every_scheme_when_clients_are_known(scheme):
    half_asked = [Stratum(name, ShareCounts(50, 25), clients=100) for name in "AB"]
    few_asked = [Stratum(name, ShareCounts(50, 25), clients=10**9) for name in "AB"]
    ratio = share_half_width(regional_share(scheme, half_asked)) / share_half_width(regional_share(scheme, few_asked))
    assert ratio == pytest.approx(math.sqrt(0.5))


@pytest.mark.parametrize("clients", [None, 0])
def test_without_known_clients_nothing_is_corrected(clients):
    unknown = [Stratum(name, ShareCounts(50, 25), clients=clients) for name in "AB"]
    assert share_half_width(regional_share(Scheme.EQUAL, unknown)) == pytest.approx(
        100 * Z * math.sqrt(2 * 0.5**2 * 0.25 / 49)
    )


@pytest.mark.parametrize("clients", [50, 49, 1])
def test_everybody_asked_leaves_no_uncertainty_even_if_more_answered_than_were_served(clients):
    strata = [Stratum(name, ShareCounts(50, 25), clients=clients) for name in "AB"]
    assert regional_share(Scheme.RESPONDENTS, strata) == Estimate(50.0, 50.0, 50.0, 100)


@pytest.mark.parametrize("positive", [0, 20])
def test_unanimous_institutions_are_not_certain(positive):
    centre = (positive + Z**2 / 2) / (20 + Z**2)
    half = 100 * Z * math.sqrt(2 * 0.5**2 * centre * (1 - centre) / 19)
    strata = [Stratum(name, ShareCounts(20, positive)) for name in "AB"]
    estimate = regional_share(Scheme.EQUAL, strata)
    assert estimate.low == pytest.approx(max(0, 5 * positive - half))
    assert estimate.high == pytest.approx(min(100, 5 * positive + half))
    assert estimate.low < estimate.high


@pytest.mark.parametrize("positive", [0, 1])
def test_one_answer_is_divided_by_one(positive):
    centre = (positive + Z**2 / 2) / (1 + Z**2)
    half = 100 * Z * math.sqrt(0.5**2 * centre * (1 - centre) / 1 + 0.5**2 * 0.25 / 99)
    strata = [Stratum("A", ShareCounts(1, positive)), Stratum("B", ShareCounts(100, 50))]
    estimate = regional_share(Scheme.EQUAL, strata)
    assert estimate.value == 25 + 50 * positive
    assert estimate.low == pytest.approx(max(0, estimate.value - half))
    assert estimate.high == pytest.approx(min(100, estimate.value + half))


def test_interval_of_nps_by_hand():
    # A: promoters 50.75/103, detractors 20.75/103; B: 0.75/23 each. fpc = 0.9 and 0.8, ŵ = 5/6 and 1/6
    a = (71.5 / 103 - (30 / 103) ** 2) / 103
    b = (1.5 / 23) / 23
    half = 100 * Z * math.sqrt((5 / 6) ** 2 * 0.9 * a + (1 / 6) ** 2 * 0.8 * b)
    strata = [Stratum("A", NpsCounts(100, 50, 20), clients=1000), Stratum("B", NpsCounts(20, 0, 0), clients=100)]
    estimate = regional_nps(Scheme.RESPONDENTS, strata)
    assert estimate.value == 25
    assert estimate.low == pytest.approx(25 - half)
    assert estimate.high == pytest.approx(25 + half)


@pytest.mark.parametrize(("promoters", "detractors", "edge"), [(2, 0, 100), (0, 2, -100)])
def test_interval_of_nps_is_clipped_to_the_scale(promoters, detractors, edge):
    estimate = regional_nps(Scheme.EQUAL, [Stratum(name, NpsCounts(2, promoters, detractors)) for name in "AB"])
    assert edge in (estimate.low, estimate.high)
    assert -100 <= estimate.low < estimate.high <= 100


def test_interval_of_days_by_hand():
    # A: 9, 11 → s² = 2, n = 2, fpc 0.975; B: 4×4, 4×6 → s² = 8/7, n = 8, fpc 0.6; ŵ = 0.8 and 0.2
    strata = [
        Stratum("A", DaysCounts.from_tally({9: 1, 11: 1}), clients=80),
        Stratum("B", DaysCounts.from_tally({4: 4, 6: 4}), clients=20),
    ]
    half = Z * math.sqrt(0.8**2 * 0.975 * 2 / 2 + 0.2**2 * 0.6 * (8 / 7) / 8)
    estimate = regional_days(Scheme.CLIENTS, strata)
    assert estimate.low == pytest.approx(9 - half)
    assert estimate.high == pytest.approx(9 + half)
    assert estimate.n == 10


def test_one_answer_in_days_borrows_the_pooled_variance_of_the_others():
    strata = [
        Stratum("A", DaysCounts.from_tally({30: 1})),
        Stratum("B", DaysCounts.from_tally({9: 1, 11: 1})),  # s² = 2, 1 degree of freedom
        Stratum("C", DaysCounts.from_tally({4: 4, 6: 4})),  # s² = 8/7, 7 degrees
    ]
    pooled = (1 * 2 + 7 * 8 / 7) / 8
    half = Z * math.sqrt((pooled / 1 + 2 / 2 + (8 / 7) / 8) / 9)
    estimate = regional_days(Scheme.EQUAL, strata)
    assert estimate.value == 15
    assert estimate.low == pytest.approx(15 - half)
    assert estimate.high == pytest.approx(15 + half)


def test_days_with_one_answer_everywhere_have_no_bounds():
    strata = [Stratum("A", DaysCounts.from_tally({3: 1})), Stratum("B", DaysCounts.from_tally({5: 1}))]
    assert regional_days(Scheme.EQUAL, strata) == Estimate(value=4.0, low=None, high=None, n=2)


def test_lower_bound_of_regional_days_is_not_below_zero():
    strata = [Stratum(name, DaysCounts.from_tally({0: 5, 30: 1})) for name in "AB"]
    assert regional_days(Scheme.EQUAL, strata).low == 0


@given(days_strata(), schemes, st.randoms())
def test_order_does_not_matter_for_days_and_the_value_is_inside(strata, scheme, random):
    estimate = regional_days(scheme, strata)
    assert regional_days(scheme, random.sample(strata, len(strata))) == estimate
    if estimate.low is not None:
        assert 0 <= estimate.low <= estimate.value <= estimate.high


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize(
    ("regional", "own", "counts"),
    [
        (regional_share, satisfaction_share, ShareCounts(30, 27)),
        (regional_share, satisfaction_share, ShareCounts(1, 1)),
        (regional_nps, net_promoter_score, NpsCounts(100, 50, 20)),
        (regional_days, mean_days, DaysCounts.from_tally({1: 3, 5: 2})),
        (regional_days, mean_days, DaysCounts.from_tally({5: 1})),
    ],
)
def test_a_region_with_one_institution_shows_that_institutions_own_estimate(scheme, regional, own, counts):
    silent = Stratum("silent", type(counts).from_tally({}))
    assert regional(scheme, [silent, Stratum("A", counts, clients=200)]) == own(counts)


# Verdicts


@pytest.mark.parametrize(
    ("low", "high", "n", "lower_is_better", "expected"),
    [
        # target 80
        (81, 95, 30, False, Verdict.REACHED),
        (80, 95, 30, False, Verdict.REACHED),
        (79, 95, 30, False, Verdict.INSUFFICIENT),
        (60, 80, 30, False, Verdict.INSUFFICIENT),
        (60, 79, 30, False, Verdict.MISSED),
        (80, 80, 30, False, Verdict.REACHED),
        (81, 95, 29, False, Verdict.INSUFFICIENT),
        (60, 79, 29, False, Verdict.INSUFFICIENT),
        (81, 95, 9, False, Verdict.INSUFFICIENT),
        (None, None, 500, False, Verdict.INSUFFICIENT),
        (60, 79, 30, True, Verdict.REACHED),
        (60, 80, 30, True, Verdict.REACHED),
        (60, 81, 30, True, Verdict.INSUFFICIENT),
        (80, 95, 30, True, Verdict.INSUFFICIENT),
        (81, 95, 30, True, Verdict.MISSED),
        (81, 95, 29, True, Verdict.INSUFFICIENT),
    ],
)
def test_verdict_takes_the_whole_interval_and_thirty_answers(low, high, n, lower_is_better, expected):
    estimate = Estimate(value=80.0, low=low, high=high, n=n)
    assert verdict(estimate, 80, lower_is_better=lower_is_better) is expected


def test_no_answers_no_verdict():
    assert verdict(NOTHING, 80) is Verdict.INSUFFICIENT


def test_threshold_of_the_verdict_is_the_callers():
    assert verdict(Estimate(90.0, 85.0, 95.0, 12), 80, sufficient=12) is Verdict.REACHED


# Roadmap


@pytest.mark.parametrize(("done", "due", "percent"), [(9, 10, 90), (0, 4, 0), (4, 4, 100), (0, 0, None)])
def test_roadmap_execution(done, due, percent):
    assert roadmap_execution(done=done, due=due) == percent


@pytest.mark.parametrize(("done", "due"), [(5, 4), (-1, 4), (0, -1)])
def test_more_done_than_due_is_a_mistake_of_counting(done, due):
    with pytest.raises(ValueError):
        roadmap_execution(done=done, due=due)
