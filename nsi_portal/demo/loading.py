"""Loading the demonstration, once."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from jobs import services as jobs
from monitoring.models import ReportingPeriod
from monitoring.quarters import services as monitoring
from monitoring.quarters.kpi import Scheme
from nsi_portal.demo.answers import load_answers
from nsi_portal.demo.people import email_of, make_person, people_of
from nsi_portal.demo.places import REGIONS, DemoRegion
from nsi_portal.demo.structure import load_structure, publish_materials
from nsi_portal.demo.surveys import load_surveys
from regions.models import Institution, LifeSituation, Membership, Participation, Region, RegionLifeSituation
from regions.roles import FEDERAL_ROLES, REGIONAL_ROLES, Role
from surveys.counting import rollups


@transaction.atomic
def load(today: date) -> int:
    """Fill the demonstration once; returns the number of answers stored. Needs the reference data."""
    periods = list(ReportingPeriod.objects.filter(closes_on__lt=today).order_by("-opens_on")[:4])[::-1]
    since = periods[0].opens_on
    admin = make_person(Role.AGENCY_ADMIN, "", since, None)
    for role in FEDERAL_ROLES - {Role.AGENCY_ADMIN}:
        make_person(role, "", since, admin)
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


def _load_region(demo: DemoRegion, region: Region, periods: list[ReportingPeriod], today: date, admin: User) -> int:
    since = periods[0].opens_on
    people = {role: make_person(role, demo.tag, since, admin, region=region) for role in sorted(REGIONAL_ROLES)}
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
            make_person(Role.INSTITUTION_REP, demo.tag, since, people[Role.NSI_ADMIN], institution=institution)
        stored += load_answers(one, institution, life_situation, periods, today, people[Role.NSI_ADMIN])
    Membership.objects.get(user=people[Role.HQ_MEMBER]).life_situations.set(
        LifeSituation.objects.filter(code__in={one.life_situation for one in demo.institutions})
    )
    return stored


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
