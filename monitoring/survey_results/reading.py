"""Results of surveys for any days: КПЭ and answers of an institution or a region, and two periods beside each other.

Everything shown comes from the rollups: as many statements for ten answers as for a million. What others may not see is
left out here (`surveys.counting.disclosure`), so the page and its files cannot show it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from monitoring.display import MINUS, PROTECTS, Shown, Unit, number, reliability_note, shown
from monitoring.models import ReportingPeriod
from monitoring.quarters.results import SUMS_OF_INSTITUTIONS, Thresholds
from monitoring.quarters.rows import CATALOGUE, IndicatorRow
from monitoring.quarters.weeks import DAY, weeks_of
from monitoring.survey_results.late import LateAnswers, late_answers
from regions.models import Institution
from surveys.counting.counts import InstitutionCounts
from surveys.counting.differences import Difference, Direction, mean_difference, nps_difference, share_difference
from surveys.counting.disclosure import Hidden, Touched, can_be_found, has_small, hidden_over_time, is_small
from surveys.counting.distributions import Asked, Distribution, Questionnaires, Source
from surveys.counting.rollups import Answered, read_answered, read_questions
from surveys.counting.statistics import (
    DaysCounts,
    Estimate,
    NpsCounts,
    Reliability,
    ShareCounts,
    mean_days,
    net_promoter_score,
    round_half_up,
    satisfaction_share,
)
from surveys.models import QuestionnaireVersion

if TYPE_CHECKING:
    from regions.models import LifeSituation, Region

Cell = tuple[int, str, int]  # institution, channel, version
ARRIVALS: Final = ""


@dataclass(frozen=True)
class Asking:
    """What somebody wants to see. Without an institution: all of the region together.

    `sees_all`: the institution's own people, for whom nothing is hidden.
    """

    region: Region
    life_situation: LifeSituation
    first: date
    last: date
    institution: Institution | None = None
    channel: str = ""
    version: QuestionnaireVersion | None = None
    sees_all: bool = False

    @property
    def filters(self) -> list[Callable[[Cell], Any]]:
        """By what the answers asked for differ from the others: the coordinates of a cell."""
        chosen = [self.institution is not None, bool(self.channel), self.version is not None]
        return [one for one, is_chosen in zip(_COORDINATES, chosen, strict=True) if is_chosen]

    @property
    def cell(self) -> tuple[Any, ...]:
        """The coordinates asked for, of the filters in their order."""
        every = (self.institution and self.institution.pk, self.channel, self.version and self.version.pk)
        return tuple(one for one in every if one)

    def moved_to(self, first: date, last: date) -> Asking:
        return replace(self, first=first, last=last)

    @cached_property
    def institution_ids(self) -> list[int]:
        """The institutions of the region that take or took part in the ЖС."""
        return list(
            Institution.objects.filter(region=self.region, participations__life_situation=self.life_situation)
            .order_by("pk")
            .values_list("pk", flat=True)
            .distinct()
        )


_COORDINATES: Final[tuple[Callable[[Cell], Any], ...]] = (
    lambda cell: cell[0],
    lambda cell: cell[1],
    lambda cell: cell[2],
)
# In how many ways the whole of a coordinate is published (`disclosure.hidden_parts`).
_SUMS: Final = (SUMS_OF_INSTITUTIONS, 1, 1)


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """A question with its answers, or with the reason why they are not shown."""

    asked: Asked
    n: int
    note: str
    distribution: Distribution | None
    reliability: Reliability

    @property
    def is_hidden(self) -> bool:
        return self.distribution is None


@dataclass(frozen=True, slots=True)
class Results:
    """What is shown of a period."""

    first: date
    last: date
    counts: Arrivals
    # Came after their quarter was published, and counted nowhere else.
    late: int
    indicators: tuple[IndicatorRow, ...]
    questions: tuple[QuestionResult, ...]
    # Measure → what its value was made of; of shown values only.
    behind: Mapping[str, ShareCounts | NpsCounts | DaysCounts]

    @property
    def main(self) -> list[IndicatorRow]:
        return [row for row in self.indicators if row.is_main]

    @property
    def additional(self) -> list[IndicatorRow]:
        return [row for row in self.indicators if not row.is_main]

    @property
    def hidden(self) -> list[QuestionResult]:
        return [one for one in self.questions if one.is_hidden]

    @property
    def is_protected(self) -> bool:
        """Whether something with enough answers is hidden because it would tell of others."""
        notes = [row.shown.note for row in self.indicators] + [one.note for one in self.questions]
        return any(PROTECTS in note for note in notes)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What became of the answers of measured questionnaires, and how many came to others."""

    received: int
    eligible: int
    too_late: int
    excluded: int
    others: int

    @property
    def all(self) -> int:
        return self.received + self.others


