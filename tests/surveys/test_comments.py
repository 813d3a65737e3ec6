"""Comments: made from answers, read, searched, coded, handed over to problems, read as typed."""

import io
import logging
from collections.abc import Iterator
from datetime import date, timedelta

import openpyxl
import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from regions.models import RegionLifeSituation
from regions.permissions import Permission
from regions.roles import Role
from surveys.comments import loading as comment_loading
from surveys.counting import rollups
from surveys.lists.comments import summary_of
from surveys.models import Comment, ProblemDraft, ProcessStage, RawReading, Response, Theme
from surveys.questionnaires.answers import read_answers
from surveys.services import comments as services
from surveys.services.arriving import Arrival, Origin, build_response, store_response
from tests.factories import (
    LifeSituationFactory,
    MembershipFactory,
    QuestionnaireVersionFactory,
    ResponseFactory,
    SurveyLinkFactory,
)
from tests.world import NOW, World, build_world

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 5)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def world() -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        world = build_world("RU-NIZ")
        comment_loading.load()
        yield world


def comment_of(world: World, text: str, *, day: date = TODAY, link=None, satisfaction: int | None = 1) -> Comment:
    response = ResponseFactory(
        link=link or world.link,
        answered_on=day,
        satisfaction=satisfaction,
        answers={"satisfaction": "no", "satisfaction_comment": text},
    )
    services.make_comments([response.pk])
    return Comment.objects.get(response=response)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def client_of(world: World, role: Role) -> Client:
    return signed_in(world.people[role])


def shown_to(client: Client, world: World, **query: str) -> str:
    return client.get(reverse("region-comments", args=[world.region.code]), query).content.decode()


REPEATING = {
    "title": "Семья",
    "sections": [
        {"code": "about", "questions": [{"code": "wish", "type": "text", "text": "Что улучшить?"}]},
        {
            "code": "member",
            "repeat": {"min": 1, "max": 3},
            "questions": [
                {"code": "who", "type": "text", "text": "Кто?"},
                {"code": "age", "type": "number", "text": "Сколько лет?"},
            ],
        },
    ],
}


# On the way in


def sent_response(link, sent: dict[str, list[str]], key: str = "key-1") -> Response:
    answers = read_answers(link.version.definition, sent, today=TODAY)
    return build_response(
        origin=Origin.of(link), key=key, answers=answers, mode="online", arrived_at=NOW, answered_on=TODAY
    )


def test_an_answer_is_stored_with_personal_data_masked_and_the_words_as_typed_apart(world: World):
    sent = {
        "service_date": ["2026-11-04"],
        "satisfaction": ["no"],
        "satisfaction_comment": ["Врач Иванова Анна Петровна груба, 8 926 123-45-67"],
        "recommend": ["3"],
        "suggestions": ["Больше стульев"],
    }
    response = sent_response(world.link, sent)
    assert store_response(response) == Arrival.STORED
    stored = Response.objects.get(key="key-1")
    assert stored.answers["satisfaction_comment"] == "Врач [имя] груба, [телефон]"
    assert stored.answers["suggestions"] == "Больше стульев"
    assert stored.originals == {"satisfaction_comment": "Врач Иванова Анна Петровна груба, 8 926 123-45-67"}
    # Sent again they are the same answers; others they are not, even where masking makes them alike.
    assert store_response(sent_response(world.link, sent)) == Arrival.REPEATED
    other = sent | {"satisfaction_comment": ["Врач Петрова Мария Ильинична груба, 8 926 765-43-21"]}
    again = sent_response(world.link, other)
    assert again.answers["satisfaction_comment"] == stored.answers["satisfaction_comment"]
    assert store_response(again) == Arrival.CONFLICT


def test_an_answer_without_personal_data_keeps_no_originals(world: World):
    response = sent_response(
        world.link,
        {
            "service_date": ["2026-11-04"],
            "satisfaction": ["no"],
            "satisfaction_comment": ["Долго"],
            "recommend": ["3"],
        },
    )
    assert response.originals is None


