"""Files of digitised answers: sent, checked, loaded by a job, taken back by two people.

A file that was sent holds texts as they were written, with names and telephones in them: it is kept only as long as
somebody works on it, its name and checksum stay. Its check and its loading are jobs; both read it anew, so a job that
was killed simply starts again. Loading stores all answers and the new state in one transaction: wholly, or not at all.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import PurePath

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F, ProtectedError, Q
from django.utils import timezone

from accounts.models import User
from jobs import services as jobs
from jobs.models import Job
from regions.permissions import Permission, require
from surveys.counting import rollups
from surveys.locks import PublishedAlready, require_unpublished
from surveys.models import Response, ResponseImport, SurveyLink
from surveys.paper.importing import (
    ImportRefused,
    ImportResult,
    Plan,
    Problem,
    plan_file,
    planned_again,
    without_collector,
)
from surveys.paper.marking import described, mark_file
from surveys.services.comments import TakenUp, require_not_taken_up
from surveys.storing import INSERTED_AT_ONCE

CHECK = "check_response_import"
LOAD = "load_response_import"
# Kept for the page; the marked file has them all.
KEPT_PROBLEMS = 2000

State = ResponseImport.State
# What can be begun from which state. A job that broke off leaves its state behind, and may be asked for again.
MAY_CHECK = (State.CHECKING, State.FAILED)
MAY_LOAD = (State.CHECKED, State.LOADING)
# What cannot go on without its file.
NEEDS_FILE = (State.CHECKING, State.CHECKED, State.FAILED)
MAY_CANCEL = (State.CHECKING, State.CHECKED, State.LOADING, State.REFUSED, State.FAILED)

# A file that has done its work stays for another day, one nobody comes back to for two weeks.
FILES_KEPT = timedelta(days=1)
IDLE_FILES_KEPT = timedelta(days=14)


class CannotDo(Exception):
    """What was asked cannot be done as things stand; the message is in Russian."""


class _CancelAsked(Exception):
    pass


def scope(found: ResponseImport) -> str:
    return f"import:{found.pk}"


def newest_job(found: ResponseImport) -> Job | None:
    """The newest work on a file: its loading, or its check when it was not loaded yet."""
    kind = CHECK if found.state in (State.CHECKING, State.REFUSED, State.CHECKED) else LOAD
    return Job.objects.latest_for(kind, scope(found)) or Job.objects.latest_for(CHECK, scope(found))


def is_at_work(found: ResponseImport) -> bool:
    job = newest_job(found)
    return bool(job and job.is_active)


def send_file(*, link: SurveyLink, name: str, content: bytes, by: User) -> ResponseImport:
    """Keep a file and ask for its check. Raises PermissionDenied."""
    require(by, Permission.RESPONSES_IMPORT, link.institution)
    with transaction.atomic():
        found = _described(link, name, content, by)
        # The name on the disk is one nobody can guess; the sender's stands in the row.
        found.file.save("answers.xlsx", ContentFile(content), save=True)
        jobs.ask_for(CHECK, scope=scope(found), parameters={"import": found.pk}, by=by)
    return found


def _described(link: SurveyLink, name: str, content: bytes, by: User) -> ResponseImport:
    digest = hashlib.sha256(content).hexdigest()
    return ResponseImport(link=link, file_name=_bearable(name), file_digest=digest, created_by=by)


def _bearable(name: str) -> str:
    return "".join(sign for sign in PurePath(name).name if sign.isprintable())[-200:] or "answers.xlsx"


def check_again(*, found: ResponseImport, by: User) -> None:
    """Ask for the check of a file whose check broke off. Raises PermissionDenied, CannotDo."""
    require(by, Permission.RESPONSES_IMPORT, found.link.institution)
    with transaction.atomic():
        moved = ResponseImport.objects.filter(pk=found.pk, state__in=MAY_CHECK, cancel_asked=False)
        if not moved.update(state=State.CHECKING, message=""):
            raise CannotDo("Этот файл уже проверен или отменён.")
        jobs.ask_for(CHECK, scope=scope(found), parameters={"import": found.pk}, by=by)


def start(*, found: ResponseImport, by: User) -> None:
    """Ask for the loading of a checked file. Asked twice it is loaded once. Raises PermissionDenied, CannotDo."""
    require(by, Permission.RESPONSES_IMPORT, found.link.institution)
    with transaction.atomic():
        moved = ResponseImport.objects.filter(pk=found.pk, state__in=MAY_LOAD, cancel_asked=False)
        if not moved.update(state=State.LOADING):
            raise CannotDo("Загружать можно только проверенный файл без ошибок.")
        jobs.ask_for(LOAD, scope=scope(found), parameters={"import": found.pk}, by=by)


def cancel(*, found: ResponseImport, by: User) -> None:
    """Give a file up; one that is being loaded stops and leaves nothing. Cancelled twice it is cancelled.

    Raises PermissionDenied, CannotDo when the answers are stored already.
    """
    require(by, Permission.RESPONSES_IMPORT, found.link.institution)
    with transaction.atomic():
        row = ResponseImport.objects.filter(pk=found.pk)
        # One statement: a loading that is just ending either sees the wish or has ended.
        if not row.filter(state__in=MAY_CANCEL).update(cancel_asked=True):
            if row.filter(state=State.CANCELLED).exists():
                return
            raise CannotDo("Ответы уже загружены. Их можно отозвать.")
        # Nobody is at it: nobody else would write it down.
        if not Job.objects.active().filter(scope=scope(found)).exists():
            row.filter(state__in=MAY_CANCEL).update(state=State.CANCELLED, finished_at=timezone.now())


# The jobs -------------------------------------------------------------------------------------------------------------


def _import_of(run: jobs.Run) -> ResponseImport:
    places = ResponseImport.objects.select_related(
        "link__institution__region", "link__life_situation__direction", "link__version__questionnaire"
    )
    return places.get(pk=run.job.parameters["import"])


@jobs.job_body(CHECK)
def check(run: jobs.Run) -> str:
    """The dry run: what loading would do, or what is wrong with a marked copy of the file."""
    found = _import_of(run)
    if found.state != State.CHECKING:
        return found.get_state_display()
    try:
        plan = _plan(run, found, upto=90)
    except ImportRefused as refused:
        return _refuse(run, found, refused)
    except _CancelAsked:
        return _cancelled(run, found)
    except jobs.ClaimLost:
        raise
    except Exception:
        _fail(run, found)
        raise
    with transaction.atomic():
        run.still_mine()
        _finish(found, State.CHECKED, **_figures(plan), problems=0, message=_late(found.link, plan))
    return f"Файл проверен: анкет — {plan.rows}, новых — {len(plan.new)}"


@jobs.job_body(LOAD)
def load(run: jobs.Run) -> str:
    """Store the answers of a checked file: all of them and the new state in one transaction."""
    found = _import_of(run)
    if found.state != State.LOADING:
        return found.get_state_display()
    try:
        plan = _plan(run, found, upto=60)
        run.progress(60, f"Сохраняем ответы: {len(plan.new)}")
        stored = _store(run, found, plan)
    except ImportRefused as refused:
        # Meanwhile the link was closed, or a row with the same number has arrived.
        return _refuse(run, found, refused)
    except _CancelAsked:
        return _cancelled(run, found)
    except jobs.ClaimLost:
        raise
    except Exception:
        _fail(run, found)
        raise
    return f"Загружено новых ответов: {stored}"


def _plan(run: jobs.Run, found: ResponseImport, *, upto: int) -> Plan:
    """Read the file, showing how far it is; asks now and then whether to go on."""

    def progress(done: int, of: int) -> None:
        if _is_cancel_asked(found):
            raise _CancelAsked
        run.progress(5 + (upto - 5) * done // of, f"Прочитано строк: {done} из {of}")

    run.progress(1, "Открываем файл")
    return plan_file(link=found.link, content=_content(found), now=timezone.now(), progress=progress)


def _content(found: ResponseImport) -> bytes:
    with found.file.open("rb") as file:
        content: bytes = file.read()
    return content


def _is_cancel_asked(found: ResponseImport) -> bool:
    return ResponseImport.objects.filter(pk=found.pk, cancel_asked=True).exists()


@transaction.atomic
def _store(run: jobs.Run, found: ResponseImport, plan: Plan) -> int:
    run.still_mine()
    return _store_plan(found, plan)


def load_at_once(*, link: SurveyLink, name: str, content: bytes, by: User) -> ImportResult:
    """Check and store a file while one waits, for the command line. It stands among the files of the link and can be
    taken back like any other; the file itself is not kept, for nobody works on it any more.

    Raises PermissionDenied, and ImportRefused with all problems of the file: then nothing is left of it.
    """
    require(by, Permission.RESPONSES_IMPORT, link.institution)
    plan = plan_file(link=link, content=content, now=timezone.now())
    found = _described(link, name, content, by)
    found.state = State.LOADING
    with transaction.atomic():
        found.save()
        stored = _store_plan(found, plan)
    return ImportResult(rows=plan.rows, stored=stored, repeated=plan.rows - stored, eligible=plan.eligible)


def _store_plan(found: ResponseImport, plan: Plan) -> int:
    # One file of a link at a time: rows of two files are told apart by what is stored already.
    SurveyLink.objects.select_for_update(no_key=True).get(pk=found.link_id)
    plan = planned_again(found.link, plan)
    # Before anything is stored: whoever publishes the quarter waits until these answers can be seen.
    message = _late(found.link, plan)
    stored = 0
    for begin in range(0, len(plan.new), INSERTED_AT_ONCE):
        if _is_cancel_asked(found):
            raise _CancelAsked
        batch = plan.new[begin : begin + INSERTED_AT_ONCE]
        for response in batch:
            response.imported_in_id = found.pk
        with without_collector():
            stored += Response.objects.insert_many_once(batch)
    figures = _figures(plan) | {"stored": stored, "repeated": plan.rows - stored}
    _finish(found, State.DONE, **figures, problems=0, message=message)
    return stored


def _figures(plan: Plan) -> dict[str, int]:
    return {"rows": plan.rows, "stored": len(plan.new), "repeated": plan.repeated, "eligible": plan.eligible}


def _finish(found: ResponseImport, state: str, **fields: object) -> None:
    """The end of a job, unless somebody wished it to stop before. Raises _CancelAsked."""
    row = ResponseImport.objects.filter(pk=found.pk, state=found.state, cancel_asked=False)
    if not row.update(state=state, finished_at=timezone.now(), problem_list=fields.pop("problem_list", None), **fields):
        raise _CancelAsked


def _refuse(run: jobs.Run, found: ResponseImport, refused: ImportRefused) -> str:
    run.progress(95, "Отмечаем ошибки в файле")
    marked = mark_file(_content(found), refused.reading) if refused.reading else b""
    kept = described(refused.problems[:KEPT_PROBLEMS])
    old = found.marked.name
    with transaction.atomic():
        run.still_mine()
        if marked:
            found.marked.save("marked.xlsx", ContentFile(marked), save=False)
        row = ResponseImport.objects.filter(pk=found.pk, state=found.state)
        row.filter(cancel_asked=True).update(state=State.CANCELLED, finished_at=timezone.now())
        row.update(
            state=State.REFUSED,
            marked=found.marked.name or "",
            message=_first_words(refused.problems),
            rows=len(refused.reading.rows) if refused.reading else None,
            problems=len(refused.problems),
            problem_list=kept,
            stored=None,
            repeated=None,
            eligible=None,
            finished_at=timezone.now(),
        )
        if old and marked:
            transaction.on_commit(lambda: found.marked.storage.delete(old))
    return f"Ошибок в файле: {len(refused.problems)}"


def _first_words(problems: list[Problem]) -> str:
    return str(problems[0])[:500]


def _cancelled(run: jobs.Run, found: ResponseImport) -> str:
    with transaction.atomic():
        run.still_mine()
        ResponseImport.objects.filter(pk=found.pk, state__in=MAY_CANCEL).update(
            state=State.CANCELLED, finished_at=timezone.now()
        )
    return "Отменено, ничего не загружено"


def _fail(run: jobs.Run, found: ResponseImport) -> None:
    """Something broke: the file is neither checked nor loaded, and both can be asked for again."""
    with transaction.atomic():
        run.still_mine()
        ResponseImport.objects.filter(pk=found.pk, state=found.state).update(
            state=State.FAILED, message="Работа с файлом оборвалась. Проверьте его ещё раз."
        )


def _late(link: SurveyLink, plan: Plan) -> str:
    """What to know of answers whose quarter is published already: they are kept, and change nothing."""
    quarter = published_quarter(link, {response.answered_on for response in plan.new})
    return f"{quarter} уже опубликован: ответы за его дни сохраняются, но в его значения не войдут." if quarter else ""


def published_quarter(link: SurveyLink, days: Iterable[date]) -> str:
    """The published quarter one of the days lies in, as people call it, or empty."""
    try:
        require_unpublished(institution_id=link.institution_id, life_situation_id=link.life_situation_id, days=days)
    except PublishedAlready as published:
        return str(published)
    return ""


# Taking a whole file back ---------------------------------------------------------------------------------------------


def ask_to_undo(*, found: ResponseImport, reason: str, by: User, at: datetime) -> None:
    """Wish that all answers of a file be taken back; another person confirms it.

    Raises PermissionDenied, CannotDo, PublishedAlready.
    """
    require(by, Permission.RESPONSES_IMPORT, found.link.institution)
    _require_unpublished(found)
    wished = ResponseImport.objects.filter(pk=found.pk, state=State.DONE, undo_asked_by=None)
    if not wished.update(undo_asked_by=by, undo_asked_at=at, undo_reason=reason):
        raise CannotDo("Отзыв этой загрузки уже начат, или отзывать нечего.")


def give_undo_up(*, found: ResponseImport, by: User) -> None:
    """The first person thinks better of it, or the second does not agree. Raises PermissionDenied, CannotDo.

    Whoever may confirm it may: otherwise it would stay for good once the first person has left.
    """
    require(by, Permission.RESPONSES_IMPORT, found.link.institution)
    wished = ResponseImport.objects.filter(pk=found.pk, state=State.DONE, undo_asked_by__isnull=False)
    if not wished.update(undo_asked_by=None, undo_asked_at=None, undo_reason=""):
        raise CannotDo("Эта загрузка уже отозвана, или её отзыв никто не предлагал.")


def undo(*, found: ResponseImport, by: User, at: datetime) -> int:
    """Delete all answers of a file, with their comments and marks; the record of it stays. Returns how many they were.

    Confirmed by two people at once it is done once. Raises PermissionDenied, CannotDo, PublishedAlready.
    """
    require(by, Permission.RESPONSES_IMPORT, found.link.institution)
    _require_unpublished(found)
    ids = list(Response.objects.filter(imported_in=found.pk).values_list("pk", flat=True))
    try:
        # Locks what rolls up: answers that go must go from the rollups in the same moment.
        with rollups.changing(ids):
            wished = ResponseImport.objects.filter(pk=found.pk, state=State.DONE, undo_asked_by__isnull=False)
            if not wished.exclude(undo_asked_by=by).update(state=State.UNDONE, undone_by=by, undone_at=at):
                if wished.exists():
                    raise CannotDo("Отозвать загрузку должен другой человек: предложили её отозвать Вы.")
                raise CannotDo("Эта загрузка уже отозвана, или её отзыв никто не предлагал.")
            # Again, now that nothing can be published beside it.
            _require_unpublished(found)
            require_not_taken_up(ids)
            Response.objects.filter(pk__in=ids).delete()
    except TakenUp as error:
        raise CannotDo(
            "За ответами этой загрузки стоит проблема, взятая в дорожную карту: отозвать её нельзя."
        ) from error
    except ProtectedError as error:
        raise CannotDo("На ответы этой загрузки уже опираются другие записи портала, отозвать её нельзя.") from error
    return len(ids)


def _require_unpublished(found: ResponseImport) -> None:
    """Answers may since have gone to another institution or ЖС with their link: each is asked where it stands."""
    places: dict[tuple[int, int], set[date]] = defaultdict(set)
    rows = Response.objects.filter(imported_in=found.pk).order_by()
    for institution, life_situation, day in rows.values_list(
        F("institution_id"), F("life_situation_id"), F("answered_on")
    ).distinct():
        places[institution, life_situation].add(day)
    for (institution, life_situation), days in places.items():
        require_unpublished(institution_id=institution, life_situation_id=life_situation, days=days)


def forget_files(now: datetime) -> int:
    """Delete the files of imports that are over, and of those left alone; returns of how many imports."""
    over = Q(state__in=(State.DONE, State.CANCELLED, State.UNDONE), created_at__lte=now - FILES_KEPT)
    idle = Q(created_at__lte=now - IDLE_FILES_KEPT) & ~Q(state=State.LOADING)
    number = 0
    for found in ResponseImport.objects.filter(over | idle).exclude(file="", marked=""):
        row = ResponseImport.objects.filter(pk=found.pk)
        row.filter(state__in=NEEDS_FILE).update(
            state=State.CANCELLED,
            message="С файлом две недели никто не работал, и он удалён. Пришлите его ещё раз.",
            finished_at=now,
        )
        if row.filter(state=State.LOADING).exists():
            # Somebody has come back to it just now.
            continue
        for file in (found.file, found.marked):
            if file:
                file.storage.delete(str(file.name))
        row.update(file="", marked="")
        number += 1
    return number
