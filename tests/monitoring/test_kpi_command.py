"""The command-line door: `manage.py kpi` prints counts, weights and unrounded values."""

import json
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
import time_machine
from django.core.management import CommandError, call_command

from monitoring.models import WeightDecision
from monitoring.quarters.kpi import Scheme
from tests.factories import ResponseFactory
from tests.world import NOW, World, build_world, give_answers, served

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 5)


@pytest.fixture
def world():
    with time_machine.travel(NOW, tick=False):
        world = build_world("RU-NIZ")
        give_answers(world.link, DAY, satisfied=12, of=20, nps=9)
        give_answers(world.sibling_link, DAY, satisfied=38, of=40, nps=3)
        for days in ("2", "3.5", "12"):
            ResponseFactory(link=world.link, answered_on=DAY, satisfaction=None, nps=None, days=Decimal(days))
        late = DAY - timedelta(days=6)
        ResponseFactory(link=world.link, answered_on=DAY, service_date=late, is_eligible=False)
        served(world.institution, world.life_situation, world.quarter, 1000)
        served(world.sibling, world.life_situation, world.quarter, 50)
        yield world


def decide(world: World, scheme: Scheme) -> None:
    WeightDecision.objects.create(
        region=world.region, year=2026, scheme=scheme, document_number="1", document_date=DAY, decided_at=NOW
    )


def ask(capsys: pytest.CaptureFixture[str], period: str = "2026-Q4", *options: str) -> dict:
    arguments = ["--region", "RU-NIZ", "--life-situation", "employment-centre", "--period", period]
    call_command("kpi", *arguments, "--format", "json", *options)
    return json.loads(capsys.readouterr().out)


def test_the_document_has_the_agreed_shape(world: World, capsys: pytest.CaptureFixture[str]):
    decide(world, Scheme.CLIENTS)
    document = ask(capsys)
    assert document.keys() == {"region", "life_situation", "period", "scheme", "institutions", "values"}
    assert (document["region"], document["life_situation"]) == ("RU-NIZ", "employment-centre")
    assert (document["period"], document["scheme"]) == ("2026-Q4", "clients")
    first = next(one for one in document["institutions"] if one["id"] == world.institution.pk)
    assert first.keys() == {"id", "name", "weight", "counts", "values"}
    assert (first["name"], first["weight"]) == (world.institution.name, 1000)
    assert first["counts"] == {
        "received": 24,
        "eligible": 23,
        "satisfaction": {"n": 20, "positive": 12},
        "nps": {"n": 20, "promoters": 20, "detractors": 0},
        "days": {"n": 3, "sum": 17.5, "max": 12},
    }
    assert first["values"].keys() == document["values"].keys() == {"satisfaction", "nps", "days"}
    for value in (*first["values"].values(), *document["values"].values()):
        assert value.keys() == {"value", "low", "high", "n"}


@pytest.mark.parametrize(
    ("scheme", "exact"),
    [
        (Scheme.CLIENTS, Fraction(1000 * 60 + 50 * 95, 1050)),
        (Scheme.RESPONDENTS, Fraction(100 * 50, 60)),
        (Scheme.EQUAL, Fraction(155, 2)),
    ],
)
def test_values_are_unrounded(world: World, capsys: pytest.CaptureFixture[str], scheme: Scheme, exact: Fraction):
    decide(world, scheme)
    assert ask(capsys)["values"]["satisfaction"]["value"] == pytest.approx(float(exact), abs=1e-12)


def test_a_value_from_too_few_answers_is_empty_and_its_counts_are_there(
    world: World, capsys: pytest.CaptureFixture[str]
):
    decide(world, Scheme.CLIENTS)
    first = next(one for one in ask(capsys)["institutions"] if one["id"] == world.institution.pk)
    assert first["values"]["days"] == {"value": None, "low": None, "high": None, "n": 3}


def test_without_a_decision_the_region_has_no_values_and_the_reason_is_told(
    world: World, capsys: pytest.CaptureFixture[str]
):
    call_command("kpi", region="ru-niz", life_situation="employment-centre", period="2026-q4", format="json")
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert document["scheme"] is None
    assert document["values"]["satisfaction"]["value"] is None
    assert "решения РШ о весах" in printed.err
    assert document["institutions"][0]["values"]["satisfaction"]["value"] is not None


def test_a_missing_weight_names_the_institution(world: World, capsys: pytest.CaptureFixture[str]):
    decide(world, Scheme.CLIENTS)
    from monitoring.models import ServedClients

    ServedClients.objects.filter(institution=world.sibling).delete()
    call_command("kpi", region="RU-NIZ", life_situation="employment-centre", period="2026-Q4", format="json")
    printed = capsys.readouterr()
    assert world.sibling.name in printed.err
    assert json.loads(printed.out)["values"]["nps"]["value"] is None


def test_a_published_quarter_prints_its_snapshot(world: World, capsys: pytest.CaptureFixture[str]):
    before = ask(capsys, "2025-Q4")
    give_answers(world.link, date(2025, 11, 1), satisfied=0, of=30)
    assert ask(capsys, "2025-Q4") == before
    assert ask(capsys, "2025-Q4", "--full")["checksum"]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"region": "RU-XXX"}, "RU-XXX"),
        ({"life_situation": "no-such"}, "no-such"),
        ({"period": "2026-Q5"}, "2026-Q5"),
        ({"period": "вчера"}, "вчера"),
    ],
)
def test_an_unknown_code_is_named(world: World, wrong: dict[str, str], named: str):
    codes = {"region": "RU-NIZ", "life_situation": "employment-centre", "period": "2026-Q4"} | wrong
    with pytest.raises(CommandError, match=named):
        call_command("kpi", **codes)
