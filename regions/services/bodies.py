"""Bodies of a region, their members, and the РСУ [001 III.2]: formed, changed and ended by decisions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from regions.models import Body, BodyMember, LifeSituation, Region, ServiceCommissioner
from regions.models.bodies import Competence
from regions.models.documents import DecisionDocument
from regions.permissions import Permission, require
from regions.recommendations import groups_of
from regions.services.readiness import remeasure

# Whose group each kind of group is.
PARENT_KINDS = {Body.Kind.SECTOR_GROUP: Body.Kind.HEADQUARTERS, Body.Kind.EXPERT_SUBGROUP: Body.Kind.EXPERT_GROUP}
# An accreditation that ends within these days is told of beforehand.
ACCREDITATION_ENDS_SOON = timedelta(days=60)
# The initiative began in 2021 [001]: an earlier day, or one far ahead, is a slip of the finger.
_FIRST_YEAR = 2020
_LONGEST_AHEAD = timedelta(days=10 * 366)


class StructureError(Exception):
    """What the rules of the structure do not allow, said to the person; `field` is the field of the form."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class WrongDay(StructureError):
    """The day does not fit the others: not come yet, before the beginning, after the end."""


class AlreadyInForce(StructureError):
    """The region has its one РШ, РЭГ or РСУ."""


class NoParent(StructureError):
    """A group of the РШ or of the РЭГ needs the РШ or the РЭГ."""


class WrongLifeSituations(StructureError):
    """A group works on at least one ЖС of its region, РШ and РЭГ on none in particular."""


class WrongGroup(StructureError):
    """A member stands for somebody the composition of this kind of body does not know."""


class AlreadyThere(StructureError):
    """The person is in the body already."""


class AlreadyEnded(StructureError):
    """It has ended before; nothing was changed."""


class HeadNeeded(StructureError):
    """A body is never without a head."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The document of a decision. `file`: a new one, False to remove the old one, None to leave it as it is."""

    number: str
    day: date
    file: "UploadedFile[bytes] | bool | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is entered about a member of a body; the e-mail in its one form (accounts.addresses)."""

    full_name: str
    position: str
    organisation: str
    group: str
    email: str = ""
    competences: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommissionerFacts:
    """What is entered about a РСУ."""

    full_name: str
    position: str
    email: str = ""
    competences: Collection[str] = ()
    has_office: bool = False
    office: str = ""


# Bodies


def form_body(
    *,
    region: Region,
    kind: Body.Kind,
    decision: Decision,
    formed_on: date,
    head: Person,
    by: User,
    at: datetime,
    title: str = "",
    life_situations: Sequence[LifeSituation] = (),
) -> Body:
    """Form a body with its head. Raises PermissionDenied and the errors of this module."""
    require(by, Permission.STRUCTURE_EDIT, region)
    today = region.local_date(at)
    _check_day("formed_on", formed_on, today)
    _check_day("document_date", decision.day, today)
    _check_group(kind, head)
    with transaction.atomic():
        _lock_region(region.pk)
        body = Body(region=region, kind=kind, formed_on=formed_on, title=title)
        _check_life_situations(body, life_situations)
        if body.is_group:
            _lock_parent(body)
        else:
            _refuse_overlap(body, formed_on)
        _put_document(body, decision)
        try:
            with transaction.atomic():
                body.save()
        except IntegrityError as error:
            # Somebody else formed it a moment ago.
            raise AlreadyInForce(f"{body.get_kind_display()}: в регионе уже действует") from error
        body.life_situations.set(life_situations)
        BodyMember.objects.create(body=body, is_head=True, starts_on=formed_on, **_columns(head))
        remeasure(region, at=at)
    return body


