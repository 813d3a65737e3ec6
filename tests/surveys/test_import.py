"""Answers from paper in an XLSX: what is taken, what is refused in which words, and that nothing is stored twice."""

import contextlib
import io
import json
import re
import struct
import subprocess
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction
from django.db.models import Sum
from openpyxl.cell import WriteOnlyCell

from accounts.models import User
from monitoring.management.commands.import_responses import SHOWN_PROBLEMS
from regions.roles import Role
from regions.spreadsheets import WorkbookRefused, open_workbook_rows, safe_text, write_text
from surveys.models import Response, ResponseImport, SurveyLink
from surveys.models.questionnaires import published_definition
from surveys.paper.importing import (
    MAX_ANSWERS,
    ImportRefused,
    ImportResult,
    Problem,
    build_template,
    import_file,
    row_key,
)
from surveys.questionnaires.answers import Answers
from surveys.services import imports
from surveys.services.arriving import Origin, build_response
from tests.factories import (
    InstitutionFactory,
    MembershipFactory,
    QuestionnaireFactory,
    QuestionnaireVersionFactory,
    RegionFactory,
    SurveyLinkFactory,
)
from tests.servers import PYTHON, clean_environment

NOW = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
ANSWERED = date(2026, 11, 5)
VISITED = date(2026, 11, 3)

CODES = ["answered_on", "service_date", "satisfaction", "satisfaction_comment", "recommend", "days", "suggestions"]
TITLES = ["Заполнена", "Когда", "Довольны?", "Почему", "Порекомендуете?", "Дней", "Предложения"]
GOOD: dict[str, Any] = {
    "answered_on": ANSWERED, "service_date": VISITED, "satisfaction": "Да", "satisfaction_comment": None,
    "recommend": 9, "days": 3, "suggestions": None,
}  # fmt: skip

# A questionnaire with every type of question, and one that repeats.
EVERYTHING = {
    "title": "Всё сразу",
    "sections": [
        {
            "code": "main",
            "questions": [
                {"code": "service_date", "type": "date", "text": "Когда", "required": True, "measure": "service_date"},
                {
                    "code": "way", "type": "single", "text": "Как обратились",
                    "options": [
                        {"code": "in_person", "title": "Пришёл сам; без записи"}, {"code": "phone", "title": "Телефон"},
                    ],
                },
                {
                    "code": "helped", "type": "multiple", "text": "Что помогло",
                    "options": [
                        {"code": "people", "title": "Люди"}, {"code": "site", "title": "Сайт"},
                        {"code": "signs", "title": "Указатели; схемы"},
                    ],
                },
                {"code": "visits", "type": "number", "text": "Сколько раз", "max": 50},
                {"code": "note", "type": "text", "text": "Заметка", "max_length": 100},
            ],
        },
        {
            "code": "family", "repeat": {"min": 0, "max": 3},
            "questions": [{"code": "age", "type": "number", "text": "Возраст"}],
        },
    ],
}  # fmt: skip


def book(*rows: dict[str, Any] | list[Any], codes: list[Any] = CODES, titles: list[Any] = TITLES) -> bytes:
    """A file of answers: mappings change the good row, lists are rows as they are."""
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    for row in (codes, titles):
        sheet.append(row)
    for row in rows:
        values = row if isinstance(row, list) else [(GOOD | row).get(code) for code in codes]
        sheet.append(values)
    return saved(workbook)


def saved(workbook: openpyxl.Workbook) -> bytes:
    packed = io.BytesIO()
    workbook.save(packed)
    return packed.getvalue()


def changed(content: bytes, change: Callable[[Any], None]) -> bytes:
    """The file opened, changed and saved again by a program."""
    workbook = openpyxl.load_workbook(io.BytesIO(content))
    change(workbook.worksheets[0])
    return saved(workbook)


