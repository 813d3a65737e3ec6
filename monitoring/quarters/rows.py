"""One set of rows of a quarter. Screen, XLSX and PDF format these and nothing else, so they cannot disagree.

Numbers in a row are rounded already (half up, as shown); what they were rounded from stays beside them in `estimate`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from monitoring.display import DASH, NBSP, NO_VALUE, Shown, Unit, answers, clean, counted, number, shown
from monitoring.quarters.kpi import Scheme, Verdict
from monitoring.quarters.results import (
    ADDITIONAL_MEASURES,
    MAIN_MEASURES,
    MEASURES,
    InstitutionResult,
    QuarterResult,
    Thresholds,
    institution_values,
)
from regions.models import Institution
from regions.targets import LONG_TERM_MARKS
from surveys.counting.counts import InstitutionCounts
from surveys.counting.disclosure import is_small
from surveys.counting.statistics import Estimate, Reliability, round_half_up


@dataclass(frozen=True, slots=True)
class Measure:
    """What a measure is called: in full as the documents do, and in short where columns are narrow."""

    code: str
    title: str
    short_title: str
    unit: Unit
    lower_is_better: bool = False

    @property
    def full_title(self) -> str:
        return f"{self.title},{NBSP}{self.unit.title}"

    @property
    def mark(self) -> float | None:
        """The long-term mark [001, IV.5]; None for a measure without one."""
        return LONG_TERM_MARKS.get(self.code)

    @property
    def mark_text(self) -> str:
        return DASH if self.mark is None else self.unit.whole(self.mark)

    @property
    def scale(self) -> str:
        """The scale a picture of the value is drawn on; empty for one without bounds."""
        return {Unit.PERCENT: "share", Unit.POINTS: "nps", Unit.DAYS: ""}[self.unit]

    @property
    def mark_note(self) -> str:
        """«ориентир 90 %»; empty for a measure without a mark."""
        return "" if self.mark is None else f"ориентир {self.mark_text}"


CATALOGUE: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        measure.code: measure
        for measure in (
            # The main ones as 001, V.2 words them; the additional ones after the questions of 001, IV.4.1.
            Measure(
                "satisfaction",
                "Удовлетворённость пользователей эффективностью оказания услуги",
                "Удовлетворённость",
                Unit.PERCENT,
            ),
            Measure("nps", "Индекс приверженности потребителей (NPS)", "NPS", Unit.POINTS),
            Measure(
                "days", "Время, потраченное пользователем на получение услуги", "Время", Unit.DAYS, lower_is_better=True
            ),
            Measure("documents", "Удовлетворённость количеством документации", "Документы", Unit.PERCENT),
            Measure("duration", "Удовлетворённость длительностью оказания услуги", "Длительность", Unit.PERCENT),
            Measure(
                "clarity",
                "Удовлетворённость простотой и понятностью процесса получения услуги",
                "Понятность",
                Unit.PERCENT,
            ),
            Measure("support", "Удовлетворённость качеством поддержки и сервиса", "Поддержка", Unit.PERCENT),
        )
    }
)
MAIN: Final = tuple(CATALOGUE[code] for code in MAIN_MEASURES)
ADDITIONAL: Final = tuple(CATALOGUE[code] for code in ADDITIONAL_MEASURES)

VERDICTS: Final[Mapping[Verdict, str]] = MappingProxyType(
    {
        Verdict.REACHED: "ориентир достигнут",
        Verdict.MISSED: "ориентир не достигнут",
        Verdict.INSUFFICIENT: "недостаточно данных",
    }
)

SCHEMES: Final[Mapping[Scheme, str]] = MappingProxyType(
    {
        Scheme.CLIENTS: "по числу обслуженных людей",
        Scheme.RESPONDENTS: "по числу ответивших на вопрос",
        Scheme.EQUAL: "все учреждения поровну",
    }
)


# By the kind of a decision about answers (surveys.models.ExclusionCase).
DECIDED: Final[Mapping[str, str]] = MappingProxyType({"leave_out": "Исключено", "take_back": "Возвращено"})

WHY_BESIDE: Final = "защита малых чисел: иначе скрытое значение можно было бы вычислить"


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """A measure of the region."""

    measure: Measure
    shown: Shown
    estimate: Estimate
    verdict: Verdict | None

    @property
    def is_main(self) -> bool:
        return self.measure.code in MAIN_MEASURES

    @property
    def verdict_text(self) -> str:
        """Empty for a measure without a long-term mark."""
        return VERDICTS[self.verdict] if self.verdict else ""

    @property
    def mark_note(self) -> str:
        return self.measure.mark_note

    @property
    def verdict_note(self) -> str:
        """Why many answers are still not enough: people see hundreds of them beside «недостаточно данных»."""
        straddles = self.verdict is Verdict.INSUFFICIENT and self.shown.reliability is Reliability.SUFFICIENT
        return "ориентир внутри интервала" if straddles and self.shown.interval else ""

    @property
    def notes(self) -> str:
        return "; ".join(filter(None, (self.shown.note, self.verdict_note)))


@dataclass(frozen=True, slots=True)
class InstitutionRow:
    """An institution with all its measures; `weight` and `weight_share` (%) are None while there is no scheme."""

    id: int
    name: str
    settlement: str
    clients: int | None
    weight: int | None
    weight_share: Decimal | None
    received: int
    eligible: int
    left_out: int
    shown: Mapping[str, Shown]
    left_out_because: str

    @property
    def main(self) -> list[tuple[Measure, Shown]]:
        """The three КПЭ in the order they are shown."""
        return [(measure, self.shown[measure.code]) for measure in MAIN]


@dataclass(frozen=True, slots=True)
class PassportRow:
    """A line of the passport: where the numbers come from."""

    label: str
    value: str


def region_rows(result: QuarterResult) -> list[IndicatorRow]:
    """The region's measures, the three КПЭ first."""
    return [
        IndicatorRow(
            measure=CATALOGUE[code],
            shown=_region_shown(result, code),
            estimate=result.values[code],
            verdict=result.verdicts.get(code),
        )
        for code in MEASURES
    ]


