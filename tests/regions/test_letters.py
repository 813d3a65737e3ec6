"""Letters to the Agency [001 VII]: what is due, what counts as late by the region's own clock, and the deadlines."""

import io
import re
import threading
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from accounts.models import User
from monitoring.models import ReportingPeriod
from regions import loading
from regions.models import Letter, LetterDeadline, LetterKind, Region
from regions.models.letters import occasion_title
from regions.roles import Role
from regions.services import letters
from regions.services.letters import Facts, LetterState, state_of
from regions.tiles import tiles
from tests.factories import MembershipFactory, RegionFactory

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
NOON = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
JOINED = date(2026, 6, 1)


# The reference data


@pytest.fixture
def loaded(db: None) -> None:
    call_command("load_reference", verbosity=0)


@pytest.mark.parametrize(
    ("code", "is_quarterly", "due_on", "number"),
    [
        ("headquarters", False, date(2021, 6, 15), 1),
        ("commissioner", False, date(2021, 6, 15), 1),
        ("roadmaps", False, date(2021, 7, 20), 1),
        # «До 15 августа 2021 года, далее – ежеквартально».
        ("results", True, date(2021, 8, 15), 30),
        ("proposals", True, date(2021, 8, 15), 30),
    ],
)
def test_the_five_letters_of_the_recommendations(loaded, code, is_quarterly, due_on, number):
    kind = LetterKind.objects.get(code=code)
    assert kind.is_quarterly is is_quarterly
    assert kind.stage and kind.action
    assert kind.deadlines.order_by("due_on").first().due_on == due_on
    assert kind.deadlines.filter(region=None).count() == number


def test_quarterly_letters_have_the_occasions_of_the_reporting_periods(loaded):
    periods = {one.code: one for one in ReportingPeriod.objects.filter(closes_on__gt=date(2021, 8, 1))}
    for code in ("results", "proposals"):
        deadlines = LetterDeadline.objects.filter(kind__code=code)
        assert {one.occasion for one in deadlines} == periods.keys()
        for one in deadlines:
            # On the 15th of the month in which the period closes.
            assert one.due_on == periods[one.occasion].closes_on.replace(day=15)
            assert one.occasion_title == str(periods[one.occasion])


def test_deadlines_are_the_agencys_once_they_are_loaded(loaded):
    moved = LetterDeadline.objects.get(kind__code="roadmaps")
    moved.due_on = date(2022, 1, 31)
    moved.save()
    LetterDeadline.objects.get(kind__code="results", occasion="2026-Q4").delete()
    call_command("load_reference", verbosity=0)
    moved.refresh_from_db()
    assert moved.due_on == date(2022, 1, 31)
    assert not LetterDeadline.objects.filter(kind__code="results", occasion="2026-Q4").exists()


def test_loading_again_leaves_no_trace_in_the_history(loaded):
    region = Region.objects.get(code="RU-NIZ")
    before = region.history.count(), LetterKind.history.count(), LetterDeadline.history.count()
    loading.load()
    assert (region.history.count(), LetterKind.history.count(), LetterDeadline.history.count()) == before


def test_occasions_are_called_as_periods_are():
    assert occasion_title("2026-Q4") == "4 квартал 2026 года"
    assert occasion_title("") == ""


# The rule


