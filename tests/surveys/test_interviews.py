"""Forms typed in from paper and by telephone: by keys, exactly once, and some of them a second time."""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from accounts.models import User
from regions.models import RegionLifeSituation
from regions.roles import Role
from surveys import locks
from surveys.counting import rollups
from surveys.filling.page_keys import new_page_key
from surveys.models import BlankBatch, Comment, Entry, EntryWithdrawal, ProblemDraft, Recheck, Response, SurveyLink
from surveys.paper.entry_fields import build_entry, differences, fields_of, read_typed, to_sent, typed_date
from surveys.questionnaires.answers import InvalidAnswers
from surveys.questionnaires.definition import Definition
from surveys.services import interviews as services
from tests.factories import (
    InstitutionFactory,
    MembershipFactory,
    QuestionnaireFactory,
    QuestionnaireVersionFactory,
    RegionFactory,
    SurveyLinkFactory,
)

NOW = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
DAY = date(2026, 11, 5)

EVERY_TYPE = Definition.model_validate(
    {
        "title": "Всё сразу",
        "sections": [
            {
                "code": "main",
                "questions": [
                    {"code": "day", "type": "date", "text": "Когда"},
                    {"code": "satisfied", "type": "scale4", "text": "Довольны?", "required": True},
                    {
                        "code": "why", "type": "text", "text": "Почему",
                        "visible_if": {"question": "satisfied", "in": ["no", "rather_no"]},
                    },
                    {
                        "code": "way", "type": "single", "text": "Как обратились",
                        "options": [{"code": f"way{number}", "title": f"Способ {number}"} for number in range(1, 13)],
                    },
                    {
                        "code": "helped", "type": "multiple", "text": "Что помогло",
                        "options": [
                            {"code": "people", "title": "Люди"}, {"code": "site", "title": "Сайт"},
                            {"code": "signs", "title": "Указатели"},
                        ],
                    },
                    {"code": "nps", "type": "nps", "text": "Порекомендуете?"},
                    {
                        "code": "thanks", "type": "single", "text": "За что спасибо",
                        "options": [{"code": "speed", "title": "Быстро"}, {"code": "kind", "title": "Вежливо"}],
                        "visible_if": {"question": "nps", "in": ["9", "10"]},
                    },
                    {"code": "visits", "type": "number", "text": "Сколько раз", "max": 50},
                ],
            },
            {
                "code": "family", "title": "Семья", "repeat": {"min": 0, "max": 3},
                "questions": [
                    {"code": "age", "type": "number", "text": "Возраст"},
                    {"code": "helped_too", "type": "scale4", "text": "Помогли?"},
                ],
            },
        ],
    }
)  # fmt: skip


# What the keys mean ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("satisfied", "1", "yes"),
        ("satisfied", "4", "no"),
        ("way", "12", "way12"),
        ("way", "7", "way7"),
        ("helped", "13", ["people", "signs"]),
        ("helped", "3, 1", ["people", "signs"]),
        ("helped", "2 2", ["site"]),
        ("nps", "0", 0),
        ("nps", "10", 10),
        ("visits", "3", "3"),
        ("day", "051126", "2026-11-05"),
        ("day", "05112026", "2026-11-05"),
        ("day", "05.11.2026", "2026-11-05"),
    ],
)
def test_an_answer_is_typed_by_its_number(name: str, typed: str, value: Any) -> None:
    answers = read_typed(EVERY_TYPE, {"satisfied": ["1"], name: [typed]}, today=DAY)
    assert answers.values[name] == value


