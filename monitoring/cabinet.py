"""«Мой кабинет»: what waits for the person, by deadline, and what they look after."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from monitoring.kpi import Scheme
from monitoring.models import Collection, ReportingPeriod, ServedClients, WeightDecision
from regions.models import Institution, Region, RegionLifeSituation
from regions.permissions import Permission
from surveys.models import SurveyLink

# The quarter now open shows itself so long before its deadline: surveying is recommended in the last weeks [000].
NEAR_DAYS = 30


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
    """A ЖС of a region with one quarter and its collection, if anybody has worked on it."""

    place: RegionLifeSituation
    period: ReportingPeriod
    collection: Collection | None

    @property
    def is_published(self) -> bool:
        return self.collection is not None and self.collection.state == Collection.State.PUBLISHED


class Calendar:
    """The reporting periods, read once: which of them a region must hand in is then a matter of its clock."""

    def __init__(self, now: datetime) -> None:
        self._periods = list(ReportingPeriod.objects.order_by("opens_on"))
        self._now = now

    def due(self, region: Region) -> ReportingPeriod | None:
        """The newest quarter that has closed in the region."""
        closed = [period for period in self._periods if period.closes_at(region) <= self._now]
        return closed[-1] if closed else None

    def to_hand_in(self, region: Region) -> list[ReportingPeriod]:
        """The due quarter, and the one now open when its deadline is near."""
        near = self._now + timedelta(days=NEAR_DAYS)
        soon = [one for one in self._periods if self._now < one.closes_at(region) <= near]
        due = self.due(region)
        return ([due] if due else []) + soon

    def days_left(self, period: ReportingPeriod, region: Region) -> int:
        return (period.closes_on - region.local_date(self._now)).days


def places(user: User, now: datetime, *, limit: int = 50) -> list[PlaceLine]:
    """The ЖС of the person's regions with their due quarter, at most `limit`."""
    calendar = Calendar(now)
    return _lines(
        RegionLifeSituation.objects.permitting(user, Permission.REGION_VIEW)
        .select_related("region", "life_situation")
        .order_by("region__name", "life_situation__number")[:limit],
        lambda region: [period for period in [calendar.due(region)] if period],
    )


def tasks(user: User, now: datetime) -> list[Task]:
    """What waits for the person, the nearest deadline first."""
    calendar = Calendar(now)
    return sorted(
        [*_quarters_to_hand_in(user, calendar), *_clients_to_enter(user, calendar), *_links_to_make(user, now)],
        key=lambda task: (task.due_on is None, task.due_on or date.max, task.title),
    )


def _lines(
    found: Iterable[RegionLifeSituation], periods_of: Callable[[Region], list[ReportingPeriod]]
) -> list[PlaceLine]:
    wanted = [(place, period) for place in found for period in periods_of(place.region)]
    collections = {
        (one.region_life_situation_id, one.period_id): one
        for one in Collection.objects.filter(
            region_life_situation__in={place for place, _ in wanted}, period__in={period for _, period in wanted}
        ).without_snapshot()
    }
    return [PlaceLine(place, period, collections.get((place.pk, period.pk))) for place, period in wanted]


def _quarters_to_hand_in(user: User, calendar: Calendar) -> list[Task]:
    calculates = RegionLifeSituation.objects.permitting(user, Permission.QUARTER_CALCULATE)
    publishes = RegionLifeSituation.objects.permitting(user, Permission.QUARTER_PUBLISH)
    mine = RegionLifeSituation.objects.filter(Q(pk__in=calculates.values("pk")) | Q(pk__in=publishes.values("pk")))
    return [
        _task(f"Сдать {line.period}", line.place.life_situation.short_title, line, "collection", calendar)
        for line in _lines(mine.select_related("region", "life_situation"), calendar.to_hand_in)
        if not line.is_published
    ]


def _clients_to_enter(user: User, calendar: Calendar) -> list[Task]:
    """ЖС in which the person may enter how many people were served, and it is not known of every institution yet."""
    mine = RegionLifeSituation.objects.filter(
        region__in=Institution.objects.permitting(user, Permission.CLIENTS_ENTER).values("region")
    ).select_related("region", "life_situation")
    other_schemes = set(WeightDecision.objects.exclude(scheme=Scheme.CLIENTS.value).values_list("region", "year"))
    waiting = []
    for line in _lines(mine, calendar.to_hand_in):
        place, period = line.place, line.period
        if line.is_published or (place.region_id, period.year) in other_schemes:
            continue
        known = ServedClients.objects.filter(life_situation=place.life_situation_id, period=period)
        unknown = (
            Institution.objects.permitting(user, Permission.CLIENTS_ENTER, life_situation=place.life_situation)
            .filter(region=place.region_id)
            .taking_part(place.life_situation_id, period.opens_on, period.closes_on)
            .exclude(pk__in=known.values("institution"))
        )
        if unknown.exists():
            waiting.append(line)
    return [
        _task(
            "Указать, сколько человек обслужено",
            f"{line.place.life_situation.short_title}, {line.period}",
            line,
            "clients",
            calendar,
        )
        for line in waiting
    ]


def _task(title: str, text: str, line: PlaceLine, url_name: str, calendar: Calendar) -> Task:
    return Task(
        title=title,
        text=text,
        url=collection_url(line.place, line.period, url_name),
        due_on=line.period.closes_on,
        days_left=calendar.days_left(line.period, line.place.region),
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