def sources_of(region: Region, life_situation: LifeSituation) -> list[Source]:
    """The versions that links of the region lead to in a ЖС."""
    return [
        Source(
            version_id=one.pk,
            family=one.questionnaire.extends_id or one.questionnaire_id,
            number=one.number,
            definition=one.definition,
            is_measured=one.feeds_the_kpi,
        )
        for one in versions_of(region, life_situation)
    ]


def versions_of(region: Region, life_situation: LifeSituation) -> list[QuestionnaireVersion]:
    return list(
        QuestionnaireVersion.objects.filter(
            pk__in=QuestionnaireVersion.objects.filter(
                links__institution__region=region, links__life_situation=life_situation
            ).values("pk")
        )
        .select_related("questionnaire")
        .defer("document")
        .order_by("questionnaire__title", "questionnaire", "-number")
    )


def results_of(asking: Asking, questionnaires: Questionnaires, thresholds: Thresholds) -> Results:
    """The results of the days asked for, without what the person may not see."""
    guard = _Open() if asking.sees_all else _Guard(asking, questionnaires, thresholds.minimum)
    counts = _counts(asking, guard)
    kpi = questionnaires.kpi_counts(counts)
    indicators = tuple(_indicators(kpi, guard, thresholds))
    return Results(
        first=asking.first,
        last=asking.last,
        counts=_arrivals(kpi, counts),
        late=guard.late.number(
            asking.first,
            asking.last,
            institution=asking.institution.pk if asking.institution else None,
            channel=asking.channel,
            version=asking.version.pk if asking.version else None,
        ),
        indicators=indicators,
        behind={row.measure.code: _behind(row.measure.code, kpi) for row in indicators if not row.shown.is_hidden},
        questions=tuple(
            _question(one, guard, thresholds)
            for one in questionnaires.distributions(counts)
            # The day of the service is no answer about it.
            if one.asked.measure != "service_date"
        ),
    )


def kpi_of(asking: Asking, thresholds: Thresholds) -> tuple[InstitutionCounts, list[str]]:
    """What the КПЭ of the days are made of, and the measures whose values the person may not see."""
    questionnaires = Questionnaires(sources_of(asking.region, asking.life_situation))
    guard = _Open() if asking.sees_all else _Guard(asking, questionnaires, thresholds.minimum)
    counts = questionnaires.kpi_counts(_counts(asking, guard))
    return counts, [code for code in CATALOGUE if guard.hides(f"m-{code}")]


def _counts(asking: Asking, guard: _Open) -> dict[tuple[int, str, str], int]:
    return read_questions(
        life_situation_id=asking.life_situation.pk,
        institution_ids=[asking.institution.pk] if asking.institution else asking.institution_ids,
        first=asking.first,
        last=asking.last,
        channel=asking.channel,
        version_ids=[asking.version.pk] if asking.version else None,
        without=guard.late.cells,
    )


def _arrivals(kpi: InstitutionCounts, counts: Mapping[tuple[int, str, str], int]) -> Arrivals:
    everything = sum(count for (_, question, _), count in counts.items() if question == ARRIVALS)
    return Arrivals(kpi.received, kpi.eligible, kpi.too_late, kpi.excluded, everything - kpi.received)


def _indicators(kpi: InstitutionCounts, guard: _Open, thresholds: Thresholds) -> Iterable[IndicatorRow]:
    for code, measure in CATALOGUE.items():
        estimate = _value(code, kpi)
        if guard.hides(f"m-{code}"):
            estimate = Estimate(value=None, low=None, high=None, n=estimate.n)
        yield IndicatorRow(
            measure=measure, shown=shown(estimate, measure.unit, thresholds), estimate=estimate, verdict=None
        )