def institution_indicator_rows(
    counts: InstitutionCounts, thresholds: Thresholds, hidden: Collection[str] = ()
) -> list[IndicatorRow]:
    """The measures of one institution for any period, for its own page. No verdict: marks are the region's.

    `hidden`: measures whose value would give away another one's (surveys.counting.disclosure).
    """
    values = institution_values(counts)
    for code in hidden:
        values[code] = Estimate(value=None, low=None, high=None, n=values[code].n)
    return [
        IndicatorRow(
            measure=measure,
            shown=shown(values[code], measure.unit, thresholds),
            estimate=values[code],
            verdict=None,
        )
        for code, measure in CATALOGUE.items()
    ]


def _region_shown(result: QuarterResult, code: str) -> Shown:
    found = shown(result.values[code], CATALOGUE[code].unit, result.thresholds)
    # Without weights the region has no value, however many people answered: «нет ответов» would be untrue.
    if result.scheme is None:
        return replace(found, note=f"{NO_VALUE}не внесено решение о весах учреждений")
    if result.missing_weights:
        return replace(found, note=f"{NO_VALUE}указаны не все числа обслуженных")
    return found


def institution_rows(result: QuarterResult) -> list[InstitutionRow]:
    """Institutions in alphabetical order."""
    total = sum(one.weight or 0 for one in result.institutions)
    return [
        InstitutionRow(
            id=one.id,
            name=clean(one.name),
            settlement=str(Institution.Settlement(one.settlement).label),
            clients=one.clients,
            weight=one.weight,
            weight_share=_weight_share(one, total),
            received=one.counts.received,
            eligible=one.counts.eligible,
            left_out=one.counts.left_out,
            shown={code: shown(one.values[code], CATALOGUE[code].unit, result.thresholds) for code in MEASURES},
            left_out_because=one.left_out_because,
        )
        for one in result.institutions
    ]


def _weight_share(one: InstitutionResult, total: int) -> Decimal | None:
    return round_half_up(100 * one.weight / total) if one.weight is not None and total else None


