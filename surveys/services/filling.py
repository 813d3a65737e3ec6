"""Forms begun and kept for later on the same phone, and what people say of the form afterwards."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from surveys.models import FillingDraft, FormFeedback, SurveyLink
from surveys.services.arriving import Origin

DRAFT_KEPT = timedelta(days=3)
# So many forms begun by one link are kept: a hall full of people an hour, but no full disk.
MOST_DRAFTS = 3000
MOST_DRAFTS_AN_HOUR = 600

# Filled in for somebody else, one person after another: nothing may be resumed there.
_NEVER_KEPT = frozenset({SurveyLink.Channel.INTERVIEWER, SurveyLink.Channel.PAPER})


def keeps_drafts(link: SurveyLink) -> bool:
    return link.channel not in _NEVER_KEPT


def find_draft(*, link_id: int, token: str, now: datetime) -> FillingDraft | None:
    """What the phone with this token has begun at a link, if it is not too old."""
    return FillingDraft.objects.filter(
        token_digest=_digest(token), link_id=link_id, updated_at__gt=now - DRAFT_KEPT
    ).first()


def keep_draft(
    *,
    link_id: int,
    token: str | None,
    key: str,
    sent: Mapping[str, list[str]],
    language: str,
    step: int,
    now: datetime,
) -> str | None:
    """Keep what was typed so far under the phone's token, or under a new one. `key` is the signed key of the page.

    Returns the token; None when so many forms are kept for this link that no new one can be.
    """
    state = {"key": key, "sent": dict(sent), "language": language, "step": step, "updated_at": now}
    if token:
        kept = FillingDraft.objects.filter(
            token_digest=_digest(token), link_id=link_id, updated_at__gt=now - DRAFT_KEPT
        ).update(**state)
        if kept:
            return token
    begun = FillingDraft.objects.filter(link_id=link_id)
    if (
        begun.filter(updated_at__gt=now - timedelta(hours=1)).count() >= MOST_DRAFTS_AN_HOUR
        or begun.count() >= MOST_DRAFTS
    ):
        return None
    token = secrets.token_urlsafe(24)
    FillingDraft.objects.create(token_digest=_digest(token), link_id=link_id, **state)
    return token


def drop_draft(*, link_id: int, token: str) -> None:
    FillingDraft.objects.filter(token_digest=_digest(token), link_id=link_id).delete()


def forget_old_drafts(now: datetime) -> int:
    """Delete what nobody has come back to; returns how many."""
    deleted, _by_model = FillingDraft.objects.filter(updated_at__lte=now - DRAFT_KEPT).delete()
    return deleted


def keep_feedback(*, key: str, origin: Origin, day: date, ease: FormFeedback.Ease) -> None:
    """Keep what somebody said of the form, once: what is said again under the same key changes nothing."""
    feedback = FormFeedback(
        key=key, version_id=origin.version_id, institution_id=origin.institution_id, day=day, ease=ease
    )
    FormFeedback.objects.bulk_create([feedback], ignore_conflicts=True)


def _digest(token: str) -> str:
    # A cookie may hold anything.
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
