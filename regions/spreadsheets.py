"""XLSX in and out without trust: nothing a file declares is believed, nothing people typed becomes a formula.

Reading: every part is inflated and counted here first; the library that understands workbooks gets a new archive of
just the parts that passed. So whatever the two disagree about (names, sizes, where the directory begins), it cannot
meet a byte that was not counted. Writing: `write_text` puts people's words into a cell as words.
"""

import io
import posixpath
import re
import secrets
import warnings
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import IO, Any, Final
from xml.parsers import expat

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, MergedCell, WriteOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange
from python_calamine import CalamineError, CalamineWorkbook

from regions.signs import UNWRITABLE

MAX_FILE_BYTES = 10 * 2**20
MAX_UNPACKED_BYTES = 64 * 2**20
# Real sheets shrink 10 to 40 times. Small parts are let off: a page of blanks shrinks well and harms nobody.
MAX_RATIO = 250
_RATIO_MATTERS_FROM = 4 * 2**20
MAX_PARTS = 1000
# Ten thousand rows of seventy columns.
MAX_ELEMENTS = 1_500_000
# workbook.xml and the lists of relations are a page or two; these are the parts read as trees.
_MAX_TREE_BYTES = 2**20
# A workbook that is opened whole takes some 400 bytes an element: at most 200 MB. Ranges are made cell by cell.
MAX_REOPENED_ELEMENTS = 400_000
MAX_REOPENED_RANGES = 100_000
# In characters: what Excel lets one cell hold, and what all cells of a sheet may hold together. A few bytes point at
# one text many times, and whoever reads the rows copies it each time.
MAX_CELL_TEXT = 32_767
MAX_TEXT = 32 * 2**20
_CHUNK = 64 * 1024

_ZIP = b"PK\x03\x04"
_ZIP_DIRECTORY_ENTRY = b"PK\x01\x02"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_FLAG = 1
_MACROS_PART = "vbaproject.bin"
# Where every program puts the shared texts, and the only place the library reads them from.
_SHARED = "xl/sharedstrings.xml"
_REFERENCE = re.compile(r"([A-Za-z]{1,3})([1-9]\d{0,6})")
_ROW_NUMBER = re.compile(r"[1-9]\d{0,6}")
# A cell that begins with one of these turns into a formula when it is edited or carried over to CSV.
_FORMULA_STARTS = tuple("=+-@\t\r")
# How words may begin that a table program, or openpyxl, takes for more than words: a formula, an error.
NOT_PLAIN = frozenset((*_FORMULA_STARTS, "#", "\n"))

# A workbook of our own.
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OWN_SHEET = "xl/worksheets/sheet1.xml"
_RELATION_TO = (
    f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r" Type="{_OFFICE}/{{}}" Target="{{}}"/></Relationships>'
)
_SHEET = f'<worksheet xmlns="{_MAIN}"><sheetData>{{}}</sheetData></worksheet>'
_SHARED_TEXTS = f'<sst xmlns="{_MAIN}">{{}}</sst>'
_OWN_BOOK = {
    "[content_types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>'.encode(),
    "_rels/.rels": _RELATION_TO.format("officeDocument", "xl/workbook.xml").encode(),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        '<sheets><sheet name="1" sheetId="1" r:id="r"/></sheets></workbook>'
    ).encode(),
    "xl/_rels/workbook.xml.rels": _RELATION_TO.format("worksheet", "worksheets/sheet1.xml").encode(),
}

