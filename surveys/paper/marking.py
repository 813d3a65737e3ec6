"""The file somebody has sent, given back with what is wrong marked in it: to be mended and sent again.

A wrong cell is coloured and carries a comment; the column «Что исправить» at the end of the row says it in words.
Rows get numbers (`row_id`), so that a mended row is known again. Nothing in the file is a formula.
"""

import io
import secrets
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell, WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from regions.spreadsheets import CellValue, SheetRows, WorkbookRefused, reopen_workbook, safe_text, write_text
from surveys.paper.importing import (
    HEADER_ROWS,
    MAX_COLUMNS,
    ROW_ID,
    ROW_ID_TITLE,
    TO_MEND,
    Problem,
    SheetReading,
    is_filled,
)

TO_MEND_TITLE = "Что исправить"
AUTHOR = "Портал НСИ"
_COLOUR = "00FFC7CE"
_MARK = PatternFill("solid", fgColor=_COLOUR)
_HEAD = PatternFill("solid", fgColor="00EEF2F7")
# Each comment is a shape of its own, and programs grow slow of many; the colour and the words at the end remain.
MOST_COMMENTS = 2000
# Said in a cell at most; Excel reads no more than 32,767 characters.
MOST_WORDS = 4000

# Row → column (both from 1) → what is wrong there; column 0 is the whole row, row 0 the whole file.
Marks = dict[int, dict[int, list[str]]]


def mark_file(content: bytes, reading: SheetReading) -> bytes:
    """The workbook with the problems of `reading` marked: their own one, or a plain one where it cannot be reopened."""
    marks = _marks(reading)
    service = _ServiceColumns(reading)
    try:
        workbook = reopen_workbook(content)
        sheet = workbook[reading.sheet.name]
        if not isinstance(sheet, Worksheet):
            raise WorkbookRefused
    except (WorkbookRefused, KeyError):
        return _plain(reading, marks, service)
    _mark_sheet(sheet, reading, marks, service)
    return _packed(workbook)


def _marks(reading: SheetReading) -> Marks:
    marks: Marks = defaultdict(lambda: defaultdict(list))
    for (row, column), problem in reading.found:
        marks[row][column + 1].append(problem.message)
    return marks


class _ServiceColumns:
    """Where the portal writes (columns from 1, None: there is no room), and the numbers it gives to rows."""

    def __init__(self, reading: SheetReading) -> None:
        width = max(
            [len(row) for row in reading.sheet.rows] + [merge.right for merge in reading.sheet.merges], default=0
        )
        questions = reading.columns.keys()
        self.to_mend = reading.columns[TO_MEND] + 1 if TO_MEND in questions else None
        self.row_id = reading.columns[ROW_ID] + 1 if ROW_ID in questions else None
        self.is_new_row_id = self.row_id is None and width < MAX_COLUMNS - 1
        if self.is_new_row_id:
            width += 1
            self.row_id = width
        self.is_new_to_mend = self.to_mend is None and width < MAX_COLUMNS
        if self.is_new_to_mend:
            self.to_mend = width + 1
        self.row_ids = dict(_new_row_ids(reading, self.row_id)) if self.row_id else {}

    def is_written(self, column: int) -> bool:
        return column in (self.to_mend, self.row_id)


def _new_row_ids(reading: SheetReading, column: int) -> Iterator[tuple[int, str]]:
    """Numbers for the rows that have none. What is stored already is known by its answers and must stay so."""
    for number, row in _data(reading.sheet):
        value = row[column - 1] if column <= len(row) else ""
        if number not in reading.known and not is_filled(value):
            # A letter first: a number of digits would be a number for Excel.
            yield number, f"n{secrets.token_hex(5)}"


def _data(sheet: SheetRows) -> Iterator[tuple[int, list[CellValue]]]:
    for number, row in enumerate(sheet.rows[HEADER_ROWS:], start=HEADER_ROWS + 1):
        if any(is_filled(value) for value in row):
            yield number, row


def _words_of_row(marks: Marks, row: int) -> str:
    """What is wrong in a row, each cell by its letter."""
    said = []
    for column, messages in sorted(marks.get(row, {}).items()):
        place = f"{get_column_letter(column)}{row or ''}: " if column and row else ""
        said += [f"{place}{message}" for message in messages]
    return "\n".join(said)[:MOST_WORDS]


def _head_words(marks: Marks) -> str:
    """The title of the column, and under it what is wrong with the file as a whole and with its head."""
    parts = [TO_MEND_TITLE, *(_words_of_row(marks, row) for row in range(HEADER_ROWS + 1))]
    return "\n".join(part for part in parts if part)[:MOST_WORDS]


# Their own workbook ---------------------------------------------------------------------------------------------------