def _behind(code: str, counts: InstitutionCounts) -> ShareCounts | NpsCounts | DaysCounts:
    if code == "nps":
        return counts.nps
    return counts.days if code == "days" else counts.shares[code]


def _value(code: str, counts: InstitutionCounts) -> Estimate:
    match _behind(code, counts):
        case NpsCounts() as nps:
            return net_promoter_score(nps)
        case DaysCounts() as days:
            return mean_days(days)
        case ShareCounts() as share:
            return satisfaction_share(share)


def _question(one: Distribution, guard: _Open, thresholds: Thresholds) -> QuestionResult:
    n = one.n
    # Of what was written only the number of comments is told.
    if one.asked.is_written or one.asked.type == "date":
        return QuestionResult(one.asked, n, "", one, Reliability.SUFFICIENT)
    if guard.hides(one.asked.key):
        return QuestionResult(
            one.asked, n, reliability_note(Reliability.HIDDEN, n, thresholds), None, Reliability.HIDDEN
        )
    is_few = n < thresholds.sufficient
    trust = Reliability.FEW if is_few else Reliability.SUFFICIENT
    return QuestionResult(one.asked, n, "мало данных" if is_few else "", one, trust)


class _Open:
    """Hides nothing: for an institution's own people."""

    late = LateAnswers()

    def hides(self, key: str) -> bool:
        return False


class _Guard(_Open):
    """What to hide from somebody who sees the other institutions, channels, versions and days as well."""

    def __init__(self, asking: Asking, questionnaires: Questionnaires, minimum: int) -> None:
        self._asking = asking
        self._minimum = minimum
        self._segments = _segments(asking)
        pieces = [(one.first, one.last) for one in self._segments]
        institution_ids = asking.institution_ids
        days = pieces[0][0], pieces[-1][1]
        self.late = late_answers(asking.region, asking.life_situation, institution_ids, *days)
        answered = read_answered(
            life_situation_id=asking.life_situation.pk,
            institution_ids=institution_ids,
            pieces=pieces,
            without=self.late.cells,
        )
        # Beside what was published they would tell of the few that make the difference.
        self._hides_all = self.late.differ_from_published(
            (pieces[one.piece][0], one) for one in answered if one.version_id in questionnaires.measured
        )
        self._periods = self._by_question(answered, questionnaires)

    def hides(self, key: str) -> bool:
        if self._hides_all:
            return True
        periods = self._periods.get(key, [])
        asking = self._asking
        filters = asking.filters
        if not filters:
            return self._hides_whole(periods)
        if len(filters) > 1:
            return has_small(_along(periods, lambda cell: tuple(one(cell) for one in filters)), self._minimum)
        hidden = self._hidden(periods, _COORDINATES.index(filters[0]))
        if asking.cell[0] in hidden.parts:
            return True
        return not asking.institution and self._gives_away(periods)

    def _hidden(self, periods: Sequence[Touched[Cell]], axis: int) -> Hidden[Any]:
        return hidden_over_time(_along(periods, _COORDINATES[axis]), self._minimum, sums=_SUMS[axis])

    def _hides_whole(self, periods: Sequence[Touched[Cell]]) -> bool:
        return any(self._hidden(periods, axis).whole for axis in range(len(_COORDINATES)))

    def _gives_away(self, periods: Sequence[Touched[Cell]]) -> bool:
        """Whether channels and versions, shown beside institutions, would give away something small in any of them.

        Then no channel and no version is shown. In a part of a reporting period that is so once anything is small.
        """
        if self._hides_whole(periods):
            return True
        for period in periods:
            along = [_along([period], coordinate)[0] for coordinate in _COORDINATES]
            if dict(period.inside) != dict(period.whole):
                if any(has_small([one], self._minimum) for one in along):
                    return True
                continue
            cells = [cell for cell, n in period.whole.items() if n]
            small: list[list[Cell]] = []
            # The region's value: each institution has a weight of its own, whichever it is.
            sums: list[dict[Cell, int]] = [dict.fromkeys(cells, 1), {cell: cell[0] ** 2 + 1 for cell in cells}]
            for axis, coordinate in enumerate(_COORDINATES):
                hidden = self._hidden([period], axis).parts
                for part, n in along[axis].whole.items():
                    of_part = [cell for cell in cells if coordinate(cell) == part]
                    if part not in hidden:
                        sums.append(dict.fromkeys(of_part, 1))
                    elif is_small(n, self._minimum):
                        small.append(of_part)
            if small and can_be_found(small, sums):
                return True
        return False

    def _by_question(
        self, answered: Iterable[Answered], questionnaires: Questionnaires
    ) -> dict[str, list[Touched[Cell]]]:
        # Question → reporting period → piece of time → its cells.
        found: dict[str, dict[int, dict[int, Counter[Cell]]]] = defaultdict(lambda: defaultdict(dict))
        for one in answered:
            key = questionnaires.key_of(one.version_id, one.question)
            if key is None:
                continue
            pieces = found[key][self._segments[one.piece].period]
            pieces.setdefault(one.piece, Counter())[one.institution_id, one.channel, one.version_id] += one.n
        return {key: [self._touched(pieces) for pieces in periods.values()] for key, periods in found.items()}

    def _touched(self, pieces: Mapping[int, Counter[Cell]]) -> Touched[Cell]:
        whole, inside = Counter[Cell](), Counter[Cell]()
        for at in sorted(pieces):
            whole += pieces[at]
            if self._segments[at].is_asked:
                inside += pieces[at]
        return Touched(whole, inside, tuple(pieces[at] for at in sorted(pieces)))