def repacked(content: bytes, parts: dict[str, bytes | None], *, add: Iterable[tuple[str, bytes]] = ()) -> bytes:
    """The archive with some parts replaced (None: left out) and others added."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            part = parts.get(name, source.read(name))
            if part is not None:
                target.writestr(name, part)
        for name, part in add:
            target.writestr(name, part)
    return packed.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
STRINGS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def with_sheet(data: str, *, before: str = "") -> bytes:
    """A workbook whose only sheet is written by hand."""
    xml = f"{before}<worksheet {NAMESPACE}>{data}</worksheet>"
    return repacked(book(), {SHEET: xml.encode()})


def with_strings(data: str, strings: str, *, name: str = "sharedStrings.xml") -> bytes:
    """A workbook of a sheet and the texts its cells share, both written by hand."""
    relation = f'<Relationship Id="rId99" Type="{STRINGS}" Target="{name}"/></Relationships>'
    relations = part(book({}), RELATIONS).replace("</Relationships>", relation)
    xml = f"<sst {NAMESPACE}>{strings}</sst>"
    return repacked(with_sheet(data), {RELATIONS: relations.encode()}, add=[(f"xl/{name}", xml.encode())])


def part(content: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name).decode()


@pytest.fixture(autouse=True)
def fresh_definitions() -> None:
    """Published versions are kept by their id, and SQLite gives the ids of a test rolled back to the next one."""
    published_definition.cache_clear()


@pytest.fixture
def link(db: None) -> SurveyLink:
    created: SurveyLink = SurveyLinkFactory(opens_on=date(2026, 10, 1))
    return created


@pytest.fixture
def everything(db: None) -> SurveyLink:
    version = QuestionnaireVersionFactory(questionnaire=QuestionnaireFactory(), number=7, document=EVERYTHING)
    created: SurveyLink = SurveyLinkFactory(version=version, opens_on=date(2026, 10, 1))
    return created


def take(link: SurveyLink, content: bytes, **more: Any) -> ImportResult:
    return import_file(link=link, content=content, **({"now": NOW} | more))


def refusal(link: SurveyLink, content: bytes, **more: Any) -> list[Problem]:
    """The problems a file is refused for; and that nothing of it is stored, not even in parts."""
    with pytest.raises(ImportRefused) as refused:
        take(link, content, **more)
    assert not Response.objects.exists()
    return refused.value.problems


# What is stored ------------------------------------------------------------------------------------------------------


def test_a_small_file_gives_its_golden_figures(link: SurveyLink) -> None:
    content = book(
        {"satisfaction": "Да", "recommend": 10, "days": 2},
        {"satisfaction": "Скорее да", "recommend": 9, "days": "3,5"},
        {"satisfaction": "Скорее нет", "satisfaction_comment": "-очередь", "recommend": "7", "days": None},
        {"satisfaction": "Нет", "recommend": 0, "days": 11.0},
        # Six days later: kept, but not counted.
        {"service_date": date(2026, 10, 30), "recommend": 8, "days": 1},
    )

    assert take(link, content) == ImportResult(rows=5, stored=5, repeated=0, eligible=4)

    eligible = Response.objects.filter(is_eligible=True)
    assert eligible.filter(satisfaction__gte=3).count() == 2
    assert eligible.aggregate(sum=Sum("nps"))["sum"] == 26
    assert eligible.aggregate(sum=Sum("days"))["sum"] == Decimal("16.5")
    stored = Response.objects.get(satisfaction=2)
    assert (stored.mode, stored.answered_on, stored.service_date) == ("file", ANSWERED, VISITED)
    assert stored.arrived_at == NOW
    assert stored.institution == link.institution and stored.version == link.version
    assert stored.answers == {
        "service_date": "2026-11-03", "satisfaction": "rather_no", "satisfaction_comment": "-очередь", "recommend": 7,
    }  # fmt: skip
    assert stored.key.startswith("file-") and len(stored.key) == 64


@pytest.mark.parametrize(
    ("code", "value", "stored"),
    [
        ("satisfaction", "скорее ДА", "rather_yes"),
        ("satisfaction", " Скорее\n нет ", "rather_no"),
        ("satisfaction", "Скорее\N{NO-BREAK SPACE}да", "rather_yes"),
        ("recommend", 9.0, 9),
        ("recommend", "9", 9),
        ("recommend", " 10 ", 10),
        ("recommend", "9,0", 9),
        ("recommend", 0, 0),
        ("days", "3,5", "3.5"),
        ("days", "3.5", "3.5"),
        ("days", 0.1 + 0.2, "0.3"),
        ("days", 1000, "1000"),
        ("service_date", datetime(2026, 11, 3, 14, 30), "2026-11-03"),
        ("service_date", "03.11.2026", "2026-11-03"),
        ("service_date", "2026-11-03", "2026-11-03"),
        ("suggestions", "первая\r\nвторая", "первая\nвторая"),
        ("suggestions", "_x0000_раз_x0007_", "раз"),
        ("suggestions", 42, "42"),
        ("suggestions", date(2026, 11, 3), "03.11.2026"),
        ("suggestions", "я" * 4000, "я" * 4000),
    ],
)
def test_a_cell_means_what_a_person_sees_in_it(link: SurveyLink, code: str, value: Any, stored: Any) -> None:
    take(link, book({code: value}))
    assert Response.objects.get().answers[code] == stored


@pytest.mark.parametrize(
    ("code", "value", "stored"),
    [
        ("way", "телефон", "phone"),
        ("way", "PHONE", "phone"),
        ("way", "Пришел сам; без записи", "in_person"),
        ("helped", "Сайт; люди", ["people", "site"]),
        ("helped", "site;people;", ["people", "site"]),
        ("helped", "указатели; схемы", ["signs"]),
        ("visits", 3.0, "3"),
        ("note", "-", "-"),
    ],
)
def test_other_types_go_by_title_or_code(everything: SurveyLink, code: str, value: Any, stored: Any) -> None:
    codes = ["answered_on", "service_date", code]
    take(everything, book({code: value}, codes=codes, titles=["", "", ""]))
    assert Response.objects.get().answers[code] == stored


def test_empty_rows_in_the_middle_and_at_the_end_are_passed_over(link: SurveyLink) -> None:
    empty: list[Any] = [None] * len(CODES)
    content = book({}, empty, ["  ", None, "\n"], {"recommend": 8}, empty, [" "])
    assert take(link, content).rows == 2


def test_an_answer_behind_a_condition_that_does_not_hold_is_left_out_as_on_the_page(link: SurveyLink) -> None:
    take(link, book({"satisfaction": "Да", "satisfaction_comment": "всё хорошо"}))
    assert "satisfaction_comment" not in Response.objects.get().answers


def test_a_formula_gives_the_value_kept_with_it(link: SurveyLink) -> None:
    content = book({"recommend": "=4+5"})
    # openpyxl keeps no values; a spreadsheet program would have written this one.
    sheet = re.sub(r"(<f>4\+5</f>)<v ?(?:/>|></v>)", r"\1<v>9</v>", part(content, SHEET))
    assert "<v>9</v>" in sheet
    take(link, repacked(content, {SHEET: sheet.encode()}))
    assert Response.objects.get().nps == 9


def test_a_formula_of_an_empty_text_is_an_empty_cell(link: SurveyLink) -> None:
    content = book({"suggestions": "=A9&A9"})
    sheet = re.sub(r"(<c [^>]*)(><f>A9&amp;A9</f>)<v ?(?:/>|></v>)", r'\1 t="str"\2<v></v>', part(content, SHEET))
    assert 't="str"' in sheet
    assert take(link, repacked(content, {SHEET: sheet.encode()})).stored == 1


def test_columns_may_stand_in_any_order_and_optional_ones_may_be_absent(link: SurveyLink) -> None:
    codes = ["recommend", " Satisfaction ", "service_date", "answered_on"]
    content = book([10, "Нет", VISITED, ANSWERED], codes=codes, titles=["", "", "", ""])
    assert take(link, content).stored == 1


def test_cells_with_only_a_format_and_a_huge_declared_size_cost_nothing(link: SurveyLink) -> None:
    sheet = part(book({}), SHEET)
    sheet = sheet.replace('<dimension ref="A1:G3"', '<dimension ref="A1:XFD1048576"')
    sheet = sheet.replace("</sheetData>", '<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>')
    assert "XFD1048576" in sheet
    before = time.monotonic()
    assert take(link, repacked(book({}), {SHEET: sheet.encode()})).stored == 1
    assert time.monotonic() - before < 2


def test_a_hidden_sheet_before_the_answers_and_an_archive_inside_are_left_alone(link: SurveyLink) -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(book({})))
    hidden = workbook.create_sheet("Списки", 0)
    hidden.sheet_state = "hidden"
    hidden.append(["Да", "Нет"])
    workbook.active = 1
    inner = repacked(saved(workbook), {}, add=[("xl/media/inner.zip", bomb()), ("../../etc/x.xml", b"<a/>")])
    assert take(link, inner).stored == 1


def test_the_full_ten_thousand_is_taken(link: SurveyLink) -> None:
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet()
    sheet.append(CODES)
    sheet.append(TITLES)
    for number in range(MAX_ANSWERS):
        sheet.append([ANSWERED, VISITED, "Да", None, number % 11, None, None])
    content = saved(workbook)
    result = take(link, content, dry_run=True)
    assert result == ImportResult(rows=MAX_ANSWERS, stored=MAX_ANSWERS, repeated=0, eligible=MAX_ANSWERS)


# Once only -----------------------------------------------------------------------------------------------------------


def test_the_same_file_again_stores_nothing(link: SurveyLink) -> None:
    content = book({}, {"recommend": 3})
    assert take(link, content).stored == 2
    assert take(link, content) == ImportResult(rows=2, stored=0, repeated=2, eligible=2)
    assert Response.objects.count() == 2


def test_a_file_saved_again_sorted_and_padded_stores_nothing(link: SurveyLink) -> None:
    take(link, book({}, {"recommend": 3}, {"days": "3,5"}))
    again = book({"days": 3.5, "answered_on": "05.11.2026"}, [None], {"recommend": "3"}, {"satisfaction": "ДА "})
    assert take(link, changed(again, lambda sheet: sheet.insert_cols(4))).stored == 0


def test_rows_added_at_the_end_are_stored_alone(link: SurveyLink) -> None:
    take(link, book({}, {"recommend": 3}))
    assert take(link, book({}, {"recommend": 3}, {"recommend": 4})) == ImportResult(3, 1, 2, 3)
    assert Response.objects.count() == 3


def test_people_with_the_same_answers_all_count(link: SurveyLink) -> None:
    assert take(link, book({}, {}, {})).stored == 3
    assert take(link, book({}, {}, {})).stored == 0
    # A fourth one has come since.
    assert take(link, book({}, {}, {}, {})) == ImportResult(4, 1, 3, 4)
    assert Response.objects.count() == 4


def test_the_same_rows_for_another_link_are_other_answers(link: SurveyLink) -> None:
    take(link, book({}))
    assert take(SurveyLinkFactory(opens_on=date(2026, 10, 1)), book({})).stored == 1


def test_the_day_of_answering_tells_people_apart(link: SurveyLink) -> None:
    take(link, book({}))
    assert take(link, book({"answered_on": date(2026, 11, 4)})).stored == 1


def test_the_key_depends_on_every_part_of_it() -> None:
    one: dict[str, Any] = {"link_id": 1, "answers": Answers({"a": 1}, {}), "answered_on": ANSWERED, "ordinal": 1}
    others = [
        {"link_id": 2}, {"answers": Answers({"a": 2}, {})}, {"answered_on": VISITED}, {"ordinal": 2}
    ]  # fmt: skip
    assert len({row_key(**one), *(row_key(**(one | other)) for other in others)}) == 5
    assert row_key(**one) == row_key(**one)


def test_a_dry_run_tells_what_would_be_and_stores_nothing(link: SurveyLink) -> None:
    assert take(link, book({}, {}), dry_run=True) == ImportResult(2, 2, 0, 2)
    assert not Response.objects.exists()
    take(link, book({}))
    assert take(link, book({}, {}, {"recommend": 1}), dry_run=True) == ImportResult(3, 2, 1, 3)
    assert Response.objects.count() == 1


def test_one_wrong_row_keeps_the_whole_file_out(link: SurveyLink) -> None:
    assert len(refusal(link, book({}, {"recommend": 11}, {}))) == 1


# Wrong answers -------------------------------------------------------------------------------------------------------

NO_ANSWER = "нет ответа «{}»; возможные ответы: Да; Скорее да; Скорее нет; Нет"


@pytest.mark.parametrize(
    ("code", "value", "message"),
    [
        ("answered_on", None, "укажите дату, когда человек заполнил анкету"),
        ("answered_on", "вчера", "«вчера» — не дата; впишите её в виде день.месяц.год, например 05.11.2026"),
        ("answered_on", 46331, "в ячейке число, а нужна дата: задайте столбцу формат «Дата»"),
        ("answered_on", "31.02.2026", "«31.02.2026» — не дата"),
        ("answered_on", date(2026, 11, 11), "эта дата ещё не наступила: в регионе сегодня 10.11.2026"),
        ("answered_on", date(2026, 9, 30), "ссылка открыта только с 01.10.2026"),
        ("service_date", None, "выберите дату"),
        ("service_date", date(2026, 11, 6), "эта дата (06.11.2026) позже, чем заполнена анкета (05.11.2026)"),
        ("service_date", date(1926, 11, 3), "проверьте год"),
        ("service_date", "05.11.26", "«05.11.26» — не дата"),
        ("satisfaction", None, "ответьте на этот вопрос"),
        ("satisfaction", "может быть", NO_ANSWER.format("может быть")),
        ("satisfaction", 4, NO_ANSWER.format("4")),
        ("satisfaction", True, "в ячейке логическое значение ИСТИНА"),
        ("recommend", 11, "выберите целое число от 0 до 10"),
        ("recommend", -1, "выберите целое число от 0 до 10"),
        ("recommend", 9.5, "выберите целое число от 0 до 10"),
        ("recommend", "NaN", "выберите целое число от 0 до 10"),
        ("recommend", "9; 10", "выберите целое число от 0 до 10"),
        ("recommend", False, "в ячейке логическое значение ЛОЖЬ"),
        ("recommend", date(2026, 9, 1), "в ячейке дата 01.09.2026; если здесь было число"),
        ("days", "3,55", "не больше одного знака после запятой"),
        ("days", -2, "введите число от 0 до 1000"),
        ("days", 1e300, "введите число, например 3 или 3,5"),
        ("days", "неделя", "введите число, например 3 или 3,5"),
        ("days", datetime(2026, 5, 3), "в ячейке дата 03.05.2026; если здесь было число"),
        ("days", clock(3, 5), "в ячейке время"),
        ("days", timedelta(hours=30), "в ячейке время"),
        ("days", "#REF!", "в ячейке ошибка формулы #REF!"),
        ("days", "=1+2", "в ячейке формула, результат которой не сохранён"),
        # Not required, so it would have been lost without a word.
        ("suggestions", "#N/A", "в ячейке ошибка формулы #N/A"),
        ("suggestions", "=A4", "в ячейке формула, результат которой не сохранён"),
        ("suggestions", "я" * 32_767, "слишком длинный текст: 32767 знаков, можно не больше 4000"),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(link: SurveyLink, code: str, value: Any, message: str) -> None:
    [problem] = refusal(link, book({}, {code: value}))
    assert (problem.row, problem.column) == (4, f"{'ABCDEFG'[CODES.index(code)]} ({code})")
    assert problem.message.startswith(message)
    assert str(problem).startswith(f"Строка 4, столбец {problem.column}: ")


@pytest.mark.parametrize(
    ("code", "value", "message"),
    [
        ("way", "почтой", "нет ответа «почтой»; возможные ответы: Пришёл сам; без записи; Телефон"),
        ("helped", "Сайт; погода", "нет ответа «погода»; возможные ответы: Люди; Сайт; Указатели; схемы"),
        ("visits", "3,5", "введите целое число"),
        ("visits", 51, "введите число от 0 до 50"),
        ("note", "я" * 101, "слишком длинный текст"),
    ],
)
def test_a_wrong_cell_of_another_type(everything: SurveyLink, code: str, value: Any, message: str) -> None:
    codes = ["answered_on", "service_date", code]
    [problem] = refusal(everything, book({code: value}, codes=codes, titles=["", "", ""]))
    assert (problem.row, problem.column) == (3, f"C ({code})")
    assert problem.message.startswith(message)


def test_all_errors_of_a_file_are_listed_from_the_top_down(link: SurveyLink) -> None:
    content = book(
        {"recommend": 11, "answered_on": "?"},
        {},
        {"satisfaction": "?", "days": "?", "service_date": None},
        codes=[*CODES, "color"],
        titles=[*TITLES, "Цвет"],
    )
    places = [(problem.row, problem.column) for problem in refusal(link, content)]
    assert places == [
        (1, "H"), (3, "A (answered_on)"), (3, "E (recommend)"),
        (5, "B (service_date)"), (5, "C (satisfaction)"), (5, "F (days)"),
    ]  # fmt: skip


def test_today_is_that_of_the_region(db: None) -> None:
    evening = datetime(2026, 11, 10, 13, 0, tzinfo=UTC)  # in Kamchatka it is the 11th already
    content = book({"answered_on": date(2026, 11, 11)})
    west, east = (
        SurveyLinkFactory(institution=InstitutionFactory(region=RegionFactory(code=code)), opens_on=date(2026, 10, 1))
        for code in ("RU-NIZ", "RU-KAM")
    )
    [problem] = refusal(west, content, now=evening)
    assert "ещё не наступила" in problem.message
    assert take(east, content, now=evening).stored == 1


@pytest.mark.parametrize(
    "window",
    [{"closes_on": date(2026, 11, 4)}, {"closed_at": datetime(2026, 11, 4, 15, 0, tzinfo=UTC)}],
)
def test_answers_after_the_close_are_refused_and_those_before_it_taken_later(db: None, window: dict[str, Any]) -> None:
    link = SurveyLinkFactory(opens_on=date(2026, 10, 1), **window)
    [problem] = refusal(link, book({}))
    assert problem.message == "ссылка была открыта только по 04.11.2026"
    assert take(link, book({"answered_on": date(2026, 11, 4)})).stored == 1


# Wrong files ---------------------------------------------------------------------------------------------------------

NOT_XLSX = "Это не книга XLSX"
DAMAGED = "Файл повреждён"
TOO_LARGE = "Файл слишком велик в распакованном виде"


def archive(**parts: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return packed.getvalue()


def raw_archive(parts: Iterable[tuple[str, bytes, int, int]], *, flags: int = 0) -> bytes:
    """An archive written by hand: name, deflated bytes, declared size, checksum. A declared size may lie."""
    body, directory = b"", b""
    count = 0
    for name, packed, size, checksum in parts:
        fields = struct.pack("<HHHHHIIIHH", 20, flags, 8, 0, 0x5000, checksum, len(packed), size, len(name), 0)
        directory += (
            b"PK\x01\x02"
            + struct.pack("<H", 20)
            + fields
            + struct.pack("<HHHII", 0, 0, 0, 0, len(body))
            + name.encode()
        )
        body += b"PK\x03\x04" + fields + name.encode() + packed
        count += 1
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + end


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


@lru_cache
def _deflated_spaces(megabytes: int) -> bytes:
    """A piece of a deflate stream: after a full flush pieces can be strung together, so gigabytes are quickly made."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(b" " * megabytes * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)


