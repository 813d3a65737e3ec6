"""The report of a published quarter as XLSX and PDF, both made of the rows in `monitoring.quarters.rows`.

`make_xlsx` and `make_pdf` gather a `ReportContext` from a collection; `render_xlsx` and `render_pdf` need nothing else.
Import this module where reports are made, not in every process: WeasyPrint brings Pango with it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break, ColBreak
from openpyxl.worksheet.worksheet import Worksheet

from monitoring.charts import interval_charts
from monitoring.display import clean
from monitoring.quarters.results import MAIN_MEASURES, MEASURES, QuarterResult
from monitoring.quarters.rows import (
    ADDITIONAL,
    CATALOGUE,
    MAIN,
    IndicatorRow,
    InstitutionRow,
    PassportRow,
    institution_rows,
    passport_rows,
    region_rows,
)
from regions import pdf
from regions.spreadsheets import write_text

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from monitoring.models import Collection

TITLE: Final = "Ключевые показатели эффективности НСИ"
LANGUAGE: Final = "ru-RU"


@dataclass(frozen=True)
class ReportContext:
    """All that a report says: the result and the names around it."""

    result: QuarterResult
    region: str
    life_situation: str
    life_situation_short: str
    period: str
    opens_on: date
    closes_on: date
    zone: ZoneInfo
    published_at: datetime | None = None

    @cached_property
    def indicators(self) -> list[IndicatorRow]:
        return region_rows(self.result)

    @cached_property
    def institutions(self) -> list[InstitutionRow]:
        return institution_rows(self.result)

    @cached_property
    def passport(self) -> list[PassportRow]:
        return [
            PassportRow("Регион", self.region),
            PassportRow("Жизненная ситуация", self.life_situation),
            PassportRow("Отчётный период", f"{self.period}: {self.dates}"),
            *passport_rows(self.result, zone=self.zone, published_at=self.published_at),
        ]

    @property
    def dates(self) -> str:
        return f"{self.opens_on:%d.%m.%Y} — {self.closes_on:%d.%m.%Y}"

    @property
    def title(self) -> str:
        return f"{TITLE}: {self.region}, {self.life_situation_short}, {self.period}"


def context_of(collection: Collection) -> ReportContext:
    """From the snapshot: what the answers are today does not matter to a report."""
    if collection.snapshot is None:
        raise ValueError(f"{collection} has not been calculated")
    return ReportContext(
        result=QuarterResult.from_document(collection.snapshot),
        region=clean(collection.region.name),
        life_situation=clean(collection.life_situation.title),
        life_situation_short=clean(collection.life_situation.short_title),
        period=str(collection.period),
        opens_on=collection.period.opens_on,
        closes_on=collection.period.closes_on,
        zone=collection.region.zone,
        published_at=collection.published_at,
    )


def make_xlsx(collection: Collection) -> bytes:
    return render_xlsx(context_of(collection))


def make_pdf(collection: Collection) -> bytes:
    return render_pdf(context_of(collection))


# XLSX

_LINE = Border(bottom=Side(style="thin", color="C5D0D8"))
_TEXT = Alignment(vertical="top", wrap_text=True)


def _font(**more: Any) -> Font:
    return Font(**{"name": "Arial", "size": 10, **more})


def _number(name: str, number_format: str) -> NamedStyle:
    alignment = Alignment(vertical="top", horizontal="right")
    return NamedStyle(name, font=_font(), alignment=alignment, border=_LINE, number_format=number_format)


# Named, not set cell by cell: the file is made in half the time, and whoever works on in the sheet finds the styles.
TITLE_STYLE, PLACE_STYLE, HEADER_STYLE = "НСИ заголовок", "НСИ подзаголовок", "НСИ шапка"
KEY, TEXT, WHOLE, DECIMAL, MARK = "НСИ название", "НСИ текст", "НСИ целое", "НСИ дробное", "НСИ ориентир"


def _styles() -> list[NamedStyle]:
    """Made for each book: a book keeps its styles' numbers in them."""
    return [
        NamedStyle(TITLE_STYLE, font=_font(size=14, bold=True)),
        NamedStyle(PLACE_STYLE, font=_font(color="52606B")),
        NamedStyle(
            HEADER_STYLE,
            font=_font(bold=True, color="FFFFFF"),
            fill=PatternFill("solid", fgColor="0B5C7A"),
            alignment=Alignment(horizontal="center", vertical="center", wrap_text=True),
        ),
        NamedStyle(KEY, font=_font(bold=True), alignment=_TEXT, border=_LINE),
        NamedStyle(TEXT, font=_font(), alignment=_TEXT, border=_LINE),
        _number(WHOLE, "#,##0"),
        _number(DECIMAL, "#,##0.0"),
        _number(MARK, "General"),
    ]


HEADER_ROW: Final = 4
"""Above it stand the title and the place; below it the data."""

Value = str | int | Decimal | None


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    width: float
    style: str = TEXT


INDICATOR_COLUMNS: Final = (
    Column("Показатель", 52, KEY),
    Column("Единица", 10),
    Column("Значение", 11, DECIMAL),
    Column("Интервал 95 %: от", 13, DECIMAL),
    Column("Интервал 95 %: до", 13, DECIMAL),
    Column("Ответов", 10, WHOLE),
    Column("Долгосрочный ориентир", 15, MARK),
    Column("Вывод", 24),
    Column("Примечание", 34),
)


