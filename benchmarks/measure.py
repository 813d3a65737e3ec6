"""The measurements. Each prints what was measured, its yardstick in the same run, their ratio and the goal."""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from benchmarks import data
from benchmarks import surveys as of_surveys
from benchmarks.soak import soak
from benchmarks.surveys import took
from monitoring.models import Collection
from monitoring.quarters.services import quarter_result
from regions.models import Body, Institution, Region, RegionLifeSituation
from regions.roles import Role
from surveys.counting.counts import SHARES, InstitutionCounts
from surveys.counting.readings import counts_for_period
from surveys.filling.page_keys import new_page_key
from surveys.filling.public import DRAFT_COOKIE
from surveys.models import Response, SurveyLink
from surveys.quality.addresses import DayCounter
from surveys.services.filling import keep_draft
from tests import servers

# Many short rounds, ours and the yardstick in turn: a slow moment of the machine hits both. Connections enough to be
# spread evenly over the server's processes.
ROUNDS = 20
CONNECTIONS = 32


@dataclass(frozen=True)
class Line:
    what: str
    measured: str
    yardstick: str
    ratio: float
    goal: str
    reached: bool


def run(tmp: Path, options: argparse.Namespace, *, kill_database: Callable[[], None]) -> int:
    """Measure everything, print the table; 0 when all goals are reached."""
    sizes, seconds = options.sizes, options.seconds
    place = data.place()
    lines: list[Line] = []
    if options.only == "page":
        return _told(_public_page(tmp, seconds))
    if options.only == "soak":
        return _told(_soak(tmp, options, kill_database))
    if options.only == "import":
        return _told(_import())
    if options.only == "answers":
        return _told(_sizes(place, sizes) + _export(place))
    lines += _list_pages(place)
    lines += _public_page(tmp, seconds)
    lines += _sizes(place, sizes)
    lines += _export(place)
    lines += _import()
    lines += _country_pages()
    lines += _soak(tmp, options, kill_database)
    return _told(lines)


def _told(lines: list[Line]) -> int:
    _print(lines)
    return 0 if all(line.reached for line in lines) else 1


def _print(lines: list[Line]) -> None:
    headings = ("what", "measured", "yardstick", "ratio", "goal", "")
    rows = [headings] + [
        (line.what, line.measured, line.yardstick, f"{line.ratio:.2f}", line.goal, "ok" if line.reached else "MISSED")
        for line in lines
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(headings))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


# Sizes


def _sizes(place: RegionLifeSituation, sizes: list[int]) -> list[Line]:
    """What must not depend on the number of answers, or be near to bare SQL at any number of them."""
    looker = _client(data.person(Role.AGENCY_ANALYST))
    lines, copies = [], {}
    for size in sorted(sizes):
        data.fill(place, size)
        lines.append(_quarter(place, size))
        copies[size] = data.copy(f"bench_{size}")
    smallest, *larger = copies
    for size in larger:
        # In turn: minutes apart, the ratio would say as much about the machine as about the code.
        readings: list[tuple[float, float]] = []
        pages: list[tuple[float, float]] = []
        for _ in range(ROUNDS):
            at_both = []
            for name in (copies[size], copies[smallest]):
                with data.in_copy(name):
                    at_both.append((_any_period(place), of_surveys.results_page(looker, place)))
            (reading, page), (reading_of_few, page_of_few) = at_both
            readings.append((reading, reading_of_few))
            pages.append((page, page_of_few))
        lines.append(
            _times(f"КПЭ of an institution from the rollup, {size:,} answers", readings, f"at {smallest:,}", 1.2)
        )
        lines.append(_times(f"results of a region, {size:,} answers", pages, f"at {smallest:,}", 1.5))
        lines.append(_queries_of_results(looker, place, copies, size, smallest))
    return lines


def _times(what: str, rounds: list[tuple[float, float]], yardstick: str, goal: float) -> Line:
    """The median of the rounds' ratios of two durations in seconds."""
    ratio = statistics.median(ours / bare for ours, bare in rounds)
    ours, bare = (statistics.median(pair[side] for pair in rounds) for side in (0, 1))
    return Line(what, _duration(ours), f"{_duration(bare)} {yardstick}", ratio, f"≤ {goal:.2f}", ratio <= goal)


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.1 else f"{seconds * 1000:.2f} ms"


def _queries_of_results(
    looker: Client, place: RegionLifeSituation, copies: dict[int, str], size: int, smallest: int
) -> Line:
    found = []
    for one in (size, smallest):
        with data.in_copy(copies[one]):
            found.append(of_surveys.queries_of_results(looker, place))
    many, few = found
    return Line(
        f"results of a region, {size:,} answers, queries", str(many), f"{few} at {smallest:,}", many / few, "= 1.00",
        many == few,
    )  # fmt: skip