def test_texts_of_repeating_sections_are_masked_and_become_comments(world: World):
    version = QuestionnaireVersionFactory(number=7, document=REPEATING, questionnaire__code="family")
    link = SurveyLinkFactory(institution=world.institution, life_situation=world.life_situation, version=version)
    sent = {"wish": ["Тише"], "member-count": ["2"], "member-0-who": ["Мать"], "member-1-who": ["Иванов Пётр Ильич"]}
    response = sent_response(link, sent | {"member-1-age": ["7"]})
    assert response.answers["member"] == [{"who": "Мать"}, {"who": "[имя]", "age": "7"}]
    assert response.originals == {"member-1-who": "Иванов Пётр Ильич"}
    store_response(response)
    rollups.roll_up(NOW)
    found = {one.field: (one.text, one.is_masked) for one in Comment.objects.filter(version=version)}
    assert found == {"wish": ("Тише", False), "member-0-who": ("Мать", False), "member-1-who": ("[имя]", True)}
    page = shown_to(client_of(world, Role.EXPERT), world, question="who")
    assert "Мать" in page
    assert "Тише" not in page


# From answers to comments


def test_the_rollup_makes_a_comment_of_every_text_once(world: World):
    response = ResponseFactory(
        link=world.link,
        answers={"satisfaction_comment": "Долго ждали", "suggestions": "Стулья", "recommend": 3},
        answered_on=TODAY,
    )
    rollups.roll_up(NOW)
    assert {one.text for one in response.comments.all()} == {"Долго ждали", "Стулья"}
    services.make_comments([response.pk])
    assert response.comments.count() == 2
    comment = response.comments.get(field="satisfaction_comment")
    assert (comment.institution, comment.life_situation, comment.answered_on) == (
        world.institution,
        world.life_situation,
        TODAY,
    )


def test_making_them_again_keeps_their_coding(world: World):
    comment = comment_of(world, "Долго ждали")
    Comment.objects.filter(pk=comment.pk).update(coded_at=NOW)
    services.make_comments([comment.response_id])
    comment.refresh_from_db()
    assert comment.coded_at == NOW


def test_answers_that_came_before_masking_are_masked_when_comments_are_made(world: World):
    comment = comment_of(world, "Врач Иванова Анна Петровна груба")
    assert comment.text == "Врач [имя] груба"
    assert comment.is_masked
    stored = comment.response
    stored.refresh_from_db()
    assert stored.answers["satisfaction_comment"] == "Врач [имя] груба"
    assert stored.originals == {"satisfaction_comment": "Врач Иванова Анна Петровна груба"}
    services.make_comments([stored.pk])
    stored.refresh_from_db()
    assert stored.originals == {"satisfaction_comment": "Врач Иванова Анна Петровна груба"}


def test_a_comment_goes_with_its_answer_and_hides_with_it(world: World):
    comment = comment_of(world, "Долго ждали приёма")
    client = client_of(world, Role.EXPERT)
    assert "Долго ждали приёма" in shown_to(client, world)
    with rollups.changing([comment.response_id]):
        Response.objects.filter(pk=comment.response_id).update(is_excluded=True)
    assert "Долго ждали приёма" not in shown_to(client, world)
    assert client.get(reverse("comment", args=[comment.pk])).status_code == 404
    with rollups.changing([comment.response_id]):
        Response.objects.filter(pk=comment.response_id).delete()
    assert not Comment.objects.filter(pk=comment.pk).exists()


def test_comments_are_made_with_the_same_number_of_queries(world: World):
    def queries(number: int) -> int:
        made = [
            ResponseFactory(link=world.link, answers={"suggestions": "Спасибо Анне Петровне"}).pk for _ in range(number)
        ]
        with CaptureQueriesContext(
            connection,
        ) as found:
            services.make_comments(made)
        return len(found)

    queries(1)
    assert queries(50) == queries(1)


# Search


SPOKEN = {
    "rude": "Врачи грубили, ёлки",
    "wait": "Ждали своей очереди два часа",
    "papers": "Попросили пять справок 100% и a_b",
    "people": "Людям негде сесть в очереди",
    "emoji": "😀 \u200fСпасибо\u200f, covid-19",
}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("грубый врач", {"rude"}),
        ("ЕЛКА", {"rude"}),
        ("очередь", {"wait", "people"}),
        ("очередь человек", {"people"}),
        ("справка", {"papers"}),
        ("ждать", {"wait"}),
        ("COVID", {"emoji"}),
        ("100%", {"papers"}),
        ("%", set(SPOKEN)),
        ("' OR 1=1 --", set()),
        ("нет такого", set()),
        ("", set(SPOKEN)),
        ("😀", set(SPOKEN)),
    ],
)
def test_the_search_finds_the_same_on_every_database(world: World, words: str, found: set[str]):
    made = {name: comment_of(world, text).pk for name, text in SPOKEN.items()}
    pks = set(Comment.objects.with_words(words).values_list("pk", flat=True))
    assert {name for name, pk in made.items() if pk in pks} == found


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_postgresql_searches_by_the_index(world: World):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        sql, parameters = Comment.objects.order_by().with_words("грубый врач").query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", parameters)
        assert "comment_stems" in " ".join(row[0] for row in cursor.fetchall())


