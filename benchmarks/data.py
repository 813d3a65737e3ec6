"""Data for the benchmark: many answers about a fixed number of institutions and days, made inside PostgreSQL; and a
whole country of regions, institutions and people.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from itertools import cycle, islice

import psycopg2
from django.db import connection
from django.utils import timezone
from psycopg2 import sql

from accounts import consent
from accounts.models import User
from accounts.services import set_totp
from monitoring.models import ReportingPeriod, WeightDecision
from regions.models import (
    AccessRequest,
    Body,
    BodyMember,
    Institution,
    Invitation,
    Letter,
    LetterDeadline,
    LetterKind,
    LifeSituation,
    Material,
    MaterialVersion,
    Membership,
    Participation,
    Region,
    RegionLifeSituation,
)
from regions.roles import Role
from surveys.counting import rollups
from surveys.models import Response, SurveyLink
from surveys.services.links import create_link

INSTITUTIONS = 50
# Of the whole country.
COUNTRY_INSTITUTIONS, COUNTRY_PEOPLE = 20_000, 50_000


def place() -> RegionLifeSituation:
    """A region's ЖС with its institutions, one link each, and a weight decision."""
    region = Region.objects.get(code="RU-NIZ")
    life_situation = LifeSituation.objects.get(code="employment-centre")
    since = period().opens_on
    institutions = Institution.objects.bulk_create(
        Institution(region=region, name=f"Учреждение {number:03}", settlement="town", locality="Город")
        for number in range(INSTITUTIONS)
    )
    Participation.objects.bulk_create(
        Participation(institution=one, life_situation=life_situation, since=since) for one in institutions
    )
    for one in institutions:
        create_link(institution=one, life_situation=life_situation, channel="poster", opens_on=since, by=None)
    WeightDecision.objects.create(
        region=region,
        year=period().year,
        scheme="respondents",
        document_number="1",
        document_date=date(2026, 1, 1),
        decided_at=timezone.now(),
    )
    return RegionLifeSituation.objects.create(region=region, life_situation=life_situation, since=since)


def period() -> ReportingPeriod:
    return ReportingPeriod.objects.get(code="2026-Q4")