# Public questionnaire


def _public_page(tmp: Path, seconds: int) -> list[Line]:
    link = SurveyLink.objects.order_by("pk")[0]
    page_file = tmp / "page"
    page_file.write_bytes(b"")
    port = servers.free_port()
    base = f"http://127.0.0.1:{port}"
    with _gunicorn(tmp, port, page_file):
        _wait(base)
        with urlopen(f"{base}/s/{link.token}/") as answer:
            page_file.write_bytes(answer.read())
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_response (id bigserial PRIMARY KEY, key varchar(64) UNIQUE, body text)")
    with _gunicorn(tmp, port, page_file):
        _wait(base)
        pages = [f"{base}/s/{link.token}/", f"{base}/bench/page"]
        gets = [[_wrk(url, seconds) for url in pages] for _ in range(ROUNDS)]
        before = Response.objects.count()
        inserts = [f"{base}/s/{link.token}/", f"{base}/bench/insert"]
        posts = []
        for _ in range(ROUNDS):
            script = _post_script(tmp, link, seconds)
            posts.append([_wrk(url, seconds, script) for url in inserts])
        # Phones of their own would soon meet the limit of forms kept for a link: one phone saves again and again.
        now = timezone.now()
        token = keep_draft(
            link_id=link.pk, token=None, key=new_page_key(link.pk, now).signed, sent={}, language="", step=0, now=now,
            begun_there=lambda: DayCounter({}, scope="", zone=link.institution.region.zone, now=now),
        )  # fmt: skip
        saves = []
        for _ in range(ROUNDS):
            script = _post_script(tmp, link, seconds, more="&_do=save", cookie=f"{DRAFT_COOKIE}={token}")
            saves.append([_wrk(url, seconds, script) for url in inserts])
        stored = Response.objects.count() - before
    # The rate counts only if answers were stored: a page of errors or the thanks for a repeat would be faster.
    # A few requests are under way when the load ends: stored, but not counted by it.
    sent = sum(ours.requests for ours, _ in posts)
    if not sent <= stored <= sent + ROUNDS * CONNECTIONS:
        raise RuntimeError(f"{sent} answers were sent, {stored} were stored")
    return [
        _rate_line("public questionnaire, GET", gets, "bare view, same bytes"),
        _rate_line("public questionnaire, POST", posts, "bare view, one INSERT"),
        _rate_line("public questionnaire, step saved", saves, "bare view, one INSERT"),
    ]


def _gunicorn(tmp: Path, port: int, page_file: Path) -> AbstractContextManager[servers.Process]:
    command = [
        sys.executable, "-m", "gunicorn", "nsi_portal.wsgi:application", "--bind", f"127.0.0.1:{port}",
        "--workers", "2", "--threads", "4", "--log-level", "warning", "--no-control-socket",
    ]  # fmt: skip
    return servers.process(command, env={**os.environ, "BENCH_PAGE": str(page_file)}, log=tmp / "gunicorn.log")


def _wait(base: str) -> None:
    servers.wait_for_http(f"{base}/health/ready")


@dataclass(frozen=True)
class Load:
    rate: float
    requests: int


def _wrk(url: str, seconds: int, script: Path | None = None) -> Load:
    command = [
        "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *(["-s", str(script)] if script else []), url,
    ]  # fmt: skip
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"the load met errors:\n{output}")
    rate, requests = re.search(r"Requests/sec:\s+([\d.]+)", output), re.search(r"(\d+) requests in", output)
    assert rate and requests
    return Load(float(rate[1]), int(requests[1]))


def _post_script(tmp: Path, link: SurveyLink, seconds: int, *, more: str = "", cookie: str = "") -> Path:
    """Answers as a browser sends them, every one from a page of its own."""
    now = timezone.now()
    answers = urlencode(
        {
            "service_date": link.institution.region.local_date(now).isoformat(),
            "satisfaction": "rather_yes",
            "documents": "yes",
            "duration": "no",
            "duration_comment": "Долго ждали",
            "clarity": "yes",
            "support": "yes",
            "recommend": "9",
            "days": "12",
            "suggestions": "",
        }
    )
    keys = tmp / "keys"
    keys.write_text("\n".join(new_page_key(link.pk, now).signed for _ in range(seconds * 5000)))
    script = tmp / "post.lua"
    script.write_text(
        f"""
        local keys = {{}}
        for line in io.lines({json.dumps(str(keys))}) do keys[#keys + 1] = line end
        local next = 0
        wrk.method = "POST"
        wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
        {f'wrk.headers["Cookie"] = "{cookie}"' if cookie else ""}
        request = function()
            next = next + 1
            return wrk.format(nil, nil, nil, "key=" .. keys[next] .. "&{answers}{more}")
        end
        """
    )
    return script


