"""The result of a quarter (or of any period): counts and weights in, values with intervals out, all in one passport.

Pure but for its inputs' types. `QuarterResult.document()` is what is kept in a collection's snapshot and printed by
`manage.py kpi`; `QuarterResult.from_document()` reads it back. Numbers on screen, in XLSX and in PDF come from here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

from monitoring.quarters.kpi import (
    FORMULA_VERSION,
    MissingWeight,
    Scheme,
    Stratum,
    Verdict,
    regional_days,
    regional_nps,
    regional_share,
    verdict,
    weights,
)
from regions.targets import LONG_TERM_MARKS
from surveys.counting.counts import SHARES, InstitutionCounts
from surveys.counting.disclosure import hidden_parts
from surveys.counting.statistics import (
    NO_ANSWERS,
    DaysCounts,
    Estimate,
    NpsCounts,
    ShareCounts,
    mean_days,
    net_promoter_score,
    published,
    satisfaction_share,
)

# The three КПЭ of an institution and a region, in the order they are shown.
MAIN_MEASURES = ("satisfaction", "nps", "days")
# Each further scale question is an additional indicator.
ADDITIONAL_MEASURES = SHARES[1:]
MEASURES = (*MAIN_MEASURES, *ADDITIONAL_MEASURES)

# The same answers stand in two sums over the institutions: in the region's value with its weights, and on the page of
# survey results without.
SUMS_OF_INSTITUTIONS = 2


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Settings a result rests on: answers for a value, answers for a verdict, days an answer may come later."""

    minimum: int
    sufficient: int
    within_days: int = 5


@dataclass(frozen=True, slots=True)
class AnswerDecision:
    """What two people decided about answers of the period: to leave them out, or to take them back in.

    `kind` is that of surveys.models.ExclusionCase, `decided_on` an ISO date, the people are «Роль, Фамилия И. О.».
    """

    id: int
    kind: str
    institution: str
    number: int
    decided_on: str
    reason: str
    proposed_by: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class InstitutionInput:
    """What is known of an institution before anything is computed."""

    id: int
    name: str
    settlement: str
    clients: int | None
    counts: InstitutionCounts


@dataclass(frozen=True, slots=True)
class InstitutionResult:
    id: int
    name: str
    settlement: str
    clients: int | None
    weight: int | None
    counts: InstitutionCounts
    values: Mapping[str, Estimate]

    def is_hidden(self, measure: str) -> bool:
        """Whether there are answers and their value is not shown."""
        value = self.values[measure]
        return value.n > 0 and value.value is None

    @property
    def left_out_because(self) -> str:
        """Why the institution has no part in the region's value; empty when it has."""
        if self.counts.received == 0:
            return "нет ответов"
        if self.counts.eligible == 0:
            return "нет ответов, полученных в срок"
        return ""


