"""Results by the API: the numbers of the pages, hidden where the pages hide them."""

from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.api_tokens import issue
from regions.roles import Role
from tests.world import NOW, World, build_world

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


def test_the_observer_gets_the_region_without_its_institutions(world: World):
    found = told(world, Role.FEDERAL_OBSERVER, "api-quarter", *quarter_of(world)).json()
    assert found["values"] and found["institutions"] == []


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