def fill(place: RegionLifeSituation, number: int) -> None:
    """Make the number of answers exactly this, over all institutions and days, and roll them up."""
    have = Response.objects.filter(key__startswith="bench-").count()
    quarter = period()
    days = (quarter.closes_on - quarter.opens_on).days + 1
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO surveys_response (link_id, version_id, institution_id, life_situation_id, key, digest, mode,
                arrived_at, answered_on, service_date, is_eligible, satisfaction, documents, duration, clarity, support,
                nps, days, answers, is_rolled_up, is_measured, is_excluded, flags)
            SELECT l.id, l.version_id, l.institution_id, l.life_situation_id, 'bench-' || n, sha256(n::text::bytea),
                'online', day, day, day - (n %% 7)::int, n %% 7 <= 5, 1 + (n * 7919) %% 4, 1 + (n * 104729) %% 4,
                1 + (n * 1299709) %% 4, 1 + (n * 15485863) %% 4, 1 + (n * 3571) %% 4, (n * 7907) %% 11,
                CASE WHEN n %% 10 > 0 THEN (n * 6211) %% 40 END, '{"satisfaction": "yes", "recommend": 9}',
                false, n %% 89 > 0, n %% 97 = 0, 0
            FROM generate_series(%(from)s::bigint, %(to)s::bigint) n
            CROSS JOIN LATERAL (SELECT %(first)s::date + (n %% %(days)s)::int AS day) d
            JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS number FROM surveys_surveylink) l
                ON l.number = n %% %(links)s
            """,
            {
                "first": quarter.opens_on,
                "days": days,
                "from": have + 1,
                "to": number,
                "links": SurveyLink.objects.count(),
            },
        )
    rollups.rebuild()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        # What the database still has to write would be written while it is measured.
        cursor.execute("CHECKPOINT")


def copy(name: str) -> str:
    """A copy of the database as it is now, next to it; returns its name."""
    own = connection.get_connection_params()
    connection.close()
    server = psycopg2.connect(**own | {"dbname": "template1"})
    # The statement is not possible in a transaction.
    server.autocommit = True
    with closing(server), server.cursor() as cursor:
        names = (sql.Identifier(one) for one in (name, own["dbname"]))
        cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        cursor.execute("CHECKPOINT")
    return name


@contextmanager
def in_copy(name: str) -> Iterator[None]:
    """Everything inside reads and writes that copy."""
    settings = connection.settings_dict
    own = settings["NAME"]
    connection.close()
    settings["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        settings["NAME"] = own


def person(role: Role, region: Region | None = None) -> User:
    """Somebody who can sign in in a role: agreed to everything, with a second factor."""
    email = f"bench-{role}-{region.code if region else 'all'}@example.org".lower()
    user = User.objects.create(email=email, full_name="Замеров Замер Замерович")
    consent.give(user, timezone.now())
    set_totp(user, "NSIBENCHMARKS234567ABCDEFGHIJKLM")
    Membership.objects.create(user=user, role=role, region=region, starts_on="2026-01-01")
    return user


def country() -> None:
    """Every region with its ЖС, an administrator, institutions with links, people with roles, letters and bodies."""
    regions, situations = list(Region.objects.all()), list(LifeSituation.objects.of_the_catalogue())
    since = date(2026, 1, 12)
    Region.objects.update(participates_since=since)
    RegionLifeSituation.objects.bulk_create(
        (
            RegionLifeSituation(region=region, life_situation=one, since=since, status_since=since)
            for region in regions
            for one in situations
        ),
        ignore_conflicts=True,
    )
    institutions = Institution.objects.bulk_create(
        Institution(
            region=region,
            name=f"Центр социального обслуживания и занятости № {number}",
            settlement="village" if number % 3 else "town",
            locality=f"Населённый пункт {number % 500}",
        )
        for number, region in islice(enumerate(cycle(regions)), COUNTRY_INSTITUTIONS)
    )
    Participation.objects.bulk_create(
        Participation(institution=one, life_situation=situation, since=since)
        for one, situation in zip(institutions, cycle(situations), strict=False)
    )
    version = SurveyLink.objects.order_by("pk")[0].version
    SurveyLink.objects.bulk_create(
        SurveyLink(institution=one, life_situation=situation, version=version, channel="poster", opens_on=since)
        for one, situation in zip(institutions[::2], cycle(situations), strict=False)
    )
    people = User.objects.bulk_create(
        User(email=f"person{number}@example.org", full_name=f"Иванова Анна Петровна {number}")
        for number in range(COUNTRY_PEOPLE)
    )
    Membership.objects.bulk_create(
        Membership(user=user, role=Role.EXPERT, region=region, starts_on=since)
        if number % 5 == 0
        else Membership(
            user=user, role=Role.INSTITUTION_REP, institution=institutions[number % len(institutions)], starts_on=since
        )
        for number, (user, region) in enumerate(zip(people, cycle(regions), strict=False))
    )
    _letters_and_bodies(regions, since)
    AccessRequest.objects.bulk_create(
        AccessRequest(email=user.email, full_name=user.full_name, institution=one, state="waiting", user=user)
        for user, one in zip(people[:2000], institutions, strict=False)
    )
    Invitation.objects.bulk_create(
        Invitation(
            email=f"guest{number}@example.org",
            full_name="Гость",
            role=Role.EXPERT,
            region=region,
            sent_at=timezone.now() - timedelta(days=8),
            expires_at=timezone.now() - timedelta(days=1),
        )
        for number, region in islice(enumerate(cycle(regions)), 2000)
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _letters_and_bodies(regions: list[Region], since: date) -> None:
    for kind in LetterKind.objects.all():
        Letter.objects.bulk_create(
            Letter(region=region, kind=kind, occasion=deadline.occasion, document_number="1", document_date=since)
            for deadline in LetterDeadline.objects.filter(kind=kind, region=None)
            for region in regions[::2]
        )
    bodies = Body.objects.bulk_create(
        Body(region=region, kind=kind, formed_on=since) for region in regions for kind in Body.MAIN_KINDS
    )
    BodyMember.objects.bulk_create(
        BodyMember(body=body, full_name=f"Член {number}", group="other", is_head=number == 0, starts_on=since)
        for body in bodies
        for number in range(15)
    )


def rows(place: RegionLifeSituation, first: int, last: int) -> None:
    """One row more of every list for each number from `first` to `last`."""
    region, situation, now = place.region, place.life_situation, timezone.now()
    sibling = Institution.objects.filter(region=region).order_by("pk")[0]
    link = SurveyLink.objects.filter(institution=sibling).order_by("pk")[0]
    kind = LetterKind.objects.filter(is_quarterly=True)[0]
    body, _ = Body.objects.get_or_create(
        region=region, kind=Body.Kind.HEADQUARTERS, ended_on=None, defaults={"formed_on": place.since}
    )
    for number in range(first, last):
        institution = Institution.objects.create(
            region=region, name=f"Список {number:04}", settlement="village", locality="Село"
        )
        Participation.objects.create(institution=institution, life_situation=situation, since=place.since)
        SurveyLink.objects.create(
            institution=sibling,
            life_situation=situation,
            version=link.version,
            channel="sms",
            opens_on=link.opens_on,
        )
        user = User.objects.create(email=f"list{number}@example.org", full_name=f"Список {number}")
        Membership.objects.create(user=user, role=Role.EXPERT, region=region, starts_on=place.since)
        Invitation.objects.create(
            email=f"invited{number}@example.org",
            full_name="Список",
            role=Role.EXPERT,
            region=region,
            sent_at=now,
            expires_at=now,
        )
        AccessRequest.objects.create(
            email=user.email, full_name="Список", institution=institution, state="waiting", user=user
        )
        LetterDeadline.objects.create(kind=kind, occasion=f"list-{number}", due_on=place.since)
        Letter.objects.create(region=region, kind=kind, occasion=f"list-{number}", document_date=place.since)
        BodyMember.objects.create(body=body, full_name=f"Список {number}", group="other", starts_on=place.since)
        material = Material.objects.create(title=f"Список {number}", life_situation=situation)
        MaterialVersion.objects.create(material=material, number=1, url="https://example.org/", published_at=now)
        own = LifeSituation.objects.create(
            code=f"list-{number}",
            direction=situation.direction,
            region=region,
            **dict.fromkeys(("title", "short_title", "boundary", "beneficiaries", *LifeSituation.CRITERIA), "Список"),
        )
        RegionLifeSituation.objects.create(region=region, life_situation=own, since=place.since)