def test_words_that_were_looked_for_are_set_off_and_nothing_is_markup(world: World):
    comment_of(world, "Врачи <b>грубили</b> & ушли")
    page = shown_to(client_of(world, Role.EXPERT), world, q="грубый")
    assert "<mark>грубили</mark>" in page
    assert "&lt;b&gt;" in page


# Lists


def test_a_region_sees_its_comments_and_no_others(world: World):
    other = build_world("RU-TYU")
    comment_of(world, "Слово нижегородское")
    comment_of(other, "Слово тюменское")
    page = shown_to(client_of(world, Role.NSI_ADMIN), world)
    assert "нижегородское" in page
    assert "тюменское" not in page
    assert client_of(world, Role.NSI_ADMIN).get(reverse("region-comments", args=["RU-TYU"])).status_code == 404


def test_a_representative_reads_what_was_said_of_their_institution_only(world: World):
    comment_of(world, "Слово о своём")
    foreign = comment_of(world, "Слово о чужом", link=world.sibling_link)
    client = client_of(world, Role.INSTITUTION_REP)
    page = client.get(reverse("institution-comments", args=[world.institution.pk])).content.decode()
    assert "Слово о своём" in page
    assert "Слово о чужом" not in page
    assert "Разметить отмеченные" not in page
    assert client.get(reverse("institution-comments", args=[world.sibling.pk])).status_code == 404
    assert client.get(reverse("comment", args=[foreign.pk])).status_code == 404
    assert client.get(reverse("comment-home")).headers["Location"] == reverse(
        "institution-comments", args=[world.institution.pk]
    )


def test_the_list_filters_by_everything(world: World):
    stage = ProcessStage.objects.filter(life_situation=world.life_situation).first() or ProcessStage.objects.create(
        life_situation=world.life_situation, code="made-up", title="Обращение"
    )
    staff = Theme.objects.get(code="staff")
    old = comment_of(world, "Слово старое", day=date(2026, 8, 30), satisfaction=None)
    coded = comment_of(world, "Слово размеченное", satisfaction=4)
    sibling = comment_of(world, "Слово соседнее", link=world.sibling_link)
    coded.themes.add(staff)
    Comment.objects.filter(pk=coded.pk).update(stage=stage, coded_at=NOW)
    problem = ProblemDraft.objects.create(
        region_life_situation=world.place, title="Грубят", created_by=world.people[Role.EXPERT]
    )
    Comment.objects.filter(pk=sibling.pk).update(problem=problem)
    client = client_of(world, Role.EXPERT)
    every = {"старое": old, "размеченное": coded, "соседнее": sibling}
    for query, wanted in (
        ({}, {"старое", "размеченное", "соседнее"}),
        ({"first": "2026-11-01"}, {"размеченное", "соседнее"}),
        ({"last": "2026-11-01"}, {"старое"}),
        ({"institution": str(world.sibling.pk)}, {"соседнее"}),
        ({"life_situation": world.life_situation.code}, set(every)),
        ({"state": "new"}, {"старое", "соседнее"}),
        ({"state": "coded"}, {"размеченное"}),
        ({"theme": "staff"}, {"размеченное"}),
        ({"theme": "none"}, {"старое", "соседнее"}),
        ({"stage": str(stage.pk)}, {"размеченное"}),
        ({"stage": "none"}, {"старое", "соседнее"}),
        ({"question": "satisfaction_comment"}, set(every)),
        ({"question": "suggestions"}, set()),
        ({"channel": "poster"}, set(every)),
        ({"channel": "sms"}, set()),
        # Of others nobody learns who was not satisfied.
        ({"satisfaction": "4"}, set(every)),
        ({"problem": str(problem.pk)}, {"соседнее"}),
    ):
        page = shown_to(client, world, **query)
        assert {word for word in every if f"Слово {word}" in page} == wanted, query


