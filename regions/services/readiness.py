"""Readiness of a region's infrastructure: measured whenever one of its facts changes, frozen once it is whole."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from regions.models import Body, InfrastructureReached, Region, RegionLifeSituation, ServiceCommissioner, TargetApproval

# What the three facts are called [001 V.2].
BODIES = "Действуют РШ, РЭГ и РСУ"
ROADMAPS = "По каждой выбранной ЖС есть дорожная карта"
INDICATORS = "Показатели утверждены с текущими и целевыми значениями"


@transaction.atomic
def remeasure(region: Region, *, at: datetime) -> None:
    """Freeze the region's infrastructure with today's date there, if all three facts are true for the first time.

    Called inside the transaction of every change of bodies, РСУ, ЖС, their stages or the approval of targets, after
    the change. Safe to call again and from two changes at once: the first to see the whole freezes it, for good.
    """
    # Two changes at once, each bringing one of the last two facts: the second waits and sees the first one's.
    Region.objects.select_for_update(no_key=True).get(pk=region.pk)
    if InfrastructureReached.objects.filter(region=region).exists():
        return
    today = region.local_date(at)
    measured = Region.objects.with_readiness(at).get(pk=region.pk)
    if measured.readiness.is_whole:
        InfrastructureReached.objects.get_or_create(
            region=region, defaults={"reached_on": today, "facts": _facts(region, at), "frozen_at": at}
        )


def remeasure_waiting(*, at: datetime) -> int:
    """Freeze regions that became whole by the calendar alone, and tell how many: see decision 18."""
    whole = Q(bodies_exist=True, roadmaps_exist=True, indicators_approved=True)
    waiting = Region.objects.with_readiness(at).filter(whole, infrastructure_reached=None)
    regions = list(waiting)
    for region in regions:
        remeasure(region, at=at)
    return len(regions)


def _facts(region: Region, at: datetime) -> list[dict[str, object]]:
    """What the three facts rested on that day, in words without names of people."""
    today = region.local_date(at)
    bodies = Body.objects.in_force(today).filter(region=region, kind__in=Body.MAIN_KINDS)
    commissioners = ServiceCommissioner.objects.in_force(today).filter(region=region)
    places = RegionLifeSituation.objects.filter(region=region).select_related("life_situation")
    approvals = TargetApproval.objects.filter(place__region=region).select_related("place__life_situation")
    return [
        {
            "title": BODIES,
            "grounds": [_with_document(body.get_kind_display(), body.document_title) for body in bodies]
            + [_with_document("РСУ", one.document_title) for one in commissioners],
        },
        {
            "title": ROADMAPS,
            "grounds": [f"{one.life_situation}: {one.get_status_display().lower()}" for one in places],
        },
        {
            "title": INDICATORS,
            "grounds": [
                _with_document(f"{one.place.life_situation}, {one.year}", one.document_title) for one in approvals
            ],
        },
    ]


def _with_document(title: str, document: str) -> str:
    return f"{title}, {document}" if document else title
