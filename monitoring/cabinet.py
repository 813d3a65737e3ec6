"""«Мой кабинет»: what waits for the person, by deadline, and what they look after.

Which rows are meant is asked of the querysets and services that hold each rule; here they become lines of one list. The
number of queries depends on the person's roles, not on how much there is.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import User
from monitoring.fieldwork import standing as fieldwork
from monitoring.models import Collection, ReportingPeriod, ServedClients, WeightDecision
from monitoring.quarters.kpi import Scheme
from regions.models import (
    AccessRequest,
    Institution,
    Invitation,
    LifeSituation,
    Material,
    Membership,
    Participation,
    Region,
    RegionLifeSituation,
    ServiceCommissioner,
)
from regions.models.places import LifeSituationStatus
from regions.permissions import Permission, memberships_in_force, permissions_of
from regions.querysets import InstitutionQuerySet, RegionLifeSituationQuerySet
from regions.services import letters
from regions.services.letters import LetterState
from surveys.models import ExclusionCase, ResponseImport, SurveyLink

# What is due shows itself so long before its deadline; surveying is recommended in the last weeks [000].
NEAR_DAYS = 30
# A ЖС that has stood at one stage for half a year does not move.
STANDING_DAYS = 180
# A ЖС should have one institution in town and one in a village [001 IV.2].
LEAST_INSTITUTIONS = 2
# Lines of one kind. More of them become one line that says how many there are.
MOST_LINES = 5
# So long somebody is told that what they proposed was declined.
DECLINED_DAYS = 14


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for the person: what, where, and until when (None: no deadline)."""

    title: str
    text: str
    url: str
    due_on: date | None = None
    days_left: int | None = None


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
        due = self.due(region)
        return ([due] if due else []) + self.soon(region)

    def soon(self, region: Region) -> list[ReportingPeriod]:
        """The quarter now open when its deadline is near."""
        near = self._now + timedelta(days=NEAR_DAYS)
        return [one for one in self._periods if self._now < one.closes_at(region) <= near]

    def days_left(self, period: ReportingPeriod, region: Region) -> int:
        return (period.closes_on - region.local_date(self._now)).days


class Desk:
    """A person at an instant: their roles and the calendar, each read once."""

    def __init__(self, user: User, now: datetime) -> None:
        self.user, self.now = user, now

    @cached_property
    def calendar(self) -> Calendar:
        return Calendar(self.now)

    @cached_property
    def memberships(self) -> list[Membership]:
        return list(memberships_in_force(self.user).select_related("region", "institution__region"))

    @cached_property
    def held(self) -> frozenset[Permission]:
        return permissions_of(self.memberships)

    @property
    def regions(self) -> list[Region]:
        """Those the person works in by a role of the region, by name."""
        return sorted(self.regions_in_which(Permission.REGION_VIEW), key=lambda region: region.name)

    def regions_in_which(self, permission: Permission) -> set[Region]:
        """The regions in which the person holds `permission` by a role there.

        What a federal role may do in all 89 is no task of its holder.
        """
        return {one.region for one in self._granting(permission) if one.region}

    def home_regions(self, permission: Permission) -> set[Region]:
        """Those regions, and the ones of the institutions for which the person holds it."""
        return {region for one in self._granting(permission) if (region := one.home_region)}

    def holds_federally(self, permission: Permission) -> bool:
        return any(one.region is None and one.institution is None for one in self._granting(permission))

    def institutions_for_which(self, permission: Permission) -> InstitutionQuerySet:
        """Those for which the person holds `permission`, by a role of the institution or of its region.

        By their numbers: a list of twenty thousand is not gone through for the two hundred that are theirs.
        """
        granting = self._granting(permission)
        return Institution.objects.working(timezone.localdate(self.now)).filter(
            Q(region__in={one.region for one in granting if one.region})
            | Q(pk__in={one.institution_id for one in granting if one.institution_id})
        )

    def places(self, *, limit: int) -> list[PlaceLine]:
        """The ЖС of the person's regions with their due quarter, at most `limit`."""
        found = RegionLifeSituation.objects.filter(region__in=self.regions_in_which(Permission.REGION_VIEW))
        return _lines(
            found.select_related("region", "life_situation").order_by("region__name", "life_situation__number", "pk")[
                :limit
            ],
            lambda region: [period for period in [self.calendar.due(region)] if period],
        )

    def tasks(self) -> list[Task]:
        """What waits for the person, the nearest deadline first."""
        found = [task for wanted, kinds in _KINDS if wanted & self.held for kind in kinds for task in kind(self)]
        return sorted(found, key=lambda task: (task.due_on is None, task.due_on or date.max, task.title, task.text))

    def materials(self) -> QuerySet[Material]:
        """Materials for the person's roles, the newest version first."""
        return Material.objects.visible_to(self.user).published().newest_first()

    def requests(self) -> list[str]:
        """What the person has asked for themselves and nobody has decided yet, in sentences."""
        waiting = AccessRequest.objects.waiting().filter(user=self.user).select_related("institution__region")
        return [
            f"{one.institution}, {one.institution.region}. Подана {timezone.localdate(one.asked_at):%d.%m.%Y}. "
            "Решает администратор НСИ региона, ответ придёт письмом."
            for one in waiting
        ]

    def _granting(self, permission: Permission) -> list[Membership]:
        return [one for one in self.memberships if permission in permissions_of([one])]


