"""How many answers came from one address today, without keeping the address or anything that stands for it.

An address is only ever seen as HMAC-SHA256 under a key drawn by chance, one for each day and time zone, which lives in
the cache, and is destroyed when the day is over, as is all that was counted under it: from then on nobody can tell
whose a counter was. A process that counts remembers the key until it counts again. Nothing of it goes with an answer
but whether there were too many. Without the cache nothing is counted and answers arrive all the same.
"""

import hmac
import ipaddress
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol, TypeVar, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import cache

from regions.local_dates import time_zones

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

_KEY_BYTES = 32
# So long a process uses the key it has read without asking for it again.
_KEY_KEPT_SECONDS = 10
# A provider gives a household a whole network of these; a phone changes its own part at will.
_IPV6_NETWORK = 64


class Counting(Protocol):
    """What both caches of the portal do beside what Django's do (nsi_portal.cache)."""

    def count_one(self, key: str, seconds: int) -> int:
        """Count one more, to be kept so long; how many that makes."""

    def take_one_back(self, key: str, seconds: int) -> None:
        """Count one less of what was counted by mistake."""

    def counted(self, key: str) -> int: ...

    def forget_expired(self) -> None:
        """Destroy what is over, also where it would only be overlooked."""


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

    `kept_seconds`: forgotten so long afterwards, if that is sooner than 24:00.
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
            self._name = f"today:{hmac.digest(key, f'{scope} {address}'.encode(), 'sha256').hex()}"

    def count(self) -> int:
        """How often it was done so far."""
        return self._asked(lambda cache: cache.counted(self._name)) or 0

    def add(self) -> int:
        """Once more; which time that was, 0 when nothing can be counted."""
        return self._asked(lambda cache: cache.count_one(self._name, self._seconds)) or 0

    def take_back(self) -> None:
        """It was not done after all."""
        self._asked(lambda cache: cache.take_one_back(self._name, self._seconds))

    def _asked(self, ask: Callable[[Counting], Answer]) -> Answer | None:
        if not self._name:
            return None
        try:
            return ask(cast(Counting, cache))
        except Exception as error:
            _say(error)
            return None

    def _key(self) -> bytes | None:
        """The key of the day, made when first asked for; None when the cache is away."""
        name = key_name(self._zone, self._now)
        _drop_old_keys()
        kept = _kept_keys.get(self._zone.key)
        if kept is not None and kept.name == name:
            return kept.key
        try:
            key = cache.get(name)
            if not isinstance(key, bytes):
                # Whoever was first decides.
                cache.add(name, secrets.token_bytes(_KEY_BYTES), self._key_seconds)
                key = cache.get(name)
        except Exception as error:
            _say(error)
            return None
        if not isinstance(key, bytes):
            return None
        _kept_keys[self._zone.key] = _Kept(name, key, time.monotonic() + _KEY_KEPT_SECONDS)
        return key


class _Kept(NamedTuple):
    name: str
    key: bytes
    until: float


# Time zone → the key of its day.
_kept_keys: dict[str, _Kept] = {}


def _drop_old_keys() -> None:
    now = time.monotonic()
    for zone, kept in list(_kept_keys.items()):
        if now >= kept.until:
            _kept_keys.pop(zone, None)


def forget_kept_keys() -> None:
    """Those of this process; the cache has them still."""
    _kept_keys.clear()


def key_name(zone: ZoneInfo, at: datetime) -> str:
    return f"key-of-the-day:{zone.key}:{at.astimezone(zone).date():%Y-%m-%d}"


def forget(now: datetime) -> None:
    """Destroy the keys of days that are over, also where their time alone would not do it at once.

    Files of the embedded cache stay until somebody asks for them, and Redis keeps a log of what was written.
    """
    for name in time_zones():
        zone = ZoneInfo(name)
        for days in (1, 2):
            cache.delete(key_name(zone, now - timedelta(days=days)))
    forget_kept_keys()
    cast(Counting, cache).forget_expired()


def _seconds_left(zone: ZoneInfo, now: datetime) -> int:
    """Until 24:00 in the zone; never none at all, which caches take for «for ever» or «at once»."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return max(1, int((datetime.combine(tomorrow, datetime.min.time(), zone) - now).total_seconds()))


def _say(error: Exception) -> None:
    # The name of the error alone: its words might hold the name of a counter.
    logger.warning("addresses cannot be counted: %s", type(error).__name__)