@pytest.mark.parametrize("role", [Role.EXPERT, Role.AGENCY_ANALYST, Role.INSTITUTION_REP])
def test_what_was_answered_beside_a_comment_is_told_to_the_institution_alone(world: World, role: Role):
    """With a grade beside each comment the answers of few could be counted."""
    unhappy = comment_of(world, "Слово грубое", satisfaction=1)
    comment_of(world, "Слово доброе", satisfaction=4)
    is_own = role == Role.INSTITUTION_REP
    client = client_of(world, role)
    url = reverse("institution-comments", args=[world.institution.pk])
    page = client.get(url).content.decode()
    assert ('name="satisfaction"' in page) == is_own and "Плакат" in page
    found = client.get(url, {"satisfaction": "1", "sort": "satisfaction"}).content.decode()
    assert "грубое" in found and ("доброе" in found) != is_own
    book = openpyxl.load_workbook(io.BytesIO(client.get(url, {"format": "xlsx"}).content)).active
    rows = [[cell.value for cell in row] for row in book.iter_rows()]
    assert ("Ответ" in rows[0]) == is_own and ("Нет" in rows[1] + rows[2]) == is_own and "Канал" in rows[0]
    # Nor on its own page, nor by the number of those that follow.
    of_one = client.get(reverse("comment", args=[unhappy.pk]), {"satisfaction": "1"}).content.decode()
    assert ("Удовлетворён" in of_one) == is_own


def test_nobody_learns_of_the_answers_of_a_whole_region(world: World):
    comment_of(world, "Слово", satisfaction=1)
    MembershipFactory(
        user=world.people[Role.INSTITUTION_REP], role=Role.EXPERT, region=world.region, starts_on=world.place.since
    )
    client = client_of(world, Role.INSTITUTION_REP)
    url = reverse("region-comments", args=[world.region.code])
    page = client.get(url)
    assert page.status_code == 200 and 'name="satisfaction"' not in page.content.decode()
    book = openpyxl.load_workbook(io.BytesIO(client.get(url, {"format": "xlsx"}).content)).active
    assert "Ответ" not in [cell.value for cell in book[1]]


@pytest.mark.parametrize(
    "query",
    [
        {"institution": "9" * 30},
        {"problem": "9" * 30},
        {"stage": "9" * 30},
        {"first": "0001-01-01", "last": "9999-12-31"},
        {"first": "когда-то", "last": "2026-13-40"},
        {"theme": "нет", "channel": "голубь", "satisfaction": "5", "state": "x", "question": "'"},
        {"q": "я" * 500},
        {"page": "9" * 30, "sort": "drop table"},
    ],
)
def test_strange_filters_break_nothing(world: World, query: dict[str, str]):
    comment_of(world, "Слово")
    response = client_of(world, Role.EXPERT).get(reverse("region-comments", args=[world.region.code]), query)
    assert response.status_code == 200


def test_the_workbook_holds_words_and_no_formulas(world: World):
    comment = comment_of(world, '=HYPERLINK("http://x") и 😀, тел. 8 926 123-45-67')
    staff = Theme.objects.get(code="staff")
    comment.themes.add(staff)
    client = client_of(world, Role.EXPERT)
    response = client.get(reverse("region-comments", args=[world.region.code]), {"format": "xlsx"})
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    found = dict(zip(rows[0], rows[1], strict=True))
    assert found["Комментарий"] == '=HYPERLINK("http://x") и 😀, тел. [телефон]'
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert found["Темы"] == "Отношение сотрудников"
    assert found["Канал"] == "Плакат в учреждении"
    assert found["Дата"].date() == TODAY
    assert "926" not in str(rows)


def test_page_and_workbook_ask_as_much_for_one_comment_as_for_a_hundred(world: World):
    client = client_of(world, Role.EXPERT)
    themes = list(Theme.objects.all()[:3])

    def add(number: int) -> None:
        for index in range(number):
            comment = comment_of(world, f"Слово {index}", link=(world.link, world.sibling_link)[index % 2])
            comment.themes.set(themes)

    def queries(url: str, query: dict[str, str]) -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(url, query).status_code == 200
        return len(found)

    pages = [
        (reverse("region-comments", args=[world.region.code]), {"q": "слово"}),
        (reverse("region-comments", args=[world.region.code]), {"format": "xlsx"}),
        (reverse("institution-comments", args=[world.institution.pk]), {}),
        (reverse("problem-list", args=[world.region.code]), {}),
        (reverse("comment", args=[comment_of(world, "Одно").pk]), {}),
    ]
    add(2)
    [queries(*page) for page in pages]
    few = [queries(*page) for page in pages]
    add(100)
    assert [queries(*page) for page in pages] == few


