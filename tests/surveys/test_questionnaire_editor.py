"""The editor of questionnaires through its pages: making, changing, translating, publishing, and two people at once."""

import io
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import User
from regions.models import Region
from regions.roles import Role
from surveys.models import Questionnaire, QuestionnaireVersion, Response, SurveyLink
from surveys.questionnaires import loading
from surveys.services import questionnaires as services
from surveys.services.questionnaires import Owner
from tests.factories import (
    DirectionFactory,
    MembershipFactory,
    QuestionnaireVersionFactory,
    RegionFactory,
    SurveyLinkFactory,
    standard_document,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=ZoneInfo("Europe/Moscow"))


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def region() -> Region:
    return RegionFactory(code="RU-NIZ")


@pytest.fixture
def editor(region: Region) -> User:
    return MembershipFactory(role=Role.NSI_ADMIN, region=region).user


@pytest.fixture
def agency() -> User:
    return MembershipFactory(role=Role.AGENCY_ADMIN).user


@pytest.fixture
def client(editor: User) -> Client:
    return client_of(editor)


@pytest.fixture
def standard() -> QuestionnaireVersion:
    return QuestionnaireVersionFactory(questionnaire__direction=DirectionFactory(code="health"))


@pytest.fixture
def draft(region: Region, editor: User) -> QuestionnaireVersion:
    return services.create(title="О приёме", kind="questionnaire", owner=Owner(region), by=editor, at=NOW)


def url(name: str, draft: QuestionnaireVersion, *args: object) -> str:
    return reverse(name, args=[draft.pk, *args])


def sections(draft: QuestionnaireVersion) -> list[dict[str, Any]]:
    draft.refresh_from_db()
    found: list[dict[str, Any]] = draft.document["sections"]
    return found


def questions(draft: QuestionnaireVersion) -> list[list[str]]:
    """Codes of the questions, by sections."""
    return [[question["code"] for question in section["questions"]] for section in sections(draft)]


def add(client: Client, draft: QuestionnaireVersion, kind: str, text: str, section: str = "s1", **more: Any) -> Any:
    data = {"type": kind, "text": text, "home": section, **more}
    return client.post(url("draft-question-add", draft, section), data)


def seen(client: Client, address: str) -> str:
    """The hidden mark of the form at an address."""
    return str(client.get(address).context["form"]["seen"].value())


# A whole questionnaire -----------------------------------------------------------------------------------------------


def test_a_questionnaire_is_made_from_nothing_without_a_script(client: Client, region: Region):
    made = client.post(
        reverse("questionnaire-create"), {"title": "О приёме", "kind": "questionnaire", "owner": region.code}
    )
    draft = QuestionnaireVersion.objects.get()
    assert made.headers["Location"] == url("draft", draft)
    add(client, draft, "single", "Как записались?", more_options="Сам\nПомогли\n\n")
    add(client, draft, "text", "Кто помог?", condition="q1", answers=["o2"])
    add(client, draft, "multiple", "Что понравилось?", more_options="Врач\nОчередь", required="on")
    add(client, draft, "number", "Сколько дней ждали?", unit="дней", least="0", most="365", decimals="1")
    add(client, draft, "scale4", "Всё ли понятно?")
    add(client, draft, "nps", "Посоветуете?")
    add(client, draft, "date", "Когда были?", measure="service_date")
    client.post(
        url("draft-section-add", draft),
        {"title": "Семья", "is_repeated": "on", "least": "0", "most": "3", "add": "Ещё"},
    )
    add(client, draft, "text", "Имя", section="s2", max_length="50")
    client.post(
        url("draft-settings", draft),
        {
            "title": "Как прошёл приём",
            "intro": "Две минуты",
            "thanks": "Спасибо",
            "paged": "on",
            "seen": seen(client, url("draft-settings", draft)),
        },
    )
    assert client.get(url("draft", draft)).status_code == 200
    assert client.get(url("version-preview", draft)).status_code == 200
    draft.refresh_from_db()
    response = client.post(url("draft-publish", draft), {"revision": draft.revision})
    assert response.status_code == 302, response.content.decode()
    draft.refresh_from_db()
    assert (draft.number, draft.published_at, draft.published_by.email) == (1, NOW, region.memberships.get().user.email)
    definition = draft.definition
    assert definition.digest() == draft.digest
    assert definition.paged
    assert [question.type for question in definition.questions()] == [
        *("single", "text", "multiple", "number", "scale4", "nps", "date", "text"),
    ]
    assert definition.by_code["q2"].visible_if.values == ["o2"]
    assert definition.sections[1].repeat.add == "Ещё"
    assert str(definition.by_code["q4"].max) == "365"


# Moving, copying, removing -------------------------------------------------------------------------------------------


@pytest.fixture
def full(draft: QuestionnaireVersion) -> QuestionnaireVersion:
    """Two sections: q1 (single), q2 (shown after q1 = o2); q3."""
    options = [{"code": "o1", "title": "Сам"}, {"code": "o2", "title": "Помогли"}]
    draft.document = {
        "title": "О приёме",
        "sections": [
            {
                "code": "s1",
                "title": "Запись",
                "questions": [
                    {"code": "q1", "type": "single", "text": "Как записались?", "options": options},
                    {
                        "code": "q2",
                        "type": "text",
                        "text": "Кто помог?",
                        "visible_if": {"question": "q1", "in": ["o2"]},
                    },
                ],
            },
            {"code": "s2", "questions": [{"code": "q3", "type": "text", "text": "Что улучшить?"}]},
        ],
        "translations": {"tt": {"question.q1.text": "Ничек язылдыгыз?", "option.q1.o2": "Ярдәм иттеләр"}},
    }
    draft.save()
    return draft


