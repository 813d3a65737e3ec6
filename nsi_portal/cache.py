"""Caches: Redis, without which the portal must still work (slower, and with limits that do not count), or files."""

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class ForgivingRedisCache(RedisCache):
    """Redis as a cache; when it is away, everything is as if nothing had been kept."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._try(lambda: super(ForgivingRedisCache, self).get(key, default, version), default)

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        self._try(lambda: super(ForgivingRedisCache, self).set(key, value, *args, **kwargs), None)

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        return self._try(lambda: super(ForgivingRedisCache, self).add(key, value, *args, **kwargs), True)

    def touch(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return self._try(lambda: super(ForgivingRedisCache, self).touch(key, *args, **kwargs), False)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._try(lambda: super(ForgivingRedisCache, self).delete(key, version), False)

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return self._try(lambda: super(ForgivingRedisCache, self).has_key(key, version), False)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        return self._try(lambda: super(ForgivingRedisCache, self).get_many(keys, version), {})

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return self._try(lambda: super(ForgivingRedisCache, self).incr(key, delta, version), delta)

    def forget_expired(self) -> None:
        """Let what has expired go from the disk as well: Redis keeps there a log and a picture of what was written."""
        self._try(self._write_anew, None)

    def _write_anew(self) -> None:
        client = self._cache.get_client(None, write=True)
        kept = client.info("persistence")
        if kept.get("aof_enabled"):
            client.bgrewriteaof()
        if client.config_get("save").get("save"):
            client.bgsave(schedule=True)

    @staticmethod
    def _try(ask: Callable[[], Answer], otherwise: Answer) -> Answer:
        try:
            return ask()
        except (RedisError, OSError) as error:
            logger.warning("the cache is away: %s", type(error).__name__)
            return otherwise


class SweptFileCache(FileBasedCache):
    """Files as a cache. By itself a file stays on the disk after its time until somebody asks for it."""

    def forget_expired(self) -> None:
        for name in self._list_cache_files():  # type: ignore[attr-defined]
            with suppress(OSError), Path(name).open("rb") as file:
                # Deletes it, if so.
                self._is_expired(file)  # type: ignore[attr-defined]
