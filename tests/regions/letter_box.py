"""What stands in the letters the portal has sent, for tests of whoever comes by one."""

import re

from django.core import mail
from django.test import Client

from accounts.models import User
from jobs.models import Job
from jobs.services import run_job
from regions.services import letters_out

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def send_letters() -> Job:
    """What the worker does with the letters that wait; returns the finished job."""
    job = letters_out.ask_to_send()
    run_job(job.pk)
    job.refresh_from_db()
    return job


def link_to(email: str) -> str:
    """The path of the last link in the last letter to an address; the letter names the portal's own address."""
    letter = next(one for one in reversed(mail.outbox) if one.to == [email])
    found = re.findall(r"https?://[^/\s]+(/\S*)", letter.body)
    return str(found[-1])


def token_in(path: str) -> str:
    return path.strip("/").rpartition("/")[2]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client
