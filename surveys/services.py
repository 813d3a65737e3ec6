"""Making links, taking answers."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, auto
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from regions.models import Institution, LifeSituation, Participation
from regions.participations import StillNeeded, when_participation_ends
from regions.permissions import Permission, require
from surveys.answers import Answers
from surveys.models import QuestionnaireVersion, Response, SurveyLink, typed_columns
from surveys.statistics import is_eligible


class Arrival(StrEnum):
    """What became of answers that were sent."""

    STORED = auto()
    REPEATED = auto()  # the same answers under the same key: they are here already
    CONFLICT = auto()  # other answers under a key already used


class NoQuestionnaire(Exception):
    """There is no published questionnaire for the direction of this ЖС."""


class NotTakingPart(Exception):
    """The institution does not take part in this ЖС while the link is open; `participation` tells when, if ever."""

    def __init__(self, participation: Participation | None = None) -> None:
        super().__init__(participation)
        self.participation = participation


def standard_version(life_situation: LifeSituation) -> QuestionnaireVersion:
    """The newest published version of the standard questionnaire for the direction. Raises NoQuestionnaire."""
    version = (
        QuestionnaireVersion.objects.filter(
            questionnaire__direction=life_situation.direction_id, published_at__isnull=False
        )
        .order_by("-published_at", "-number")
        .first()
    )
    if version is None:
        raise NoQuestionnaire
    return version


def create_link(
    *,
    institution: Institution,
    life_situation: LifeSituation,
    channel: str,
    label: str = "",
    opens_on: date,
    closes_on: date | None = None,
    by: User | None,
) -> SurveyLink:
    """Make a link to the standard questionnaire of the ЖС. `by` is None only for the system itself.

    Raises PermissionDenied, NotTakingPart, NoQuestionnaire.
    """
    if by is not None:
        require(by, Permission.LINK_MANAGE, institution)
    with transaction.atomic():
        # Whoever ends a participation holds this row too: no link outlives what it was made for.
        Institution.objects.select_for_update(no_key=True).get(pk=institution.pk)
        # Answers given before the participation would belong to no quarter.
        participation = _participation_on(institution, life_situation, opens_on)
        if participation is None:
            raise NotTakingPart
        until = participation.until or date.max
        if not participation.since <= opens_on <= until or (closes_on and closes_on > until):
            raise NotTakingPart(participation)
        return SurveyLink.objects.create(
            institution=institution,
            life_situation=life_situation,
            version=standard_version(life_situation),
            channel=channel,
            label=label,
            opens_on=opens_on,
            # Of a participation with a last day no link is open longer.
            closes_on=closes_on or participation.until,
            created_by=by,
            kept_by=by,
        )


def _participation_on(institution: Institution, life_situation: LifeSituation, day: date) -> Participation | None:
    """The participation in force on a day, or the one nearest to it: an institution may have left and come back."""
    rows = institution.participations.filter(life_situation=life_situation)
    return rows.filter(since__lte=day).order_by("-since").first() or rows.order_by("since").first()


@when_participation_ends
def stop_links(participation: Participation, at: datetime) -> list[str]:
    """Let no link of a participation take answers after its last day: they would belong to no quarter.

    Raises StillNeeded when there are such answers already.
    """
    last_day = participation.until
    assert last_day is not None
    concerns = Q(institution=participation.institution_id, life_situation=participation.life_situation_id)
    later = Participation.objects.filter(concerns, since__gt=last_day).order_by("since").first()
    # The institution comes back on this day: what is later belongs to that participation.
    end = later.since if later else date.max
    answers = Response.objects.filter(concerns, answered_on__gt=last_day, answered_on__lt=end)
    if newest := answers.order_by("-answered_on").first():
        raise StillNeeded(
            f"В ЖС «{participation.life_situation}» есть ответы после {last_day:%d.%m.%Y}: последний —"
            f" {newest.answered_on:%d.%m.%Y}. Укажите этот день или более поздний"
        )
    stopped = []
    links = SurveyLink.objects.with_places().filter(concerns, closed_at=None, opens_on__lt=end)
    for link in links.filter(Q(closes_on=None) | Q(closes_on__gt=last_day)):
        if link.opens_on <= last_day:
            link.closes_on = last_day
        else:
            # It never was open: not even the grace lets anything in.
            link.closed_at = min(at, link.opens_at)
        link.save(update_fields=["closes_on", "closed_at"])
        stopped.append(f"{link} ({link.life_situation})")
    return stopped


def close_link(*, link: SurveyLink, by: User, at: datetime) -> None:
    """Stop taking answers; those already begun arrive during the grace. Closing twice keeps the first instant."""
    if not SurveyLink.objects.filter(pk=link.pk).permitting(by, Permission.LINK_MANAGE).exists():
        raise PermissionDenied
    SurveyLink.objects.filter(pk=link.pk, closed_at=None).update(closed_at=at)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an answer belongs: all of a link that a response carries."""

    link_id: int
    version_id: int
    institution_id: int
    life_situation_id: int

    @classmethod
    def of(cls, link: SurveyLink) -> "Origin":
        return cls(link.pk, link.version_id, link.institution_id, link.life_situation_id)


def build_response(
    *, origin: Origin, key: str, answers: Answers, mode: str, arrived_at: datetime, answered_on: date
) -> Response:
    """A response ready to be stored, with its eligibility decided [000, stage 3c]."""
    columns: dict[str, Any] = typed_columns(answers.measures)
    service_date = columns["service_date"]
    return Response(
        link_id=origin.link_id,
        version_id=origin.version_id,
        institution_id=origin.institution_id,
        life_situation_id=origin.life_situation_id,
        key=key,
        digest=answers.digest(),
        mode=mode,
        arrived_at=arrived_at.replace(second=0, microsecond=0),
        answered_on=answered_on,
        is_eligible=service_date is not None
        and is_eligible(service_date=service_date, answered_on=answered_on, within_days=settings.ELIGIBLE_WITHIN_DAYS),
        answers=answers.values,
        **columns,
    )


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
    return sum(Response.objects.insert_once(response) for response in responses)