def _rate_line(what: str, rounds: list[list[Load]], yardstick: str) -> Line:
    """The median of the rounds' ratios."""
    ratio = statistics.median(ours.rate / bare.rate for ours, bare in rounds)
    ours, bare = (statistics.median(pair[side].rate for pair in rounds) for side in (0, 1))
    return Line(what, f"{ours:.0f}/s", f"{bare:.0f}/s {yardstick}", ratio, "≥ 0.50", ratio >= 0.5)


# Export, import


def _export(place: RegionLifeSituation) -> list[Line]:
    times, memory = of_surveys.export(place)
    return [
        _times(f"XLSX of {of_surveys.EXPORTED:,} answers", times, "bare write-only openpyxl", 1.3),
        Line("its memory", "at the whole", "at a tenth of the rows", memory, "≤ 1.30", memory <= 1.3),
    ]


def _import() -> list[Line]:
    times = of_surveys.import_rows(SurveyLink.objects.order_by("pk")[0])
    return [_times(f"import of {of_surveys.IMPORTED:,} rows", times, "reading them", 3)]


# Soak


def _soak(tmp: Path, options: argparse.Namespace, kill_database: Callable[[], None]) -> list[Line]:
    """Answers at a steady rate against gunicorn and PostgreSQL; then the same while PostgreSQL is killed."""
    if not options.soak_seconds:
        return []
    rate, seconds = options.soak_rate, options.soak_seconds
    link = SurveyLink.objects.order_by("pk")[0]

    def outage() -> None:
        time.sleep(seconds / 3)
        kill_database()

    lines = []
    for name, meanwhile in (("", None), (", PostgreSQL killed", outage)):
        port = servers.free_port()
        with _gunicorn(tmp, port, Path(os.devnull)):
            _wait(f"http://127.0.0.1:{port}")
            found = soak(link, port, rate=rate, seconds=seconds, meanwhile=meanwhile)
        print(f"soak{name}: {found.told()}")
        lines.append(
            Line(
                f"soak of {rate}/s for {seconds} s{name}: stored",
                f"{found.stored} stored",
                f"{len(found.acknowledged)} acknowledged of {found.sent}",
                found.stored / found.sent,
                "= 1.00",
                found.is_whole,
            )
        )
    return lines


# КПЭ

# The same numbers by hand: one pass over the same rows, in the same groups.
RAW = """
    SELECT institution_id, days, is_eligible, is_excluded, count(*),
        count(satisfaction), count(*) FILTER (WHERE satisfaction >= 3),
        count(documents), count(*) FILTER (WHERE documents >= 3),
        count(duration), count(*) FILTER (WHERE duration >= 3),
        count(clarity), count(*) FILTER (WHERE clarity >= 3),
        count(support), count(*) FILTER (WHERE support >= 3),
        count(nps), count(*) FILTER (WHERE nps >= 9), count(*) FILTER (WHERE nps <= 6)
    FROM surveys_response
    WHERE life_situation_id = %s AND answered_on BETWEEN %s AND %s AND is_measured
    GROUP BY institution_id, days, is_eligible, is_excluded
"""


def _quarter(place: RegionLifeSituation, size: int) -> Line:
    quarter = data.period()

    def raw() -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(RAW, [place.life_situation_id, quarter.opens_on, quarter.closes_on])
            return cursor.fetchall()

    by_hand: dict[int, list[int]] = {}
    for institution, _days, is_eligible, is_excluded, *numbers in raw():
        if is_eligible and not is_excluded:
            before = by_hand.get(institution, [0] * len(numbers))
            by_hand[institution] = [one + other for one, other in zip(before, numbers, strict=True)]
    result = quarter_result(place, quarter, from_answers=True)
    assert {one.id: _numbers(one.counts) for one in result.institutions} == by_hand
    pairs = [(took(lambda: quarter_result(place, quarter, from_answers=True)), took(raw)) for _ in range(2 * ROUNDS)]
    return _times(f"a quarter from raw answers, {size:,} answers", pairs, "raw GROUP BY", 1.5)


def _numbers(counts: InstitutionCounts) -> list[int]:
    """In the order of the columns of RAW."""
    shares = (counts.shares[share] for share in SHARES)
    nps = counts.nps
    return [
        counts.eligible, *(number for one in shares for number in (one.n, one.positive)), nps.n, nps.promoters,
        nps.detractors,
    ]  # fmt: skip


def _any_period(place: RegionLifeSituation) -> float:
    """The least time of a few readings: the first on a new connection also opens it."""
    quarter = data.period()
    institution = Institution.objects.order_by("pk")[0]
    return min(
        took(
            lambda: counts_for_period(
                life_situation_id=place.life_situation_id,
                institution_ids=[institution.pk],
                first=quarter.opens_on,
                last=quarter.closes_on,
            )
        )
        for _ in range(20)
    )


