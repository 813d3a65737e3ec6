"""Everything the schema of the API allows, and more, is asked of it: it never fails, and answers as it says."""

from typing import Any

import pytest
import schemathesis
import time_machine
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import (
    ensure_resource_availability,
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
    use_after_free,
)

from accounts.api_tokens import issue
from nsi_portal.wsgi import application
from regions.roles import Role
from surveys.filling import pages
from tests.world import NOW, World, build_world

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Any:
    from accounts.throttles import ByKey
    from surveys.api.throttles import ByAddress

    monkeypatch.setattr(ByAddress, "most", 10**9)
    monkeypatch.setattr(ByKey, "rate", None, raising=False)
    cache.clear()
    pages.forget()
    # The whole application is asked, as by a server: it must not close the connection the test's transaction is in.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    with time_machine.travel(NOW, tick=False):
        yield build_world("RU-NIZ")
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    pages.forget()


@pytest.fixture
def key(world: World) -> str:
    _, secret = issue(user=world.people[Role.NSI_ADMIN], name="проверка", days=1, may_change=True, at=NOW)
    return secret


@pytest.fixture
def api(world: World) -> Any:
    return schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", application)


schema = schemathesis.pytest.from_fixture("api")


@schema.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_no_request_makes_it_fail(case: Any, key: str):
    response = case.call(headers={"Authorization": f"Bearer {key}"})
    assert response.status_code < 500, response.content
    # The key is put on here, over whatever was made up: tests of keys stand in test_api.py.
    # What a schema cannot say (a ЖС the institution takes part in, the end after the beginning) may still be refused; a
    # field of the query that nobody knows is passed over, as on the pages.
    elsewhere = [
        ignored_auth,
        use_after_free,
        ensure_resource_availability,
        positive_data_acceptance,
        negative_data_rejection,
    ]
    case.validate_response(response, excluded_checks=elsewhere)
