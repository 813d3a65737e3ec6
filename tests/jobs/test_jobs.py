"""The job table: one active job per kind and scope, killed jobs run again, a broker that is away loses nothing."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from django.db import connection, connections
from django.utils import timezone

from jobs import services
from jobs.models import Job
from tests import servers

pytestmark = pytest.mark.django_db


@pytest.fixture
def body() -> Iterator[list[int]]:
    """A kind of work that notes the jobs it did; tests may make it fail by putting an exception into `body.errors`."""
    done: list[int] = []

    @services.job_body("test")
    def work(run: services.Run) -> str:
        run.progress(50, "Половина")
        done.append(run.job.pk)
        if error := run.job.parameters.get("error"):
            raise {"refused": services.JobRefused("Нельзя"), "broken": RuntimeError("secret detail")}[error]
        return "Сделано"

    yield done
    del services._bodies["test"]


def test_a_job_asked_for_twice_is_one_job(body: list[int]):
    first = services.ask_for("test", scope="one")
    assert services.ask_for("test", scope="one") == first
    assert services.ask_for("test", scope="other") != first


def test_a_finished_job_can_be_asked_for_again(body: list[int]):
    first = services.ask_for("test", scope="one")
    services.run_job(first.pk)
    assert services.ask_for("test", scope="one") != first


def test_an_unknown_kind_is_a_mistake_of_the_program():
    with pytest.raises(ValueError, match="nobody does"):
        services.ask_for("no such work", scope="one")


def test_a_job_reports_its_end(body: list[int]):
    job = services.ask_for("test", scope="one")
    services.run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.percent, job.message, job.attempts) == (Job.State.DONE, 100, "Сделано", 1)
    assert job.finished_at


def test_a_job_done_is_not_done_again_however_often_the_queue_says_so(body: list[int]):
    job = services.ask_for("test", scope="one")
    for _ in range(3):
        services.run_job(job.pk)
    assert body == [job.pk]


def test_a_refusal_is_told_to_the_person(body: list[int]):
    job = services.ask_for("test", scope="one", parameters={"error": "refused"})
    services.run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.message, job.error_id) == (Job.State.FAILED, "Нельзя", "")


def test_a_failure_has_a_number_that_stands_in_the_log_and_tells_no_detail(
    body: list[int], caplog: pytest.LogCaptureFixture
):
    job = services.ask_for("test", scope="one", parameters={"error": "broken"})
    services.run_job(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "secret" not in job.message
    assert job.error_id and job.error_id in caplog.text


def test_a_job_of_a_living_worker_is_left_alone(body: list[int]):
    job = services.ask_for("test", scope="one")
    Job.objects.update(state=Job.State.RUNNING, claim=Job.new_claim(), heartbeat_at=timezone.now())
    services.run_job(job.pk)
    assert body == []


def test_a_job_whose_worker_shows_no_life_is_run_again(body: list[int]):
    job = services.ask_for("test", scope="one")
    silent_since = timezone.now() - timedelta(minutes=5)
    Job.objects.update(state=Job.State.RUNNING, claim=Job.new_claim(), heartbeat_at=silent_since, attempts=1)
    services.run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts, body) == (Job.State.DONE, 2, [job.pk])


def test_a_job_that_is_always_cut_short_is_given_up_with_a_word(body: list[int]):
    job = services.ask_for("test", scope="one")
    Job.objects.update(attempts=services.MAX_ATTEMPTS)
    services.run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, body) == (Job.State.FAILED, [])
    assert job.message


def test_a_worker_believed_dead_that_comes_back_can_write_nothing(body: list[int]):
    job = services.ask_for("test", scope="one")
    old_claim, new_claim = Job.new_claim(), Job.new_claim()
    Job.objects.update(state=Job.State.RUNNING, claim=new_claim, heartbeat_at=timezone.now())
    with pytest.raises(services.ClaimLost):
        services.Run(job, old_claim).progress(90, "почти")
    job.refresh_from_db()
    assert (job.percent, job.message) == (0, "")


def test_a_broker_that_is_away_loses_nothing(body: list[int], django_capture_on_commit_callbacks, settings):
    with (
        patch("jobs.tasks.look_at_job.apply_async", side_effect=ConnectionError("no broker")),
        django_capture_on_commit_callbacks(execute=True),
    ):
        job = services.ask_for("test", scope="one")
    assert Job.objects.get().state == Job.State.QUEUED
    # The broker is back: the scheduler looks at the table.
    with patch("jobs.tasks.look_at_job.apply_async") as sent:
        assert services.look_after_jobs(timezone.now()) == 1
    assert sent.call_args.args == ((job.pk,),)


def test_the_scheduler_leaves_living_and_finished_jobs_alone(body: list[int]):
    for scope, state in (("a", Job.State.RUNNING), ("b", Job.State.DONE), ("c", Job.State.FAILED)):
        Job.objects.create(kind="test", scope=scope, state=state, heartbeat_at=timezone.now())
    with patch("jobs.tasks.look_at_job.apply_async") as sent:
        services.look_after_jobs(timezone.now())
    sent.assert_not_called()


@pytest.mark.django_db(transaction=True)
def test_asked_for_by_many_at_once_it_is_one_job(body: list[int]):
    """Threads with connections of their own: the database's constraint decides."""
    found: list[int] = []
    start = threading.Barrier(6)

    def ask() -> None:
        start.wait()
        with patch("jobs.services.send"):
            found.append(services.ask_for("test", scope="one").pk)
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 6
    assert len(set(found)) == 1
    assert Job.objects.count() == 1


KILLED_HALF_WAY = """
import sys, time
import django
django.setup()
from jobs import services

@services.job_body("test")
def work(run):
    run.progress(50, "Половина")
    print("half", flush=True)
    time.sleep(60)
    return "не дойдёт"

services.run_job(int(sys.argv[1]))
"""


@pytest.mark.django_db(transaction=True)
def test_a_job_killed_half_way_is_run_again(body: list[int], tmp_path: Path, settings):
    """A real process, killed with SIGKILL in the middle of the work."""
    with patch("jobs.services.send"):
        job = services.ask_for("test", scope="one")
    database = connection.settings_dict
    if connection.vendor == "postgresql":
        url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    elif connection.is_in_memory_db():
        pytest.fail("this test needs a database that another process can open")
    else:
        url = f"sqlite:///{database['NAME']}"
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "NSI_VAR": str(tmp_path / "var"),
        "DJANGO_SETTINGS_MODULE": "nsi_portal.settings",
    }
    command = [sys.executable, "-c", KILLED_HALF_WAY, str(job.pk)]
    with servers.process(command, environment, tmp_path / "log") as worker:
        servers.wait_until(lambda: "half" in worker.output(), 30, "the work", worker)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    job.refresh_from_db()
    assert (job.state, job.percent) == (Job.State.RUNNING, 50), "nobody has noticed yet"
    settings.JOB_STALE_SECONDS = 0
    services.run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.message, job.attempts, body) == (Job.State.DONE, "Сделано", 2, [job.pk])
