"""Files of answers on screen: the dry run with the file given back, loading once and wholly, undoing by two people."""

import io
import threading
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.models import Job
from jobs.services import ClaimLost, Run, run_job
from regions.models import RegionLifeSituation
from regions.roles import Role
from regions.spreadsheets import WorkbookRefused, reopen_workbook
from surveys import locks
from surveys.counting import rollups
from surveys.models import Comment, ProblemDraft, Response, ResponseImport, SurveyLink
from surveys.paper.importing import MAX_ANSWERS, build_template, import_file, plan_file
from surveys.paper.marking import AUTHOR
from surveys.services import imports as services
from tests.factories import MembershipFactory, RegionFactory, SurveyLinkFactory
from tests.surveys.test_import import CODES, GOOD, NOW, SHEET, TITLES, book, changed, part, refusal, repacked, saved

State = ResponseImport.State


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def link(db: None) -> SurveyLink:
    made: SurveyLink = SurveyLinkFactory(opens_on=date(2026, 10, 1), channel="paper")
    return made


@pytest.fixture
def make_person(link: SurveyLink) -> Callable[[], User]:
    return lambda: MembershipFactory(role=Role.INSTITUTION_REP, institution=link.institution).user


@pytest.fixture
def person(make_person: Callable[[], User]) -> User:
    return make_person()


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def with_ids(*rows: dict[str, Any]) -> bytes:
    codes = [*CODES, "row_id"]
    return book(*[[(GOOD | row).get(code) for code in codes] for row in rows], codes=codes, titles=[*TITLES, "№"])


def sent(link: SurveyLink, content: bytes, by: User, name: str = "ответы.xlsx") -> ResponseImport:
    """A file that was sent and checked."""
    found = services.send_file(link=link, name=name, content=content, by=by)
    return worked(found, services.CHECK)


def worked(found: ResponseImport, kind: str) -> ResponseImport:
    run_job(Job.objects.active().get(kind=kind, scope=services.scope(found)).pk)
    found.refresh_from_db()
    return found


def loaded(link: SurveyLink, content: bytes, by: User) -> ResponseImport:
    found = sent(link, content, by)
    assert found.state == State.CHECKED, found.problem_list
    services.start(found=found, by=by)
    return worked(found, services.LOAD)


def marked_book(found: ResponseImport) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content_of(found.marked)))


def content_of(file: Any) -> bytes:
    with file.open("rb") as opened:
        content: bytes = opened.read()
    return content


# The dry run ----------------------------------------------------------------------------------------------------------


def test_a_good_file_is_checked_and_nothing_is_stored_until_it_is_confirmed(link: SurveyLink, person: User) -> None:
    found = sent(link, book({}, {"recommend": 3}), person)
    assert (found.state, found.rows, found.stored, found.repeated, found.eligible) == (State.CHECKED, 2, 2, 0, 2)
    assert not Response.objects.exists()
    services.start(found=found, by=person)
    worked(found, services.LOAD)
    assert (found.state, found.stored) == (State.DONE, 2)
    assert set(Response.objects.values_list("imported_in", "mode")) == {(found.pk, "file")}


def test_a_wrong_file_comes_back_with_its_cells_marked_and_explained(link: SurveyLink, person: User) -> None:
    content = book({}, {"recommend": 11, "satisfaction": "Наверное"}, {}, {"answered_on": "вчера"})
    found = sent(link, content, person)
    assert (found.state, found.problems, found.rows) == (State.REFUSED, 3, 2)
    assert [problem["row"] for problem in found.problem_list or []] == [4, 4, 6]
    sheet = marked_book(found).worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[1]}
    assert list(columns) == [*CODES, "row_id", "what_to_mend"]
    wrong = {
        (cell.row, cell.column)
        for row in sheet.iter_rows(min_row=3)
        for cell in row
        if cell.fill.fill_type == "solid" and cell.column != columns["what_to_mend"]
    }
    assert wrong == {(4, columns["recommend"]), (4, columns["satisfaction"]), (6, columns["answered_on"])}
    for row, column in wrong:
        assert sheet.cell(row, column).comment.author == AUTHOR
    assert "от 0 до 10" in sheet.cell(4, columns["recommend"]).comment.text
    words = [sheet.cell(row, columns["what_to_mend"]).value for row in range(3, 7)]
    assert words[0] is None and words[2] is None
    assert words[1].startswith("C4: нет ответа «Наверное»") and "E4: выберите целое число" in words[1]
    assert words[3].startswith("A6: «вчера» — не дата")
    # Every row has a number now, each another.
    assert len({sheet.cell(row, columns["row_id"]).value for row in range(3, 7)}) == 4