def tasks(user: User, now: datetime) -> list[Task]:
    return Desk(user, now).tasks()


# Regions by their clocks


def _by_day(regions: Iterable[Region], now: datetime) -> dict[date, list[Region]]:
    """Regions by the date they have now: the whole country has at most two at any moment."""
    days: dict[date, list[Region]] = defaultdict(list)
    for region in regions:
        days[region.local_date(now)].append(region)
    return days


# The quarter


def _lines(
    found: Iterable[RegionLifeSituation], periods_of: Callable[[Region], list[ReportingPeriod]]
) -> list[PlaceLine]:
    wanted = [(place, period) for place in found for period in periods_of(place.region)]
    if not wanted:
        return []
    collections = {
        (one.region_life_situation_id, one.period_id): one
        for one in Collection.objects.filter(
            region_life_situation__in={place for place, _ in wanted}, period__in={period for _, period in wanted}
        ).without_snapshot()
    }
    return [PlaceLine(place, period, collections.get((place.pk, period.pk))) for place, period in wanted]


def _quarters_to_hand_in(desk: Desk) -> list[Task]:
    user, calendar = desk.user, desk.calendar
    calculates = RegionLifeSituation.objects.permitting(user, Permission.QUARTER_CALCULATE)
    publishes = RegionLifeSituation.objects.permitting(user, Permission.QUARTER_PUBLISH)
    mine = RegionLifeSituation.objects.filter(Q(pk__in=calculates.values("pk")) | Q(pk__in=publishes.values("pk")))
    return [
        _task(f"Сдать {line.period}", line.place.life_situation.short_title, line, "collection", calendar)
        for line in _lines(mine.select_related("region", "life_situation"), calendar.to_hand_in)
        if not line.is_published
    ]


def _clients_to_enter(desk: Desk) -> list[Task]:
    """ЖС in which the person may enter how many people were served, and it is not known of every institution yet."""
    user, calendar = desk.user, desk.calendar
    regions = desk.home_regions(Permission.CLIENTS_ENTER)
    mine = RegionLifeSituation.objects.filter(region__in=regions).select_related("region", "life_situation")
    other_schemes = set(
        WeightDecision.objects.filter(region__in=regions)
        .exclude(scheme=Scheme.CLIENTS.value)
        .values_list("region", "year")
    )
    lines = [
        line
        for line in _lines(mine, calendar.to_hand_in)
        if not line.is_published and (line.place.region_id, line.period.year) not in other_schemes
    ]
    unknown = {period: _unknown(user, period, lines) for period in {line.period for line in lines}}
    return [
        _task(
            "Указать, сколько человек обслужено",
            f"{line.place.life_situation.short_title}, {line.period}",
            line,
            "clients",
            calendar,
        )
        for line in lines
        if (line.place.region_id, line.place.life_situation_id) in unknown[line.period]
    ]


