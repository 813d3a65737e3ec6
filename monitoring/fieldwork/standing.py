"""The fieldwork: where institutions stand against the plan («план добора») while a period runs and after it.

The sizes are pure rules of `surveys.counting.sampling`, the answers are read by `surveys.counting.progress`; here they
meet the people served and the error the region wants. Every reading asks as many queries for one institution as for
three hundred.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from monitoring.models import Collection, FieldworkPlan, ReportingPeriod, ServedClients
from regions.models import Institution, Participation, Region, RegionLifeSituation
from regions.permissions import Permission, require
from surveys.counting import sampling
from surveys.counting.progress import NOTHING, Received, received
from surveys.models import Response, SurveyLink

# Surveying is recommended in the last weeks before the close [000]: so long before it falling behind is worth a word.
LAST_WEEKS_DAYS = 30

Pair = tuple[Institution, int]  # with the key of a ЖС


@dataclass(frozen=True, slots=True)
class Standing:
    """One institution in one ЖС and period: what came, what is wanted, and whether it worries."""

    institution: Institution
    life_situation_id: int
    period: ReportingPeriod
    received: Received
    served: int | None
    offered: int | None
    plan: sampling.Plan
    is_behind: bool
    is_silent: bool

    @property
    def offered_rate(self) -> Fraction | None:
        """Answers to those the questionnaire was offered to."""
        return sampling.rate(self.received.received, self.offered)

    @property
    def served_rate(self) -> Fraction | None:
        """Answers to those served."""
        return sampling.rate(self.received.received, self.served)

    @property
    def has_too_many(self) -> bool:
        """More answers than people: the number entered, or the answers, are wrong."""
        return any(of is not None and self.received.received > of for of in (self.served, self.offered))

    @property
    def needs_a_word(self) -> bool:
        return not self.plan.is_reached and (self.is_behind or self.is_silent)


def standings(*, region: Region, period: ReportingPeriod, pairs: Iterable[Pair], now: datetime) -> list[Standing]:
    """Where institutions of a region stand in a period, in the order given. Four queries."""
    wanted = list(pairs)
    institutions = {institution.pk for institution, _ in wanted}
    situations = {situation for _, situation in wanted}
    today = region.local_date(now)
    opens_on, closes_on = period.opens_on, period.closes_on
    counts = received(
        life_situation_ids=situations,
        institution_ids=institutions,
        first=opens_on,
        last=closes_on,
        by=("institution", "life_situation"),
    )
    clients = {
        (institution, situation): (number, offered)
        for institution, situation, number, offered in ServedClients.objects.filter(
            period=period, institution__in=institutions, life_situation__in=situations
        ).values_list("institution", "life_situation", "number", "offered")
    }
    errors = dict(
        FieldworkPlan.objects.filter(period=period, region_life_situation__region=region).values_list(
            "region_life_situation__life_situation", "error"
        )
    )
    days_left = sampling.days_left(opens_on, closes_on, today)
    is_running = opens_on <= today <= closes_on
    found = []
    for institution, situation in wanted:
        came = counts.get((institution.pk, situation), NOTHING)
        served, offered = clients.get((institution.pk, situation), (None, None))
        plan = sampling.Plan(
            needed=sampling.sample_size(
                served, errors.get(situation, sampling.USUAL_ERROR), minimum=settings.KPI_MINIMUM_ANSWERS
            ),
            gathered=came.eligible,
            days_left=days_left,
            is_population_known=served is not None,
        )
        found.append(
            Standing(
                institution=institution,
                life_situation_id=situation,
                period=period,
                received=came,
                served=served,
                offered=offered,
                plan=plan,
                is_behind=is_running and sampling.is_behind(plan, opens_on=opens_on, closes_on=closes_on, today=today),
                is_silent=is_running and sampling.is_silent(came.last_on, opens_on=opens_on, today=today),
            )
        )
    return found


def pairs_of(
    region: Region, period: ReportingPeriod, *, on: date, institutions: Iterable[int] | None = None
) -> list[Pair]:
    """The institutions of a region that take part on a day, each with a ЖС whose quarter is not published yet; with
    `institutions`, only of those.
    """
    published = Collection.objects.published().filter(
        period=period,
        region_life_situation__region=region,
        region_life_situation__life_situation=OuterRef("life_situation"),
    )
    found = (
        Participation.objects.in_force(on)
        .filter(institution__region=region, life_situation__in=region.life_situations.values("life_situation"))
        .exclude(Exists(published))
        .select_related("institution")
        .order_by("institution__name", "institution", "life_situation")
    )
    if institutions is not None:
        found = found.filter(institution__in=list(institutions))
    return [(one.institution, one.life_situation_id) for one in found]


def error_of(place: RegionLifeSituation, period: ReportingPeriod) -> Decimal:
    """The wanted error in percentage points: the one set for the region's ЖС and period, or the usual one."""
    stored = FieldworkPlan.objects.filter(region_life_situation=place, period=period).first()
    return stored.error if stored else sampling.USUAL_ERROR


class PeriodClosed(Exception):
    """The period has closed: its plan is history."""


@transaction.atomic
def set_error(
    *, place: RegionLifeSituation, period: ReportingPeriod, error: Decimal, by: User, at: datetime
) -> FieldworkPlan:
    """Choose how exact the shares of institutions are wanted. Raises PermissionDenied, PeriodClosed."""
    require(by, Permission.LIFE_SITUATION_RUN, place)
    if at >= period.closes_at(place.region):
        raise PeriodClosed
    plan, _ = FieldworkPlan.objects.update_or_create(
        region_life_situation=place, period=period, defaults={"error": error, "set_by": by, "set_at": at}
    )
    return plan


def running_period(region: Region, now: datetime) -> ReportingPeriod | None:
    """The period that runs in the region by its calendar."""
    today = region.local_date(now)
    return ReportingPeriod.objects.filter(opens_on__lte=today, closes_on__gte=today).first()


def links_of(
    region: Region, institutions: Iterable[int], life_situation_id: int, period: ReportingPeriod
) -> QuerySet[SurveyLink]:
    """The links of a region's institutions open on some day of a period, with their answers in it (`answers_then`)."""
    # The day begins by the clock of the region.
    begins = datetime.combine(period.opens_on, time.min, region.zone)
    return (
        SurveyLink.objects.with_places()
        .filter(
            Q(closes_on=None) | Q(closes_on__gte=period.opens_on),
            Q(closed_at=None) | Q(closed_at__gt=begins),
            institution__region=region,
            institution__in=list(institutions),
            life_situation=life_situation_id,
            opens_on__lte=period.closes_on,
        )
        .with_answers_between(period.opens_on, period.closes_on)
        .order_by("institution__name", "channel", "label", "pk")
    )


def links_without_answers(
    institutions: Iterable[int], life_situation_id: int, period: ReportingPeriod, today: date
) -> QuerySet[SurveyLink]:
    """The links that take answers now or would, and by which none has come in the period."""
    came = Response.objects.filter(
        link=OuterRef("pk"), answered_on__range=(period.opens_on, min(period.closes_on, today))
    )
    return (
        SurveyLink.objects.with_places()
        .not_closed(min(today, period.closes_on))
        .filter(
            ~Exists(came), institution__in=list(institutions), life_situation=life_situation_id, opens_on__lte=today
        )
        .order_by("institution__name", "channel", "label", "pk")
    )
