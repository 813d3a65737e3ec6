from celery import shared_task
from django.utils import timezone

from regions.services import letters_out, readiness, signup


@shared_task(name="regions.tasks.send_waiting_letters")
def send_waiting_letters() -> None:
    letters_out.ask_again(at=timezone.now())


@shared_task(name="regions.tasks.forget_unconfirmed_requests")
def forget_unconfirmed_requests() -> None:
    signup.forget_unconfirmed(at=timezone.now())


@shared_task(name="regions.tasks.remeasure_readiness")
def remeasure_readiness() -> None:
    readiness.remeasure_waiting(at=timezone.now())
