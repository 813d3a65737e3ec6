"""Taking answers: an answer is built, stored once, and known again."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, auto
from typing import Any

from django.conf import settings
from django.db import transaction

from surveys.comments.answer_texts import mask_answers
from surveys.counting.statistics import is_eligible
from surveys.models import Response, SurveyLink, typed_columns
from surveys.models.questionnaires import published_definition
from surveys.questionnaires.answers import Answers


class Arrival(StrEnum):
    """What became of answers that were sent."""

    STORED = auto()
    REPEATED = auto()  # the same answers under the same key: they are here already
    CONFLICT = auto()  # other answers under a key already used


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an answer belongs: all of a link that a response carries."""

    link_id: int
    version_id: int
    institution_id: int
    life_situation_id: int
    is_measured: bool

    @classmethod
    def of(cls, link: SurveyLink) -> "Origin":
        return cls(link.pk, link.version_id, link.institution_id, link.life_situation_id, link.version.feeds_the_kpi)


def build_response(
    *, origin: Origin, key: str, answers: Answers, mode: str, arrived_at: datetime, answered_on: date, flags: int = 0
) -> Response:
    """A response ready to be stored, with its eligibility decided [000, stage 3c]; `flags`: surveys.quality.marks.Flag.

    Personal data in its texts is masked. The digest is that of the answers as sent: sent again, they are known again.
    """
    values, originals = mask_answers(published_definition(origin.version_id), answers.values)
    measured = typed_columns(answers.measures)
    service_date = measured["service_date"]
    columns = _DEFAULTS | dict(
        link_id=origin.link_id,
        version_id=origin.version_id,
        institution_id=origin.institution_id,
        life_situation_id=origin.life_situation_id,
        is_measured=origin.is_measured,
        key=key,
        digest=answers.digest(),
        mode=mode,
        arrived_at=arrived_at.replace(second=0, microsecond=0),
        answered_on=answered_on,
        is_eligible=service_date is not None
        and is_eligible(service_date=service_date, answered_on=answered_on, within_days=settings.ELIGIBLE_WITHIN_DAYS),
        answers=values,
        originals=originals,
        flags=int(flags),
        **measured,
    )
    # In their order: by their names Django takes twice as long, and a file has ten thousand answers.
    return Response(*columns.values())


_DEFAULTS: dict[str, Any] = {field.attname: field.get_default() for field in Response._meta.concrete_fields}


def store_response(response: Response) -> Arrival:
    """Store an answer exactly once, whatever is sent again (DESIGN 7)."""
    if Response.objects.insert_once(response):
        return Arrival.STORED
    return arrival_of(response.key, bytes(response.digest)) or Arrival.CONFLICT


def arrival_of(key: str, digest: bytes) -> Arrival | None:
    """What is already known of a key: None, the same answers, or other ones."""
    stored = Response.objects.filter(key=key).values_list("digest", flat=True).first()
    if stored is None:
        return None
    return Arrival.REPEATED if bytes(stored) == digest else Arrival.CONFLICT


@transaction.atomic
def store_responses(responses: list[Response]) -> int:
    """Store a file's answers all together; those already stored are left as they are. Returns how many were new."""
    return Response.objects.insert_many_once(responses)
