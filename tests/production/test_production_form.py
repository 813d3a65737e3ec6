"""What docker-compose.yml describes, started for real and walked through from outside."""

import http.client
import json
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.urls import reverse

from tests import servers
from tests.production.form import COMPOSE, ROOT, ProductionForm, Visitor, compose_file

# One group: the servers are started once, not once per parallel worker.
pytestmark = [pytest.mark.production, pytest.mark.xdist_group("production")]


def test_the_compose_file_is_valid_against_the_compose_schema():
    checker = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run(
        [checker, "--builtin-schema", "vendor.compose-spec", COMPOSE], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_variable_of_the_compose_file_is_explained_in_the_example():
    used = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text()))
    lines = (ROOT / ".env.example").read_text().splitlines()
    explained = {line.split("=")[0] for line in lines if re.match(r"\w+=", line)}
    assert used == explained


def test_the_compose_file_refuses_to_start_without_its_secrets():
    with pytest.raises(AssertionError, match="SECRET_KEY"):
        compose_file({"ALLOWED_HOSTS": "localhost", "PUBLIC_URL": "https://localhost", "POSTGRES_PASSWORD": "x"})


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_is_answered_through_the_proxy(production: ProductionForm, path: str):
    answer = production.get(path)
    assert answer.status == 200, answer.text


@pytest.mark.parametrize("service", ["web", "worker"])
def test_the_health_check_of_a_service_passes(production: ProductionForm, service: str):
    servers.wait_until(
        lambda: production.health_check(service).returncode == 0,
        60,
        f"health check of {service}",
        production.processes[service],
    )


def test_the_health_check_of_beat_finds_its_schedule(production: ProductionForm):
    servers.wait_until(
        lambda: production.health_check("beat").returncode == 0,
        30,
        "health check of beat",
        production.processes["beat"],
    )


def test_the_sign_in_page_comes_complete_and_safe(production: ProductionForm):
    answer = production.get(reverse("account_login"))
    assert answer.status == 200
    assert 'lang="ru"' in answer.text and 'type="password"' in answer.text
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src" in answer.headers["Content-Security-Policy"]
    assert "nginx/" not in answer.headers.get("Server", "")
    cookies = answer.headers.get_all("Set-Cookie") or []
    assert cookies and all("Secure" in cookie for cookie in cookies)


def test_static_files_are_compressed_and_cached_for_ever(production: ProductionForm):
    page = production.get(reverse("account_login")).text
    styles = re.findall(r'href="(/static/[^"]+\.css)"', page)
    assert styles
    for path in styles:
        first, second = (production.get(path, **{"Accept-Encoding": "gzip"}) for _ in range(2))
        assert first.status == 200
        assert first.headers["Content-Type"].startswith("text/css")
        assert first.headers["Content-Encoding"] == "gzip"
        assert "immutable" in first.headers["Cache-Control"]
        assert second.headers["X-Cache"] == "HIT" and second.body == first.body