def edit_body(
    *,
    body: Body,
    decision: Decision,
    formed_on: date,
    by: User,
    at: datetime,
    title: str = "",
    life_situations: Sequence[LifeSituation] = (),
) -> Body:
    """Correct what is written about a body; its kind stays.

    Whoever came in on the day it was formed moves with that day. Raises PermissionDenied and the errors of this module.
    """
    require(by, Permission.STRUCTURE_EDIT, body.region)
    today = body.region.local_date(at)
    _check_day("formed_on", formed_on, today)
    _check_day("document_date", decision.day, today)
    with transaction.atomic():
        body = _locked(body)
        _check_life_situations(body, life_situations)
        if body.ended_on and formed_on > body.ended_on:
            raise WrongDay(f"Орган прекратил работу {body.ended_on:%d.%m.%Y}, раньше этого дня", "formed_on")
        if not body.is_group:
            _refuse_overlap(body, formed_on)
        _move_beginning(body, formed_on)
        body.formed_on, body.title = formed_on, title
        _put_document(body, decision)
        body.save(update_fields=["formed_on", "title", *_DOCUMENT_COLUMNS])
        if set(body.life_situations.all()) != set(life_situations):
            body.life_situations.set(life_situations)
        remeasure(body.region, at=at)
    return body


def dissolve_body(*, body: Body, last_day: date, by: User, at: datetime) -> None:
    """End a body, its groups and all memberships in them. Raises PermissionDenied, WrongDay, AlreadyEnded."""
    require(by, Permission.STRUCTURE_EDIT, body.region)
    _check_day("last_day", last_day, body.region.local_date(at))
    with transaction.atomic():
        body = _locked(body)
        if body.ended_on:
            raise AlreadyEnded(f"Орган уже прекратил работу {body.ended_on:%d.%m.%Y}")
        for group in groups_in_force(body).select_for_update():
            _end(group, last_day)
        _end(body, last_day)
        remeasure(body.region, at=at)


def groups_in_force(body: Body) -> QuerySet[Body]:
    """The groups that end with their body."""
    kinds = [kind for kind, parent in PARENT_KINDS.items() if parent == body.kind]
    return Body.objects.filter(region=body.region_id, kind__in=kinds, ended_on=None).order_by("pk")


def _end(body: Body, last_day: date) -> None:
    if last_day < body.formed_on:
        raise WrongDay(f"{body}: создан {body.formed_on:%d.%m.%Y}, последний день не может быть раньше", "last_day")
    for member in body.members.filter(Q(ends_on=None) | Q(ends_on__gt=last_day)):
        if member.starts_on > last_day:
            raise WrongDay(f"{member} в составе с {member.starts_on:%d.%m.%Y}: укажите более поздний день", "last_day")
        member.ends_on = last_day
        member.save(update_fields=["ends_on"])
    body.ended_on = last_day
    body.save(update_fields=["ended_on"])


def _move_beginning(body: Body, formed_on: date) -> None:
    if formed_on == body.formed_on:
        return
    for member in body.members.filter(starts_on=body.formed_on):
        if member.ends_on and member.ends_on < formed_on:
            raise WrongDay(f"{member} в составе по {member.ends_on:%d.%m.%Y}, это раньше", "formed_on")
        member.starts_on = formed_on
        member.save(update_fields=["starts_on"])
    if early := body.members.filter(starts_on__lt=formed_on).first():
        raise WrongDay(f"{early} в составе с {early.starts_on:%d.%m.%Y}, это раньше", "formed_on")


def _lock_region(region_id: int) -> None:
    """First of all: a file of members holds the region before its bodies too, and two orders lock each other out."""
    Region.objects.select_for_update(no_key=True).get(pk=region_id)


def _locked(body: Body) -> Body:
    """The body as it is now; until the transaction ends nobody else changes it or its members."""
    _lock_region(body.region_id)
    locked = Body.objects.select_for_update().get(pk=body.pk)
    locked.region = body.region
    return locked


def _lock_parent(group: Body) -> None:
    kind = PARENT_KINDS[Body.Kind(group.kind)]
    if not Body.objects.select_for_update().filter(region=group.region, kind=kind, ended_on=None).first():
        raise NoParent(f"Сначала внесите: {kind.label}. Группа создаётся в его составе")


