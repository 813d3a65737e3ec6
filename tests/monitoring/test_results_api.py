"""Results by the API: the numbers of the pages, hidden where the pages hide them."""

from datetime import date
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.api_tokens import issue
from monitoring.quarters.services import thresholds
from monitoring.survey_results.reading import compare
from regions.roles import Role
from surveys.models import SurveyLink
from tests.factories import QuestionnaireFactory, QuestionnaireVersionFactory, ResponseFactory, SurveyLinkFactory
from tests.monitoring.test_survey_results import QUARTER, answer, results, third
from tests.world import NOW, World, build_world, period

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield build_world("RU-NIZ")


def told(world: World, role: Role, name: str, *arguments: object, **query: object) -> Any:
    _, key = issue(user=world.people[role], name="проверка", days=1, may_change=False, at=NOW)
    return Client(headers={"Authorization": f"Bearer {key}"}).get(reverse(name, args=arguments), query)


def quarter_of(world: World) -> list[object]:
    return [world.region.code, world.life_situation.code, world.published.period.code]


def test_a_published_quarter_is_told_as_the_page_shows_it(world: World):
    found = told(world, Role.AGENCY_ANALYST, "api-quarter", *quarter_of(world)).json()
    result = world.published.snapshot
    assert found["checksum"] == result["checksum"]
    shown = {one["measure"]: one for one in found["values"]}
    value = result["values"]["satisfaction"]["value"]
    assert shown["satisfaction"]["value"] == (None if value is None else f"{value:.1f}")
    assert {one["institution"] for one in found["institutions"]} == {one["id"] for one in result["institutions"]}


