"""Letters to people: a subject and a text from two templates, addresses always on PUBLIC_URL."""

import atexit
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)

# Two are enough: the limits of the public forms let through fewer letters than these can send.
_postmen = ThreadPoolExecutor(max_workers=2, thread_name_prefix="letters")
atexit.register(_postmen.shutdown)


def send_letter(*, to: str, template: str, context: Mapping[str, Any]) -> None:
    """Send `<template>_subject.txt` and `<template>.txt` to one address.

    In the templates `public_url` is the portal's address: links are written {{ public_url }}{% url … %}, never by the
    host of a request, which is the asker's word. Raises what the mail backend raises: within a transaction send by
    `transaction.on_commit`. Where the answer must not tell whether a letter was sent, use `post` instead.
    """
    compose(to=to, template=template, context=context).send()


def compose(*, to: str, template: str, context: Mapping[str, Any]) -> EmailMessage:
    everything = {**context, "public_url": settings.PUBLIC_URL, "email": to}
    # Line breaks of the template or of a name in it would begin another header.
    subject = " ".join(render_to_string(f"{template}_subject.txt", everything).split())
    return EmailMessage(subject, render_to_string(f"{template}.txt", everything).strip() + "\n", to=[to])


def post(message: EmailMessage) -> None:
    """Send without telling the asker by time or by failure that there was something to send.

    With a mail server (LETTERS_IN_BACKGROUND) the page does not wait for it; a letter that fails is a line in the log.
    """
    if settings.LETTERS_IN_BACKGROUND:
        _postmen.submit(_send, message)
    else:
        _send(message)


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except Exception:
        # Without the address: the log is read by others than the mailbox.
        logger.exception("a letter was not sent: %s", message.subject)