def _refuse_overlap(body: Body, formed_on: date) -> None:
    """РШ and РЭГ one at a time; the day of passing on belongs to both."""
    others = Body.objects.filter(region=body.region, kind=body.kind).exclude(pk=body.pk)
    if body.ended_on is None and others.filter(ended_on=None).exists():
        raise AlreadyInForce(f"{body.get_kind_display()}: в регионе уже действует")
    overlapping = others.filter(Q(ended_on=None) | Q(ended_on__gt=formed_on))
    if body.ended_on:
        overlapping = overlapping.filter(formed_on__lt=body.ended_on)
    if other := overlapping.first():
        raise WrongDay(f"В эти дни действовал другой: {_term(other.formed_on, other.ended_on)}", "formed_on")


def _check_life_situations(body: Body, life_situations: Sequence[LifeSituation]) -> None:
    if not body.is_group:
        if life_situations or body.title:
            raise WrongLifeSituations("Название и жизненные ситуации бывают только у групп", "life_situations")
        return
    if not life_situations:
        raise WrongLifeSituations("Выберите хотя бы одну жизненную ситуацию", "life_situations")
    wanted = {one.pk for one in life_situations}
    # What the group has worked on it may keep, even if the region has given it up.
    known = set(body.life_situations.values_list("pk", flat=True)) if body.pk else set()
    taken = LifeSituation.objects.filter(regions__region=body.region, pk__in=wanted).values_list("pk", flat=True)
    if wanted - known - set(taken):
        raise WrongLifeSituations("Регион не выбирал эту жизненную ситуацию", "life_situations")


# Members


def add_member(
    *,
    body: Body,
    person: Person,
    starts_on: date,
    by: User,
    at: datetime,
    ends_on: date | None = None,
    is_head: bool = False,
) -> BodyMember:
    """Add a member; as head they take over from the one there is, who stays a member.

    Raises PermissionDenied and the errors of this module.
    """
    require(by, Permission.STRUCTURE_EDIT, body.region)
    with transaction.atomic():
        body = _locked(body)
        _check_term_of_head(is_head, ends_on)
        member = BodyMember(body=body, starts_on=starts_on, ends_on=ends_on, is_head=is_head, **_columns(person))
        _check_member(member, body.region.local_date(at))
        if is_head:
            _stop_being_head(body)
        member.save()
        remeasure(body.region, at=at)
    return member


def edit_member(
    *,
    member: BodyMember,
    person: Person,
    starts_on: date,
    by: User,
    at: datetime,
    ends_on: date | None = None,
    is_head: bool = False,
) -> BodyMember:
    """Correct what is written about a member, or make them the head; the head leaves by `end_member` only.

    Raises PermissionDenied and the errors of this module.
    """
    body = member.body
    require(by, Permission.STRUCTURE_EDIT, body.region)
    with transaction.atomic():
        body = _locked(body)
        member = body.members.get(pk=member.pk)
        was_head = is_head_now(member)
        if was_head and not is_head:
            raise HeadNeeded("Без руководителя орган быть не может: отметьте руководителем другого", "is_head")
        _check_term_of_head(is_head, ends_on)
        for column, value in _columns(person).items():
            setattr(member, column, value)
        member.starts_on, member.ends_on = starts_on, ends_on
        today = body.region.local_date(at)
        # A former head stays one in the records; coming back they are a member like others.
        member.is_head = is_head or (member.is_head and ends_on is not None and ends_on <= today)
        _check_member(member, today)
        if is_head and not was_head:
            _stop_being_head(body)
        member.save(update_fields=[*_PERSON_COLUMNS, "starts_on", "ends_on", "is_head"])
        remeasure(body.region, at=at)
    return member