def bomb(*, times: int = 80, declared: int | None = None, name: str = SHEET, flags: int = 0) -> bytes:
    """A small XLSX with a part of spaces, 2.5 GB unless told otherwise."""
    megabytes = 32
    size = megabytes * times * 2**20
    source = book({})
    with zipfile.ZipFile(io.BytesIO(source)) as plain:
        parts = [
            (entry.filename, deflated(plain.read(entry)), entry.file_size, entry.CRC)
            for entry in plain.infolist()
            if entry.filename != name
        ]
    spaces = _deflated_spaces(megabytes) * times + deflated(b"")
    return raw_archive([*parts, (name, spaces, size if declared is None else declared, 0)], flags=flags)


def docx() -> bytes:
    return archive(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<document/>"})


def many_parts() -> bytes:
    return repacked(book({}), {}, add=[(f"xl/media/{number}.png", b"") for number in range(1001)])


def twice_the_same_part() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return repacked(book({}), {}, add=[(SHEET, b"<worksheet/>")])


def entities() -> bytes:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE worksheet [<!ENTITY l0 "ха">{levels}]>'
    return with_sheet(
        '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&l9;</t></is></c></row></sheetData>', before=doctype
    )


def cells(*places: str) -> bytes:
    return with_sheet(
        "<sheetData>" + "".join(f"<row><c r='{place}'><v>1</v></c></row>" for place in places) + "</sheetData>"
    )


def too_many_elements() -> bytes:
    return with_strings("<sheetData/>", "<si/>" * 1_600_000, name="strings.xml")


def one_text_many_times(length: int, cells: int) -> bytes:
    """A few kilobytes: every cell of the sheet points at the same long text."""
    row = "<row>" + "<c t='s'><v>0</v></c>" * 100 + "</row>"
    return with_strings(f"<sheetData>{row * (cells // 100)}</sheetData>", f"<si><t>{'а' * length}</t></si>")


FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "Файл пуст"),
    "words": (lambda: b"hello", NOT_XLSX),
    "a CSV under another name": (lambda: "answered_on;recommend\n05.11.2026;9\n".encode("cp1251"), NOT_XLSX),
    "a DOCX": (docx, NOT_XLSX),
    "any archive": (lambda: archive(**{"a.txt": b"a"}), NOT_XLSX),
    "an empty archive": (lambda: archive(), NOT_XLSX),
    "an old XLS": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "Это старый формат .xls"),
    "a password": (
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le"),
        "Файл защищён паролем",
    ),
    "an archive with a password": (lambda: bomb(declared=9, flags=1), "Файл защищён паролем"),
    "the first half": (lambda: book({})[:3000], DAMAGED),
    "the last bytes missing": (lambda: book({})[:-10], DAMAGED),
    "a byte changed": (lambda: bytes(byte ^ (at == 700) for at, byte in enumerate(book({}))), DAMAGED),
    "more than 10 MB": (lambda: book({}) + bytes(10 * 2**20), "Файл больше 10 МБ"),
    "no sheet part": (lambda: repacked(book({}), {SHEET: None}), DAMAGED),
    "no relations": (lambda: repacked(book({}), {RELATIONS: None}), DAMAGED),
    "a thousand parts": (many_parts, DAMAGED),
    "a part twice": (twice_the_same_part, DAMAGED),
    "a NUL in the XML": (lambda: with_sheet("<sheetData>\x00</sheetData>"), DAMAGED),
    "a lone surrogate": (
        lambda: with_sheet("<sheetData><row><c t='inlineStr'><is><t>&#xD800;</t></is></c></row></sheetData>"), DAMAGED,
    ),
    "an entity bomb": (entities, DAMAGED),
    "a reference to nowhere": (lambda: cells("ZZZZZZZZ99999999999"), DAMAGED),
    "a string that is not there": (
        lambda: with_sheet("<sheetData><row><c t='s'><v>9999</v></c></row></sheetData>"), DAMAGED,
    ),
    "a far corner": (lambda: cells("A1", "XFD1048576"), "На листе «Sheet» заполнено больше 10002 строк"),
    "a far corner without references": (
        lambda: with_sheet("<sheetData><row r='1048575'/><row><c><v>1</v></c></row></sheetData>"),
        "На листе «Sheet» заполнено больше 10002 строк",
    ),
    "a row too many": (lambda: cells("A1", "A10003"), "На листе «Sheet» заполнено больше 10002 строк"),
    "a column too many": (lambda: cells("A1", "GS1"), "На листе «Sheet» заполнено больше 200 столбцов"),
    "gigabytes": (bomb, TOO_LARGE),
    "gigabytes of strings": (lambda: bomb(name="xl/sharedStrings.xml"), TOO_LARGE),
    "gigabytes in a picture": (lambda: bomb(name="xl/media/image1.png"), TOO_LARGE),
    "gigabytes said to be a page": (lambda: bomb(declared=2000), DAMAGED),
    "a part that shrank too well": (lambda: bomb(times=1), TOO_LARGE),
    "millions of strings": (too_many_elements, TOO_LARGE),
    "one text in every cell": (
        lambda: one_text_many_times(30_000, 100_000), "На листе «Sheet» слишком много текста. Разделите файл на части",
    ),
    "a book in every cell": (
        lambda: one_text_many_times(2_000_000, 300), "На листе «Sheet» есть ячейка, где больше 32767 знаков",
    ),
    "a book in one cell": (
        lambda: with_sheet(f"<sheetData><row><c t='inlineStr'><is><t>{'а' * 32_768}</t></is></c></row></sheetData>"),
        "На листе «Sheet» есть ячейка, где больше 32767 знаков",
    ),
    "nothing on the sheet": (lambda: book(codes=[], titles=[]), "На листе «Sheet» ничего нет"),
    "only spaces": (lambda: book(codes=[" "], titles=["\n"]), "На листе «Sheet» ничего нет"),
    "no answers": (lambda: book(), "Нет ни одной строки с ответами: они начинаются со строки 3"),
    "only empty rows": (lambda: book([" "], [None, "\t"]), "Нет ни одной строки с ответами"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_wrong_file_is_refused_in_plain_words(link: SurveyLink, name: str) -> None:
    build, message = FILES[name]
    content = build()
    before = time.monotonic()
    [problem] = refusal(link, content)
    assert time.monotonic() - before < 2
    assert (problem.row, problem.column) == (None, "")
    assert str(problem).startswith(message)


def test_ten_thousand_and_one_answers_are_refused(link: SurveyLink) -> None:
    row = "<row>" + "<c><v>1</v></c>" * 3 + "</row>"
    [problem] = refusal(link, with_sheet(f"<sheetData>{row * (MAX_ANSWERS + 3)}</sheetData>"))
    assert "больше 10002 строк" in problem.message


MEASURE = """
import json, resource, sys, time
from pathlib import Path
# The reader aborts the whole process when it gets no more memory: the machine is not to pay for a failing test.
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
from regions.spreadsheets import WorkbookRefused, open_workbook_rows

def peak():  # of this process alone; getrusage would begin with that of the parent
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024

content, before, began = Path(sys.argv[1]).read_bytes(), peak(), time.monotonic()
try:
    open_workbook_rows(content, max_rows=10_002, max_columns=200)
    refused = False
except WorkbookRefused:
    refused = True
print(json.dumps({"refused": refused, "seconds": time.monotonic() - began, "megabytes": peak() - before}))
"""


@pytest.mark.parametrize(
    "name",
    [
        "gigabytes", "gigabytes said to be a page", "a part that shrank too well", "millions of strings",
        "an entity bomb", "a far corner", "one text in every cell", "a book in every cell",
    ],
)  # fmt: skip
def test_a_bomb_is_refused_in_two_seconds_and_little_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(FILES[name][0]())
    assert path.stat().st_size < 6 * 2**20
    measured = subprocess.run(
        [PYTHON, "-c", MEASURE, path], env=clean_environment(), capture_output=True, text=True, timeout=60
    )
    assert measured.returncode == 0, measured.stderr
    figures = json.loads(measured.stdout)
    assert figures["refused"]
    assert figures["seconds"] < 2
    assert figures["megabytes"] < 200


def test_shared_texts_are_read_as_the_library_reads_them() -> None:
    texts = [
        "<si><t>простой</t></si>", "<si/>", "<si><r><t xml:space='preserve'>из </t></r><r><t>кусков</t></r></si>",
        "<si><t>A_x0041_&amp;&#1041;</t><rPh sb='0' eb='1'><t>чтение</t></rPh></si>", "<si><t>1</t></si>",
    ]  # fmt: skip
    sheet = "".join(f"<c t='s'><v>{number}</v></c>" for number in (4, 3, 2, 1, 0, 0))
    inline = "<c t='inlineStr'><is><t>в ячейке</t></is></c><c><v>1</v></c>"
    content = with_strings(f"<sheetData><row>{sheet}{inline}</row></sheetData>", "".join(texts))
    [row] = open_workbook_rows(content, max_rows=9, max_columns=9).rows
    assert row == ["1", "AA&Б", "из кусков", "", "простой", "простой", "в ячейке", 1]


# Wrong columns -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "place", "message"),
    [
        (["visited_on"], "H", "в анкете нет вопроса с кодом «visited_on»"),
        (["satisfaction"], "H", "код «satisfaction» уже стоит в столбце C"),
        (["answered_on"], "H", "код «answered_on» уже стоит в столбце A"),
        ([None], "H", "нет кода вопроса, а ниже есть данные"),
        ([2026], "H", "в анкете нет вопроса с кодом «2026.0»"),
    ],
)
def test_a_column_that_cannot_be_understood(link: SurveyLink, codes: list[Any], place: str, message: str) -> None:
    content = book([*GOOD.values(), "x"], codes=[*CODES, *codes], titles=[*TITLES, "?"])
    [problem] = refusal(link, content)
    assert (problem.row, problem.column, problem.message) == (1, place, message)