@pytest.mark.parametrize(
    ("due_on", "is_own", "sent_on", "today", "state"),
    [
        (date(2026, 8, 15), False, date(2026, 8, 1), TODAY, LetterState.SENT),
        (date(2026, 8, 15), False, date(2026, 8, 15), TODAY, LetterState.SENT),
        (date(2026, 8, 15), False, date(2026, 8, 16), TODAY, LetterState.LATE),
        (date(2026, 8, 15), False, None, date(2026, 8, 14), LetterState.AHEAD),
        # The last day lasts to its end.
        (date(2026, 8, 15), False, None, date(2026, 8, 15), LetterState.AHEAD),
        (date(2026, 8, 15), False, None, date(2026, 8, 16), LetterState.OVERDUE),
        # Before the region took part: the general deadline binds it to nothing, its own does.
        (date(2026, 5, 31), False, None, TODAY, LetterState.BEFORE),
        (date(2026, 5, 31), True, None, TODAY, LetterState.OVERDUE),
        (JOINED, False, None, TODAY, LetterState.OVERDUE),
        # Sent all the same: nothing is hidden.
        (date(2026, 5, 31), False, date(2026, 6, 2), TODAY, LetterState.LATE),
    ],
)
def test_the_state_of_a_letter(due_on, is_own, sent_on, today, state):
    found = state_of(due_on=due_on, is_own=is_own, sent_on=sent_on, participates_since=JOINED, today=today)
    assert found == state


# Regions


@pytest.fixture
def kind(db: None) -> LetterKind:
    return LetterKind.objects.create(
        code="results", position=4, short_title="Результаты внедрения", is_quarterly=True, stage="Этап", action="Письмо"
    )


@pytest.fixture
def once(db: None) -> LetterKind:
    return LetterKind.objects.create(
        code="headquarters", position=1, short_title="Решение о РШ", stage="Этап", action="Письмо"
    )


def region_of(code: str = "RU-NIZ", since: date | None = JOINED) -> Region:
    region = RegionFactory(code=code)
    region.participates_since = since
    region.save()
    return region


def states(region: Region, at: datetime = NOON) -> dict[str, LetterState]:
    return {due.deadline.occasion: due.state for due in letters.dues([region], at=at).get(region.pk, [])}


def deadline(kind: LetterKind, occasion: str, due_on: date, region: Region | None = None) -> LetterDeadline:
    return LetterDeadline.objects.create(kind=kind, occasion=occasion, due_on=due_on, region=region)


def person(role: Role, region: Region | None = None) -> User:
    return MembershipFactory(role=role, **({"region": region} if region else {})).user


def facts(kind: LetterKind, occasion: str = "2026-Q4", **changed: object) -> Facts:
    return Facts(**{"kind": kind, "occasion": occasion, "number": "12-р", "day": date(2026, 11, 10), **changed})


@pytest.mark.parametrize(
    ("code", "at", "state"),
    [
        # 24:00 of the 15th in Kamchatka is noon of the 15th in Greenwich; in Kaliningrad it is ten hours later.
        ("RU-KAM", datetime(2026, 11, 15, 11, 59, 59, tzinfo=UTC), LetterState.AHEAD),
        ("RU-KAM", datetime(2026, 11, 15, 12, 0, tzinfo=UTC), LetterState.OVERDUE),
        ("RU-KGD", datetime(2026, 11, 15, 12, 0, tzinfo=UTC), LetterState.AHEAD),
        ("RU-KGD", datetime(2026, 11, 15, 21, 59, 59, tzinfo=UTC), LetterState.AHEAD),
        ("RU-KGD", datetime(2026, 11, 15, 22, 0, tzinfo=UTC), LetterState.OVERDUE),
    ],
)
def test_the_last_day_ends_at_midnight_in_the_region(kind, code, at, state):
    deadline(kind, "2026-Q4", date(2026, 11, 15))
    assert states(region_of(code), at) == {"2026-Q4": state}


def test_an_own_deadline_counts_instead_of_the_general_one(kind):
    deadline(kind, "2026-Q4", date(2026, 11, 15))
    other, own = region_of("RU-TYU"), region_of()
    deadline(kind, "2026-Q4", date(2026, 12, 1), own)
    assert states(own) == {"2026-Q4": LetterState.AHEAD}
    assert states(other) == {"2026-Q4": LetterState.OVERDUE}


@pytest.mark.parametrize("since", [None, date(2026, 11, 23)])
def test_a_region_that_takes_no_part_yet_owes_nothing(kind, since):
    region = region_of(since=since)
    deadline(kind, "2026-Q4", date(2026, 11, 15))
    deadline(kind, "2026-Q3", date(2026, 8, 15), region)
    assert states(region) == {}