def test_what_comments_speak_of_is_counted(world: World):
    staff, waiting = Theme.objects.get(code="staff"), Theme.objects.get(code="waiting")
    stage = ProcessStage.objects.create(life_situation=world.life_situation, code="made-up", title="Запись")
    made = [comment_of(world, f"Слово {number}") for number in range(5)]
    for comment, themes in zip(made, [[staff, waiting], [staff], [staff], []], strict=False):
        comment.themes.set(themes)
        Comment.objects.filter(pk=comment.pk).update(coded_at=NOW, stage=stage if comment == made[0] else None)
    summary = summary_of(Comment.objects.shown().filter(pk__in=[one.pk for one in made]))
    assert (summary.total, summary.coded) == (5, 4)
    assert [(part.title, part.number, part.share) for part in summary.themes] == [
        ("Отношение сотрудников", 3, 75),
        ("Ожидание и очереди", 1, 25),
    ]
    assert [(part.title, part.number, part.share) for part in summary.stages] == [("Запись", 1, 25)]


# Coding


def test_a_comment_is_coded_and_the_next_one_follows(world: World):
    first = comment_of(world, "Слово первое", day=TODAY)
    second = comment_of(world, "Слово второе", day=TODAY - timedelta(days=1))
    staff = Theme.objects.get(code="staff")
    stage = ProcessStage.objects.create(life_situation=world.life_situation, code="made-up", title="Запись")
    client = client_of(world, Role.NSI_ADMIN)
    url = reverse("comment", args=[first.pk]) + "?state=new&q=слово"
    response = client.post(url, {"themes": [staff.pk], "stage": stage.pk})
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("comment", args=[second.pk]) + "?state=new")
    first.refresh_from_db()
    assert (first.stage, first.coded_by, first.coded_at) == (stage, world.people[Role.NSI_ADMIN], NOW)
    assert list(first.themes.all()) == [staff]
    # The last one leads back to the list.
    response = client.post(reverse("comment", args=[second.pk]) + "?state=new", {})
    assert response.headers["Location"].startswith(reverse("region-comments", args=[world.region.code]))
    second.refresh_from_db()
    assert second.coded_at == NOW
    # Coded anew, it is as the form says.
    client.post(reverse("comment", args=[first.pk]), {"themes": [], "stage": ""})
    first.refresh_from_db()
    assert first.stage is None
    assert not first.themes.exists()


@pytest.mark.parametrize(
    "sent", [{"themes": ["999999"]}, {"themes": ["9" * 30]}, {"themes": ["x"]}, {"stage": "9" * 30}, {"stage": "\x00"}]
)
def test_a_coding_that_is_none_is_refused_at_the_field(world: World, sent: dict[str, object]):
    comment = comment_of(world, "Слово")
    ProcessStage.objects.create(life_situation=world.life_situation, code="made-up", title="Запись")
    response = client_of(world, Role.NSI_ADMIN).post(reverse("comment", args=[comment.pk]), sent)
    assert response.status_code == 422
    comment.refresh_from_db()
    assert comment.coded_at is None


def test_several_comments_are_coded_at_once(world: World):
    made = [comment_of(world, f"Слово {number}") for number in range(3)]
    staff, waiting = Theme.objects.get(code="staff"), Theme.objects.get(code="waiting")
    made[0].themes.add(waiting)
    stage = ProcessStage.objects.create(life_situation=world.life_situation, code="made-up", title="Запись")
    problem = ProblemDraft.objects.create(
        region_life_situation=world.place, title="Грубят", created_by=world.people[Role.EXPERT]
    )
    here = reverse("region-comments", args=[world.region.code]) + "?channel=poster"
    client = client_of(world, Role.HQ_MEMBER)
    sent = {
        "comments": [one.pk for one in made[:2]],
        "themes": [staff.pk],
        "how": "add",
        "stage": stage.pk,
        "problem": problem.pk,
        "next": here,
    }
    response = client.post(reverse("comments-code", args=[world.region.code]), sent)
    assert response.headers["Location"] == here
    assert [{theme.code for theme in one.themes.all()} for one in made] == [{"waiting", "staff"}, {"staff"}, set()]
    assert [Comment.objects.get(pk=one.pk).stage for one in made] == [stage, stage, None]
    assert problem.comments.count() == 2
    # Replacing; the stage is left alone.
    client.post(
        reverse("comments-code", args=[world.region.code]),
        {"comments": [made[0].pk], "themes": [waiting.pk], "how": "replace", "next": "https://elsewhere.example/"},
    )
    assert {theme.code for theme in made[0].themes.all()} == {"waiting"}
    assert Comment.objects.get(pk=made[0].pk).stage == stage


