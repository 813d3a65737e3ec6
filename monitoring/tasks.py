from celery import shared_task
from django.utils import timezone

from monitoring.fieldwork import reminders
from monitoring.survey_results import export as answers_export


@shared_task(name="monitoring.tasks.remind_of_fieldwork")
def remind_of_fieldwork() -> None:
    reminders.ask(timezone.now())


@shared_task(name="monitoring.tasks.forget_answer_files")
def forget_answer_files() -> None:
    answers_export.forget_old(timezone.now())
