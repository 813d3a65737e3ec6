"""Links: making one or a region's all at once, changing, pausing, closing, re-opening; what follows when an
institution stops taking part.

Whatever sets the window of a link holds the row of its institution first: so does whoever ends a participation, and no
link outlives what it was made for.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, auto

from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.db.models import Case, IntegerField, OuterRef, Q, Subquery, Value, When
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from accounts.models import User
from regions.models import Institution, LifeSituation, Participation, Region
from regions.participations import StillNeeded, when_participation_ends
from regions.permissions import Permission, require
from surveys.models import LinkBatch, Questionnaire, QuestionnaireVersion, Response, SurveyLink
from surveys.querysets import QuestionnaireVersionQuerySet

State = SurveyLink.State
# Rows a statement: a region has hundreds of institutions.
BULK = 500


class NoQuestionnaire(Exception):
    """There is no published standard questionnaire for this ЖС or its direction."""


class UnsuitableQuestionnaire(Exception):
    """No link of this ЖС, region and channel may lead to this version; the message says why (Russian)."""


class NotTakingPart(Exception):
    """The institution does not take part in this ЖС while the link is open; the message says when it does (Russian)."""

    def __init__(self, participation: Participation | None = None) -> None:
        message = "В эти дни учреждение в жизненной ситуации не участвует"
        if participation is not None:
            until = participation.until
            message += f": участвует с {participation.since:%d.%m.%Y}" + (f" по {until:%d.%m.%Y}" if until else "")
        super().__init__(message)
        self.participation = participation


class AlreadyMade(Exception):
    """The form, or a program's request, has been sent before: `link` was made then, `is_same` tells whether it said the
    same.
    """

    def __init__(self, link: SurveyLink, *, is_same: bool) -> None:
        super().__init__(link)
        self.link, self.is_same = link, is_same


class BadWindow(Exception):
    """The days cannot be these; `field` names which, the message says why (Russian)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class WrongState(Exception):
    """This cannot be done with a link in its state; the message says why (Russian)."""


# Which questionnaire --------------------------------------------------------------------------------------------------


def versions_for(*, region: Region, life_situation: LifeSituation) -> QuestionnaireVersionQuerySet:
    """The versions a new link may lead to: the newest in use of each instrument, the standard one first.

    First the standard questionnaire of the ЖС, then that of its direction, then the region's own and extensions; other
    kinds of instruments last. `rank` is 0 and 1 for the standard questionnaires.
    """
    newest = QuestionnaireVersion.objects.in_use().filter(questionnaire=OuterRef("questionnaire")).order_by("-number")
    of, direction = "questionnaire__", life_situation.direction_id
    nowhere = Q(**{f"{of}life_situation": None, f"{of}direction": None})
    fits = (
        Q(**{f"{of}life_situation": life_situation})
        | Q(**{f"{of}life_situation": None, f"{of}direction": direction})
        # An extension serves where the questionnaire it extends does.
        | nowhere & Q(**{f"{of}extends__life_situation": life_situation})
        | nowhere & Q(**{f"{of}extends__life_situation": None, f"{of}extends__direction": direction})
        | nowhere & Q(**{f"{of}extends": None, f"{of}region": region})
    )
    is_questionnaire = Q(questionnaire__kind=Questionnaire.Kind.QUESTIONNAIRE)
    rank = Case(
        When(is_questionnaire & Q(questionnaire__region=None, questionnaire__life_situation=life_situation), then=0),
        When(is_questionnaire & Q(questionnaire__region=None), then=1),
        When(is_questionnaire, then=2),
        default=Value(3),
        output_field=IntegerField(),
    )
    return (
        QuestionnaireVersion.objects.filter(fits, pk=Subquery(newest.values("pk")[:1]))
        .filter(Q(questionnaire__region=None) | Q(questionnaire__region=region))
        .annotate(rank=rank)
        .select_related("questionnaire")
        # Documents are large.
        .defer("document")
        .order_by("rank", "-published_at", "-pk")
    )


