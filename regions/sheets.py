"""What imports from XLSX share: reading a sheet by the titles of its columns, loading what was seen, the empty file."""

import hashlib
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import IO, ClassVar, Protocol, TypeVar

from django.db import transaction
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from regions.cells import Found, ImportRefused, Problem, WrongCell, is_filled, short, text_of
from regions.models import LifeSituation, Region
from regions.services.institutions import plain_name
from regions.spreadsheets import CellValue, SheetRows, WorkbookRefused, open_workbook_rows, write_text

MAX_COLUMNS = 30


class ImportPlan(Protocol):
    """What loading a sheet would do."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to store."""

    @property
    def digest(self) -> str:
        """The same for plans that would store the same."""


AnyPlan = TypeVar("AnyPlan", bound=ImportPlan)


class ChangedMeanwhile(Exception):
    """What would be stored is not what the person saw: `plan`, as it is now."""

    def __init__(self, plan: ImportPlan) -> None:
        super().__init__(plan)
        self.plan = plan


def read_workbook(content: bytes | IO[bytes], *, max_rows: int) -> SheetRows:
    """The sheet of a file: its titles and at most `max_rows` rows. Raises ImportRefused."""
    try:
        return open_workbook_rows(content, max_rows=1 + max_rows, max_columns=MAX_COLUMNS)
    except WorkbookRefused as error:
        raise ImportRefused([Problem(None, "", str(error))]) from error


def digest_of(content: object) -> str:
    return hashlib.sha256(repr(content).encode()).hexdigest()


def load_seen(
    make_plan: Callable[[], AnyPlan], store: Callable[[AnyPlan], None], *, region: Region, seen: str
) -> AnyPlan:
    """Store all of a plan or nothing; `seen` is the digest of what the person had before their eyes.

    Raises ChangedMeanwhile, and what the two functions raise.
    """
    with transaction.atomic():
        # Two loads at once, or a second click: the later one sees what the first has stored.
        Region.objects.select_for_update(no_key=True).get(pk=region.pk)
        plan = make_plan()
        if plan.digest != seen:
            raise ChangedMeanwhile(plan)
        store(plan)
    return plan


# Reading --------------------------------------------------------------------------------------------------------------


@dataclass
class SheetReader:
    """A sheet whose first row holds the titles of its columns, in any order; gathers all that is wrong in it."""

    TITLES: ClassVar[tuple[str, ...]]
    REQUIRED: ClassVar[tuple[str, ...]]
    NO_ROWS: ClassVar[str]

    # Places (row, number of the column) with what is wrong there.
    found: list[tuple[tuple[int, int], Problem]] = field(default_factory=list, init=False)
    columns: dict[str, int] = field(default_factory=dict, init=False)

    def filled_rows(self, sheet: SheetRows) -> list[tuple[int, list[CellValue]]]:
        """The rows below the titles, with their numbers; none when the titles are not to be read by."""
        if not any(is_filled(value) for row in sheet.rows for value in row):
            self.blame(None, None, f"На листе «{sheet.name}» ничего нет")
            return []
        self._read_titles(sheet)
        if not set(self.REQUIRED) <= self.columns.keys():
            # Without them every row would be wrong in the same way.
            return []
        for merge in sheet.merges:
            self.blame(merge.top, merge.left - 1, f"объединены ячейки {merge}. Отмените объединение")
        rows = [
            (number, row)
            for number, row in enumerate(sheet.rows[1:], start=2)
            if any(is_filled(value) for value in row)
        ]
        if not rows:
            self.blame(None, None, self.NO_ROWS)
        return rows

    def refuse_problems(self) -> None:
        """Raises ImportRefused when anything is wrong."""
        if self.found:
            raise ImportRefused([problem for _, problem in sorted(self.found, key=lambda found: found[0])])

    def blame(self, row: int | None, column: int | None, message: str) -> None:
        title = next((title for title, at in self.columns.items() if at == column), "")
        letter = "" if column is None else get_column_letter(column + 1)
        place = f"{letter} ({title})" if title else letter
        self.found.append(((row or 0, -1 if column is None else column), Problem(row, place, message)))

    def cell(self, row: list[CellValue], title: str) -> CellValue:
        column = self.columns.get(title, MAX_COLUMNS)
        return row[column] if column < len(row) else ""

    def take(self, number: int, row: list[CellValue], title: str, read: Callable[[CellValue], Found]) -> Found | None:
        """What `read` makes of a cell; None for an empty one, and for a wrong one, which is blamed."""
        value = self.cell(row, title)
        if not is_filled(value):
            if title in self.REQUIRED:
                self.blame(number, self.columns[title], "заполните эту ячейку")
            return None
        try:
            return read(value)
        except WrongCell as error:
            self.blame(number, self.columns[title], str(error))
            return None

    def _read_titles(self, sheet: SheetRows) -> None:
        wanted = {plain_name(title): title for title in self.TITLES}
        for column, value in enumerate(sheet.rows[0]):
            title = wanted.get(plain_name(str(value)))
            if title in self.columns:
                self.blame(1, column, f"столбец «{title}» уже есть: {get_column_letter(self.columns[title] + 1)}")
            elif title:
                self.columns[title] = column
            elif any(column < len(row) and is_filled(row[column]) for row in sheet.rows):
                self.blame(1, column, f"нет такого столбца «{short(str(value))}»; возможные: {'; '.join(self.TITLES)}")
        for title in self.REQUIRED:
            if title not in self.columns:
                self.blame(1, None, f"нет столбца «{title}»")


