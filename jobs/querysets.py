from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from jobs.models import Job


class JobQuerySet(models.QuerySet["Job"]):
    def active(self) -> Self:
        return self.filter(state__in=["queued", "running"])

    def claimable(self, now: datetime) -> Self:
        """Jobs nobody is working on: waiting ones, and running ones whose worker has shown no life for too long."""
        stale = now - timedelta(seconds=settings.JOB_STALE_SECONDS)
        return self.filter(Q(state="queued") | Q(state="running", heartbeat_at__lt=stale))

    def latest_for(self, kind: str, scope: str) -> "Job | None":
        return self.filter(kind=kind, scope=scope).order_by("-pk").first()