def test_coding_nothing_or_what_is_of_another_situation_is_refused(world: World):
    elsewhere = LifeSituationFactory(code="social-home-care", number=6)
    RegionLifeSituation.objects.create(region=world.region, life_situation=elsewhere, since=date(2026, 1, 1))
    link = SurveyLinkFactory(institution=world.institution, life_situation=elsewhere)
    comment = comment_of(world, "Слово", link=link)
    stage = ProcessStage.objects.create(life_situation=world.life_situation, code="made-up", title="Запись")
    problem = ProblemDraft.objects.create(
        region_life_situation=world.place, title="Грубят", created_by=world.people[Role.EXPERT]
    )
    client, url = client_of(world, Role.NSI_ADMIN), reverse("comments-code", args=[world.region.code])
    page = client.post(url, {"how": "add"})
    assert page.status_code == 422
    assert "Отметьте в списке комментарии" in page.content.decode()
    for sent in ({"stage": stage.pk}, {"problem": problem.pk}):
        page = client.post(url, {"comments": [comment.pk], "how": "add", **sent})
        assert page.status_code == 422
        assert "другой ЖС" in page.content.decode()
    comment.refresh_from_db()
    assert (comment.coded_at, comment.problem) == (None, None)
    for strange in ("9" * 30, "x", "٣", "-1"):
        assert client.post(url, {"comments": [strange], "how": "add"}).status_code == 422


def test_comments_of_another_region_cannot_be_coded_by_their_number(world: World):
    other = build_world("RU-TYU")
    foreign = comment_of(other, "Слово чужое")
    url = reverse("comments-code", args=[world.region.code])
    page = client_of(world, Role.NSI_ADMIN).post(url, {"comments": [foreign.pk], "how": "add"})
    assert page.status_code == 422
    assert "Слово чужое" not in page.content.decode()
    with pytest.raises(PermissionDenied):
        services.code_comments(
            comments=[foreign],
            themes=[],
            stage=None,
            keeps_themes=True,
            keeps_stage=True,
            by=world.people[Role.NSI_ADMIN],
            at=NOW,
        )


def test_a_member_of_the_headquarters_codes_in_their_situation_only(world: World):
    comment = comment_of(world, "Слово")
    elsewhere = LifeSituationFactory(code="social-home-care", number=6)
    member = MembershipFactory(role=Role.HQ_MEMBER, region=world.region, life_situations=[elsewhere]).user
    client = signed_in(member)
    page = client.get(reverse("comment", args=[comment.pk]))
    assert page.status_code == 200
    assert "Сохранить и дальше" not in page.content.decode()
    assert client.post(reverse("comment", args=[comment.pk])).status_code == 403
    assert client.get(reverse("comment-problem", args=[comment.pk])).status_code == 403
    sent = {"comments": [comment.pk], "how": "add"}
    assert client.post(reverse("comments-code", args=[world.region.code]), sent).status_code == 403


def test_a_theme_out_of_use_is_offered_only_where_it_was_marked(world: World):
    staff = Theme.objects.get(code="staff")
    marked, other = comment_of(world, "Слово"), comment_of(world, "Слово")
    marked.themes.add(staff)
    Theme.objects.filter(pk=staff.pk).update(is_active=False)
    client = client_of(world, Role.EXPERT)

    def offered(comment: Comment) -> list[Theme]:
        return list(client.get(reverse("comment", args=[comment.pk])).context["form"].fields["themes"].queryset)

    assert staff in offered(marked)
    assert staff not in offered(other)


# Problems


def test_a_comment_goes_to_a_new_problem_to_another_and_back(world: World):
    comment = comment_of(world, "Справку просят дважды")
    client = client_of(world, Role.EXPERT)
    url = reverse("comment-problem", args=[comment.pk])
    assert client.post(url, {"title": "Справку просят дважды"}).status_code == 302
    comment.refresh_from_db()
    first = comment.problem
    assert first and first.region_life_situation == world.place
    second = services.add_problem(place=world.place, title="Другая", stage=None, by=world.people[Role.EXPERT])
    assert client.post(url, {"problem": second.pk}).status_code == 302
    page = client.get(reverse("problem-list", args=[world.region.code])).content.decode()
    assert f"?problem={second.pk}" in page
    # A problem nothing stands behind can go; one with comments cannot.
    client.post(reverse("problem-remove", args=[second.pk]))
    client.post(reverse("problem-remove", args=[first.pk]))
    assert list(ProblemDraft.objects.all()) == [second]
    client.post(reverse("comment-take-back", args=[comment.pk]))
    comment.refresh_from_db()
    assert comment.problem is None


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Назовите проблему"),
        ({"title": "Врач Иванова Анна Петровна грубит"}, "личные данные"),
        ({"title": "x" * 301}, "300"),
        ({"problem": "9" * 30}, ""),
    ],
)
def test_a_problem_that_is_none_is_refused_at_the_field(world: World, sent: dict[str, str], said: str):
    comment = comment_of(world, "Слово")
    page = client_of(world, Role.EXPERT).post(reverse("comment-problem", args=[comment.pk]), sent)
    assert page.status_code == 422
    assert said in page.content.decode()
    assert not ProblemDraft.objects.exists()