@pytest.mark.parametrize(
    ("name", "typed", "message"),
    [
        ("satisfied", "5", "Введите номер ответа от 1 до 4"),
        ("satisfied", "0", "Введите номер ответа от 1 до 4"),
        ("satisfied", "да", "Введите номер ответа от 1 до 4"),
        ("satisfied", "١", "Введите номер ответа от 1 до 4"),
        ("satisfied", "9" * 30, "Введите номер ответа от 1 до 4"),
        ("way", "13", "Введите номер ответа от 1 до 12"),
        ("helped", "14", "Введите номер ответа от 1 до 3"),
        ("helped", "1,x", "Введите номер ответа от 1 до 3"),
        ("nps", "11", "Выберите целое число от 0 до 10"),
        ("visits", "51", "Введите число от 0 до 50"),
        ("day", "321326", "Введите дату в виде день.месяц.год, например 05.11.2026"),
        ("day", "061126", "Эта дата ещё не наступила"),
    ],
)
def test_a_number_that_stands_for_nothing_is_named(name: str, typed: str, message: str) -> None:
    with pytest.raises(InvalidAnswers) as refused:
        read_typed(EVERY_TYPE, {"satisfied": ["1"], name: [typed]}, today=DAY)
    assert refused.value.errors == {name: message}


def test_what_is_typed_behind_a_condition_that_does_not_hold_does_not_count() -> None:
    typed = {"satisfied": ["1"], "why": ["долго"], "nps": ["5"], "thanks": ["77"]}
    assert read_typed(EVERY_TYPE, typed, today=DAY).values == {"satisfied": "yes", "nps": 5}
    with pytest.raises(InvalidAnswers) as refused:
        read_typed(EVERY_TYPE, typed | {"nps": ["9"]}, today=DAY)
    assert list(refused.value.errors) == ["thanks"]


def test_errors_come_in_the_order_of_the_questions() -> None:
    with pytest.raises(InvalidAnswers) as refused:
        read_typed(EVERY_TYPE, {"visits": ["x"], "way": ["99"], "day": ["x"]}, today=DAY)
    assert list(refused.value.errors) == ["day", "satisfied", "way", "visits"]


def test_blocks_are_typed_one_by_one() -> None:
    typed = {
        "satisfied": ["1"], "family-count": ["2"], "family-0-age": ["5"], "family-1-age": ["44"],
        "family-1-helped_too": ["2"],
    }  # fmt: skip
    values = read_typed(EVERY_TYPE, typed, today=DAY).values
    assert values["family"] == [{"age": "5"}, {"age": "44", "helped_too": "rather_yes"}]
    with pytest.raises(InvalidAnswers) as refused:
        read_typed(EVERY_TYPE, typed | {"family-1-helped_too": ["9"]}, today=DAY)
    assert list(refused.value.errors) == ["family-1-helped_too"]


def test_a_condition_is_given_to_the_page_as_the_numbers_that_are_typed() -> None:
    fields = {field.name: field for field in fields_of(build_entry(EVERY_TYPE, {}, {}))}
    assert (fields["why"].asked_by, fields["why"].asked_on) == ("satisfied", [4, 3])
    assert (fields["thanks"].asked_by, fields["thanks"].asked_on) == ("nps", [9, 10])
    assert fields["why"].asked_words == "если на вопрос 2 ответ 4 или 3"
    assert [fields[name].goes_on_after for name in ("satisfied", "way", "helped", "visits")] == [1, 2, 0, 0]


def test_what_is_not_typed_is_not_sent() -> None:
    assert to_sent(EVERY_TYPE, {"satisfied": [" "], "unknown": ["1"]}) == ({"family-count": ["0"]}, {})


@pytest.mark.parametrize("text", ["", "0511", "5.11.26", "0511202", "051119", "05111926"])
def test_only_whole_days_are_completed(text: str) -> None:
    assert typed_date(text) == {"051119": "05.11.2019"}.get(text, text)


# Storing --------------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def link(db: None) -> SurveyLink:
    made: SurveyLink = SurveyLinkFactory(opens_on=date(2026, 10, 1), channel="paper")
    return made


@pytest.fixture
def make_operator(link: SurveyLink) -> Callable[[], User]:
    return lambda: MembershipFactory(role=Role.INSTITUTION_REP, institution=link.institution).user


@pytest.fixture
def operator(make_operator: Callable[[], User]) -> User:
    return make_operator()


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


GOOD = {
    "entry-mode": "paper", "entry-day": "051126", "entry-number": "15", "service_date": "031126", "satisfaction": "1",
    "recommend": "9",
}  # fmt: skip