def test_the_observer_gets_what_is_published_by_every_door(world: World):
    """DESIGN 4: published results and reports. The report names institutions, so page, passport and API do, too."""
    found = told(world, Role.FEDERAL_OBSERVER, "api-quarter", *quarter_of(world)).json()
    names = [one["name"] for one in world.published.snapshot["institutions"]]
    assert found["values"] and [one["name"] for one in found["institutions"]] == names
    observer = Client()
    observer.force_login(
        world.people[Role.FEDERAL_OBSERVER], backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    for name in ("collection", "passport"):
        page = observer.get(reverse(name, args=quarter_of(world))).content.decode()
        assert all(one in page for one in names)
    assert observer.get(reverse("report-download", args=[world.report.pk])).status_code == 200
    # What is not published, and institutions by themselves, are of no concern to them.
    running = [world.region.code, world.life_situation.code, world.quarter.code]
    assert observer.get(reverse("collection", args=running)).status_code == 404
    own = told(world, Role.FEDERAL_OBSERVER, "api-institution-results", world.institution.pk)
    assert own.status_code == 404


def test_a_quarter_not_published_is_not_there(world: World):
    arguments = [world.region.code, world.life_situation.code, world.quarter.code]
    if world.quarter != world.published.period:
        assert told(world, Role.HQ_CHAIR, "api-quarter", *arguments).status_code == 404
    assert told(world, Role.HQ_CHAIR, "api-quarter", "RU-XXX", "no", "no").status_code == 404


def test_few_answers_have_no_value_for_others_and_are_counted_for_ones_own(world: World):
    every = {"period": "all"}
    for role in (Role.AGENCY_ANALYST, Role.INSTITUTION_REP):
        found = told(world, role, "api-institution-results", world.institution.pk, **every)
        assert found.status_code == 200, found.content
        for value in found.json()["values"]:
            if value["n"] < 10:
                assert value["value"] is None and value["note"]
            assert (value["value"] is None) == (value["low"] is None) or value["unit"] == "дни"


@pytest.mark.parametrize("query", [{"first": "never"}, {"first": "9999-12-31", "last": "0001-01-01"}, {"version": "x"}])
def test_wrong_days_are_named(world: World, query: dict[str, str]):
    refused = told(world, Role.AGENCY_ANALYST, "api-institution-results", world.institution.pk, **query)
    assert refused.status_code == 422 and refused.json()["errors"]


# Any days, of an institution and of a region

LAST_QUARTER = {"first": "2026-08-21", "last": "2026-11-20"}
BEFORE = {"compare_first": "2026-05-21", "compare_last": "2026-08-20"}
STAFF = Role.AGENCY_ANALYST


def of_region(world: World, role: Role = STAFF, **query: object) -> Any:
    return told(world, role, "api-region-results", world.region.code, world.life_situation.code, **query)


def of_institution(world: World, role: Role, **query: object) -> Any:
    return told(world, role, "api-institution-results", world.institution.pk, **query)


def values_of(found: Any) -> dict[str, tuple[Any, ...]]:
    return {one["measure"]: (one["value"], one["low"], one["high"], one["n"], one["note"]) for one in found["values"]}


def text(number: Any) -> str | None:
    return None if number is None else str(number)


def test_a_region_is_told_for_any_days_as_its_page_reads_them(world: World):
    answer(world.link, 30, satisfied=27)
    answer(world.sibling_link, 40, satisfied=10, days="3")
    found = of_region(world, **LAST_QUARTER).json()
    read = results(world)
    assert (found["region"], found["institution"]) == (world.region.code, None)
    assert (found["first"], found["last"]) == ("2026-08-21", "2026-11-20")
    assert (found["received"], found["eligible"]) == (read.counts.received, read.counts.eligible)
    shown = {row.measure.code: row.shown for row in read.indicators}
    assert values_of(found) == {
        code: (text(one.value), text(one.low), text(one.high), one.n, one.note) for code, one in shown.items()
    }
    assert values_of(found)["satisfaction"][0] == "52.9"
    assert [(one["key"], one["title"], one["n"]) for one in found["questions"]] == [
        (one.asked.key, one.asked.text, one.n) for one in read.questions
    ]
    asked = {one["key"]: one for one in found["questions"]}
    assert asked["m-satisfaction"]["code"] == "satisfaction" and asked["m-satisfaction"]["numbers"] is None
    options = {one["code"]: one for one in asked["m-satisfaction"]["options"]}
    assert options["yes"]["title"] == "Да" and (options["yes"]["count"], options["yes"]["share"]) == (37, "52.9")
    assert float(options["yes"]["low"]) < 52.9 < float(options["yes"]["high"])
    days = asked["m-days"]["numbers"]
    assert (days["mean"], days["median"], days["lowest"], days["highest"]) == ("2.6", "3.0", "2.0", "3.0")
    assert [(bar["low"], bar["count"]) for bar in days["bars"]] == [("2", 30), ("3", 40)]
    assert found["comparison"] is None


def test_one_institution_and_one_channel_of_a_region(world: World):
    by_sms = SurveyLinkFactory(
        institution=world.sibling,
        life_situation=world.life_situation,
        channel=SurveyLink.Channel.SMS,
        version=world.link.version,
    )
    answer(world.link, 30, satisfied=27)
    answer(by_sms, 40, satisfied=10)
    by_door = [
        of_region(world, **LAST_QUARTER, institution=world.institution.pk).json(),
        of_institution(world, STAFF, **LAST_QUARTER).json(),
    ]
    assert by_door[0]["institution"] == by_door[1]["institution"] == world.institution.pk
    for key in ("values", "questions", "received", "eligible"):
        assert by_door[0][key] == by_door[1][key]
    found = of_region(world, **LAST_QUARTER, channel="sms").json()
    assert found["channel"] == "sms" and values_of(found)["satisfaction"][0] == "25.0"


def test_other_days_beside_them_in_codes_and_words(world: World):
    answer(world.link, 100, satisfied=60, day=date(2026, 7, 1), days="5")
    answer(world.link, 100, satisfied=90, days="3")
    period("2026-Q3")
    for found in (
        of_region(world, **LAST_QUARTER, **BEFORE).json(),
        of_institution(world, Role.INSTITUTION_REP, **LAST_QUARTER, **BEFORE).json(),
    ):
        compared = found["comparison"]
        assert (compared["first"], compared["last"]) == ("2026-05-21", "2026-08-20")
        changes = {one["code"]: one for one in compared["values"]}
        satisfied = changes["satisfaction"]
        assert (satisfied["before"]["value"], satisfied["after"]["value"]) == ("60.0", "90.0")
        assert (satisfied["difference"], satisfied["low"], satisfied["high"]) == ("30.0", "18.3", "40.8")
        assert (satisfied["change"], satisfied["words"], satisfied["is_better"]) == ("up", "выросло", True)
        # Fewer days are better.
        assert (changes["days"]["change"], changes["days"]["words"], changes["days"]["is_better"]) == (
            "down",
            "снизилось",
            True,
        )
        assert (changes["nps"]["change"], changes["nps"]["words"]) == ("within", "в пределах погрешности")
        assert changes["nps"]["is_better"] is None
    read = compare(results(world, date(2026, 5, 21), date(2026, 8, 20)), results(world, *QUARTER), thresholds())
    compared = of_region(world, **LAST_QUARTER, **BEFORE).json()["comparison"]
    assert [one["words"] for one in compared["values"]] == [one.words for one in read.measures]
    assert [one["key"] for one in compared["questions"]] == [one.asked.key for one in read.questions]


def test_a_question_of_ones_own_is_compared_option_by_option(world: World):
    own = own_link(world)
    for day, yes in ((date(2026, 7, 1), 10), (date(2026, 11, 5), 36)):
        for number in range(40):
            ResponseFactory(
                link=own,
                answered_on=day,
                is_measured=False,
                is_eligible=False,
                answers={"way": "a" if number < yes else "b", "age": str(10**12 + number)},
            )
    period("2026-Q3")
    found = of_region(world, **LAST_QUARTER, **BEFORE)
    assert found.status_code == 200, found.content
    way, age = found.json()["comparison"]["questions"]
    assert (way["code"], age["code"]) == ("way", "age")
    assert [(one["code"], one["change"]) for one in way["changes"]] == [("a", "up"), ("b", "down")]
    assert [(one["code"], one["unit"]) for one in age["changes"]] == [(None, "число")]
    # Numbers of a question of one's own may be as large as its questionnaire allows.
    assert found.json()["questions"][1]["numbers"]["lowest"] == "1000000000000.0"


def own_link(world: World) -> SurveyLink:
    document = {
        "title": "Своя",
        "sections": [
            {
                "code": "one",
                "questions": [
                    {
                        "code": "way",
                        "type": "single",
                        "text": "Как обращались?",
                        "options": [{"code": "a", "title": "Лично"}, {"code": "b", "title": "По телефону"}],
                    },
                    {"code": "age", "type": "number", "text": "Сколько?", "max": "10000000000000"},
                ],
            }
        ],
    }
    questionnaire = QuestionnaireFactory(code="own", title="Своя", region=world.region, direction=None)
    version = QuestionnaireVersionFactory(questionnaire=questionnaire, number=1, document=document)
    return SurveyLinkFactory(institution=world.institution, life_situation=world.life_situation, version=version)


def test_what_the_page_hides_is_null_with_a_reason(world: World):
    answer(world.link, 7, satisfied=6)
    answer(world.sibling_link, 40, satisfied=10)
    answer(third(world), 50, satisfied=10)
    period("2026-Q3")
    hidden = of_institution(world, STAFF, **LAST_QUARTER, **BEFORE)
    beside = of_region(world, **LAST_QUARTER, institution=world.sibling.pk)
    for found, reason in ((hidden, "меньше 10 ответов"), (beside, "защита малых чисел")):
        assert found.status_code == 200
        value = values_of(found.json())["satisfaction"]
        assert value[:3] == (None, None, None) and reason in value[4]
        for one in found.json()["questions"]:
            if one["type"] != "text":
                assert one["is_hidden"] and one["options"] is one["numbers"] is None
                assert reason in one["note"] and one["n"]
    for one in hidden.json()["comparison"]["values"]:
        assert (one["difference"], one["change"], one["after"]["value"]) == (None, None, None)
        assert one["words"].startswith("не сравнить")
    # Nothing is hidden from the institution's own people; a КПЭ needs ten answers for them, too.
    own = of_institution(world, Role.INSTITUTION_REP, **LAST_QUARTER).json()
    assert values_of(own)["satisfaction"][0] is None
    assert not any(one["is_hidden"] for one in own["questions"])
    satisfied = next(one for one in own["questions"] if one["key"] == "m-satisfaction")
    assert {"85.7"} == {one["share"] for one in satisfied["options"] if one["count"] == 6}


def test_another_region_is_not_there(world: World):
    found = told(world, Role.HQ_CHAIR, "api-region-results", "RU-TUL", world.life_situation.code, **LAST_QUARTER)
    assert found.status_code == 404
    assert of_region(world, Role.INSTITUTION_REP).status_code == 404
    assert of_region(world, Role.FEDERAL_OBSERVER).status_code == 404
    assert of_region(world, Role.HQ_CHAIR).status_code == 200


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"first": "2026-11-03", "last": "2026-11-09"}, {"first", "last"}),
        ({"first": "2026-11-09", "last": "2026-11-02"}, {"last"}),
        ({"first": "2026-11-02"}, {"last"}),
        ({"period": "2026-Q9"}, {"period"}),
        ({"channel": "pigeon"}, {"channel"}),
        ({"compare_first": "2026-11-03", "compare_last": "2026-11-09"}, {"compare_first", "compare_last"}),
        ({"compare_first": "2026-11-09", "compare_last": "2026-11-02"}, {"compare_last"}),
        ({"compare_last": "2026-11-08"}, {"compare_first"}),
        ({"compare_first": "0001-01-01", "compare_last": "9999-12-31"}, {"compare_first", "compare_last"}),
        ({"compare_first": "never", "compare_last": "2026-11-08"}, {"compare_first"}),
    ],
)
def test_days_that_cannot_be_asked_for_are_named_at_their_field(world: World, query: dict[str, str], wrong: set[str]):
    period("2026-Q4")
    for refused in (of_region(world, **query), of_institution(world, STAFF, **query)):
        assert refused.status_code == 422 and refused.json()["errors"].keys() == wrong


def test_ones_own_institution_is_compared_on_any_days(world: World):
    answer(world.link, 30, satisfied=27)
    days = {"first": "2026-11-03", "last": "2026-11-09", "compare_first": "2026-10-27", "compare_last": "2026-11-02"}
    found = of_institution(world, Role.INSTITUTION_REP, **days)
    assert found.status_code == 200 and found.json()["comparison"]["first"] == "2026-10-27"
