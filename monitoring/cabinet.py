"""«Мой кабинет»: what waits for the person, by deadline, and what they look after."""

from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse

from accounts.models import User
from monitoring.models import Collection, ReportingPeriod, ServedClients
from regions.models import Institution, Region, RegionLifeSituation
from regions.permissions import Permission
from surveys.models import SurveyLink


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for the person: what, where, and until when (None: no deadline)."""

    title: str
    text: str
    url: str
    due_on: date | None
    days_left: int | None


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A ЖС of a region with the quarter that is due and the one now open."""

    place: RegionLifeSituation
    period: ReportingPeriod
    collection: Collection | None


def due_period(region: Region, now: datetime) -> ReportingPeriod | None:
    """The quarter to be handed in: the newest that has closed in the region."""
    today = region.local_date(now)
    return ReportingPeriod.objects.filter(closes_on__lt=today).order_by("-opens_on").first()


def places(user: User, now: datetime, *, limit: int = 50) -> list[PlaceLine]:
    """The ЖС of the person's regions with their due quarter, at most `limit`."""
    found = (
        RegionLifeSituation.objects.permitting(user, Permission.REGION_VIEW)
        .select_related("region", "life_situation")
        .order_by("region__name", "life_situation__number")[:limit]
    )
    periods = {
        place.region_id: due_period(place.region, now) for place in {one.region_id: one for one in found}.values()
    }
    collections = {
        (one.region_life_situation_id, one.period_id): one
        for one in Collection.objects.filter(
            region_life_situation__in=[place.pk for place in found], period__in=filter(None, periods.values())
        )
    }
    return [
        PlaceLine(place, period, collections.get((place.pk, period.pk)))
        for place in found
        if (period := periods[place.region_id])
    ]


def tasks(user: User, now: datetime) -> list[Task]:
    """What waits for the person, the nearest deadline first."""
    return sorted(
        [*_quarters_to_hand_in(user, now), *_clients_to_enter(user, now), *_links_to_make(user, now)],
        key=lambda task: (task.due_on is None, task.due_on or date.max, task.title),
    )


def _quarters_to_hand_in(user: User, now: datetime) -> list[Task]:
    mine = set(
        RegionLifeSituation.objects.permitting(user, Permission.QUARTER_PUBLISH).values_list("pk", flat=True)
    ) | set(RegionLifeSituation.objects.permitting(user, Permission.QUARTER_CALCULATE).values_list("pk", flat=True))
    return [
        Task(
            title=f"Сдать {line.period}".replace("квартал", "квартал", 1),
            text=line.place.life_situation.short_title,
            url=collection_url(line.place, line.period),
            due_on=line.period.closes_on,
            days_left=(line.period.closes_on - line.place.region.local_date(now)).days,
        )
        for line in places(user, now)
        if line.place.pk in mine and not (line.collection and line.collection.state == Collection.State.PUBLISHED)
    ]


def _clients_to_enter(user: User, now: datetime) -> list[Task]:
    """Institutions of the person whose number of people served in the due quarter is not known yet."""
    result: dict[tuple[int, int], Task] = {}
    institutions = Institution.objects.permitting(user, Permission.CLIENTS_ENTER).select_related("region")[:200]
    periods = {one.region_id: due_period(one.region, now) for one in {i.region_id: i for i in institutions}.values()}
    known = set(
        ServedClients.objects.filter(
            institution__in=[one.pk for one in institutions], period__in=filter(None, periods.values())
        ).values_list("institution", "life_situation")
    )
    taken = {
        (place.region_id, place.life_situation_id): place
        for place in RegionLifeSituation.objects.filter(region__in=periods).select_related("region", "life_situation")
    }
    published = set(
        Collection.objects.published()
        .filter(region_life_situation__region__in=periods, period__in=filter(None, periods.values()))
        .values_list("region_life_situation", flat=True)
    )
    for institution, life_situation in institutions.values_list("pk", "participations__life_situation"):
        region_id = next(one.region_id for one in institutions if one.pk == institution)
        place, period = taken.get((region_id, life_situation)), periods[region_id]
        if place is None or period is None or place.pk in published or (institution, life_situation) in known:
            continue
        result[place.pk, period.pk] = Task(
            title="Указать, сколько человек обслужено",
            text=f"{place.life_situation.short_title}, {period}",
            url=collection_url(place, period, "clients"),
            due_on=period.closes_on,
            days_left=(period.closes_on - place.region.local_date(now)).days,
        )
    return list(result.values())


def _links_to_make(user: User, now: datetime) -> list[Task]:
    """Institutions of the person that nobody can answer about: without a link still open."""
    result = []
    for institution in Institution.objects.permitting(user, Permission.LINK_MANAGE).select_related("region")[:50]:
        links = SurveyLink.objects.filter(institution=institution).with_places()
        if not any(link.state(now) == SurveyLink.State.OPEN for link in links):
            result.append(
                Task(
                    "Создать ссылку на анкету",
                    institution.name,
                    reverse("link-create", args=[institution.pk]),
                    None,
                    None,
                )
            )
    return result


def collection_url(place: RegionLifeSituation, period: ReportingPeriod, name: str = "collection") -> str:
    return reverse(name, args=[place.region.code, place.life_situation.code, period.code])