_NOT_XLSX = "Это не книга XLSX. Откройте файл в Excel или LibreOffice и сохраните как «Книга Excel (.xlsx)»"
_DAMAGED = "Файл повреждён: его не удаётся прочитать. Сохраните книгу заново и пришлите её ещё раз"
_ENCRYPTED = "Файл защищён паролем. Снимите пароль и сохраните книгу ещё раз"
_OLD_EXCEL = "Это старый формат .xls. Сохраните книгу как «Книга Excel (.xlsx)»"
_WITH_MACROS = "В файле есть макросы. Сохраните его как «Книга Excel (.xlsx)», без макросов"
_TOO_LARGE_UNPACKED = "Файл слишком велик в распакованном виде. Оставьте в книге только лист с данными"
_TOO_MUCH_TEXT = "На листе «{}» слишком много текста. Разделите файл на части"
_TOO_LONG_TEXT = f"На листе «{{}}» есть ячейка, где больше {MAX_CELL_TEXT} знаков. Сократите текст в ней"


UNCOMPUTED: Final = "#?"


class WorkbookRefused(Exception):
    """The file is not a workbook we can take; the message is in Russian, for the person who sent it."""


@dataclass(frozen=True, slots=True)
class CellError:
    """What a formula that failed has left in its cell, for example #REF!; UNCOMPUTED when it has left nothing."""

    code: str

    @property
    def problem(self) -> str:
        """What is wrong, after «в ячейке»."""
        if self.code == UNCOMPUTED:
            return "формула, результат которой не сохранён; откройте книгу в Excel и сохраните её заново"
        return f"ошибка формулы {self.code}"

    def __str__(self) -> str:
        return self.code