def passport_rows(result: QuarterResult, *, zone: ZoneInfo, published_at: datetime | None = None) -> list[PassportRow]:
    """How the numbers came about, so that anybody can compute them again and see that nothing has changed."""
    taking_part = [one for one in result.institutions if not one.left_out_because]
    left_out = [f"{clean(one.name)} ({one.left_out_because})" for one in result.institutions if one.left_out_because]
    hidden = [one for one in taking_part if any(map(one.is_hidden, MEASURES))]
    few = [
        one
        for one in hidden
        if any(one.is_hidden(code) and is_small(one.values[code].n, result.thresholds.minimum) for code in MEASURES)
    ]
    beside = [clean(one.name) for one in hidden if one not in few]
    minimum, sufficient = number(result.thresholds.minimum), number(result.thresholds.sufficient)
    rows = [
        PassportRow("Веса учреждений", scheme_title(result.scheme)),
        PassportRow("Решение регионального штаба", clean(result.decision) or DASH),
        PassportRow("Учреждений", f"{number(len(result.institutions))}, с ответами в срок {number(len(taking_part))}"),
        PassportRow("Ответов получено", number(result.received)),
        PassportRow("Ответов учтено", number(result.eligible)),
        PassportRow(
            "Ответов не учтено",
            f"{number(result.received - result.eligible)} ({_why_not_counted(result)})",
        ),
        *_decision_rows(result),
        PassportRow("Не вошли в значение региона", "; ".join(left_out) or "нет таких учреждений"),
        PassportRow(
            "Вошли, но своё значение не показано",
            f"{'; '.join(clean(one.name) for one in few)} (меньше {minimum} ответов хотя бы на один вопрос)"
            if few
            else "нет таких учреждений",
        ),
        *([PassportRow("Скрыты вместе с ними", f"{'; '.join(beside)} ({WHY_BESIDE})")] if beside else []),
        PassportRow(
            "Пороги",
            f"от {minimum} ответов значение показывается, от {sufficient} делается вывод; между ними — «мало данных»",
        ),
        PassportRow(
            "Интервалы",
            "95 %: доли — Уилсон, NPS — уточнённый Вальд, дни — распределение Стьюдента, "
            "регион — выборка по учреждениям с весами",
        ),
        PassportRow("Версия формул", result.formula),
        PassportRow("Рассчитано", moment(datetime.fromisoformat(result.computed_at), zone)),
    ]
    if published_at:
        rows.append(PassportRow("Опубликовано", moment(published_at, zone)))
    rows.append(PassportRow("Контрольная сумма исходных данных (SHA-256)", result.checksum))
    return rows


def _why_not_counted(result: QuarterResult) -> str:
    late = f"услуга получена больше чем за {counted(result.thresholds.within_days, 'день', 'дня', 'дней')} до ответа"
    excluded = sum(one.counts.excluded for one in result.institutions)
    return f"{late}; исключено решениями: {number(excluded)}" if excluded else late


def _decision_rows(result: QuarterResult) -> list[PassportRow]:
    """Every decision of two people about answers of the period: when, what, how many, why, and who they were."""
    if not result.answer_decisions:
        return [PassportRow("Решения об исключении ответов", "не принимались")]
    return [
        PassportRow(
            f"Решение об ответах от {date.fromisoformat(one.decided_on):%d.%m.%Y}",
            f"{DECIDED[one.kind]}: {answers(one.number)}. {clean(one.institution)}. Причина: {clean(one.reason)}. "
            f"Предложил(а): {clean(one.proposed_by)}; решил(а): {clean(one.decided_by)}",
        )
        for one in result.answer_decisions
    ]


def scheme_title(scheme: Scheme | None) -> str:
    return SCHEMES[scheme] if scheme else "решение не внесено"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """An instant in the region's time: «20.11.2026 14:05 (UTC+3)»."""
    local = at.astimezone(zone)
    offset = local.strftime("%z")
    return f"{local:%d.%m.%Y %H:%M} (UTC{offset[0]}{int(offset[1:3])})"
