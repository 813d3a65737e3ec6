"""ЖС of a region: taken from the catalogue or described by the region, their stages, who answers for them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction

from accounts.models import User
from regions import stages
from regions.models import (
    Direction,
    Indicator,
    IndicatorTarget,
    LifeSituation,
    LifeSituationIndicator,
    Membership,
    Region,
    RegionLifeSituation,
    StatusChange,
)
from regions.models.places import LifeSituationStatus
from regions.permissions import Permission, require
from regions.roles import Role
from regions.services import readiness
from regions.services.people import written_by

# What a region says of its own ЖС: these fields of LifeSituation, all of them.
DESCRIPTION = ("title", "short_title", "boundary", "beneficiaries", *LifeSituation.CRITERIA)


class AlreadyTaken(Exception):
    """The region has taken this ЖС before: it is taken once."""


class NotAvailable(Exception):
    """The ЖС is neither of the catalogue nor of this region."""


class IndicatorsFixed(Exception):
    """Values have been entered: the main indicators of a ЖС are set once [001 V.2]."""


class StageChanged(Exception):
    """The ЖС stands at another stage than the person saw."""


class StepNotAllowed(Exception):
    """No such step from this stage, or it lacks what it needs: the document, the reason."""


class DateOutOfOrder(Exception):
    """The day of a step lies in the future or before the stage it leaves: `earliest`, `latest` that would do."""

    def __init__(self, earliest: date, latest: date) -> None:
        super().__init__(earliest, latest)
        self.earliest, self.latest = earliest, latest


class NotAMember(Exception):
    """Not a member of the РШ of this region who is one today."""


class OwnRights(Exception):
    """Nobody raises their own rights: another person must make them responsible."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a decision leaves behind."""

    number: str = ""
    day: date | None = None
    file: "UploadedFile[Any] | None" = None

    @property
    def is_complete(self) -> bool:
        return bool(self.number and self.day)

    def fields(self) -> dict[str, object]:
        """For a row of DecisionDocument."""
        return {
            "document_number": self.number,
            "document_date": self.day,
            "document_file": self.file or "",
            "document_name": (self.file.name or "")[-200:] if self.file else "",
        }


# Taking and describing


@transaction.atomic
def take(
    *, region: Region, life_situation: LifeSituation, since: date, decision: Document, by: User, at: datetime
) -> RegionLifeSituation:
    """Take a ЖС of the catalogue, or the region's own, by a decision of the РШ.

    Raises PermissionDenied, NotAvailable for what another region described, AlreadyTaken.
    """
    require(by, Permission.LIFE_SITUATION_CHOOSE, region)
    if not LifeSituation.objects.available_in(region).filter(pk=life_situation.pk).exists():
        raise NotAvailable
    place = RegionLifeSituation(
        region=region,
        life_situation=life_situation,
        since=since,
        decision_number=decision.number,
        decision_date=decision.day,
        status=LifeSituationStatus.CHOSEN,
        status_since=since,
    )
    written_by(place, by)
    try:
        with transaction.atomic():
            place.save()
    except IntegrityError as error:
        raise AlreadyTaken from error
    StatusChange.objects.create(
        place=place, after=LifeSituationStatus.CHOSEN, on=since, at=at, by=by, **decision.fields()
    )
    readiness.remeasure(region, at=at)
    return place


@transaction.atomic
def describe(
    *,
    region: Region,
    key: str,
    direction: Direction,
    description: Mapping[str, str],
    indicators: Sequence[Indicator],
    since: date,
    decision: Document,
    by: User,
    at: datetime,
) -> RegionLifeSituation:
    """Describe a ЖС of the region's own and take it, in one operation.

    `key` becomes its code: the page carries one, so that sending it twice describes one ЖС. Raises PermissionDenied,
    AlreadyTaken for a key that has been used.
    """
    require(by, Permission.LIFE_SITUATION_CHOOSE, region)
    life_situation = LifeSituation(
        code=own_code(key), region=region, direction=direction, **{one: description[one] for one in DESCRIPTION}
    )
    written_by(life_situation, by)
    try:
        with transaction.atomic():
            life_situation.save()
    except IntegrityError as error:
        raise AlreadyTaken from error
    _set_indicators(life_situation, indicators)
    return take(region=region, life_situation=life_situation, since=since, decision=decision, by=by, at=at)


def own_code(key: str) -> str:
    return f"own-{key}"