@pytest.mark.parametrize("code", ["answered_on", "service_date", "satisfaction", "recommend"])
def test_a_column_that_is_needed_and_not_there_is_said_once(link: SurveyLink, code: str) -> None:
    codes = [other for other in CODES if other != code]
    [problem] = refusal(link, book({}, {}, codes=codes, titles=["" for _ in codes]))
    assert problem.row == 1
    assert problem.message.startswith(f"нет обязательного столбца «{code}»")


def test_a_wholly_different_table_is_said_by_its_columns(link: SurveyLink) -> None:
    problems = refusal(link, book(["Иванов", 5], codes=["ФИО", "Оценка"], titles=["", ""]))
    assert [problem.row for problem in problems] == [1] * 6
    assert {problem.column for problem in problems} == {"", "A", "B"}


def test_answers_of_a_repeating_section_are_not_taken_from_a_file(everything: SurveyLink) -> None:
    content = book([ANSWERED, VISITED, 7], codes=["answered_on", "service_date", "age"], titles=["", "", ""])
    [problem] = refusal(everything, content)
    assert (problem.row, problem.column) == (1, "C")
    assert "из повторяющегося раздела" in problem.message


def test_answers_in_the_row_of_titles_are_not_lost(link: SurveyLink) -> None:
    [problem] = refusal(link, book({}, titles=list(GOOD.values())))
    assert (problem.row, problem.column) == (2, "A (answered_on)")
    assert "должно быть название столбца, а стоит ответ" in problem.message