def _unknown(user: User, period: ReportingPeriod, lines: list[PlaceLine]) -> set[tuple[int, int]]:
    """The regions and ЖС in which the number of somebody the person answers for is not known yet."""
    known = ServedClients.objects.filter(
        period=period, institution=OuterRef("institution"), life_situation=OuterRef("life_situation")
    )
    waiting = (
        Participation.objects.in_whose_life_situation(user, Permission.CLIENTS_ENTER)
        .filter(institution__region__in={line.place.region_id for line in lines}, since__lte=period.closes_on)
        .not_over(period.opens_on)
        .filter(~Exists(known))
    )
    return set(waiting.order_by().values_list("institution__region", "life_situation").distinct())


def _task(title: str, text: str, line: PlaceLine, url_name: str, calendar: Calendar) -> Task:
    return Task(
        title=title,
        text=text,
        url=collection_url(line.place, line.period, url_name),
        due_on=line.period.closes_on,
        days_left=calendar.days_left(line.period, line.place.region),
    )


def _links_to_make(desk: Desk) -> list[Task]:
    """Institutions of the person that nobody can answer about: in some ЖС, but without an open link."""
    today = timezone.localdate(desk.now)
    silent = (
        desk.institutions_for_which(Permission.LINK_MANAGE)
        .in_some_life_situation(today)
        .filter(~Exists(SurveyLink.objects.open(desk.now).filter(institution=OuterRef("pk"))))
    )
    found = list(silent.order_by("name", "pk").values_list("pk", "name"))
    if len(found) > MOST_LINES:
        text = f"Учреждений, о которых никто не может ответить: {len(found)}"
        return [Task("Создать ссылки на анкету", text, reverse("institution-list"))]
    return [Task("Создать ссылку на анкету", name, reverse("link-create", args=[pk])) for pk, name in found]


# Data quality


def _answers_to_decide(desk: Desk) -> list[Task]:
    """Proposals to leave answers out or to take them back in, of other people than the person."""
    waiting = (
        ExclusionCase.objects.waiting()
        .permitting(desk.user, Permission.ANSWERS_EXCLUDE_DECIDE)
        .exclude(proposed_by=desk.user)
        .select_related("institution__region", "proposed_by")
        .order_by("proposed_at", "pk")
    )
    found = list(waiting[: MOST_LINES + 1])
    if len(found) > MOST_LINES:
        region = found[0].institution.region
        url = reverse("exclusion-list", args=[region.code]) + f"?state={ExclusionCase.State.PROPOSED}"
        return [Task("Решить об исключении ответов", f"{region.name}: ждут решения {waiting.count()}", url)]
    return [
        Task(
            "Решить об исключении ответов" if one.kind == ExclusionCase.Kind.LEAVE_OUT else "Решить о возврате ответов",
            f"{one.institution}: ответов {one.number}, предложил(а) {one.proposed_by.short_name}",
            reverse("exclusion-case", args=[one.pk]),
        )
        for one in found
    ]


def _imports_to_undo(desk: Desk) -> list[Task]:
    """Files of answers that somebody else wishes to take back: without a second person nothing happens."""
    wished = (
        ResponseImport.objects.filter(
            state=ResponseImport.State.DONE,
            undo_asked_by__isnull=False,
            link__institution__in=desk.institutions_for_which(Permission.RESPONSES_IMPORT),
        )
        .exclude(undo_asked_by=desk.user)
        .select_related("link__institution", "undo_asked_by")
        .order_by("undo_asked_at", "pk")[:MOST_LINES]
    )
    return [
        Task(
            "Решить об отзыве загрузки",
            f"{one.link.institution}: ответов {one.stored}, предложил(а) {one.undo_asked_by.short_name}",
            reverse("response-import", args=[one.pk]),
        )
        for one in wished
        if one.undo_asked_by
    ]


