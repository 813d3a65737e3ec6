"""Taking what a respondent sends: the one rule for the page and for the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from surveys.filling.page_keys import PageKey
from surveys.models import Response, SurveyLink
from surveys.questionnaires.answers import InvalidAnswers, Sent, read_answers
from surveys.questionnaires.definition import Definition
from surveys.services.arriving import Arrival, Origin, arrival_of, build_response, store_response
from surveys.services.quality import Visit


class NotOpen(Exception):
    """The link takes no answers now: `SurveyLink.state` says why."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where answers go: a link, what of it an answer carries, and the questions."""

    link: SurveyLink
    origin: Origin
    definition: Definition


def submit(
    to: Destination, key: PageKey, sent: Sent, *, now: datetime, meta: Mapping[str, Any] | None = None
) -> Arrival:
    """Check what was sent and store it exactly once (DESIGN 7). Answers begun in time arrive during the grace.

    `meta`: that of the request, by which the answer may get marks (surveys.quality.marks); none of it is kept.
    Raises InvalidAnswers; NotOpen, unless the same answers are here already: whoever asks again is thanked, not sent
    away.
    """
    accepted = to.link.accepts(begun_at=key.begun_at, now=now)
    answered_at = to.link.answered_at(now)
    today = to.link.institution.region.local_date(answered_at)
    try:
        answers = read_answers(to.definition, sent, today=today)
    except InvalidAnswers:
        if accepted:
            raise
        raise NotOpen from None
    if not accepted:
        if arrival_of(key.random, answers.digest()) == Arrival.REPEATED:
            return Arrival.REPEATED
        raise NotOpen
    visit = Visit(
        meta or {},
        institution_id=to.origin.institution_id,
        zone=to.link.institution.region.zone,
        begun_at=key.begun_at,
        now=now,
    )
    flags = visit.flags(answers)
    arrival = None
    try:
        response = build_response(
            origin=to.origin,
            key=key.random,
            answers=answers,
            mode=Response.Mode.ONLINE,
            arrived_at=now,
            answered_on=today,
            flags=flags,
        )
        arrival = store_response(response)
    finally:
        if arrival != Arrival.STORED:
            visit.was_no_answer()
    return arrival