def _along(periods: Sequence[Touched[Cell]], coordinate: Callable[[Cell], Any]) -> list[Touched[Any]]:
    """The numbers of answers summed up along a coordinate of the cells."""
    return [
        Touched(
            _summed(one.whole, coordinate),
            _summed(one.inside, coordinate),
            tuple(_summed(week, coordinate) for week in one.weeks),
        )
        for one in periods
    ]


def _summed(cells: Mapping[Cell, int], coordinate: Callable[[Cell], Any]) -> dict[Any, int]:
    sums: Counter[Any] = Counter()
    # In one order: equal numbers hide the same part each time.
    for cell in sorted(cells):
        sums[coordinate(cell)] += cells[cell]
    return sums


@dataclass(frozen=True, slots=True)
class _Segment:
    """Some days of a reporting period; `is_asked`: among those asked for."""

    period: int
    is_asked: bool
    first: date
    last: date


def _segments(asking: Asking) -> list[_Segment]:
    """All days of the reporting periods that are touched: those taken in part by their weeks.

    Days in no reporting period make one of their own.
    """
    first, last, today = asking.first, asking.last, asking.region.local_date()
    found: list[_Segment] = []
    periods = ReportingPeriod.objects.filter(opens_on__lte=last, closes_on__gte=first).order_by("opens_on")
    begin = first
    for index, period in enumerate(periods, start=1):
        if begin < period.opens_on:
            found.append(_Segment(0, True, begin, period.opens_on - DAY))
        days = period.opens_on, period.closes_on
        # Nothing is later than today.
        is_whole = first <= days[0] and last >= min(days[1], today)
        for week in [days] if is_whole else weeks_of(*days, today):
            found += _cut(index, week, first, last)
        begin = period.closes_on + DAY
    if begin <= last:
        found.append(_Segment(0, True, begin, last))
    return found


def _cut(period: int, days: tuple[date, date], first: date, last: date) -> Iterable[_Segment]:
    """Some days as those before, from and after what is asked for: a choice need not end with a week."""
    inside = max(days[0], first), min(days[1], last)
    if inside[0] > inside[1]:
        return [_Segment(period, False, *days)]
    pieces = (False, days[0], inside[0] - DAY), (True, *inside), (False, inside[1] + DAY, days[1])
    return [_Segment(period, is_asked, begin, end) for is_asked, begin, end in pieces if begin <= end]


# Two periods


