"""Letters to people: invitations, links of sign-up, decisions. Rows say what is to be sent, a job sends it.

A letter is marked as sent after the mail server took it, so one may arrive twice, but none is lost: a server that is
away leaves the rows as they are, and the scheduler asks again. An address the server refuses for good is marked
(`expires_at` without `sent_at`): people see it and decide.
"""

import logging
import smtplib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.letters import send_letter
from accounts.models import User
from jobs import services as jobs
from jobs.models import Job
from regions.models import AccessRequest, Invitation
from regions.services.links import hash_of, new_token, valid_until

logger = logging.getLogger(__name__)

SEND_LETTERS = "send-letters"
# One job for the whole portal: no letter is sent by two workers at once.
SCOPE = "people"
# So many failures to reach it one after another, and the mail server is away: the others would only wait in vain.
GIVES_UP_AFTER = 3
# A server that is away, or wants a letter later, is not asked every minute.
RETRIES_AFTER = timedelta(minutes=5)
# Of SMTP: "not now, nobody", and where refusals for good begin.
_CLOSING, _FOR_GOOD = 421, 500
TEMPLATES = "regions/letters_out"


class Fate(Enum):
    """What became of a letter."""

    SENT = auto()
    NOTHING_TO_SEND = auto()
    REFUSED = auto()  # the address is no good
    LATER = auto()
    SERVER_AWAY = auto()


def ask_to_send(*, by: User | None = None) -> Job:
    """Have the waiting letters sent after commit."""
    return jobs.ask_for(SEND_LETTERS, scope=SCOPE, by=by)


def ask_again(*, at: datetime) -> None:
    """What the scheduler does: letters that could not be sent, or came while the others were being sent."""
    failed = failure()
    if failed and failed.finished_at and at - failed.finished_at < RETRIES_AFTER:
        return
    if Invitation.objects.to_send().exists() or AccessRequest.objects.to_send().exists():
        ask_to_send()


def failure() -> Job | None:
    """The latest attempt to send, if it failed: pages say why letters are still waiting."""
    latest = Job.objects.latest_for(SEND_LETTERS, SCOPE)
    return latest if latest and latest.state == Job.State.FAILED else None


@jobs.job_body(SEND_LETTERS)
def send_waiting(run: jobs.Run) -> str:
    fates: Counter[Fate] = Counter()
    away_in_a_row = 0
    for send in _waiting():
        try:
            fate = send(timezone.now())
        except Exception as error:  # Each mail backend has errors of its own.
            # Without the address: the log is read by others than the mailbox.
            logger.warning("a letter was not sent: %s", type(error).__name__)
            fate = _fate_after(error)
        fates[fate] += 1
        away_in_a_row = away_in_a_row + 1 if fate is Fate.SERVER_AWAY else 0
        if away_in_a_row >= GIVES_UP_AFTER:
            break
        run.progress(50, f"Отправлено писем: {fates[Fate.SENT]}")
    told = f"Отправлено писем: {fates[Fate.SENT]}."
    if refused := fates[Fate.REFUSED]:
        told += f" Адресов не принято: {refused}."
    if fates[Fate.SERVER_AWAY] or fates[Fate.LATER]:
        raise jobs.JobRefused(f"Почтовый сервер не принял письма. {told} Остальные портал отправит сам, как сможет.")
    return told


