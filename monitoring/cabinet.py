"""«Мой кабинет»: what waits for the person, by deadline, and what they look after."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from accounts.models import User
from monitoring.models import Collection, ReportingPeriod, ServedClients
from regions.models import Institution, Participation, Region, RegionLifeSituation
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
    mine = set(RegionLifeSituation.objects.permitting(user, Permission.QUARTER_CALCULATE).values_list("pk", flat=True))
    mine |= set(RegionLifeSituation.objects.permitting(user, Permission.QUARTER_PUBLISH).values_list("pk", flat=True))
    return [
        _task(f"Сдать {line.period}", line.place.life_situation.short_title, line, "collection", now)
        for line in places(user, now)
        if line.place.pk in mine and not (line.collection and line.collection.state == Collection.State.PUBLISHED)
    ]


def _clients_to_enter(user: User, now: datetime) -> list[Task]:
    """ЖС in which institutions of the person have no number of people served in the due quarter yet."""
    institutions = Institution.objects.permitting(user, Permission.CLIENTS_ENTER)
    taking_part = Participation.objects.filter(institution__in=institutions)
    waiting = []
    for region in Region.objects.filter(institutions__in=institutions).distinct():
        period = due_period(region, now)
        if period is None:
            continue
        known = ServedClients.objects.filter(
            institution=OuterRef("institution"), life_situation=OuterRef("life_situation"), period=period
        )
        unknown = taking_part.filter(~Exists(known), institution__region=region, since__lte=period.closes_on)
        published = Collection.objects.published().filter(period=period).values("region_life_situation")
        waiting += [
            PlaceLine(place, period, None)
            for place in RegionLifeSituation.objects.filter(
                region=region, life_situation__in=unknown.values("life_situation")
            )
            .exclude(pk__in=published)
            .select_related("region", "life_situation")
        ]
    return [
        _task(
            "Указать, сколько человек обслужено",
            f"{line.place.life_situation.short_title}, {line.period}",
            line,
            "clients",
            now,
        )
        for line in waiting
    ]


def _task(title: str, text: str, line: PlaceLine, url_name: str, now: datetime) -> Task:
    due_on = line.period.closes_on
    return Task(
        title=title,
        text=text,
        url=collection_url(line.place, line.period, url_name),
        due_on=due_on,
        days_left=(due_on - line.place.region.local_date(now)).days,
    )


def _links_to_make(user: User, now: datetime) -> list[Task]:
    """Institutions of the person that nobody can answer about: no link of theirs is open. At most 20 are named."""
    links = SurveyLink.objects.permitting(user, Permission.LINK_MANAGE).filter(closed_at=None).with_places()
    # Whether a link is open depends on the region's clock; a day more or less is decided below, row by row.
    near = links.filter(Q(closes_on=None) | Q(closes_on__gte=now.date() - timedelta(days=2)))
    open_at = {link.institution_id for link in near if link.state(now) == SurveyLink.State.OPEN}
    silent = Institution.objects.permitting(user, Permission.LINK_MANAGE).exclude(pk__in=open_at)[:20]
    return [
        Task("Создать ссылку на анкету", one.name, reverse("link-create", args=[one.pk]), due_on=None, days_left=None)
        for one in silent
    ]


def collection_url(place: RegionLifeSituation, period: ReportingPeriod, name: str = "collection") -> str:
    return reverse(name, args=[place.region.code, place.life_situation.code, period.code])