def test_questions_step_up_and_down_over_the_borders_of_sections(client: Client, full: QuestionnaireVersion):
    moves = [("up", "q3", [["q1", "q2", "q3"], []]), ("up", "q3", [["q1", "q3", "q2"], []])]
    moves += [("down", "q2", [["q1", "q3"], ["q2"]]), ("down", "q2", [["q1", "q3"], ["q2"]])]
    moves += [("up", "q1", [["q1", "q3"], ["q2"]])]
    for way, code, wanted in moves:
        response = client.post(url("draft-move", full), {way: f"q:{code}"})
        # Without a script the focus comes back to the button that was pressed.
        assert response.headers["Location"] == f"{url('draft', full)}?moved={way}-q-{code}#q-{code}"
        assert questions(full) == wanted
    page = client.get(f"{url('draft', full)}?moved=up-q-q1").content.decode()
    assert 'id="up-q-q1"' in page
    assert page.count("autofocus") == 1


def test_a_dragged_question_lands_where_it_was_dropped_and_is_told_of(client: Client, full: QuestionnaireVersion):
    where = {"item": "q:q3", "section": "s1", "position": "1", "revision": full.revision}
    response = client.post(url("draft-move", full), where, headers={"HX-Request": "true"})
    assert questions(full) == [["q1", "q3", "q2"], []]
    page = response.content.decode()
    assert "Вопрос теперь стоит под номером 1.2." in page
    assert f'data-revision="{full.revision}"' in page
    # The list has changed since: nothing is moved by guess.
    response = client.post(url("draft-move", full), where | {"position": "0"}, headers={"HX-Request": "true"})
    assert "изменил кто-то другой" in response.content.decode()
    assert questions(full) == [["q1", "q3", "q2"], []]


def test_sections_move_too(client: Client, full: QuestionnaireVersion):
    client.post(url("draft-move", full), {"down": "s:s1"})
    assert questions(full) == [["q3"], ["q1", "q2"]]
    full.refresh_from_db()
    client.post(url("draft-move", full), {"item": "s:s1", "position": "0", "revision": full.revision})
    assert questions(full) == [["q1", "q2"], ["q3"]]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"up": "q"},
        {"up": "z:q1"},
        {"item": "q:q1", "position": "9" * 30, "revision": "1", "section": "s1"},
        {"item": "q:q1", "position": "0", "revision": "٣" * 40, "section": "s1"},
        {"item": "q:q1", "position": "-1", "revision": "1", "section": "s1"},
        {"up": "q:q1:q2"},
    ],
)
def test_a_move_nobody_can_mean_is_refused(sent: dict[str, str], client: Client, full: QuestionnaireVersion):
    assert client.post(url("draft-move", full), sent).status_code == 400


def test_a_duplicate_has_the_words_and_translations_but_its_own_code_and_no_measure(
    client: Client, full: QuestionnaireVersion
):
    full.document["sections"][0]["questions"][0]["measure"] = "how"
    full.save()
    client.post(url("draft-question-duplicate", full, "q1"))
    twin = sections(full)[0]["questions"][1]
    assert (twin["code"], twin["text"], "measure" in twin) == ("q4", "Как записались?", False)
    assert full.document["translations"]["tt"]["option.q4.o2"] == "Ярдәм иттеләр"


def test_removing_asks_first_and_names_what_hangs_on_the_question(client: Client, full: QuestionnaireVersion):
    page = client.get(url("draft-question-remove", full, "q1")).content.decode()
    assert "Кто помог?" in page
    assert questions(full) == [["q1", "q2"], ["q3"]]
    client.post(url("draft-question-remove", full, "q1"))
    assert questions(full) == [["q2"], ["q3"]]
    # Its translations go with it, and the condition that hangs in the air stands in the way of publishing.
    assert "translations" not in full.document
    response = client.post(url("draft-publish", full), {"revision": full.revision})
    assert response.status_code == 422
    assert "Вопроса «q1», от которого зависит этот, в анкете нет." in response.content.decode()


def test_renaming_a_code_takes_conditions_and_translations_along(client: Client, full: QuestionnaireVersion):
    address = url("draft-question", full, "q1")
    client.post(
        address,
        {"type": "single", "text": "Как?", "code": "how", "home": "s1", "seen": seen(client, address), **OPTIONS},
    )
    assert questions(full) == [["how", "q2"], ["q3"]]
    assert sections(full)[0]["questions"][1]["visible_if"]["question"] == "how"
    assert full.document["translations"]["tt"]["question.how.text"] == "Ничек язылдыгыз?"


OPTIONS = {"option_code": ["o1", "o2"], "option_title": ["Сам", "Помогли"]}


def test_answers_keep_their_codes_whatever_they_are_called_and_codes_never_come_back(
    client: Client, full: QuestionnaireVersion
):
    address = url("draft-question", full, "q1")

    def save(codes: list[str], titles: list[str], more: str = "") -> dict[str, str]:
        data = {"type": "single", "text": "Как?", "home": "s1", "option_code": codes, "option_title": titles}
        response = client.post(address, {**data, "more_options": more, "seen": seen(client, address)})
        assert response.status_code == 302, response.content.decode()
        return {option["code"]: option["title"] for option in sections(full)[0]["questions"][0]["options"]}

    assert save(["o2", "o1"], ["С помощью", "Лично"]) == {"o2": "С помощью", "o1": "Лично"}
    assert save(["o2", "o1"], ["С помощью", ""], more="Никак 🙂") == {"o2": "С помощью", "o3": "Никак 🙂"}


