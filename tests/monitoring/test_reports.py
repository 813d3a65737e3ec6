"""The report as XLSX and PDF: the same numbers as the rows, readable by people and machines, safe to open."""

import ctypes
import io
import re
import socket
import threading
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from python_calamine import CalamineWorkbook

from monitoring.quarters.reports import (
    HEADER_ROW,
    ReportContext,
    context_of,
    make_pdf,
    make_xlsx,
    render_xlsx,
    report_html,
)
from monitoring.quarters.results import institution_values
from monitoring.quarters.rows import CATALOGUE, institution_rows, region_rows
from regions.pdf import STATIC_ROOT_URL, ForbiddenAddress, StaticFilesOnly, render
from surveys.counting.statistics import round_half_up
from tests.monitoring.quarter import FORMULA, SILENT, VILLAGE, collection, inputs, result

HIDDEN = inputs()[3]
"""Seven answers: nobody but the institution itself may see what they say."""
# 6, 5, 4 and 3 of 7; (5 − 1) of 7 again is 57.1; (3·31 + 4·44) / 7. No other number of the sample is one of these.
HIDDEN_VALUES = {Decimal(value) for value in ("85.7", "71.4", "57.1", "42.9", "38.4")}


@pytest.fixture(scope="module")
def context() -> ReportContext:
    return context_of(collection())


@pytest.fixture(scope="module")
def xlsx() -> bytes:
    return make_xlsx(collection())


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return make_pdf(collection())


def sheet(xlsx: bytes, name: str) -> list[dict[str, object]]:
    rows = CalamineWorkbook.from_filelike(io.BytesIO(xlsx)).get_sheet_by_name(name).to_python(skip_empty_area=False)
    header = rows[HEADER_ROW - 1]
    assert len(set(header)) == len(header), "columns are told apart by their titles"
    return [dict(zip(header, row, strict=True)) for row in rows[HEADER_ROW:]]


def cell(value: Decimal | int | str | None) -> object:
    """What calamine reads where a row has `value`."""
    return "" if value is None else value if isinstance(value, str) else float(value)


def one_line(text: str) -> str:
    return " ".join(text.split())


