"""Small numbers: an attacker who has everything that is published solves for what is not."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from surveys.counting.disclosure import Hidden, Touched, can_be_found, has_small, hidden_over_time, hidden_parts

MINIMUM = 10
Equation = tuple[Mapping[object, Fraction], Fraction]


def determined(unknown: Sequence[object], equations: Sequence[Equation]) -> set[object]:
    """Which unknowns the equations give exactly: by elimination in exact fractions."""
    rows = [[Fraction(left.get(one, 0)) for one in unknown] + [right] for left, right in equations]
    rank = 0
    for column in range(len(unknown)):
        pivot = next((row for row in range(rank, len(rows)) if rows[row][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        rows[rank] = [value / rows[rank][column] for value in rows[rank]]
        for other in range(len(rows)):
            if other != rank and rows[other][column]:
                factor = rows[other][column]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[rank], strict=True)]
        rank += 1
    # Reduced rows with a single unknown left in them.
    alone = ([one for one, value in zip(unknown, row, strict=False) if value] for row in rows[:rank])
    return {found[0] for found in alone if len(found) == 1}


def test_the_attacker_of_these_tests_can_subtract():
    """A negative control: one hidden part of a whole is found, two are not."""
    assert determined(["a"], [({"a": Fraction(3)}, Fraction(12))]) == {"a"}
    assert determined(["a", "b"], [({"a": Fraction(3), "b": Fraction(1)}, Fraction(12))]) == set()
    both = [
        ({"a": Fraction(3), "b": Fraction(1)}, Fraction(12)),
        ({"a": Fraction(1), "b": Fraction(1)}, Fraction(2)),
    ]
    assert determined(["a", "b"], both) == {"a", "b"}


@pytest.mark.parametrize(
    ("parts", "hidden"),
    [
        ({}, ""),
        ({"a": 10, "b": 50}, ""),
        ({"a": 0, "b": 50}, ""),
        # One small: the next smallest as well.
        ({"a": 7, "b": 50, "c": 40}, "ac"),
        # Two that are large enough together.
        ({"a": 7, "b": 5, "c": 40}, "ab"),
        # Two that are still few together.
        ({"a": 3, "b": 4, "c": 40, "d": 90}, "abc"),
        # Nothing else has answers: the whole has too few as well, and is not shown.
        ({"a": 9, "b": 0}, "a"),
        # Equal ones: the first, each time the same.
        ({"a": 7, "c": 40, "b": 40}, "ac"),
        ({"a": 9, "b": 1, "c": 10}, "ab"),
        # Exactly at the threshold.
        ({"a": 10}, ""),
    ],
)
def test_which_parts_are_hidden(parts: dict[str, int], hidden: str):
    assert hidden_parts(parts, MINIMUM) == set(hidden)


NUMBERS = st.lists(st.one_of(st.integers(0, 12), st.integers(0, 60)), min_size=1, max_size=9)


@given(numbers=NUMBERS, sums=st.integers(1, 2), chance=st.randoms(use_true_random=False))
def test_no_hidden_part_can_be_found_from_the_whole_and_the_others(numbers: list[int], sums: int, chance):
    """Published: the whole in one or two ways, every shown part, and the number of answers and the weight of all."""
    parts = dict(enumerate(numbers))
    hidden = hidden_parts(parts, MINIMUM, sums=sums)
    assert all(n == 0 or n >= MINIMUM for part, n in parts.items() if part not in hidden)
    if sum(numbers) < MINIMUM:
        return  # No equation: the whole is hidden, too.
    if hidden_over_time([Touched(parts, parts)], MINIMUM, sums=sums).whole:
        sums -= 1  # There are not enough parts to hide them among: the plain sum is not shown.
    assert not hidden or sum(parts[part] for part in hidden) >= MINIMUM
    value = {part: Fraction(chance.randint(0, n), n) for part, n in parts.items() if n}
    unknown = [part for part in parts if part in hidden]
    # With weights of the institutions' own or all alike, and by the number of answers.
    is_alike = chance.choice([True, False])
    weight = {part: (1 if is_alike else chance.randint(1, 10**6)) if n else 0 for part, n in parts.items()}
    weights = (weight, parts)[:sums]
    equations = [
        ({part: Fraction(weight[part]) for part in unknown}, sum(weight[part] * value[part] for part in unknown))
        for weight in weights
    ]
    assert not determined(unknown, equations) & {part for part in unknown if parts[part] < MINIMUM}
    # Nor do the bounds of a share pin it down, but when all hidden ones together say yes, or no: then what is told of
    # each is told of at least ten people, as a shown share of 0 or 100 % is.
    if len({value[part] for part in unknown} & {0, 1}) or not unknown:
        return
    for part in (part for part in unknown if parts[part] < MINIMUM):
        if not equations:
            continue
        bounds = [
            linprog(
                [sign if one == part else 0 for one in unknown],
                A_eq=[[float(left[one]) for one in unknown] for left, _ in equations],
                b_eq=[float(right) for _, right in equations],
                bounds=(0, 1),
            )
            for sign in (1, -1)
        ]
        assert all(one.success for one in bounds)
        lowest, highest = bounds[0].fun, -bounds[1].fun
        assert highest - lowest > 1e-7


def test_shown_in_two_ways_a_whole_needs_three_hidden_parts():
    parts = {"a": 7, "b": 20, "c": 30, "d": 40}
    assert hidden_parts(parts, MINIMUM, sums=2) == set("abc")
    # With two, the weighted and the plain sum would give both.
    value = {"a": Fraction(6, 7), "b": Fraction(12, 20)}
    clients = {"a": 60, "b": 1000}
    sums = [
        ({one: Fraction(weight[one]) for one in value}, sum(weight[one] * value[one] for one in value))
        for weight in (clients, parts)
    ]
    assert determined(["a", "b"], sums) == {"a", "b"}
    # All others of one size: with equal weights only the small one makes the sums differ.
    assert hidden_parts({"a": 7, "b": 10, "c": 10, "d": 40}, MINIMUM, sums=2) == set("abcd")
    assert hidden_over_time([Touched(same := {"a": 7, "b": 7, "c": 7}, same)], MINIMUM, sums=2).whole is False
    alike = {"a": 7, "b": 20, "c": 20}
    assert hidden_over_time([Touched(alike, alike)], MINIMUM, sums=2) == Hidden(True, frozenset("abc"))
    # Nobody else answered: both are hidden, and the second sum with them.
    two = {"a": 7, "b": 20}
    assert hidden_over_time([Touched(two, two)], MINIMUM, sums=2) == Hidden(True, frozenset("ab"))


FOUR_PARTS = st.lists(st.one_of(st.integers(0, 12), st.integers(0, 60)), min_size=4, max_size=4)
Periods = st.lists(FOUR_PARTS, min_size=1, max_size=4)


@hypothesis_settings(max_examples=100)
@given(
    periods=Periods.filter(lambda periods: len(periods) <= 4),
    cut=st.integers(0, 3),
    sums=st.integers(1, 2),
    data=st.data(),
)
def test_no_hidden_part_can_be_found_from_periods_that_hold_each_other(periods, cut, sums, data):
    """The attacker asks for every run of whole reporting periods, and for those that begin or end on a day inside one.

    Of each they get the whole and all parts that are shown. Unknown: every part in every piece of time.
    """
    pieces: list[dict[int, int]] = [dict(enumerate(numbers)) for numbers in periods]
    cut %= len(pieces)
    inside = {part: data.draw(st.integers(0, n), label="inside") for part, n in pieces[cut].items()}
    outside = {part: n - inside[part] for part, n in pieces[cut].items()}
    # Atoms: whole periods, the cut one as two.
    atoms: list[list[dict[int, int]]] = [[one] for one in pieces]
    atoms[cut] = [inside, outside]
    whole = [Touched(one, one) for one in pieces]
    asked: list[tuple[list[tuple[int, int]], list[Touched[int]]]] = []
    for first in range(len(pieces)):
        for last in range(first, len(pieces)):
            run = [(period, half) for period in range(first, last + 1) for half in range(len(atoms[period]))]
            asked.append((run, whole[first : last + 1]))
            if last == cut:
                without_end = [one for one in run if one != (cut, 1)]
                asked.append((without_end, [*whole[first:last], Touched(pieces[cut], inside)]))
            if first == cut:
                without_beginning = [one for one in run if one != (cut, 0)]
                asked.append((without_beginning, [Touched(pieces[cut], outside), *whole[first + 1 : last + 1]]))
    unknown = [
        (period, half, part)
        for period, halves in enumerate(atoms)
        for half, parts in enumerate(halves)
        for part, n in parts.items()
        if n
    ]
    equations: list[Equation] = []
    for run, touched in asked:
        hidden = hidden_over_time(touched, MINIMUM, sums=sums)
        if not hidden.whole:
            cells = [(*one, part) for one in run for part in range(4)]
            equations.append(({one: Fraction(1) for one in unknown if one in cells}, Fraction(0)))
        for part in set(range(4)) - hidden.parts:
            cells = [(*one, part) for one in run]
            equations.append(({one: Fraction(1) for one in unknown if one in cells}, Fraction(0)))
    found = determined(unknown, equations)
    small = {(period, half, part) for period, half, part in unknown if 0 < atoms[period][half][part] < MINIMUM}
    assert not found & small


WEEK = st.lists(st.one_of(st.integers(0, 3), st.integers(0, 14), st.integers(0, 60)), min_size=4, max_size=4)


@hypothesis_settings(max_examples=150)
@given(periods=st.lists(st.lists(WEEK, min_size=1, max_size=4), min_size=1, max_size=3), sums=st.integers(1, 2))
def test_no_hidden_part_can_be_found_by_sliding_over_weeks(periods: list[list[list[int]]], sums: int):
    """The attacker asks for every run of weeks, over the ends of reporting periods, and for the whole ones.

    Of a whole reporting period there is a second sum when `sums` is two: with weights. Unknown: every part in
    every week.
    """
    parts = range(4)
    weeks = [(period, week) for period, found in enumerate(periods) for week in range(len(found))]
    wholes = [{part: sum(week[part] for week in found) for part in parts} for found in periods]
    number = {(*at, part): periods[at[0]][at[1]][part] for at in weeks for part in parts}
    unknown = [cell for cell, n in number.items() if n]
    equations: list[Equation] = []

    def publish(cells: Sequence[object], weight: Mapping[int, int] | None = None) -> None:
        left = {cell: Fraction(weight[cell[2]] if weight else 1) for cell in unknown if cell in cells}
        equations.append((left, Fraction(0)))

    for begin in range(len(weeks)):
        for end in range(begin + 1, len(weeks) + 1):
            run = weeks[begin:end]
            touched = []
            for period in sorted({period for period, _ in run}):
                inside = {part: sum(number[at, week, part] for at, week in run if at == period) for part in parts}
                of_weeks = tuple(dict(enumerate(week)) for week in periods[period])
                touched.append(Touched(wholes[period], inside, of_weeks))
            hidden = hidden_over_time(touched, MINIMUM, sums=sums)
            if not hidden.whole:
                publish([(*at, part) for at in run for part in parts])
            for part in set(parts) - hidden.parts:
                publish([(*at, part) for at in run])
    if sums == 2:
        for period, whole in enumerate(wholes):
            if sum(whole.values()) >= MINIMUM:
                weight = {0: 5, 1: 11, 2: 23, 3: 47}
                publish([(period, week, part) for week in range(len(periods[period])) for part in parts], weight)
    small = {cell for cell in unknown if number[cell] < MINIMUM}
    assert not determined(unknown, equations) & small


def test_weeks_that_are_tied_by_one_institution_are_not_shown_together():
    """«p» and «q» share two weeks, «r» and «s» two others; three people of «p» in the third are what is left over."""
    weeks = ({"p": 20, "q": 20}, {"p": 20, "q": 20}, {"p": 3, "r": 20, "s": 20}, {"r": 20, "s": 20})
    whole = {"p": 43, "q": 40, "r": 40, "s": 40}
    assert hidden_over_time([Touched(whole, weeks[0], weeks)], MINIMUM) == Hidden(True, frozenset("pqrs"))
    assert hidden_over_time([Touched(whole, whole, weeks)], MINIMUM) == Hidden(False, frozenset())


def test_what_is_hidden_in_a_period_is_hidden_in_all_that_hold_it():
    quarter, following = {"a": 40, "b": 50, "c": 60}, {"a": 5, "b": 20, "c": 30}
    assert hidden_over_time([Touched(quarter, quarter)], MINIMUM) == Hidden(False, frozenset())
    assert hidden_over_time([Touched(following, following)], MINIMUM) == Hidden(False, frozenset("ab"))
    # Both quarters less the first are the second.
    both = [Touched(quarter, quarter), Touched(following, following)]
    assert hidden_over_time(both, MINIMUM) == Hidden(False, frozenset("ab"))


@pytest.mark.parametrize(
    ("whole", "inside", "hidden"),
    [
        # All of it, or nothing that anybody answered is left over.
        ({"a": 40, "b": 50}, {"a": 40, "b": 50}, Hidden(False, frozenset())),
        # Enough in the days asked for and in the rest.
        ({"a": 40, "b": 50}, {"a": 20, "b": 40}, Hidden(False, frozenset())),
        # Three of «a» are left over: it is hidden, and «b» with it.
        ({"a": 40, "b": 50, "c": 60}, {"a": 37, "b": 20, "c": 30}, Hidden(False, frozenset("ab"))),
        # The rest of «a» is small, and in the days asked for it is alone: their whole would be its value.
        ({"a": 15, "b": 50}, {"a": 10, "b": 0}, Hidden(True, frozenset("a"))),
        # The whole itself: three people answered on the other days.
        ({"a": 40}, {"a": 37}, Hidden(True, frozenset("a"))),
        ({"a": 4, "b": 3}, {"a": 4, "b": 3}, Hidden(True, frozenset("ab"))),
    ],
)
def test_a_part_of_a_period_is_shown_only_if_the_rest_is_not_small(whole, inside, hidden):
    assert hidden_over_time([Touched(whole, inside)], MINIMUM) == hidden


def test_sums_in_two_directions_are_solved_together():
    """«a» answered by mail and on paper, nobody else on paper: «a» less the paper is its mail."""
    mail, paper, other = ("a", "mail"), ("a", "paper"), ("b", "mail")
    of_a, on_paper = {mail: 1, paper: 1}, {paper: 1}
    assert can_be_found([[mail]], [of_a, on_paper])
    assert not can_be_found([[mail]], [of_a, {mail: 1, other: 1}])
    assert not can_be_found([[mail]], [of_a])
    assert not can_be_found([], [of_a, on_paper])


CELLS = [(row, column) for row in range(3) for column in range(3)]
SUMS = st.lists(st.dictionaries(st.sampled_from(CELLS), st.integers(1, 9), min_size=1), max_size=6)


@given(sums=SUMS, target=st.sets(st.sampled_from(CELLS), min_size=1))
def test_what_can_be_found_is_what_exact_elimination_finds(sums: list[dict], target: set):
    # The target as one more unknown, equal to the sum of its cells.
    equations = [({cell: Fraction(weight) for cell, weight in one.items()}, Fraction(0)) for one in sums]
    equations.append(({**{cell: Fraction(1) for cell in target}, "target": Fraction(-1)}, Fraction(0)))
    assert can_be_found([target], sums) == ("target" in determined([*CELLS, "target"], equations))


def test_a_table_is_shown_when_none_of_its_cells_is_small():
    cells = {("a", "x"): 10, ("a", "y"): 0}
    assert not has_small([Touched(cells, cells)], MINIMUM)
    assert has_small([Touched(cells | {("a", "y"): 3}, cells)], MINIMUM)
    assert has_small([Touched({("a", "x"): 30}, {("a", "x"): 25})], MINIMUM)
