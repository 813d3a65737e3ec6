"""Reference data: what the documents say, loaded any number of times."""

from collections import Counter
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
import yaml
from django.core.management import call_command
from django.db import DatabaseError, transaction

from monitoring.models import ReportingPeriod
from regions.loading import FOLDER
from regions.models import Direction, Indicator, LifeSituation, Region, TypicalProblem, TypicalSolution
from surveys.counting.rollups import TYPED_MEASURES
from surveys.models import Questionnaire, QuestionnaireVersion

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def reference() -> None:
    call_command("load_reference", verbosity=0)


def everything() -> dict[str, object]:
    models = [Region, Direction, Indicator, LifeSituation, TypicalProblem, TypicalSolution, ReportingPeriod]
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in [*models, QuestionnaireVersion]}


def test_loading_again_changes_nothing():
    before = everything()
    call_command("load_reference", verbosity=0)
    assert everything() == before


def test_there_are_89_regions_in_11_time_zones():
    regions = list(Region.objects.all())
    assert len(regions) == 89
    summer = datetime(2026, 7, 1, tzinfo=UTC)
    offsets = {summer.astimezone(region.zone).utcoffset() for region in regions}
    assert len(offsets) == 11
    niz = Region.objects.get(code="RU-NIZ")
    assert (niz.name, niz.name_genitive, niz.okato) == ("Нижегородская область", "Нижегородской области", "22")
    assert (niz.federal_district, niz.time_zone) == ("volga", "Europe/Moscow")
    assert Region.objects.get(code="RU-TYU").time_zone == "Asia/Yekaterinburg"
    assert Counter(region.federal_district for region in regions)["central"] == 18


def test_there_are_three_directions_and_seven_life_situations():
    assert list(Direction.objects.values_list("title", flat=True)) == [
        "Здравоохранение",
        "Рынок труда и поддержка занятости",
        "Социальная защита",
    ]
    assert list(LifeSituation.objects.values_list("code", flat=True)) == [
        "health-primary-cardio",
        "health-inpatient-cardio",
        "health-hightech-cardio",
        "employment-centre",
        "social-first-child-benefit",
        "social-home-care",
        "social-rehab-equipment",
    ]
    for situation in LifeSituation.objects.all():
        assert situation.boundary.startswith("От "), situation.code
        assert situation.beneficiaries, situation.code
        assert situation.indicators.exists(), situation.code


@pytest.mark.parametrize(
    ("code", "problems", "solutions", "federal"),
    [
        ("health-primary-cardio", 8, 22, 1),
        ("health-inpatient-cardio", 9, 12, 1),
        ("health-hightech-cardio", 4, 7, 5),
        ("employment-centre", 20, 22, 9),
        ("social-first-child-benefit", 16, 17, 8),
        ("social-home-care", 8, 10, 1),
        ("social-rehab-equipment", 9, 20, 11),
    ],
)
def test_typical_problems_and_solutions_are_those_of_the_document(
    code: str, problems: int, solutions: int, federal: int
):
    mine = TypicalSolution.objects.filter(problem__life_situation__code=code)
    assert TypicalProblem.objects.filter(life_situation__code=code).count() == problems
    assert (mine.count(), mine.filter(is_federal=True).count()) == (solutions, federal)
    assert not mine.filter(text__contains="(Ф)").exists()


def test_a_solution_taken_out_of_the_file_goes(tmp_path, monkeypatch: pytest.MonkeyPatch):
    from regions import loading

    entry = yaml.safe_load((FOLDER / "life_situations" / "social-home-care.yaml").read_text(encoding="utf-8"))
    entry["problems"] = entry["problems"][:1]
    entry["problems"][0]["solutions"] = entry["problems"][0]["solutions"][:1]
    loading._load_life_situation(entry)
    assert TypicalSolution.objects.filter(problem__life_situation__code="social-home-care").count() == 1