def standard_version(life_situation: LifeSituation) -> QuestionnaireVersion:
    """The newest version in use of the Agency's questionnaire for the ЖС, or its direction. Raises NoQuestionnaire."""
    standard = QuestionnaireVersion.objects.in_use().filter(
        questionnaire__region=None, questionnaire__kind=Questionnaire.Kind.QUESTIONNAIRE
    )
    for found in (
        standard.filter(questionnaire__life_situation=life_situation),
        standard.filter(questionnaire__life_situation=None, questionnaire__direction=life_situation.direction_id),
    ):
        if version := found.order_by("-published_at", "-number").first():
            return version
    raise NoQuestionnaire


def version_of(
    region: Region, life_situation: LifeSituation, version: QuestionnaireVersion | None, channel: str
) -> QuestionnaireVersion:
    """The version asked for, or the standard one. Raises NoQuestionnaire, UnsuitableQuestionnaire."""
    if version is None:
        return standard_version(life_situation)
    chosen = versions_for(region=region, life_situation=life_situation).filter(pk=version.pk).first()
    if chosen is None:
        raise UnsuitableQuestionnaire("Эта анкета не для выбранной жизненной ситуации или уже снята")
    if chosen.questionnaire.kind != Questionnaire.Kind.QUESTIONNAIRE and channel != SurveyLink.Channel.INTERVIEWER:
        raise UnsuitableQuestionnaire("Это заполняет сотрудник: выберите способ «Интервьюер»")
    return chosen


# Making a link --------------------------------------------------------------------------------------------------------


def create_link(
    *,
    institution: Institution,
    life_situation: LifeSituation,
    channel: str,
    label: str = "",
    opens_on: date,
    closes_on: date | None = None,
    by: User | None,
    version: QuestionnaireVersion | None = None,
    target: int | None = None,
    form_key: str | None = None,
) -> SurveyLink:
    """Make a link, to the standard questionnaire of the ЖС unless told. `by` is None only for the system itself.

    `form_key` comes from a page's form or a program's request. Raises PermissionDenied, NotTakingPart, NoQuestionnaire,
    UnsuitableQuestionnaire, and AlreadyMade when `by` has made a link with this key before.
    """
    if by is not None:
        require(by, Permission.LINK_MANAGE, institution)
    # Of each person apart: what key another has used is not for this one to find out.
    form_key = f"{by.pk if by else 0}-{form_key}" if form_key else None
    asked = {
        "institution_id": institution.pk,
        "life_situation_id": life_situation.pk,
        "channel": channel,
        "label": label,
        "opens_on": opens_on,
        "target": target,
    }
    said = json.dumps([asked, closes_on, version.pk if version else None], cls=DjangoJSONEncoder, sort_keys=True)
    digest = hashlib.sha256(said.encode()).hexdigest()
    with transaction.atomic():
        _lock_institutions([institution.pk])
        _refuse_second(form_key, digest)
        link = SurveyLink(
            **asked,
            version=version_of(institution.region, life_situation, version, channel),
            closes_on=_last_day(_held(institution, life_situation), opens_on, closes_on),
            created_by=by,
            kept_by=by,
            form_key=form_key,
            form_digest=digest if form_key else "",
        )
        try:
            with transaction.atomic():
                link.save(force_insert=True)
        except IntegrityError:
            # The same key for another institution in the same instant: its row is not locked by us.
            _refuse_second(form_key, digest)
            raise
        return link


def _refuse_second(form_key: str | None, digest: str) -> None:
    """Raise AlreadyMade if there is a link made with this key."""
    made = SurveyLink.objects.with_places().filter(form_key=form_key).first() if form_key else None
    if made is not None:
        raise AlreadyMade(made, is_same=made.form_digest == digest)


def _lock_institutions(ids: Iterable[int]) -> None:
    list(Institution.objects.select_for_update(no_key=True).filter(pk__in=list(ids)).order_by("pk").values_list("pk"))


def _held(institution: Institution, life_situation: LifeSituation) -> list[Participation]:
    """The participations of an institution in a ЖС, the first one first: it may have left and come back."""
    return list(institution.participations.filter(life_situation=life_situation).order_by("since"))