def _declined_proposals(desk: Desk) -> list[Task]:
    """What was declined lately: the person reads why, and may propose better."""
    since = desk.now - timedelta(days=DECLINED_DAYS)
    declined = (
        ExclusionCase.objects.filter(state=ExclusionCase.State.DECLINED, proposed_by=desk.user, decided_at__gte=since)
        .select_related("institution")
        .order_by("-decided_at", "-pk")[:MOST_LINES]
    )
    return [
        Task(
            "Прочитать, почему предложение отклонено",
            f"{one.institution}: ответов {one.number}, {timezone.localdate(one.decided_at):%d.%m.%Y}",
            reverse("exclusion-case", args=[one.pk]),
        )
        for one in declined
    ]


def _answers_to_gather(desk: Desk) -> list[Task]:
    """Institutions the person represents that have not gathered the plan while the deadline is near."""
    own = {one.institution for one in desk._granting(Permission.LINK_MANAGE) if one.institution}
    by_region: dict[Region, list[int]] = defaultdict(list)
    for institution in own:
        by_region[institution.region].append(institution.pk)
    short = [
        standing
        for region, ids in by_region.items()
        for period in desk.calendar.soon(region)
        for standing in fieldwork.standings(
            region=region,
            period=period,
            pairs=fieldwork.pairs_of(region, period, on=region.local_date(desk.now), institutions=ids),
            now=desk.now,
        )
        if not standing.plan.is_reached
    ]
    if len(short) > MOST_LINES:
        text = f"Учреждений и жизненных ситуаций, где план не набран: {len(short)}"
        return [Task("Добрать ответы", text, reverse("institution-list"), min(one.period.closes_on for one in short))]
    titles = LifeSituation.objects.in_bulk({one.life_situation_id for one in short}) if short else {}
    return [
        Task(
            f"Добрать ответы: {one.plan.gathered} из {one.plan.needed}",
            f"{one.institution.name}, {titles[one.life_situation_id].short_title}",
            reverse("institution-fieldwork", args=[one.institution.pk])
            + f"?life_situation={titles[one.life_situation_id].code}&period={one.period.code}",
            one.period.closes_on,
            one.plan.days_left - 1,
        )
        for one in short
    ]


# People


def _requests_to_decide(desk: Desk) -> list[Task]:
    own = desk.regions_in_which(Permission.PEOPLE_MANAGE)
    waiting = (
        AccessRequest.objects.waiting()
        .filter(institution__region__in=own)
        .order_by()
        .values(code=F("institution__region__code"), name=F("institution__region__name"))
        .annotate(number=Count("pk"), oldest=Min("asked_at"))
    )
    return [
        Task(
            "Решить по заявкам на доступ",
            f"{one['name']}: ждут {one['number']}, самая давняя от {timezone.localdate(one['oldest']):%d.%m.%Y}",
            reverse("request-list", args=[one["code"]]),
        )
        for one in waiting
    ]


def _invitations_unanswered(desk: Desk) -> list[Task]:
    own = desk.regions_in_which(Permission.PEOPLE_MANAGE)
    expired = (
        Invitation.objects.in_state(Invitation.State.EXPIRED, desk.now)
        .filter(Q(region__in=own) | Q(institution__region__in=own))
        .order_by()
        .values(
            code=Coalesce("region__code", "institution__region__code"),
            name=Coalesce("region__name", "institution__region__name"),
        )
        .annotate(number=Count("pk"))
    )
    return [
        Task(
            "Пригласить ещё раз",
            f"{one['name']}: срок приглашений истёк, ответа нет ({one['number']})",
            reverse("invitation-list", args=[one["code"]]) + f"?state={Invitation.State.EXPIRED}",
        )
        for one in expired
    ]


def _regions_without_administrator(desk: Desk) -> list[Task]:
    if not desk.holds_federally(Permission.PEOPLE_MANAGE):
        return []
    alone = Region.objects.filter(participates_since__isnull=False).without_administrator(desk.now)
    found = list(alone)
    if len(found) > MOST_LINES:
        names = ", ".join(one.name for one in found[:MOST_LINES])
        text = f"Участвуют в НСИ без администратора: {len(found)} ({names} и другие)"
        return [Task("Назначить администраторов НСИ", text, reverse("country"))]
    return [
        Task("Назначить администратора НСИ", one.name, reverse("invitation-create", args=[one.code])) for one in found
    ]


# The structure and its letters


