"""Suspicious answers as pages show them: in groups, never one by one, and nothing of what was answered.

Who decides whether answers count must not see which way they would move the figure; and a list of single answers with
their minutes would let somebody recognise people.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max, Q, Sum

from regions.models import Institution, LifeSituation, Region
from surveys.counting.fates import ARRIVED
from surveys.models import ExclusionCase, QuestionTally, Response, SurveyLink
from surveys.quality.marks import Flag, split, titles
from surveys.querysets import ExclusionCaseQuerySet, ResponseQuerySet

# What an address may name at once: a page of the list has fifty.
MOST_GROUPS = 200
_TOKEN = re.compile(r"(\d{8})-(\d{1,18})-(\d{1,4})-([01])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Group:
    """Answers of one link and day with the same marks, in the same state."""

    day: date
    link: SurveyLink
    life_situation: LifeSituation
    flags: int
    is_excluded: bool
    is_waiting: bool
    number: int
    # All answers of the link on the day.
    of: int

    @property
    def token(self) -> str:
        """Names the group in an address, as `chosen` reads it back."""
        return f"{self.day:%Y%m%d}-{self.link.pk}-{self.flags}-{int(self.is_excluded)}"

    @property
    def link_title(self) -> str:
        return str(self.link)

    @property
    def situation_title(self) -> str:
        return self.life_situation.short_title

    @property
    def marks(self) -> str:
        return titles(self.flags)

    @property
    def share(self) -> float:
        """Of all answers of the link on the day, %."""
        return 100 * self.number / self.of

    @property
    def state(self) -> str:
        if self.is_waiting:
            return "ждут решения"
        return "исключены" if self.is_excluded else "учитываются"


def groups_of(answers: ResponseQuerySet) -> list[Group]:
    """The groups of some answers, the newest day first."""
    rows = list(
        answers.with_waiting()
        .order_by()
        .values("answered_on", "link", "life_situation", "flags", "is_excluded", "is_waiting")  # type: ignore[misc]
        .annotate(number=Count("pk"))
    )
    links = SurveyLink.objects.in_bulk({row["link"] for row in rows})
    situations = LifeSituation.objects.in_bulk({row["life_situation"] for row in rows})
    days = [row["answered_on"] for row in rows]
    whole: dict[tuple[int, date], int] = {}
    if rows:
        all_of_them = Response.objects.filter(link__in=links, answered_on__range=(min(days), max(days)))
        for link, day, number in all_of_them.order_by().values_list("link", "answered_on").annotate(n=Count("pk")):
            whole[link, day] = number
    found = [
        Group(
            day=row["answered_on"],
            link=links[row["link"]],
            life_situation=situations[row["life_situation"]],
            flags=row["flags"],
            is_excluded=row["is_excluded"],
            is_waiting=row["is_waiting"],
            number=row["number"],
            # Somebody may have answered between the two questions.
            of=max(whole.get((row["link"], row["answered_on"]), 0), row["number"]),
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (-one.day.toordinal(), one.link_title, one.link.pk, one.flags, one.state))


def with_flag(groups: Iterable[Group], flag: int) -> list[Group]:
    return [one for one in groups if one.flags & flag]


def chosen(institution: Institution, tokens: Iterable[str]) -> ResponseQuerySet:
    """The answers of groups by their names, without those that wait for a decision; nothing for names nobody made."""
    wanted = Q(pk__in=[])
    for token in list(tokens)[:MOST_GROUPS]:
        if (found := _TOKEN.fullmatch(token)) and (day := _day(found[1])):
            wanted |= Q(answered_on=day, link=int(found[2]), flags=int(found[3]), is_excluded=found[4] == "1")
    answers = Response.objects.filter(wanted, institution=institution)
    return answers.without_waiting()


def _day(digits: str) -> date | None:
    try:
        return datetime.strptime(digits, "%Y%m%d").date()
    except ValueError:
        return None


def newest(answers: ResponseQuerySet) -> int:
    """The number of the answer that came last, 0 without any: what comes later is not meant."""
    return int(answers.aggregate(newest=Max("pk"))["newest"] or 0)


@dataclass(slots=True)
class Overview:
    """An institution and ЖС in a period: how many answers came and how many of them are marked."""

    institution: Institution
    life_situation: LifeSituation
    received: int = 0
    suspicious: int = 0
    excluded: int = 0
    fast: int = 0
    night: int = 0
    burst: int = 0
    identical: int = 0
    address: int = 0

    @property
    def pk(self) -> str:
        return f"{self.institution.pk}-{self.life_situation.pk}"

    @property
    def name(self) -> str:
        return self.institution.name

    @property
    def situation_title(self) -> str:
        return self.life_situation.short_title

    @property
    def share(self) -> float:
        return 100 * self.suspicious / self.received if self.received else 0.0

    @property
    def marks(self) -> list[tuple[Flag, int]]:
        """The marks that were given, with how often."""
        return [(flag, number) for flag in Flag if (number := getattr(self, flag.name.lower()))]  # type: ignore[union-attr]


def overview(region: Region, *, first: date, last: date, life_situation: LifeSituation | None = None) -> list[Overview]:
    """The institutions of a region with suspicious answers in a period, the greatest share first.

    The number of all answers comes from the rollup and what is not yet in it: it costs the same at any number of them.
    """
    institutions = Institution.objects.filter(region=region)
    suspicious = Response.objects.suspicious().filter(institution__in=institutions).between(first, last)
    if life_situation is not None:
        suspicious = suspicious.filter(life_situation=life_situation)
    rows = list(
        suspicious.order_by()
        .values_list("institution", "life_situation", "flags", "is_excluded")
        .annotate(number=Count("pk"))
    )
    by_pk = Institution.objects.in_bulk({row[0] for row in rows})
    situations = LifeSituation.objects.in_bulk({row[1] for row in rows})
    received = _received(by_pk, situations, first, last)
    found: dict[tuple[int, int], Overview] = {}
    for institution, situation, flags, is_excluded, number in rows:
        key = institution, situation
        if key not in found:
            found[key] = Overview(by_pk[institution], situations[situation], received[key])
        one = found[key]
        one.suspicious += number if flags else 0
        one.excluded += number if is_excluded else 0
        for flag in split(flags):
            name = str(flag.name).lower()
            setattr(one, name, getattr(one, name) + number)
    return sorted(found.values(), key=lambda one: (-one.share, one.name, one.pk))


def _received(
    institutions: Iterable[int], situations: Iterable[int], first: date, last: date
) -> dict[tuple[int, int], int]:
    place = Q(institution__in=list(institutions), life_situation__in=list(situations))
    counts: dict[tuple[int, int], int] = defaultdict(int)
    tallies = QuestionTally.objects.filter(place, question=ARRIVED, day__range=(first, last))
    waiting = Response.objects.not_rolled_up().filter(place).between(first, last)
    for institution, situation, number in (
        tallies.order_by().values_list("institution", "life_situation").annotate(n=Sum("count"))
    ):
        counts[institution, situation] += number
    for institution, situation, number in (
        waiting.order_by().values_list("institution", "life_situation").annotate(n=Count("pk"))
    ):
        counts[institution, situation] += number
    return counts


def cases_of(region: Region) -> ExclusionCaseQuerySet:
    return ExclusionCase.objects.filter(institution__region=region).with_places()
