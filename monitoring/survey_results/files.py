"""Survey results as XLSX and PDF: what the page shows, and nothing else.

Import this module where files are made, not in every process: WeasyPrint brings Pango with it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.template.loader import render_to_string
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from monitoring.display import clean, number
from monitoring.quarters.rows import moment
from monitoring.survey_results.reading import Asking, Change, Comparison, QuestionResult, Results
from monitoring.survey_results.words import bar_words
from regions import pdf
from regions.spreadsheets import write_text
from surveys.counting.statistics import round_half_up
from surveys.lists.comments import FILE_COLUMNS

if TYPE_CHECKING:
    from monitoring.survey_results.comments import Comments

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TITLE: Final = "Результаты опросов"
Value = str | int | Decimal | date | None

_HEAD = Font(name="Calibri", bold=True, color="FFFFFF")
_FILL = PatternFill("solid", fgColor="0B5C7A")
_WRAP = Alignment(vertical="top", wrap_text=True)


@dataclass(frozen=True)
class Report:
    """What a file is made of. `comments` is None for who may not read them."""

    asking: Asking
    results: Results
    comparison: Comparison | None
    comments: Comments | None
    made_at: datetime

    @property
    def whose(self) -> str:
        asking = self.asking
        return clean(str(asking.institution or asking.region))

    @property
    def dates(self) -> str:
        return f"{self.results.first:%d.%m.%Y} — {self.results.last:%d.%m.%Y}"

    @property
    def before_dates(self) -> str:
        assert self.comparison
        before = self.comparison.before
        return f"{before.first:%d.%m.%Y} — {before.last:%d.%m.%Y}"

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Where the numbers come from."""
        asking, counts = self.asking, self.results.counts
        from surveys.models import SurveyLink

        channel = SurveyLink.Channel(asking.channel).label if asking.channel else "все"
        return [
            ("Регион", clean(asking.region.name)),
            ("Учреждение", clean(asking.institution.name) if asking.institution else "все учреждения региона вместе"),
            ("Жизненная ситуация", clean(asking.life_situation.title)),
            ("Дни", self.dates),
            ("Канал", str(channel)),
            ("Анкета", clean(str(asking.version)) if asking.version else "все"),
            ("Поступило ответов", str(counts.all)),
            ("Учтено для КПЭ", str(counts.eligible)),
            ("Ответили слишком поздно", str(counts.too_late)),
            ("Исключено решением двух человек", str(counts.excluded)),
            ("К анкетам не для КПЭ", str(counts.others)),
            (
                "Малые числа",
                "значения, за которыми меньше 10 ответов, и те, по которым их можно вычислить, не показаны",
            ),
            *([("Комментариев за эти дни", self.comments_in_all)] if self.comments else []),
            ("Составлено", moment(self.made_at, asking.region.zone)),
        ]

    @property
    def comments_in_all(self) -> str:
        """How many there are, and how many of them a workbook holds."""
        assert self.comments
        total, held = self.comments.total, self.comments.in_workbook
        return str(total) if held == total else f"{number(total)}; в XLSX {number(held)} самых новых"