def end_member(
    *, member: BodyMember, last_day: date, by: User, at: datetime, successor: BodyMember | Person | None = None
) -> None:
    """End a membership; the head's with a successor, a member or somebody new.

    Raises PermissionDenied and the errors of this module.
    """
    require(by, Permission.STRUCTURE_EDIT, member.body.region)
    today = member.body.region.local_date(at)
    _check_day("last_day", last_day, today)
    with transaction.atomic():
        body = _locked(member.body)
        member = body.members.get(pk=member.pk)
        if member.ends_on and member.ends_on <= today:
            raise AlreadyEnded(f"{member} уже не в составе: по {member.ends_on:%d.%m.%Y}")
        if last_day < member.starts_on:
            raise WrongDay(f"В составе с {member.starts_on:%d.%m.%Y}, последний день не может быть раньше", "last_day")
        leads = is_head_now(member)
        if leads and successor is None:
            raise HeadNeeded("Выберите нового руководителя", "successor")
        member.ends_on = last_day
        member.save(update_fields=["ends_on"])
        if leads and isinstance(successor, BodyMember):
            _make_head(body, successor, today)
        elif leads and isinstance(successor, Person):
            # From the next day on; today, when the old head's last day is today: a body is never without one.
            starts_on = min(last_day + timedelta(days=1), today)
            new = BodyMember(body=body, starts_on=starts_on, is_head=True, **_columns(successor))
            _check_member(new, today)
            new.save()
        remeasure(body.region, at=at)


def is_head_now(member: BodyMember) -> bool:
    return member.is_head and member.ends_on is None


def _check_term_of_head(is_head: bool, ends_on: date | None) -> None:
    if is_head and ends_on:
        raise WrongDay("Руководитель в составе без срока: он уходит, когда назначен новый", "ends_on")


def _make_head(body: Body, successor: BodyMember, today: date) -> None:
    chosen = body.members.in_force(today).filter(pk=successor.pk, ends_on=None).first()
    if chosen is None:
        raise HeadNeeded("Выберите руководителя из тех, кто в составе без срока окончания", "successor")
    chosen.is_head = True
    chosen.save(update_fields=["is_head"])


def _stop_being_head(body: Body) -> None:
    for head in body.members.filter(is_head=True, ends_on=None):
        head.is_head = False
        head.save(update_fields=["is_head"])


def _check_member(member: BodyMember, today: date) -> None:
    body = member.body
    _check_group(Body.Kind(body.kind), member)
    if body.ended_on:
        raise AlreadyEnded(f"Орган прекратил работу {body.ended_on:%d.%m.%Y}, его состав больше не меняется")
    _check_day("starts_on", member.starts_on, today)
    if member.starts_on < body.formed_on:
        raise WrongDay(f"Орган создан {body.formed_on:%d.%m.%Y}, раньше в нём быть нельзя", "starts_on")
    if member.ends_on:
        _check_end("ends_on", member.ends_on, member.starts_on, today)
        if member.ends_on < today:
            return
    others = body.members.filter(Q(ends_on=None) | Q(ends_on__gte=max(today, member.starts_on))).exclude(pk=member.pk)
    if member.email and others.filter(email=member.email).exists():
        raise AlreadyThere("Человек с этим адресом уже в составе", "email")
    if others.filter(full_name=member.full_name, organisation=member.organisation).exists():
        raise AlreadyThere("Этот человек уже в составе", "full_name")


def _check_group(kind: Body.Kind, person: Person | BodyMember) -> None:
    if person.group not in groups_of(kind):
        raise WrongGroup("В таком органе этих участников не бывает: выберите из списка или «Другое»", "group")


# The РСУ


def appoint_commissioner(
    *, region: Region, facts: CommissionerFacts, decision: Decision, appointed_on: date, by: User, at: datetime
) -> ServiceCommissioner:
    """Appoint the region's one РСУ. Raises PermissionDenied, WrongDay, AlreadyInForce."""
    require(by, Permission.STRUCTURE_EDIT, region)
    today = region.local_date(at)
    _check_day("appointed_on", appointed_on, today)
    _check_day("document_date", decision.day, today)
    with transaction.atomic():
        _lock_region(region.pk)
        commissioner = ServiceCommissioner(region=region, appointed_on=appointed_on, **_facts(facts))
        _refuse_second_commissioner(commissioner, appointed_on)
        _put_document(commissioner, decision)
        try:
            with transaction.atomic():
                commissioner.save()
        except IntegrityError as error:
            # Somebody else appointed one a moment ago.
            raise AlreadyInForce("В регионе уже есть действующий РСУ") from error
        remeasure(region, at=at)
    return commissioner