@transaction.atomic
def redescribe(
    *, life_situation: LifeSituation, description: Mapping[str, str], indicators: Sequence[Indicator], by: User
) -> LifeSituation:
    """Change the description of a region's own ЖС; its direction stays.

    Raises PermissionDenied, NotAvailable for one of the catalogue, IndicatorsFixed.
    """
    if life_situation.region is None:
        raise NotAvailable
    require(by, Permission.LIFE_SITUATION_CHOOSE, life_situation.region)
    # Entering values locks these rows too: no value can be entered for an indicator that goes at the same moment.
    places = list(RegionLifeSituation.objects.select_for_update().filter(life_situation=life_situation))
    current = LifeSituation.objects.get(pk=life_situation.pk)
    if {one.pk for one in indicators} != set(current.indicators.values_list("pk", flat=True)):
        if IndicatorTarget.objects.filter(place__in=places).exists():
            raise IndicatorsFixed
        _set_indicators(current, indicators)
    changed = [one for one in DESCRIPTION if getattr(current, one) != description[one]]
    for one in changed:
        setattr(current, one, description[one])
    if changed:
        written_by(current, by)
        current.save(update_fields=changed)
    return current


def _set_indicators(life_situation: LifeSituation, indicators: Sequence[Indicator]) -> None:
    LifeSituationIndicator.objects.filter(life_situation=life_situation).delete()
    for position, indicator in enumerate(indicators, start=1):
        LifeSituationIndicator.objects.create(
            life_situation=life_situation, indicator=indicator, number=str(position), position=position
        )


# Stages


@transaction.atomic
def change_status(
    *,
    place: RegionLifeSituation,
    seen: str,
    after: str,
    on: date,
    note: str = "",
    document: Document,
    by: User,
    at: datetime,
) -> StatusChange:
    """Move a ЖС one stage forward, or back with a reason. `seen` is the stage the person had before their eyes.

    The same step sent twice is one step. Raises PermissionDenied, StageChanged, StepNotAllowed, DateOutOfOrder.
    """
    completes = stages.decides_completion(after, before=seen)
    require(by, Permission.COMPLETION_DECIDE if completes else Permission.LIFE_SITUATION_RUN, place)
    locked = RegionLifeSituation.objects.select_for_update().get(pk=place.pk)
    if locked.status != seen:
        last = StatusChange.objects.filter(place=locked).first()
        if last and (last.before, last.after, last.on, last.by_id) == (seen, after, on, by.pk):
            return last
        raise StageChanged
    if after not in stages.allowed(seen):
        raise StepNotAllowed
    if stages.needs_document(after, before=seen) and not document.is_complete:
        raise StepNotAllowed
    if stages.needs_reason(after, before=seen) and not note.strip():
        raise StepNotAllowed
    earliest, latest = stage_since(locked), place.region.local_date(at)
    if not earliest <= on <= latest:
        raise DateOutOfOrder(earliest, latest)
    locked.status, locked.status_since = after, on
    written_by(locked, by)
    locked.save(update_fields=["status", "status_since"])
    change = StatusChange.objects.create(
        place=locked, before=seen, after=after, on=on, note=note, at=at, by=by, **document.fields()
    )
    readiness.remeasure(place.region, at=at)
    return change


def stage_since(place: RegionLifeSituation) -> date:
    """Since when the ЖС stands where it stands."""
    return place.status_since or place.since


# Institutions


def institution_hints(*, towns: int, villages: int) -> list[str]:
    """What a ЖС with so many institutions still lacks [001 IV.3, IV.4.1]. It warns and forbids nothing."""
    if not towns + villages:
        return ["учреждений пока нет: рекомендуется не меньше двух, в городе и в селе"]
    hints = []
    if towns + villages < 2:
        hints.append("рекомендуется не меньше двух учреждений")
    if not towns:
        hints.append("нет учреждения в городе")
    if not villages:
        hints.append("нет учреждения в селе")
    return hints


# Who answers


@transaction.atomic
def change_responsible(
    *,
    place: RegionLifeSituation,
    add: Iterable[Membership] = (),
    remove: Iterable[Membership] = (),
    by: User,
    at: datetime,
) -> None:
    """Make members of the РШ answer for a ЖС of the region, and others no longer.

    Raises PermissionDenied, NotAMember, OwnRights.
    """
    require(by, Permission.LIFE_SITUATION_CHOOSE, place)
    add, remove = list(add), list(remove)
    if any(one.user_id == by.pk for one in add):
        raise OwnRights
    named = {one.pk for one in [*add, *remove]}
    # Locked, or a membership could end, or its history miss a change, between the question and the answer.
    members = Membership.objects.select_for_update().in_force(place.region.local_date(at))
    found = members.filter(role=Role.HQ_MEMBER, region=place.region_id, pk__in=named).order_by("pk")
    if {one.pk for one in found} != named:
        raise NotAMember
    for one in add:
        written_by(one, by)
        one.life_situations.add(place.life_situation)
    for one in remove:
        written_by(one, by)
        one.life_situations.remove(place.life_situation)