def test_an_empty_row_of_titles_is_no_harm(link: SurveyLink) -> None:
    assert take(link, book({}, titles=["" for _ in CODES])).stored == 1


@pytest.mark.parametrize(
    ("cells_merged", "row", "place"),
    [("C3:C4", 3, "C (satisfaction)"), ("A5:B5", 5, "A (answered_on)"), ("F1:G1", 1, "F (days)")],
)
def test_merged_cells_are_named(link: SurveyLink, cells_merged: str, row: int, place: str) -> None:
    content = changed(book({}, {}, {}), lambda sheet: sheet.merge_cells(cells_merged))
    problems = refusal(link, content)
    merged = [problem for problem in problems if "объединены ячейки" in problem.message]
    assert [(problem.row, problem.column) for problem in merged] == [(row, place)]
    assert cells_merged in merged[0].message


def test_merged_titles_are_no_harm(link: SurveyLink) -> None:
    assert take(link, changed(book({}), lambda sheet: sheet.merge_cells("C2:D2"))).stored == 1


HARD_TEXTS = [
    '«ёлки» "x" \\ \\n \\u0000',
    "=1+1\t\r\n%s {x} $1 :y",
    "😀 \u200f ׁ ﷽",
    "'); DROP TABLE x; --",
    "\\x00 null \u2028",
]


