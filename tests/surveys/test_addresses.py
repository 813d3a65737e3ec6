"""Many answers from one address: counted for a day under a key that is destroyed, joined with nothing."""

import hashlib
import hmac
import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import serializers
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client

from nsi_portal.cache import ForgivingRedisCache, SweptFileCache
from surveys.filling.page_keys import new_page_key
from surveys.models import Response, SurveyLink
from surveys.quality import addresses
from surveys.quality.addresses import DayCounter, address_of, key_name
from surveys.quality.marks import Flag
from surveys.tasks import forget_addresses
from tests import servers
from tests.factories import SurveyLinkFactory
from tests.servers import ROOT

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Europe/Moscow")
NOON = datetime(2026, 11, 18, 9, 0, 40, tzinfo=UTC)
HOME, CLINIC = "203.0.113.77", "198.51.100.4"
GOOD = {"service_date": "2026-11-17", "satisfaction": "yes", "recommend": "9"}


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def link(clock: time_machine.Traveller) -> SurveyLink:
    return SurveyLinkFactory()


def send(link: SurveyLink, address: str, *, key: str = "", **headers: str) -> int:
    """One more answer from an address, begun five minutes before."""
    now = datetime.now(UTC)
    key = key or new_page_key(link.pk, now - timedelta(minutes=5)).signed
    body = urlencode({**GOOD, "service_date": str((now - timedelta(days=1)).date()), "key": key})
    client = Client(REMOTE_ADDR=address, headers=headers)
    return int(client.post(f"/s/{link.token}/", body, "application/x-www-form-urlencoded").status_code)


def flags() -> list[int]:
    return list(Response.objects.order_by("pk").values_list("flags", flat=True))


# Counting -------------------------------------------------------------------------------------------------------------


def test_answers_beyond_the_bound_are_marked_and_all_arrive(link: SurveyLink, settings: Any):
    settings.QUALITY_BOUNDS = {**settings.QUALITY_BOUNDS, "address_answers": 3}
    assert [send(link, CLINIC) for _ in range(5)] == [200] * 5
    assert send(link, HOME) == 200
    assert flags() == [0, 0, 0, Flag.ADDRESS, Flag.ADDRESS, 0]


def test_the_usual_bound_bears_a_terminal_in_a_hall(link: SurveyLink):
    for _ in range(21):
        send(link, CLINIC)
    assert flags() == [0] * 20 + [Flag.ADDRESS]


def test_a_repeat_after_a_lost_reply_counts_for_nothing(link: SurveyLink, settings: Any):
    settings.QUALITY_BOUNDS = {**settings.QUALITY_BOUNDS, "address_answers": 2}
    key = new_page_key(link.pk, NOON - timedelta(minutes=5)).signed
    assert [send(link, HOME, key=key) for _ in range(9)] == [200] * 9
    assert [send(link, HOME) for _ in range(2)] == [200] * 2
    assert flags() == [0, 0, Flag.ADDRESS]


def test_what_could_not_be_stored_counts_for_nothing(link: SurveyLink, settings: Any, monkeypatch: pytest.MonkeyPatch):
    """A waiting room behind one router sends again and again while the database is away."""
    settings.QUALITY_BOUNDS = {**settings.QUALITY_BOUNDS, "address_answers": 1}

    def away(response: Response) -> None:
        raise OperationalError("the database is away")

    with monkeypatch.context() as broken:
        broken.setattr("surveys.services.submission.store_response", away)
        for _ in range(3):
            with pytest.raises(OperationalError):
                send(link, HOME)
    assert [send(link, HOME) for _ in range(2)] == [200] * 2
    assert flags() == [0, Flag.ADDRESS]


