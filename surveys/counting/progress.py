"""How many answers have come: of one link by day, and of institutions for the fieldwork by day, channel and place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Count, F, Max, Sum

from surveys.counting.fates import ARRIVED, COUNTED, LEFT_OUT, TOO_LATE
from surveys.models import QuestionnaireVersion, QuestionTally, Response, SurveyLink

# What a row of a reading may be about, as the rollup calls it and as an answer does.
BY: Final = {
    "institution": ("institution_id", "institution_id"),
    "life_situation": ("life_situation_id", "life_situation_id"),
    "day": ("day", "answered_on"),
    "channel": ("channel", "link__channel"),
}


@dataclass(frozen=True, slots=True)
class Received:
    """Answers that came: `eligible` count for the КПЭ, `late` came too long after the service, `excluded` were left
    out by decision; `last_on` is the day of the newest.
    """

    eligible: int = 0
    late: int = 0
    excluded: int = 0
    last_on: date | None = None

    @property
    def received(self) -> int:
        return self.eligible + self.late + self.excluded

    def __add__(self, other: Received) -> Received:
        return Received(
            self.eligible + other.eligible,
            self.late + other.late,
            self.excluded + other.excluded,
            max(filter(None, (self.last_on, other.last_on)), default=None),
        )


NOTHING: Final = Received()


def received(
    *, life_situation_ids: Iterable[int], institution_ids: Iterable[int], first: date, last: date, by: Sequence[str]
) -> dict[tuple[Any, ...], Received]:
    """What came from one day to another, both included, by what `by` names (keys of BY), as a tuple in that order.

    One statement over the rollup and the answers not yet in it: none is missing or twice (and one about the versions).
    Only questionnaires that feed the КПЭ are counted. What nothing came for is absent.
    """
    situations, institutions = list(life_situation_ids), list(institution_ids)
    rolled_up = (
        QuestionTally.objects.filter(
            life_situation__in=situations, institution__in=institutions, day__range=(first, last), question=ARRIVED
        )
        .order_by()
        .values_list("version_id", *(BY[name][0] for name in by), "value")
        .annotate(number=Sum("count"), last=Max("day"))
    )
    waiting = (
        Response.objects.not_rolled_up()
        .filter(
            life_situation__in=situations,
            institution__in=institutions,
            answered_on__range=(first, last),
            is_measured=True,
        )
        .order_by()
        .with_fate()
        .values_list("version_id", *(BY[name][1] for name in by), "fate")
        .annotate(number=Count("pk"), last=Max("answered_on"))
    )
    rows = list(rolled_up.union(waiting, all=True))
    # The rollup of questions counts the answers to the other versions as well.
    versions = QuestionnaireVersion.objects.filter(pk__in={row[0] for row in rows}).defer("document")
    feeding = {one.pk for one in versions.select_related("questionnaire") if one.feeds_the_kpi}
    found: dict[tuple[Any, ...], Received] = {}
    for version, *key, value, number, newest in rows:
        if version not in feeding:
            continue
        one = Received(
            eligible=number if value == COUNTED else 0,
            late=number if value == TOO_LATE else 0,
            excluded=number if value == LEFT_OUT else 0,
            last_on=newest,
        )
        found[tuple(key)] = found.get(tuple(key), NOTHING) + one
    return found


@dataclass(frozen=True, slots=True)
class Day:
    """A day with its answers; `percent` of the largest day, for a bar beside the number."""

    day: date
    count: int
    percent: int


def days_of(counts: Iterable[tuple[date, int]]) -> list[Day]:
    """Days with their bars, in the order given."""
    rows = list(counts)
    largest = max((count for _, count in rows), default=0) or 1
    return [Day(day, count, round(100 * count / largest)) for day, count in rows]


def link_days(link: SurveyLink) -> list[Day]:
    """The days on which answers came by a link, the newest first, all answers counted."""
    found = link.responses.order_by("-answered_on").values_list("answered_on").annotate(number=Count("pk"))
    return days_of(found)


def link_modes(link: SurveyLink) -> list[tuple[str, int]]:
    """In which modes the answers of a link came, the most frequent first."""
    titles = dict(Response.Mode.choices)
    found = link.responses.order_by().values("mode").annotate(number=Count("pk")).order_by("-number", "mode")
    return [(str(titles.get(mode, mode)), number) for mode, number in found.values_list(F("mode"), "number")]