def pages(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [one_line(page.get_textpage().get_text_range()) for page in document]


def test_hidden_values_of_the_sample_are_what_the_tests_look_for():
    values = institution_values(HIDDEN.counts)
    assert {round_half_up(values[code].value) for code in CATALOGUE if code != "support"} == HIDDEN_VALUES


# One set of rows


def test_the_region_in_the_sheet_is_the_rows_cell_by_cell(xlsx):
    found = sheet(xlsx, "Итоги региона")
    expected = [
        {
            "Показатель": row.measure.title,
            "Единица": row.measure.unit.title,
            "Значение": cell(row.shown.value),
            "Интервал 95 %: от": cell(row.shown.low),
            "Интервал 95 %: до": cell(row.shown.high),
            "Ответов": cell(row.shown.n),
            "Долгосрочный ориентир": "" if row.measure.mark is None else row.measure.mark,
            "Вывод": row.verdict_text,
            "Примечание": row.notes,
        }
        for row in region_rows(result())
    ]
    assert found == expected
    assert found[0]["Значение"] == 65.6 and found[0]["Долгосрочный ориентир"] == 90


def test_institutions_in_the_sheet_are_the_rows_cell_by_cell(xlsx):
    found = sheet(xlsx, "Учреждения")
    rows = institution_rows(result())
    assert len(found) == len(rows)
    for cells, row in zip(found, rows, strict=True):
        expected = {
            "Учреждение": row.name,
            "Город или село": row.settlement,
            "Обслужено человек": cell(row.clients),
            "Вес": cell(row.weight),
            "Доля веса, %": cell(row.weight_share),
            "Ответов получено": cell(row.received),
            "Ответов учтено": cell(row.eligible),
            "Ответов не учтено": cell(row.left_out),
            "Почему не вошло в значение региона": row.left_out_because,
        }
        for code, measure in CATALOGUE.items():
            name, shown = f"{measure.short_title}, {measure.unit.title}", row.shown[code]
            expected[name] = cell(shown.value)
            expected[f"{name}: от"] = cell(shown.low)
            expected[f"{name}: до"] = cell(shown.high)
            expected[f"{measure.short_title}: ответов"] = cell(shown.n)
            expected[f"{measure.short_title}: примечание"] = shown.note
        assert cells == expected
    assert next(cells for cells in found if cells["Учреждение"] == VILLAGE)["Удовлетворённость, %"] == 95


def test_the_passport_in_the_sheet_and_on_paper_is_the_rows(xlsx, pdf, context):
    assert sheet(xlsx, "Паспорт") == [{"Сведения": row.label, "Значение": row.value} for row in context.passport]
    # A long checksum may be parted at the line's end.
    text = "".join(" ".join(pages(pdf)).split())
    for row in context.passport:
        assert "".join(row.label.split()) in text
        assert "".join(row.value.split()) in text
    assert result().checksum in text


def test_every_number_of_the_rows_is_on_paper(pdf):
    text = " ".join(pages(pdf))
    said = []
    for row in region_rows(result()):
        said += [
            f"{row.measure.full_title} {row.shown.text} {row.shown.interval} {row.shown.n} {row.measure.mark_text}"
        ]
        said += [row.verdict_text, *row.notes.split("; ")]
    for row in institution_rows(result()):
        said += [row.name, row.left_out_because]
        for shown in row.shown.values():
            said += [shown.note] if shown.is_hidden else [
                f"{shown.text.split(chr(160))[0]} {shown.interval} {shown.answers} {shown.note}"
            ]  # fmt: skip
    for words in said:
        assert one_line(words) in text, words
    assert "65,6 %" in pages(pdf)[0] and "95,0 83,5…98,6 40 ответов" in text


def test_weights_and_counts_of_institutions_are_on_paper(pdf):
    text = " ".join(pages(pdf))
    for row in institution_rows(result()):
        counts = [row.clients, row.weight, row.weight_share, row.received, row.eligible, row.left_out]
        line = " ".join(str(number).replace(".", ",").replace("1000", "1 000") for number in counts)
        reason = f" Не вошло в значение региона: {row.left_out_because}" if row.left_out_because else ""
        assert one_line(f"{row.name}{reason} {line}") in text


def test_a_value_from_few_answers_is_in_neither_file(xlsx, pdf):
    rows = [row for name in ("Итоги региона", "Учреждения") for row in sheet(xlsx, name)]
    numbers = {Decimal(str(value)) for row in rows for value in row.values() if isinstance(value, float)}
    assert not numbers & HIDDEN_VALUES
    # What the file holds besides its cells, and the bare counts behind the value.
    with zipfile.ZipFile(io.BytesIO(xlsx)) as archive:
        parts = " ".join(archive.read(name).decode() for name in archive.namelist())
    assert not [value for value in HIDDEN_VALUES if str(value) in parts]
    assert "positive" not in parts and "promoters" not in parts
    text = " ".join(pages(pdf)) + report_html(context_of(collection()))
    assert not [value for value in HIDDEN_VALUES if re.search(rf"(?<![\d,]){str(value).replace('.', ',')}(?!\d)", text)]
    # And yet it has its part in the region's: without it the value would be 64,6.
    assert sheet(xlsx, "Итоги региона")[0]["Значение"] == 65.6 and "65,6 %" in text


# XLSX


def test_numbers_are_numbers_with_formats(xlsx):
    book = openpyxl.load_workbook(io.BytesIO(xlsx))
    assert book.sheetnames == ["Итоги региона", "Учреждения", "Паспорт"]
    region, institutions = book["Итоги региона"], book["Учреждения"]
    first = HEADER_ROW + 1
    assert (region.cell(first, 3).data_type, region.cell(first, 3).number_format) == ("n", "#,##0.0")
    assert (institutions.cell(first, 3).data_type, institutions.cell(first, 3).number_format) == ("n", "#,##0")


@pytest.mark.parametrize("name", ["Итоги региона", "Учреждения", "Паспорт"])
def test_a_sheet_is_ready_to_read_and_to_print(xlsx, name):
    page = openpyxl.load_workbook(io.BytesIO(xlsx))[name]
    assert page.freeze_panes == f"B{HEADER_ROW + 1}"
    assert page.print_title_rows == f"${HEADER_ROW}:${HEADER_ROW}"
    assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
    assert page.sheet_properties.pageSetUpPr.fitToPage and page.page_setup.fitToHeight == 0
    assert page.column_dimensions["A"].width > 40
    assert page.cell(HEADER_ROW, 1).font.bold and page.cell(HEADER_ROW, 1).fill.fgColor.rgb == "000B5C7A"
    assert page["A1"].value == f"Ключевые показатели эффективности НСИ. {name}"
    assert page["A2"].value == "Нижегородская область. Поиск работы & центр занятости"


def test_the_book_names_itself(xlsx):
    properties = openpyxl.load_workbook(io.BytesIO(xlsx)).properties
    assert properties.language == "ru-RU"
    assert properties.title.endswith("Нижегородская область, Поиск работы, 4 квартал 2026 года")


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_what_people_typed_never_becomes_a_formula(start):
    name = f'{start}HYPERLINK("http://x")'
    made = render_xlsx(context_of(collection(result(given=inputs(name)))))
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        sheets = [archive.read(part) for part in archive.namelist() if part.startswith("xl/worksheets/")]
    assert len(sheets) == 3 and not any(re.search(rb"<f[ >/]", part) for part in sheets)
    cells = [
        cell for row in openpyxl.load_workbook(io.BytesIO(made))["Учреждения"] for cell in row if cell.value == name
    ]
    assert [(cell.data_type, cell.quotePrefix) for cell in cells] == [("s", True)]


def test_names_that_xlsx_and_pdf_cannot_hold_are_cleaned():
    of = collection(result(given=inputs("ЦЗН\x00\x0b села\ud800\ufffe Вад")))
    assert "ЦЗН села Вад" in [row["Учреждение"] for row in sheet(make_xlsx(of), "Учреждения")]
    assert "ЦЗН села Вад" in " ".join(pages(make_pdf(of)))


# PDF


def test_the_pdf_is_tagged_named_and_in_russian(pdf):
    with pypdfium2.PdfDocument(pdf) as document:
        assert pdfium.FPDFCatalog_IsTagged(document)
        length = pdfium.FPDFCatalog_GetLanguage(document, None, 0)
        buffer = ctypes.create_string_buffer(length)
        pdfium.FPDFCatalog_GetLanguage(document, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), length)
        assert buffer.raw.decode("utf-16-le").rstrip("\0") == "ru"
        assert document.get_metadata_value("Title").startswith("Ключевые показатели эффективности НСИ: Нижегородская")
        titles = [bookmark.get_title() for bookmark in document.get_toc()]
    assert {"Главное", "Показатели региона", "Показатели учреждений", "Паспорт расчёта"} <= set(titles)