def test_the_first_letter_decides_and_another_regions_letter_does_not(kind):
    region, other = region_of(), region_of("RU-TYU")
    deadline(kind, "2026-Q4", date(2026, 11, 15))
    administrator = person(Role.AGENCY_ADMIN)
    letters.register(region=other, facts=facts(kind), by=administrator, at=NOON)
    assert states(region) == {"2026-Q4": LetterState.OVERDUE}
    letters.register(region=region, facts=facts(kind, day=date(2026, 11, 20), number="2"), by=administrator, at=NOON)
    assert states(region) == {"2026-Q4": LetterState.LATE}
    letters.register(region=region, facts=facts(kind, day=date(2026, 11, 14), number="1"), by=administrator, at=NOON)
    assert states(region) == {"2026-Q4": LetterState.SENT}


def test_what_is_owed_takes_the_same_queries_for_one_region_and_for_all(kind, django_assert_num_queries):
    deadline(kind, "2026-Q4", date(2026, 11, 15))
    regions = [region_of(code) for code in tiles()]
    for number in (1, 89):
        with django_assert_num_queries(2):
            assert len(letters.dues(regions[:number], at=NOON)) == number


# Registering


@pytest.mark.parametrize(
    ("role", "may"),
    [(role, role in (Role.AGENCY_ADMIN, Role.NSI_ADMIN)) for role in Role if role != Role.INSTITUTION_REP],
)
def test_who_registers_letters(kind, role, may):
    region = region_of()
    user = person(role) if role.value.startswith(("agency", "federal")) else person(role, region)
    if may:
        letters.register(region=region, facts=facts(kind), by=user, at=NOON)
    else:
        with pytest.raises(PermissionDenied):
            letters.register(region=region, facts=facts(kind), by=user, at=NOON)
    assert Letter.objects.count() == may


def test_the_administrator_of_another_region_registers_nothing(kind):
    with pytest.raises(PermissionDenied):
        letters.register(region=region_of(), facts=facts(kind), by=person(Role.NSI_ADMIN, region_of("RU-TYU")), at=NOON)


@pytest.mark.parametrize("day", [date(2026, 11, 23), date(2019, 12, 31), date(26, 11, 1), date(9999, 1, 1)])
def test_bad_dates_of_letters(kind, day):
    region = region_of()
    with pytest.raises(letters.WrongDay) as error:
        letters.register(region=region, facts=facts(kind, day=day), by=person(Role.NSI_ADMIN, region), at=NOON)
    assert error.value.field == "document_date"
    assert not Letter.objects.exists()


def test_today_in_kamchatka_is_not_in_the_future(kind):
    region = region_of("RU-KAM")
    evening = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
    letters.register(
        region=region, facts=facts(kind, day=date(2026, 11, 23)), by=person(Role.NSI_ADMIN, region), at=evening
    )
    assert Letter.objects.count() == 1


def test_the_same_letter_is_registered_once(kind):
    region = region_of()
    user = person(Role.NSI_ADMIN, region)
    letters.register(region=region, facts=facts(kind), by=user, at=NOON)
    with pytest.raises(letters.AlreadyRegistered):
        letters.register(region=region, facts=facts(kind), by=user, at=NOON)
    # Another number, or another region, is another letter.
    letters.register(region=region, facts=facts(kind, number="13-р"), by=user, at=NOON)
    other = region_of("RU-TYU")
    letters.register(region=other, facts=facts(kind), by=person(Role.NSI_ADMIN, other), at=NOON)
    assert Letter.objects.count() == 3