def test_pages_are_compressed(production: ProductionForm):
    assert production.get(reverse("account_login"), **{"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"


def test_a_wrong_host_is_refused(production: ProductionForm):
    assert production.get(reverse("account_login"), Host="evil.example").status == 400


def test_plain_http_is_sent_to_the_portals_own_address(production: ProductionForm):
    with closing(http.client.HTTPConnection("127.0.0.1", production.http_port, timeout=10)) as connection:
        connection.request("GET", "/s/abc/?x=1", headers={"Host": "evil.example"})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Location"]) == (308, f"{production.public_url}/s/abc/?x=1")


def test_the_public_questionnaire_and_links_of_letters_leave_no_line_in_the_access_log(production: ProductionForm):
    for path in ("/s/", "/api/v1/public/", "/invitation/", "/signup/", "/accounts/password/reset/key/1-"):
        production.get(f"{path}unknown-token-for-the-log/")
    sent = {"Content-Type": "application/json"}
    answer = production.request("POST", "/api/v1/public/unknown-token-for-the-log/answers/", sent, b"{}")
    assert answer.status == 404
    for path in ("/s/", "/api/v1/public/"):
        refused = production.request("POST", f"{path}unknown-token-for-the-log/", {"Content-Length": "10000000"}, b"")
        assert refused.status == 413
    production.get(reverse("account_login") + "?after=1")
    servers.wait_until(lambda: "?after=1" in production.access_log, 20, "the proxy writes its access log")
    assert "unknown-token-for-the-log" not in production.access_log


def test_too_much_is_refused_in_plain_words(production: ProductionForm):
    answer = production.request("POST", "/s/unknown/", {"Content-Length": str(10_000_000)}, b"")
    assert answer.status == 413
    assert "Слишком много данных" in answer.text


def test_the_queue_carries_a_question_to_the_worker(production: ProductionForm):
    done = production.run("celery", "--app=nsi_portal", "inspect", "--json", "registered", "--timeout=10")
    assert done.returncode == 0, done.stdout + done.stderr
    (tasks,) = json.loads(done.stdout).values()
    assert any(task.startswith("jobs.") for task in tasks)


def test_a_session_travels_over_tls_only(member: Visitor):
    cookie = member.cookies["sessionid"]
    assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax"
    assert member.get("/").status == 200


def test_a_quarter_is_calculated_published_and_reported_over_the_queue(
    production: ProductionForm, region: dict[str, str], member: Visitor
):
    quarter = f"{region['place']}{region['due']}/"
    assert member.post(f"{quarter}calculate/").status == 302
    wait_for_page(member, quarter, "publish/", production)
    assert member.post(f"{quarter}publish/").status == 302
    wait_for_page(member, quarter, "/download/", production, count=2)

    analyst = Visitor(production)
    analyst.sign_in(region["analyst"], region["password"])
    listed = re.findall(r'href="(/reports/\d+/download/)"', analyst.get("/reports/").text)
    files = [analyst.get(path) for path in sorted(set(listed))]
    assert [file.status for file in files] == [200, 200]
    assert sorted(file.body[:4] for file in files) == [b"%PDF", b"PK\x03\x04"]
    for file in files:
        assert file.headers["Content-Disposition"].startswith("attachment")
        assert file.headers["Cache-Control"] == "private, no-store"
    # Nobody gets them without signing in, the proxy's cache notwithstanding.
    assert production.get(listed[0]).status == 302


def test_a_job_asked_for_while_redis_is_away_is_done_when_it_is_back(
    production: ProductionForm, region: dict[str, str], member: Visitor
):
    quarter = f"{region['place']}{region['before']}/"
    with production.without_redis():
        assert member.post(f"{quarter}calculate/").status == 302
        page = member.get(quarter)
        assert page.status == 200 and "Ждёт очереди" in page.text
        assert problems(production) == ["cache"]
        assert Visitor(production).sign_in(region["member"], region["password"]).status == 302
    # Nobody asks again: the scheduler finds the job.
    wait_for_page(member, quarter, "publish/", production)
    servers.wait_until(lambda: problems(production) == [], 30, "nothing is missing any more")


def problems(production: ProductionForm) -> list[str]:
    """What the portal itself says it is missing."""
    found: list[str] = json.loads(production.get("/health/ready").body)["problems"]
    return found


def wait_for_page(visitor: Visitor, path: str, text: str, production: ProductionForm, count: int = 1) -> None:
    servers.wait_until(
        lambda: visitor.get(path).text.count(text) >= count, 60, f"{path} says {text}", production.processes["worker"]
    )


def test_attempts_to_sign_in_are_counted_by_the_visitors_address(production: ProductionForm, region: dict[str, str]):
    """Not by the proxy's: a stranger who guesses must not lock everybody out."""
    stranger = Visitor(production, source="127.0.0.2")
    said = [stranger.sign_in(f"person{number}@example.ru", "догадка").text for number in range(11)]
    assert "попыт" not in said[0] and "попыт" in said[-1]
    assert Visitor(production).sign_in(region["member"], region["password"]).status == 302