@dataclass(frozen=True, slots=True)
class QuarterResult:
    """Region, ЖС and period with the values of every institution and of the region.

    `values` of the region are all empty while there is no scheme, or while `missing_weights` names institutions.
    """

    region: str
    life_situation: str
    period: str
    scheme: Scheme | None
    decision: str
    formula: str
    thresholds: Thresholds
    computed_at: str
    institutions: tuple[InstitutionResult, ...]
    values: Mapping[str, Estimate]
    verdicts: Mapping[str, Verdict]
    missing_weights: tuple[str, ...]
    checksum: str
    answer_decisions: tuple[AnswerDecision, ...] = ()

    @property
    def received(self) -> int:
        return sum(institution.counts.received for institution in self.institutions)

    @property
    def eligible(self) -> int:
        return sum(institution.counts.eligible for institution in self.institutions)

    @property
    def too_few_clients(self) -> list[str]:
        """Institutions with more answers than people served: most likely a slip in the entered number."""
        return [one.name for one in self.institutions if one.clients is not None and one.clients < one.counts.eligible]

    def document(self) -> dict[str, Any]:
        """The passport as a JSON document, unrounded."""
        return {
            "region": self.region,
            "life_situation": self.life_situation,
            "period": self.period,
            "scheme": self.scheme,
            "decision": self.decision,
            "institutions": [_institution_document(institution) for institution in self.institutions],
            "values": _values_document(self.values),
            "verdicts": dict(self.verdicts),
            "missing_weights": list(self.missing_weights),
            "left_out": [
                {"id": one.id, "name": one.name, "reason": one.left_out_because}
                for one in self.institutions
                if one.left_out_because
            ],
            "answer_decisions": [asdict(one) for one in self.answer_decisions],
            "formula": self.formula,
            "thresholds": asdict(self.thresholds),
            "computed_at": self.computed_at,
            "checksum": self.checksum,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> QuarterResult:
        thresholds = Thresholds(**document["thresholds"])
        return cls(
            region=document["region"],
            life_situation=document["life_situation"],
            period=document["period"],
            scheme=Scheme(document["scheme"]) if document["scheme"] else None,
            decision=document["decision"],
            formula=document["formula"],
            thresholds=thresholds,
            computed_at=document["computed_at"],
            institutions=protected(map(_institution_from_document, document["institutions"]), thresholds),
            values=_values_from_document(document["values"]),
            verdicts={measure: Verdict(one) for measure, one in document["verdicts"].items()},
            missing_weights=tuple(document["missing_weights"]),
            checksum=document["checksum"],
            # Quarters were calculated before anybody could decide about answers.
            answer_decisions=tuple(AnswerDecision(**one) for one in document.get("answer_decisions", ())),
        )


def institution_values(counts: InstitutionCounts) -> dict[str, Estimate]:
    """Every measure of one institution, unrounded, whatever the number of answers."""
    return {
        **{share: satisfaction_share(counts.shares[share]) for share in SHARES},
        "nps": net_promoter_score(counts.nps),
        "days": mean_days(counts.days),
    }


def protected(institutions: Iterable[InstitutionResult], thresholds: Thresholds) -> tuple[InstitutionResult, ...]:
    """The institutions of a region as others may see them: small values are empty, and those that would give them away.

    Applied to what is read from a snapshot as well: whatever was published before a rule was made is shown by it.
    """
    given = tuple(institutions)
    values = {one.id: dict(one.values) for one in given}
    for measure in MEASURES:
        numbers = {one.id: one.values[measure].n for one in sorted(given, key=lambda one: one.id)}
        for hidden in hidden_parts(numbers, thresholds.minimum, sums=SUMS_OF_INSTITUTIONS):
            values[hidden][measure] = Estimate(value=None, low=None, high=None, n=numbers[hidden])
    return tuple(replace(one, values=values[one.id]) for one in given)


def compute(
    *,
    region: str,
    life_situation: str,
    period: str,
    scheme: Scheme | None,
    decision: str,
    inputs: Iterable[InstitutionInput],
    thresholds: Thresholds,
    computed_at: str,
    answer_decisions: Iterable[AnswerDecision] = (),
) -> QuarterResult:
    """The result of a period. Institutions below the minimum count in the region's value: only their own is hidden.

    With it are hidden the values of others from which it could be worked out.
    """
    given = sorted(inputs, key=lambda one: (one.name, one.id))
    values: dict[str, Estimate] = dict.fromkeys(MEASURES, NO_ANSWERS)
    own_weights: list[int] | list[None] = [None] * len(given)
    missing: tuple[str, ...] = ()
    if scheme is not None:
        try:
            # First, and over all eligible answers: it names every institution without a weight, whatever it was asked.
            own_weights = weights(scheme, [_eligible_stratum(one) for one in given])
            values = {measure: _regional(scheme, measure, given) for measure in MEASURES}
        except MissingWeight as error:
            missing = error.institutions
    values = {measure: published(value, minimum=thresholds.minimum) for measure, value in values.items()}
    result = QuarterResult(
        region=region,
        life_situation=life_situation,
        period=period,
        scheme=scheme,
        decision=decision,
        formula=FORMULA_VERSION,
        thresholds=thresholds,
        computed_at=computed_at,
        institutions=protected(
            (
                InstitutionResult(
                    id=one.id,
                    name=one.name,
                    settlement=one.settlement,
                    clients=one.clients,
                    weight=weight,
                    counts=one.counts,
                    values=institution_values(one.counts),
                )
                for one, weight in zip(given, own_weights, strict=True)
            ),
            thresholds,
        ),
        values=values,
        verdicts={
            measure: verdict(values[measure], LONG_TERM_MARKS[measure], sufficient=thresholds.sufficient)
            for measure in ("satisfaction", "nps")
        },
        missing_weights=missing,
        checksum="",
        answer_decisions=tuple(answer_decisions),
    )
    return replace(result, checksum=checksum(result))


def checksum(result: QuarterResult) -> str:
    """SHA-256 of all that the values and their passport rest on: equal inputs, equal checksum."""
    inputs: dict[str, Any] = {
        "formula": result.formula,
        "scheme": result.scheme,
        "decision": result.decision,
        "thresholds": asdict(result.thresholds),
        "institutions": [
            [one.id, one.name, one.clients, _counts_document(one.counts)]
            for one in sorted(result.institutions, key=lambda one: one.id)
        ],
    }
    if result.answer_decisions:
        # Left out and taken back in, the counts are the same as before and the passport is not.
        inputs["answer_decisions"] = [[one.id, one.kind, one.number] for one in result.answer_decisions]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()


def _eligible_stratum(one: InstitutionInput) -> Stratum[ShareCounts]:
    """For the weight shown: with `respondents` the eligible answers, while each measure counts its own respondents."""
    return Stratum(one.name, ShareCounts(one.counts.eligible, 0), one.clients)


def _regional(scheme: Scheme, measure: str, inputs: list[InstitutionInput]) -> Estimate:
    if measure == "nps":
        return regional_nps(scheme, [Stratum(one.name, one.counts.nps, one.clients) for one in inputs])
    if measure == "days":
        return regional_days(scheme, [Stratum(one.name, one.counts.days, one.clients) for one in inputs])
    return regional_share(scheme, [Stratum(one.name, one.counts.shares[measure], one.clients) for one in inputs])


# JSON


def _counts_document(counts: InstitutionCounts) -> dict[str, Any]:
    days = counts.days
    return {
        "received": counts.received,
        "eligible": counts.eligible,
        # Absent when none was: the checksum of what was published before answers could be left out stays as it is.
        **({"excluded": counts.excluded} if counts.excluded else {}),
        **{share: {"n": one.n, "positive": one.positive} for share, one in counts.shares.items()},
        "nps": {"n": counts.nps.n, "promoters": counts.nps.promoters, "detractors": counts.nps.detractors},
        "days": {
            "n": days.n,
            "sum": _number(days.total),
            "max": _number(days.maximum),
            "median": _number(days.median),
            "sum_of_squares": _number(days.total_squares),
        },
    }


def _institution_document(one: InstitutionResult) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "settlement": one.settlement,
        "clients": one.clients,
        "weight": one.weight,
        "counts": _counts_document(one.counts),
        "values": _values_document(one.values),
    }