def render_xlsx(report: Report) -> bytes:
    """Numbers are numbers, rounded as on the page; people's words are text whatever they begin with."""
    book = Workbook(write_only=True)
    book.properties.title = f"{TITLE}: {report.whose}, {report.dates}"
    book.properties.creator = "Портал НСИ"
    _sheet(
        book,
        "КПЭ",
        [
            ("Показатель", 60),
            ("Единица", 10),
            ("Значение", 11),
            ("95 %: от", 11),
            ("95 %: до", 11),
            ("Ответов", 10),
            ("Примечание", 34),
        ],
        (
            [
                row.measure.title,
                row.measure.unit.title,
                row.shown.value,
                row.shown.low,
                row.shown.high,
                row.shown.n,
                row.shown.note,
            ]
            for row in report.results.indicators
        ),
    )
    _sheet(
        book,
        "Распределения",
        [
            ("Вопрос", 60),
            ("Ответ", 40),
            ("Человек", 10),
            ("Доля, %", 10),
            ("95 %: от", 10),
            ("95 %: до", 10),
            ("Ответили на вопрос", 12),
            ("Примечание", 34),
        ],
        (line for one in report.results.questions for line in _lines(one)),
    )
    if report.comparison:
        changes = [("", change) for change in report.comparison.measures]
        changes += [(one.asked.text, change) for one in report.comparison.questions for change in one.changes]
        _sheet(
            book,
            "Сравнение",
            [
                ("Вопрос", 50),
                ("Показатель или ответ", 40),
                (f"Было: {report.before_dates}", 14),
                (f"Стало: {report.dates}", 14),
                ("Разность", 10),
                ("95 %: от", 10),
                ("95 %: до", 10),
                ("Вывод", 30),
                ("Лучше или хуже", 12),
            ],
            (_change(question, change) for question, change in changes),
        )
    if report.comments is not None:
        _sheet(
            book,
            "Комментарии",
            [
                ("Дата", 12),
                ("Учреждение", 40),
                ("Комментарий (личные данные скрыты)", 100),
                ("Вопрос", 40),
                ("Канал", 24),
                ("Темы", 30),
                ("Этап процесса", 30),
            ],
            _comments(report.comments),
        )
    _sheet(book, "О файле", [("Сведения", 36), ("Значение", 90)], (list(fact) for fact in report.facts))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _lines(one: QuestionResult) -> Iterable[list[Value]]:
    found = one.distribution
    text = one.asked.text
    if found is None or not (found.shares or found.numbers):
        yield [text, "комментарии" if one.asked.is_written else "", None, None, None, None, one.n, one.note]
        return
    for share in found.shares:
        yield [
            text,
            share.title,
            share.count,
            *map(_rounded, (share.share.value, share.share.low, share.share.high)),
            one.n,
            one.note,
        ]
    if found.numbers:
        mean = found.numbers.mean
        yield [text, "среднее", None, *map(_rounded, (mean.value, mean.low, mean.high)), one.n, one.note]
        for words, value in (("медиана", found.numbers.median), ("наибольшее", found.numbers.highest)):
            yield [text, words, None, _rounded(float(value)), None, None, one.n, one.note]
        for bar in found.numbers.bars:
            yield [text, bar_words(bar), bar.count, _rounded(100 * bar.count / one.n), None, None, one.n, one.note]


def _comments(comments: Comments) -> Iterable[list[Value]]:
    for one in comments.for_workbook():
        # As in the file of their list, without what the person answered beside it.
        of_list = (FILE_COLUMNS[name](one) for name in ("Вопрос", "Канал", "Темы", "Этап процесса"))
        yield [one.answered_on, one.institution.name, one.text, *of_list]
    held, rest = comments.in_workbook, comments.total - comments.in_workbook
    if rest:
        yield [None, "", f"Здесь самые новые: {number(held)}. Остальные {number(rest)} — на странице «Комментарии»."]


def _change(question: str, change: Change) -> list[Value]:
    found = change.difference
    numbers = (found.value, found.low, found.high) if found else (None, None, None)
    return [
        question,
        change.title,
        change.before.value,
        change.after.value,
        *map(_rounded, numbers),
        change.words,
        change.verdict,
    ]


def _rounded(value: float | None) -> Decimal | None:
    return None if value is None else round_half_up(value)


def _sheet(book: Workbook, name: str, columns: Sequence[tuple[str, float]], rows: Iterable[Sequence[Value]]) -> None:
    sheet: Any = book.create_sheet(name)  # a write-only sheet, which the stubs do not tell apart
    sheet.freeze_panes = "B2"
    for index, (_, width) in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    head = []
    for title, _ in columns:
        cell = WriteOnlyCell(sheet, title)
        cell.font, cell.fill, cell.alignment = _HEAD, _FILL, _WRAP
        head.append(cell)
    sheet.append(head)
    for values in rows:
        line = []
        for value in values:
            cell = WriteOnlyCell(sheet)
            cell.alignment = _WRAP
            if isinstance(value, str):
                write_text(cell, value)
            else:
                cell.value = value
                if isinstance(value, date):
                    cell.number_format = "DD.MM.YYYY"
            line.append(cell)
        sheet.append(line)


def report_html(report: Report, charts: Mapping[str, Any]) -> str:
    return render_to_string(
        "monitoring/survey_results_report.html",
        {
            "report": report,
            "results": report.results,
            "title": TITLE,
            "questions": [
                (one, charts.get(one.asked.key, "")) for one in report.results.questions if not one.asked.is_written
            ],
            "written": [one for one in report.results.questions if one.asked.is_written],
        },
    )


def render_pdf(report: Report, charts: Mapping[str, Any]) -> bytes:
    """`charts`: key of a question → its picture."""
    return pdf.render(report_html(report, charts))
