"""Letters of regions to the Agency and their deadlines [001 VII]: what is due, what has been sent, who registers it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, models, transaction
from django.db.models import Q

from accounts.models import User
from regions.models import Letter, LetterDeadline, LetterKind, Region
from regions.permissions import Permission, may_anywhere, require

# The initiative began in 2021 [001]: an earlier date is a slip of the finger, and so is one many years ahead.
EARLIEST_YEAR = 2020
MOST_YEARS_AHEAD = 10


class LetterError(Exception):
    """What cannot be registered, in words for the person; `field` is the form's field it is about."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class WrongDay(LetterError):
    """A day that has not come yet, or of another age."""


class AlreadyRegistered(LetterError):
    """The same letter is there already."""


class DeadlineExists(LetterError):
    """This letter has its deadline already, a general one or one of the region."""


class LetterState(models.TextChoices):
    """How a region stands with a letter that has a deadline; in the order of what is most urgent."""

    OVERDUE = "overdue", "Просрочено"
    AHEAD = "ahead", "Ожидается"
    LATE = "late", "Отправлено с опозданием"
    SENT = "sent", "Отправлено в срок"
    BEFORE = "before", "Срок прошёл до вступления региона"


def state_of(*, due_on: date, is_own: bool, sent_on: date | None, participates_since: date, today: date) -> LetterState:
    """The state of one letter on the day `today` of the region that takes part since a day.

    The last day is a day in time, to its 24:00 in the region. A general deadline from before the region took part
    binds it to nothing; one set for the region itself (`is_own`) does.
    """
    if sent_on is not None:
        return LetterState.SENT if sent_on <= due_on else LetterState.LATE
    if due_on < participates_since and not is_own:
        return LetterState.BEFORE
    return LetterState.OVERDUE if today > due_on else LetterState.AHEAD


@dataclass(frozen=True, slots=True)
class Due:
    """A letter that is due from a region, and the one it sent, if it has."""

    deadline: LetterDeadline
    state: LetterState
    letter: Letter | None
    days_left: int

    @property
    def title(self) -> str:
        return str(self.deadline)


def dues(regions: Iterable[Region], *, at: datetime) -> dict[int, list[Due]]:
    """By the number of each region, what it owes the Agency by its own clock at `at`, the nearest deadline first.

    A region that does not take part yet owes nothing. Three queries, however many regions.
    """
    taking_part = {one.pk: one for one in regions if takes_part(one, at)}
    sent: dict[tuple[int, int, str], Letter] = {}
    letters = Letter.objects.filter(region__in=taking_part, document_date__isnull=False).select_related("kind")
    for letter in letters.order_by("-document_date", "-pk"):
        # The first one sent stays: it decides whether the region was in time.
        sent[letter.region_id, letter.kind_id, letter.occasion] = letter
    return {
        region.pk: sorted(
            (_due(region, one, sent.get((region.pk, one.kind_id, one.occasion)), at) for one in binding),
            key=lambda due: (due.deadline.due_on, due.deadline.kind.position),
        )
        for region, binding in _binding(taking_part)
    }


def behind(regions: Iterable[Region], *, at: datetime) -> set[int]:
    """The numbers of the regions with an overdue letter: what `dues` says, without the letters themselves."""
    taking_part = {one.pk: one for one in regions if takes_part(one, at)}
    letters = Letter.objects.filter(region__in=taking_part, document_date__isnull=False)
    sent = set(letters.order_by().values_list("region", "kind", "occasion"))
    return {
        region.pk
        for region, binding in _binding(taking_part)
        if any(
            _due(region, one, None, at).state == LetterState.OVERDUE
            for one in binding
            if (region.pk, one.kind_id, one.occasion) not in sent
        )
    }


def _binding(taking_part: dict[int, Region]) -> Iterator[tuple[Region, list[LetterDeadline]]]:
    """The deadlines of each region: its own, and the general ones for which it has none of its own."""
    general: list[LetterDeadline] = []
    own: dict[int, list[LetterDeadline]] = defaultdict(list)
    deadlines = LetterDeadline.objects.filter(Q(region=None) | Q(region__in=taking_part)).select_related("kind")
    for deadline in deadlines.order_by("due_on", "kind__position", "pk"):
        if deadline.region_id is None:
            general.append(deadline)
        else:
            own[deadline.region_id].append(deadline)
    for region in taking_part.values():
        instead = {(one.kind_id, one.occasion) for one in own[region.pk]}
        yield region, own[region.pk] + [one for one in general if (one.kind_id, one.occasion) not in instead]


def takes_part(region: Region, at: datetime) -> bool:
    return region.participates_since is not None and region.participates_since <= region.local_date(at)


def _due(region: Region, deadline: LetterDeadline, letter: Letter | None, at: datetime) -> Due:
    assert region.participates_since
    today = region.local_date(at)
    return Due(
        deadline=deadline,
        state=state_of(
            due_on=deadline.due_on,
            is_own=deadline.region_id is not None,
            sent_on=letter.sent_on if letter else None,
            participates_since=region.participates_since,
            today=today,
        ),
        letter=letter,
        days_left=(deadline.due_on - today).days,
    )


# Letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is entered about a letter. `file`: a new one, False to remove the old one, None to leave it as it is."""

    kind: LetterKind
    occasion: str
    number: str
    day: date
    file: "UploadedFile[bytes] | bool | None" = None
    note: str = ""


@transaction.atomic
def register(*, region: Region, facts: Facts, by: User, at: datetime) -> Letter:
    """Register a letter the region has sent. Raises PermissionDenied, WrongDay, AlreadyRegistered."""
    require(by, Permission.STRUCTURE_EDIT, region)
    letter = Letter(region=region, registered_by=by)
    _write(letter, facts, at)
    letter.save()
    return letter


@transaction.atomic
def edit(*, letter: Letter, facts: Facts, by: User, at: datetime) -> Letter:
    """Correct what is registered; the history keeps what was. Raises as `register` does."""
    require(by, Permission.STRUCTURE_EDIT, letter.region)
    letter = Letter.objects.select_for_update(of=("self",)).select_related("region").get(pk=letter.pk)
    before = {name: getattr(letter, name) for name in _COLUMNS}
    _write(letter, facts, at)
    changed = [name for name in _COLUMNS if getattr(letter, name) != before[name]]
    if changed:
        letter.save(update_fields=changed)
    return letter


_COLUMNS = ("kind", "occasion", "document_number", "document_date", "document_file", "document_name", "note")


def _write(letter: Letter, facts: Facts, at: datetime) -> None:
    """Write the facts into a row that will be saved."""
    _check_year(facts.day, today=letter.region.local_date(at), field="document_date")
    if facts.day > letter.region.local_date(at):
        raise WrongDay("Этот день ещё не наступил", "document_date")
    # Of two people who register the same letter at once the second waits here, and finds it.
    Region.objects.select_for_update(no_key=True).get(pk=letter.region_id)
    same = Letter.objects.filter(
        region=letter.region,
        kind=facts.kind,
        occasion=facts.occasion,
        document_number=facts.number,
        document_date=facts.day,
    )
    if same.exclude(pk=letter.pk).exists():
        raise AlreadyRegistered("Письмо с этим номером и датой уже внесено", "document_number")
    letter.kind, letter.occasion, letter.note = facts.kind, facts.occasion, facts.note
    letter.document_number, letter.document_date = facts.number, facts.day
    if isinstance(facts.file, UploadedFile):
        letter.document_file = facts.file
        letter.document_name = (facts.file.name or "")[-200:]
    elif facts.file is False:
        letter.document_file = ""
        letter.document_name = ""


# Taking part


@transaction.atomic
def set_participation(*, region: Region, since: date | None, by: User, at: datetime) -> None:
    """Since when the region takes part (None: it does not), which decides what letters it owes.

    Raises PermissionDenied, WrongDay.
    """
    require(by, Permission.STRUCTURE_EDIT, region)
    if since is not None:
        today = region.local_date(at)
        _check_year(since, today=today, field="participates_since")
        if since > today:
            raise WrongDay("Этот день ещё не наступил", "participates_since")
    if since != region.participates_since:
        region.participates_since = since
        region.save(update_fields=["participates_since"])


# Deadlines


def add_deadline(
    *, kind: LetterKind, occasion: str, region: Region | None, due_on: date, by: User, today: date
) -> LetterDeadline:
    """Set a day for a letter: for every region, or (in its stead) for one.

    Raises PermissionDenied, WrongDay, DeadlineExists.
    """
    require_deadlines(by)
    _check_year(due_on, today=today, field="due_on")
    try:
        with transaction.atomic():
            return LetterDeadline.objects.create(kind=kind, occasion=occasion, region=region, due_on=due_on)
    except IntegrityError as error:
        message = "Для этого региона срок уже задан: измените его" if region else "Общий срок уже задан: измените его"
        raise DeadlineExists(message, "region" if region else "kind") from error


def move_deadline(*, deadline: LetterDeadline, due_on: date, by: User, today: date) -> None:
    """Raises PermissionDenied, WrongDay."""
    require_deadlines(by)
    _check_year(due_on, today=today, field="due_on")
    if due_on != deadline.due_on:
        deadline.due_on = due_on
        deadline.save(update_fields=["due_on"])


def remove_deadline(*, deadline: LetterDeadline, by: User) -> None:
    """Remove a deadline; letters sent stay. Where it stood in for the general one, that one counts again."""
    require_deadlines(by)
    deadline.delete()


def require_deadlines(by: User) -> None:
    if not may_anywhere(by, Permission.DEADLINES_MANAGE):
        raise PermissionDenied


def _check_year(day: date, *, today: date, field: str) -> None:
    if not EARLIEST_YEAR <= day.year <= today.year + MOST_YEARS_AHEAD:
        raise WrongDay("Проверьте год", field)
