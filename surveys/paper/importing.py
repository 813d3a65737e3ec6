"""Answers from paper, digitised in an XLSX: row 1 codes of the questions, row 2 their titles, answers from row 3.

The answers pass through the same rules as those of the page (`surveys.questionnaires.answers`). A file is taken whole
or not at all, and taken again it adds only what it did not hold before.
"""

import contextlib
import gc
import hashlib
import io
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import IO

from django.db import transaction
from django.db.models import Count, Max
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from accounts.models import User
from regions.permissions import Permission, require
from regions.spreadsheets import (
    CellError,
    CellValue,
    SheetRows,
    WorkbookRefused,
    open_workbook_rows,
    safe_text,
    write_text,
)
from surveys.links.windows import AnswerWindow, shown
from surveys.models import Response, SurveyLink
from surveys.questionnaires.answers import Answers, InvalidAnswers, clean_text, parse_date, read_answers
from surveys.questionnaires.definition import SCALE4_TITLES, Definition, Question
from surveys.services.arriving import Origin, build_response, store_responses

ANSWERED_ON = "answered_on"
ANSWERED_ON_TITLE = "Дата заполнения анкеты"
# By its number a row is known again, whatever has become of its answers and of its place in the file.
ROW_ID = "row_id"
ROW_ID_TITLE = "Номер строки (необязательно)"
# Of a file that came back from the portal: what is wrong with each row. Nothing in it is read.
TO_MEND = "what_to_mend"
HEADER_ROWS = 2
MAX_ANSWERS = 10_000
MAX_COLUMNS = 200
LONGEST_ROW_ID = 60

# How many answers a link has from files, and the newest of them.
FileAnswers = tuple[int, int | None]
# Called with how many rows of how many are read.
Progress = Callable[[int, int], None]
PROGRESS_EVERY = 500