@dataclass(frozen=True, slots=True)
class Change:
    """How one value differs between two periods, in words."""

    # Of the measure or of the answer to choose; empty for the mean of a question.
    code: str
    title: str
    unit: Unit
    before: Shown
    after: Shown
    difference: Difference | None
    # None: neither end is the better one.
    lower_is_better: bool | None = None

    @property
    def words(self) -> str:
        """«выросло», «снизилось», «в пределах погрешности», or why nothing can be said."""
        if self.difference is None:
            return "не сравнить: нет значения за один из периодов"
        match self.difference.direction:
            case Direction.UP:
                return "выросло"
            case Direction.DOWN:
                return "снизилось"
            case Direction.WITHIN:
                return "в пределах погрешности"
        return "не сравнить: слишком мало ответов"

    @property
    def is_better(self) -> bool | None:
        """Whether it moved to the good end; None within the error, or where there is no good end."""
        moved = self.difference.direction if self.difference else None
        if self.lower_is_better is None or moved not in (Direction.UP, Direction.DOWN):
            return None
        return (moved is Direction.DOWN) == self.lower_is_better

    @property
    def verdict(self) -> str:
        """«лучше» or «хуже» where the measure has a good end; empty within the error."""
        return {True: "лучше", False: "хуже", None: ""}[self.is_better]

    @property
    def text(self) -> str:
        """«+3,4 п. п. (−1,2…+8,0)»; empty when there is no difference."""
        if self.difference is None:
            return ""
        unit = "п.\u00a0п." if self.unit is Unit.PERCENT else self.unit.after_number
        words = f"{signed(self.difference.value)}\u00a0{unit}"
        low, high = self.difference.low, self.difference.high
        return words if low is None or high is None else f"{words} ({signed(low)}…{signed(high)})"


def signed(value: float) -> str:
    """«+3,4», «−1,2», «0,0»."""
    text = number(round_half_up(value))
    return text if text.startswith(MINUS) or round_half_up(value) == 0 else f"+{text}"


@dataclass(frozen=True, slots=True)
class QuestionChange:
    """A question of both periods and how its answers differ."""

    asked: Asked
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """An earlier period beside the one that is shown."""

    before: Results
    measures: tuple[Change, ...]
    questions: tuple[QuestionChange, ...]


def compare(before: Results, after: Results, thresholds: Thresholds) -> Comparison:
    """How `after` differs from `before`: values and answers that are shown of both."""
    earlier = {one.asked.key: one for one in before.questions}
    questions = (
        QuestionChange(one.asked, tuple(_question_changes(earlier[one.asked.key], one, thresholds)))
        for one in after.questions
        # What feeds a КПЭ stands there.
        if one.asked.key in earlier and not one.asked.key.startswith("m-")
    )
    return Comparison(
        before=before,
        measures=tuple(
            Change(
                code=row.measure.code,
                title=row.measure.title,
                unit=row.measure.unit,
                before=old.shown,
                after=row.shown,
                difference=_difference(before.behind.get(row.measure.code), after.behind.get(row.measure.code)),
                lower_is_better=row.measure.lower_is_better,
            )
            for old, row in zip(before.indicators, after.indicators, strict=True)
            # What was asked in neither period is no line.
            if old.estimate.n or row.estimate.n
        ),
        questions=tuple(one for one in questions if one.changes),
    )


def _difference(before: object, after: object) -> Difference | None:
    match before, after:
        case ShareCounts() as one, ShareCounts() as other:
            return share_difference(one, other)
        case NpsCounts() as one, NpsCounts() as other:
            return nps_difference(one, other)
        case DaysCounts() as one, DaysCounts() as other:
            return mean_difference(one, other)
    return None


def _question_changes(before: QuestionResult, after: QuestionResult, thresholds: Thresholds) -> Iterable[Change]:
    old, new = before.distribution, after.distribution
    if old is None or new is None or min(old.n, new.n) < thresholds.minimum:
        return
    if old.numbers and new.numbers and old.numbers.counts and new.numbers.counts:
        yield Change(
            "",
            "Среднее",
            Unit.NUMBER,
            shown(old.numbers.mean, Unit.NUMBER, thresholds),
            shown(new.numbers.mean, Unit.NUMBER, thresholds),
            mean_difference(old.numbers.counts, new.numbers.counts),
        )
    earlier = {one.code: one for one in old.shares}
    for share in new.shares:
        before_share = earlier.get(share.code)
        if before_share:
            yield Change(
                share.code,
                share.title,
                Unit.PERCENT,
                shown(before_share.share, Unit.PERCENT, thresholds),
                shown(share.share, Unit.PERCENT, thresholds),
                share_difference(ShareCounts(old.n, before_share.count), ShareCounts(new.n, share.count)),
            )