def test_an_option_is_moved_without_a_script_and_nothing_is_saved_by_it(client: Client, full: QuestionnaireVersion):
    address = url("draft-question", full, "q1")
    data = {"type": "single", "text": "Новый текст", "home": "s1", "do": "down:0", **OPTIONS, "more_options": "Ещё"}
    response = client.post(address, data)
    assert response.status_code == 200
    assert response.context["rows"] == [("o2", "Помогли"), ("o1", "Сам"), ("", "Ещё")]
    assert "Новый текст" in response.content.decode()
    assert sections(full)[0]["questions"][0]["text"] == "Как записались?"


def test_choosing_a_condition_shows_its_answers_and_keeps_what_was_typed(client: Client, full: QuestionnaireVersion):
    address = url("draft-question", full, "q3")
    response = client.post(
        address, {"type": "text", "text": "Почему?", "home": "s2", "condition": "q1", "do": "condition"}
    )
    form = response.context["form"]
    assert [str(value) for value, _ in form.fields["answers"].choices] == ["o1", "o2"]
    assert "Почему?" in response.content.decode()
    data = {"type": "text", "text": "Почему?", "home": "s2", "condition": "q1", "seen": seen(client, address)}
    assert client.post(address, data).context["form"].errors["answers"]
    assert client.post(address, data | {"answers": ["o1"]}).status_code == 302
    assert sections(full)[1]["questions"][0]["visible_if"] == {"question": "q1", "in": ["o1"]}


def test_another_type_shows_its_own_fields_with_the_same_words(client: Client, full: QuestionnaireVersion):
    address = url("draft-question", full, "q3")
    response = client.post(address, {"type": "number", "text": "Сколько?", "home": "s2", "do": "type"})
    assert {"least", "most", "decimals", "unit"} <= response.context["form"].fields.keys()
    assert "Сколько?" in response.content.decode()


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"text": "я" * 40_000}, "text"),
        ({"text": ""}, "text"),
        ({"text": "x\x00y"}, "text"),
        ({"text": "x", "code": "Код"}, "code"),
        ({"text": "x", "code": "key"}, "code"),
        ({"text": "x", "code": "q3"}, "code"),
        ({"text": "x", "code": "s2"}, "code"),
        ({"text": "x", "home": "нет"}, "home"),
        ({"text": "x", "option_code": ["o1"], "option_title": ["Один"]}, "more_options"),
        ({"text": "x", "option_code": ["o1", "o2"], "option_title": ["Да", "Да"]}, "more_options"),
        ({"text": "x", "more_options": "\n".join(map(str, range(200)))}, "more_options"),
        ({"text": "x", "help": "я" * 501}, "help"),
    ],
)
def test_a_wrong_field_is_told_at_the_field_and_what_was_typed_stays(
    sent: dict[str, Any], field: str, client: Client, full: QuestionnaireVersion
):
    address = url("draft-question", full, "q1")
    response = client.post(address, {"type": "single", "home": "s1", **OPTIONS, "seen": seen(client, address), **sent})
    assert response.status_code == 422
    assert response.context["form"].errors[field]
    assert sent.get("text", "")[:100].replace("\x00", "") in response.content.decode().replace("\x00", "")
    assert sections(full)[0]["questions"][0]["text"] == "Как записались?"


def test_options_typed_beside_a_mistake_are_not_doubled(client: Client, draft: QuestionnaireVersion):
    address = url("draft-question-add", draft, "s1")
    data = {"type": "single", "home": "s1", "text": "", "more_options": "Сам\nПомогли"}
    response = client.post(address, data)
    assert response.status_code == 422
    # Sent again as the page shows it, with nothing but the mistake mended.
    shown = response.context["form"].data["more_options"]
    rows = {"option_code": ["", ""], "option_title": [title for _, title in response.context["rows"]]}
    assert client.post(address, data | rows | {"text": "Как записались?", "more_options": shown}).status_code == 302
    assert [option["title"] for option in sections(draft)[0]["questions"][0]["options"]] == ["Сам", "Помогли"]


def test_emoji_and_marks_of_direction_are_kept_as_typed(client: Client, full: QuestionnaireVersion):
    text = "Как дела? 🙂 \u202eабв\u202c <b>&amp;</b>"
    add(client, full, "text", text, section="s2")
    assert sections(full)[1]["questions"][1]["text"] == text
    page = client.get(url("draft", full)).content.decode()
    assert "&lt;b&gt;" in page
    assert "направления письма" in page


# Two people ----------------------------------------------------------------------------------------------------------


def test_what_another_person_changed_meanwhile_is_told_and_nothing_typed_is_lost(
    client: Client, full: QuestionnaireVersion, region: Region
):
    other = MembershipFactory(role=Role.HQ_MEMBER, region=region, user__full_name="Иванова Анна Петровна").user
    address = url("draft-question", full, "q3")
    mine, theirs = seen(client, address), seen(client_of(other), address)
    assert (
        client_of(other).post(address, {"type": "text", "text": "Их текст", "home": "s2", "seen": theirs}).status_code
        == 302
    )
    response = client.post(address, {"type": "text", "text": "Мой текст", "home": "s2", "seen": mine})
    page = response.content.decode()
    assert response.status_code == 409
    assert "Иванова Анна Петровна" in page
    assert "Мой текст" in page
    assert "Сейчас в черновике: «Их текст»" in page
    assert sections(full)[1]["questions"][0]["text"] == "Их текст"
    # Having read that, one saves again.
    again = response.context["form"]["seen"].value()
    assert client.post(address, {"type": "text", "text": "Мой текст", "home": "s2", "seen": again}).status_code == 302
    assert sections(full)[1]["questions"][0]["text"] == "Мой текст"


