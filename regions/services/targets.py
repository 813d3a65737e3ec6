"""Current and target values of a ЖС's indicators for a year: entered by one person, approved by another [001 IV.5]."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from regions.models import Indicator, IndicatorTarget, RegionLifeSituation, TargetApproval
from regions.permissions import Permission, require
from regions.services import readiness
from regions.services.life_situations import Document
from regions.services.people import written_by
from regions.targets import fits_unit

# None: the indicator has no values.
Values = Mapping[Indicator, tuple[Decimal, Decimal] | None]


class Locked(Exception):
    """The values of the year are approved: they do not change until the approval is withdrawn."""


class ChangedMeanwhile(Exception):
    """The values are not those the person saw."""


class NotOfThisLifeSituation(Exception):
    """An indicator that is none of the ЖС's."""


class Incomplete(Exception):
    """Not every indicator of the ЖС has its values, or it has no indicators."""


class OwnWork(Exception):
    """Nobody approves what they wrote."""


class NotApproved(Exception):
    """There is no such approval (any more)."""


def indicators_of(place: RegionLifeSituation) -> list[Indicator]:
    """The indicators of a ЖС in their order."""
    return list(
        Indicator.objects.filter(lifesituationindicator__life_situation=place.life_situation_id).order_by(
            "lifesituationindicator__position"
        )
    )


def digest(targets: Iterable[IndicatorTarget]) -> str:
    """A short name of these values: a form carries it, so that nobody acts on values they have not seen."""
    lines = sorted(f"{one.indicator_id} {one.current:.2f} {one.target:.2f}" for one in targets)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@transaction.atomic
def enter(*, place: RegionLifeSituation, year: int, values: Values, seen: str | None = None, by: User) -> None:
    """Enter the values of a year; an indicator that is not named keeps its own.

    `seen`: the digest of the values the person had before their eyes. Raises PermissionDenied, Locked,
    ChangedMeanwhile, NotOfThisLifeSituation, ValueError for a number the unit cannot have.
    """
    require(by, Permission.TARGETS_ENTER, place)
    stored = _lock(place, year)
    if _approval(place, year):
        raise Locked
    if seen is not None and seen != digest(stored.values()):
        raise ChangedMeanwhile
    if not {one.pk for one in values} <= {one.pk for one in indicators_of(place)}:
        raise NotOfThisLifeSituation
    for indicator, pair in values.items():
        known = stored.get(indicator.pk)
        if pair is None:
            if known:
                written_by(known, by)
                known.delete()
            continue
        if not all(fits_unit(indicator.unit, one) for one in pair):
            raise ValueError(f"{indicator.code}: {pair} cannot be")
        current, target = pair
        if known is None:
            entered = IndicatorTarget(
                place=place, indicator=indicator, year=year, current=current, target=target, entered_by=by
            )
            written_by(entered, by)
            entered.save()
        elif (known.current, known.target) != pair:
            known.current, known.target, known.entered_by = current, target, by
            written_by(known, by)
            known.save(update_fields=["current", "target", "entered_by"])


@transaction.atomic
def approve(
    *, place: RegionLifeSituation, year: int, seen: str, document: Document, by: User, at: datetime
) -> TargetApproval:
    """Approve the values of a year by a decision of the РШ: from then on they are locked.

    Raises PermissionDenied, Locked when they are approved already, ChangedMeanwhile, Incomplete, OwnWork.
    """
    require(by, Permission.TARGETS_APPROVE, place)
    stored = _lock(place, year)
    if _approval(place, year):
        raise Locked
    if seen != digest(stored.values()):
        raise ChangedMeanwhile
    wanted = {one.pk for one in indicators_of(place)}
    if not wanted or not wanted <= stored.keys():
        raise Incomplete
    if has_entered(by, place, year):
        raise OwnWork
    approval = TargetApproval(place=place, year=year, approved_at=at, approved_by=by, **document.fields())
    written_by(approval, by)
    approval.save()
    readiness.remeasure(place.region, at=at)
    return approval


def has_entered(user: User, place: RegionLifeSituation, year: int) -> bool:
    """Whether the person wrote any value of the year, even one that somebody has changed since."""
    return bool(IndicatorTarget.history.filter(place_id=place.pk, year=year, entered_by_id=user.pk).exists())


@transaction.atomic
def withdraw(*, place: RegionLifeSituation, year: int, approval_id: int, reason: str, by: User, at: datetime) -> None:
    """Withdraw an approval, so that the values can be changed; the history keeps it with the reason.

    Raises PermissionDenied, NotApproved.
    """
    require(by, Permission.TARGETS_APPROVE, place)
    _lock(place, year)
    approval = _approval(place, year)
    # Not one made since: who withdraws means the one they saw.
    if approval is None or approval.pk != approval_id:
        raise NotApproved
    approval.withdrawal_reason = reason
    written_by(approval, by)
    approval.save(update_fields=["withdrawal_reason"])
    approval.delete()
    readiness.remeasure(place.region, at=at)


def _lock(place: RegionLifeSituation, year: int) -> dict[int, IndicatorTarget]:
    """The values of the year by indicator; until the end of the transaction nobody else enters or approves."""
    RegionLifeSituation.objects.select_for_update().get(pk=place.pk)
    return {one.indicator_id: one for one in IndicatorTarget.objects.filter(place=place, year=year)}


def _approval(place: RegionLifeSituation, year: int) -> TargetApproval | None:
    return TargetApproval.objects.filter(place=place, year=year).first()