CellValue = str | int | float | bool | date | datetime | time | timedelta | CellError


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range: rows and columns from 1, both ends included."""

    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        return f"{get_column_letter(self.left)}{self.top}:{get_column_letter(self.right)}{self.bottom}"


@dataclass(frozen=True, slots=True)
class SheetRows:
    """The first visible sheet. `rows[0]` is row 1 of the sheet; an empty cell is an empty string."""

    name: str
    rows: list[list[CellValue]]
    merges: list[Merge]


# Reading --------------------------------------------------------------------------------------------------------------


def open_workbook_rows(file: bytes | IO[bytes], *, max_rows: int, max_columns: int) -> SheetRows:
    """Read the first visible sheet of an XLSX within the limits. Raises WorkbookRefused.

    A formula gives the value that was kept with it.
    """
    parts = _counted_parts(_content(file))
    name, path, needed = _first_sheet(parts)
    guard = _SheetGuard(name, max_rows, max_columns)
    for part in sorted(needed):
        _parse(parts[part], guard if part == path else _Guard())
    try:
        parts, needed, texts = _texts_apart(parts, needed)
        with CalamineWorkbook.from_filelike(_packed(parts, needed)) as workbook:
            sheet = workbook.get_sheet_by_name(name)
            if sheet.end is None:
                # Two readers of one text must not disagree about whether there is anything in it.
                if guard.last_row:
                    raise WorkbookRefused(_DAMAGED)
                rows = []
            else:
                rows = _with_texts(sheet.iter_rows(), texts, name)
            merges = [
                Merge(top + 1, left + 1, bottom + 1, right + 1)
                for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
            ]
    except CalamineError as error:
        raise WorkbookRefused(_DAMAGED) from error
    for (row, column), code in sorted(guard.errors.items()):
        # The library shows a failed formula as an empty cell, and an answer would be lost without a word.
        rows += [[] for _ in range(row - len(rows))]
        rows[row - 1] += [""] * (column - len(rows[row - 1]))
        rows[row - 1][column - 1] = CellError(code.strip() or "#ERROR!")
    return SheetRows(name, rows, merges)


def _texts_apart(parts: dict[str, bytes], names: set[str]) -> tuple[dict[str, bytes], set[str], dict[str, str]]:
    """The same parts, with a short mark instead of each shared text; the names to pack; the text behind each mark.

    The library copies a shared text for every cell that points at it: a workbook of 7 kB would take gigabytes. So it
    reads each text once, in a workbook of its own, and the cells of the sheet get its mark.
    """
    if _SHARED not in names:
        return parts, names, {}
    counter = _TextCounter()
    _parse(parts[_SHARED], counter)
    # By chance, lest anybody writes a mark into a cell.
    prefix = f"{secrets.token_hex(8)}:"
    marks = [f"{prefix}{number}" for number in range(counter.texts)]
    own = {
        **_OWN_BOOK,
        _SHARED: parts[_SHARED],
        _OWN_SHEET: _SHEET.format("".join(f'<row><c t="s"><v>{i}</v></c></row>' for i in range(len(marks)))).encode(),
    }
    with CalamineWorkbook.from_filelike(_packed(own, own)) as workbook:
        texts = [str(row[0]) for row in workbook.get_sheet_by_index(0).iter_rows()] if marks else []
    if len(texts) != len(marks):
        raise WorkbookRefused(_DAMAGED)
    marked = _SHARED_TEXTS.format("".join(f"<si><t>{mark}</t></si>" for mark in marks)).encode()
    return {**parts, _SHARED: marked}, names, dict(zip(marks, texts, strict=True))


def _with_texts(rows: Iterable[list[Any]], texts: dict[str, str], sheet: str) -> list[list[Any]]:
    """The rows with the shared texts in their places, if cells do not hold too much together."""
    found = []
    left = MAX_TEXT
    for marked in rows:
        row = [texts.get(value, value) for value in marked]
        for value in row:
            if type(value) is str and value:
                left -= len(value)
                if len(value) > MAX_CELL_TEXT:
                    raise WorkbookRefused(_TOO_LONG_TEXT.format(sheet))
        if left < 0:
            raise WorkbookRefused(_TOO_MUCH_TEXT.format(sheet))
        found.append(row)
    return found


def _content(file: bytes | IO[bytes]) -> bytes:
    content = file if isinstance(file, bytes) else file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise WorkbookRefused(f"Файл больше {MAX_FILE_BYTES // 2**20} МБ. Разделите его на части")
    if not content:
        raise WorkbookRefused("Файл пуст")
    if content.startswith(_OLE):
        raise WorkbookRefused(_ENCRYPTED if "EncryptedPackage".encode("utf-16-le") in content else _OLD_EXCEL)
    if not content.startswith(_ZIP):
        raise WorkbookRefused(_NOT_XLSX)
    # Before the directory is read: each of its entries becomes an object.
    if content.count(_ZIP_DIRECTORY_ENTRY) > MAX_PARTS:
        raise WorkbookRefused(_DAMAGED)
    return content


def _counted_parts(content: bytes) -> dict[str, bytes]:
    """The XML parts of the archive by their name in lower case (names of parts have no case)."""
    parts: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_declared(entries)
            left = MAX_UNPACKED_BYTES
            for entry in entries:
                name = entry.filename.lower()
                if not name.endswith((".xml", ".rels")):
                    continue
                # The declared size was checked, and may lie.
                parts[name] = _inflated(archive, entry, left)
                left -= len(parts[name])
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError) as error:
        raise WorkbookRefused(_DAMAGED) from error
    return parts


def _check_declared(entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename.lower() for entry in entries]
    if len(set(names)) != len(names) or len(names) > MAX_PARTS:
        raise WorkbookRefused(_DAMAGED)
    if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries):
        raise WorkbookRefused(_ENCRYPTED)
    if not {"[content_types].xml", "xl/workbook.xml"} <= set(names):
        raise WorkbookRefused(_NOT_XLSX)
    if any(name.endswith(_MACROS_PART) for name in names):
        raise WorkbookRefused(_WITH_MACROS)
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise WorkbookRefused(_DAMAGED)
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise WorkbookRefused(_TOO_LARGE_UNPACKED)
    for entry in entries:
        if entry.file_size > _RATIO_MATTERS_FROM and entry.file_size > MAX_RATIO * entry.compress_size:
            raise WorkbookRefused(_TOO_LARGE_UNPACKED)


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    chunks: list[bytes] = []
    with archive.open(entry) as source:
        while chunk := source.read(_CHUNK):
            limit -= len(chunk)
            if limit < 0:
                raise WorkbookRefused(_TOO_LARGE_UNPACKED)
            chunks.append(chunk)
    return b"".join(chunks)


def _first_sheet(parts: dict[str, bytes]) -> tuple[str, str, set[str]]:
    """Name and part of the first visible sheet, and all parts needed to read it."""
    workbook = _tree(parts.get("xl/workbook.xml"))
    relations = {}
    for relation in _tree(parts.get("xl/_rels/workbook.xml.rels")):
        target = posixpath.normpath(posixpath.join("/xl", relation.get("Target", ""))).lstrip("/").lower()
        relations[relation.get("Id")] = (relation.get("Type", "").rpartition("/")[2], target)
    needed = {"[content_types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"}
    needed |= {target for kind, target in relations.values() if kind in ("sharedStrings", "styles")}
    for element in workbook.iter():
        if _local(element.tag) != "sheet" or element.get("state", "visible") != "visible":
            continue
        reference = next((value for key, value in element.items() if _local(key) == "id"), None)
        kind, target = relations.get(reference, ("", ""))
        if kind == "worksheet":
            if target not in parts:
                raise WorkbookRefused(_DAMAGED)
            return element.get("name", ""), target, (needed | {target}) & parts.keys()
    raise WorkbookRefused("В книге нет ни одного видимого листа с ячейками")


def _tree(part: bytes | None) -> ET.Element:
    if part is None or len(part) > _MAX_TREE_BYTES:
        raise WorkbookRefused(_DAMAGED)
    # The first pass lets no document type through, so there are no entities for the second one to expand.
    _parse(part, _Guard())
    try:
        return ET.fromstring(part)  # noqa: S314
    except ET.ParseError as error:
        raise WorkbookRefused(_DAMAGED) from error


def _local(name: str) -> str:
    """The name without its namespace, written as {…}name or prefix:name."""
    return name.rpartition("}")[2].rpartition(":")[2]


class _Guard:
    """Counts the elements of one part."""

    elements = 0

    def attach(self, parser: expat.XMLParserType) -> None:
        self.parser = parser
        parser.StartDoctypeDeclHandler = self.doctype
        parser.StartElementHandler = self.start

    def doctype(self, *_: object) -> None:
        # No program writes one into a workbook; an "entity bomb" needs one.
        raise WorkbookRefused(_DAMAGED)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise WorkbookRefused(_TOO_LARGE_UNPACKED)


class _TextCounter(_Guard):
    """Counts the shared texts."""

    texts = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if name.rpartition(":")[2] == "si":
            self.texts += 1


@dataclass
class _SheetGuard(_Guard):
    """Finds how far the values of a sheet reach and which of them are errors.

    A reader makes a full table from the first value to the last, so one value in the far corner costs gigabytes. What
    the sheet says of its own size, and cells that have only a format, do not count.
    """

    name: str
    max_rows: int
    max_columns: int
    last_row: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    elements: int = 0
    _row: int = 0
    _at: tuple[int, int] = (0, 0)
    _type: str = ""
    _reads: bool = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if self._reads:
            self._reads = False
            self.parser.CharacterDataHandler = None
        local = name.rpartition(":")[2]
        if local == "f":
            # Its value comes after it; a program that computes nothing writes none.
            self._check_place()
            self.errors[self._at] = UNCOMPUTED
        elif local == "c":
            self._at = self._place(attributes.get("r"))
            self._type = attributes.get("t", "")
        elif local in ("v", "is"):
            self._take_value()
        elif local == "row":
            number = attributes.get("r")
            if number is not None and not _ROW_NUMBER.fullmatch(number):
                raise WorkbookRefused(_DAMAGED)
            self._row = int(number) if number is not None else self._row + 1
            self._at = (self._row, 0)

    def _place(self, reference: str | None) -> tuple[int, int]:
        if reference is None:
            return self._row, self._at[1] + 1
        match = _REFERENCE.fullmatch(reference)
        if match is None:
            raise WorkbookRefused(_DAMAGED)
        column = 0
        for letter in match[1].upper():
            column = column * 26 + ord(letter) - ord("A") + 1
        return int(match[2]), column

    def _check_place(self) -> None:
        row, column = self._at
        if max(row, self._row) > self.max_rows:
            raise WorkbookRefused(
                f"На листе «{self.name}» заполнено больше {self.max_rows} строк"
                f" (есть значение в строке {max(row, self._row)}). Разделите файл на части"
            )
        if column > self.max_columns:
            raise WorkbookRefused(
                f"На листе «{self.name}» заполнено больше {self.max_columns} столбцов"
                f" (есть значение в столбце {get_column_letter(min(column, 16_384))}). Удалите лишние столбцы"
            )

    def _take_value(self) -> None:
        self._check_place()
        if self._type == "e":
            self.errors[self._at] = ""
            self._read(self._error_text)
        elif self._at in self.errors and self._type != "str":
            # Of a formula: an empty value is none, unless it is a text.
            self._read(self._formula_value)
            return
        else:
            self.errors.pop(self._at, None)
        self.last_row = max(self.last_row, self._at[0])

    def _read(self, take: Callable[[str], None]) -> None:
        self._reads = True
        self.parser.CharacterDataHandler = take

    def _formula_value(self, text: str) -> None:
        # What stands between the cells may come here, too.
        if text.strip():
            self.errors.pop(self._at, None)
            self.last_row = max(self.last_row, self._at[0])

    def _error_text(self, text: str) -> None:
        self.errors[self._at] = (self.errors[self._at] + text)[:20]


def _parse(part: bytes, guard: _Guard) -> None:
    parser = expat.ParserCreate()
    guard.attach(parser)
    try:
        for begin in range(0, len(part), _CHUNK):
            parser.Parse(part[begin : begin + _CHUNK], False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise WorkbookRefused(_DAMAGED) from error


def _packed(parts: dict[str, bytes], names: Iterable[str]) -> io.BytesIO:
    """A new archive of the parts that passed, under the names readers expect."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in sorted(names):
            archive.writestr("[Content_Types].xml" if name == "[content_types].xml" else name, parts[name])
    packed.seek(0)
    return packed