def test_their_own_workbook_keeps_its_sheets_formats_and_notes(link: SurveyLink, person: User) -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(build_template(link.version.definition)))
    sheet = workbook.worksheets[0]
    codes = [cell.value for cell in sheet[1]]
    for code, value in (GOOD | {"recommend": 12}).items():
        sheet.cell(3, codes.index(code) + 1).value = value
    sheet["A3"].font = openpyxl.styles.Font(bold=True)
    sheet["B3"].comment = openpyxl.comments.Comment("моя заметка", "Анна")
    sheet.column_dimensions["C"].width = 33
    found = sent(link, saved(workbook), person)
    back = marked_book(found)
    assert back.sheetnames == ["Ответы", "Как заполнять"]
    sheet = back.worksheets[0]
    assert sheet["A3"].font.bold and sheet.column_dimensions["C"].width == 33 and sheet.freeze_panes == "B3"
    assert sheet["B3"].comment.text == "моя заметка"
    assert sheet.data_validations.dataValidation
    assert sheet.cell(1, len(codes) + 1).value == "what_to_mend"


def test_the_marked_file_mended_and_sent_again_is_taken_and_its_old_marks_are_gone(
    link: SurveyLink, person: User
) -> None:
    found = sent(link, book({}, {"recommend": 11}, {"recommend": 12}), person)
    workbook = marked_book(found)
    sheet = workbook.worksheets[0]
    column = CODES.index("recommend") + 1
    sheet.cell(4, column).value = 10
    again = sent(link, saved(workbook), person)
    assert (again.state, again.problems) == (State.REFUSED, 1)
    sheet = marked_book(again).worksheets[0]
    assert sheet.cell(4, column).comment is None and sheet.cell(4, column).fill.fill_type is None
    assert sheet.cell(5, column).comment is not None
    assert sheet.cell(4, 9).value is None and sheet.max_column == 9
    workbook = marked_book(again)
    workbook.worksheets[0].cell(5, column).value = 9
    assert loaded(link, saved(workbook), person).stored == 3
    assert loaded(link, saved(workbook), person).repeated == 3


def test_the_marked_file_holds_no_formula(link: SurveyLink, person: User) -> None:
    content = book(
        {"recommend": 11, "suggestions": '=HYPERLINK("http://example.ru")', "days": "=1+2"},
        {"suggestions": "-1"},
        {"answered_on": "=1+1", "suggestions": "@SUM(A1)"},
    )
    found = sent(link, content, person)
    assert found.state == State.REFUSED
    with zipfile.ZipFile(io.BytesIO(content_of(found.marked))) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/"):
                assert b"<f>" not in archive.read(name) and b"<f " not in archive.read(name)
    assert marked_book(found).worksheets[0]["G4"].value == "-1"


def test_words_that_look_like_formulas_stay_words_in_every_marked_file(link: SurveyLink, person: User) -> None:
    def word(sheet: Any) -> None:
        sheet["G3"].value = "=1+1"
        sheet["G3"].data_type = "s"

    found = sent(link, changed(book({"recommend": 11}), word), person)
    cell = marked_book(found).worksheets[0]["G3"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_pictures_outer_links_and_the_like_do_not_come_back(link: SurveyLink, person: User) -> None:
    content = repacked(book({"recommend": 11}), {}, add=[("xl/media/image1.png", b"x" * 100), ("evil.bin", b"MZ")])
    found = sent(link, content, person)
    with zipfile.ZipFile(io.BytesIO(content_of(found.marked))) as archive:
        assert not [name for name in archive.namelist() if name.endswith((".png", ".bin"))]


@pytest.mark.parametrize(
    "addition",
    [
        "<mergeCells><mergeCell ref='A1:XFD1048576'/></mergeCells>",
        "<hyperlinks><hyperlink ref='A1:XFD1048576' location='A1'/></hyperlinks>",
        "<mergeCells><mergeCell ref='nonsense'/></mergeCells>",
    ],
)
def test_ranges_made_cell_by_cell_are_bounded(addition: str) -> None:
    sheet = part(book({}), SHEET).replace("</sheetData>", f"</sheetData>{addition}")
    with pytest.raises(WorkbookRefused):
        reopen_workbook(repacked(book({}), {SHEET: sheet.encode()}))


def test_a_file_that_cannot_be_reopened_comes_back_as_a_plain_one(link: SurveyLink, person: User) -> None:
    # A style the library cannot read; the values can be read all the same.
    styles = part(book({}), "xl/styles.xml").replace("<fills", "<fills nonsense='1'><fill><oops/></fill></fills><fills")
    found = sent(link, repacked(book({"recommend": 11}, {}), {"xl/styles.xml": styles.encode()}), person)
    assert found.state == State.REFUSED
    sheet = marked_book(found).worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[1]}
    assert sheet.cell(3, columns["recommend"]).comment is not None
    assert sheet.cell(3, columns["recommend"]).value == 11
    assert sheet.cell(3, columns["answered_on"]).value.date() == GOOD["answered_on"]
    assert "от 0 до 10" in sheet.cell(3, columns["what_to_mend"]).value
    assert sheet.cell(4, columns["what_to_mend"]).value is None
    assert sheet.cell(4, columns["row_id"]).value
    # And can be mended like any other.
    workbook = marked_book(found)
    workbook.worksheets[0].cell(3, columns["recommend"]).value = 9
    assert loaded(link, saved(workbook), person).stored == 2