def _fate_after(error: Exception) -> Fate:
    """Whether the address is at fault, or the mail server (its errors are OSErrors, as those of the network are)."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
        case smtplib.SMTPDataError():
            codes = [error.smtp_code]
        case ValueError():  # UnicodeError too: what cannot be written in a header.
            return Fate.REFUSED
        case OSError():
            return Fate.SERVER_AWAY
        case _:
            return Fate.LATER
    if _CLOSING in codes:
        return Fate.SERVER_AWAY
    return Fate.REFUSED if all(code >= _FOR_GOOD for code in codes) else Fate.LATER


def _hand_over(**letter: Any) -> Fate:
    """Send, or find that the address is no good. Raises what speaks of the mail server."""
    try:
        send_letter(**letter)
    except Exception as error:
        if _fate_after(error) is not Fate.REFUSED:
            raise
        logger.warning("a letter was refused: %s", type(error).__name__)
        return Fate.REFUSED
    return Fate.SENT


def _noted(fate: Fate, *, now: datetime, until: datetime | None) -> dict[str, Any]:
    """What a row says afterwards: a refused letter is over at once, without having been sent."""
    return {"sent_at": now, "expires_at": until} if fate is Fate.SENT else {"sent_at": None, "expires_at": now}


def _waiting() -> Iterator[Callable[[datetime], Fate]]:
    """A sender for each waiting letter."""
    for pk in Invitation.objects.to_send().order_by("pk").values_list("pk", flat=True):
        yield partial(_send_invitation, pk)
    for pk in AccessRequest.objects.to_send().order_by("pk").values_list("pk", flat=True):
        yield partial(_send_about_request, pk)


def _send_invitation(pk: int, now: datetime) -> Fate:
    token = new_token()
    # Past the history, which does not know the token either; whoever revoked the invitation meanwhile wins.
    waiting = Invitation.objects.to_send().filter(pk=pk)
    if not waiting.update(token_hash=hash_of(token)):
        return Fate.NOTHING_TO_SEND
    invitation = Invitation.objects.select_related("region", "institution", "invited_by").get(pk=pk)
    until = valid_until(now)
    fate = _hand_over(
        to=invitation.email,
        template=f"{TEMPLATES}/invitation",
        context={"invitation": invitation, "token": token, "until": until},
    )
    with transaction.atomic():
        # Asked for again while this letter was on its way: its link is dead, the next letter is to come.
        locked = (
            Invitation.objects.to_send().select_for_update(no_key=True).filter(pk=pk, token_hash=hash_of(token)).first()
        )
        if locked:
            changed = _noted(fate, now=now, until=until)
            locked.sent_at, locked.expires_at = changed["sent_at"], changed["expires_at"]
            locked.save(update_fields=["sent_at", "expires_at"])
    return fate


def _send_about_request(pk: int, now: datetime) -> Fate:
    request = AccessRequest.objects.to_send().select_related("institution__region").filter(pk=pk).first()
    if request is None:
        return Fate.NOTHING_TO_SEND
    if request.state != AccessRequest.State.UNCONFIRMED:
        return _send_decision(request, now)
    token = new_token()
    if not AccessRequest.objects.to_send().filter(pk=pk).update(token_hash=hash_of(token)):
        return Fate.NOTHING_TO_SEND
    until = valid_until(now)
    known = User.objects.filter(email=request.email).exists()
    fate = _hand_over(
        to=request.email,
        template=f"{TEMPLATES}/{'signup_known' if known else 'signup'}",
        context={"request": request, "token": token, "until": until},
    )
    _mark(pk, _noted(fate, now=now, until=until), token_hash=hash_of(token))
    return fate


def _send_decision(request: AccessRequest, now: datetime) -> Fate:
    approved = request.state == AccessRequest.State.APPROVED
    fate = _hand_over(
        to=request.email,
        template=f"{TEMPLATES}/{'request_approved' if approved else 'request_declined'}",
        context={"request": request},
    )
    _mark(request.pk, _noted(fate, now=now, until=None), state=request.state)
    return fate


def _mark(pk: int, changed: dict[str, Any], **still: Any) -> None:
    """Note what became of a letter about a request, if the request is still the one it spoke of."""
    with transaction.atomic():
        locked = AccessRequest.objects.to_send().select_for_update(no_key=True).filter(pk=pk, **still).first()
        if locked:
            for name, value in changed.items():
                setattr(locked, name, value)
            locked.save(update_fields=list(changed))