def test_changes_of_different_questions_do_not_meet(client: Client, full: QuestionnaireVersion):
    first, second = url("draft-question", full, "q2"), url("draft-question", full, "q3")
    marks = seen(client, first), seen(client, second)
    client.post(first, {"type": "text", "text": "Раз", "home": "s1", "seen": marks[0]})
    assert client.post(second, {"type": "text", "text": "Два", "home": "s2", "seen": marks[1]}).status_code == 302


def test_a_question_removed_meanwhile_can_be_saved_as_a_new_one(client: Client, full: QuestionnaireVersion):
    address = url("draft-question", full, "q3")
    mark = seen(client, address)
    client.post(url("draft-question-remove", full, "q3"))
    response = client.post(address, {"type": "text", "text": "Мой текст", "home": "s2", "seen": mark})
    assert response.status_code == 409
    assert "Мой текст" in response.content.decode()
    add(client, full, "text", "Мой текст", section="s2")
    assert sections(full)[1]["questions"][0]["text"] == "Мой текст"


def test_settings_sections_and_translations_are_guarded_the_same_way(client: Client, full: QuestionnaireVersion):
    for address, data in (
        (url("draft-settings", full), {"title": "Один"}),
        (url("draft-section", full, "s1"), {"title": "Один"}),
        (url("draft-translation", full, "tt"), {"title": "Бер"}),
    ):
        mark = seen(client, address)
        assert client.post(address, {**data, "seen": mark}).status_code == 302
        response = client.post(address, {"title": "Мой вариант", "seen": mark})
        assert response.status_code == 409, address
        assert "Мой вариант" in response.content.decode()


def test_what_was_typed_into_a_draft_that_got_published_is_shown_once_more(client: Client, full: QuestionnaireVersion):
    address = url("draft-question", full, "q3")
    mark = seen(client, address)
    assert client.post(url("draft-publish", full), {"revision": full.revision}).status_code == 302
    response = client.post(address, {"type": "text", "text": "Мой долгий текст", "home": "s2", "seen": mark})
    assert response.status_code == 409
    assert "Мой долгий текст" in response.content.decode()
    assert client.get(address).headers["Location"] == url("questionnaire-version", full)


def test_who_changed_a_draft_last_is_known(client: Client, editor: User, full: QuestionnaireVersion):
    with time_machine.travel(NOW.replace(hour=15), tick=False):
        add(client, full, "text", "Ещё", section="s2")
    full.refresh_from_db()
    assert (full.edited_by, full.edited_at, full.revision) == (editor, NOW.replace(hour=15), 1)


# Translations --------------------------------------------------------------------------------------------------------


def test_a_translation_may_be_partial_and_what_is_missing_is_counted(client: Client, full: QuestionnaireVersion):
    chosen = client.post(url("draft-translations", full), {"language": "cv"})
    assert chosen.headers["Location"] == url("draft-translation", full, "cv")
    address = url("draft-translation", full, "cv")
    page = client.get(address).content.decode()
    assert "Не переведено: 7 из 7" in page
    client.post(address, {"title": "Пичет", "question.q3.text": "  ", "seen": seen(client, address)})
    full.refresh_from_db()
    assert full.document["translations"]["cv"] == {"title": "Пичет"}
    assert "переведено 1 из 7" in client.get(url("draft-translations", full)).content.decode()
    client.post(url("draft-translation-remove", full, "cv"))
    full.refresh_from_db()
    assert set(full.document["translations"]) == {"tt"}


def test_a_language_nobody_knows_is_not_found(client: Client, full: QuestionnaireVersion):
    for language in ("ru", "xx", "tt%00", "ттт"):
        assert client.get(url("draft-translation", full, language)).status_code in (400, 404)


# Preview -------------------------------------------------------------------------------------------------------------


def test_the_preview_is_the_public_page_and_stores_nothing(client: Client, full: QuestionnaireVersion):
    response = client.get(url("version-preview", full))
    page = response.content.decode()
    assert "Как записались?" in page
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in response.headers["Content-Security-Policy"]
    assert "frame-src 'self'" in client.get(url("draft", full)).headers["Content-Security-Policy"]
    assert "frame-src" not in client.get(reverse("questionnaire-list")).headers["Content-Security-Policy"]
    assert "принят" in client.post(url("version-preview", full), {"key": "preview", "q1": "o1"}).content.decode()
    wrong = client.post(url("version-preview", full), {"key": "preview", "q1": "o9"}).content.decode()
    assert "Проверьте ответы" in wrong
    tatar = client.post(url("version-preview", full), {"key": "preview", "_speak": "tt"}).content.decode()
    assert "Ничек язылдыгыз?" in tatar
    assert not Response.objects.exists()
    assert not SurveyLink.objects.exists()


def test_the_preview_goes_through_the_sections_of_a_paged_one(client: Client, full: QuestionnaireVersion):
    full.document["paged"] = True
    full.save()
    first = client.get(url("version-preview", full)).content.decode()
    assert "Как записались?" in first
    assert "Что улучшить?" not in first
    second = client.post(url("version-preview", full), {"key": "preview", "_step": "0", "_do": "next", "q1": "o1"})
    assert "Что улучшить?" in second.content.decode()