def test_who_could_not_be_counted_takes_nothing_back(link: SurveyLink, settings: Any, monkeypatch: pytest.MonkeyPatch):
    settings.QUALITY_BOUNDS = {**settings.QUALITY_BOUNDS, "address_answers": 1}
    assert send(link, HOME) == 200
    key = new_page_key(link.pk, NOON - timedelta(minutes=5)).signed
    with monkeypatch.context() as away:
        away.setattr(DayCounter, "add", lambda counter: 0)
        assert [send(link, HOME, key=key) for _ in range(2)] == [200] * 2
    assert send(link, HOME) == 200
    assert flags() == [0, 0, Flag.ADDRESS], "the one that was counted still counts"


def test_institutions_are_counted_apart(link: SurveyLink, settings: Any):
    settings.QUALITY_BOUNDS = {**settings.QUALITY_BOUNDS, "address_answers": 1}
    other = SurveyLinkFactory()
    assert [send(one, HOME) for one in (link, other)] == [200, 200]
    assert flags() == [0, 0]


def test_the_next_day_of_the_region_begins_anew(link: SurveyLink, settings: Any, clock: time_machine.Traveller):
    settings.QUALITY_BOUNDS = {**settings.QUALITY_BOUNDS, "address_answers": 1}
    clock.move_to(datetime(2026, 11, 18, 23, 59, tzinfo=ZONE))
    send(link, HOME)
    send(link, HOME)
    clock.move_to(datetime(2026, 11, 19, 6, 0, tzinfo=ZONE))
    send(link, HOME)
    assert flags() == [0, Flag.ADDRESS, 0]


