"""How often one address of the network may send a public form: counted by allauth, as for its own pages."""

from allauth.account import app_settings
from allauth.core import ratelimit
from django.http import HttpRequest


def allow(request: HttpRequest, action: str) -> bool:
    """Count one attempt of `action`, a key of ACCOUNT_RATE_LIMITS; False when there were too many.

    Only what is sent counts, looking does not. Answer with `refuse(request)`: status 429 and the portal's page.
    """
    if action not in app_settings.RATE_LIMITS:
        raise ValueError(f"ACCOUNT_RATE_LIMITS knows no limit named {action!r}")
    return bool(ratelimit.consume(request, action=action))


refuse = ratelimit.respond_429