def test_a_problem_behind_which_only_answers_left_out_stand_looks_empty_and_can_go(world: World):
    hidden, seen = comment_of(world, "Слово"), comment_of(world, "Другое слово")
    by = world.people[Role.EXPERT]
    problem = services.add_problem(place=world.place, title="Грубят", stage=None, by=by)
    services.hand_over(comments=[hidden, seen], problem=problem, by=by)
    Response.objects.filter(pk=hidden.response_id).update(is_excluded=True)
    with pytest.raises(services.StillHasComments):
        services.remove_problem(problem=problem, by=by)
    hidden.refresh_from_db()
    assert hidden.problem == problem, "refused, nothing has changed"
    services.take_back(comment=seen, by=by)
    client = client_of(world, Role.EXPERT)
    url = reverse("problem-remove", args=[problem.pk])
    assert url in client.get(reverse("problem-list", args=[world.region.code])).content.decode()
    assert "Проблема убрана" in client.post(url, follow=True).content.decode()
    assert not ProblemDraft.objects.exists()
    # Taken back in, the comment is there, and behind nothing.
    Response.objects.filter(pk=hidden.response_id).update(is_excluded=False)
    assert Comment.objects.shown().get(pk=hidden.pk).problem is None


def test_problems_are_locked_all_together_in_the_order_of_their_numbers(world: World):
    """Two people who cross, each from behind the other's problem, would stop each other for good."""
    by = world.people[Role.EXPERT]
    problems = [services.add_problem(place=world.place, title=f"Дело {one}", stage=None, by=by) for one in range(3)]
    made = [comment_of(world, f"Слово {number}") for number in range(3)]
    for comment, problem in zip(made, reversed(problems), strict=True):
        services.hand_over(comments=[comment], problem=problem, by=by)
    with CaptureQueriesContext(connection) as queries:
        services.hand_over(comments=made, problem=problems[1], by=by)
    table = ProblemDraft._meta.db_table
    (locking,) = [one["sql"] for one in queries if f'FROM "{table}"' in one["sql"]]
    assert f'ORDER BY "{table}"."id" ASC' in locking
    assert problems[1].comments.count() == 3


def test_once_a_roadmap_has_taken_a_problem_up_nothing_behind_it_changes(world: World):
    comment, other = comment_of(world, "Слово"), comment_of(world, "Слово")
    by = world.people[Role.EXPERT]
    problem = services.add_problem(place=world.place, title="Грубят", stage=None, by=by)
    services.hand_over(comments=[comment], problem=problem, by=by)
    ProblemDraft.objects.update(taken_up_at=NOW)
    for attempt in (
        lambda: services.take_back(comment=comment, by=by),
        lambda: services.hand_over(comments=[other], problem=problem, by=by),
        lambda: services.remove_problem(problem=problem, by=by),
    ):
        with pytest.raises(services.TakenUp):
            attempt()
    fresh = services.add_problem(place=world.place, title="Другая", stage=None, by=by)
    with pytest.raises(services.TakenUp):
        services.hand_over(comments=[comment], problem=fresh, by=by)
    client = client_of(world, Role.EXPERT)
    client.post(reverse("comment-take-back", args=[comment.pk]))
    comment.refresh_from_db()
    assert comment.problem == problem


# As typed

RAW = "Врач Сидорчук Пелагея Фоминична груба, 8 926 123-45-67"