def test_a_correction_keeps_the_file_and_leaves_its_trace(kind):
    region = region_of()
    user = person(Role.NSI_ADMIN, region)
    file = SimpleUploadedFile("Письмо.pdf", b"%PDF-1.7")
    letter = letters.register(region=region, facts=facts(kind, file=file), by=user, at=NOON)
    stored = letter.document_file.name
    letters.edit(letter=letter, facts=facts(kind, number="12-Р", note="опечатка"), by=user, at=NOON)
    letter.refresh_from_db()
    assert (letter.document_number, letter.note) == ("12-Р", "опечатка")
    assert (letter.document_file.name, letter.document_name) == (stored, "Письмо.pdf")
    assert [record.document_number for record in letter.history.order_by("history_id")] == ["12-р", "12-Р"]
    letters.edit(letter=letter, facts=facts(kind, number="12-Р", note="опечатка"), by=user, at=NOON)
    assert letter.history.count() == 2, "nothing changed, nothing recorded"
    letters.edit(letter=letter, facts=facts(kind, number="12-Р", file=False), by=user, at=NOON)
    letter.refresh_from_db()
    assert not letter.document_file and not letter.document_name


@pytest.mark.django_db(transaction=True)
def test_two_who_register_the_same_letter_at_once(kind):
    region = region_of()
    user = person(Role.NSI_ADMIN, region)
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def register() -> None:
        try:
            start.wait()
            letters.register(region=region, facts=facts(kind), by=user, at=NOON)
            outcomes.append("registered")
        except letters.AlreadyRegistered:
            outcomes.append("there already")
        finally:
            connection.close()

    threads = [threading.Thread(target=register) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes) == ["registered", "there already"]
    assert Letter.objects.count() == 1


# Taking part


def test_since_when_a_region_takes_part(kind):
    region = region_of(since=None)
    user = person(Role.NSI_ADMIN, region)
    deadline(kind, "2026-Q4", date(2026, 11, 15))
    letters.set_participation(region=region, since=date(2026, 11, 1), by=user, at=NOON)
    assert states(region) == {"2026-Q4": LetterState.OVERDUE}
    letters.set_participation(region=region, since=date(2026, 11, 16), by=user, at=NOON)
    assert states(region) == {"2026-Q4": LetterState.BEFORE}
    for day in (date(2026, 11, 23), date(1999, 1, 1)):
        with pytest.raises(letters.WrongDay):
            letters.set_participation(region=region, since=day, by=user, at=NOON)
    for role in (Role.HQ_CHAIR, Role.SERVICE_COMMISSIONER):
        with pytest.raises(PermissionDenied):
            letters.set_participation(region=region, since=None, by=person(role, region), at=NOON)


# Deadlines


def test_a_second_deadline_of_the_same_letter_is_refused(kind):
    agency = person(Role.AGENCY_ADMIN)
    region = region_of()

    def add(of: Region | None, occasion: str = "2026-Q4") -> LetterDeadline:
        return letters.add_deadline(
            kind=kind, occasion=occasion, region=of, due_on=date(2026, 11, 15), by=agency, today=TODAY
        )

    add(None), add(region), add(None, "2027-Q1"), add(region_of("RU-TYU"))
    for of, field in ((None, "kind"), (region, "region")):
        with pytest.raises(letters.DeadlineExists) as error:
            add(of)
        assert error.value.field == field
    assert LetterDeadline.objects.count() == 4


@pytest.mark.parametrize("day", [date(2019, 1, 1), date(2037, 1, 1), date(1, 1, 1)])
def test_bad_dates_of_deadlines(kind, day):
    agency = person(Role.AGENCY_ADMIN)
    found = deadline(kind, "2026-Q4", date(2026, 11, 15))
    with pytest.raises(letters.WrongDay):
        letters.add_deadline(kind=kind, occasion="2027-Q1", region=None, due_on=day, by=agency, today=TODAY)
    with pytest.raises(letters.WrongDay):
        letters.move_deadline(deadline=found, due_on=day, by=agency, today=TODAY)