def edit_commissioner(
    *,
    commissioner: ServiceCommissioner,
    facts: CommissionerFacts,
    decision: Decision,
    appointed_on: date,
    by: User,
    at: datetime,
) -> ServiceCommissioner:
    """Correct what is written about a РСУ. Raises PermissionDenied, WrongDay."""
    require(by, Permission.STRUCTURE_EDIT, commissioner.region)
    today = commissioner.region.local_date(at)
    _check_day("appointed_on", appointed_on, today)
    _check_day("document_date", decision.day, today)
    with transaction.atomic():
        commissioner = _locked_commissioner(commissioner)
        if commissioner.ended_on and appointed_on > commissioner.ended_on:
            raise WrongDay(
                f"Обязанности исполнялись по {commissioner.ended_on:%d.%m.%Y}, раньше этого дня", "appointed_on"
            )
        _refuse_second_commissioner(commissioner, appointed_on)
        for column, value in _facts(facts).items():
            setattr(commissioner, column, value)
        commissioner.appointed_on = appointed_on
        _put_document(commissioner, decision)
        commissioner.save(update_fields=[*_FACT_COLUMNS, "appointed_on", *_DOCUMENT_COLUMNS])
        remeasure(commissioner.region, at=at)
    return commissioner


def accredit(
    *,
    commissioner: ServiceCommissioner,
    course: str,
    course_completed_on: date | None,
    accredited_on: date | None,
    accredited_until: date | None,
    by: User,
    at: datetime,
) -> ServiceCommissioner:
    """Record the course a РСУ has gone through and the accreditation the Agency gave by it [001 III.2.2].

    Raises PermissionDenied, WrongDay, AlreadyEnded.
    """
    require(by, Permission.COMMISSIONER_ACCREDIT, commissioner.region)
    today = commissioner.region.local_date(at)
    if course_completed_on:
        _check_day("course_completed_on", course_completed_on, today)
    if accredited_on:
        _check_day("accredited_on", accredited_on, today)
        if course_completed_on is None:
            raise WrongDay("Аккредитуют по результатам программы: укажите, когда она пройдена", "course_completed_on")
        if accredited_on < course_completed_on:
            raise WrongDay("Аккредитация не может быть раньше, чем пройдена программа", "accredited_on")
    if accredited_until:
        if accredited_on is None:
            raise WrongDay("Укажите, с какого дня действует аккредитация", "accredited_on")
        _check_end("accredited_until", accredited_until, accredited_on, today)
    with transaction.atomic():
        commissioner = _locked_commissioner(commissioner)
        if commissioner.ended_on:
            raise AlreadyEnded(f"РСУ исполнял обязанности по {commissioner.ended_on:%d.%m.%Y}")
        commissioner.course = course
        commissioner.course_completed_on = course_completed_on
        commissioner.accredited_on = accredited_on
        commissioner.accredited_until = accredited_until
        commissioner.save(update_fields=["course", "course_completed_on", "accredited_on", "accredited_until"])
    return commissioner


def release_commissioner(*, commissioner: ServiceCommissioner, last_day: date, by: User, at: datetime) -> None:
    """End the duties of a РСУ. Raises PermissionDenied, WrongDay, AlreadyEnded."""
    require(by, Permission.STRUCTURE_EDIT, commissioner.region)
    _check_day("last_day", last_day, commissioner.region.local_date(at))
    with transaction.atomic():
        commissioner = _locked_commissioner(commissioner)
        if commissioner.ended_on:
            raise AlreadyEnded(f"Обязанности уже сняты: по {commissioner.ended_on:%d.%m.%Y}")
        if last_day < commissioner.appointed_on:
            raise WrongDay(
                f"Назначен {commissioner.appointed_on:%d.%m.%Y}, последний день не может быть раньше", "last_day"
            )
        commissioner.ended_on = last_day
        commissioner.save(update_fields=["ended_on"])
        remeasure(commissioner.region, at=at)


