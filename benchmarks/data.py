"""Data for the benchmark: many answers about a fixed number of institutions and days, made inside PostgreSQL."""

from datetime import date

from django.db import connection
from django.utils import timezone

from monitoring.models import ReportingPeriod, WeightDecision
from regions.models import Institution, LifeSituation, Participation, Region, RegionLifeSituation
from surveys import rollups
from surveys.models import Response, SurveyLink
from surveys.services import create_link

INSTITUTIONS = 50


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
                nps, days, answers, is_rolled_up)
            SELECT l.id, l.version_id, l.institution_id, l.life_situation_id, 'bench-' || n, sha256(n::text::bytea),
                'online', day, day, day - (n %% 7)::int, n %% 7 <= 5, 1 + (n * 7919) %% 4, 1 + (n * 104729) %% 4,
                1 + (n * 1299709) %% 4, 1 + (n * 15485863) %% 4, 1 + (n * 3571) %% 4, (n * 7907) %% 11,
                CASE WHEN n %% 10 > 0 THEN (n * 6211) %% 40 END, '{"satisfaction": "yes", "recommend": 9}', false
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
