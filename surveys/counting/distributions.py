"""What people answered to each question: from counts by version and value to distributions with shares. Pure.

Questions of several versions are put together: a measure that feeds the КПЭ is the same question wherever it is asked,
any other one is known by its code within its questionnaire. Shown is the newest wording; earlier ones are named.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from surveys.counting.counts import RECEIVED, InstitutionCounts
from surveys.counting.fates import ARRIVED
from surveys.counting.statistics import DaysCounts, Estimate, ShareCounts, mean_days, satisfaction_share
from surveys.counting.tallying import ANSWERED
from surveys.questionnaires.definition import SCALE4, Definition, Question, Section

# (version, question, value) → how many times, as `rollups.read_questions` gives it.
Counts = Mapping[tuple[int, str, str], int]

# Up to so many different numbers each has a bar of its own.
MOST_BARS = 12


@dataclass(frozen=True, slots=True)
class Source:
    """A version that answers came to. `family` is the questionnaire it belongs to, of an extension the extended one."""

    version_id: int
    family: int
    number: int
    definition: Definition
    is_measured: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is shown: its newest wording, and the choices of all its versions."""

    key: str
    code: str
    type: str
    text: str
    section: str
    unit: str
    measure: str
    is_repeated: bool
    choices: Mapping[str, str]
    earlier_texts: tuple[str, ...] = ()

    @property
    def has_shares(self) -> bool:
        return bool(self.choices)

    @property
    def is_written(self) -> bool:
        """Answered in people's own words."""
        return self.type == "text"


@dataclass(frozen=True, slots=True)
class Share:
    """One of the answers to choose from: how many chose it, and of those who answered the question what share (%)."""

    code: str
    title: str
    count: int
    share: Estimate


