"""A small region with everything in it: what the tests of access and of whole pages need."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import User
from jobs.services import run_job
from monitoring import services
from monitoring.kpi import Scheme
from monitoring.models import Collection, Report, ReportingPeriod, ServedClients, WeightDecision
from regions.models import Institution, LifeSituation, Region, RegionLifeSituation
from regions.roles import FEDERAL_ROLES, REGIONAL_ROLES, Role
from surveys.models import SurveyLink
from tests.factories import (
    InstitutionFactory,
    LifeSituationFactory,
    MembershipFactory,
    RegionFactory,
    ResponseFactory,
    SurveyLinkFactory,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=ZoneInfo("Europe/Moscow"))
SINCE = date(2025, 8, 21)


def period(code: str) -> ReportingPeriod:
    """A real reporting period by its code."""
    year, quarter = int(code[:4]), int(code[-1])
    opens = {1: date(year - 1, 11, 21), 2: date(year, 2, 21), 3: date(year, 5, 21), 4: date(year, 8, 21)}[quarter]
    closes = {1: date(year, 2, 20), 2: date(year, 5, 20), 3: date(year, 8, 20), 4: date(year, 11, 20)}[quarter]
    return ReportingPeriod.objects.get_or_create(
        code=code, defaults={"year": year, "quarter": quarter, "opens_on": opens, "closes_on": closes}
    )[0]


@dataclass
class World:
    region: Region
    life_situation: LifeSituation
    place: RegionLifeSituation
    institution: Institution
    sibling: Institution  # of the same region, without a representative
    link: SurveyLink
    sibling_link: SurveyLink
    published: Collection  # 2025-Q4: the year 2026 stays open for decisions
    report: Report
    people: dict[Role, User]

    @property
    def quarter(self) -> ReportingPeriod:
        """The quarter that waits to be handed in."""
        return period("2026-Q4")


def build_world(code: str, *, mark: str = "") -> World:
    """One region; `mark` stands in the names of its institutions, to be looked for where it must not appear."""
    region, life_situation = RegionFactory(code=code), LifeSituationFactory()
    place = RegionLifeSituation.objects.create(region=region, life_situation=life_situation, since=SINCE)
    institution = InstitutionFactory(region=region, name=f"Центр занятости города {mark or code}")
    sibling = InstitutionFactory(region=region, name=f"Центр занятости района {mark or code}", village=True)
    links = {}
    for one in (institution, sibling):
        links[one] = SurveyLinkFactory(
            institution=one, life_situation=life_situation, opens_on=SINCE, participation__since=SINCE
        )
        one.participations.update(since=SINCE)
    people = {role: MembershipFactory(role=role, starts_on=SINCE).user for role in sorted(FEDERAL_ROLES)}
    for role in sorted(REGIONAL_ROLES):
        bound = [life_situation] if role == Role.HQ_MEMBER else []
        people[role] = MembershipFactory(role=role, region=region, life_situations=bound, starts_on=SINCE).user
    people[Role.INSTITUTION_REP] = MembershipFactory(
        role=Role.INSTITUTION_REP, institution=institution, starts_on=SINCE
    ).user
    earlier, _ = period("2025-Q4"), period("2026-Q4")
    give_answers(links[institution], date(2025, 11, 10), satisfied=10, of=12)
    collection = publish_quarter(place, earlier, people)
    report = Report(collection=collection, format="xlsx", size=4, sha256="0" * 64, made_at=timezone.now())
    report.file.save(report.download_name, ContentFile(b"XLSX"), save=True)
    return World(
        region,
        life_situation,
        place,
        institution,
        sibling,
        links[institution],
        links[sibling],
        collection,
        report,
        people,
    )


def give_answers(link: SurveyLink, day: date, *, satisfied: int, of: int, nps: int = 9) -> None:
    """`of` eligible answers on a day, `satisfied` of them «Да»."""
    for number in range(of):
        ResponseFactory(link=link, answered_on=day, satisfaction=4 if number < satisfied else 1, nps=nps)


def publish_quarter(place: RegionLifeSituation, quarter: ReportingPeriod, people: dict[Role, User]) -> Collection:
    """Calculate and publish a quarter through the services, by the member of the РШ."""
    member = people[Role.HQ_MEMBER]
    if not WeightDecision.objects.filter(region=place.region, year=quarter.year).exists():
        services.decide_weights(
            region=place.region,
            year=quarter.year,
            scheme=Scheme.RESPONDENTS,
            document_number="1",
            document_date=quarter.opens_on,
            by=member,
            at=timezone.now(),
        )
    collection = services.collection_for(place, quarter)
    run_job(services.ask_to_calculate(collection=collection, by=member).pk)
    collection.refresh_from_db()
    return services.publish(collection=collection, by=member, at=timezone.now())


def served(institution: Institution, life_situation: LifeSituation, quarter: ReportingPeriod, number: int) -> None:
    ServedClients.objects.create(
        institution=institution, life_situation=life_situation, period=quarter, number=number, entered_by=None
    )