# Giving back ----------------------------------------------------------------------------------------------------------

_KEPT_BOOK_PARTS = ("worksheet", "sharedStrings", "styles", "theme")
_KEPT_SHEET_PARTS = ("comments", "table", "hyperlink")
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_OVERRIDE = "{http://schemas.openxmlformats.org/package/2006/content-types}Override"


def reopen_workbook(content: bytes) -> Workbook:
    """The workbook somebody has sent, to be written on and given back: its sheets, formats and values.

    Formulas come back as the values kept with them; pictures, charts, pivot tables and outer links are left out. Raises
    WorkbookRefused when it cannot be opened so, or is too large for that.
    """
    parts = _reopened_parts(_counted_parts(_content(content)))
    try:
        with warnings.catch_warnings():
            # What the library does not know it leaves out, and says so.
            warnings.simplefilter("ignore")
            return load_workbook(_packed(parts, parts), data_only=True, keep_links=False)
    except Exception as error:  # Whatever a strange file makes it raise; the parts were counted, so it harms nobody.
        raise WorkbookRefused(_DAMAGED) from error


def _reopened_parts(parts: dict[str, bytes]) -> dict[str, bytes]:
    """The parts of the workbook itself and of its sheets, each checked, without what leads elsewhere."""
    own: tuple[str, ...] = ("_rels/.rels", "xl/workbook.xml")
    kept = {name: parts[name] for name in own if name in parts}
    book_relations = "xl/_rels/workbook.xml.rels"
    kept[book_relations], targets = _relations_kept(parts, book_relations, "xl", _KEPT_BOOK_PARTS)
    kept |= {name: parts[name] for name in targets if name in parts}
    for sheet in [name for name in targets if name in parts]:
        folder, _, file = sheet.rpartition("/")
        relations = f"{folder}/_rels/{file}.rels"
        if relations in parts:
            kept[relations], beside = _relations_kept(parts, relations, folder, _KEPT_SHEET_PARTS)
            kept |= {name: parts[name] for name in beside if name in parts}
    kept["[content_types].xml"] = _types_kept(parts, kept)
    guard = _RangeGuard()
    for part in kept.values():
        _parse(part, guard)
    return kept


