"""A quarter of one region to make rows, charts and reports of: no database, figures that can be checked by hand.

By clients (1000, 50, 120, 60) the region's satisfaction is (60·1000 + 95·50 + 90·120 + 6/7·100·60) / 1230 = 65,6 %.
"""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

from monitoring.models import Collection, ReportingPeriod
from monitoring.quarters.kpi import Scheme
from monitoring.quarters.results import InstitutionInput, QuarterResult, Thresholds, compute
from regions.models import LifeSituation, Region, RegionLifeSituation
from surveys.counting.counts import NOTHING, InstitutionCounts
from surveys.counting.statistics import DaysCounts, NpsCounts, ShareCounts

THRESHOLDS = Thresholds(minimum=10, sufficient=30)

TOWN = "ГКУ «Центр занятости населения города Арзамаса»"
VILLAGE = "ГКУ «Центр занятости населения Вадского района»"
SUFFICIENT = "ГКУ <b>Балахна</b> & партнёры"
FORMULA = '=HYPERLINK("http://x")'
SILENT = "+7 Молчаливое учреждение"
MORE_SMALL = ("Я: малое учреждение", "Я: ещё одно малое")


def counts(
    shares: tuple[int, int], nps: tuple[int, int, int], days: dict[Decimal | int, int], *, late: int = 0
) -> InstitutionCounts:
    """Shares are the same for every scale question but for one answer less in each further one."""
    n, positive = shares
    return InstitutionCounts(
        received=n + late,
        eligible=n,
        shares={
            code: ShareCounts(n=n, positive=positive - less)
            for less, code in enumerate(("satisfaction", "documents", "duration", "clarity", "support"))
        },
        nps=NpsCounts(*nps),
        days=DaysCounts.from_tally(days),
    )


def inputs(formula: str = FORMULA) -> list[InstitutionInput]:
    return [
        InstitutionInput(1, TOWN, "town", 1000, counts((20, 12), (20, 9, 4), {5: 10, 8: 10}, late=3)),
        InstitutionInput(2, VILLAGE, "village", 50, counts((40, 38), (40, 30, 2), {2: 20, 3: 20})),
        InstitutionInput(3, SUFFICIENT, "town", 120, counts((30, 27), (30, 4, 16), {1: 15, Decimal("1.5"): 15})),
        # Seven answers: the value is hidden and yet has its part in the region's. So that it cannot be worked out from
        # the region's and the others', the two next smallest (TOWN, SUFFICIENT) are hidden as well.
        InstitutionInput(4, formula, "village", 60, counts((7, 6), (7, 5, 1), {31: 3, 44: 4}, late=1)),
        InstitutionInput(5, SILENT, "village", 80, NOTHING),
    ]


def inputs_with_more_small() -> list[InstitutionInput]:
    """Small ones protect each other, so no value of a larger one is hidden beside them. The region's stays 65,6 %."""
    # Of different sizes: beside others of one size two sums would tell them apart.
    more = [
        InstitutionInput(number, name, "village", 1, counts((n, n - 1), (n, n - 1, 0), {2: n}))
        for number, (name, n) in enumerate(zip(MORE_SMALL, (6, 5), strict=True), start=6)
    ]
    return [*inputs(), *more]


def result(scheme: Scheme | None = Scheme.CLIENTS, given: list[InstitutionInput] | None = None) -> QuarterResult:
    return compute(
        region="RU-NIZ",
        life_situation="employment-centre",
        period="2026-Q4",
        scheme=scheme,
        decision="№ 12-р от 03.03.2026" if scheme else "",
        inputs=inputs() if given is None else given,
        thresholds=THRESHOLDS,
        computed_at="2026-11-20T11:05:00+00:00",
    )


def collection(of: QuarterResult | None = None) -> Collection:
    """Published, never saved; the snapshot has been through JSON, as in the database."""
    return Collection(
        region_life_situation=RegionLifeSituation(
            region=Region(code="RU-NIZ", name="Нижегородская область", time_zone="Europe/Moscow"),
            life_situation=LifeSituation(
                code="employment-centre", title="Поиск работы & центр занятости", short_title="Поиск работы"
            ),
        ),
        period=ReportingPeriod(
            code="2026-Q4", year=2026, quarter=4, opens_on=date(2026, 8, 21), closes_on=date(2026, 11, 20)
        ),
        state=Collection.State.PUBLISHED,
        snapshot=json.loads(json.dumps((of or result()).document())),
        published_at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
    )