def test_a_file_too_large_to_be_opened_whole_comes_back_as_a_plain_one(
    link: SurveyLink, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regions.spreadsheets.MAX_REOPENED_ELEMENTS", 10)
    found = sent(link, book({"recommend": 11}), person)
    assert marked_book(found).worksheets[0].cell(3, 5).comment is not None


def test_what_is_wrong_with_the_head_stands_in_the_head(link: SurveyLink, person: User) -> None:
    found = sent(link, book({}, codes=[*CODES[:-1], "visited_on"]), person)
    sheet = marked_book(found).worksheets[0]
    assert sheet["G1"].comment is not None
    head = next(cell.value for cell in sheet[2] if "Что исправить" in str(cell.value))
    assert "G1: в анкете нет вопроса с кодом «visited_on»" in head


WRONG_FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "macros": (lambda: repacked(book({}), {}, add=[("xl/vbaProject.bin", b"x")]), "есть макросы"),
    "a password": (
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + bytes(600),
        "защищён паролем",
    ),
    "no workbook": (lambda: b"PK\x03\x04" + bytes(90), "повреждён"),
    "a picture": (lambda: b"\x89PNG" + bytes(90), "Это не книга XLSX"),
    "another table": (lambda: book(["x", 1], codes=["ФИО", "Оценка"], titles=["", ""]), "нет обязательного столбца"),
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_file_that_is_no_sheet_of_answers_is_refused_in_plain_words(
    link: SurveyLink, person: User, name: str
) -> None:
    make, words = WRONG_FILES[name]
    found = sent(link, make(), person)
    assert found.state == State.REFUSED
    assert any(words in problem["message"] for problem in found.problem_list or [])
    page = client_of(person).get(reverse("response-import", args=[found.pk])).content.decode()
    assert words in page


def test_the_template_of_another_questionnaire_is_named_by_its_columns(link: SurveyLink, person: User) -> None:
    codes = ["answered_on", "visited_on", "liked", "row_id"]
    found = sent(link, book([GOOD["answered_on"], "03.11.2026", "Да", "1"], codes=codes, titles=[""] * 4), person)
    messages = " ".join(problem["message"] for problem in found.problem_list or [])
    assert found.state == State.REFUSED
    assert "в анкете нет вопроса с кодом «liked»" in messages and "нет обязательного столбца" in messages


def test_ten_thousand_and_one_rows_are_refused(link: SurveyLink, person: User) -> None:
    row = "<row>" + "<c><v>1</v></c>" * 3 + "</row>"
    xmlns = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    sheet = f"<worksheet {xmlns}><sheetData>{row * (MAX_ANSWERS + 3)}</sheetData></worksheet>"
    found = sent(link, repacked(book(), {SHEET: sheet.encode()}), person)
    assert "больше 10002 строк" in found.message


# Numbers of rows ------------------------------------------------------------------------------------------------------


def test_a_row_with_a_number_is_known_again_by_it(link: SurveyLink) -> None:
    content = with_ids({"row_id": "1"}, {"row_id": 2, "recommend": 3})
    assert import_file(link=link, content=content, now=NOW).stored == 2
    moved = with_ids({"row_id": "2.0", "recommend": 3}, {"row_id": 2.0, "recommend": 3}, {"row_id": " 1 "})
    result = import_file(link=link, content=moved, now=NOW)
    assert (result.rows, result.stored, result.repeated) == (3, 1, 2)


def test_a_known_number_with_other_answers_is_a_problem_and_overwrites_nothing(link: SurveyLink) -> None:
    import_file(link=link, content=with_ids({"row_id": "a7"}), now=NOW)
    for other in ({"recommend": 3}, {"answered_on": date(2026, 11, 6)}):
        with pytest.raises(Exception) as refused:
            import_file(link=link, content=with_ids({"row_id": "a7", **other}, {"row_id": "a8"}), now=NOW)
        [problem] = refused.value.problems
        assert (problem.row, problem.column) == (3, "H (row_id)")
        assert "«a7» уже загружена с другими ответами" in problem.message
    assert Response.objects.get().nps == 9


@pytest.mark.parametrize(
    ("ids", "row", "message"),
    [
        (["1", "1"], 4, "номер «1» уже стоит в строке 3"),
        (["я" * 61], 3, "номер строки длиннее 60 знаков"),
        ([True], 3, "логическое значение"),
    ],
)
def test_numbers_that_tell_nothing_apart_are_refused(link: SurveyLink, ids: list[Any], row: int, message: str) -> None:
    [problem] = refusal(link, with_ids(*[{"row_id": one, "recommend": at} for at, one in enumerate(ids)]))
    assert problem.row == row and message in problem.message


def test_the_same_number_at_another_link_is_another_row(link: SurveyLink) -> None:
    other = SurveyLinkFactory(institution=link.institution, life_situation=link.life_situation, opens_on=link.opens_on)
    content = with_ids({"row_id": "1"})
    assert [import_file(link=one, content=content, now=NOW).stored for one in (link, other)] == [1, 1]


def test_rows_loaded_with_numbers_are_known_without_them_too(link: SurveyLink) -> None:
    """The portal gave the numbers in a marked copy; somebody mends their own first file and sends that."""
    import_file(
        link=link, content=with_ids({"row_id": "n1"}, {"row_id": "n2"}, {"row_id": "n3", "recommend": 1}), now=NOW
    )
    result = import_file(link=link, content=book({}, {}, {"recommend": 1}), now=NOW)
    assert (result.stored, result.repeated) == (0, 3)
    result = import_file(link=link, content=book({}, {}, {}, {"recommend": 1}), now=NOW)
    assert (result.stored, result.repeated) == (1, 3)


def test_a_marked_copy_of_a_file_that_was_partly_loaded_before_doubles_nothing(link: SurveyLink, person: User) -> None:
    import_file(link=link, content=book({}, {"recommend": 1}), now=NOW)
    found = sent(link, book({}, {"recommend": 1}, {}, {"recommend": 11}), person)
    workbook = marked_book(found)
    sheet = workbook.worksheets[0]
    ids = [sheet.cell(row, 8).value for row in range(3, 7)]
    assert ids[:2] == [None, None] and ids[2] and ids[3]
    sheet.cell(6, 5).value = 2
    done = loaded(link, saved(workbook), person)
    assert (done.stored, done.repeated) == (2, 2)
    assert Response.objects.count() == 4


def test_a_batch_of_any_size_is_counted_rightly(link: SurveyLink) -> None:
    content = book(*[{"days": number % 9, "suggestions": f"{number}"} for number in range(1203)])
    plan = plan_file(link=link, content=content, now=NOW)
    half = plan.new[::2]
    assert Response.objects.insert_many_once(half) == 602
    assert Response.objects.insert_many_once(plan.new) == 601
    assert Response.objects.insert_many_once(plan.new) == 0
    assert Response.objects.count() == 1203
    assert Response.objects.insert_many_once([]) == 0


# Loading --------------------------------------------------------------------------------------------------------------


def test_a_file_is_loaded_once_however_often_it_is_asked_for(link: SurveyLink, person: User) -> None:
    found = sent(link, book({}, {"recommend": 3}), person)
    services.start(found=found, by=person)
    services.start(found=found, by=person)
    assert Job.objects.filter(kind=services.LOAD).count() == 1
    worked(found, services.LOAD)
    with pytest.raises(services.CannotDo):
        services.start(found=found, by=person)
    assert Response.objects.count() == 2


def test_a_wrong_file_is_not_loaded(link: SurveyLink, person: User) -> None:
    found = sent(link, book({"recommend": 11}), person)
    with pytest.raises(services.CannotDo):
        services.start(found=found, by=person)


def test_what_has_changed_between_check_and_loading_is_seen(link: SurveyLink, person: User) -> None:
    found = sent(link, with_ids({"row_id": "1"}), person)
    import_file(link=link, content=with_ids({"row_id": "1", "recommend": 2}), now=NOW)
    services.start(found=found, by=person)
    worked(found, services.LOAD)
    assert (found.state, found.stored) == (State.REFUSED, None)
    assert found.marked and Response.objects.get().nps == 2


def test_a_worker_killed_half_way_leaves_nothing_and_the_next_does_it_all(
    link: SurveyLink, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = sent(link, book(*[{"suggestions": f"{number}"} for number in range(1100)]), person)
    services.start(found=found, by=person)
    job = Job.objects.active().get(kind=services.LOAD)
    insert = Response.objects.__class__.insert_many_once
    calls = []

    def killed(self: Any, batch: list[Response]) -> int:
        calls.append(len(batch))
        if len(calls) == 2:
            raise SystemExit  # what a signal makes of a worker
        return int(insert(self, batch))

    monkeypatch.setattr("surveys.querysets.ResponseQuerySet.insert_many_once", killed)
    monkeypatch.setattr(Response.objects.__class__, "insert_many_once", killed)
    with pytest.raises(SystemExit):
        run_job(job.pk)
    monkeypatch.undo()
    found.refresh_from_db()
    assert (found.state, Response.objects.count()) == (State.LOADING, 0)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=datetime(2026, 11, 10, 11, tzinfo=UTC))
    with time_machine.travel(NOW, tick=False):
        run_job(job.pk)
    found.refresh_from_db()
    assert (found.state, found.stored, Response.objects.count()) == (State.DONE, 1100, 1100)


def test_a_job_that_is_done_and_runs_again_changes_nothing(link: SurveyLink, person: User) -> None:
    found = loaded(link, book({}), person)
    job = Job.objects.get(kind=services.LOAD)
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED)
    run_job(job.pk)
    found.refresh_from_db()
    assert (found.state, found.stored, Response.objects.count()) == (State.DONE, 1, 1)