def _types_kept(parts: dict[str, bytes], kept: Iterable[str]) -> bytes:
    """The list of content types, of the kept parts only."""
    tree = _tree(parts.get("[content_types].xml"))
    for override in list(tree):
        if override.tag == _OVERRIDE:
            # Names of parts have no case, and what follows looks them up by letters.
            name = override.get("PartName", "").lower()
            override.set("PartName", name)
            if name.lstrip("/") not in kept:
                tree.remove(override)
    return ET.tostring(tree)


def _relations_kept(parts: dict[str, bytes], name: str, folder: str, kinds: tuple[str, ...]) -> tuple[bytes, list[str]]:
    """A list of relations with only these kinds in it, and the parts they lead to."""
    tree = _tree(parts.get(name))
    targets = []
    for relation in list(tree):
        kind = relation.get("Type", "").rpartition("/")[2]
        if relation.tag != _RELATION or kind not in kinds:
            tree.remove(relation)
        elif relation.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/").lower()
            relation.set("Target", f"/{target}")
            targets.append(target)
    return ET.tostring(tree), targets


class _RangeGuard(_Guard):
    """Counts the elements of all parts, and the cells of the ranges that opening a workbook makes one by one."""

    cells = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if self.elements > MAX_REOPENED_ELEMENTS:
            raise WorkbookRefused(_TOO_LARGE_UNPACKED)
        if name.rpartition(":")[2] in ("mergeCell", "hyperlink", "comment", "table") and "ref" in attributes:
            try:
                found = CellRange(attributes["ref"])
            except ValueError as error:
                raise WorkbookRefused(_DAMAGED) from error
            self.cells += found.size["rows"] * found.size["columns"]
            if self.cells > MAX_REOPENED_RANGES:
                raise WorkbookRefused(_TOO_LARGE_UNPACKED)


