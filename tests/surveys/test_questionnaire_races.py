"""Several people at one draft in the same instant: one version, no change lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from regions.roles import Role
from surveys.models import QuestionnaireVersion
from surveys.questionnaires import editing
from surveys.services import questionnaires as services
from surveys.services.questionnaires import Owner
from tests.factories import MembershipFactory, RegionFactory

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=ZoneInfo("Europe/Moscow"))
PEOPLE = 6
# SQLite lets one writer in at a time, and could not be emptied after the test: a published version is never removed.
publishes = pytest.mark.skipif("connection.vendor == 'sqlite'", reason="needs many writers")


def at_once(number: int, what: Callable[[int], Any]) -> list[Any]:
    """The results of `what(0)`, `what(1)`, … begun in the same instant; an exception is a result too."""
    barrier = Barrier(number)

    def one(which: int) -> Any:
        try:
            barrier.wait(30)
            return what(which)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


@pytest.fixture
def draft() -> QuestionnaireVersion:
    region = RegionFactory(code="RU-NIZ")
    by = MembershipFactory(role=Role.NSI_ADMIN, region=region).user
    document = editing.blank("О приёме")
    document, _ = editing.add_question(document, "s1", {"type": "text", "text": "Что улучшить?"})
    return services.create(
        title="О приёме", kind="questionnaire", owner=Owner(region), document=document, by=by, at=NOW
    )


@publishes
def test_of_many_who_publish_at_once_one_makes_the_version(draft: QuestionnaireVersion):
    by = draft.edited_by
    assert by
    results = at_once(PEOPLE, lambda _: services.publish(version=draft, revision=draft.revision, by=by, at=NOW))
    assert [type(one) for one in results].count(QuestionnaireVersion) == 1, results
    assert [type(one) for one in results].count(services.DraftGone) == PEOPLE - 1, results
    assert draft.questionnaire.versions.count() == 1


def test_changes_made_at_once_are_all_kept(draft: QuestionnaireVersion):
    by = draft.edited_by
    assert by

    def add(number: int) -> QuestionnaireVersion:
        question = {"type": "text", "text": f"Вопрос {number}"}
        return services.change_draft(
            version=draft, change=lambda document: editing.add_question(document, "s1", question)[0], by=by, at=NOW
        )

    results = at_once(PEOPLE, add)
    draft.refresh_from_db()
    questions = draft.document["sections"][0]["questions"]
    assert draft.revision == PEOPLE, results
    assert {one["text"] for one in questions[1:]} == {f"Вопрос {number}" for number in range(PEOPLE)}
    assert len({one["code"] for one in questions}) == PEOPLE + 1


@publishes
def test_one_draft_is_begun_by_many(draft: QuestionnaireVersion):
    by = draft.edited_by
    assert by
    version = services.publish(version=draft, revision=0, by=by, at=NOW)
    results = at_once(
        PEOPLE,
        lambda _: services.start_draft(questionnaire=version.questionnaire, version=version, by=by, at=NOW),
    )
    assert [type(one) for one in results].count(services.DraftExists) == PEOPLE - 1, results
    assert version.questionnaire.versions.drafts().count() == 1