def test_long_term_marks_are_those_of_the_recommendations():
    marks = dict(Indicator.objects.exclude(long_term_mark=None).values_list("code", "long_term_mark"))
    # What measures the satisfaction in a ЖС has the mark of satisfaction; other shares and times have none.
    satisfied = Indicator.objects.filter(code__startswith="satisfied_").values_list("code", flat=True)
    assert len(satisfied) == 7
    assert marks == {
        "satisfaction": 90,
        "nps": 30,
        "infrastructure": 100,
        "roadmap_execution": 90,
        **dict.fromkeys(satisfied, 90),
    }


def test_quarters_follow_each_other_without_a_gap():
    fourth = ReportingPeriod.objects.get(code="2026-Q4")
    assert (fourth.opens_on, fourth.closes_on) == (date(2026, 8, 21), date(2026, 11, 20))
    first = ReportingPeriod.objects.get(code="2026-Q1")
    assert (first.opens_on, first.closes_on) == (date(2025, 11, 21), date(2026, 2, 20))
    periods = list(ReportingPeriod.objects.order_by("opens_on"))
    for earlier, later in pairwise(periods):
        assert (later.opens_on - earlier.closes_on).days == 1


def test_a_period_the_agency_changed_stays_changed():
    ReportingPeriod.objects.filter(code="2028-Q1").update(closes_on=date(2028, 2, 25))
    call_command("load_reference", verbosity=0)
    assert ReportingPeriod.objects.get(code="2028-Q1").closes_on == date(2028, 2, 25)


def test_every_direction_has_the_standard_questions_in_the_official_words():
    questionnaires = Questionnaire.objects.filter(kind=Questionnaire.Kind.QUESTIONNAIRE)
    assert {one.direction for one in questionnaires} == set(Direction.objects.all())
    for questionnaire in questionnaires:
        definition = questionnaire.versions.get().definition
        texts = {code: question.text for code, question in definition.by_code.items()}
        assert texts["satisfaction"] == ("Удовлетворены ли Вы текущим процессом оказания услуги или работы сервиса?")
        assert texts["documents"] == "Удовлетворены ли Вы количеством документации?"
        assert texts["duration"] == "Удовлетворены ли Вы длительностью оказания услуги?"
        assert texts["clarity"] == "Удовлетворены ли Вы простотой и понятностью процесса получения услуги?"
        assert texts["support"] == "Удовлетворены ли Вы качеством поддержки и сервиса?"
        assert texts["suggestions"] == "Опишите Ваши предложения по совершенствованию процессов."
        assert set(definition.by_measure) == {*TYPED_MEASURES, "service_date"}
        for code in ("satisfaction", "documents", "duration", "clarity", "support"):
            condition = definition.by_code[f"{code}_comment"].visible_if
            assert condition and condition.question == code
            assert set(condition.values) == {"no", "rather_no"}


def test_a_published_version_never_changes():
    version = QuestionnaireVersion.objects.all()[0]
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        QuestionnaireVersion.objects.filter(pk=version.pk).update(document={})
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        version.delete()


def test_the_catalogue_and_the_computations_speak_of_the_same_marks_and_titles():
    """Pure functions keep the marks they compute with; the catalogue keeps what the Agency reads. They must agree."""
    from monitoring.quarters.rows import CATALOGUE
    from regions.targets import LONG_TERM_MARKS

    for code in ("satisfaction", "nps"):
        indicator = Indicator.objects.get(code=code)
        assert indicator.long_term_mark == CATALOGUE[code].mark == LONG_TERM_MARKS[code]
        assert indicator.unit == CATALOGUE[code].unit.value
    for code in ("infrastructure", "roadmap_execution"):
        assert Indicator.objects.get(code=code).long_term_mark == LONG_TERM_MARKS[code]
    assert Indicator.objects.get(code="satisfaction").title == CATALOGUE["satisfaction"].title
    assert Indicator.objects.get(code="time").title == CATALOGUE["days"].title