def test_who_lost_the_claim_stores_nothing(link: SurveyLink, person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    found = sent(link, book({}), person)
    services.start(found=found, by=person)
    job = Job.objects.active().get(kind=services.LOAD)

    def lost(self: Run) -> None:
        raise ClaimLost

    monkeypatch.setattr(Run, "still_mine", lost)
    run_job(job.pk)
    assert not Response.objects.exists()


@pytest.mark.parametrize(
    ("mine", "state"),
    # Without numbers they are the same rows; under its number a row with other answers is a mistake.
    [(book({}, {}), State.DONE), (with_ids({"row_id": "1", "recommend": 3}), State.REFUSED)],
    ids=["without numbers", "other answers"],
)
def test_what_another_file_has_brought_since_it_was_read_is_known(
    link: SurveyLink, person: User, monkeypatch: pytest.MonkeyPatch, mine: bytes, state: str
) -> None:
    others = sent(link, with_ids({"row_id": "1"}, {"row_id": "2"}), person)
    found = sent(link, mine, person)
    services.start(found=found, by=person)
    read = services._plan

    def then_the_other(run: Run, of: ResponseImport, *, upto: int) -> Any:
        plan = read(run, of, upto=upto)
        monkeypatch.undo()
        services.start(found=others, by=person)
        worked(others, services.LOAD)
        return plan

    monkeypatch.setattr(services, "_plan", then_the_other)
    worked(found, services.LOAD)
    assert others.stored == 2 and Response.objects.count() == 2
    assert found.state == state and not found.stored
    assert (found.repeated == 2) == (state == State.DONE)


def test_a_failure_can_be_tried_again(link: SurveyLink, person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    found = services.send_file(link=link, name="a.xlsx", content=book({}), by=person)
    monkeypatch.setattr(services, "plan_file", lambda **_: 1 / 0)
    worked(found, services.CHECK)
    assert found.state == State.FAILED
    monkeypatch.undo()
    page = client_of(person).get(reverse("response-import", args=[found.pk])).content.decode()
    assert "Проверить ещё раз" in page
    client_of(person).post(reverse("response-import-check", args=[found.pk]))
    worked(found, services.CHECK)
    assert found.state == State.CHECKED


# Cancelling -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [book({}), book({"recommend": 11})], ids=["good", "wrong"])
def test_a_checked_file_is_given_up_once_or_twice(link: SurveyLink, person: User, content: bytes) -> None:
    found = sent(link, content, person)
    client = client_of(person)
    for _ in range(2):
        page = client.post(reverse("response-import-cancel", args=[found.pk]), follow=True).content.decode()
        assert "Из этого файла ничего не загружено" in page
    found.refresh_from_db()
    assert found.state == State.CANCELLED
    with pytest.raises(services.CannotDo):
        services.start(found=found, by=person)


@pytest.mark.parametrize("kind", [services.CHECK, services.LOAD])
def test_a_wish_to_stop_is_heard_by_the_work_and_nothing_is_stored(link: SurveyLink, person: User, kind: str) -> None:
    found = services.send_file(link=link, name="a.xlsx", content=book({}), by=person)
    if kind == services.LOAD:
        worked(found, services.CHECK)
        services.start(found=found, by=person)
    services.cancel(found=found, by=person)
    found.refresh_from_db()
    assert found.cancel_asked and found.state in (State.CHECKING, State.LOADING)
    worked(found, kind)
    assert found.state == State.CANCELLED
    assert not Response.objects.exists()


def test_a_wish_to_stop_in_the_middle_of_storing_rolls_everything_back(
    link: SurveyLink, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = sent(link, book(*[{"suggestions": f"{number}"} for number in range(1100)]), person)
    services.start(found=found, by=person)
    asked = []

    def asked_at_the_second(one: ResponseImport) -> bool:
        stored = Response.objects.count()
        asked.append(stored)
        if stored:
            ResponseImport.objects.filter(pk=one.pk).update(cancel_asked=True)
        return bool(stored)

    monkeypatch.setattr(services, "_is_cancel_asked", asked_at_the_second)
    worked(found, services.LOAD)
    assert max(asked) == 500
    assert (found.state, Response.objects.count()) == (State.CANCELLED, 0)


def test_what_is_loaded_cannot_be_cancelled(link: SurveyLink, person: User) -> None:
    found = loaded(link, book({}), person)
    with pytest.raises(services.CannotDo):
        services.cancel(found=found, by=person)


# Undoing --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def done(link: SurveyLink, person: User) -> ResponseImport:
    import_file(link=link, content=book({"recommend": 0}), now=NOW)  # not of this file
    return loaded(
        link, book({}, {"recommend": 3, "satisfaction": "Нет", "satisfaction_comment": "Долго ждали"}), person
    )


def test_two_people_take_a_file_back_and_it_can_be_loaded_again(
    link: SurveyLink, person: User, make_person: Callable[[], User], done: ResponseImport
) -> None:
    rollups.roll_up(NOW)
    services.ask_to_undo(found=done, reason="Чужой файл", by=person, at=NOW)
    assert services.undo(found=done, by=make_person(), at=NOW) == 2
    done.refresh_from_db()
    assert (done.state, done.undo_reason, done.stored) == (State.UNDONE, "Чужой файл", 2)
    assert Response.objects.count() == 1
    assert not Comment.objects.filter(text="Долго ждали").exists()
    assert not rollups.find_differences(NOW)
    assert loaded(link, content_of(done.file), person).stored == 2
    assert Response.objects.count() == 3


def test_one_person_cannot_do_it_alone(person: User, done: ResponseImport) -> None:
    with pytest.raises(services.CannotDo, match="отзыв никто не предлагал"):
        services.undo(found=done, by=person, at=NOW)
    services.ask_to_undo(found=done, reason="Чужой файл", by=person, at=NOW)
    with pytest.raises(services.CannotDo, match="другой человек"):
        services.undo(found=done, by=person, at=NOW)
    client = client_of(person)
    page = client.post(reverse("response-import-undo-confirm", args=[done.pk]), follow=True).content.decode()
    assert "Отозвать загрузку должен другой человек" in page
    assert Response.objects.count() == 3


@pytest.mark.parametrize("is_first", [True, False])
def test_the_first_may_think_better_of_it_and_the_second_may_not_agree(
    person: User, make_person: Callable[[], User], done: ResponseImport, is_first: bool
) -> None:
    """Were it for the first person alone, the wish would stay for good once they have left."""
    other = make_person()
    services.ask_to_undo(found=done, reason="Чужой файл", by=person, at=NOW)
    with pytest.raises(services.CannotDo):
        services.ask_to_undo(found=done, reason="Ещё раз", by=other, at=NOW)
    client = client_of(person if is_first else other)
    page = client.get(reverse("response-import", args=[done.pk])).content.decode()
    assert "Оставить загрузку" in page and ("Подтвердить отзыв" in page) != is_first
    client.post(reverse("response-import-undo-withdraw", args=[done.pk]))
    with pytest.raises(services.CannotDo):
        services.give_undo_up(found=done, by=person)
    with pytest.raises(services.CannotDo):
        services.undo(found=done, by=other, at=NOW)
    assert Response.objects.count() == 3


def test_answers_behind_a_problem_of_the_roadmap_stay(
    link: SurveyLink, person: User, make_person: Callable[[], User], done: ResponseImport
) -> None:
    comment = Comment.objects.create(
        response=Response.objects.latest("pk"),
        field="suggestions",
        version=link.version,
        institution=link.institution,
        life_situation=link.life_situation,
        answered_on=NOW.date(),
        text="Долго",
    )
    place = RegionLifeSituation.objects.create(
        region=link.institution.region, life_situation=link.life_situation, since=date(2026, 1, 1)
    )
    comment.problem = ProblemDraft.objects.create(
        region_life_situation=place, title="Очередь", created_by=person, taken_up_at=NOW
    )
    comment.save()
    services.ask_to_undo(found=done, reason="Чужой файл", by=person, at=NOW)
    with pytest.raises(services.CannotDo, match="дорожную карту"):
        services.undo(found=done, by=make_person(), at=NOW)
    done.refresh_from_db()
    assert (done.state, Response.objects.count(), Comment.objects.filter(problem=comment.problem).count()) == (
        State.DONE,
        3,
        1,
    )
    # One that is only noted goes on without them.
    ProblemDraft.objects.update(taken_up_at=None)
    services.undo(found=done, by=make_person(), at=NOW)
    assert Response.objects.count() == 1 and ProblemDraft.objects.exists()


def test_a_published_quarter_is_not_touched(
    person: User, make_person: Callable[[], User], done: ResponseImport, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.ask_to_undo(found=done, reason="Чужой файл", by=person, at=NOW)
    monkeypatch.setattr(locks, "_questions", [lambda institution, life_situation, days: "IV квартал 2026 года"])
    for name, data in (("response-import-undo-confirm", {}), ("response-import-undo", {"reason": "x"})):
        page = client_of(make_person()).post(reverse(name, args=[done.pk]), data, follow=True).content.decode()
        assert "IV квартал 2026 года" in page
    assert Response.objects.count() == 3


def test_a_file_for_a_published_quarter_says_so(
    link: SurveyLink, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "_questions", [lambda institution, life_situation, days: "IV квартал 2026 года"])
    assert "IV квартал 2026 года уже опубликован" in sent(link, book({}), person).message


@pytest.mark.parametrize("reason", ["", "  ", "я" * 301], ids=["none", "blank", "long"])
def test_undoing_needs_a_reason(person: User, done: ResponseImport, reason: str) -> None:
    response = client_of(person).post(reverse("response-import-undo", args=[done.pk]), {"reason": reason})
    assert response.status_code == 422
    done.refresh_from_db()
    assert done.undo_asked_by is None


@pytest.mark.django_db(transaction=True)
def test_confirmed_by_two_at_once_it_is_undone_once() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    link = SurveyLinkFactory(opens_on=date(2026, 10, 1))
    first, *others = (MembershipFactory(role=Role.INSTITUTION_REP, institution=link.institution).user for _ in range(3))
    found = ResponseImport.objects.create(
        link=link, file="x.xlsx", file_name="x.xlsx", file_digest="0", state=State.DONE, stored=2, created_by=first
    )
    plan = plan_file(link=link, content=book({}, {"recommend": 3}), now=NOW)
    for response in plan.new:
        response.imported_in_id = found.pk
    Response.objects.insert_many_once(plan.new)
    services.ask_to_undo(found=found, reason="Чужой файл", by=first, at=NOW)
    barrier, came = threading.Barrier(2), []

    def confirm(by: User) -> None:
        try:
            barrier.wait(10)
            came.append(services.undo(found=found, by=by, at=NOW))
        except services.CannotDo as error:
            came.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm, args=[one]) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(map(str, came))[0] == "2" and len(came) == 2
    assert "уже отозвана" in sorted(map(str, came))[1]
    found.refresh_from_db()
    assert found.state == State.UNDONE and not Response.objects.exists()


# The pages ------------------------------------------------------------------------------------------------------------


def upload(client: Client, link: SurveyLink, name: str, content: bytes) -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("link-imports", args=[link.pk]), {"file": file})


def test_a_file_goes_from_the_form_to_its_page_and_back_to_the_person(link: SurveyLink, person: User) -> None:
    client = client_of(person)
    template = client.get(reverse("link-import-template", args=[link.pk]))
    assert template.content.startswith(b"PK") and "attachment" in template.headers["Content-Disposition"]
    response = upload(client, link, "ответы за неделю.xlsx", book({"recommend": 11}))
    found = ResponseImport.objects.get()
    assert response.headers["Location"] == reverse("response-import", args=[found.pk])
    assert (found.file_name, found.created_by) == ("ответы за неделю.xlsx", person)
    assert "Работа с файлом" in client.get(response.headers["Location"]).content.decode()
    worked(found, services.CHECK)
    page = client.get(response.headers["Location"]).content.decode()
    assert "В файле есть ошибки" in page and "выберите целое число от 0 до 10" in page
    marked = client.get(reverse("response-import-marked", args=[found.pk]))
    assert b"".join(marked.streaming_content).startswith(b"PK")
    original = client.get(reverse("response-import-file", args=[found.pk]))
    assert b"".join(original.streaming_content) == book({"recommend": 11}) or original.status_code == 200
    assert "ответы за неделю.xlsx" in client.get(reverse("link-imports", args=[link.pk])).content.decode()


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("ответы.xlsm", 10, "макросы"),
        ("ответы.xls", 10, "Нужна книга Excel (.xlsx)"),
        ("ответы.exe", 10, "Нужна книга Excel (.xlsx)"),
        ("ответы", 10, "Нужна книга Excel (.xlsx)"),
        ("ответы.xlsx", 0, "пуст"),
        ("ответы.xlsx", 10 * 2**20 + 1, "Файл больше 10 МБ"),
        ("я" * 300 + ".xlsx", 10, "200"),
    ],
)
def test_what_is_no_workbook_is_refused_before_it_is_kept(
    link: SurveyLink, person: User, name: str, size: int, words: str
) -> None:
    response = upload(client_of(person), link, name, bytes(size))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not ResponseImport.objects.exists()


