"""All answers of an institution as one XLSX: a row for each, texts masked, nothing that tells who answered.

For the institution's own people: single answers are what small numbers protect from everybody else. There is the day
and not the hour, and within a day the rows stand in no order of arrival.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import IO, Any, Final

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from accounts.models import User
from jobs import services as jobs
from jobs.models import Job
from monitoring.survey_results.reading import sources_of
from regions.models import Institution, LifeSituation
from regions.permissions import Permission, require
from regions.spreadsheets import NOT_PLAIN, safe_text, words_in
from surveys.counting.distributions import Questionnaires, Source
from surveys.counting.fates import COUNTED, LEFT_OUT, TOO_LATE, fate
from surveys.models import Response, SurveyLink

EXPORT_ANSWERS = "export_answers"
# Excel reads so many rows of a sheet; what is more goes on on another one.
ROWS_OF_A_SHEET: Final = 1_000_000
CHUNK: Final = 2000
# Single answers lie about no longer than it takes to download them.
FILES_KEPT: Final = timedelta(days=1)
FATES: Final = {COUNTED: "учтён", TOO_LATE: "слишком поздно после услуги", LEFT_OUT: "исключён"}
HEAD: Final = ("Дата ответа", "Канал", "Анкета", "В расчёте")


def scope_of(institution: Institution, by: User) -> str:
    return f"answers:{institution.pk}:{by.pk}"


def ask_for_answers(*, institution: Institution, situation: LifeSituation, first: date, last: date, by: User) -> Job:
    """Start an export (or find the person's own that is under way). Raises PermissionDenied."""
    _require(by, institution)
    return jobs.ask_for(
        EXPORT_ANSWERS,
        scope=scope_of(institution, by),
        parameters={
            "institution": institution.pk,
            "life_situation": situation.pk,
            "first": first.isoformat(),
            "last": last.isoformat(),
        },
        by=by,
    )


def _require(by: User, institution: Institution) -> None:
    for permission in (Permission.INSTITUTION_VIEW, Permission.COMMENTS_VIEW, Permission.OWN_COUNTS_VIEW):
        require(by, permission, institution)


def file_of(job: Job | None) -> str:
    """The stored file of a finished export; empty when there is none (any more)."""
    name: str = job.parameters.get("file", "") if job and job.state == Job.State.DONE else ""
    return name if name and default_storage.exists(name) else ""


@jobs.job_body(EXPORT_ANSWERS)
def export_answers(run: jobs.Run) -> str:
    asked = run.job.parameters
    institution = Institution.objects.select_related("region").get(pk=asked["institution"])
    situation = LifeSituation.objects.get(pk=asked["life_situation"])
    by = run.job.requested_by
    if by is None:
        raise jobs.JobRefused("Человека, который просил выгрузку, больше нет на портале.")
    _require(by, institution)
    responses = Response.objects.filter(institution=institution, life_situation=situation).between(
        date.fromisoformat(asked["first"]), date.fromisoformat(asked["last"])
    )
    total = responses.count()
    run.progress(1, "Читаем ответы")

    def progress(done: int) -> None:
        run.progress(min(95, 95 * done // max(1, total)), f"Записано ответов: {done} из {total}")

    with tempfile.TemporaryFile() as file:
        number = write_answers(file, responses, sources_of(institution.region, situation), progress=progress)
        file.seek(0)
        name = default_storage.save(f"exports/answers-{secrets.token_urlsafe(16)}.xlsx", File(file))
    try:
        with transaction.atomic():
            run.still_mine()
            run.write(parameters={**asked, "file": name})
    except BaseException:
        default_storage.delete(name)
        raise
    _forget_older(run.job)
    return f"Выгружено ответов: {number}"


def _forget_older(job: Job) -> None:
    """One file of a person and institution at a time: they hold what people answered."""
    for one in Job.objects.filter(kind=EXPORT_ANSWERS, scope=job.scope).exclude(pk=job.pk):
        _forget(one)


def forget_old(now: datetime) -> int:
    """Delete the files nobody needs any more, whoever asked for them; returns how many."""
    old = Job.objects.filter(kind=EXPORT_ANSWERS, finished_at__lte=now - FILES_KEPT)
    return sum(_forget(one) for one in old)


def _forget(job: Job) -> bool:
    name = job.parameters.get("file")
    if not name:
        return False
    default_storage.delete(name)
    job.parameters = {key: value for key, value in job.parameters.items() if key != "file"}
    job.save(update_fields=["parameters"])
    return True


def write_answers(
    file: IO[bytes],
    responses: Any,
    sources: Iterable[Source],
    *,
    progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Write the answers of a queryset of Response into `file` as XLSX; returns how many.

    Read and written piece by piece: memory does not grow with their number.
    """
    sources = list(sources)
    questionnaires = Questionnaires(sources)
    columns = {one.key: number for number, one in enumerate(questionnaires.asked, start=len(HEAD))}
    readers = {one.version_id: _RowReader(one, questionnaires, columns) for one in sources}
    channels = {str(value): str(label) for value, label in SurveyLink.Channel.choices}
    titles = {one.version_id: f"{one.definition.title}, версия {one.number}" for one in sources}
    head = [*HEAD, *(one.text for one in questionnaires.asked)]
    rows = responses.order_by("answered_on", "key").values_list(
        "answered_on", "link__channel", "version_id", "is_measured", "is_eligible", "is_excluded", "answers"
    )
    book = Workbook(write_only=True)
    sheet: Any = None
    date_cell: Any = None
    number = 0
    for day, channel, version, is_measured, is_eligible, is_excluded, answers in rows.iterator(chunk_size=CHUNK):
        if number % ROWS_OF_A_SHEET == 0:
            sheet, date_cell = _sheet(book, head, len(book.worksheets) + 1), None
        if date_cell is None or date_cell.value != day:
            # The format of a date takes longer to set than the date: once for all the answers of a day.
            date_cell = WriteOnlyCell(sheet, day)
        became = fate(is_measured=is_measured, is_eligible=is_eligible, is_excluded=is_excluded)
        line: list[Any] = [date_cell, channels.get(channel, channel), titles.get(version, ""), FATES[became]]
        line += [None] * len(columns)
        if reader := readers.get(version):
            reader.fill(line, answers)
        # Words of choices and comments are safe already: a look at the first sign is all that so many cells can bear.
        sheet.append([words_in(sheet, one) if one.__class__ is str and one[:1] in NOT_PLAIN else one for one in line])
        number += 1
        if number % CHUNK == 0:
            progress(number)
    if sheet is None:
        _sheet(book, head, 1)
    book.save(file)
    return number


class _RowReader:
    """Puts the answers to one version into the columns of the sheet, in the words of its questionnaire."""

    def __init__(self, source: Source, questionnaires: Questionnaires, columns: Mapping[str, int]) -> None:
        self._places: dict[str, tuple[int, Mapping[str, str] | None, bool]] = {}
        self._repeated: set[str] = set()
        for section in source.definition.sections:
            if section.repeat:
                self._repeated.add(section.code)
            for question in section.questions:
                key = questionnaires.key_of(source.version_id, question.code)
                if key is not None:
                    choices = question.choices if question.type in ("single", "multiple", "scale4") else None
                    self._places[question.code] = (columns[key], choices, question.type == "text")

    def fill(self, line: list[Any], answers: Mapping[str, Any]) -> None:
        for code, given in answers.items():
            if code in self._repeated:
                for number, block in enumerate(given, start=1):
                    self._fill_block(line, block, number)
            elif (place := self._places.get(code)) is not None:
                line[place[0]] = _words(given, place[1], place[2])

    def _fill_block(self, line: list[Any], block: Mapping[str, Any], number: int) -> None:
        for code, given in block.items():
            if (place := self._places.get(code)) is not None:
                words = f"{number}) {_words(given, place[1], place[2])}"
                line[place[0]] = f"{line[place[0]]}; {words}" if line[place[0]] else words


def _words(given: Any, choices: Mapping[str, str] | None, is_text: bool) -> Any:
    if is_text:
        return safe_text(given)
    if choices is None:
        return _number(given) if given.__class__ is str else given
    if given.__class__ is list:
        return "; ".join(choices.get(one, one) for one in given)
    return choices.get(given, given)


def _number(text: str) -> int | float | str:
    """A number as a number; a date stays as it was given."""
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text


def _sheet(book: Workbook, head: list[str], number: int) -> Any:
    sheet: Any = book.create_sheet("Ответы" if number == 1 else f"Ответы {number}")
    sheet.freeze_panes = "B2"
    sheet.append([words_in(sheet, title) for title in head])
    return sheet