def test_the_preview_leaves_out_what_is_broken(client: Client, full: QuestionnaireVersion):
    full.document["sections"][0]["questions"][0]["text"] = ""
    full.save()
    page = client.get(url("version-preview", full)).content.decode()
    assert "Что улучшить?" in page
    assert "Кто помог?" in page
    full.document = {"sections": "нет"}
    full.save()
    assert "Пока нечего показать" in client.get(url("version-preview", full)).content.decode()
    assert client.get(url("draft", full)).status_code == 200


@pytest.mark.parametrize(
    "junk", [[], {}, {"title": 5}, {"sections": [{}]}, {"sections": [{"code": "s1", "questions": [{"type": "x"}]}]}]
)
def test_no_draft_however_broken_breaks_a_page(junk: Any, client: Client, full: QuestionnaireVersion):
    QuestionnaireVersion.objects.filter(pk=full.pk).update(document=junk)
    for name in (
        "draft",
        "draft-publish",
        "draft-translations",
        "version-preview",
        "questionnaire-version",
        "version-json",
    ):
        assert client.get(url(name, full)).status_code == 200, name


# Versions ------------------------------------------------------------------------------------------------------------


def publish(version: QuestionnaireVersion, by: User) -> QuestionnaireVersion:
    version.refresh_from_db()
    return services.publish(version=version, revision=version.revision, by=by, at=NOW)


def next_draft(version: QuestionnaireVersion, by: User) -> QuestionnaireVersion:
    return services.start_draft(questionnaire=version.questionnaire, version=version, by=by, at=NOW)


def test_a_new_version_leaves_the_old_one_and_its_links_as_they_are(
    client: Client, editor: User, full: QuestionnaireVersion
):
    publish(full, editor)
    link = SurveyLinkFactory(version=full, institution__region=full.questionnaire.region)
    made = client.post(url("version-draft", full))
    draft = full.questionnaire.versions.drafts().get()
    assert made.headers["Location"] == url("draft", draft)
    client.post(url("draft-move", draft), {"down": "s:s1"})
    publish(draft, editor)
    assert [version.number for version in full.questionnaire.versions.all()] == [2, 1]
    assert "Как записались?" in Client().get(reverse("answer", args=[link.token])).content.decode()
    page = client.get(reverse("questionnaire", args=[full.questionnaire_id])).content.decode()
    assert "действует" in page
    assert "прежняя" in page


def test_two_versions_are_compared_word_by_word(client: Client, editor: User, full: QuestionnaireVersion):
    publish(full, editor)
    draft = next_draft(full, editor)
    address = url("draft-question", draft, "q3")
    client.post(address, {"type": "text", "text": "Что нам улучшить?", "home": "s2", "seen": seen(client, address)})
    add(client, draft, "text", "Ещё что-нибудь?", section="s2")
    client.post(url("draft-question-remove", draft, "q2"))
    page = " ".join(client.get(url("version-compare", draft, full.pk)).content.decode().split())
    assert "<ins>нам" in page.replace("<ins> ", "<ins>")
    assert "Ещё что-нибудь?" in page
    assert "добавлено" in page
    assert "убрано" in page
    assert "Было: версия 1" in page


def test_versions_of_different_questionnaires_are_not_compared(
    client: Client, full: QuestionnaireVersion, standard: QuestionnaireVersion
):
    assert client.get(url("version-compare", full, standard.pk)).status_code == 302


def test_a_retired_version_is_out_of_use_but_goes_on_being_answered(
    client: Client, editor: User, full: QuestionnaireVersion
):
    publish(full, editor)
    link = SurveyLinkFactory(version=full, institution__region=full.questionnaire.region)
    assert client.post(url("version-retire", full), {"reason": " "}).status_code == 422
    assert client.post(url("version-retire", full), {"reason": "Опечатка\nв вопросе"}).status_code == 302
    assert full.retirement.reason == "Опечатка в вопросе"
    assert not QuestionnaireVersion.objects.in_use().exists()
    assert Client().get(reverse("answer", args=[link.token])).status_code == 200
    response = client.post(url("version-retire", full), {"reason": "Ещё раз"})
    assert "уже снята" in response.content.decode()


def test_what_was_checked_is_what_is_published(client: Client, full: QuestionnaireVersion):
    checked = full.revision
    add(client, full, "text", "Ещё", section="s2")
    response = client.post(url("draft-publish", full), {"revision": checked})
    assert response.status_code == 409
    assert "изменился после проверки" in response.content.decode()
    full.refresh_from_db()
    assert full.published_at is None


def test_publishing_twice_makes_one_version(editor: User, full: QuestionnaireVersion):
    publish(full, editor)
    with pytest.raises(services.DraftGone):
        services.publish(version=full, revision=full.revision, by=editor, at=NOW)
    assert full.questionnaire.versions.count() == 1


def test_a_draft_equal_to_the_version_in_use_is_not_published(editor: User, full: QuestionnaireVersion):
    publish(full, editor)
    with pytest.raises(services.NotPublishable) as refused:
        publish(next_draft(full, editor), editor)
    assert "не отличается" in refused.value.findings[0].message


def test_a_questionnaire_has_one_draft(client: Client, editor: User, full: QuestionnaireVersion):
    publish(full, editor)
    first = next_draft(full, editor)
    response = client.post(url("version-draft", full))
    assert response.headers["Location"] == url("draft", first)
    assert full.questionnaire.versions.count() == 2