def _letters_to_send(desk: Desk) -> list[Task]:
    """The overdue letters of the person's regions, and those due soon."""
    regions = desk.regions_in_which(Permission.STRUCTURE_EDIT)
    dues = letters.dues(regions, at=desk.now) if regions else {}
    found = []
    for region in regions:
        url = reverse("letter-list", args=[region.code])
        ahead = [
            one for one in dues.get(region.pk, []) if one.state == LetterState.AHEAD and one.days_left <= NEAR_DAYS
        ]
        overdue = [one for one in dues.get(region.pk, []) if one.state == LetterState.OVERDUE]
        if len(overdue) > MOST_LINES:
            oldest = overdue[0]
            text = f"{region.name}: просрочено писем в Агентство: {len(overdue)}, самое давнее: {oldest.title}"
            found.append(Task("Отправить письма", text, url, oldest.deadline.due_on, oldest.days_left))
            overdue = []
        found += [
            Task("Отправить письмо", f"{one.title}, {region.name}", url, one.deadline.due_on, one.days_left)
            for one in [*overdue, *ahead]
        ]
    return found


def _regions_behind(desk: Desk) -> list[Task]:
    """For who looks at the whole country: how many regions owe a letter."""
    if not desk.holds_federally(Permission.COMMISSIONER_ACCREDIT):
        return []
    behind = letters.behind(Region.objects.filter(participates_since__isnull=False), at=desk.now)
    if not behind:
        return []
    url = reverse("letters-overview") + "?state=overdue"
    return [Task("Напомнить о письмах", f"Регионов, у которых есть просроченные письма: {len(behind)}", url)]


def _structure_to_form(desk: Desk) -> list[Task]:
    own = {one.pk for one in desk.regions_in_which(Permission.STRUCTURE_EDIT)}
    if not own:
        return []
    regions = Region.objects.filter(pk__in=own).with_bodies(desk.now)
    return [
        Task(
            "Сформировать управленческую структуру",
            f"{one.name}: нужны РШ и РЭГ с руководителями и РСУ",
            reverse("region-card", args=[one.code]),
        )
        for one in regions.filter(Q(bodies_exist=False))
    ]


def _own_accreditation(desk: Desk) -> list[Task]:
    return _accreditations(ServiceCommissioner.objects.filter(user=desk.user), desk.now, "Продлить свою аккредитацию")


def _accreditations_to_renew(desk: Desk) -> list[Task]:
    if not desk.holds_federally(Permission.COMMISSIONER_ACCREDIT):
        return []
    return _accreditations(ServiceCommissioner.objects.all(), desk.now, "Аккредитовать РСУ")


def _accreditations(commissioners: QuerySet[ServiceCommissioner], now: datetime, title: str) -> list[Task]:
    """Accreditations that have ended or soon will; whoever comes first in time stands for the rest of many."""
    today = timezone.localdate(now)
    ending = ServiceCommissioner.objects.in_force(today).accredited_to_end_by(today + timedelta(days=NEAR_DAYS))
    found = ending.filter(pk__in=commissioners).select_related("region").order_by("accredited_until", "pk")
    return [
        Task(
            title,
            f"{one.full_name}, {one.region.name}",
            reverse("commissioner", args=[one.pk]),
            one.accredited_until,
            (one.accredited_until - one.region.local_date(now)).days if one.accredited_until else None,
        )
        for one in found[: 4 * MOST_LINES]
    ]


# ЖС


def _places_with_few_institutions(desk: Desk) -> list[Task]:
    own = desk.regions_in_which(Permission.INSTITUTION_MANAGE)
    found = [
        place
        for day, regions in _by_day(own, desk.now).items()
        for place in RegionLifeSituation.objects.filter(region__in=regions)
        .exclude(status=LifeSituationStatus.COMPLETED)
        .with_institutions(day)
        .filter(Q(towns__lt=LEAST_INSTITUTIONS - F("villages")))
        .select_related("region", "life_situation")
    ]
    return [
        Task(
            "Добавить учреждения",
            f"{one.life_situation}, {one.region}: нужны хотя бы два, в городе и на селе",
            reverse("place", args=[one.pk]),
        )
        for one in found
    ]


