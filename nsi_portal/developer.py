"""Letters and one-time codes of the embedded form, for whoever tries it out on their own machine.

Without a mail server letters are files; here they can be read and their links followed. The page is open to everybody
who can reach it, so it exists only where nobody else can: see `_require_this_machine`.
"""

import email
import email.policy
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from time import time
from urllib.parse import urlsplit

from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from nsi_portal.demo.people import DEMO_TOTP_SECRET, sign_ins

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SHOWN = 200
_SEPARATOR = re.compile(rb"^-{79}$", re.MULTILINE)


@dataclass(frozen=True)
class Letter:
    name: str  # of its file and its place in it
    at: datetime | None
    to: str
    subject: str
    text: str


def _require_this_machine(request: HttpRequest) -> None:
    """404 unless all holds: a portal for this machine alone, asked from this machine, without a proxy in between."""
    is_this_machine = (
        not settings.PRODUCTION
        and settings.LETTERS_IN_FILES
        and urlsplit(settings.PUBLIC_URL).hostname in LOOPBACK
        and settings.HOST in LOOPBACK
        and request.META.get("REMOTE_ADDR") in LOOPBACK
        # A page elsewhere may have its name lead here.
        and urlsplit(f"//{request.get_host()}").hostname in LOOPBACK
        and not {"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"} & set(request.headers)
    )
    if not is_this_machine:
        raise Http404


@login_not_required
@require_safe
@never_cache
def letter_list(request: HttpRequest) -> HttpResponse:
    _require_this_machine(request)
    return render(request, "developer/letters.html", {"letters": letters()[:SHOWN], **_demonstration_code()})


@login_not_required
@require_safe
@never_cache
def letter(request: HttpRequest, name: str) -> HttpResponse:
    _require_this_machine(request)
    found = next((one for one in letters() if one.name == name), None)
    if found is None:
        raise Http404
    return render(request, "developer/letter.html", {"letter": found})


def letters() -> list[Letter]:
    """Every letter in the folder, the newest first. One file holds what one process sent."""
    folder = Path(settings.EMAIL_FILE_PATH)
    found = [
        _read(part, f"{path.stem}-{number}")
        for path in folder.glob("*.log")
        for number, part in enumerate(_SEPARATOR.split(path.read_bytes()))
        if part.strip()
    ]
    return sorted(found, key=lambda one: (one.at.timestamp() if one.at else 0, one.name), reverse=True)


def _read(content: bytes, name: str) -> Letter:
    message = email.message_from_bytes(content.lstrip(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    return Letter(
        name=name,
        at=_moment(message["Date"].datetime) if message["Date"] else None,
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or "").strip() or "(без темы)",
        text=str(body.get_content()) if body else "",
    )


def _moment(sent: datetime) -> datetime:
    # Django writes UTC as -0000, «of no zone».
    return sent if sent.tzinfo else sent.replace(tzinfo=UTC)


def _demonstration_code() -> dict[str, object]:
    """The code all people of the demonstration have now; nothing when there are none."""
    people = Authenticator.objects.filter(
        type=Authenticator.Type.TOTP, user__email__in=[address for _, address, _ in sign_ins()]
    )
    holders = [one.user for one in people.select_related("user") if decrypt(one.data["secret"]) == DEMO_TOTP_SECRET]
    period = mfa_settings.TOTP_PERIOD
    return {
        "code": format_hotp_value(hotp_value(DEMO_TOTP_SECRET, int(time()) // period)) if holders else "",
        "next_in": period - int(time()) % period,
        "holders": holders,
    }