def _measure_columns(code: str) -> tuple[Column, ...]:
    measure = CATALOGUE[code]
    name = f"{measure.short_title}, {measure.unit.title}"
    return (
        Column(name, 11, DECIMAL),
        Column(f"{name}: от", 11, DECIMAL),
        Column(f"{name}: до", 11, DECIMAL),
        Column(f"{measure.short_title}: ответов", 11, WHOLE),
        Column(f"{measure.short_title}: примечание", 18),
    )


INSTITUTION_COLUMNS: Final = (
    Column("Учреждение", 48, KEY),
    Column("Город или село", 10),
    Column("Обслужено человек", 11, WHOLE),
    Column("Вес", 10, WHOLE),
    Column("Доля веса, %", 9, DECIMAL),
    Column("Ответов получено", 10, WHOLE),
    Column("Ответов учтено", 10, WHOLE),
    Column("Ответов не учтено", 10, WHOLE),
    Column("Почему не вошло в значение региона", 22),
    *(column for code in MEASURES for column in _measure_columns(code)),
)
PASSPORT_COLUMNS: Final = (Column("Сведения", 44, KEY), Column("Значение", 96))


def indicator_values(row: IndicatorRow) -> list[Value]:
    mark = row.measure.mark
    return [
        row.measure.title,
        row.measure.unit.title,
        row.shown.value,
        row.shown.low,
        row.shown.high,
        row.shown.n,
        None if mark is None else Decimal(mark),
        row.verdict_text,
        row.notes,
    ]


def institution_values(row: InstitutionRow) -> list[Value]:
    return [
        row.name,
        row.settlement,
        row.clients,
        row.weight,
        row.weight_share,
        row.received,
        row.eligible,
        row.left_out,
        row.left_out_because,
        *(
            value
            for code in MEASURES
            for one in [row.shown[code]]
            for value in (one.value, one.low, one.high, one.n, one.note)
        ),
    ]


def render_xlsx(context: ReportContext) -> bytes:
    """Numbers are numbers, rounded as they are shown: what a person copies from the sheet is what the PDF says."""
    book = Workbook(write_only=True)
    for style in _styles():
        book.add_named_style(style)
    book.properties.title = context.title
    book.properties.language = LANGUAGE
    book.properties.creator = "Портал НСИ"
    _add_sheet(book, context, "Итоги региона", INDICATOR_COLUMNS, map(indicator_values, context.indicators))
    _add_sheet(
        book,
        context,
        "Учреждения",
        INSTITUTION_COLUMNS,
        map(institution_values, context.institutions),
        # On paper the three КПЭ take the first page and the additional measures the second.
        break_after=len(INSTITUTION_COLUMNS) - len(ADDITIONAL) * len(_measure_columns(MEASURES[0])),
    )
    _add_sheet(book, context, "Паспорт", PASSPORT_COLUMNS, ([row.label, row.value] for row in context.passport))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _add_sheet(
    book: Workbook,
    context: ReportContext,
    name: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Value]],
    *,
    break_after: int | None = None,
) -> None:
    sheet: Any = book.create_sheet(name)  # a write-only sheet, which the stubs do not tell apart
    sheet.freeze_panes = f"B{HEADER_ROW + 1}"
    for index, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = column.width
    sheet.row_dimensions[HEADER_ROW].height = 48
    _set_up_print(sheet, context, break_after)
    # What is written line by line can no longer be changed: everything about the sheet comes before its rows.
    sheet.append([_cell(sheet, f"{TITLE}. {name}", TITLE_STYLE)])
    sheet.append([_cell(sheet, f"{context.region}. {context.life_situation}", PLACE_STYLE)])
    sheet.append([_cell(sheet, f"{context.period}: {context.dates}", PLACE_STYLE)])
    sheet.append([_cell(sheet, column.title, HEADER_STYLE) for column in columns])
    for values in rows:
        sheet.append([_cell(sheet, value, column.style) for value, column in zip(values, columns, strict=True)])


def _set_up_print(sheet: Any, context: ReportContext, break_after: int | None) -> None:
    sheet.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    sheet.page_setup.orientation = Worksheet.ORIENTATION_LANDSCAPE
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToWidth = 2 if break_after else 1
    sheet.page_setup.fitToHeight = 0
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    if break_after:
        sheet.print_title_cols = "A:A"
        sheet.col_breaks = ColBreak()
        sheet.col_breaks.append(Break(id=break_after))
    # An ampersand starts a code in headers and footers.
    sheet.oddFooter.left.text = f"{context.region}, {context.period}".replace("&", "&&")[:200]
    sheet.oddFooter.right.text = "стр. &P из &N"


def _cell(sheet: Any, value: Value, style: str) -> Cell:
    cell: Cell = WriteOnlyCell(sheet)
    cell.style = style
    if isinstance(value, str):
        # After the style, which would take away the mark that keeps «=…» a text.
        write_text(cell, value)
    else:
        cell.value = value
    return cell


# PDF


def report_html(context: ReportContext) -> str:
    return render_to_string(
        "monitoring/report.html",
        {
            "report": context,
            "title": TITLE,
            "main": [row for row in context.indicators if row.is_main],
            "charts": [
                (row.measure, charts) for row in context.indicators if row.is_main and (charts := _charts(context, row))
            ],
            "main_measures": MAIN,
            "additional_measures": ADDITIONAL,
            "main_table": [(row, [row.shown[code] for code in MAIN_MEASURES]) for row in context.institutions],
            "additional_table": [
                (row, [row.shown[measure.code] for measure in ADDITIONAL]) for row in context.institutions
            ],
        },
    )


def _charts(context: ReportContext, row: IndicatorRow) -> list[SafeString]:
    return interval_charts(row, context.institutions, context.region)


def render_pdf(context: ReportContext) -> bytes:
    return pdf.render(report_html(context))
