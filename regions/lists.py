"""Lists: columns once, shown as a page (filtered, sorted, paged, all in the address) and downloaded as XLSX."""

import io
from collections import defaultdict
from collections.abc import Hashable, Mapping
from datetime import date, datetime
from typing import Any

import django_tables2 as tables
from django.core.paginator import EmptyPage, PageNotAnInteger, Paginator
from django.db.models import Case, Field, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell

from regions.spreadsheets import words_in

PAGE_SIZE = 50
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NUMBER = {"td": {"class": "num"}, "th": {"class": "num"}}


def two_lines(first: object, second: object) -> SafeString:
    """What a cell says, and in small letters below what belongs to it; the second may be empty."""
    return (
        format_html('{}<br><span class="muted small">{}</span>', first, second) if second else format_html("{}", first)
    )


class ListTable(tables.Table):
    """The base of every list. A column shows the same value on the page and in the file.

    `linkify` leads to the row's card; `attrs=NUMBER` aligns numbers. What a column shows by `render_<name>` the file
    shows by `value_<name>`: words for the one, plain values (numbers, dates) for the other. A column of the file alone
    is `visible=False`, one of the page alone `exclude_from_export=True`.
    """

    class Meta:
        attrs = {"class": "table-portal table-cards"}


def list_response(
    request: HttpRequest, table: tables.Table, template: str, context: dict[str, Any], *, file_name: str
) -> HttpResponse:
    """The page of a list, or with ?format=xlsx all its rows as a workbook named `file_name`.xlsx (Latin letters).

    The template gets `table`, `page` and `export_url`, and shows them by including `components/list.html`, which takes
    also `filter` (a FilterSet's form), `list_url`, `caption`, `empty_title` and `empty_text` from the context.
    """
    tables.RequestConfig(request, paginate=False).configure(table)
    rows = table.data.data
    # Rows that are equal in the chosen order must not change places between two pages. A list, of rows that stand in no
    # table of the database, is sorted stably as it is.
    if not isinstance(rows, list):
        table.data.data = rows.order_by(*(rows.query.order_by or rows.model._meta.ordering), "pk")
    if request.GET.get("format") == "xlsx":
        return _workbook(table, file_name)
    # One paginator for both, so that the rows are counted once.
    table.paginate(paginator_class=_ForgivingPaginator, page=request.GET.get("page"), per_page=PAGE_SIZE)
    query = request.GET.copy()
    query["format"] = "xlsx"
    query.pop("page", None)
    context = {"table": table, "page": table.page, "export_url": f"?{query.urlencode()}", **context}
    return render(request, template, context)


class _ForgivingPaginator(Paginator):
    """A page that is not there is the nearest one that is."""

    def validate_number(self, number: Any) -> int:
        try:
            return super().validate_number(number)
        except PageNotAnInteger:
            return 1
        except EmptyPage:
            return self.num_pages


def by_row(values: Mapping[int, Hashable], output_field: Field) -> Case:
    """A column computed outside the database, by the row's number: annotated so, it sorts, filters and pages there."""
    rows: dict[Hashable, list[int]] = defaultdict(list)
    for pk, value in values.items():
        if value is not None:
            rows[value].append(pk)
    whens = [When(pk__in=pks, then=Value(value)) for value, pks in rows.items()]
    return Case(*whens, default=Value(None), output_field=output_field)


def _workbook(table: tables.Table, file_name: str) -> HttpResponse:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Список")
    sheet.freeze_panes = "A2"
    for row in table.as_values():
        sheet.append([_in_file(sheet, value) for value in row])
    content = io.BytesIO()
    book.save(content)
    response = HttpResponse(content.getvalue(), content_type=XLSX_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name}.xlsx"'
    return response


def _in_file(sheet: Any, value: Any) -> Any:
    """What the sheet takes for a value of a list."""
    match value:
        case bool():
            return "да" if value else "нет"
        case datetime():
            # A sheet knows no time zones: the portal's own.
            return _formatted(sheet, timezone.localtime(value).replace(tzinfo=None), "DD.MM.YYYY HH:MM")
        case date():
            return _formatted(sheet, value, "DD.MM.YYYY")
        case int() | float():
            return value
        case None | "":
            return None
        case _:
            return words_in(sheet, value)


def _formatted(sheet: Any, value: date, number_format: str) -> Cell:
    cell: Cell = WriteOnlyCell(sheet)
    cell.value = value
    cell.number_format = number_format
    return cell