def test_problems_come_in_pages(link: SurveyLink, person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "KEPT_PROBLEMS", 150)
    found = sent(link, book(*[{"recommend": 11} for _ in range(160)]), person)
    client, url = client_of(person), reverse("response-import", args=[found.pk])
    first = client.get(url).content.decode()
    assert "И ещё ошибок: 10" in first and "Страница 1 из 2" in first
    for page in ("2", "99", "x", "-1"):
        assert client.get(url, {"page": page}).status_code == 200


def test_the_progress_ends_by_showing_the_page_anew(link: SurveyLink, person: User) -> None:
    found = services.send_file(link=link, name="a.xlsx", content=book({}), by=person)
    client, url = client_of(person), reverse("response-import-progress", args=[found.pk])
    headers = {"HX-Request": "true"}
    assert "HX-Refresh" not in client.get(url, headers=headers).headers
    worked(found, services.CHECK)
    assert client.get(url, headers=headers).headers["HX-Refresh"] == "true"


def test_progress_counts_rows(link: SurveyLink) -> None:
    seen: list[tuple[int, int]] = []
    content = book(*[{} for _ in range(1203)])
    plan_file(link=link, content=content, now=NOW, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(0, 1203), (500, 1203), (1000, 1203)]


NAMES = ["response-import", "response-import-progress", "response-import-file", "response-import-marked",
         "response-import-undo"]  # fmt: skip
