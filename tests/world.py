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
from regions.models import (
    AccessRequest,
    Body,
    BodyMember,
    Handover,
    Institution,
    Invitation,
    Letter,
    LetterDeadline,
    LetterKind,
    LifeSituation,
    Material,
    Membership,
    Region,
    RegionLifeSituation,
    ServiceCommissioner,
    StatusChange,
    TargetApproval,
)
from regions.roles import FEDERAL_ROLES, REGIONAL_ROLES, Role
from surveys.models import SurveyLink
from tests.factories import (
    BodyFactory,
    CommissionerFactory,
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
    material: Material  # for everybody, of no region
    body: Body  # the РШ, with its document
    commissioner: ServiceCommissioner
    own_life_situation: LifeSituation  # described by the region, not taken
    status_change: StatusChange  # with its document
    letter: Letter  # with its file
    deadline: LetterDeadline  # of this region

    @property
    def head(self) -> BodyMember:
        """The only member of the РШ."""
        return self.body.members.get()

    @property
    def expert(self) -> Membership:
        """The role of somebody others look at."""
        return self.people[Role.EXPERT].memberships.get()

    @property
    def invitation(self) -> Invitation:
        """An open one, to the РЭГ."""
        by = self.people[Role.NSI_ADMIN]
        return Invitation.objects.get_or_create(
            email=f"invited-{self.region.pk}@example.ru",
            role=Role.EXPERT,
            region=self.region,
            defaults={"full_name": "Петров Олег Ильич", "invited_by": by},
        )[0]

    @property
    def request(self) -> AccessRequest:
        """Of somebody who wants to represent the institution, waiting."""
        email = f"asks-{self.region.pk}@example.ru"
        user, _ = User.objects.get_or_create(email=email, defaults={"full_name": "Лебедева Нина Павловна"})
        return AccessRequest.objects.get_or_create(
            email=email,
            institution=self.institution,
            defaults={"full_name": user.full_name, "position": "директор", "user": user, "state": "waiting"},
        )[0]

    @property
    def role_to_pass(self) -> Membership:
        return Membership.objects.get(user=self.people[Role.SERVICE_COMMISSIONER], region=self.region)

    @property
    def handover(self) -> Handover:
        """Between two people who are none of `people`."""
        predecessor, successor = (
            MembershipFactory(role=Role.EXPERT, region=self.region, starts_on=SINCE, ends_on=SINCE) for _ in range(2)
        )
        return Handover.objects.create(
            predecessor=predecessor, successor=successor, on=SINCE, reason="приказ", work=[], at=NOW
        )

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
        material(),
        BodyFactory(region=region, document_file=ContentFile(b"%PDF-", name="order.pdf")),
        CommissionerFactory(region=region, document_file=ContentFile(b"%PDF-", name="order.pdf")),
        own_life_situation(region, life_situation),
        decided(place),
        *written(region),
    )


def written(region: Region) -> tuple[Letter, LetterDeadline]:
    """A letter the region has sent, and the deadline the Agency set for it."""
    kind, _ = LetterKind.objects.get_or_create(
        code="headquarters", defaults={"position": 1, "short_title": "Решение о создании РШ и РЭГ"}
    )
    letter = Letter.objects.create(
        region=region,
        kind=kind,
        document_number="101-Н",
        document_date=SINCE,
        document_file=ContentFile(b"%PDF-", name="letter.pdf"),
    )
    return letter, LetterDeadline.objects.create(kind=kind, region=region, due_on=SINCE)


def own_life_situation(region: Region, like: LifeSituation) -> LifeSituation:
    return LifeSituation.objects.create(
        code=f"own-{region.code.lower()}",
        region=region,
        direction=like.direction,
        title=f"Своя жизненная ситуация, {region.name}",
        short_title=f"Своя ЖС, {region.code}",
        boundary="От обращения до\u00a0ответа",
        beneficiaries="Жители региона",
        **dict.fromkeys(LifeSituation.CRITERIA, "Да"),
    )


def decided(place: RegionLifeSituation) -> StatusChange:
    """The decision to take the ЖС, and the one that approved its indicators for 2025: each with its file."""
    TargetApproval.objects.create(
        place=place, year=2025, approved_at=NOW, document_file=ContentFile(b"%PDF-", name="order.pdf")
    )
    return StatusChange.objects.create(
        place=place, after="chosen", on=SINCE, at=NOW, document_file=ContentFile(b"%PDF-", name="order.pdf")
    )


def material() -> Material:
    """A material for everybody, with one version that is a file."""
    found, is_new = Material.objects.get_or_create(title="Как провести опрос")
    if is_new:
        version = found.versions.create(
            number=1, file_name="survey.pdf", file=ContentFile(b"%PDF-", name="survey.pdf"), published_at=NOW
        )
        assert version.file
    return found


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