def _last_day(held: Sequence[Participation], opens_on: date, closes_on: date | None) -> date | None:
    """The last day of a link with this window: of a participation with a last day no link is open longer.

    `held`: of its institution and ЖС, as `_held` says. Raises NotTakingPart: answers given outside a participation
    would belong to no quarter.
    """
    participation = _participation_on(held, opens_on)
    if participation is None:
        raise NotTakingPart
    until = participation.until or date.max
    if not participation.since <= opens_on <= until or (closes_on and closes_on > until):
        raise NotTakingPart(participation)
    return closes_on or participation.until


def _participation_on(held: Sequence[Participation], day: date) -> Participation | None:
    """The participation in force on a day, or the one nearest to it."""
    begun = [one for one in held if one.since <= day]
    return begun[-1] if begun else next(iter(held), None)


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


# Changing a link ------------------------------------------------------------------------------------------------------


def _locked(link: SurveyLink, by: User) -> SurveyLink:
    """The link as it is now, locked until the end of the transaction, for who may manage it."""
    if not SurveyLink.objects.filter(pk=link.pk).permitting(by, Permission.LINK_MANAGE).exists():
        raise PermissionDenied
    _lock_institutions([link.institution_id])
    return SurveyLink.objects.select_for_update(of=("self",)).with_places().get(pk=link.pk)


@transaction.atomic
def change_link(
    *, link: SurveyLink, label: str, target: int | None, opens_on: date, closes_on: date | None, by: User, at: datetime
) -> SurveyLink:
    """Change what stands on a link; without a last day it is that of the participation, if it has one.

    Raises PermissionDenied, NotTakingPart; BadWindow when the first day would move though there are answers, the last
    one into the past, or the days of a closed link at all (it is re-opened).
    """
    now = _locked(link, by)
    if (opens_on, closes_on) != (now.opens_on, now.closes_on):
        today = now.institution.region.local_date(at)
        if now.state(at) in (State.CLOSING, State.CLOSED) and not now.is_only_paused(at):
            field = "opens_on" if opens_on != now.opens_on else "closes_on"
            raise BadWindow(field, "Ссылка закрыта. Чтобы снова принимать ответы, откройте её заново")
        if opens_on != now.opens_on and now.responses.exists():
            raise BadWindow("opens_on", "По ссылке уже есть ответы: первый день не меняется")
        if closes_on and closes_on < opens_on:
            raise BadWindow("closes_on", "Последний день не может быть раньше первого")
        if closes_on and closes_on < today:
            raise BadWindow("closes_on", "Этот день уже прошёл. Чтобы закончить сейчас, закройте ссылку")
        closes_on = _last_day(_held(now.institution, now.life_situation), opens_on, closes_on)
    now.label, now.target, now.opens_on, now.closes_on = label, target, opens_on, closes_on
    now.save(update_fields=["label", "target", "opens_on", "closes_on"])
    return now


@transaction.atomic
def pause_link(*, link: SurveyLink, by: User, at: datetime) -> None:
    """Stop for a while; answers already begun arrive during the grace. Pausing twice keeps the first instant.

    Raises PermissionDenied, WrongState when the link no longer takes answers.
    """
    now = _locked(link, by)
    if _pause(now, at):
        now.save(update_fields=["paused_at"])
    elif not now.is_only_paused(at):
        raise WrongState("Ссылка уже не принимает ответы")


@transaction.atomic
def resume_link(*, link: SurveyLink, by: User, at: datetime) -> None:
    """Go on after a pause; what is not paused stays as it is. Raises PermissionDenied, WrongState when closed."""
    now = _locked(link, by)
    if _resume(now, at):
        now.save(update_fields=["paused_at"])
    elif now.state(at) not in (State.OPEN, State.NOT_YET_OPEN):
        raise WrongState("Ссылка закрыта. Откройте её заново: понадобится новый последний день")


@transaction.atomic
def close_link(*, link: SurveyLink, by: User, at: datetime) -> None:
    """Stop taking answers; those already begun arrive during the grace. Closing twice keeps the first instant."""
    now = _locked(link, by)
    if _close(now, at):
        now.save(update_fields=["closed_at"])