DOINGS = ["response-import-check", "response-import-start", "response-import-cancel", "response-import-undo",
          "response-import-undo-confirm", "response-import-undo-withdraw"]  # fmt: skip


def test_who_may_not_bring_answers_in_gets_nothing(link: SurveyLink, done: ResponseImport) -> None:
    stranger = MembershipFactory(role=Role.NSI_ADMIN, region=RegionFactory(code="RU-TYU")).user
    onlooker = MembershipFactory(role=Role.AGENCY_ANALYST).user
    before = ResponseImport.objects.values().get()
    for user, status in ((stranger, 404), (onlooker, 403)):
        client = client_of(user)
        for name in NAMES:
            assert client.get(reverse(name, args=[done.pk])).status_code == status, name
        for name in DOINGS:
            assert client.post(reverse(name, args=[done.pk]), {"reason": "x"}).status_code == status, name
        assert upload(client, link, "a.xlsx", book({})).status_code == status
    assert ResponseImport.objects.values().get() == before


def test_a_file_that_was_not_marked_has_no_marked_copy(person: User, done: ResponseImport) -> None:
    assert client_of(person).get(reverse("response-import-marked", args=[done.pk])).status_code == 404


def test_files_with_what_people_wrote_go_when_their_work_is_done(link: SurveyLink, person: User, clock: Any) -> None:
    done = loaded(link, with_ids({}), person)
    waiting = sent(link, with_ids({"row_id": "7"}), person)
    name = str(done.file.name)
    clock.shift(timedelta(hours=23))
    assert services.forget_files(timezone.now()) == 0
    clock.shift(timedelta(hours=2))
    assert services.forget_files(timezone.now()) == 1
    done.refresh_from_db()
    waiting.refresh_from_db()
    assert not done.file and waiting.file and not waiting.file.storage.exists(name)
    assert done.file_digest and done.responses.count() == 1, "the record and the answers stay"
    assert client_of(person).get(reverse("response-import-file", args=[done.pk])).status_code == 404
    assert "личные данные" in client_of(person).get(reverse("response-import", args=[done.pk])).content.decode()
    clock.shift(timedelta(days=14))
    assert services.forget_files(timezone.now()) == 1, "nobody came back to it"
    waiting.refresh_from_db()
    page = client_of(person).get(reverse("response-import", args=[waiting.pk])).content.decode()
    assert waiting.state == State.CANCELLED and "Пришлите его ещё раз" in page and "Загрузить ответы" not in page
    with pytest.raises(services.CannotDo):
        services.start(found=waiting, by=person)