@pytest.mark.parametrize("number", [1, 2, 7])
def test_many_answers_are_stored_just_as_one_is(link: SurveyLink, number: int) -> None:
    def answer(key: str, at: int) -> Response:
        has_days = at % 3 > 0
        return Response(
            link_id=link.pk,
            version_id=link.version_id,
            institution_id=link.institution_id,
            life_situation_id=link.life_situation_id,
            key=f"{key}-{at}",
            digest=bytes(range(at, at + 32)),
            mode=Response.Mode.FILE,
            arrived_at=NOW + timedelta(minutes=at, seconds=1, microseconds=7),
            answered_on=date(2026, 10, 1 + at),
            service_date=date(2026, 9, 30) if at % 2 else None,
            is_eligible=bool(at % 2),
            satisfaction=1 + at % 4,
            nps=None if at == 2 else 0,
            days=Decimal("12.125") + at if has_days else None,
            flags=at,
            answers={"suggestions": HARD_TEXTS[at % 5], "many": ["а", "б"], "blocks": [{"n": at, "x": None}], "n": 1.5},
            originals={"suggestions": HARD_TEXTS[at % 5]} if at % 2 else None,
        )

    for at in range(number):
        assert Response.objects.insert_once(answer("one", at))
    assert Response.objects.insert_many_once([answer("many", at) for at in range(number)]) == number
    assert Response.objects.insert_many_once([answer("many", at) for at in range(number)]) == 0
    kept = [
        [{**row, "digest": bytes(row["digest"])} for row in rows]
        for rows in (
            Response.objects.filter(key__startswith=key)
            .order_by("answered_on")
            .values(*(one.attname for one in Response._meta.concrete_fields if one.attname not in ("id", "key")))
            for key in ("one-", "many-")
        )
    ]
    assert len(kept[0]) == number and kept[0] == kept[1]
    # NULL, and not a JSON null.
    assert Response.objects.filter(originals__isnull=True).count() == 2 * len(range(0, number, 2))


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_stored_on_a_connection_made_anew(link: SurveyLink) -> None:
    """On PostgreSQL the statement is prepared for each connection; a web process gets another one now and then."""

    def answer(key: str) -> Response:
        origin = Origin.of(link)
        day = date(2026, 11, 1)
        answers = Answers({}, {})
        return build_response(
            origin=origin, key=key, answers=answers, mode=Response.Mode.ONLINE, arrived_at=NOW, answered_on=day
        )

    assert [Response.objects.insert_once(answer(key)) for key in ("a", "b", "a")] == [True, True, False]
    connection.close()
    assert [Response.objects.insert_once(answer(key)) for key in ("b", "c")] == [False, True]
    if connection.vendor == "postgresql":
        # Lost without our knowing: nobody asks first whether it lives, and the answer is stored all the same.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            ended = cursor.fetchone()[0]
            with connection.copy("other").cursor() as other:
                other.execute("SELECT pg_terminate_backend(%s)", [ended])
        assert Response.objects.insert_once(answer("e"))
        # In a transaction there is no «once more»: what was before it is gone, too.
        with pytest.raises(Error), transaction.atomic():
            with connection.cursor() as cursor, contextlib.suppress(Error):
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            Response.objects.insert_once(answer("f"))
        connection.close()
        assert Response.objects.filter(key="e").delete()[0] == 1
    assert Response.objects.insert_many_once([answer(key) for key in ("c", "d", "d")]) == 1
    assert sorted(Response.objects.values_list("key", flat=True)) == ["a", "b", "c", "d"]


