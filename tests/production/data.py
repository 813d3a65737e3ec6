"""Makes a region with answers for the walk through the production form, and says as JSON what it made.

Run in the environment of the portal's containers, where the reference data is loaded.
"""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nsi_portal.settings")

import django

django.setup()

from django.utils import timezone  # noqa: E402

from monitoring.cabinet import Calendar  # noqa: E402
from monitoring.models import ReportingPeriod  # noqa: E402
from monitoring.quarters.kpi import Scheme  # noqa: E402
from monitoring.quarters.services import decide_weights  # noqa: E402
from regions.models import Institution, LifeSituation, Region, RegionLifeSituation  # noqa: E402
from regions.roles import Role  # noqa: E402
from surveys.models import SurveyLink  # noqa: E402
from surveys.services.links import create_link  # noqa: E402
from tests.factories import (  # noqa: E402
    PASSWORD,
    MembershipFactory,
    ParticipationFactory,
    ResponseFactory,
    UserFactory,
)


def main() -> None:
    region = Region.objects.get(code="RU-NIZ")
    life_situation = LifeSituation.objects.get(code="employment-centre")
    due = Calendar(timezone.now()).due(region)
    assert due
    before = ReportingPeriod.objects.filter(closes_on__lt=due.opens_on).order_by("-opens_on")[0]
    RegionLifeSituation.objects.create(region=region, life_situation=life_situation, since=before.opens_on)
    people = {}
    for role, scope in ((Role.HQ_MEMBER, {"region": region}), (Role.AGENCY_ANALYST, {})):
        user = UserFactory(email=f"{role.value}@example.ru", password=PASSWORD)
        bound = [life_situation] if role == Role.HQ_MEMBER else []
        MembershipFactory(user=user, role=role, starts_on=before.opens_on, life_situations=bound, **scope)
        people[role] = user
    for year in {due.year, before.year}:
        decide_weights(
            region=region,
            year=year,
            scheme=Scheme.RESPONDENTS,
            document_number="1",
            document_date=before.opens_on,
            by=people[Role.HQ_MEMBER],
            at=timezone.now(),
        )
    for number, satisfied in enumerate((30, 25), start=1):
        institution = Institution.objects.create(
            region=region, name=f"Центр занятости № {number}", settlement="town", locality="Нижний Новгород"
        )
        ParticipationFactory(institution=institution, life_situation=life_situation, since=before.opens_on)
        link = create_link(
            institution=institution,
            life_situation=life_situation,
            channel=SurveyLink.Channel.POSTER,
            label="",
            opens_on=before.opens_on,
            by=None,
        )
        for answer in range(40):
            ResponseFactory(
                link=link,
                key=f"walk-{number}-{answer}",
                answered_on=due.closes_on - timedelta(days=answer % 20),
                satisfaction=4 if answer < satisfied else 1,
                days=answer % 7,
            )
    print(
        json.dumps(
            {
                "member": people[Role.HQ_MEMBER].email,
                "analyst": people[Role.AGENCY_ANALYST].email,
                "password": PASSWORD,
                "place": f"/regions/{region.code}/{life_situation.code}/",
                "due": due.code,
                "before": before.code,
            }
        )
    )


main()
