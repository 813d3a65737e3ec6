"""Consent to the processing of personal data: which text is current, and who has agreed to it.

The text stands in templates/account/consent_text.html. When its meaning changes, give it a new version and date here:
everybody is asked again at the next page.
"""

from datetime import date, datetime

from accounts.models import Consent, User

VERSION = "1"
DATED = date(2026, 11, 1)


def give(user: User, at: datetime) -> Consent:
    """Record that the person agrees to the current text; saying it twice changes nothing."""
    consent, _ = Consent.objects.get_or_create(user=user, version=VERSION, defaults={"accepted_at": at})
    return consent


def is_given(user: User) -> bool:
    return Consent.objects.filter(user=user, version=VERSION).exists()