def typed_in(link: SurveyLink, **changes: str) -> dict[str, str]:
    """What the page sends, with a fresh key."""
    changed = {name.replace("entry_", "entry-"): value for name, value in changes.items()}
    return {**GOOD, "entry-key": new_page_key(link.pk, NOW).signed, **changed}


def send(user: User, link: SurveyLink, data: dict[str, str]) -> Any:
    return client_of(user).post(reverse("link-entry", args=[link.pk]), data)


def never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "is_drawn", lambda share: False)


def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "is_drawn", lambda share: True)


def test_a_blank_is_stored_with_who_typed_it_and_the_next_is_there_at_once(link: SurveyLink, operator: User) -> None:
    response = send(operator, link, typed_in(link))
    assert response.status_code == 302
    stored = Response.objects.get()
    assert (stored.mode, stored.answered_on, stored.satisfaction, stored.nps) == ("paper", DAY, 4, 9)
    assert (stored.service_date, stored.is_eligible) == (date(2026, 11, 3), True)
    entry = Entry.objects.get()
    assert (entry.response, entry.blank_number, entry.entered_by, entry.entered_at) == (stored, 15, operator, NOW)

    page = client_of(operator).get(response.headers["Location"]).content.decode()
    assert 'value="16"' in page
    assert 'value="05.11.2026"' in page
    assert "№ 15" in page


def test_the_line_says_which_form_was_taken_and_how_many_today(link: SurveyLink, operator: User) -> None:
    send(operator, link, typed_in(link))
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        client = client_of(operator)
        data = typed_in(link, entry_number="16")
        page = client.post(reverse("link-entry", args=[link.pk]), data, follow=True).content.decode()
    assert "Анкета № 16 принята, за сегодня — 2." in page


def test_by_telephone_there_is_no_number_and_no_second_typing(
    link: SurveyLink, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    always(monkeypatch)
    send(operator, link, typed_in(link, entry_mode="phone"))
    entry = Entry.objects.get()
    assert (entry.response.mode, entry.blank_number) == ("phone", None)
    assert not Recheck.objects.exists()


def test_sent_twice_it_is_stored_once_and_thanked_twice(link: SurveyLink, operator: User) -> None:
    data = typed_in(link)
    first, second = send(operator, link, data), send(operator, link, data)
    assert first.status_code == second.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]
    assert Response.objects.count() == Entry.objects.count() == 1