@pytest.mark.parametrize("role", [Role.AGENCY_CURATOR, Role.AGENCY_ANALYST, Role.FEDERAL_OBSERVER])
def test_only_the_agencys_administrator_manages_deadlines(kind, role):
    user = person(role)
    found = deadline(kind, "2026-Q4", date(2026, 11, 15))
    with pytest.raises(PermissionDenied):
        letters.add_deadline(kind=kind, occasion="", region=None, due_on=TODAY, by=user, today=TODAY)
    with pytest.raises(PermissionDenied):
        letters.move_deadline(deadline=found, due_on=TODAY, by=user, today=TODAY)
    with pytest.raises(PermissionDenied):
        letters.remove_deadline(deadline=found, by=user)


def test_with_its_own_deadline_removed_the_general_one_counts_again(kind):
    region = region_of()
    deadline(kind, "2026-Q4", date(2026, 11, 15))
    own = deadline(kind, "2026-Q4", date(2026, 12, 1), region)
    letters.remove_deadline(deadline=own, by=person(Role.AGENCY_ADMIN))
    assert states(region) == {"2026-Q4": LetterState.OVERDUE}
    assert LetterDeadline.history.filter(history_type="-").count() == 1


# Pages


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False):
        yield


def text(response) -> str:
    return " ".join(response.content.decode().split())


def main_of(response) -> str:
    page = text(response)
    return page[page.index("<main") : page.index("</main")]


def test_the_page_of_a_region_shows_what_is_overdue_first(clock, kind, once):
    region = region_of()
    deadline(kind, "2027-Q1", date(2027, 2, 15))
    deadline(kind, "2026-Q4", date(2026, 11, 15))
    deadline(once, "", date(2021, 6, 15))
    administrator = person(Role.NSI_ADMIN, region)
    page = main_of(signed_in(administrator).get(reverse("letter-list", args=[region.code])))
    words = ("просрочено на 7 дн.", "осталось 85 дн.", "Срок прошёл до вступления региона")
    assert sorted(page.rindex(one) for one in words) == [page.rindex(one) for one in words]
    overdue = LetterDeadline.objects.get(occasion="2026-Q4")
    assert f"?deadline={overdue.pk}" in page
    # Others see the same without being offered to register.
    assert "?deadline=" not in main_of(signed_in(person(Role.EXPERT, region)).get(f"/regions/{region.code}/letters/"))


def test_the_list_filters_sorts_and_downloads(clock, kind, once):
    region = region_of()
    deadline(kind, "2026-Q4", date(2026, 11, 15))
    deadline(once, "", date(2026, 12, 15), region)
    client = signed_in(person(Role.EXPERT, region))
    url = reverse("letter-list", args=[region.code])
    assert "Решение о РШ" not in main_of(client.get(url, {"state": "overdue"})).split("<tbody>")[1].split("</tbody>")[0]
    assert client.get(url, {"state": "nonsense", "kind": "no", "year": "x", "sort": "-due_on"}).status_code == 200
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(url, {"format": "xlsx"}).content))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0] == ["Письмо", "Срок", "Состояние", "Отправлено"]
    assert rows[1] == ["Результаты внедрения, 4 квартал 2026 года", date(2026, 11, 15), "Просрочено", ""]
    assert rows[2] == ["Решение о РШ", date(2026, 12, 15), "Ожидается", ""]


