"""Demonstration of the fieldwork: links a region made for all its institutions, one of them paused, and the plan."""

from decimal import Decimal

from django.db.models import F
from django.utils import timezone

from accounts.models import User
from monitoring.fieldwork import standing as fieldwork
from monitoring.models import ServedClients
from regions.models import Region, RegionLifeSituation
from regions.permissions import Permission, memberships_granting
from surveys.models import SurveyLink
from surveys.services import links

REGION = "RU-NIZ"
# Of those served so many were offered the questionnaire.
OFFERED = 3


def show_fieldwork() -> None:
    region = Region.objects.get(code=REGION)
    now = timezone.now()
    administrator = _holder(region, Permission.LINK_MANAGE)
    place = RegionLifeSituation.objects.filter(region=region).order_by("pk")[0]
    batch = links.create_batch(
        region=region,
        life_situation=place.life_situation,
        channel=SurveyLink.Channel.EMAIL,
        label="Рассылка региона",
        opens_on=region.local_date(now),
        by=administrator,
        key="demonstration",
        target=60,
    )
    paused = batch.links.with_places().order_by("pk")[0]
    links.pause_link(link=paused, by=administrator, at=now)
    ServedClients.objects.filter(institution__region=region).update(offered=F("number") / OFFERED)
    if period := fieldwork.running_period(region, now):
        fieldwork.set_error(place=place, period=period, error=Decimal("7.5"), by=administrator, at=now)


def _holder(region: Region, permission: Permission) -> User:
    """Somebody of the region who may do this."""
    people = User.objects.filter(memberships__region=region).order_by("pk")
    return next(one for one in people if memberships_granting(one, permission).filter(region=region).exists())