def accreditation_state(commissioner: ServiceCommissioner, on: date) -> tuple[str, str]:
    """The accreditation on a day as a chip shows it: kind and words of components/status.html."""
    until = commissioner.accredited_until
    if commissioner.accredited_on is None:
        return "neutral", "не аккредитован"
    if until is None:
        return "good", "аккредитован"
    if until < on:
        return "bad", f"аккредитация истекла {until:%d.%m.%Y}"
    if until - on <= ACCREDITATION_ENDS_SOON:
        return "warn", f"аккредитация истекает {until:%d.%m.%Y}"
    return "good", f"аккредитован по {until:%d.%m.%Y}"


def _locked_commissioner(commissioner: ServiceCommissioner) -> ServiceCommissioner:
    _lock_region(commissioner.region_id)
    locked = ServiceCommissioner.objects.select_for_update().get(pk=commissioner.pk)
    locked.region = commissioner.region
    return locked


def _refuse_second_commissioner(commissioner: ServiceCommissioner, appointed_on: date) -> None:
    """One at a time; the day of passing on belongs to both."""
    others = ServiceCommissioner.objects.filter(region=commissioner.region).exclude(pk=commissioner.pk)
    if commissioner.ended_on is None and others.filter(ended_on=None).exists():
        raise AlreadyInForce("В регионе уже есть действующий РСУ")
    overlapping = others.filter(Q(ended_on=None) | Q(ended_on__gt=appointed_on))
    if commissioner.ended_on:
        overlapping = overlapping.filter(appointed_on__lt=commissioner.ended_on)
    if other := overlapping.first():
        raise WrongDay(
            f"В эти дни обязанности исполнял {other}: {_term(other.appointed_on, other.ended_on)}", "appointed_on"
        )


# What all of them share

_PERSON_COLUMNS = ("full_name", "position", "organisation", "email", "group", "competences")
_FACT_COLUMNS = ("full_name", "position", "email", "competences", "has_office", "office")
_DOCUMENT_COLUMNS = ("document_number", "document_date", "document_file", "document_name")


def _columns(person: Person) -> dict[str, Any]:
    return {
        "full_name": person.full_name,
        "position": person.position,
        "organisation": person.organisation,
        "email": person.email,
        "group": person.group,
        "competences": _in_order(person.competences),
    }


def _facts(facts: CommissionerFacts) -> dict[str, Any]:
    return {
        "full_name": facts.full_name,
        "position": facts.position,
        "email": facts.email,
        "competences": _in_order(facts.competences),
        "has_office": facts.has_office,
        "office": facts.office,
    }


def _in_order(competences: Collection[str]) -> list[str]:
    """As the document lists them, so that the history shows no change where only the order differs."""
    return [code for code in Competence.values if code in competences]


def _put_document(row: DecisionDocument, decision: Decision) -> None:
    """Write the document into a row that will be saved. A file taken away stays in the store: the history names it."""
    row.document_number, row.document_date = decision.number, decision.day
    if isinstance(decision.file, UploadedFile):
        row.document_file = decision.file
        row.document_name = (decision.file.name or "")[-200:]
    elif decision.file is False:
        row.document_file = ""
        row.document_name = ""


def _check_day(field: str, day: date, today: date) -> None:
    if day > today:
        raise WrongDay("Этот день ещё не наступил", field)
    if day.year < _FIRST_YEAR:
        raise WrongDay("Проверьте год", field)


def _check_end(field: str, day: date, first: date, today: date) -> None:
    """A last day that may lie ahead."""
    if day < first:
        raise WrongDay("Последний день не может быть раньше первого", field)
    if day > today + _LONGEST_AHEAD:
        raise WrongDay("Проверьте год", field)


def _term(first: date, last: date | None) -> str:
    return f"с {first:%d.%m.%Y}" + (f" по {last:%d.%m.%Y}" if last else "")