@dataclass(frozen=True, slots=True)
class Bar:
    """How many numbers lie from `low` to `high`; both included when they are equal, else the upper end is not."""

    low: Decimal
    high: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers people gave, with the mean and its 95 % interval."""

    mean: Estimate
    median: Decimal
    lowest: Decimal
    highest: Decimal
    bars: tuple[Bar, ...]
    # For comparing; None when some are below zero.
    counts: DaysCounts | None


@dataclass(frozen=True, slots=True)
class Distribution:
    """The answers to one question: `n` people answered it (in a repeating section: so many blocks)."""

    asked: Asked
    n: int
    shares: tuple[Share, ...] = ()
    numbers: Numbers | None = None


@dataclass
class _Gathered:
    question: Question
    section: Section
    choices: dict[str, str]
    # Newest first.
    names: list[str] = field(default_factory=list)


class Questionnaires:
    """The questions of several versions as one list, and which of them an answer belongs to."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._keys: dict[tuple[int, str], str] = {}
        # Versions that feed the КПЭ.
        self.measured: set[int] = set()
        found: dict[str, _Gathered] = {}
        # Newest first: its wording and its order are shown.
        for source in sorted(sources, key=lambda one: (one.family, -one.number, -one.version_id)):
            if source.is_measured:
                self.measured.add(source.version_id)
            for section in source.definition.sections:
                for question in section.questions:
                    key = _key(source, question)
                    self._keys[source.version_id, question.code] = key
                    gathered = found.setdefault(key, _Gathered(question, section, {}))
                    gathered.names.append(source.definition.names[question.code])
                    for code, title in question.choices.items():
                        gathered.choices.setdefault(code, title)
        self.asked: tuple[Asked, ...] = tuple(_asked(key, one) for key, one in found.items())
        self.by_key = {one.key: one for one in self.asked}

    def key_of(self, version_id: int, code: str) -> str | None:
        """The question of a version's code; None for one that is in no version."""
        return self._keys.get((version_id, code))

    def tallies(self, counts: Counts) -> dict[str, dict[str, int]]:
        """Key of the question → value → count."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for (version, code, value), count in counts.items():
            key = self.key_of(version, code)
            if key is not None:
                found[key][value] += count
        return {key: dict(tally) for key, tally in found.items()}

    def kpi_counts(self, counts: Counts) -> InstitutionCounts:
        """Counts of the КПЭ over everything that is given: of the versions that feed them only."""
        tally: dict[str, dict[Decimal, int]] = defaultdict(lambda: defaultdict(int))
        for (version, code, value), count in counts.items():
            if version not in self.measured:
                continue
            if code == ARRIVED:
                tally[RECEIVED][Decimal(value)] += count
                continue
            asked = self.by_key.get(self.key_of(version, code) or "")
            if asked and asked.measure and asked.type in ("scale4", "nps", "number"):
                tally[asked.measure][_typed(asked, value)] += count
        return InstitutionCounts.from_tally(tally)

    def distributions(self, counts: Counts) -> list[Distribution]:
        """Every question that somebody answered, in the order of the questionnaire."""
        tallies = self.tallies(counts)
        return [distribution(one, tallies[one.key]) for one in self.asked if one.key in tallies]


def _key(source: Source, question: Question) -> str:
    # Where it does not feed the КПЭ a measure is a question like others: put together with it, the two would stand for
    # other people than the КПЭ, and their difference for the few.
    if question.measure and source.is_measured:
        return f"m-{question.measure}"
    return f"q-{source.family}-{question.code}-{question.type}"


def _asked(key: str, one: _Gathered) -> Asked:
    question = one.question
    return Asked(
        key=key,
        code=question.code,
        type=question.type,
        text=one.names[0],
        section=one.section.title,
        unit=question.unit,
        measure=question.measure or "",
        is_repeated=one.section.repeat is not None,
        choices=dict(one.choices),
        earlier_texts=tuple(dict.fromkeys(name for name in one.names if name != one.names[0])),
    )


def _typed(asked: Asked, value: str) -> Decimal:
    return Decimal(SCALE4[value]) if asked.type == "scale4" else Decimal(value)


def answered(asked: Asked, tally: Mapping[str, int]) -> int:
    """How many answered a question, from its tally."""
    return tally.get(ANSWERED, 0) if asked.type == "multiple" else sum(tally.values())


def distribution(asked: Asked, tally: Mapping[str, int]) -> Distribution:
    """The distribution of one question from value → count. Of several of a list the shares may pass 100 %."""
    n = answered(asked, tally)
    if asked.has_shares:
        return Distribution(asked, n, shares=_shares(asked, tally, n))
    if asked.type == "number" and n:
        return Distribution(asked, n, numbers=summary({Decimal(value): count for value, count in tally.items()}))
    return Distribution(asked, n)


def _shares(asked: Asked, tally: Mapping[str, int], n: int) -> tuple[Share, ...]:
    # An option that no version has any more still was chosen: it is shown by its code.
    titles = dict(asked.choices) | {code: code for code in tally if code not in asked.choices and code != ANSWERED}
    return tuple(
        Share(code, title, count, satisfaction_share(ShareCounts(n, min(count, n))))
        for code, title in titles.items()
        for count in [tally.get(code, 0)]
    )


def summary(tally: Mapping[Decimal, int]) -> Numbers:
    """Mean with its interval, median, extremes and bars of some numbers. ValueError for none."""
    numbers = {value: count for value, count in tally.items() if count}
    if not numbers:
        raise ValueError("no numbers to sum up")
    lowest, highest = min(numbers), max(numbers)
    # Sums are kept for numbers from zero on: those below are moved up and their results moved back.
    shift = min(lowest, Decimal(0))
    counts = DaysCounts.from_tally({value - shift: count for value, count in numbers.items()})
    assert counts.median is not None
    return Numbers(
        mean=_moved(counts, shift),
        median=counts.median + shift,
        lowest=lowest,
        highest=highest,
        bars=tuple(_bars(numbers)),
        counts=None if shift else counts,
    )


def _moved(counts: DaysCounts, shift: Decimal) -> Estimate:
    mean = mean_days(counts)
    if not shift:
        return mean
    assert mean.value is not None
    value = float(counts.mean + Fraction(shift))
    if mean.high is None:
        return Estimate(value, None, None, mean.n)
    # The same distance both ways: the lower bound of the moved numbers may have been cut off at zero.
    half = mean.high - mean.value
    return Estimate(value, value - half, value + half, mean.n)


def _bars(numbers: Mapping[Decimal, int]) -> Sequence[Bar]:
    if len(numbers) <= MOST_BARS:
        return [Bar(value, value, count) for value, count in sorted(numbers.items())]
    lowest, highest = min(numbers), max(numbers)
    step = _step(highest - lowest)
    start = (lowest / step).to_integral_value(rounding="ROUND_FLOOR")
    counts: Counter[int] = Counter()
    for value, count in numbers.items():
        counts[int((value / step).to_integral_value(rounding="ROUND_FLOOR") - start)] += count
    return [Bar(step * (start + index), step * (start + index + 1), counts[index]) for index in range(max(counts) + 1)]


def _step(width: Decimal) -> Decimal:
    """The width of a bar: 1, 2 or 5 of a power of ten, so that at most MOST_BARS cover `width`."""
    power = Decimal(1).scaleb(width.adjusted() - 2)
    while True:
        for size in (1, 2, 5):
            # One more, for the ends that do not lie on a multiple of the step.
            if power * size * (MOST_BARS - 1) >= width:
                return power * size
        power *= 10
