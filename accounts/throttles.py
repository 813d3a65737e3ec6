"""How often a program may ask the API. (Who comes without a key: `surveys.api.throttles`.)

Nothing here may import rest_framework.views: it reads these names from the settings while it is being imported.
"""

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView


class ByKey(SimpleRateThrottle):
    """How often one key may ask."""

    scope = "key"

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        return f"api-key:{request.auth.pk}" if request.auth else None
