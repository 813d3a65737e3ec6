"""The job table: what long work there is, how far it has come and what came of it."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from jobs.querysets import JobQuerySet


class Job(models.Model):
    """One piece of long work. Celery only carries "look at job N": this row is the truth about it."""

    class State(models.TextChoices):
        QUEUED = "queued", "Ждёт очереди"
        RUNNING = "running", "Выполняется"
        DONE = "done", "Готово"
        FAILED = "failed", "Не получилось"

    kind = models.CharField("вид работы", max_length=50)
    scope = models.CharField("к чему относится", max_length=200)
    parameters = models.JSONField("параметры", default=dict, encoder=DjangoJSONEncoder)
    state = models.CharField("состояние", max_length=10, choices=State, default=State.QUEUED)
    percent = models.PositiveSmallIntegerField("готово, %", default=0)
    message = models.CharField("что происходит", max_length=500, blank=True)
    error_id = models.CharField("номер ошибки в журнале", max_length=12, blank=True)
    attempts = models.PositiveSmallIntegerField("попыток", default=0)
    # Changes with every run: a runner believed dead that comes back finds its claim gone and can write nothing.
    claim = models.UUIDField("кем взято", null=True, blank=True, default=None)
    heartbeat_at = models.DateTimeField("признак жизни", null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="кто попросил"
    )
    created_at = models.DateTimeField("создано", auto_now_add=True)
    started_at = models.DateTimeField("начато", null=True, blank=True)
    finished_at = models.DateTimeField("закончено", null=True, blank=True)

    objects = JobQuerySet.as_manager()

    ACTIVE: ClassVar = (State.QUEUED, State.RUNNING)

    class Meta:
        verbose_name = "работа"
        verbose_name_plural = "работы"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "scope"],
                condition=Q(state__in=["queued", "running"]),
                name="one_active_job_per_kind_and_scope",
            ),
            models.CheckConstraint(condition=Q(percent__lte=100), name="job_percent_is_at_most_100"),
        ]
        indexes = [models.Index(fields=["state", "heartbeat_at"], name="job_state_heartbeat")]

    def __str__(self) -> str:
        return f"{self.kind} {self.scope}: {self.get_state_display()}"

    @property
    def is_active(self) -> bool:
        return self.state in self.ACTIVE

    @staticmethod
    def new_claim() -> uuid.UUID:
        return uuid.uuid4()