def test_a_letter_is_registered_from_its_deadline_and_corrected(clock, kind):
    region = region_of()
    due = deadline(kind, "2026-Q4", date(2026, 11, 15))
    client = signed_in(person(Role.NSI_ADMIN, region))
    url = reverse("letter-create", args=[region.code])
    assert re.search(r'value="results:2026-Q4"[^>]* selected', text(client.get(url, {"deadline": due.pk})))
    sent = {
        "subject": "results:2026-Q4",
        "document_number": "77-Н",
        "document_date": "2026-11-14",
        "document_file": SimpleUploadedFile("Письмо.pdf", b"%PDF-1.7 letter"),
    }
    assert client.post(url, sent).status_code == 302
    letter = Letter.objects.get()
    assert (letter.occasion, letter.registered_by_id is not None) == ("2026-Q4", True)
    page = main_of(client.get(reverse("letter-list", args=[region.code])))
    assert "Отправлено в срок" in page and "№ 77-Н от 14.11.2026" in page

    document = client.get(reverse("letter-document", args=[letter.pk]))
    assert b"".join(document.streaming_content) == b"%PDF-1.7 letter"
    assert "attachment" in document.headers["Content-Disposition"]

    edit = reverse("letter-edit", args=[letter.pk])
    again = {"subject": "results:2026-Q4", "document_number": "78-Н", "document_date": "2026-11-14"}
    assert client.post(edit, again).status_code == 302
    letter.refresh_from_db()
    assert letter.document_number == "78-Н" and letter.document_file
    register = main_of(client.get(reverse("letter-register", args=[region.code])))
    assert "78-Н" in register and "4 квартал 2026 года" in register
    history = main_of(client.get(reverse("region-history", args=[region.code])))
    assert "<del>77-Н</del>" in history and "<ins>78-Н</ins>" in history


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"document_date": "2026-11-23"}, "document_date", "Этот день ещё не наступил"),
        ({"document_date": "0026-11-10"}, "document_date", "Проверьте год"),
        ({"document_date": "завтра"}, "document_date", "Введите правильную дату"),
        ({"document_number": " "}, "document_number", "Обязательное поле"),
        ({"subject": "results:1999-Q1"}, "subject", "Выберите письмо из списка"),
        ({"subject": "no"}, "subject", "Выберите письмо из списка"),
        ({"document_file": SimpleUploadedFile("a.exe", b"MZ")}, "document_file", "Такой файл принять нельзя"),
    ],
)
def test_a_wrong_letter_keeps_what_was_typed_and_says_at_the_field_what_to_do(clock, kind, changed, field, words):
    region = region_of()
    deadline(kind, "2026-Q4", date(2026, 11, 15))
    client = signed_in(person(Role.NSI_ADMIN, region))
    sent = {
        "subject": "results:2026-Q4",
        "document_number": "77-Н",
        "document_date": "2026-11-14",
        "note": "набранное остаётся",
        **changed,
    }
    response = client.post(reverse("letter-create", args=[region.code]), sent)
    assert response.status_code == 422
    page = text(response)
    assert words in page and f'id="id_{field}_error"' in page and "набранное остаётся" in page
    assert not Letter.objects.exists()


def test_the_overview_of_the_agency(clock, kind):
    behind, clear, out = region_of(), region_of("RU-TYU"), region_of("RU-KGD", since=None)
    deadline(kind, "2026-Q3", date(2026, 8, 15))
    deadline(kind, "2026-Q4", date(2026, 11, 15))
    agency = person(Role.AGENCY_ADMIN)
    for occasion, day in (("2026-Q3", date(2026, 8, 1)), ("2026-Q4", date(2026, 11, 1))):
        letters.register(region=clear, facts=facts(kind, occasion, day=day), by=agency, at=NOON)
    client = signed_in(person(Role.AGENCY_ANALYST))
    url = reverse("letters-overview")
    page = main_of(client.get(url))
    assert "Участвуют: 2. С просроченными письмами: 1." in page
    assert "Результаты внедрения: 2" in page
    assert page.index(behind.name) < page.index(clear.name) < page.index(out.name)
    for state, shown in (("overdue", behind), ("clear", clear), ("out", out)):
        found = main_of(client.get(url, {"state": state}))
        assert [one for one in (behind, clear, out) if one.name in found] == [shown]
    assert [behind.name in main_of(client.get(url, {"name": "НИЖЕГОР"}))] == [True]
    rows = CalamineWorkbook.from_filelike(io.BytesIO(client.get(url, {"format": "xlsx"}).content))
    first = rows.get_sheet_by_index(0).to_python()[1]
    assert first == [
        behind.name,
        "Приволжский",
        JOINED,
        2,
        "Результаты внедрения, 3 квартал 2026 года, 4 квартал 2026 года",
        date(2026, 8, 15),
        "",
    ]