@pytest.mark.parametrize(
    "changes", [{"recommend": "3"}, {"entry_number": "16"}, {"entry_day": "061126"}, {"entry_mode": "phone"}]
)
def test_another_form_under_a_used_key_is_kept_on_the_page_and_can_be_stored(
    link: SurveyLink, operator: User, changes: dict[str, str]
) -> None:
    data = typed_in(link)
    send(operator, link, data)
    changed = {**data, **{name.replace("entry_", "entry-"): value for name, value in changes.items()}}
    response = send(operator, link, {**changed, "suggestions": "Больше мест"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "Больше мест" in page and "№ 15" in page
    assert Response.objects.count() == 1
    [fresh] = re.findall(r'name="entry-key" value="([^"]+)"', page)
    assert fresh != data["entry-key"]
    assert send(operator, link, {**changed, "entry-number": "16", "entry-key": fresh}).status_code == 302
    assert Response.objects.count() == 2


@pytest.mark.parametrize("key", ["", "x", "\x00", "9" * 5000])
def test_a_page_with_a_wrong_key_comes_back_with_all_that_was_typed(link: SurveyLink, operator: User, key: str) -> None:
    response = send(operator, link, {**typed_in(link), "entry-key": key, "suggestions": "Больше мест"})
    assert response.status_code == 422
    assert "Больше мест" in response.content.decode()
    assert not Response.objects.exists()


def test_the_key_of_another_link_is_no_key(link: SurveyLink, operator: User) -> None:
    other = SurveyLinkFactory(institution=link.institution, life_situation=link.life_situation, opens_on=link.opens_on)
    assert send(operator, link, typed_in(other)).status_code == 422


def test_a_blank_entered_before_is_named_with_its_time_and_nothing_is_lost(
    link: SurveyLink, make_operator: Callable[[], User]
) -> None:
    first, second = make_operator(), make_operator()
    send(first, link, typed_in(link))
    response = send(second, link, {**typed_in(link), "suggestions": "Больше мест"})
    page = response.content.decode()
    assert response.status_code == 422
    at = NOW.astimezone(link.institution.region.zone)
    assert f"Бланк № 15 уже введён 10.11.2026 в {at:%H:%M}" in page
    assert "Больше мест" in page
    assert Response.objects.count() == 1


def test_the_same_number_of_another_link_is_another_blank(link: SurveyLink, operator: User) -> None:
    other = SurveyLinkFactory(institution=link.institution, life_situation=link.life_situation, opens_on=link.opens_on)
    assert [send(operator, one, typed_in(one)).status_code for one in (link, other)] == [302, 302]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"entry_day": "111126"}, "Эта дата ещё не наступила: в регионе сегодня 10.11.2026"),
        ({"entry_day": "300926"}, "Ссылка открыта только с 01.10.2026"),
        ({"entry_day": ""}, "Обязательное поле"),
        ({"entry_day": "вчера"}, "Введите день, месяц и год"),
        ({"entry_day": "01.01.0001"}, "Ссылка открыта только с 01.10.2026"),
        ({"entry_day": "31.12.9999"}, "Эта дата ещё не наступила"),
        ({"entry_number": ""}, "Введите номер бланка"),
        ({"entry_number": "0"}, "1"),
        ({"entry_number": "9" * 30}, "9999999"),
        ({"entry_number": "\x00"}, "Введите целое число"),
        ({"entry_mode": "online"}, "Выберите корректный вариант"),
        ({"service_date": "061126"}, "Эта дата позже, чем заполнена анкета (05.11.2026)"),
        ({"service_date": ""}, "Выберите дату"),
        ({"satisfaction": "7"}, "Введите номер ответа от 1 до 4"),
        ({"satisfaction": "\x00"}, "Ответьте на этот вопрос"),
        ({"suggestions": "я" * 5000}, "Слишком длинный текст"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_stored(
    link: SurveyLink, operator: User, changes: dict[str, str], message: str
) -> None:
    response = send(operator, link, typed_in(link, **changes))
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not Response.objects.exists()


def test_paper_filled_while_the_link_was_open_is_taken_after_it_has_closed(link: SurveyLink, operator: User) -> None:
    SurveyLink.objects.filter(pk=link.pk).update(closed_at=datetime(2026, 11, 6, 9, tzinfo=UTC))
    assert send(operator, link, typed_in(link)).status_code == 302
    late = send(operator, link, typed_in(link, entry_number="16", entry_day="071126"))
    assert "Ссылка была открыта только по 06.11.2026" in late.content.decode()


def test_enter_without_a_script_checks_and_stores_nothing(link: SurveyLink, operator: User) -> None:
    response = send(operator, link, {**typed_in(link), "entry-check": "1"})
    assert response.status_code == 200
    assert "Анкета ещё не сохранена" in response.content.decode()
    assert not Response.objects.exists()


def test_guides_and_observation_sheets_are_filled_in_here_and_feed_no_figure(operator: User, link: SurveyLink) -> None:
    document = {
        "title": "Наблюдение",
        "sections": [{"code": "hall", "questions": [{"code": "queue", "type": "number", "text": "Очередь, человек"}]}],
    }
    questionnaire = QuestionnaireFactory(code="observation", kind="observation_sheet")
    version = QuestionnaireVersionFactory(questionnaire=questionnaire, number=9, document=document)
    sheet = SurveyLinkFactory(
        institution=link.institution, life_situation=link.life_situation, version=version, opens_on=link.opens_on
    )
    data = {key: value for key, value in typed_in(sheet).items() if key.startswith("entry-")} | {"queue": "12"}
    assert send(operator, sheet, data).status_code == 302
    stored = Response.objects.get()
    assert (stored.answers, stored.is_measured) == ({"queue": "12"}, False)


def test_blocks_are_shown_when_asked_for_and_nothing_is_lost(operator: User, link: SurveyLink) -> None:
    questionnaire = QuestionnaireFactory()
    version = QuestionnaireVersionFactory(questionnaire=questionnaire, number=8, document=EVERY_TYPE.document())
    other = SurveyLinkFactory(
        institution=link.institution, life_situation=link.life_situation, version=version, opens_on=link.opens_on
    )
    data = {**typed_in(other), "family-count": "2", "entry-blocks": "1", "visits": "7"}
    page = send(operator, other, data).content.decode()
    assert "family-1-age" in page and 'value="7"' in page
    assert not Response.objects.exists()


def test_the_next_number_is_the_first_free_one(link: SurveyLink, operator: User) -> None:
    assert services.next_blank_number(link) == 1
    BlankBatch.objects.create(link=link, first=501, last=600, printed_by=operator)
    assert services.next_blank_number(link) == 501
    for number in ("15", "16", "18"):
        send(operator, link, typed_in(link, entry_number=number))
    assert [services.next_blank_number(link, after) for after in (14, 15, 16, 17)] == [17, 17, 17, 19]
    assert services.next_blank_number(link) == 19


@pytest.mark.parametrize("query", ["?after=x", "?after=" + "9" * 30, "?mode=\x00", "?day=x", "?after=-1"])
def test_a_strange_address_gives_an_empty_form(link: SurveyLink, operator: User, query: str) -> None:
    assert client_of(operator).get(reverse("link-entry", args=[link.pk]) + query).status_code == 200


def test_only_who_may_bring_answers_in_for_the_institution_does(link: SurveyLink) -> None:
    region = link.institution.region
    cases = {
        MembershipFactory(role=Role.INSTITUTION_REP).user: 404,
        MembershipFactory(role=Role.INSTITUTION_REP, institution=InstitutionFactory(region=region)).user: 404,
        MembershipFactory(role=Role.AGENCY_ANALYST).user: 403,
        MembershipFactory(role=Role.EXPERT, region=region).user: 403,
        MembershipFactory(role=Role.NSI_ADMIN, region=region).user: 302,
    }
    assert {user: send(user, link, typed_in(link)).status_code for user in cases} == cases
    stranger = MembershipFactory(role=Role.AGENCY_ANALYST).user
    with pytest.raises(PermissionDenied):
        services.enter(link=link, key=new_page_key(link.pk, NOW), form=form_of(link), by=stranger, at=NOW)


def form_of(link: SurveyLink, **changes: str) -> services.Form:
    typed = {name: [value] for name, value in {**GOOD, **changes}.items()}
    answers = read_typed(link.version.definition, typed, today=DAY)
    return services.Form(mode="paper", answered_on=DAY, blank_number=15, answers=answers)


# Taking back ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def entry(link: SurveyLink, operator: User, monkeypatch: pytest.MonkeyPatch) -> Entry:
    never(monkeypatch)
    send(operator, link, typed_in(link))
    return Entry.objects.get()


def take_back(user: User, entry: Entry, reason: str = "Не тот бланк") -> Any:
    return client_of(user).post(reverse("entry-withdraw", args=[entry.pk]), {"reason": reason})


def test_an_entry_is_taken_back_the_same_day_and_leaves_a_trace(entry: Entry, operator: User, link: SurveyLink) -> None:
    rollups.roll_up(NOW)
    assert take_back(operator, entry).status_code == 302
    assert not Response.objects.exists() and not Entry.objects.exists()
    assert not rollups.find_differences(NOW)
    trace = EntryWithdrawal.objects.get()
    assert (trace.blank_number, trace.reason, trace.withdrawn_by) == (15, "Не тот бланк", operator)
    page = client_of(operator).get(reverse("link-entries", args=[link.pk])).content.decode()
    assert "Не тот бланк" in page
    # The number is free again.
    assert send(operator, link, typed_in(link)).status_code == 302


def test_an_entry_behind_a_problem_of_the_roadmap_stays(entry: Entry, operator: User, link: SurveyLink) -> None:
    response = entry.response
    place = RegionLifeSituation.objects.create(
        region=link.institution.region, life_situation=link.life_situation, since=date(2026, 1, 1)
    )
    problem = ProblemDraft.objects.create(
        region_life_situation=place, title="Очередь", created_by=operator, taken_up_at=NOW
    )
    Comment.objects.create(
        response=response,
        field="suggestions",
        version_id=response.version_id,
        institution_id=response.institution_id,
        life_situation_id=response.life_situation_id,
        answered_on=response.answered_on,
        text="Долго",
        problem=problem,
    )
    refused = take_back(operator, entry)
    assert refused.status_code == 422 and "дорожную карту" in refused.content.decode()
    assert Entry.objects.exists() and problem.comments.exists()


def test_only_the_one_who_typed_it_in_takes_it_back(entry: Entry, make_operator: Callable[[], User]) -> None:
    response = take_back(make_operator(), entry)
    assert response.status_code == 422
    assert "только тот, кто её ввёл" in response.content.decode()
    assert Entry.objects.exists()


def test_the_next_day_it_stays(entry: Entry, operator: User) -> None:
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        response = take_back(operator, entry)
    assert response.status_code == 422
    assert Entry.objects.exists()


def test_a_day_of_a_published_quarter_stays(entry: Entry, operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_questions", [lambda institution, life_situation, days: "IV квартал 2026 года"])
    response = take_back(operator, entry)
    assert response.status_code == 422
    assert "IV квартал 2026 года" in response.content.decode()
    assert Entry.objects.exists()


@pytest.mark.parametrize("reason", ["", "   ", "я" * 301])
def test_taking_back_needs_a_reason(entry: Entry, operator: User, reason: str) -> None:
    assert take_back(operator, entry, reason).status_code == 422
    assert Entry.objects.exists()


# The second typing ----------------------------------------------------------------------------------------------------


def test_exactly_one_in_twenty_of_all_draws_is_drawn() -> None:
    """Every number the generator can give, in steps: no chance in the test."""
    step = 100
    drawn = sum(services.is_drawn(0.05, lambda below, at=at: at) for at in range(0, 1_000_000, step))
    assert drawn == 0.05 * 1_000_000 / step
    assert not services.is_drawn(0, lambda below: 0)
    assert services.is_drawn(1, lambda below: below - 1)


def test_the_draw_asks_a_generator_nobody_can_foresee() -> None:
    asked = []
    services.is_drawn(0.05, lambda below: asked.append(below) or 0)
    assert asked == [1_000_000]
    assert services.is_drawn.__defaults__ == (secrets.randbelow,)


def test_the_share_of_real_draws_is_about_a_twentieth() -> None:
    """20,000 draws at 0.05: 1000 ± 31. Fourteen deviations off has a chance of about 1e-40."""
    drawn = sum(services.is_drawn(0.05) for _ in range(20_000))
    assert 570 < drawn < 1430


@pytest.fixture
def drawn(link: SurveyLink, operator: User, monkeypatch: pytest.MonkeyPatch) -> Recheck:
    always(monkeypatch)
    send(operator, link, typed_in(link, satisfaction="4", satisfaction_comment="долго"))
    return Recheck.objects.get()


AGAIN = {key: value for key, value in GOOD.items() if key not in ("entry-mode", "entry-number")}


def again(user: User, recheck: Recheck, **changes: str) -> Any:
    data = {**AGAIN, "satisfaction": "4", "satisfaction_comment": "долго"}
    data |= {name.replace("entry_", "entry-"): value for name, value in changes.items()}
    return client_of(user).post(reverse("recheck", args=[recheck.pk]), data)


def test_a_second_person_types_it_blind_and_sees_no_difference(
    drawn: Recheck, make_operator: Callable[[], User], link: SurveyLink
) -> None:
    second = make_operator()
    client = client_of(second)
    listed = client.get(reverse("link-rechecks", args=[link.pk])).content.decode()
    assert "Бланк № 15" in listed
    blind = client.get(reverse("recheck", args=[drawn.pk])).content.decode()
    assert "долго" not in blind and "05.11.2026" not in blind
    assert again(second, drawn).status_code == 302
    drawn.refresh_from_db()
    assert (drawn.checked_by, drawn.checked_at, drawn.differences) == (second, NOW, {})
    assert "Вводы совпадают" in client.get(reverse("recheck", args=[drawn.pk])).content.decode()


def test_differences_are_shown_field_by_field_and_nothing_is_mended(
    drawn: Recheck, make_operator: Callable[[], User], link: SurveyLink
) -> None:
    second = make_operator()
    again(second, drawn, satisfaction="1", recommend="8", entry_day="061126")
    drawn.refresh_from_db()
    assert drawn.differences == {
        "answered_on": ["2026-11-05", "2026-11-06"],
        "satisfaction": ["no", "yes"],
        "recommend": [9, 8],
        "satisfaction_comment": ["долго", None],
    }
    page = client_of(second).get(reverse("recheck", args=[drawn.pk])).content.decode()
    for words in ("Нет", "Да", "долго", "нет ответа", "06.11.2026"):
        assert words in page
    stored = Response.objects.get()
    assert (stored.satisfaction, stored.nps, stored.answered_on) == (1, 9, DAY)
    [summary] = services.accuracy(link)
    # Day, service, satisfaction, its comment, recommendation.
    assert (summary.forms, summary.fields, summary.differing, summary.percent) == (1, 5, 4, 80.0)


def test_who_typed_it_first_may_not_type_it_again_and_is_not_told_of_it(
    drawn: Recheck, operator: User, link: SurveyLink
) -> None:
    client = client_of(operator)
    assert "Бланк № 15" not in client.get(reverse("link-rechecks", args=[link.pk])).content.decode()
    response = client.get(reverse("recheck", args=[drawn.pk]))
    assert response.status_code == 403
    assert "Повторно её вводит другой человек" in response.content.decode()
    assert again(operator, drawn).status_code == 403
    with pytest.raises(services.CannotDo):
        services.recheck(recheck=drawn, answered_on=DAY, answers=form_of(link).answers, by=operator, at=NOW)
    drawn.refresh_from_db()
    assert drawn.checked_at is None


def test_typed_again_by_two_at_once_the_first_counts(drawn: Recheck, make_operator: Callable[[], User]) -> None:
    second, third = make_operator(), make_operator()
    again(second, drawn)
    assert again(third, drawn, satisfaction="1").status_code == 200  # both typings side by side
    stale = Recheck.objects.select_related("entry__response", "entry__link").get()
    stale.checked_at = None
    link = stale.entry.link
    with pytest.raises(services.CannotDo):
        services.recheck(recheck=stale, answered_on=DAY, answers=form_of(link).answers, by=third, at=NOW)
    assert Recheck.objects.get().checked_by == second


def test_a_wrong_second_typing_comes_back_with_what_was_typed(
    drawn: Recheck, make_operator: Callable[[], User]
) -> None:
    response = again(make_operator(), drawn, satisfaction="9", suggestions="Больше мест")
    assert response.status_code == 422
    assert "Введите номер ответа от 1 до 4" in response.content.decode()
    assert "Больше мест" in response.content.decode()
    assert Recheck.objects.get().checked_at is None


def test_a_blank_taken_back_before_its_check_is_drawn_again(
    drawn: Recheck, operator: User, link: SurveyLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_back(operator, drawn.entry)
    assert not Recheck.objects.exists()
    never(monkeypatch)
    send(operator, link, typed_in(link))
    assert Recheck.objects.get().entry.blank_number == 15


def test_after_its_check_a_blank_stays(drawn: Recheck, operator: User, make_operator: Callable[[], User]) -> None:
    again(make_operator(), drawn)
    response = take_back(operator, drawn.entry)
    assert response.status_code == 422
    assert Recheck.objects.exists()


def test_another_region_does_not_see_a_check(drawn: Recheck) -> None:
    stranger = MembershipFactory(role=Role.NSI_ADMIN, region=RegionFactory(code="RU-TYU")).user
    for name, pk in (
        ("recheck", drawn.pk), ("link-rechecks", drawn.entry.link_id), ("entry-withdraw", drawn.entry_id),
    ):  # fmt: skip
        assert client_of(stranger).get(reverse(name, args=[pk])).status_code == 404


def test_differences_name_what_only_one_has() -> None:
    assert differences({"a": 1, "b": 2}, {"b": 3, "c": 4}) == {"a": [1, None], "b": [2, 3], "c": [None, 4]}
