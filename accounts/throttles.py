"""How often the API may be asked.

Nothing here may import rest_framework.views: it reads these names from the settings while it is being imported.
"""

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView


class ByKey(SimpleRateThrottle):
    """How often one key may ask."""

    scope = "key"

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        return f"api-key:{request.auth.pk}" if request.auth else None


class ByAddress(SimpleRateThrottle):
    """How often the public part may be asked from one address. The address itself is kept nowhere."""

    scope = "public"

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        header = "HTTP_X_FORWARDED_FOR" if settings.PRODUCTION else "REMOTE_ADDR"
        hour = int(timezone.now().timestamp()) // 3600
        return "api-public:" + salted_hmac(f"accounts.throttles.{hour}", request.META.get(header, "")).hexdigest()