@transaction.atomic
def reopen_link(*, link: SurveyLink, closes_on: date | None, by: User, at: datetime) -> None:
    """Take answers again until a new last day (None: until it is closed, or the participation ends).

    Raises PermissionDenied, WrongState for a link that is not closed, BadWindow, NotTakingPart.
    """
    now = _locked(link, by)
    if not _is_closed(now, at):
        raise WrongState("Ссылка не закрыта")
    _reopen(now, closes_on, at, _held(now.institution, now.life_situation))
    now.save(update_fields=REOPENED)


# Each changes the row in memory and tells whether there was anything to change.


def _pause(link: SurveyLink, at: datetime) -> bool:
    if link.paused_at or link.state(at) not in (State.OPEN, State.NOT_YET_OPEN):
        return False
    link.paused_at = at
    return True


def _resume(link: SurveyLink, at: datetime) -> bool:
    if not link.is_only_paused(at):
        return False
    link.paused_at = None
    return True


def _close(link: SurveyLink, at: datetime) -> bool:
    if link.closed_at or not (link.is_only_paused(at) or link.state(at) in (State.OPEN, State.NOT_YET_OPEN)):
        return False
    link.closed_at = at
    return True


def _is_closed(link: SurveyLink, at: datetime) -> bool:
    """By hand or by its last day; a pause is no close."""
    return link.state(at) in (State.CLOSING, State.CLOSED) and not link.is_only_paused(at)


# The fields that _reopen sets.
REOPENED = ["closed_at", "paused_at", "closes_on"]


def _reopen(link: SurveyLink, closes_on: date | None, at: datetime, held: Sequence[Participation]) -> None:
    """Open a closed link in memory; `held` as for `_last_day`. Raises BadWindow, NotTakingPart."""
    today = link.institution.region.local_date(at)
    if closes_on and closes_on < max(today, link.opens_on):
        raise BadWindow("closes_on", "Этот день уже прошёл" if closes_on < today else "Это раньше первого дня ссылки")
    last_day = _last_day(held, link.opens_on, closes_on)
    if last_day and last_day < today:
        raise NotTakingPart(_participation_on(held, link.opens_on))
    link.closed_at = link.paused_at = None
    link.closes_on = last_day


# Links of a region's institutions, all at once ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recipient:
    """An institution that gets a link, and the window of it: never outside its participation."""

    institution: Institution
    opens_on: date
    closes_on: date | None


@dataclass(frozen=True, slots=True)
class Preview:
    """Who would get a link, and who works in the region but takes no part in the ЖС on those days (with what is known
    of the participation, if there ever was or will be one).
    """

    recipients: list[Recipient]
    left_out: list[tuple[Institution, Participation | None]]


def preview_batch(*, region: Region, life_situation: LifeSituation, opens_on: date, closes_on: date | None) -> Preview:
    """Who would get a link. Two queries, whatever the number of institutions."""
    rows: dict[int, list[Participation]] = {}
    for one in Participation.objects.filter(life_situation=life_situation, institution__region=region).order_by(
        "since"
    ):
        rows.setdefault(one.institution_id, []).append(one)
    preview = Preview([], [])
    for institution in Institution.objects.filter(region=region).working(region.local_date()).order_by("name", "pk"):
        institution.region = region
        held = rows.get(institution.pk, [])
        # The first that has not ended when the link opens.
        fitting = next((one for one in held if not one.is_over(opens_on)), None)
        if fitting is None or (closes_on and fitting.since > closes_on):
            preview.left_out.append((institution, fitting or (held[-1] if held else None)))
            continue
        last_days = [day for day in (closes_on, fitting.until) if day]
        preview.recipients.append(Recipient(institution, max(opens_on, fitting.since), min(last_days, default=None)))
    return preview


