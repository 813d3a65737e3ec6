"""Demonstration data: two regions with people of every role, institutions, links and four quarters of answers.

Figures are drawn from a generator with a fixed seed, so that every machine shows the same quarter. Answers go through the
same reading and storing as real ones.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts import consent
from accounts.models import User
from accounts.services import set_totp
from jobs import services as jobs
from monitoring.models import ReportingPeriod, ServedClients
from monitoring.quarters import services as monitoring
from monitoring.quarters.kpi import Scheme
from nsi_portal.demo_structure import load_structure, publish_materials
from nsi_portal.demo_surveys import load_surveys
from regions.models import Institution, LifeSituation, Membership, Participation, Region, RegionLifeSituation
from regions.permissions import needs_second_factor
from regions.roles import FEDERAL_ROLES, REGIONAL_ROLES, Role
from surveys.counting import rollups
from surveys.models import Response, SurveyLink
from surveys.questionnaires.answers import read_answers
from surveys.services.arriving import Origin, build_response, store_responses
from surveys.services.links import create_link

PASSWORD = "demo-nsi-2026"  # noqa: S105  (printed at every start; refused in production)
# Of the people whose roles need a second factor; /developer/letters/ shows the codes it gives.
DEMO_TOTP_SECRET = "NSIDEMONSTRATION234567ABCDEFGHIJ"  # noqa: S105  (as the password)
TOWN, VILLAGE = Institution.Settlement.TOWN, Institution.Settlement.VILLAGE


@dataclass(frozen=True)
class DemoInstitution:
    name: str
    settlement: str
    locality: str
    life_situation: str
    per_quarter: int  # answers, about; 0 is a silent institution
    quality: float  # chance of a satisfied answer in the first quarter
    days: float  # how long people wait, about
    known_clients: bool = True  # whether the number of people served in the last quarter was entered


@dataclass(frozen=True)
class DemoRegion:
    code: str
    tag: str
    publishes: tuple[tuple[str, int], ...]  # ЖС and how many of the four quarters are published
    whole: bool  # whether its structure has all that is asked for
    institutions: tuple[DemoInstitution, ...]


REGIONS = (
    DemoRegion(
        "RU-NIZ",
        "niz",
        (),
        True,
        (
            DemoInstitution(
                "Центр занятости населения города Нижнего Новгорода",
                TOWN,
                "Нижний Новгород",
                "employment-centre",
                150,
                0.74,
                24,
            ),
            DemoInstitution(
                "Центр занятости населения города Дзержинска", TOWN, "Дзержинск", "employment-centre", 60, 0.86, 19
            ),
            DemoInstitution(
                "Центр занятости населения Шатковского округа", VILLAGE, "Шатки", "employment-centre", 22, 0.9, 14
            ),
            DemoInstitution(
                "Центр занятости населения Варнавинского округа", VILLAGE, "Варнавино", "employment-centre", 7, 0.8, 12
            ),
            DemoInstitution(
                "Центр занятости населения Краснобаковского округа",
                VILLAGE,
                "Красные Баки",
                "employment-centre",
                0,
                0,
                0,
            ),
            DemoInstitution(
                "Городская поликлиника № 7", TOWN, "Нижний Новгород", "health-primary-cardio", 110, 0.62, 9
            ),
            DemoInstitution(
                "Кардиологический диспансер",
                TOWN,
                "Нижний Новгород",
                "health-primary-cardio",
                75,
                0.83,
                12,
                known_clients=False,
            ),
            DemoInstitution(
                "Городецкая центральная районная больница", VILLAGE, "Смольки", "health-primary-cardio", 28, 0.7, 7
            ),
            DemoInstitution(
                "Комплексный центр социального обслуживания города Арзамаса",
                TOWN,
                "Арзамас",
                "social-home-care",
                45,
                0.92,
                6,
            ),
            DemoInstitution(
                "Комплексный центр социального обслуживания Вадского округа",
                VILLAGE,
                "Вад",
                "social-home-care",
                16,
                0.94,
                5,
            ),
        ),
    ),
    DemoRegion(
        "RU-TYU",
        "tyu",
        (("employment-centre", 3), ("health-primary-cardio", 1)),
        False,
        (
            DemoInstitution(
                "Центр занятости населения города Тюмени", TOWN, "Тюмень", "employment-centre", 170, 0.8, 18
            ),
            DemoInstitution(
                "Центр занятости населения города Тобольска", TOWN, "Тобольск", "employment-centre", 65, 0.78, 21
            ),
            DemoInstitution(
                "Центр занятости населения Уватского района", VILLAGE, "Уват", "employment-centre", 18, 0.88, 15
            ),
            DemoInstitution(
                "Центр занятости населения Вагайского района", VILLAGE, "Вагай", "employment-centre", 0, 0, 0
            ),
            DemoInstitution("Городская поликлиника № 3", TOWN, "Тюмень", "health-primary-cardio", 95, 0.71, 8),
            DemoInstitution("Областная больница № 11", VILLAGE, "Голышманово", "health-primary-cardio", 34, 0.66, 10),
            DemoInstitution(
                "Центр социального обслуживания города Ишима", TOWN, "Ишим", "social-home-care", 40, 0.9, 7
            ),
            DemoInstitution(
                "Центр социального обслуживания Абатского района", VILLAGE, "Абатское", "social-home-care", 14, 0.85, 6
            ),
        ),
    ),
)

NAMES = {
    Role.AGENCY_ADMIN: "Орлова Марина Викторовна",
    Role.AGENCY_CURATOR: "Беляев Андрей Сергеевич",
    Role.AGENCY_ANALYST: "Соколова Анна Дмитриевна",
    Role.FEDERAL_OBSERVER: "Громов Павел Игоревич",
    Role.REGION_HEAD: "Ветров Николай Петрович",
    Role.HQ_CHAIR: "Лаптева Ольга Романовна",
    Role.HQ_MEMBER: "Захаров Илья Олегович",
    Role.SERVICE_COMMISSIONER: "Мельникова Юлия Андреевна",
    Role.EXPERT: "Крылов Денис Евгеньевич",
    Role.NSI_ADMIN: "Фомина Татьяна Львовна",
    Role.INSTITUTION_REP: "Иванова Алла Павловна",
}
COMMENTS = (
    "Долго ждали своей очереди",
    "Попросили принести справку второй раз",
    "Не объяснили, куда идти дальше",
    "По телефону невозможно дозвониться",
    "Записаться получилось только через две недели",
)
SUGGESTIONS = (
    "Сделайте запись через интернет на вечернее время",
    "Поставьте больше стульев в коридоре",
    "Хорошо бы получать СМС, когда документы готовы",
    "Всё устроило, спасибо",
)


def email_of(role: Role, tag: str = "") -> str:
    return f"{role.value.replace('_', '-')}@{tag + '.' if tag else ''}example.org"


def sign_ins() -> list[tuple[str, str, str]]:
    """Who can sign in to the demonstration: role with its place, e-mail, password."""
    federal = [(role.label, email_of(role), PASSWORD) for role in Role if role in FEDERAL_ROLES]
    regional = [
        (f"{role.label}, {region.code}", email_of(role, region.tag), PASSWORD)
        for region in REGIONS
        for role in Role
        if role not in FEDERAL_ROLES
    ]
    return federal + regional


def people_of(tag: str) -> dict[Role, User]:
    """The people of a region, and those of the federation, by role."""
    return {role: User.objects.get(email=email_of(role, "" if role in FEDERAL_ROLES else tag)) for role in Role}


def is_loaded() -> bool:
    return User.objects.filter(email=email_of(Role.AGENCY_ADMIN)).exists()


@transaction.atomic
def load(today: date) -> int:
    """Fill the demonstration once; returns the number of answers stored. Needs the reference data."""
    periods = list(ReportingPeriod.objects.filter(closes_on__lt=today).order_by("-opens_on")[:4])[::-1]
    since = periods[0].opens_on
    admin = _person(Role.AGENCY_ADMIN, "", since, None)
    for role in FEDERAL_ROLES - {Role.AGENCY_ADMIN}:
        _person(role, "", since, admin)
    stored = 0
    for demo in REGIONS:
        region = Region.objects.get(code=demo.code)
        stored += _load_region(demo, region, periods, today, admin)
    rollups.roll_up(timezone.now())
    now = timezone.now()
    for demo in REGIONS:
        region = Region.objects.get(code=demo.code)
        load_structure(region, demo.tag, people_of(demo.tag), since=since, at=now, whole=demo.whole)
    publish_materials(admin, now)
    load_surveys()
    for demo in REGIONS:
        _decide_and_publish(demo, Region.objects.get(code=demo.code), periods)
    return stored


@cache
def _hashed_password() -> str:
    # One hash for all: the demonstration's password is no secret, and hashing is slow on purpose.
    return make_password(PASSWORD)


def _person(
    role: Role,
    tag: str,
    since: date,
    by: User | None,
    *,
    region: Region | None = None,
    institution: Institution | None = None,
) -> User:
    user = User.objects.create(
        email=email_of(role, tag), password=_hashed_password(), full_name=NAMES[role], position=role.label
    )
    Membership.objects.create(
        user=user, role=role, region=region, institution=institution, starts_on=since, granted_by=by
    )
    consent.give(user, timezone.now())
    if needs_second_factor(user):
        set_totp(user, DEMO_TOTP_SECRET)
    return user


def _load_region(demo: DemoRegion, region: Region, periods: list[ReportingPeriod], today: date, admin: User) -> int:
    since = periods[0].opens_on
    people = {role: _person(role, demo.tag, since, admin, region=region) for role in sorted(REGIONAL_ROLES)}
    stored = 0
    for number, one in enumerate(demo.institutions):
        life_situation = LifeSituation.objects.get(code=one.life_situation)
        RegionLifeSituation.objects.get_or_create(
            region=region, life_situation=life_situation, defaults={"since": since}
        )
        institution = Institution.objects.create(
            region=region, name=one.name, settlement=one.settlement, locality=one.locality
        )
        Participation.objects.create(institution=institution, life_situation=life_situation, since=since)
        if number == 0:
            _person(Role.INSTITUTION_REP, demo.tag, since, people[Role.NSI_ADMIN], institution=institution)
        stored += _load_institution(one, institution, life_situation, periods, today, people[Role.NSI_ADMIN])
    Membership.objects.get(user=people[Role.HQ_MEMBER]).life_situations.set(
        LifeSituation.objects.filter(code__in={one.life_situation for one in demo.institutions})
    )
    return stored


def _load_institution(
    one: DemoInstitution,
    institution: Institution,
    life_situation: LifeSituation,
    periods: list[ReportingPeriod],
    today: date,
    administrator: User,
) -> int:
    # Not for secrets: the same quarter on every machine.
    draw = random.Random(f"{institution.region.code} {one.name}")  # noqa: S311
    links = [
        create_link(
            institution=institution,
            life_situation=life_situation,
            channel=channel,
            label=label,
            opens_on=periods[0].opens_on,
            by=administrator,
        )
        for channel, label in (
            (SurveyLink.Channel.POSTER, "Плакат у входа"),
            (SurveyLink.Channel.SMS, "СМС после посещения"),
        )
    ]
    responses: list[Response] = []
    for index, period in enumerate(periods):
        number = round(one.per_quarter * draw.uniform(0.8, 1.25))
        quality = min(0.97, one.quality + 0.02 * index)
        responses += [
            _response(one, draw, quality, day, draw.choices(links, weights=(3, 2))[0])
            for day in _days(draw, period.opens_on, period.closes_on, number)
        ]
        if one.known_clients or index < len(periods) - 1:
            ServedClients.objects.create(
                institution=institution,
                life_situation=life_situation,
                period=period,
                number=max(number * draw.randint(6, 14), 40),
                entered_by=administrator,
            )
    # A few answers of the quarter now open.
    since = periods[-1].closes_on + timedelta(days=1)
    recent = one.per_quarter // 12 if since <= today else 0
    responses += [_response(one, draw, one.quality, day, links[0]) for day in _days(draw, since, today, recent)]
    return store_responses(responses)


def _days(draw: random.Random, first: date, last: date, number: int) -> Iterator[date]:
    """Days of answers: most in the last weeks before the report, as is recommended."""
    length = (last - first).days
    for _ in range(number):
        yield last - timedelta(days=min(length, int(draw.expovariate(1 / 18))))


def _response(one: DemoInstitution, draw: random.Random, quality: float, day: date, link: SurveyLink) -> Response:
    def scale(chance: float) -> str:
        if draw.random() < chance:
            return "yes" if draw.random() < 0.6 else "rather_yes"
        return "rather_no" if draw.random() < 0.65 else "no"

    satisfaction = scale(quality)
    content = satisfaction in ("yes", "rather_yes")
    late = draw.random() < 0.1
    sent: dict[str, list[str]] = {
        "service_date": [(day - timedelta(days=draw.randint(6, 25) if late else draw.randint(0, 5))).isoformat()],
        "satisfaction": [satisfaction],
        "recommend": [str(min(10, max(0, round(draw.gauss(8.8 if content else 4.6, 1.6)))))],
    }
    if not content and draw.random() < 0.5:
        sent["satisfaction_comment"] = [draw.choice(COMMENTS)]
    for code, shift in (("documents", -0.05), ("duration", -0.1), ("clarity", 0.0), ("support", 0.04)):
        if draw.random() < 0.93:
            sent[code] = [scale(min(0.98, quality + shift))]
    if draw.random() < 0.9:
        sent["days"] = [str(max(0, round(draw.lognormvariate(0, 0.45) * one.days)))]
    if draw.random() < 0.08:
        sent["suggestions"] = [draw.choice(SUGGESTIONS)]
    at = datetime.combine(day, time(draw.randint(9, 20), draw.randint(0, 59)), link.institution.region.zone)
    return build_response(
        origin=Origin.of(link),
        key=f"demo-{draw.getrandbits(96):024x}",
        answers=read_answers(link.version.definition, sent, today=day),
        mode=Response.Mode.ONLINE,
        arrived_at=at.astimezone(UTC),
        answered_on=day,
    )


def _decide_and_publish(demo: DemoRegion, region: Region, periods: list[ReportingPeriod]) -> None:
    member = User.objects.get(email=email_of(Role.HQ_MEMBER, demo.tag))
    for year in sorted({period.year for period in periods}):
        monitoring.decide_weights(
            region=region,
            year=year,
            scheme=Scheme.CLIENTS,
            document_number=f"{year % 100}-РШ",
            document_date=date(year, 1, 20),
            by=User.objects.get(email=email_of(Role.HQ_CHAIR, demo.tag)),
            at=timezone.now(),
        )
    for code, quarters in demo.publishes:
        place = RegionLifeSituation.objects.get(region=region, life_situation__code=code)
        for period in periods[:quarters]:
            collection = monitoring.collection_for(place, period)
            jobs.run_job(monitoring.ask_to_calculate(collection=collection, by=member).pk)
            monitoring.publish(collection=collection, by=member, at=timezone.now())