def test_words_as_typed_are_shown_once_after_a_reason_and_recorded_first(
    world: World, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    comment = comment_of(world, RAW)
    client = client_of(world, Role.NSI_ADMIN)
    url = reverse("comment-raw", args=[comment.pk])
    assert "Фоминична" not in client.get(url).content.decode()
    for empty in ({}, {"reason": "  "}, {"reason": "надо"}, {"reason": "x " * 200}):
        page = client.post(url, empty)
        assert page.status_code == 422
        assert "Фоминична" not in page.content.decode()
    assert not RawReading.objects.exists()
    page = client.post(url, {"reason": "Жалоба 12 от 5 ноября"})
    assert RAW in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    reading = RawReading.objects.get()
    assert (reading.comment, reading.read_by, reading.reason) == (
        comment,
        world.people[Role.NSI_ADMIN],
        "Жалоба 12 от 5 ноября",
    )
    # Neither in lists nor in files, the journal or the log.
    for page in (
        client.get(reverse("comment", args=[comment.pk])),
        client.get(reverse("region-comments", args=[world.region.code]), {"q": "груба"}),
        client.get(reverse("raw-reading-list", args=[world.region.code])),
        client.get(reverse("raw-reading-list", args=[world.region.code]), {"format": "xlsx"}),
    ):
        assert page.status_code == 200
        assert "Фоминична".encode() not in page.content
    journal = client.get(reverse("raw-reading-list", args=[world.region.code])).content.decode()
    assert "Жалоба 12 от 5 ноября" in journal
    assert "Фоминична" not in caplog.text
    assert "123-45-67" not in caplog.text


def test_the_journal_outlives_the_answer(world: World):
    comment = comment_of(world, RAW)
    client = client_of(world, Role.NSI_ADMIN)
    client.post(reverse("comment-raw", args=[comment.pk]), {"reason": "Жалоба 12 от 5 ноября"})
    comment.response.delete()
    reading = RawReading.objects.get()
    assert (reading.comment, reading.institution, reading.answered_on) == (None, world.institution, TODAY)
    assert RawReading.objects.permitting(world.people[Role.NSI_ADMIN], Permission.INSTITUTION_VIEW).exists()
    url = reverse("raw-reading-list", args=[world.region.code])
    said = ("Жалоба 12 от 5 ноября", world.institution.name, "Ответ от 05.11.2026 удалён", str(reading.read_by))
    page = client.get(url).content.decode()
    book = openpyxl.load_workbook(io.BytesIO(client.get(url, {"format": "xlsx"}).content))
    row = next(book.active.iter_rows(min_row=2, values_only=True))
    for words in said:
        assert words in page and words in row, words
    assert "Фоминична" not in page


def test_nobody_finds_a_comment_by_what_is_hidden_in_it(world: World):
    comment_of(world, RAW)
    assert "Врач [имя]" not in shown_to(client_of(world, Role.NSI_ADMIN), world, q="Сидорчук")


def test_a_comment_in_which_nothing_is_hidden_needs_no_reading(world: World):
    comment = comment_of(world, "Долго ждали")
    client = client_of(world, Role.NSI_ADMIN)
    assert "ничего не скрыто" in client.get(reverse("comment-raw", args=[comment.pk])).content.decode()
    assert (
        reverse("comment-raw", args=[comment.pk])
        not in client.get(reverse("comment", args=[comment.pk])).content.decode()
    )


# Reference data


def test_themes_and_stages_are_loaded_once_and_left_as_the_agency_changed_them(world: World):
    before = (Theme.objects.count(), ProcessStage.objects.count())
    comment_loading.load()
    assert (Theme.objects.count(), ProcessStage.objects.count()) == before
    assert before[0] == 12
    admin = client_of(world, Role.AGENCY_ADMIN)
    theme = Theme.objects.get(code="staff")
    url = reverse("admin:surveys_theme_change", args=[theme.pk])
    assert admin.post(url, {"title": "Вежливость", "order": "5", "is_active": "on"}).status_code == 302
    comment_loading.load()
    theme.refresh_from_db()
    assert theme.title == "Вежливость"
    assert admin.get(reverse("admin:surveys_theme_delete", args=[theme.pk])).status_code == 403
    assert admin.get(reverse("admin:surveys_processstage_changelist")).status_code == 200


def test_every_situation_of_the_catalogue_has_its_stages():
    stages = comment_loading._read("process_stages.yaml")
    assert len(stages) == 7
    for of in stages.values():
        codes = [one["code"] for one in of]
        assert len(codes) == len(set(codes)) >= 5
        assert (codes[0], codes[-1]) == ("before", "after")


def test_the_map_of_institutions_knows_where_comments_are(world: World):
    """Who may not read them is offered no tab that leads to a refusal."""
    url = reverse("institution-comments", args=[world.institution.pk])
    card = reverse("institution-card", args=[world.institution.pk])
    assert url in client_of(world, Role.EXPERT).get(card).content.decode()
    assert url not in client_of(world, Role.REGION_HEAD).get(card).content.decode()