def test_throwing_a_draft_away_keeps_what_was_published(client: Client, editor: User, full: QuestionnaireVersion):
    publish(full, editor)
    draft = next_draft(full, editor)
    client.post(url("draft-discard", draft), {"revision": draft.revision})
    assert full.questionnaire.versions.get() == full
    only = services.create(title="Лишняя", kind="script", owner=Owner(full.questionnaire.region), by=editor, at=NOW)
    client.post(url("draft-discard", only), {"revision": 0})
    assert not Questionnaire.objects.filter(title="Лишняя").exists()


# Standard questionnaires ---------------------------------------------------------------------------------------------


def test_the_agency_cannot_reword_a_measured_question_of_its_own_standard(agency: User, standard: QuestionnaireVersion):
    draft, client = next_draft(standard, agency), client_of(agency)
    address = url("draft-question", draft, "satisfaction")
    page = client.get(address)
    initial = {name: field.value() for name in page.context["form"].fields if (field := page.context["form"][name])}
    data = {name: value for name, value in initial.items() if value not in (None, False)} | {"required": "on"}
    for change, words in (
        ({"text": "Вам понравилось?"}, "формулировку"),
        ({"measure": ""}, "снять с него показатель"),
        ({"type": "nps", "measure": ""}, "снять с него показатель"),
        ({"code": "liked"}, "зменить код нельзя"),
    ):
        response = client.post(address, data | change)
        assert response.status_code == 422, change
        assert words in response.content.decode()
    assert client.post(url("draft-question-remove", draft, "satisfaction")).status_code == 422
    assert client.post(url("draft-section-remove", draft, "assessment")).status_code == 422
    draft.refresh_from_db()
    assert draft.document == standard.document
    # Its help, place and translations may change.
    assert client.post(address, data | {"help": "Подумайте о последнем приёме"}).status_code == 302
    assert client.post(url("draft-move", draft), {"up": "q:days"}).status_code == 302
    tatar = url("draft-translation", draft, "tt")
    client.post(tatar, {"question.satisfaction.text": "Канәгатьме?", "seen": seen(client, tatar)})
    assert publish(draft, agency).number == 2


def test_a_region_extends_a_standard_questionnaire(
    client: Client, editor: User, region: Region, standard: QuestionnaireVersion
):
    client.post(
        reverse("questionnaire-extend", args=[standard.questionnaire_id]), {"title": "Наши вопросы", "owner": "RU-NIZ"}
    )
    draft = QuestionnaireVersion.objects.drafts().get()
    add(client, draft, "text", "Удобна ли парковка?", section="own_s1", condition="satisfaction", answers=["no"])
    page = client.get(url("draft", draft)).content.decode()
    assert "стандартный раздел" in page
    assert client.get(url("draft-question", draft, "satisfaction")).status_code == 404
    done = publish(draft, editor)
    assert done.base == standard
    codes = [section["code"] for section in done.document["sections"]]
    assert codes == ["visit", "assessment", "overall", "own_s1"]
    assert done.definition.by_code["own_q1"].visible_if.question == "satisfaction"
    assert done.questionnaire.direction == standard.questionnaire.direction


def test_an_extension_follows_a_newer_standard_when_it_is_published_anew(
    client: Client, editor: User, agency: User, region: Region, standard: QuestionnaireVersion
):
    own = services.extend(
        standard=standard.questionnaire, title="Наши", region=region, life_situation=None, by=editor, at=NOW
    )
    add(client, own, "text", "Парковка?", section="own_s1")
    publish(own, editor)
    newer = next_draft(standard, agency)
    add(client_of(agency), newer, "text", "Что ещё?", section="overall")
    publish(newer, agency)
    card = reverse("questionnaire", args=[own.questionnaire_id])
    assert "У стандартной анкеты новая версия" in client.get(card).content.decode()
    # The draft begins with the region's own part, and takes the newer standard.
    again = next_draft(own, editor)
    assert [section["code"] for section in again.document["sections"]] == ["own_s1"]
    done = publish(again, editor)
    assert done.base == newer
    assert [question.text for question in done.definition.questions()][-2:] == ["Что ещё?", "Парковка?"]
    assert "новая версия" not in client.get(card).content.decode()


def test_an_extension_is_published_with_the_very_standard_it_was_checked_with(
    client: Client,
    editor: User,
    agency: User,
    region: Region,
    standard: QuestionnaireVersion,
    monkeypatch: pytest.MonkeyPatch,
):
    own = services.extend(
        standard=standard.questionnaire, title="Наши", region=region, life_situation=None, by=editor, at=NOW
    )
    add(client, own, "text", "Парковка?", section="own_s1")
    newer = next_draft(standard, agency)
    add(client_of(agency), newer, "text", "Что ещё?", section="overall")
    plain, checked = services.check_of, []

    def meanwhile(*arguments: Any) -> Any:
        # As if the lock were not there: the standard gets a version in the middle of the check.
        if not checked:
            checked.append(arguments)
            publish(newer, agency)
        return plain(*arguments)

    monkeypatch.setattr(services, "check_of", meanwhile)
    with CaptureQueriesContext(connection) as asked:
        done = publish(own, editor)
    assert checked and done.base == standard
    assert "Что ещё?" not in [question.text for question in done.definition.questions()]
    locks = [query["sql"] for query in asked if "FOR NO KEY UPDATE" in query["sql"]]
    if connection.vendor == "postgresql":
        assert str(standard.questionnaire_id) in locks[0] and "ORDER BY" in locks[0]


def test_codes_of_an_extension_may_not_clash_with_the_standard(
    client: Client, editor: User, region: Region, standard: QuestionnaireVersion
):
    own = services.extend(
        standard=standard.questionnaire, title="Наши", region=region, life_situation=None, by=editor, at=NOW
    )
    add(client, own, "text", "Дни?", section="own_s1", code="days")
    response = client.post(url("draft-publish", own), {"revision": 1})
    assert response.status_code == 422
    assert "Код «days» уже у вопроса" in response.content.decode()