# Lists


def _client(user: User) -> Client:
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def _list_pages(place: RegionLifeSituation) -> list[Line]:
    """Numbers of queries of the list pages with one row and with a hundred times as many; leaves nothing behind."""
    region = place.region.code
    institution = Institution.objects.filter(region=place.region).order_by("pk")[0]
    of_the_agency = {
        "institutions": "/institutions/?name=Список",
        "links of an institution": f"/institutions/{institution.pk}/links/",
        "quarter of a region": f"/regions/{region}/{place.life_situation.code}/{data.period().code}/",
        "cabinet of the Agency": "/",
        "institutions of a region": reverse("region-institutions", args=[region]),
        "people": reverse("people-list"),
        "people of a region": reverse("region-people", args=[region]),
        "invitations": reverse("invitation-list", args=[region]),
        "requests": reverse("request-list", args=[region]),
        "letters of a region": reverse("letter-list", args=[region]),
        "register of letters": reverse("letter-register", args=[region]),
        "letters of the country": reverse("letters-overview"),
        "deadlines of letters": reverse("deadline-list"),
        "ЖС of a region": reverse("place-list", args=[region]),
        "bodies of a region": reverse("body-list", args=[region]),
        "card of a region": reverse("region-card", args=[region]),
        "country": reverse("country"),
        "reports": reverse("report-list"),
        "materials": reverse("material-list"),
    }
    with transaction.atomic():
        agency = _client(data.person(Role.AGENCY_ADMIN))
        own = _client(data.person(Role.NSI_ADMIN, place.region))
        pages = {name: (agency, url) for name, url in of_the_agency.items()} | {"cabinet of a region": (own, "/")}

        def queries(client: Client, url: str) -> int:
            client.get(url)  # what is read once per process does not count
            with CaptureQueriesContext(connection) as captured:
                response = client.get(url)
            assert response.status_code == 200, (url, response.status_code)
            return len(captured)

        data.rows(place, 0, 1)
        page_of_members = reverse("body", args=[Body.objects.get(region=place.region).pk])
        pages["members of a body"] = (agency, page_of_members)
        one = {name: queries(*page) for name, page in pages.items()}
        data.rows(place, 1, 100)
        hundred = {name: queries(*page) for name, page in pages.items()}
        assert not Collection.objects.exists()
        transaction.set_rollback(True)
    return [
        Line(
            f"list page, {name}",
            f"{hundred[name]} queries at 100 rows",
            f"{one[name]} at 1 row",
            hundred[name] / one[name],
            "= 1.00",
            hundred[name] == one[name],
        )
        for name in pages
    ]


# Pages of the whole country

# What a page may cost beside an empty one of the same person; why just so: README.md.
PAGE_GOALS = {"card of a region": 12.0, "institutions": 12.0, "institutions, filtered": 17.0, "cabinet": 12.0}
PAGE_ROUNDS = 100


def _country_pages() -> list[Line]:
    """What nineteen of twenty people wait at most (p95), with 20 000 institutions and 50 000 people."""
    data.country()
    region = Region.objects.get(code="RU-MOW")
    lines = []
    for role, own in ((Role.NSI_ADMIN, region), (Role.AGENCY_ADMIN, None)):
        client = _client(data.person(role, own))
        pages = {
            "card of a region": reverse("region-card", args=[region.code]),
            "institutions": reverse("institution-list"),
            "institutions, filtered": reverse("institution-list") + "?name=занятости 77&settlement=village",
            "cabinet": reverse("cabinet"),
        }
        for name, url in pages.items():
            ours, bare = _in_turn(client, url, "/bench/empty")
            ratio = ours / bare
            goal = PAGE_GOALS[name]
            lines.append(
                Line(
                    f"{name}, {role}, p95",
                    f"{ours * 1000:.0f} ms",
                    f"{bare * 1000:.0f} ms an empty page",
                    ratio,
                    f"≤ {goal:.2f}",
                    ratio <= goal,
                )
            )
    return lines


def _in_turn(client: Client, *urls: str) -> list[float]:
    """The 95th percentile of the time of each page, asked for in turn."""
    times: dict[str, list[float]] = {url: [] for url in urls}
    for number in range(PAGE_ROUNDS + 5):
        for url in urls:
            begun = time.perf_counter()
            response = client.get(url)
            took = time.perf_counter() - begun
            assert response.status_code == 200, (url, response.status_code)
            # The first ones compile templates and fill caches.
            if number >= 5:
                times[url].append(took)
    return [statistics.quantiles(one, n=20)[-1] for one in times.values()]