def test_each_chart_is_a_figure_with_its_name(pdf):
    with pypdfium2.PdfDocument(pdf) as document:
        figures = [alt for page in document for kind, alt in _structure(page) if kind == "Figure"]
    assert len(figures) == 3
    assert all("регион и 5\u00a0учреждений" in alt for alt in figures)


def test_all_fonts_are_embedded_and_the_portal_s_own(pdf):
    found: dict[str, bool] = {}
    letters: dict[str, str] = {}
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            text = page.get_textpage()
            for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT], max_depth=10):
                font = pdfium.FPDFTextObj_GetFont(item)
                name = _name(font)
                found[name] = bool(pdfium.FPDFFont_GetIsEmbedded(font))
                letters[name] = letters.get(name, "") + _text(item, text)
    assert found and all(found.values())
    for script in ("А-Яа-яЁё", "0-9", "A-Za-z"):
        fonts = {name for name in letters if re.search(rf"[{script}]", letters[name])}
        assert fonts and all("Golos" in name for name in fonts), (script, fonts)


def test_pages_are_a4_numbered_and_headed(pdf):
    with pypdfium2.PdfDocument(pdf) as document:
        sizes = [page.get_size() for page in document]
    assert {(round(width), round(height)) for width, height in sizes} == {(595, 842)}
    texts = pages(pdf)
    for number, text in enumerate(texts, start=1):
        assert f"стр. {number} из {len(texts)}" in text
    assert all("Нижегородская область · Поиск работы 4 квартал 2026 года" in text for text in texts[1:])


def test_the_head_of_a_table_is_repeated():
    many = [replace(inputs()[2], id=number, name=f"Учреждение {number}") for number in range(40)]
    texts = pages(make_pdf(collection(result(given=many))))
    assert len([text for text in texts if "Учреждение Удовлетворённость, % NPS, пункты Время, дни" in text]) >= 2


def test_names_are_text_on_paper(pdf, context):
    assert "&lt;b&gt;Балахна&lt;/b&gt; &amp; партнёры" in report_html(context)
    assert "<b>Балахна" not in report_html(context)
    assert "ГКУ <b>Балахна</b> & партнёры" in " ".join(pages(pdf))
    assert SILENT in " ".join(pages(pdf)) and FORMULA in " ".join(pages(pdf))


def test_an_unpublished_moment_is_not_claimed():
    of = collection()
    of.published_at = None
    assert "Опубликовано" not in [row.label for row in context_of(of).passport]
    of.published_at = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
    assert ("Опубликовано", "25.11.2026 00:30 (UTC+3)") in [(row.label, row.value) for row in context_of(of).passport]