def test_an_extension_of_a_standard_that_was_withdrawn_cannot_be_published(
    client: Client, editor: User, agency: User, region: Region, standard: QuestionnaireVersion
):
    own = services.extend(
        standard=standard.questionnaire, title="Наши", region=region, life_situation=None, by=editor, at=NOW
    )
    add(client, own, "text", "Парковка?", section="own_s1")
    services.retire(version=standard, reason="Ошибка", by=agency, at=NOW)
    with pytest.raises(services.NotPublishable) as refused:
        publish(own, editor)
    assert "снята" in refused.value.findings[0].message
    with pytest.raises(services.NothingToExtend):
        services.extend(
            standard=standard.questionnaire, title="Ещё", region=region, life_situation=None, by=editor, at=NOW
        )


def test_a_copy_keeps_the_standard_words_or_loses_the_measure(
    client: Client, editor: User, region: Region, standard: QuestionnaireVersion
):
    client.post(
        reverse("version-copy", args=[standard.pk]), {"title": "Своя", "owner": "RU-NIZ", "direction": "health"}
    )
    copy = QuestionnaireVersion.objects.drafts().get()
    assert copy.questionnaire.copied_from == standard
    address = url("draft-question", copy, "recommend")
    data = {"type": "nps", "text": "Позовёте друзей?", "home": "overall", "required": "on", "code": "recommend"}
    response = client.post(address, {**data, "measure": "nps", "seen": seen(client, address)})
    assert response.status_code == 422
    assert "изменить формулировку нельзя" in response.content.decode()
    assert client.post(address, {**data, "measure": "", "seen": seen(client, address)}).status_code == 302
    # A measure cannot be given to other words either; removing is the region's own affair.
    response = client.post(address, {**data, "measure": "nps", "seen": seen(client, address)})
    assert response.status_code == 422
    assert client.post(url("draft-question-remove", copy, "documents")).status_code == 302


def test_a_published_questionnaire_of_a_region_is_read_and_copied_by_others(
    client: Client, editor: User, full: QuestionnaireVersion
):
    other = MembershipFactory(role=Role.NSI_ADMIN, region=RegionFactory(code="RU-TYU")).user
    theirs = client_of(other)
    assert theirs.get(url("questionnaire-version", full)).status_code == 404
    publish(full, editor)
    draft = next_draft(full, editor)
    assert theirs.get(url("questionnaire-version", full)).status_code == 200
    assert "О приёме" in theirs.get(reverse("questionnaire-list")).content.decode()
    assert theirs.post(reverse("version-copy", args=[full.pk]), {"title": "Наша", "owner": "RU-TYU"}).status_code == 302
    copy = QuestionnaireVersion.objects.get(questionnaire__title="Наша")
    assert (copy.document, copy.questionnaire.region.code) == (full.document, "RU-TYU")
    # Of the draft nobody outside knows; and what is seen can still not be changed.
    for name in ("draft", "questionnaire-version", "version-preview", "version-json"):
        assert theirs.get(url(name, draft)).status_code == 404
    page = theirs.get(reverse("questionnaire", args=[full.questionnaire_id])).content.decode()
    assert f"/questionnaire-versions/{draft.pk}/" not in page
    assert theirs.post(url("version-retire", full), {"reason": "x"}).status_code == 403
    assert theirs.post(reverse("version-copy", args=[full.pk]), {"title": "x", "owner": "RU-NIZ"}).status_code == 422


# Files ---------------------------------------------------------------------------------------------------------------


def upload(content: object) -> SimpleUploadedFile:
    text = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    return SimpleUploadedFile("q.json", text, content_type="application/json")


def send(client: Client, content: object) -> Any:
    facts = {"kind": "questionnaire", "owner": "RU-NIZ", "title": ""}
    return client.post(reverse("questionnaire-import"), {**facts, "file": upload(content)})


def test_a_questionnaire_goes_out_as_a_file_and_comes_back_the_same(
    client: Client, editor: User, full: QuestionnaireVersion
):
    publish(full, editor)
    content = client.get(url("version-json", full)).content
    assert send(client, content).status_code == 302
    made = QuestionnaireVersion.objects.drafts().get()
    assert made.document == full.document
    assert made.questionnaire.title == "О приёме"


def test_a_wrong_file_is_refused_whole_with_everything_that_is_wrong(client: Client, region: Region):
    wrong = {
        "title": "",
        "sections": [
            {
                "code": "s",
                "questions": [
                    {"code": "a", "type": "text", "text": "я" * 40_000},
                    {"code": "a", "type": "text", "text": "б"},
                ],
            },
            {
                "code": "t",
                "questions": [
                    {"code": "c", "type": "single", "text": "в", "visible_if": {"question": "c", "in": ["x"]}}
                ],
            },
        ],
    }
    response = send(client, wrong)
    page = response.content.decode()
    assert response.status_code == 422
    for words in (
        "Название.",
        "Раздел 1, вопрос 1, текст вопроса.",
        "Код «a» уже у",
        "двух вариантов",
        "от ответа на самого себя",
    ):
        assert words in page, words
    assert not Questionnaire.objects.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 1_000_000,
        b'{"title": 1, "title": 2}',
        b"\xff\xfe",
        b"null",
        {"title": "\ud800".encode("unicode_escape").decode(), "sections": []},
        b'{"title": "\\ud800", "sections": [{"code": "s", "questions": [{"code": "a", "text": "\\u0000"}]}]}',
        {
            "title": "10 000",
            "sections": [
                {"code": "s", "questions": [{"code": f"q{n}", "type": "text", "text": "т"} for n in range(10_000)]}
            ],
        },
    ],
)
def test_no_file_does_harm(content: object, client: Client, region: Region):
    response = send(client, content)
    assert response.status_code == 422
    assert not Questionnaire.objects.exists()


