import logging

from celery import shared_task
from django.utils import timezone

from surveys.counting import rollups
from surveys.quality import addresses
from surveys.services import filling, imports, quality

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


@shared_task(name="surveys.tasks.mark_suspicious_answers")
def mark_suspicious_answers() -> None:
    quality.mark_recent(timezone.now())


@shared_task(name="surveys.tasks.forget_addresses")
def forget_addresses() -> None:
    addresses.forget(timezone.now())


@shared_task(name="surveys.tasks.forget_old_drafts")
def forget_old_drafts() -> None:
    filling.forget_old_drafts(timezone.now())


@shared_task(name="surveys.tasks.forget_import_files")
def forget_import_files() -> None:
    imports.forget_files(timezone.now())