# What a document may be made of


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://127.0.0.1/",
        "https://example.org/static/css/report.css",
        "ftp://127.0.0.1/x.css",
        "data:text/css,body{}",
        "https://portal.invalid/css/report.css",
        "https://portal.invalid/static/../../etc/passwd",
        "https://portal.invalid/static/..%2f..%2f..%2fetc%2fpasswd",
        "https://portal.invalid/static//etc/passwd",
        "https://portal.invalid/static/%2fetc%2fpasswd.css",
        "https://portal.invalid/static/css/../../manage.py",
        "https://portal.invalid/static/css",
        "https://portal.invalid/static/",
        "https://portal.invalid/static/css/missing.css",
        "https://portal.invalid/static/css/report.css%00.css",
        "https://portal.invalid.example.org/static/css/report.css",
    ],
)
def test_only_static_files_of_the_portal_are_handed_out(url):
    with pytest.raises(ForbiddenAddress):
        StaticFilesOnly()(url)


def test_static_files_are_handed_out_without_collectstatic(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    assert b"@page" in StaticFilesOnly()(f"{STATIC_ROOT_URL}css/report.css").read()
    font = StaticFilesOnly()(f"{STATIC_ROOT_URL}npm/golos-text/golos-text-cyrillic-wght-normal.woff2")
    assert (font.read()[:4], font.content_type) == (b"wOF2", "font/woff2")


@pytest.mark.parametrize(
    "html",
    [
        '<link rel="attachment" href="{url}">',
        '<img src="{url}" alt="">',
        '<object data="{url}"></object>',
        '<link rel="stylesheet" href="{url}">',
        '<style>@import url("{url}");</style>',
        '<style>@font-face {{ font-family: x; src: url("{url}"); }} p {{ font-family: x }}</style><p>x</p>',
        '<p style="background: url({url})">x</p>',
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{url}" width="9" height="9"/></svg>',
    ],
)
def test_a_document_that_asks_for_anything_else_is_not_made(html, listener, tmp_path):
    secret = tmp_path / "secret.css"
    secret.write_text("p { color: red }")
    for url in ("file:///etc/passwd", secret.as_uri(), listener.url):
        with pytest.raises(ForbiddenAddress):
            render(f"<!DOCTYPE html><html lang='ru'><title>x</title>{html.format(url=url)}<p>x</p></html>")
    assert listener.calls == 0


def test_weasyprint_alone_would_have_asked(listener, monkeypatch):
    """The control: the listener hears, and the default does ask."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    from weasyprint import HTML

    HTML(string=f'<img src="{listener.url}" alt="">').write_pdf()
    assert listener.calls == 1


class Listener:
    """Counts who connects to a loopback port."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/picture.png"
        self.calls = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.calls += 1
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def listener():
    one = Listener()
    yield one
    one.socket.close()


# Reading tags and fonts


def _structure(page: pypdfium2.PdfPage) -> list[tuple[str, str]]:
    tree = pdfium.FPDF_StructTree_GetForPage(page)
    found: list[tuple[str, str]] = []

    def walk(element: object) -> None:
        if not element:
            return
        found.append(
            (_wide(pdfium.FPDF_StructElement_GetType, element), _wide(pdfium.FPDF_StructElement_GetAltText, element))
        )
        for index in range(max(0, pdfium.FPDF_StructElement_CountChildren(element))):
            walk(pdfium.FPDF_StructElement_GetChildAtIndex(element, index))

    for index in range(pdfium.FPDF_StructTree_CountChildren(tree)):
        walk(pdfium.FPDF_StructTree_GetChildAtIndex(tree, index))
    pdfium.FPDF_StructTree_Close(tree)
    return found


def _wide(function, element) -> str:
    length = function(element, None, 0)
    buffer = ctypes.create_string_buffer(length)
    function(element, buffer, length)
    return buffer.raw.decode("utf-16-le").rstrip("\0")


def _name(font) -> str:
    length = pdfium.FPDFFont_GetBaseFontName(font, None, 0)
    buffer = ctypes.create_string_buffer(length)
    pdfium.FPDFFont_GetBaseFontName(font, buffer, length)
    return buffer.value.decode()


def _text(item, text) -> str:
    length = pdfium.FPDFTextObj_GetText(item, text, None, 0)
    buffer = ctypes.create_string_buffer(length)
    pdfium.FPDFTextObj_GetText(item, text, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), length)
    return buffer.raw.decode("utf-16-le", "replace").rstrip("\0")