@pytest.mark.parametrize("role", [Role.FEDERAL_OBSERVER, Role.NSI_ADMIN, Role.REGION_HEAD])
def test_the_overview_is_the_agencys(clock, kind, role):
    user = person(role) if role == Role.FEDERAL_OBSERVER else person(role, region_of())
    assert signed_in(user).get(reverse("letters-overview")).status_code == 403


def test_deadlines_are_added_moved_and_removed(clock, kind, once):
    client = signed_in(person(Role.AGENCY_ADMIN))
    region = region_of()
    create = reverse("deadline-create")
    general = {"kind": "results", "occasion": "2026-Q4", "region": "", "due_on": "2026-11-15"}
    own = {**general, "region": region.code, "due_on": "2026-12-01"}
    assert client.post(create, general).status_code == client.post(create, own).status_code == 302
    for sent, words in (
        (general, "Общий срок уже задан"),
        (own, "Для этого региона срок уже задан"),
        ({**general, "occasion": ""}, "выберите, за какой"),
        ({**general, "kind": "headquarters"}, "квартал не нужен"),
        ({**general, "occasion": "2027-Q1", "due_on": "20261-11-15"}, "Введите правильную дату"),
        ({**general, "occasion": "2027-Q1", "due_on": "2126-11-15"}, "Проверьте год"),
    ):
        response = client.post(create, sent)
        assert response.status_code == 422 and words in text(response), words
    found = LetterDeadline.objects.get(region=region)
    assert client.post(reverse("deadline-edit", args=[found.pk]), {"due_on": "2026-12-10"}).status_code == 302
    found.refresh_from_db()
    assert found.due_on == date(2026, 12, 10)
    asked = client.get(reverse("deadline-delete", args=[found.pk]))
    assert "снова будет действовать общий срок" in text(asked)
    assert client.post(reverse("deadline-delete", args=[found.pk])).status_code == 302
    assert client.post(reverse("deadline-delete", args=[found.pk])).status_code == 404
    history = main_of(client.get(reverse("deadline-history")))
    assert "<del>01.12.2026</del>" in history and "удалено" in history
    assert main_of(client.get(reverse("deadline-list"), {"region": "null"})).count("<tr>") == 2


@pytest.mark.parametrize("page", ["letter-list", "letter-register", "letters-overview", "deadline-list"])
def test_lists_ask_the_same_number_of_queries_at_one_and_at_many_rows(clock, kind, page):
    region = region_of()
    agency = person(Role.AGENCY_ADMIN)
    client = signed_in(agency)
    url = reverse(page, args=[] if page in ("letters-overview", "deadline-list") else [region.code])

    def fill(quarters: list[str]) -> None:
        for number, occasion in enumerate(quarters):
            deadline(kind, occasion, date(2026, 8, 15))
            if number % 2 == 0:
                letters.register(region=region, facts=facts(kind, occasion), by=agency, at=NOON)

    def queries() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    fill(["2026-Q3", "2026-Q4"])
    few = queries()
    fill([f"{year}-Q{quarter}" for year in range(2027, 2040) for quarter in (1, 2, 3, 4)])
    for code in tiles():
        region_of(code)
    assert queries() == few


def test_letters_are_no_place_for_names_of_stored_files(clock, kind):
    region = region_of()
    letter = letters.register(
        region=region,
        facts=facts(kind, file=SimpleUploadedFile("../../Иванов И. И.pdf", b"%PDF-")),
        by=person(Role.NSI_ADMIN, region),
        at=NOON,
    )
    assert "Иванов" not in letter.document_file.name
    assert Path(letter.document_file.name).parts[:2] == ("documents", "letter")