def several_taken(taken: Mapping[str, LifeSituation], value: CellValue) -> list[LifeSituation]:
    """The ЖС a cell names, of those the region has taken, by their words. Raises WrongCell."""
    text = text_of(value)
    # First as a whole: a title may itself contain the sign that parts them.
    whole = taken.get(plain_name(text))
    return [whole] if whole else [_taken(taken, part) for part in text.split(";") if part.strip()]


def _taken(taken: Mapping[str, LifeSituation], text: str) -> LifeSituation:
    found = taken.get(plain_name(text))
    if found is None:
        titles = "; ".join(dict.fromkeys(one.short_title for one in taken.values())) or "пока ни одной"
        raise WrongCell(f"регион не взял жизненную ситуацию «{short(text)}»; взятые регионом: {titles}")
    return found


# The empty file -------------------------------------------------------------------------------------------------------


def start_template(name: str, widths: Mapping[str, int], *, dates: tuple[str, ...] = ()) -> tuple[Workbook, Worksheet]:
    """A workbook and its sheet to fill in, with a title over each column."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = name
    for number, (title, width) in enumerate(widths.items(), start=1):
        cell = sheet.cell(1, number)
        write_text(cell, title)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="00EEF2F7")
        dimension = sheet.column_dimensions[get_column_letter(number)]
        dimension.width = width
        # Set for the whole column: a date typed in any row is a date, «=» in a name stays a word.
        dimension.number_format = "DD.MM.YYYY" if title in dates else "@"
    sheet.freeze_panes = "A2"
    return workbook, sheet


def add_guide(workbook: Workbook, lines: Iterable[str]) -> None:
    guide = workbook.create_sheet("Как заполнять")
    guide.column_dimensions["A"].width = 110
    for number, line in enumerate(lines, start=1):
        cell = guide.cell(number, 1)
        write_text(cell, line)
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def add_choice(sheet: Worksheet, column: int, formula: str, *, max_rows: int) -> None:
    """Offer a list of values in each row of a column."""
    rule = DataValidation(type="list", formula1=formula, allow_blank=True)
    letter = get_column_letter(column)
    rule.add(f"{letter}2:{letter}{max_rows + 1}")
    sheet.add_data_validation(rule)


def packed(workbook: Workbook) -> bytes:
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()