# Writing --------------------------------------------------------------------------------------------------------------


def safe_text(value: object) -> str:
    """Text that a cell can hold: without characters XML cannot carry, not longer than Excel reads.

    A leading = + - @ stays: `write_text` makes it text by the type of the cell, not by changing what people wrote.
    """
    return UNWRITABLE.sub("", str(value))[:MAX_CELL_TEXT]


def words_in(sheet: Any, value: object) -> str | Cell:
    """People's words for a row of a write-only sheet: as they are, or in a cell where they could be taken for more.

    Plain words are written in half the time.
    """
    text = safe_text(value)
    if text[:1] not in NOT_PLAIN:
        return text
    cell: Cell = WriteOnlyCell(sheet)
    write_text(cell, text)
    return cell


def write_text(cell: Cell | MergedCell, value: object) -> None:
    """Put people's words into a cell as text, whatever they begin with."""
    if isinstance(cell, MergedCell):
        raise TypeError("of a merged range only the first cell can hold anything")
    text = safe_text(value)
    cell.value = text
    # openpyxl has made a formula of "=…" and an error of "#REF!": both are only words here.
    cell.data_type = "s"
    if text.startswith(_FORMULA_STARTS):
        # The apostrophe of Excel: still text after somebody edits the cell.
        cell.quotePrefix = True