def test_a_file_in_the_place_of_a_draft_is_checked_and_guarded_too(client: Client, full: QuestionnaireVersion):
    address = url("draft-import", full)
    before = full.document
    assert client.post(address, {"revision": 0, "file": upload({"title": "x"})}).status_code == 422
    full.refresh_from_db()
    assert full.document == before
    good = {"title": "Новая", "sections": [{"code": "s", "questions": [{"code": "a", "type": "text", "text": "А"}]}]}
    assert client.post(address, {"revision": 0, "file": upload(good)}).status_code == 302
    assert client.post(address, {"revision": 0, "file": upload(good)}).status_code == 409
    full.refresh_from_db()
    assert full.document == good


def test_a_file_cannot_bring_a_measure_in_other_words(client: Client, region: Region, standard: QuestionnaireVersion):
    document = standard_document("health")
    assert send(client, document).status_code == 302
    document["sections"][1]["questions"][0]["text"] = "Всё хорошо?"
    response = send(client, document)
    assert response.status_code == 422
    assert "изменить формулировку нельзя" in response.content.decode()


# The list, permissions, reloading ------------------------------------------------------------------------------------


def test_the_list_filters_and_downloads(client: Client, full: QuestionnaireVersion, standard: QuestionnaireVersion):
    def titles(**query: str) -> set[str]:
        book = load_workbook(io.BytesIO(client.get(reverse("questionnaire-list"), {"format": "xlsx", **query}).content))
        return {str(row[0].value) for row in book.active.iter_rows(min_row=2)}

    everything = {"О приёме", standard.questionnaire.title}
    assert titles() == everything
    assert titles(owner="agency", state="in_use") == {standard.questionnaire.title}
    assert (
        titles(state="draft")
        == titles(owner="RU-NIZ")
        == titles(title="приём ") - {standard.questionnaire.title}
        == {"О приёме"}
    )
    assert titles(kind="script") == titles(state="retired") == set()
    assert titles(direction="health") == {standard.questionnaire.title}


def test_the_agency_does_not_edit_for_a_region_nor_a_region_for_the_agency(
    client: Client, agency: User, full: QuestionnaireVersion, standard: QuestionnaireVersion
):
    assert client_of(agency).get(url("draft", full)).status_code == 403
    assert client_of(agency).get(url("questionnaire-version", full)).status_code == 200
    draft = next_draft(standard, agency)
    assert client.get(url("draft", draft)).status_code == 404
    assert client.post(url("version-draft", standard)).status_code == 403
    assert client_of(agency).get(url("draft", draft)).status_code == 200
    sent = {"title": "x", "kind": "script", "owner": "agency"}
    assert client.post(reverse("questionnaire-create"), sent).status_code == 422


def test_a_reload_of_the_files_never_covers_what_the_agency_has_published(
    agency: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(loading, "FOLDER", tmp_path)

    def load(**more: str) -> list[tuple[int, bool]]:
        text = json.dumps(standard_document("health") | more)
        (tmp_path / "standard-health.json").write_text(text, encoding="utf-8")
        loading._load_one("standard-health", direction=direction)
        return [(one.number, one.published_at is None) for one in QuestionnaireVersion.objects.order_by("-number")]

    direction = DirectionFactory(code="health")
    assert load() == load() == [(1, False)]
    # A changed file is a new version, past a draft that was begun.
    draft = next_draft(QuestionnaireVersion.objects.get(), agency)
    assert load(thanks="Спасибо!") == [(3, True), (2, False), (1, False)]
    draft.refresh_from_db()
    add(client_of(agency), draft, "text", "Ещё?", section="overall")
    assert publish(draft, agency).number == 3
    assert load(thanks="Спасибо!") == load(thanks="Иначе") == [(3, False), (2, False), (1, False)]


def test_an_instrument_of_another_kind_is_made_with_the_same_editor(client: Client, region: Region):
    client.post(reverse("questionnaire-create"), {"title": "Гайд", "kind": "interview_guide", "owner": "RU-NIZ"})
    guide = QuestionnaireVersion.objects.get()
    add(client, guide, "text", "Расскажите, как всё было")
    response = client.post(url("draft-publish", guide), {"revision": 1})
    assert response.status_code == 302
    guide.refresh_from_db()
    assert (guide.questionnaire.kind, guide.number) == ("interview_guide", 1)


@pytest.mark.parametrize("number", ["9" * 30, "0"])
def test_addresses_nobody_has_are_not_found(number: str, client: Client):
    for address in (f"/questionnaires/{number}/", f"/questionnaire-versions/{number}/edit/"):
        assert client.get(address).status_code == 404


def test_a_change_that_fails_half_way_leaves_the_draft_as_it_was(editor: User, full: QuestionnaireVersion):
    before = full.document

    def half(document: dict[str, Any]) -> dict[str, Any]:
        document["sections"].pop()
        raise RuntimeError

    with pytest.raises(RuntimeError), transaction.atomic():
        services.change_draft(version=full, change=half, by=editor, at=NOW)
    full.refresh_from_db()
    assert full.document == before