# Who may, and the command line ---------------------------------------------------------------------------------------


def test_only_who_may_import_for_the_institution_does(link: SurveyLink) -> None:
    own = MembershipFactory(role=Role.INSTITUTION_REP, institution=link.institution).user
    other = MembershipFactory(role=Role.INSTITUTION_REP).user
    analyst = MembershipFactory(role=Role.AGENCY_ANALYST).user
    for stranger in (other, analyst):
        with pytest.raises(PermissionDenied):
            take(link, book({}), by=stranger)
    assert not Response.objects.exists()
    assert take(link, book({}), by=own).stored == 1


def command(*arguments: Any) -> str:
    output = io.StringIO()
    with time_machine.travel(NOW, tick=False):
        call_command("import_responses", *map(str, arguments), stdout=output)
    return output.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ответы.xlsx"


@pytest.fixture
def person(link: SurveyLink) -> User:
    return MembershipFactory(role=Role.INSTITUTION_REP, institution=link.institution).user


def test_the_command_checks_then_stores_then_finds_all_there(link: SurveyLink, file: Path, person: User) -> None:
    file.write_bytes(book({}, {"service_date": date(2026, 10, 20)}))
    assert command(file, "--link", link.short_code, "--dry-run").splitlines() == [
        "Прочитано анкет: 2", "Будет сохранено: 2", "Уже были: 0", "Из прочитанных учитываются в КПЭ: 1",
        "Это была проверка: ничего не сохранено.",
    ]  # fmt: skip
    assert not Response.objects.exists()
    load = (file, "--link", link.short_code, "--by", person.email.upper())
    assert command(*load).splitlines()[1:3] == ["Сохранено: 2", "Уже были: 0"]
    assert command(*load).splitlines()[1:3] == ["Сохранено: 0", "Уже были: 2"]


def test_a_file_of_the_command_stands_among_the_files_and_is_taken_back_by_two(
    link: SurveyLink, file: Path, person: User
) -> None:
    file.write_bytes(book({}, {"service_date": date(2026, 10, 20)}))
    command(file, "--link", link.short_code, "--by", person.email)
    found = ResponseImport.objects.get()
    assert (found.link, found.created_by, found.file_name) == (link, person, file.name)
    assert (found.state, found.rows, found.stored, found.repeated) == (ResponseImport.State.DONE, 2, 2, 0)
    assert found.finished_at and not found.file and not found.marked
    assert set(Response.objects.values_list("imported_in", flat=True)) == {found.pk}
    other = MembershipFactory(role=Role.INSTITUTION_REP, institution=link.institution).user
    imports.ask_to_undo(found=found, reason="Не тот файл", by=person, at=NOW)
    assert imports.undo(found=found, by=other, at=NOW) == 2
    assert not Response.objects.exists()


def test_the_command_stores_nothing_without_a_person_who_may(link: SurveyLink, file: Path) -> None:
    file.write_bytes(book({}))
    stranger = MembershipFactory(role=Role.INSTITUTION_REP).user
    gone = MembershipFactory(role=Role.INSTITUTION_REP, institution=link.institution).user
    User.objects.filter(pk=gone.pk).update(is_active=False)
    for by, words in [
        ([], "кто загружает"),
        (["--by", "nobody@example.org"], "Нет человека"),
        (["--by", gone.email], "Нет человека"),
        (["--by", stranger.email], "нет права"),
    ]:
        with pytest.raises(CommandError, match=words):
            command(file, "--link", link.short_code, *by)
    assert not Response.objects.exists() and not ResponseImport.objects.exists()


