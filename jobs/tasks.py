from celery import shared_task
from django.utils import timezone

from jobs import services


@shared_task(name="jobs.tasks.look_at_job")
def look_at_job(job_id: int) -> None:
    services.run_job(job_id)


@shared_task(name="jobs.tasks.look_after_jobs")
def look_after_jobs() -> None:
    services.look_after_jobs(timezone.now())
