"""Exactly once, against a live server of several processes, on the database of the run (PostgreSQL, then SQLite).

Many processes send under one key at the same instant, round after round. That this can fail is shown by the negative
control: the same race against a view that asks first and inserts then stores some answers twice.
"""

import contextlib
import http.client
import json
import os
import re
import secrets
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

import psycopg2
import pytest
from django.db import connection

from tests import servers
from tests.surveys.race_urls import COPY

# One group: the server is started once, not once per parallel worker.
pytestmark = pytest.mark.xdist_group("exactly_once")

SENDERS = 6
ROUNDS = 15
STEP = 0.08  # seconds between rounds: about what the server needs for one
GOOD = {"service_date": "2026-01-15", "satisfaction": "yes", "recommend": "9", "suggestions": "Меньше очередей"}
PREPARE = f"""
import datetime, django
django.setup()
from django.core.management import call_command
from django.db import connection
call_command("migrate", verbosity=0)
with connection.cursor() as cursor:
    # A copy of the table: with the columns, without the constraints.
    cursor.execute("CREATE TABLE {COPY} AS SELECT * FROM surveys_response WHERE 1 = 0")
from tests.factories import SurveyLinkFactory
print(SurveyLinkFactory(opens_on=datetime.date(2020, 1, 1)).token)
"""


@dataclass
class Portal:
    port: int
    token: str
    database: str  # its DATABASE_URL

    def new_key(self) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", f"/s/{self.token}/")
        page = connection.getresponse().read().decode()
        connection.close()
        (key,) = re.findall(r'name="key" value="([^"]*)"', page)
        return key

    def stored(self, table: str) -> Counter[str]:
        """How many rows there are under each key."""
        with contextlib.closing(connect(self.database)) as database:
            cursor = database.cursor()
            cursor.execute(f"SELECT key, count(*) FROM {table} GROUP BY key")
            return Counter(dict(cursor.fetchall()))


def connect(url: str) -> "sqlite3.Connection | psycopg2.extensions.connection":
    if url.startswith("sqlite"):
        return sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)
    database = psycopg2.connect(url)
    database.autocommit = True
    return database


@contextlib.contextmanager
def new_database(folder: Path) -> Iterator[str]:
    """An empty database of the kind this run is about; yields its DATABASE_URL."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{folder / 'race.sqlite3'}"
        return
    cluster = os.environ["DATABASE_URL"]
    name = f"race_{secrets.token_hex(6)}"
    with contextlib.closing(connect(cluster)) as database:
        cursor = database.cursor()
        cursor.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(cluster)._replace(path=f"/{name}"))
        finally:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("race")
    port = servers.free_port()
    (folder / "static").mkdir()
    with new_database(folder) as database:
        environment = servers.clean_environment(
            NSI_VAR=str(folder),
            DATABASE_URL=database,
            DJANGO_SETTINGS_MODULE="tests.surveys.race_settings",
            SECRET_KEY="only-for-this-test",
        )
        made = subprocess.run(
            [sys.executable, "-c", PREPARE], env=environment, cwd=servers.ROOT, capture_output=True, text=True
        )
        assert made.returncode == 0, made.stderr
        server = [sys.executable, "-m", "gunicorn", "nsi_portal.wsgi:application", "--bind", f"127.0.0.1:{port}"]
        server += ["--workers", "4", "--threads", "2", "--preload", "--no-control-socket", "--log-level", "warning"]
        with servers.process(server, environment, folder / "web.log", name="web") as child:
            servers.wait_for_http(f"http://127.0.0.1:{port}/health/live", child=child)
            yield Portal(port, made.stdout.strip(), database)


def race(portal: Portal, path: str, bodies: list[list[str]]) -> list[list[tuple[int, str]]]:
    """Let as many processes as there are lists send at once; returns, per round, (status, page) of each sender."""
    # Time for the senders to start.
    start = time.time() + 0.8
    senders = []
    for own in bodies:
        sender = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("race_client.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        senders.append(sender)
        assert sender.stdin
        task = {"port": portal.port, "path": path, "bodies": own, "start": start, "step": STEP}
        sender.stdin.write(json.dumps(task))
        sender.stdin.close()
        sender.stdin = None
    results = []
    for sender in senders:
        output, _ = sender.communicate(timeout=120)
        assert sender.returncode == 0
        results.append([tuple(result) for result in json.loads(output)])
    return [list(one_round) for one_round in zip(*results, strict=True)]


def body(key: str, **changed: str) -> str:
    return urlencode({"key": key, **GOOD, **changed})


def stored_key(key: str) -> str:
    return key.split(".")[0]


def test_the_same_answers_sent_at_once_by_many_are_stored_once_and_all_are_thanked(portal: Portal):
    keys = [portal.new_key() for _ in range(ROUNDS)]
    rounds = race(portal, f"/s/{portal.token}/", [[body(key) for key in keys]] * SENDERS)
    assert {status for one in rounds for status, _ in one} == {200}
    assert len({page for one in rounds for _, page in one}) == 1, "all get the very same page"
    stored = portal.stored("surveys_response")
    assert [stored[stored_key(key)] for key in keys] == [1] * ROUNDS


def test_of_different_answers_sent_at_once_under_one_key_one_is_stored_and_the_rest_are_told(portal: Portal):
    keys = [portal.new_key() for _ in range(ROUNDS)]
    bodies = [[body(key, recommend=str(sender)) for key in keys] for sender in range(SENDERS)]
    for one in race(portal, f"/s/{portal.token}/", bodies):
        assert Counter(status for status, _ in one) == {200: 1, 409: SENDERS - 1}
    stored = portal.stored("surveys_response")
    assert [stored[stored_key(key)] for key in keys] == [1] * ROUNDS


def test_negative_control_asking_first_and_inserting_then_stores_some_twice(portal: Portal):
    """Without this the tests above could pass because nothing ever happened at once."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        keys = [portal.new_key() for _ in range(ROUNDS)]
        rounds = race(portal, f"/naive/{portal.token}/", [[body(key) for key in keys]] * SENDERS)
        assert {status for one in rounds for status, _ in one} == {200}
        stored = portal.stored(COPY)
        if any(stored[stored_key(key)] > 1 for key in keys):
            return
    pytest.fail("this race never sends two answers at once: it proves nothing")