def test_the_link_is_known_by_its_code_however_typed_and_by_its_token(link: SurveyLink, file: Path) -> None:
    SurveyLink.objects.filter(pk=link.pk).update(short_code="ABEKMHPT")
    file.write_bytes(book({}))
    for code in ("ABEKMHPT", "abek-mhpt", " АВЕК МНРТ", link.token):
        assert "Прочитано анкет: 1" in command(file, f"--link={code}", "--dry-run")


@pytest.mark.parametrize("code", ["", "----", "XXXX-XXXX", "x" * 32])
def test_an_unknown_link_is_said(link: SurveyLink, file: Path, code: str) -> None:
    file.write_bytes(book({}))
    with pytest.raises(CommandError, match="Нет ссылки с кодом"):
        command(file, f"--link={code}")


def test_a_file_that_is_not_there_and_a_folder_are_said(link: SurveyLink, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Нет файла"):
        command(tmp_path / "нет.xlsx", "--link", link.short_code, "--dry-run")
    with pytest.raises(CommandError, match="Не удаётся открыть"):
        command(tmp_path, "--link", link.short_code, "--dry-run")


def test_the_command_names_every_error_up_to_a_limit(link: SurveyLink, file: Path, person: User) -> None:
    file.write_bytes(book(*[{"recommend": 11} for _ in range(SHOWN_PROBLEMS + 7)]))
    with pytest.raises(CommandError) as refused:
        command(file, "--link", link.short_code, "--by", person.email)
    assert refused.value.returncode == 1
    first, second, *_, last = str(refused.value).splitlines()
    assert first == "Ничего не сохранено. Ошибок в файле: 207"
    assert second == "Строка 3, столбец E (recommend): выберите целое число от 0 до 10"
    assert last == "…и ещё 7"
    assert not Response.objects.exists() and not ResponseImport.objects.exists()


# The empty file and writing safely -----------------------------------------------------------------------------------


def test_the_template_filled_in_is_taken(link: SurveyLink, file: Path, person: User) -> None:
    assert "записан" in command(file, "--link", link.short_code, "--template")
    workbook = openpyxl.load_workbook(file)
    sheet = workbook.worksheets[0]
    codes = [cell.value for cell in sheet[1]]
    assert codes == ["answered_on", *(question.code for question in link.version.definition.questions()), "row_id"]
    for row, answers in enumerate(({}, {"satisfaction": "Нет", "satisfaction_comment": "Долго"}), start=3):
        for code, value in (GOOD | answers).items():
            sheet.cell(row, codes.index(code) + 1).value = value
    workbook.save(file)

    assert "Сохранено: 2" in command(file, "--link", link.short_code, "--by", person.email)
    assert Response.objects.get(satisfaction=1).answers["satisfaction_comment"] == "Долго"


def test_the_template_helps_to_fill_it_in(link: SurveyLink) -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(build_template(link.version.definition)))
    answers, guide = workbook.worksheets
    assert (answers.title, guide.title) == ("Ответы", "Как заполнять")
    assert answers.freeze_panes == "B3"
    assert answers["A2"].value == "Дата заполнения анкеты"
    assert answers.column_dimensions["A"].number_format == "DD.MM.YYYY"
    columns = {cell.value: cell.column_letter for cell in answers[1]}
    rules = {str(rule.sqref): rule.formula1 for rule in answers.data_validations.dataValidation}
    assert rules[f"{columns['satisfaction']}3:{columns['satisfaction']}10002"] == '"Да,Скорее да,Скорее нет,Нет"'
    assert rules[f"{columns['recommend']}3:{columns['recommend']}10002"] == '"0,1,2,3,4,5,6,7,8,9,10"'
    assert all(answers.column_dimensions[letter].width >= 14 for letter in columns.values())
    assert guide["A1"].value.startswith("Одна строка — одна заполненная анкета")


def test_the_template_leaves_repeating_sections_out(everything: SurveyLink) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(build_template(everything.version.definition))).worksheets[0]
    codes = ["answered_on", "service_date", "way", "helped", "visits", "note", "row_id"]
    assert [cell.value for cell in sheet[1]] == codes


def test_the_template_does_not_overwrite_what_was_typed_in(link: SurveyLink, file: Path) -> None:
    file.write_bytes(b"mine")
    with pytest.raises(CommandError, match="уже есть"):
        command(file, "--link", link.short_code, "--template")
    assert file.read_bytes() == b"mine"


def test_an_empty_template_has_no_answers_yet(link: SurveyLink) -> None:
    [problem] = refusal(link, build_template(link.version.definition))
    assert "Нет ни одной строки с ответами" in problem.message


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("обычный", "обычный"),
        ('=HYPERLINK("http://example.ru")', '=HYPERLINK("http://example.ru")'),
        ("+7 900", "+7 900"),
        ("-1", "-1"),
        ("@SUM(A1)", "@SUM(A1)"),
        ("\t=1", "\t=1"),
        ("#REF!", "#REF!"),
        ("а\x00б\x1fв\ud800г\uffff", "абвг"),
        ("я" * 40_000, "я" * 32_767),
    ],
)
@pytest.mark.parametrize("write_only", [False, True])
def test_words_stay_words_in_a_cell(text: str, written: str, write_only: bool) -> None:
    workbook = openpyxl.Workbook(write_only=write_only)
    if write_only:
        sheet = workbook.create_sheet()
        cell = WriteOnlyCell(sheet)
        write_text(cell, text)
        sheet.append([cell])
    else:
        write_text(workbook.worksheets[0]["A1"], text)
    assert safe_text(text) == written
    content = saved(workbook)
    assert open_workbook_rows(content, max_rows=9, max_columns=9).rows == [[written]]
    assert "<f>" not in part(content, SHEET)
    assert ('quotePrefix="1"' in part(content, "xl/styles.xml")) == text.startswith(("=", "+", "-", "@", "\t"))


def test_reading_refuses_by_itself_too() -> None:
    with pytest.raises(WorkbookRefused, match="больше 1 строк"):
        open_workbook_rows(io.BytesIO(book({})), max_rows=1, max_columns=9)