def test_without_the_cache_answers_arrive_unmarked(
    link: SurveyLink, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    settings.QUALITY_BOUNDS = {**settings.QUALITY_BOUNDS, "address_answers": 1}

    class Away:
        def __getattr__(self, name: str) -> Any:
            raise ConnectionError("203.0.113.77 is not said either")

    monkeypatch.setattr(addresses, "cache", Away())
    assert [send(link, HOME) for _ in range(3)] == [200] * 3
    assert flags() == [0, 0, 0]
    assert HOME not in caplog.text and "ConnectionError" in caplog.text


@pytest.mark.parametrize(
    ("meta", "address"),
    [
        ({"REMOTE_ADDR": "203.0.113.77"}, "203.0.113.77"),
        ({"REMOTE_ADDR": "2001:db8:1:2:3:4:5:6"}, "2001:db8:1:2::/64"),
        ({"REMOTE_ADDR": "::ffff:203.0.113.77"}, "203.0.113.77"),
        ({"REMOTE_ADDR": ""}, ""),
        ({}, ""),
        ({"REMOTE_ADDR": "unix:"}, ""),
        ({"REMOTE_ADDR": "203.0.113.77\x00"}, ""),
        ({"REMOTE_ADDR": "203.0.113.77", "HTTP_X_FORWARDED_FOR": "198.51.100.4"}, "203.0.113.77"),
    ],
)
def test_an_address_is_that_of_the_connection(meta: dict[str, str], address: str):
    assert address_of(meta) == address


def test_in_production_it_is_what_the_own_proxy_says(settings: Any):
    settings.PRODUCTION = True
    meta = {"REMOTE_ADDR": "10.0.0.2", "HTTP_X_FORWARDED_FOR": HOME}
    assert address_of(meta) == HOME
    # The proxy replaces what was sent: a list is none of its making.
    assert address_of(meta | {"HTTP_X_FORWARDED_FOR": f"{HOME}, 1.2.3.4"}) == ""


# Nothing stays --------------------------------------------------------------------------------------------------------


def counters_of_the_day() -> tuple[bytes, list[str]]:
    """The key of the day and what might stand for an address anywhere: plain digests and those under known keys."""
    key = cache.get(key_name(ZONE, datetime.now(UTC)))
    assert isinstance(key, bytes) and len(key) == 32
    return key, [
        HOME,
        hashlib.sha256(HOME.encode()).hexdigest(),
        hashlib.md5(HOME.encode(), usedforsecurity=False).hexdigest(),
        hashlib.sha1(HOME.encode(), usedforsecurity=False).hexdigest(),
        key.hex(),
    ]


def whole_database() -> str:
    from django.apps import apps

    rows = [row for model in apps.get_app_config("surveys").get_models() for row in model._default_manager.all()]
    return str(serializers.serialize("json", rows))


def test_neither_database_nor_logs_hold_an_address_or_what_stands_for_it(
    link: SurveyLink, settings: Any, caplog: pytest.LogCaptureFixture
):
    settings.QUALITY_BOUNDS = {**settings.QUALITY_BOUNDS, "address_answers": 1}
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            send(link, HOME)
    key, traces = counters_of_the_day()
    own = hmac.new(key, f"institution {link.institution_id} {HOME}".encode(), hashlib.sha256).hexdigest()
    assert cache.counted(f"today:{own}") == 3, "the control: this is how it is counted"
    said = whole_database() + caplog.text + json.dumps([str(vars(record)) for record in caplog.records])
    assert link.token in whole_database()
    for trace in (*traces, own, own[:16]):
        assert trace not in said


def test_two_answers_of_one_address_cannot_be_joined(link: SurveyLink, settings: Any):
    """Rows of one address and rows of many differ in nothing but what differs between any two answers."""
    settings.QUALITY_BOUNDS = {**settings.QUALITY_BOUNDS, "address_answers": 2}
    for address in (HOME, HOME, "203.0.113.1", "203.0.113.2"):
        send(link, address)
    rows = list(Response.objects.order_by("pk").values())
    alike = [{name: value for name, value in row.items() if name not in ("id", "key")} for row in rows]
    assert alike[0] == alike[1] == alike[2] == alike[3]
    # The key is the page's own chance.
    assert len({row["key"] for row in rows}) == 4


def test_the_key_differs_each_day_and_the_counters_of_yesterday_stand_for_nobody(
    link: SurveyLink, clock: time_machine.Traveller
):
    send(link, HOME)
    first, _ = counters_of_the_day()
    clock.shift(timedelta(days=1))
    send(link, HOME)
    second, _ = counters_of_the_day()
    assert first != second


def test_after_the_day_the_cache_holds_neither_key_nor_counter(
    link: SurveyLink, clock: time_machine.Traveller, settings: Any
):
    """The embedded cache keeps files: after the hourly task none is left of the day that is over."""
    send(link, HOME)
    folder = Path(settings.CACHES["default"]["LOCATION"])
    key, _ = counters_of_the_day()
    assert any(key in _unpacked(file) for file in folder.glob("*.djcache")), "the control: there it was"
    assert len(list(folder.glob("*.count"))) == 1, "and this is where it was counted"
    clock.move_to(datetime(2026, 11, 19, 0, 1, tzinfo=ZONE))
    forget_addresses()
    assert list(folder.iterdir()) == []


def _unpacked(file: Path) -> bytes:
    import pickle
    import zlib

    with file.open("rb") as packed:
        pickle.load(packed)
        return zlib.decompress(packed.read())


def test_a_process_forgets_the_key_when_it_counts_again(link: SurveyLink, monkeypatch: pytest.MonkeyPatch):
    send(link, HOME)
    assert list(addresses._kept_keys) == [ZONE.key]
    elsewhere = ZoneInfo("Asia/Kamchatka")
    later = time.monotonic() + 11
    monkeypatch.setattr(addresses.time, "monotonic", lambda: later)
    DayCounter({"REMOTE_ADDR": HOME}, scope="x", zone=elsewhere, now=datetime.now(UTC)).add()
    assert list(addresses._kept_keys) == [elsewhere.key]


def test_the_task_leaves_alone_what_is_of_today(link: SurveyLink):
    send(link, HOME)
    key, _ = counters_of_the_day()
    forget_addresses()
    assert counters_of_the_day()[0] == key


def test_a_time_of_nothing_left_is_still_a_time(clock: time_machine.Traveller):
    clock.move_to(datetime(2026, 11, 18, 23, 59, 59, 900_000, tzinfo=ZONE))
    counter = DayCounter({"REMOTE_ADDR": HOME}, scope="x", zone=ZONE, now=datetime.now(UTC))
    counter.add()
    assert counter.count() == 1


def test_the_file_cache_clears_up_what_has_expired(tmp_path: Path):
    files = SweptFileCache(str(tmp_path), {})
    files.set("short", 1, 0.05)
    files.set("long", 2, 60)
    time.sleep(0.1)
    assert len(list(tmp_path.glob("*.djcache"))) == 2
    files.forget_expired()
    assert len(list(tmp_path.glob("*.djcache"))) == 1
    assert files.get("long") == 2


def test_what_is_counted_is_forgotten_with_its_time(tmp_path: Path, clock: time_machine.Traveller):
    files = SweptFileCache(str(tmp_path), {})
    assert [files.count_one("a", 60) for _ in range(3)] == [1, 2, 3]
    assert files.count_one("b", 3600) == 1
    assert (files.counted("a"), files.counted("b"), files.counted("c")) == (3, 1, 0)
    for _ in range(2):
        files.take_one_back("b", 60)
    files.take_one_back("c", 60)
    assert (files.counted("b"), files.counted("c")) == (0, 0)
    clock.shift(timedelta(seconds=61))
    assert files.counted("a") == 0
    assert files.count_one("a", 60) == 1, "begun anew"
    clock.shift(timedelta(seconds=61))
    files.forget_expired()
    assert len(list(tmp_path.iterdir())) == 1
    files.clear()
    assert list(tmp_path.iterdir()) == []


def test_strangers_do_not_fill_the_disk_with_counters(tmp_path: Path):
    files = SweptFileCache(str(tmp_path), {})
    files.most_counters = 3
    assert [files.count_one(f"address-{number}", 60) for number in range(5)] == [1, 1, 1, 0, 0]
    assert files.count_one("address-2", 60) == 2
    assert len(list(tmp_path.iterdir())) == 3


def test_processes_that_count_at_once_lose_nothing(tmp_path: Path):
    """Each appends a byte. The control reads, adds one and writes, as a cache without counting would have to."""
    files = SweptFileCache(str(tmp_path), {})
    (tmp_path / "control").write_text("0")
    program = """
import sys
from django.conf import settings
settings.configure()
from pathlib import Path
from nsi_portal.cache import ForgivingRedisCache, SweptFileCache
files, control = SweptFileCache(sys.argv[1], {}), Path(sys.argv[1]) / "control"
sys.stdin.read()
for number in range(2000):
    files.count_one("a", 60)
    # Those who begin at once count, too.
    files.count_one(f"first-{number % 200}", 60)
    control.write_text(str(int(control.read_text() or 0) + 1))
"""
    children = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, cwd=ROOT)
        for _ in range(4)
    ]
    for child in children:
        assert child.stdin
        child.stdin.close()
    assert [child.wait(60) for child in children] == [0] * 4
    assert files.counted("a") == 8000
    assert [files.counted(f"first-{number}") for number in range(200)] == [40] * 200
    assert int((tmp_path / "control").read_text() or 0) < 8000


def test_redis_counts_in_the_same_way(tmp_path: Path):
    with servers.redis(tmp_path) as url:
        cache = ForgivingRedisCache(url, {})
        assert [cache.count_one("a", 60) for _ in range(3)] == [1, 2, 3]
        cache.take_one_back("a", 60)
        assert (cache.counted("a"), cache.counted("b")) == (2, 0)
        client = cache._cache.get_client(None)
        assert 0 < client.ttl(cache.make_key("a")) <= 60
        # Nothing there: nothing to take back, and nothing stays for ever.
        cache.take_one_back("b", 60)
        assert cache.counted("b") == 0
        assert 0 < client.ttl(cache.make_key("b")) <= 60
