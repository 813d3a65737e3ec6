"""How many answers came from one address today, without keeping the address or anything that stands for it.

An address is only ever seen as HMAC-SHA256 under a key drawn by chance, one for each day and time zone, which lives in
the cache alone and is destroyed when the day is over: from then on nobody can tell whose a counter was. Nothing of it
goes with an answer but whether there were too many. Without the cache nothing is counted and answers arrive all the
same.
"""

import hashlib
import hmac
import ipaddress
import logging
import secrets
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import cache

from regions.local_dates import time_zones

logger = logging.getLogger(__name__)

_KEY_BYTES = 32
# A provider gives a household a whole network of these; a phone changes its own part at will.
_IPV6_NETWORK = 64


def address_of(meta: Mapping[str, Any]) -> str:
    """The address a request came from, of IPv6 its network; empty when it cannot be told.

    In production only the portal's own proxy reaches this process, and it sets the header itself.
    """
    sent = str(meta.get("HTTP_X_FORWARDED_FOR" if settings.PRODUCTION else "REMOTE_ADDR", ""))
    try:
        address = ipaddress.ip_address(sent.strip())
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
    return str(address)


class DayCounter:
    """How often an address did something today, `scope` by scope (an institution): scopes cannot be joined.

    `kept_seconds`: forgotten so long after it was last done, if that is sooner than 24:00.
    """

    def __init__(
        self, meta: Mapping[str, Any], *, scope: str, zone: ZoneInfo, now: datetime, kept_seconds: int | None = None
    ) -> None:
        self._zone, self._now = zone, now
        self._key_seconds = _seconds_left(zone, now)
        self._seconds = min(self._key_seconds, kept_seconds or self._key_seconds)
        self._name = ""
        address = address_of(meta)
        if address and (key := self._key()):
            stands_for = hmac.new(key, f"{scope} {address}".encode(), hashlib.sha256).hexdigest()
            self._name = f"today:{stands_for}"

    def count(self) -> int:
        if not self._name:
            return 0
        try:
            found = cache.get(self._name, 0)
        except Exception as error:
            _say(error)
            return 0
        return found if isinstance(found, int) else 0

    def add(self) -> None:
        if not self._name:
            return
        try:
            if not cache.add(self._name, 1, self._seconds):
                cache.incr(self._name)
                # Not every cache keeps the time a counter was given.
                cache.touch(self._name, self._seconds)
        except Exception as error:
            _say(error)

    def _key(self) -> bytes | None:
        """The key of the day, made when first asked for; None when the cache is away."""
        name = key_name(self._zone, self._now)
        try:
            key = cache.get(name)
            if not isinstance(key, bytes):
                # Whoever was first decides.
                cache.add(name, secrets.token_bytes(_KEY_BYTES), self._key_seconds)
                key = cache.get(name)
        except Exception as error:
            _say(error)
            return None
        return key if isinstance(key, bytes) else None


def key_name(zone: ZoneInfo, at: datetime) -> str:
    return f"key-of-the-day:{zone.key}:{at.astimezone(zone).date():%Y-%m-%d}"


def forget(now: datetime) -> None:
    """Destroy the keys of days that are over, also where their time alone would not do it at once.

    Files of the embedded cache stay until somebody asks for them, and Redis keeps a log of what was written: a cache
    that has `forget_expired` is told to clear up.
    """
    for name in time_zones():
        zone = ZoneInfo(name)
        for days in (1, 2):
            cache.delete(key_name(zone, now - timedelta(days=days)))
    clear_up = getattr(cache, "forget_expired", None)
    if clear_up is not None:
        clear_up()


def _seconds_left(zone: ZoneInfo, now: datetime) -> int:
    """Until 24:00 in the zone; never none at all, which caches take for «for ever» or «at once»."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return max(1, int((datetime.combine(tomorrow, time.min, zone) - now).total_seconds()))


def _say(error: Exception) -> None:
    # The name of the error alone: its words might hold the name of a counter.
    logger.warning("addresses cannot be counted: %s", type(error).__name__)