@pytest.mark.parametrize(
    ("state", "becomes"),
    [
        (State.CHECKING, State.CANCELLED),
        (State.FAILED, State.CANCELLED),
        (State.REFUSED, State.REFUSED),
        (State.LOADING, State.LOADING),
    ],
)
def test_nothing_is_left_that_waits_for_a_file_that_is_gone(
    link: SurveyLink, person: User, clock: Any, state: str, becomes: str
) -> None:
    found = sent(link, with_ids({}), person)
    ResponseImport.objects.update(state=state)
    clock.shift(timedelta(days=15))
    services.forget_files(timezone.now())
    found.refresh_from_db()
    assert found.state == becomes and bool(found.file) == (state == State.LOADING)


def test_only_who_sent_a_file_gets_it_back(link: SurveyLink, person: User, make_person: Callable[[], User]) -> None:
    """It holds what people wrote, with names and telephones: others read it masked, or one by one with a reason."""
    found = sent(link, book({"recommend": 11}), person)
    colleague = client_of(make_person())
    page = colleague.get(reverse("response-import", args=[found.pk])).content.decode()
    for name, words in (("response-import-file", "Скачать как прислан"), ("response-import-marked", "с пометками</a>")):
        url = reverse(name, args=[found.pk])
        assert colleague.get(url).status_code == 403 and url not in page and words not in page
        assert client_of(person).get(url).status_code == 200
