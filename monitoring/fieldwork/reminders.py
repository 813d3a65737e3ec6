"""Reminders of the fieldwork: one letter a day at most to a representative whose institutions fall behind the plan.

A task of the scheduler looks every hour which regions have their hour of letters; a job writes the letters. Before a
letter goes out its row is stored, unique for the person and the day: however often and by however many workers this is
done, it goes out once. A letter the mail server did not take gives its row back, so that the next hour tries again.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.utils import timezone

from accounts.letters import send_letter
from accounts.models import User
from jobs import services as jobs
from jobs.models import Job
from monitoring.fieldwork.standing import LAST_WEEKS_DAYS, Standing, pairs_of, standings
from monitoring.models import Reminder, RemindersOff, ReportingPeriod
from regions.models import Membership, Region, RegionLifeSituation
from regions.roles import Role
from regions.working_days import is_working_day

logger = logging.getLogger(__name__)

REMIND = "fieldwork-reminders"
SCOPE = "people"
# By the clock of the region: in the morning, and once more for letters the mail server did not take.
HOURS = (10, 15)
TEMPLATE = "monitoring/letters/fieldwork"


def are_off(user: User) -> bool:
    return RemindersOff.objects.filter(user=user).exists()


def switch(*, user: User, off: bool, at: datetime) -> None:
    """Stop or resume the reminders of a person, by that person."""
    if off:
        RemindersOff.objects.get_or_create(user=user, defaults={"since": at})
    else:
        RemindersOff.objects.filter(user=user).delete()


def ask(at: datetime) -> Job | None:
    """What the scheduler does every hour: ask for the letters of the regions in which it is time for them."""
    return jobs.ask_for(REMIND, scope=SCOPE) if regions_to_remind(at) else None


def regions_to_remind(at: datetime, *, at_any_hour: bool = False) -> list[tuple[Region, ReportingPeriod]]:
    """The regions with an hour of letters on a working day in the last weeks of a period, each with the period."""
    periods = list(ReportingPeriod.objects.all())
    found = []
    for region in Region.objects.filter(pk__in=RegionLifeSituation.objects.values("region")):
        local = at.astimezone(region.zone)
        period = _period_to_remind(periods, local.date())
        if period and (at_any_hour or local.hour in HOURS):
            found.append((region, period))
    return found


def _period_to_remind(periods: Iterable[ReportingPeriod], today: date) -> ReportingPeriod | None:
    if not is_working_day(today):
        return None
    near = today + timedelta(days=LAST_WEEKS_DAYS)
    return next((one for one in periods if one.opens_on <= today <= one.closes_on <= near), None)


@jobs.job_body(REMIND)
def remind(run: jobs.Run) -> str:
    at = timezone.now()
    sent = failed = 0
    # A person may represent institutions of two regions: one letter for all.
    for user, (day, found) in _digests(at).items():
        run.progress(50, f"Отправлено напоминаний: {sent}")
        if not _claim(user, day, found):
            continue
        try:
            send_letter(to=user.email, template=TEMPLATE, context={"user": user, "lines": found, "day": day})
        except Exception as error:  # Each mail backend has errors of its own.
            # Without the address: the log is read by others than the mailbox.
            logger.warning("a reminder was not sent: %s", type(error).__name__)
            Reminder.objects.filter(user=user, day=day, sent_at=None).delete()
            failed += 1
        else:
            Reminder.objects.filter(user=user, day=day).update(sent_at=timezone.now())
            sent += 1
    if failed:
        raise jobs.JobRefused(f"Почтовый сервер не принял писем: {failed}. Отправлено: {sent}.")
    return f"Отправлено напоминаний: {sent}."


def _claim(user: User, day: date, found: list[Standing]) -> bool:
    """Take up the letter of a person and day; False when somebody has. The database decides."""
    number = len({one.institution.pk for one in found})
    _, is_mine = Reminder.objects.get_or_create(user=user, day=day, defaults={"institutions": number})
    return is_mine


def _digests(at: datetime) -> dict[User, tuple[date, list[Standing]]]:
    """Who is to be reminded now, on which day of theirs, and of what."""
    due = regions_to_remind(at)
    behind = {region.pk: (region.local_date(at), _behind(region, period, at)) for region, period in due}
    representatives = _representatives(behind)
    # Whoever speaks for institutions of several regions hears of all of them at the first hour of letters.
    elsewhere = set(
        Membership.objects.in_force_at(at)
        .filter(role=Role.INSTITUTION_REP, user__in={one.user_id for one in representatives})
        .exclude(institution__region__in=list(behind))
        .values_list("institution__region", flat=True)
    )
    if elsewhere:
        for region, period in regions_to_remind(at, at_any_hour=True):
            if region.pk in elsewhere:
                behind[region.pk] = (region.local_date(at), _behind(region, period, at))
        users = {one.user_id for one in representatives}
        representatives = [one for one in _representatives(behind) if one.user_id in users]
    digests: dict[User, tuple[date, list[Standing]]] = {}
    for one in representatives:
        assert one.institution
        day, rows = behind[one.institution.region_id]
        _, found = digests.setdefault(one.user, (day, []))
        found += [row for row in rows[one.institution.pk] if row not in found]
    return digests


def _representatives(behind: dict[int, tuple[date, dict[int, list[Standing]]]]) -> list[Membership]:
    """Who speaks for these institutions, wants reminders and has had none today."""
    found: list[Membership] = []
    for day, institutions in behind.values():
        if institutions:
            found += (
                Membership.objects.in_force(day)
                .filter(role=Role.INSTITUTION_REP, institution__in=list(institutions), user__is_active=True)
                .exclude(user__in=RemindersOff.objects.values("user"))
                .exclude(user__in=Reminder.objects.filter(day=day).values("user"))
                .select_related("user", "institution")
                .order_by("user", "institution__name", "pk")
            )
    return found


def _behind(region: Region, period: ReportingPeriod, at: datetime) -> dict[int, list[Standing]]:
    """Institutions of a region that fall behind the plan or are silent, by their keys: a line for each ЖС."""
    found: dict[int, list[Standing]] = defaultdict(list)
    pairs = pairs_of(region, period, on=region.local_date(at))
    for one in standings(region=region, period=period, pairs=pairs, now=at):
        if one.needs_a_word:
            found[one.institution.pk].append(one)
    return dict(found)