def _targets_to_enter(desk: Desk) -> list[Task]:
    wanted = Permission.TARGETS_ENTER
    own = RegionLifeSituation.objects.answered_for_by(desk.user, wanted)
    found = _of_this_year(desk, wanted, own, targets_missing=True, targets_approved=False)
    return [
        Task(
            f"Внести текущие и целевые значения на {year} год",
            f"{one.life_situation}, {one.region}",
            reverse("place-targets", args=[one.pk, year]),
        )
        for year, one in found
    ]


def _targets_to_approve(desk: Desk) -> list[Task]:
    wanted = Permission.TARGETS_APPROVE
    own = RegionLifeSituation.objects.permitting(desk.user, wanted)
    found = _of_this_year(desk, wanted, own, targets_complete=True, targets_approved=False)
    return [
        Task(
            f"Утвердить показатели на {year} год",
            f"{one.life_situation}, {one.region}",
            reverse("place-targets", args=[one.pk, year]),
        )
        for year, one in found
    ]


def _of_this_year(
    desk: Desk, permission: Permission, own: RegionLifeSituationQuerySet, **wanted: bool
) -> list[tuple[int, RegionLifeSituation]]:
    """ЖС whose values of the region's year stand so."""
    return [
        (day.year, place)
        for day, regions in _by_day(desk.regions_in_which(permission), desk.now).items()
        for place in own.filter(region__in=regions)
        .with_targets(day.year)
        .filter(**wanted)
        .select_related("region", "life_situation")
    ]


def _places_standing_still(desk: Desk) -> list[Task]:
    since = timezone.localdate(desk.now) - timedelta(days=STANDING_DAYS)
    own = RegionLifeSituation.objects.answered_for_by(desk.user, Permission.LIFE_SITUATION_RUN)
    return [
        Task(
            "Перейти к следующему этапу",
            f"{one.life_situation}, {one.region}: «{one.get_status_display()}» с "
            f"{one.status_since or one.since:%d.%m.%Y}",
            reverse("place", args=[one.pk]),
        )
        for one in own.at_one_stage_since(since).select_related("region", "life_situation")
    ]


# Any of these one must hold somewhere for a kind of tasks to be looked for at all.
_KINDS: tuple[tuple[frozenset[Permission], tuple[Callable[[Desk], list[Task]], ...]], ...] = (
    (frozenset({Permission.QUARTER_CALCULATE, Permission.QUARTER_PUBLISH}), (_quarters_to_hand_in,)),
    (frozenset({Permission.CLIENTS_ENTER}), (_clients_to_enter,)),
    (frozenset({Permission.LINK_MANAGE}), (_links_to_make, _answers_to_gather)),
    (frozenset({Permission.ANSWERS_EXCLUDE_DECIDE}), (_answers_to_decide,)),
    (frozenset({Permission.RESPONSES_IMPORT}), (_imports_to_undo,)),
    (frozenset({Permission.ANSWERS_EXCLUDE_PROPOSE}), (_declined_proposals,)),
    (
        frozenset({Permission.PEOPLE_MANAGE}),
        (_requests_to_decide, _invitations_unanswered, _regions_without_administrator),
    ),
    (frozenset({Permission.STRUCTURE_EDIT}), (_letters_to_send, _structure_to_form)),
    (frozenset({Permission.COMMISSIONER_ACCREDIT}), (_regions_behind, _accreditations_to_renew)),
    # Of a РСУ, who calculates the quarters of the region.
    (frozenset({Permission.QUARTER_CALCULATE}), (_own_accreditation,)),
    (frozenset({Permission.INSTITUTION_MANAGE}), (_places_with_few_institutions,)),
    (frozenset({Permission.TARGETS_APPROVE}), (_targets_to_approve,)),
    (frozenset({Permission.TARGETS_ENTER}), (_targets_to_enter,)),
    (frozenset({Permission.LIFE_SITUATION_RUN}), (_places_standing_still,)),
)


def collection_url(place: RegionLifeSituation, period: ReportingPeriod, name: str = "collection") -> str:
    return reverse(name, args=[place.region.code, place.life_situation.code, period.code])
