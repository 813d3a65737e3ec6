"""Redis away: pages and sign-in work, asking for a job returns at once and loses nothing."""

import time

import pytest
import time_machine
from celery import current_app
from django.core.cache import caches
from django.test import Client

from jobs.models import Job
from regions.roles import Role
from tests.factories import PASSWORD, UserFactory
from tests.servers import free_port
from tests.world import NOW, build_world

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def redis_away(settings):
    url = f"redis://127.0.0.1:{free_port()}/0"
    settings.CACHES = {
        "default": {
            "BACKEND": "nsi_portal.cache.ForgivingRedisCache",
            "LOCATION": url,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
    }
    before = current_app.conf.broker_url, current_app.conf.broker_transport_options
    current_app.conf.broker_url = url
    current_app.conf.broker_transport_options = {
        "socket_connect_timeout": 2,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
    }
    yield
    current_app.conf.broker_url, current_app.conf.broker_transport_options = before


def test_people_sign_in(redis_away, client: Client):
    user = UserFactory(email="a@example.ru", password=PASSWORD)
    assert client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code == 302
    assert client.post("/accounts/login/", {"login": user.email, "password": "другой"}).status_code in (200, 302)
    assert client.get("/health/ready").json() == {"status": "degraded", "problems": ["cache"]}


@time_machine.travel(NOW, tick=True)
def test_a_quarter_is_shown_and_its_calculation_asked_for_at_once(
    redis_away, client: Client, django_capture_on_commit_callbacks
):
    world = build_world("RU-NIZ")
    client.force_login(world.people[Role.HQ_MEMBER], backend=BACKEND)
    url = f"/regions/RU-NIZ/employment-centre/{world.quarter.code}/"
    Job.objects.all().delete()
    begun = time.perf_counter()
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(f"{url}calculate/").status_code == 302
    # Kombu's own default would be six seconds of attempts; what is tested is that there are none.
    assert time.perf_counter() - begun < 4
    assert Job.objects.get().state == Job.State.QUEUED
    assert client.get(url).status_code == 200


def test_the_cache_answers_as_if_it_held_nothing(redis_away):
    cache = caches["default"]
    cache.set("a", 1)
    assert cache.get("a", "nothing") == "nothing"
    assert cache.get_many(["a"]) == {}
    assert cache.incr("a") == 1
    assert (cache.count_one("a", 60), cache.take_one_back("a", 60), cache.counted("a")) == (0, None, 0)
    assert cache.add("a", 1) is True
    assert (cache.touch("a"), cache.delete("a"), cache.has_key("a")) == (False, False, False)
