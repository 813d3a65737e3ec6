"""The reporting periods follow each other without gap or overlap, and only those that have not begun can change.

A period begins the day after the one before it ends: so its deadline is all there is to set, and moving it moves the
beginning of the next.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import User
from monitoring.models import Collection, ReportingPeriod, ServedClients
from regions.local_dates import time_zones
from regions.permissions import Permission, may_anywhere

# A quarter of another length is a slip of the pen.
SHORTEST, LONGEST = timedelta(days=30), timedelta(days=180)


class BadDeadline(Exception):
    """A period cannot end on this day; the message says why (Russian)."""


def is_changeable(period: ReportingPeriod, at: datetime) -> bool:
    """Whether the deadline can still move: the period has begun in no region, and nobody has entered anything."""
    easternmost = max(at.astimezone(ZoneInfo(zone)).date() for zone in time_zones())
    return period.opens_on > easternmost and not _is_used(period)


def _is_used(period: ReportingPeriod) -> bool:
    return Collection.objects.filter(period=period).exists() or ServedClients.objects.filter(period=period).exists()


def day_after(period: ReportingPeriod | None) -> date | None:
    """When the period after this one begins."""
    return period.closes_on + timedelta(days=1) if period else None


def before(year: int, quarter: int) -> ReportingPeriod | None:
    """The period before that of a year and quarter."""
    year, quarter = (year, quarter - 1) if quarter > 1 else (year - 1, 4)
    return ReportingPeriod.objects.filter(year=year, quarter=quarter).first()


def check_deadline(period: ReportingPeriod, closes_on: date, *, at: datetime) -> None:
    """Raise BadDeadline unless `period` may end on this day.

    Inside a transaction: the periods stay locked until its end, so that what was checked still holds when it is stored.
    """
    _lock()
    if not is_changeable(period, at):
        raise BadDeadline("Период уже начался, изменить его нельзя")
    _check_length(period.opens_on, closes_on)
    following = _following(period)
    if following:
        if _is_used(following):
            raise BadDeadline(f"Данные за следующий период ({following}) уже вносят, сдвинуть его начало нельзя")
        _check_length(closes_on + timedelta(days=1), following.closes_on, what=str(following))


@transaction.atomic
def move_deadline(*, period: ReportingPeriod, closes_on: date, by: User, at: datetime) -> None:
    """End a period that has not begun on another day, and begin the next one the day after.

    Raises PermissionDenied, or BadDeadline when the period has begun or a quarter would get an odd length.
    """
    _require_manager(by)
    check_deadline(period, closes_on, at=at)
    following = _following(period)
    period.closes_on = closes_on
    period.save(update_fields=["closes_on"])
    if following:
        following.opens_on = closes_on + timedelta(days=1)
        following.save(update_fields=["opens_on"])


def check_next(after: int | None, closes_on: date) -> None:
    """Raise BadDeadline unless the period after the last one, which must be `after`, may end on this day."""
    _lock()
    last = ReportingPeriod.objects.last()
    if last is None or last.pk != after:
        raise BadDeadline("Следующий период уже добавлен")
    _check_length(last.closes_on + timedelta(days=1), closes_on)


@transaction.atomic
def add_next(*, after: int | None, closes_on: date, by: User) -> ReportingPeriod:
    """Add the quarter after the last one (`after` is its key: two clicks add one), ending on a day."""
    _require_manager(by)
    check_next(after, closes_on)
    last = ReportingPeriod.objects.last()
    assert last
    year, quarter = (last.year, last.quarter + 1) if last.quarter < 4 else (last.year + 1, 1)
    return ReportingPeriod.objects.create(
        code=f"{year}-Q{quarter}",
        year=year,
        quarter=quarter,
        opens_on=last.closes_on + timedelta(days=1),
        closes_on=closes_on,
    )


def _following(period: ReportingPeriod) -> ReportingPeriod | None:
    return ReportingPeriod.objects.filter(opens_on__gt=period.opens_on).first()


def _check_length(opens_on: date, closes_on: date, *, what: str = "Период") -> None:
    if not SHORTEST <= closes_on - opens_on <= LONGEST:
        raise BadDeadline(
            f"{what} продлится с {opens_on:%d.%m.%Y} по {closes_on:%d.%m.%Y}. Квартал не может быть короче месяца "
            "или длиннее полугода: проверьте дату"
        )


def _lock() -> None:
    # All of them, in one order: two who change neighbours at once must not both pass the check.
    list(ReportingPeriod.objects.select_for_update().order_by("opens_on").values_list("pk", flat=True))


def _require_manager(by: User) -> None:
    if not may_anywhere(by, Permission.CATALOGUE_MANAGE):
        raise PermissionDenied