_WHOLE_NUMBER = re.compile(r"(-?\d{1,9})[.,]0+")
_NUMBER_LIKE = re.compile(r"-?\d+(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong and where: `row` is None for the whole file, `column` empty for a whole row."""

    row: int | None
    column: str
    message: str

    def __str__(self) -> str:
        place = ", ".join(
            [
                *([f"строка {self.row}"] if self.row is not None else []),
                *([f"столбец {self.column}"] if self.column else []),
            ]
        )
        return f"{place[0].upper()}{place[1:]}: {self.message}" if place else self.message


# Row (0: the whole file) and column (from 0; -1: the whole row).
Place = tuple[int, int]


class ImportRefused(Exception):
    """Nothing was stored; `problems` lists everything to mend, from the top of the sheet down.

    `reading` is the sheet they were found in, or None when the file is no workbook that can be read.
    """

    def __init__(self, problems: list[Problem], reading: "SheetReading | None" = None) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems
        self.reading = reading


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of the rows of a file; in a dry run, what would."""

    rows: int
    stored: int
    repeated: int  # were there already
    eligible: int  # of all rows of the file


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that can be taken: its number on the sheet, the person's number for it (or empty), what it says."""

    number: int
    row_id: str
    answered_on: date
    answers: Answers


@dataclass(slots=True)
class SheetReading:
    """A sheet of answers as it was read: the rows that can be taken and what is wrong with the others."""

    sheet: SheetRows
    columns: dict[str, int]  # code → column, from 0
    rows: list[SheetRow]
    found: list[tuple[Place, Problem]]
    # Numbers of rows on the sheet whose answers are here already.
    known: set[int] = field(default_factory=set)

    @property
    def problems(self) -> list[Problem]:
        # Within a row from left to right; the sort is stable, so several problems of one cell keep their order.
        return [problem for _, problem in sorted(self.found, key=lambda found: found[0])]


@dataclass(frozen=True, slots=True)
class Plan:
    """A file without mistakes: the answers to store, and those of its rows that are here already."""

    reading: SheetReading
    # Of all rows, in their order.
    responses: list[Response]
    new: list[Response]
    repeated: int
    eligible: int  # of all rows of the file
    # What of the link's files was there when it was made.
    seen: FileAnswers

    @property
    def rows(self) -> int:
        return len(self.new) + self.repeated


def import_file(
    *, link: SurveyLink, content: bytes | IO[bytes], now: datetime, dry_run: bool = False, by: User | None = None
) -> ImportResult:
    """Check a file of answers and store those that are new; nothing is written down of the file itself.

    People load files by `surveys.services.imports`, which keeps a record that can be taken back. `by` is None where the
    caller has asked for the right, or no person stands behind it. Raises PermissionDenied, and ImportRefused with all
    problems of the file.
    """
    if by is not None:
        require(by, Permission.RESPONSES_IMPORT, link.institution)
    # The plan is gone when the collector comes back: it would go through all of it.
    with without_collector():
        return _imported(link, content, now, dry_run=dry_run)


def _imported(link: SurveyLink, content: bytes | IO[bytes], now: datetime, *, dry_run: bool) -> ImportResult:
    plan = plan_file(link=link, content=content, now=now)
    # What somebody else has stored since is a repetition too.
    stored = len(plan.new) if dry_run else _store(link, plan)
    return ImportResult(rows=plan.rows, stored=stored, repeated=plan.rows - stored, eligible=plan.eligible)


@transaction.atomic
def _store(link: SurveyLink, plan: Plan) -> int:
    SurveyLink.objects.select_for_update(no_key=True).get(pk=link.pk)
    return store_responses(planned_again(link, plan).new)


def plan_file(
    *, link: SurveyLink, content: bytes | IO[bytes], now: datetime, progress: Progress = lambda done, of: None
) -> Plan:
    """What loading the file would do; nothing is stored. Raises ImportRefused."""
    with without_collector():
        return _planned(link, content, now, progress)


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """For work on a whole file. Of the hundred thousands of objects its rows become none is garbage, and to go through
    them again and again would take a tenth of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _planned(link: SurveyLink, content: bytes | IO[bytes], now: datetime, progress: Progress) -> Plan:
    reading = read_sheet(link, content, now, progress)
    origin = Origin.of(link)
    responses = [
        build_response(
            origin=origin,
            # Known when all rows are.
            key="",
            answers=row.answers,
            mode=Response.Mode.FILE,
            arrived_at=now,
            answered_on=row.answered_on,
        )
        for row in reading.rows
    ]
    return _plan_of(link, reading, responses)


def _plan_of(link: SurveyLink, reading: SheetReading, responses: list[Response]) -> Plan:
    # First: what comes after it is looked at again.
    seen = _file_answers(link)
    # Of a file with mistakes too: its rows get numbers, but for those that are here already.
    _find_known(link, reading, responses, is_first=seen[0] == 0)
    if reading.found:
        raise ImportRefused(reading.problems, reading)
    new = [response for row, response in zip(reading.rows, responses, strict=True) if row.number not in reading.known]
    eligible = sum(response.is_eligible for response in responses)
    return Plan(reading, responses, new, len(responses) - len(new), eligible, seen)


def planned_again(link: SurveyLink, plan: Plan) -> Plan:
    """The plan as things stand now, for whoever holds the lock of the link: since it was made another file may have
    brought the same rows, with numbers where this one has none. Raises ImportRefused.
    """
    if _file_answers(link) == plan.seen:
        return plan
    plan.reading.known.clear()
    return _plan_of(link, plan.reading, plan.responses)


def _file_answers(link: SurveyLink) -> FileAnswers:
    """Number and newest of the answers a link has from files: both are the same only while nothing comes or goes."""
    found = Response.objects.filter(link=link, mode=Response.Mode.FILE).aggregate(number=Count("pk"), newest=Max("pk"))
    return found["number"], found["newest"]


def row_key(*, link_id: int, answers: Answers, answered_on: date, ordinal: int) -> str:
    """The key of a row without a number: the same for the same row of the same file, however it was saved.

    Two people may give the same answers on one day, so identical rows are told apart by which of them it is within the
    file (`ordinal`), not by the number of the row: rows may be added, moved and sorted. The prefix keeps these keys
    apart from those of the page.
    """
    return _content_key(link_id, answers.digest(), answered_on, ordinal)


def _content_key(link_id: int, digest: bytes, answered_on: date, ordinal: int) -> str:
    content = f"{link_id}\n{digest.hex()}\n{answered_on.isoformat()}\n{ordinal}"
    return f"file-{hashlib.sha256(content.encode()).hexdigest()[:59]}"


def row_id_key(*, link_id: int, row_id: str) -> str:
    """The key of a row with a number of its own."""
    content = f"{link_id}\n{row_id}"
    return f"{_BY_ROW_ID}{hashlib.sha256(content.encode()).hexdigest()[:60]}"


_BY_ROW_ID = "row-"
# Digest of the answers and the day: what makes two rows the same.
Content = tuple[bytes, date]


# Reading --------------------------------------------------------------------------------------------------------------


def read_sheet(link: SurveyLink, content: bytes | IO[bytes], now: datetime, progress: Progress) -> SheetReading:
    """The rows of a file and what is wrong with them. Raises ImportRefused when it is no workbook."""
    try:
        sheet = open_workbook_rows(content, max_rows=HEADER_ROWS + MAX_ANSWERS, max_columns=MAX_COLUMNS)
    except WorkbookRefused as error:
        raise ImportRefused([Problem(None, "", str(error))]) from error
    reader = _SheetReader(link.version.definition, AnswerWindow.of(link, now), progress)
    rows = list(reader.read(sheet))
    return SheetReading(sheet, reader.columns, rows, reader.found)


def _find_known(link: SurveyLink, reading: SheetReading, responses: list[Response], *, is_first: bool) -> None:
    """Give each response its key, and note in `reading.known` the rows that are here already.

    A row whose number is known with other answers goes to `reading.found`: nothing is overwritten.
    """
    numbered = [(row, one) for row, one in zip(reading.rows, responses, strict=True) if row.row_id]
    others = [(row, one) for row, one in zip(reading.rows, responses, strict=True) if not row.row_id]
    for row, response in numbered:
        response.key = row_id_key(link_id=link.pk, row_id=row.row_id)
    ordinals: Counter[Content] = Counter()
    for _, response in others:
        content = _content_of(response)
        ordinals[content] += 1
        response.key = _content_key(link.pk, *content, ordinals[content])
    if is_first:
        return
    stored = _stored_under(response.key for response in responses)
    for row, response in numbered:
        if response.key in stored:
            reading.known.add(row.number)
            if stored[response.key] != _content_of(response):
                reading.found.append(_other_answers(row, reading.columns[ROW_ID]))
    if not others:
        return
    # Stored with a number this file no longer has: the file was loaded with numbers, and now comes without.
    left = Counter(_stored_with_numbers(link))
    left.subtract(_content_of(response) for row, response in numbered if row.number in reading.known)
    for row, response in others:
        if response.key in stored:
            reading.known.add(row.number)
        elif left[_content_of(response)] > 0:
            left[_content_of(response)] -= 1
            reading.known.add(row.number)


def _content_of(response: Response) -> Content:
    return bytes(response.digest), response.answered_on


def _other_answers(row: SheetRow, column: int) -> tuple[Place, Problem]:
    message = f"строка с номером «{_short(row.row_id)}» уже загружена с другими ответами, они не изменены"
    place = f"{get_column_letter(column + 1)} ({ROW_ID})"
    return (row.number, column), Problem(row.number, place, message)


def _stored_under(keys: Iterable[str]) -> dict[str, Content]:
    """What is stored under these keys."""
    stored = Response.objects.under_keys(keys).values_list("key", "digest", "answered_on")
    return {key: (bytes(digest), answered_on) for key, digest, answered_on in stored}


def _stored_with_numbers(link: SurveyLink) -> Iterator[Content]:
    rows = Response.objects.filter(link=link, mode=Response.Mode.FILE, key__startswith=_BY_ROW_ID)
    for digest, answered_on in rows.values_list("digest", "answered_on"):
        yield bytes(digest), answered_on


class _Wrong(Exception):
    """One cell cannot be read; the message is in Russian."""


@dataclass
class _SheetReader:
    definition: Definition
    window: AnswerWindow
    progress: Progress
    # Places (row, number of the column) with what is wrong there.
    found: list[tuple[Place, Problem]] = field(default_factory=list)
    columns: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.questions: dict[str, Question] = {}
        self.repeating: set[str] = set()
        for section in self.definition.sections:
            if section.repeat:
                self.repeating |= {question.code for question in section.questions}
            else:
                self.questions |= {question.code: question for question in section.questions}
        # A questionnaire may have a question of this code: then its rows have no numbers.
        self.service = {ROW_ID, TO_MEND} - self.questions.keys() - self.repeating
        self.row_ids: dict[str, int] = {}
        # Each value of a column is looked at once, and each day: there are few, and rows are many. Type and value, for
        # 1, 1.0 and True are equal, and each means something else in a cell.
        self.seen: dict[tuple[str, type, CellValue], list[str]] = {}
        self.days: dict[tuple[type, CellValue], date] = {}
        self.options = {code: _Options(question) for code, question in self.questions.items() if question.choices}

    def read(self, sheet: SheetRows) -> Iterator[SheetRow]:
        """The rows that can be taken; what cannot is left in `found`."""
        if any(
            section.repeat and section.repeat.min and any(question.required for question in section.questions)
            for section in self.definition.sections
        ):
            self.blame(0, None, "В анкете есть обязательный повторяющийся раздел: такие ответы из файла не загружаются")
            return
        if not any(is_filled(value) for row in sheet.rows for value in row):
            self.blame(0, None, f"На листе «{sheet.name}» ничего нет")
            return
        self._read_codes(sheet)
        if not self.columns:
            # Without a single code every row would be wrong in the same way.
            return
        self._check_merges(sheet)
        self._check_titles(sheet)
        data = [
            (number, row)
            for number, row in enumerate(sheet.rows[HEADER_ROWS:], start=HEADER_ROWS + 1)
            if any(is_filled(value) for value in row)
        ]
        if not data:
            self.blame(0, None, f"Нет ни одной строки с ответами: они начинаются со строки {HEADER_ROWS + 1}")
        for done, (number, row) in enumerate(data):
            if done % PROGRESS_EVERY == 0:
                self.progress(done, len(data))
            answer = self._read_row(number, row)
            if answer is not None:
                yield answer

    def blame(self, row: int, column: int | None, message: str) -> None:
        """Note a problem; row 0 stands for the whole file."""
        place = ""
        if column is not None:
            code = next((code for code, at in self.columns.items() if at == column), "")
            place = get_column_letter(column + 1) + (f" ({code})" if code else "")
        self.found.append(((row, -1 if column is None else column), Problem(row or None, place, message)))

    def _read_codes(self, sheet: SheetRows) -> None:
        known = {ANSWERED_ON, *self.service, *self.questions}
        for column, value in enumerate(sheet.rows[0]):
            # Numbers, dates and failed formulas are no codes of questions, whatever they look like.
            code = clean_text(value).lower() if isinstance(value, str) else str(value)
            if not code:
                if any(column < len(row) and is_filled(row[column]) for row in sheet.rows[1:]):
                    self.blame(1, column, "нет кода вопроса, а ниже есть данные")
            elif code in self.columns:
                first = get_column_letter(self.columns[code] + 1)
                self.blame(1, column, f"код «{code}» уже стоит в столбце {first}")
            elif code in self.repeating:
                self.blame(
                    1, column, f"вопрос «{code}» — из повторяющегося раздела, его ответы из файла не загружаются"
                )
            elif code not in known:
                self.blame(1, column, f"в анкете нет вопроса с кодом «{_short(code)}»")
            else:
                self.columns[code] = column
        self.answer_columns = [
            (code, column, self.questions[code].type) for code, column in self.columns.items() if code in self.questions
        ]
        needed = [ANSWERED_ON, *(code for code, question in self.questions.items() if question.required)]
        for code in needed:
            if code not in self.columns:
                title = ANSWERED_ON_TITLE if code == ANSWERED_ON else self.questions[code].text
                self.blame(1, None, f"нет обязательного столбца «{code}» ({title})")

    def _check_merges(self, sheet: SheetRows) -> None:
        for merge in sheet.merges:
            # In the row of titles a merge hides nothing.
            if merge.top == merge.bottom == HEADER_ROWS:
                continue
            self.blame(
                merge.top,
                merge.left - 1,
                f"объединены ячейки {merge}: ответ есть только в первой из них. Отмените объединение",
            )

    def _check_titles(self, sheet: SheetRows) -> None:
        """Answers put into row 2, where titles belong, would be lost without a word."""
        if len(sheet.rows) < HEADER_ROWS:
            return
        row = sheet.rows[HEADER_ROWS - 1]
        for code, column in self.columns.items():
            if code in self.service:
                continue
            if column < len(row) and is_filled(row[column]) and self._is_answer(code, row[column]):
                self.blame(
                    HEADER_ROWS,
                    column,
                    f"здесь должно быть название столбца, а стоит ответ. Ответы начинаются со строки {HEADER_ROWS + 1}",
                )
                return

    def _is_answer(self, code: str, value: CellValue) -> bool:
        if not isinstance(value, str):
            return True
        text = clean_text(value)
        if code == ANSWERED_ON or self.questions[code].type == "date":
            return parse_date(text) is not None
        if code in self.options:
            return self.options[code].code_of(text) is not None
        return self.questions[code].type == "number" and bool(_NUMBER_LIKE.fullmatch(text))

    def _read_row(self, number: int, row: list[CellValue]) -> SheetRow | None:
        before = len(self.found)
        row_id = self._read_row_id(number, row)
        answered_on = self._read_answered_on(number, row)
        sent: dict[str, list[str]] = {}
        unreadable: set[str] = set()
        for code, column, kind in self.answer_columns:
            value = row[column] if column < len(row) else ""
            if value == "":
                continue
            # Few values stand in most cells: what was read once is not looked at again.
            place = (code, type(value), value)
            read = None if kind == "text" else self.seen.get(place)
            if read is None and not is_filled(value):
                continue
            try:
                if read is None:
                    read = self._sent(code, value)
                    if kind != "text":
                        self.seen[place] = read
                sent[code] = read
                if kind == "date":
                    self._check_order(sent[code], answered_on)
            except _Wrong as error:
                self.blame(number, column, str(error))
                unreadable.add(code)
        try:
            answers = read_answers(self.definition, sent, today=answered_on or self.window.today)
        except InvalidAnswers as invalid:
            for code, message in invalid.errors.items():
                # What is said already: the cell cannot be read, or its whole column is not there.
                if code not in unreadable and code in self.columns:
                    self.blame(number, self.columns[code], _in_sentence(message))
            return None
        if answered_on is None or len(self.found) > before:
            return None
        return SheetRow(number, row_id, answered_on, answers)

    def _read_row_id(self, number: int, row: list[CellValue]) -> str:
        column = self.columns.get(ROW_ID) if ROW_ID in self.service else None
        value = row[column] if column is not None and column < len(row) else ""
        if column is None or not is_filled(value):
            return ""
        try:
            row_id = " ".join(clean_text(_as_text(value, dates=True)).split())
        except _Wrong as error:
            self.blame(number, column, str(error))
            return ""
        if len(row_id) > LONGEST_ROW_ID:
            self.blame(number, column, f"номер строки длиннее {LONGEST_ROW_ID} знаков")
        elif row_id in self.row_ids:
            self.blame(number, column, f"номер «{_short(row_id)}» уже стоит в строке {self.row_ids[row_id]}")
        else:
            self.row_ids[row_id] = number
            return row_id
        return ""

    def _read_answered_on(self, number: int, row: list[CellValue]) -> date | None:
        column = self.columns.get(ANSWERED_ON)
        if column is None:
            return None
        value = row[column] if column < len(row) else ""
        seen = self.days.get((type(value), value))
        if seen is not None:
            return seen
        if not is_filled(value):
            self.blame(number, column, "укажите дату, когда человек заполнил анкету")
            return None
        try:
            text = _date_text(value)
        except _Wrong as error:
            self.blame(number, column, str(error))
            return None
        day = parse_date(text)
        objection = self.window.objection(day) if day else _not_a_date(text)
        if objection or day is None:
            self.blame(number, column, objection)
            return None
        self.days[type(value), value] = day
        return day

    def _sent(self, code: str, value: CellValue) -> list[str]:
        """What the page would have sent for this cell."""
        question = self.questions[code]
        if question.type == "date":
            text = _date_text(value)
            if parse_date(text) is None:
                raise _Wrong(_not_a_date(text))
            return [text]
        if question.type == "text":
            return [_as_text(value, dates=True)]
        text = clean_text(_as_text(value))
        if question.type in ("nps", "number"):
            # «9,0» is how some programs write down nine.
            whole = _WHOLE_NUMBER.fullmatch(text)
            return [whole[1] if whole else text]
        options = self.options[code]
        if question.type == "multiple":
            return options.codes_of(text)
        return [options.need(text)]

    @staticmethod
    def _check_order(sent: list[str], answered_on: date | None) -> None:
        if answered_on is None:
            return
        day = parse_date(sent[0])
        if day and day > answered_on:
            raise _Wrong(f"эта дата ({shown(day)}) позже, чем заполнена анкета ({shown(answered_on)})")


class _Options:
    """Finds the option a person meant by its title or code, in any letter case."""

    def __init__(self, question: Question) -> None:
        self.titles = list(question.choices.values())
        titles = [_plain(title) for title in self.titles]
        # Of two options with one title only their codes can tell.
        self.codes = {
            plain: code for plain, code in zip(titles, question.choices, strict=True) if titles.count(plain) == 1
        }
        self.codes |= {code: code for code in question.choices}

    def code_of(self, text: str) -> str | None:
        return self.codes.get(_plain(text))

    def need(self, text: str) -> str:
        code = self.code_of(text)
        if code is None:
            more = f" и ещё {len(self.titles) - 10}" if len(self.titles) > 10 else ""
            raise _Wrong(f"нет ответа «{_short(text)}»; возможные ответы: {'; '.join(self.titles[:10])}{more}")
        return code

    def codes_of(self, text: str) -> list[str]:
        # First as a whole: a title may itself contain the sign that parts answers.
        whole = self.code_of(text)
        if whole is not None:
            return [whole]
        return [self.need(part.strip()) for part in text.split(";") if part.strip()]


def is_filled(value: CellValue) -> bool:
    return bool(clean_text(value)) if isinstance(value, str) else True


def _as_text(value: CellValue, *, dates: bool = False) -> str:
    """The value as a person sees it in the cell. Raises _Wrong for what cannot be an answer."""
    if isinstance(value, str):
        return value
    if isinstance(value, CellError):
        raise _Wrong(f"в ячейке {value.problem}")
    if isinstance(value, bool):
        raise _Wrong(f"в ячейке логическое значение {'ИСТИНА' if value else 'ЛОЖЬ'}; впишите ответ словом или числом")
    if isinstance(value, int | float):
        return _number_text(value)
    if isinstance(value, time | timedelta):
        raise _Wrong("в ячейке время; впишите ответ словом или числом")
    if dates:
        return shown(value)
    # Excel makes the 3rd of May of «3.5».
    raise _Wrong(f"в ячейке дата {shown(value)}; если здесь было число, задайте столбцу числовой формат и впишите его")


def _number_text(value: int | float) -> str:
    if not math.isfinite(value):
        raise _Wrong("в ячейке не число")
    # Fifteen digits, as Excel shows: a formula gives 3.3000000000000003 where everybody sees 3.3.
    return f"{Decimal(f'{value:.15g}').normalize():f}"


def _date_text(value: CellValue) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise _Wrong("в ячейке число, а нужна дата: задайте столбцу формат «Дата» или впишите её как 05.11.2026")
    return clean_text(_as_text(value))


def _not_a_date(text: str) -> str:
    return f"«{_short(text)}» — не дата; впишите её в виде день.месяц.год, например 05.11.2026"


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("ё", "е").split())


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"


def _in_sentence(message: str) -> str:
    return message[:1].lower() + message[1:]


# The empty file ------------------------------------------------------------------------------------------------------

_DATE_FORMAT = "DD.MM.YYYY"
_TEXT_FORMAT = "@"
_WIDTHS = {"date": 16, "text": 40, "scale4": 16, "nps": 14, "number": 14, "row_id": 16, "single": 28, "multiple": 36}
_HOW_TO = (
    "Одна строка — одна заполненная анкета. Ответы начинаются с третьей строки листа «Ответы».",
    "Первую строку (коды вопросов) не меняйте: по ней портал узнаёт столбцы. Вторая строка — для людей.",
    f"{ANSWERED_ON} — день, когда человек заполнил анкету. Он должен попадать в срок действия ссылки.",
    "Даты — в виде 05.11.2026. Дата получения услуги не может быть позже дня заполнения анкеты.",
    f"Оценки — словами: {', '.join(SCALE4_TITLES.values())}. Готовность рекомендовать — целое число от 0 до 10.",
    "Если человек выбрал несколько вариантов, перечислите их через точку с запятой.",
    "Если человек не ответил, оставьте ячейку пустой. Не объединяйте ячейки.",
    "Комментарий к оценке учитывается только там, где его спрашивает анкета: при ответах «Нет» и «Скорее нет».",
    "Ведите по каждой ссылке один файл и дописывайте новые анкеты в его конец. Файл можно загружать снова:"
    " уже загруженные анкеты второй раз не добавятся.",
    f"{ROW_ID} — номер строки, если Вы их нумеруете (например, номер бланка). По нему портал узнаёт строку при"
    " повторной загрузке: с теми же ответами она второй раз не добавится, с другими — портал об этом скажет и ничего не"
    " изменит. Ставьте номера сразу, до первой загрузки.",
    f"В файле не больше {MAX_ANSWERS} анкет. Имена и телефоны не вписывайте: опрос анонимный.",
)


def build_template(definition: Definition) -> bytes:
    """An empty file for the answers to a questionnaire, ready to be filled in."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Ответы"
    questions = [
        question for section in definition.sections if section.repeat is None for question in section.questions
    ]
    _write_column(sheet, 1, ANSWERED_ON, ANSWERED_ON_TITLE, "date")
    for column, question in enumerate(questions, start=2):
        unit = f", {question.unit}" if question.unit else ""
        mark = " *" if question.required else ""
        _write_column(sheet, column, question.code, f"{question.text}{unit}{mark}", question.type)
        _offer_answers(sheet, column, question)
    if ROW_ID not in definition.by_code:
        _write_column(sheet, len(questions) + 2, ROW_ID, ROW_ID_TITLE, "row_id")
    sheet.freeze_panes = f"B{HEADER_ROWS + 1}"
    sheet.row_dimensions[HEADER_ROWS].height = 75

    guide = workbook.create_sheet("Как заполнять")
    guide.column_dimensions["A"].width = 110
    for number, line in enumerate(_HOW_TO, start=1):
        cell = guide.cell(number, 1)
        write_text(cell, line)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    packed = io.BytesIO()
    workbook.save(packed)
    return packed.getvalue()


def _write_column(sheet: Worksheet, column: int, code: str, title: str, kind: str) -> None:
    dimension = sheet.column_dimensions[get_column_letter(column)]
    dimension.width = _WIDTHS[kind]
    # Set for the whole column: a date typed in any row is a date, «=» in a comment stays a word.
    dimension.number_format = {"date": _DATE_FORMAT, "text": _TEXT_FORMAT, "row_id": _TEXT_FORMAT}.get(kind, "General")
    for row, text in ((1, code), (HEADER_ROWS, title)):
        cell = sheet.cell(row, column)
        write_text(cell, text)
        cell.font = Font(bold=row == HEADER_ROWS, color="00666666" if row == 1 else None)
        cell.fill = PatternFill("solid", fgColor="00EEF2F7")
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _offer_answers(sheet: Worksheet, column: int, question: Question) -> None:
    if question.type not in ("scale4", "nps", "single"):
        return
    listed = ",".join(safe_text(title) for title in question.choices.values())
    # A list inside a rule is parted by commas, and Excel refuses files where it is longer than this.
    if len(listed) > 250 or '"' in listed or any("," in title for title in question.choices.values()):
        return
    rule = DataValidation(
        type="list",
        formula1=f'"{listed}"',
        allow_blank=True,
        showErrorMessage=True,
        errorTitle="Нет такого ответа",
        error="Выберите ответ из списка.",
    )
    letter = get_column_letter(column)
    rule.add(f"{letter}{HEADER_ROWS + 1}:{letter}{HEADER_ROWS + MAX_ANSWERS}")
    sheet.add_data_validation(rule)
