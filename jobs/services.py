"""Asking for long work, doing it and looking after it."""

import logging
import secrets
import threading
import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.db.models import Model
from django.utils import timezone

from jobs.models import Job

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
MESSAGE_SECONDS = 60

Body = Callable[["Run"], str]
_bodies: dict[str, Body] = {}


class JobRefused(Exception):
    """The body cannot do the work as things stand; the message is for the person who asked (Russian)."""


class ClaimLost(Exception):
    """Another worker has taken the job over: this one must stop and write nothing more."""


def job_body(kind: str) -> Callable[[Body], Body]:
    """Register the function that does jobs of `kind`.

    It takes a Run, returns the closing message and may be run twice: a job killed half-way starts anew.
    """

    def register(body: Body) -> Body:
        _bodies[kind] = body
        return body

    return register


def ask_for(kind: str, *, scope: str, parameters: dict[str, Any] | None = None, by: Model | None = None) -> Job:
    """The active job of this kind and scope, or a new one when there is none.

    `by` is the user who asks. Never fails because the broker is away: the scheduler finds the row later.
    """
    if kind not in _bodies:
        raise ValueError(f"nobody does jobs of kind {kind!r}")
    active = Job.objects.active().filter(kind=kind, scope=scope)
    if found := active.first():
        return found
    try:
        # A savepoint: the caller's transaction must survive a lost race.
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind, scope=scope, parameters=parameters or {}, requested_by_id=by.pk if by else None
            )
    except IntegrityError:
        # Somebody asked in the same moment: theirs will do, and if it has ended already, there is time to ask anew.
        if found := active.first():
            return found
        raise
    # After commit: a worker that is faster than the transaction would find no row.
    transaction.on_commit(partial(send, job.pk))
    return job


def send(job_id: int) -> None:
    """Tell the queue to look at a job; a queue that is away is only logged."""
    from jobs.tasks import look_at_job

    try:
        # Expires: while a worker is busy, the scheduler says it again and again.
        look_at_job.apply_async((job_id,), retry=False, expires=MESSAGE_SECONDS)
    except Exception as error:  # Each transport has errors of its own; the row waits for the scheduler in any case.
        logger.warning("queue is away, job %s waits for the scheduler: %s", job_id, type(error).__name__)


def look_after_jobs(now: datetime) -> int:
    """Send every job nobody is working on to the queue again; return how many there were."""
    waiting = list(Job.objects.claimable(now).values_list("pk", flat=True))
    for job_id in waiting:
        send(job_id)
    return len(waiting)


def run_job(job_id: int) -> None:
    """Do a job unless somebody else is at it. Safe to call any number of times, from any number of workers."""
    claim = Job.new_claim()
    now = timezone.now()
    taken = Job.objects.claimable(now).filter(pk=job_id)
    if not taken.update(state=Job.State.RUNNING, claim=claim, heartbeat_at=now, percent=0):
        return
    job = Job.objects.get(pk=job_id)
    try:
        with Run(job, claim) as run:
            _do(run, now)
    except ClaimLost:
        logger.warning("job %s was taken over by another worker", job_id)


def _do(run: "Run", now: datetime) -> None:
    job = run.job
    if job.attempts >= MAX_ATTEMPTS:
        run.fail("Работа несколько раз обрывалась. Попросите администратора посмотреть журнал.")
        return
    run.write(attempts=job.attempts + 1, started_at=job.started_at or now)
    try:
        run.finish(_bodies[job.kind](run))
    except ClaimLost:
        raise
    except JobRefused as refusal:
        run.fail(str(refusal))
    except Exception:
        error_id = secrets.token_hex(6)
        logger.exception("job %s failed, error %s", job.pk, error_id)
        run.fail("Произошла ошибка. Попробуйте ещё раз или сообщите администратору её номер.", error_id=error_id)


class Run:
    """One run of a job: reports progress, keeps the heartbeat, and writes only while the claim holds."""

    def __init__(self, job: Job, claim: uuid.UUID) -> None:
        self.job = job
        self._claim = claim
        self._stop = threading.Event()
        self._pulse = threading.Thread(target=self._beat, name=f"job-{job.pk}-heartbeat", daemon=True)

    def __enter__(self) -> Self:
        # Inside a transaction a second connection would wait for this one, or see nothing of it.
        if not connection.in_atomic_block:
            self._pulse.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._pulse.is_alive():
            self._pulse.join()

    def progress(self, percent: int, message: str) -> None:
        """Show how far the work is. Raises ClaimLost when the job is no longer this run's."""
        self.write(percent=percent, message=message[:500])

    def still_mine(self) -> None:
        """Call inside the transaction that stores the result: raises ClaimLost, and holds the row till commit."""
        self.write()

    def finish(self, message: str) -> None:
        self.write(state=Job.State.DONE, percent=100, message=message[:500], finished_at=timezone.now())

    def fail(self, message: str, error_id: str = "") -> None:
        self.write(state=Job.State.FAILED, message=message[:500], error_id=error_id, finished_at=timezone.now())

    def write(self, **fields: Any) -> None:
        mine = Job.objects.filter(pk=self.job.pk, claim=self._claim, state=Job.State.RUNNING)
        if not mine.update(heartbeat_at=timezone.now(), **fields):
            raise ClaimLost

    def _beat(self) -> None:
        try:
            while not self._stop.wait(settings.JOB_HEARTBEAT_SECONDS):
                try:
                    self.write()
                except ClaimLost:
                    return
                except Exception as error:  # A busy database: the next beat comes soon.
                    logger.warning("heartbeat of job %s missed: %s", self.job.pk, type(error).__name__)
                    close_old_connections()
        finally:
            # This thread's own connection.
            connection.close()