def _mark_sheet(sheet: Worksheet, reading: SheetReading, marks: Marks, service: _ServiceColumns) -> None:
    _take_old_marks_off(sheet, service)
    comments = 0
    for row in sorted(marks):
        for column, messages in sorted(marks[row].items()):
            if row and column:
                comments += 1
                _mark_cell(sheet.cell(row, column), messages, with_comment=comments <= MOST_COMMENTS)
    if service.row_id and service.is_new_row_id:
        _write_head(sheet, service.row_id, ROW_ID, ROW_ID_TITLE, width=16)
    for row, row_id in service.row_ids.items():
        _write(sheet.cell(row, service.row_id or 1), row_id)
    if service.to_mend:
        _write_head(sheet, service.to_mend, TO_MEND, _head_words(marks), width=60)
        for row in sorted(marks):
            if row > HEADER_ROWS:
                cell = sheet.cell(row, service.to_mend)
                _write(cell, _words_of_row(marks, row))
                if isinstance(cell, Cell):
                    cell.fill, cell.alignment = _MARK, Alignment(wrap_text=True, vertical="top")


def _take_old_marks_off(sheet: Worksheet, service: _ServiceColumns) -> None:
    """What was marked the last time may be right now."""
    for row in sheet.iter_rows():
        for cell in row:
            if not isinstance(cell, Cell):
                continue
            if cell.comment and cell.comment.author == AUTHOR:
                cell.comment = None
            if cell.has_style and cell.fill.fill_type == "solid" and cell.fill.fgColor.rgb == _COLOUR:
                cell.fill = PatternFill()
            if cell.column == service.to_mend and not service.is_new_to_mend and cell.row > 1:
                cell.value = None


def _mark_cell(cell: Cell | MergedCell, messages: list[str], *, with_comment: bool) -> None:
    # Of a merged range only the first cell can be marked; the words at the end of the row name the other.
    if isinstance(cell, MergedCell):
        return
    cell.fill = _MARK
    if with_comment:
        cell.comment = _comment(messages)


def _comment(messages: list[str]) -> Comment:
    return Comment(safe_text("\n".join(messages))[:MOST_WORDS], AUTHOR, height=120, width=320)


def _write_head(sheet: Worksheet, column: int, code: str, title: str, *, width: int) -> None:
    sheet.column_dimensions[get_column_letter(column)].width = width
    for row, text in ((1, code), (HEADER_ROWS, title)):
        cell = sheet.cell(row, column)
        _write(cell, text)
        if isinstance(cell, Cell):
            cell.font = Font(bold=row == HEADER_ROWS, color="00666666" if row == 1 else None)
            cell.fill = _HEAD
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _write(cell: Cell | MergedCell, text: str) -> None:
    if isinstance(cell, Cell):
        write_text(cell, text)


def _packed(workbook: Workbook) -> bytes:
    packed = io.BytesIO()
    with warnings.catch_warnings():
        # Of tables whose headings are no words.
        warnings.simplefilter("ignore")
        workbook.save(packed)
    return packed.getvalue()


# A plain one ----------------------------------------------------------------------------------------------------------


def _plain(reading: SheetReading, marks: Marks, service: _ServiceColumns) -> bytes:
    """Only the values of the sheet, written row by row: for files too large or too strange to be reopened."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Ответы")
    last = max([len(reading.sheet.rows), HEADER_ROWS, *marks])
    width = max([len(row) for row in reading.sheet.rows] + [service.to_mend or 0, service.row_id or 0], default=0)
    comments = 0
    for number in range(1, last + 1):
        values = reading.sheet.rows[number - 1] if number <= len(reading.sheet.rows) else []
        cells = []
        for column in range(1, width + 1):
            cell = WriteOnlyCell(sheet)
            if service.is_written(column):
                _put(cell, _service_value(number, column, values, marks, service))
            else:
                _put(cell, values[column - 1] if column <= len(values) else "")
            messages = marks.get(number, {}).get(column, [])
            if messages or (column == service.to_mend and number > HEADER_ROWS and marks.get(number)):
                cell.fill = _MARK
            if messages:
                comments += 1
                if comments <= MOST_COMMENTS:
                    cell.comment = _comment(messages)
            cells.append(cell)
        sheet.append(cells)
    return _packed(workbook)


def _service_value(
    number: int, column: int, values: list[CellValue], marks: Marks, service: _ServiceColumns
) -> CellValue:
    if column == service.to_mend:
        if number <= HEADER_ROWS:
            return TO_MEND if number == 1 else _head_words(marks)
        return _words_of_row(marks, number)
    if service.is_new_row_id and number <= HEADER_ROWS:
        return ROW_ID if number == 1 else ROW_ID_TITLE
    return service.row_ids.get(number) or (values[column - 1] if column <= len(values) else "")


def _put(cell: Cell, value: CellValue) -> None:
    match value:
        case bool() | int() | float() | time() | timedelta():
            cell.value = value
        case datetime() | date():
            cell.value = value
            cell.number_format = "DD.MM.YYYY"
        case "":
            pass
        case _:
            write_text(cell, value)


def described(problems: Iterable[Problem]) -> list[dict[str, str | int | None]]:
    """Problems as they are kept for the page."""
    return [{"row": one.row, "column": one.column, "message": one.message} for one in problems]
