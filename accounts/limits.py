"""How often one address of the network may send a public form: counted by allauth, as for its own pages."""

from allauth.account import app_settings
from allauth.core.internal import ratelimit
from django.http import HttpRequest


def allow(request: HttpRequest, action: str) -> bool:
    """Count one attempt of `action`, a key of ACCOUNT_RATE_LIMITS; False when there were too many.

    What counts is for the caller to say: what is sent, or a search as well. Answer with `refuse(request)`: status 429
    and the portal's page.
    """
    if action not in app_settings.RATE_LIMITS:
        raise ValueError(f"ACCOUNT_RATE_LIMITS knows no limit named {action!r}")
    return ratelimit.consume(request, app="allauth.account", action=action, limit_get=True) is not None


refuse = ratelimit.respond_429
