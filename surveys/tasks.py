import logging

from celery import shared_task
from django.utils import timezone

from surveys import rollups

logger = logging.getLogger(__name__)


@shared_task(name="surveys.tasks.roll_up_responses")
def roll_up_responses() -> None:
    rollups.roll_up(timezone.now())


@shared_task(name="surveys.tasks.check_rollups")
def check_rollups() -> None:
    differences = rollups.find_differences(timezone.now())
    if differences:
        logger.error(
            "the rollup differs from the raw answers in %s places; run check_rollups --rebuild", len(differences)
        )
