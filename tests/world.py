"""A small region with everything in it: what the tests of access and of whole pages need."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import ApiToken, User
from jobs.services import run_job
from monitoring.models import Collection, Report, ReportingPeriod, ServedClients, WeightDecision
from monitoring.quarters import services
from monitoring.quarters.kpi import Scheme
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
from surveys.models import (
    BlankBatch,
    ChangeMade,
    Comment,
    Entry,
    ExclusionCase,
    LinkBatch,
    ProblemDraft,
    ProcessStage,
    Questionnaire,
    QuestionnaireVersion,
    RawReading,
    Recheck,
    ResponseImport,
    SurveyLink,
    Theme,
)
from surveys.quality.marks import Flag
from surveys.services import quality
from surveys.services.comments import make_comments
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
    def api_token(self) -> ApiToken:
        """A key of that somebody's program."""
        fields = {"digest": f"of {self.region.code}", "created_at": NOW, "expires_at": NOW + timedelta(days=1)}
        return ApiToken.objects.get_or_create(user=self.expert.user, name="таблица", defaults=fields)[0]

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
    def batch(self) -> LinkBatch:
        """Of links for all institutions of the region, with that of one."""
        batch, is_new = LinkBatch.objects.get_or_create(
            key=f"batch-{self.region.pk}",
            defaults={
                "region": self.region,
                "life_situation": self.life_situation,
                "created_by": self.people[Role.NSI_ADMIN],
            },
        )
        if is_new:
            SurveyLinkFactory(institution=self.sibling, life_situation=self.life_situation, batch=batch)
        return batch

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
    def comment(self) -> Comment:
        """Of this year, with a telephone masked; coded, and behind `problem`."""
        found = Comment.objects.filter(institution=self.institution).first()
        if found is None:
            words = f"Врачи грубили, [телефон] не отвечает. {self.institution.name}"
            response = ResponseFactory(
                link=self.link,
                answered_on=date(2026, 11, 4),
                satisfaction=1,
                answers={"satisfaction": "no", "satisfaction_comment": words},
                originals={"satisfaction_comment": words.replace("[телефон]", "8 926 123-45-67")},
            )
            make_comments([response.pk])
            found = Comment.objects.get(response=response)
            theme, _ = Theme.objects.get_or_create(code="staff", defaults={"title": "Отношение сотрудников"})
            found.themes.add(theme)
            found.stage, _ = ProcessStage.objects.get_or_create(
                life_situation=self.life_situation, code="application", defaults={"title": "Обращение"}
            )
            found.coded_at, found.coded_by = NOW, self.people[Role.NSI_ADMIN]
            found.problem = self.problem
            found.save()
            RawReading.objects.create(
                comment=found,
                institution=found.institution,
                answered_on=found.answered_on,
                read_by=self.people[Role.NSI_ADMIN],
                reason=f"Жалоба, {self.institution.name}",
            )
        return found

    @property
    def problem(self) -> ProblemDraft:
        """Seen in `comment`, as long as nobody has taken it from there."""
        by = self.people[Role.NSI_ADMIN]
        title = f"Грубят: {self.institution.name}"
        return ProblemDraft.objects.get_or_create(
            region_life_situation=self.place, title=title, defaults={"created_by": by}
        )[0]

    @property
    def change(self) -> ChangeMade:
        return ChangeMade.objects.get_or_create(
            institution=self.institution,
            defaults={
                "said": f"Долго ждали, {self.institution.name}",
                "done": "Поставили стулья",
                "done_on": date(2026, 11, 1),
                "created_by": self.people[Role.NSI_ADMIN],
            },
        )[0]

    @property
    def exclusion(self) -> ExclusionCase:
        """Three answers the administrator of the region wants left out; it waits for a decision."""
        found = ExclusionCase.objects.filter(institution=self.institution).first()
        if found is None:
            day = date(2026, 11, 3)
            answers = [ResponseFactory(link=self.link, answered_on=day, flags=Flag.BURST).pk for _ in range(3)]
            found = quality.propose(
                institution=self.institution,
                life_situation=self.life_situation,
                kind=ExclusionCase.Kind.LEAVE_OUT,
                response_ids=answers,
                reason="Все три ответа пришли за одну минуту",
                by=self.people[Role.NSI_ADMIN],
            )
        return found

    @property
    def entry(self) -> Entry:
        """A blank typed in by somebody who is none of `people`."""
        if found := Entry.objects.filter(link=self.link, blank_number=1).first():
            return found
        operator = MembershipFactory(role=Role.INSTITUTION_REP, institution=self.institution, starts_on=SINCE).user
        response = ResponseFactory(link=self.link, answered_on=NOW.date(), mode="paper")
        return Entry.objects.create(
            response=response, link=self.link, blank_number=1, entered_by=operator, entered_at=NOW
        )

    @property
    def recheck(self) -> Recheck:
        """The second typing of that blank, waiting."""
        return Recheck.objects.get_or_create(entry=self.entry, defaults={"asked_at": NOW})[0]

    @property
    def response_import(self) -> ResponseImport:
        """A file that is loaded, with a marked copy, sent by somebody who is none of `people`."""
        if found := ResponseImport.objects.filter(link=self.link).first():
            return found
        made = ResponseImport(
            link=self.link,
            file_name="answers.xlsx",
            file_digest="0" * 64,
            state=ResponseImport.State.DONE,
            rows=1,
            stored=1,
            repeated=0,
            eligible=1,
            problems=0,
            created_by=self.entry.entered_by,
        )
        made.file.save("answers.xlsx", ContentFile(b"XLSX"), save=False)
        made.marked.save("marked.xlsx", ContentFile(b"XLSX"), save=True)
        return made

    @property
    def draft(self) -> QuestionnaireVersion:
        """Of a questionnaire of the region's own that was never published: a section, two questions, a translation."""
        questionnaire, _ = Questionnaire.objects.get_or_create(
            code=f"own-{self.region.code.lower()}", defaults={"title": "О приёме", "region": self.region}
        )
        options = [{"code": "o1", "title": "Сам"}, {"code": "o2", "title": "Помогли"}]
        document = {
            "title": "О приёме",
            "sections": [
                {
                    "code": "s1",
                    "title": "Запись",
                    "questions": [
                        {"code": "q1", "type": "single", "text": "Как записались?", "options": options},
                        {
                            "code": "q2",
                            "type": "text",
                            "text": "Кто помог?",
                            "visible_if": {"question": "q1", "in": ["o2"]},
                        },
                    ],
                }
            ],
            "translations": {"en": {"title": "About the visit"}},
        }
        return QuestionnaireVersion.objects.get_or_create(
            questionnaire=questionnaire,
            published_at=None,
            defaults={"number": 1, "document": document, "edited_at": NOW},
        )[0]

    @property
    def blanks(self) -> BlankBatch:
        """Numbered blanks of the link."""
        return BlankBatch.objects.get_or_create(
            link=self.link, first=1, defaults={"last": 2, "printed_by": self.people[Role.INSTITUTION_REP]}
        )[0]

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
