"""How often the public part of the API may be asked from one address, which is kept nowhere."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from surveys.quality.addresses import DayCounter

if TYPE_CHECKING:
    from rest_framework.views import APIView

_WINDOW_SECONDS = 60


class ByAddress(BaseThrottle):
    """So many requests in one minute of the clock, counted as answers are (decision 27): a number and nothing else.

    The instants stay unknown: by them a request could be matched with an answer.
    """

    most = settings.API_PUBLIC_A_MINUTE

    def allow_request(self, request: Request, view: "APIView") -> bool:
        now = timezone.now()
        minute = int(now.timestamp()) // _WINDOW_SECONDS
        asked = DayCounter(
            request.META,
            scope=f"api {minute}",
            zone=ZoneInfo(settings.TIME_ZONE),
            now=now,
            kept_seconds=2 * _WINDOW_SECONDS,
        )
        return asked.add() <= self.most

    def wait(self) -> float:
        return _WINDOW_SECONDS - timezone.now().timestamp() % _WINDOW_SECONDS