def _institution_from_document(document: Mapping[str, Any]) -> InstitutionResult:
    counts = document["counts"]
    days = counts["days"]
    return InstitutionResult(
        id=document["id"],
        name=document["name"],
        settlement=document["settlement"],
        clients=document["clients"],
        weight=document["weight"],
        counts=InstitutionCounts(
            received=counts["received"],
            eligible=counts["eligible"],
            # A measure added since the quarter was published was asked of nobody then.
            shares={share: ShareCounts(**counts.get(share, {"n": 0, "positive": 0})) for share in SHARES},
            nps=NpsCounts(**counts["nps"]),
            days=DaysCounts(
                n=days["n"],
                total=_decimal(days["sum"]) or Decimal(0),
                total_squares=_decimal(days["sum_of_squares"]) or Decimal(0),
                maximum=_decimal(days["max"]),
                median=_decimal(days["median"]),
            ),
            excluded=counts.get("excluded", 0),
        ),
        values=_values_from_document(document["values"]),
    )


def _values_document(values: Mapping[str, Estimate]) -> dict[str, dict[str, Any]]:
    return {
        measure: {
            "value": values[measure].value,
            "low": values[measure].low,
            "high": values[measure].high,
            "n": values[measure].n,
        }
        for measure in MEASURES
    }


def _values_from_document(document: Mapping[str, Any]) -> dict[str, Estimate]:
    return {measure: Estimate(**document[measure]) if measure in document else NO_ANSWERS for measure in MEASURES}


def _number(value: Decimal | None) -> int | float | None:
    """A JSON number that is the decimal itself: whole ones as integers, others by their shortest text."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value))