@transaction.atomic
def create_batch(
    *,
    region: Region,
    life_situation: LifeSituation,
    channel: str,
    label: str = "",
    opens_on: date,
    closes_on: date | None = None,
    by: User,
    key: str,
    version: QuestionnaireVersion | None = None,
    target: int | None = None,
) -> LinkBatch:
    """Make a link for each institution of a region that takes part in a ЖС; sent again with its key, nothing is made.

    The number of statements does not depend on the number of institutions. Raises PermissionDenied, NoQuestionnaire,
    UnsuitableQuestionnaire, NotTakingPart when no institution takes part.
    """
    require(by, Permission.LINK_MANAGE, region)
    key = f"{region.code}-{key}"
    _lock_institutions(Institution.objects.filter(region=region).values_list("pk", flat=True))
    if made := LinkBatch.objects.filter(key=key).first():
        return made
    chosen = version_of(region, life_situation, version, channel)
    preview = preview_batch(region=region, life_situation=life_situation, opens_on=opens_on, closes_on=closes_on)
    if not preview.recipients:
        raise NotTakingPart
    batch = LinkBatch.objects.create(region=region, life_situation=life_situation, key=key, created_by=by)
    links = [
        SurveyLink(
            institution=one.institution,
            life_situation=life_situation,
            version=chosen,
            channel=channel,
            label=label,
            opens_on=one.opens_on,
            closes_on=one.closes_on,
            target=target,
            batch=batch,
            created_by=by,
            kept_by=by,
        )
        for one in preview.recipients
    ]
    bulk_create_with_history(links, SurveyLink, batch_size=BULK, default_user=by, default_change_reason=_role(by))
    return batch


class BatchChange(StrEnum):
    PAUSE = auto()
    RESUME = auto()
    CLOSE = auto()


@transaction.atomic
def change_batch(*, batch: LinkBatch, change: BatchChange, by: User, at: datetime) -> int:
    """Pause, resume or close all links of a batch for which that can be done; returns how many it was done with.

    Raises PermissionDenied.
    """
    require(by, Permission.LINK_MANAGE, batch.region)
    do, field = {
        BatchChange.PAUSE: (_pause, "paused_at"),
        BatchChange.RESUME: (_resume, "paused_at"),
        BatchChange.CLOSE: (_close, "closed_at"),
    }[change]
    _lock_institutions(batch.links.values_list("institution", flat=True))
    links = batch.links.select_for_update(of=("self",)).with_places().order_by("pk")
    changed = [link for link in links if do(link, at)]
    bulk_update_with_history(
        changed, SurveyLink, [field], batch_size=BULK, default_user=by, default_change_reason=_role(by)
    )
    return len(changed)


@dataclass(frozen=True, slots=True)
class Reopened:
    """What became of the closed links of a batch: opened, or closed still as their institutions take no part then."""

    opened: list[SurveyLink]
    left: list[SurveyLink]


@transaction.atomic
def reopen_batch(*, batch: LinkBatch, closes_on: date | None, by: User, at: datetime) -> Reopened:
    """Take answers again by all closed links of a batch, each until `closes_on` or as its institution takes part.

    The number of statements does not depend on the number of institutions. Raises PermissionDenied, WrongState when no
    link is closed, BadWindow, NotTakingPart when no institution takes part any more.
    """
    require(by, Permission.LINK_MANAGE, batch.region)
    if closes_on and closes_on < batch.region.local_date(at):
        raise BadWindow("closes_on", "Этот день уже прошёл")
    _lock_institutions(batch.links.values_list("institution", flat=True))
    links = batch.links.select_for_update(of=("self",)).with_places().order_by("pk")
    closed = [link for link in links if _is_closed(link, at)]
    if not closed:
        raise WrongState("Закрытых ссылок нет")
    held: dict[int, list[Participation]] = {}
    for one in Participation.objects.filter(
        life_situation=batch.life_situation_id, institution__in=[link.institution_id for link in closed]
    ).order_by("since"):
        held.setdefault(one.institution_id, []).append(one)
    done = Reopened([], [])
    for link in closed:
        theirs = held.get(link.institution_id, [])
        participation = _participation_on(theirs, link.opens_on)
        # As when the batch was made: who leaves earlier takes answers to their own last day.
        days = [day for day in (closes_on, participation and participation.until) if day]
        try:
            _reopen(link, min(days, default=None), at, theirs)
        except (BadWindow, NotTakingPart):
            done.left.append(link)
        else:
            done.opened.append(link)
    if not done.opened:
        raise NotTakingPart
    bulk_update_with_history(
        done.opened, SurveyLink, REOPENED, batch_size=BULK, default_user=by, default_change_reason=_role(by)
    )
    return done


def _role(by: User) -> str | None:
    """The role acted in, as `regions.middleware` writes it into the history of rows saved one by one."""
    role: str | None = getattr(by, "acting_role", None)
    return role
