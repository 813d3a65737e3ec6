"""Caches: Redis, without which the portal must still work (slower, and with limits that do not count), or files.

Beside what Django's caches do, both count (`count_one`, `take_one_back`, `counted`): every public POST asks for it.
"""

import logging
import os
import struct
import tempfile
import time
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

    def count_one(self, key: str, seconds: int) -> int:
        """Count one more, to be kept so long; how many that makes."""
        return self._try(lambda: self._counted_up(key, seconds), 0)

    def take_one_back(self, key: str, seconds: int) -> None:
        """Count one less of what was counted by mistake."""
        self._try(lambda: self._counted_up(key, seconds, by=-1), 0)

    def counted(self, key: str) -> int:
        return max(0, int(self.get(key, 0)))

    def _counted_up(self, key: str, seconds: int, by: int = 1) -> int:
        name = self.make_and_validate_key(key)
        both = self._cache.get_client(name, write=True).pipeline()
        both.incrby(name, by)
        # Never without: what has just expired would stay for ever.
        both.expire(name, seconds)
        return int(both.execute()[0])

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
    """Files as a cache. By itself a file stays on the disk after its time until somebody asks for it.

    What is counted lies in files of its own kind: eight bytes say until when, and each further one counts for one. The
    system appends a byte for one process at a time, so nobody waits for a lock and nothing is lost. Django's own `incr`
    writes a new file, to be kept for five minutes, and of two at the same moment forgets one.
    """

    _COUNTER = ".count"
    _UNTIL = struct.Struct(">d")
    # Whoever has more addresses than this is not to fill the disk with them: the others are not counted.
    most_counters = 10_000
    # More than this is said to be this.
    _MOST_COUNTED = 64 * 1024

    def count_one(self, key: str, seconds: int) -> int:
        """Count one more, to be kept so long from the first; how many that makes."""
        path = self._counter(key)
        try:
            file = os.open(path, os.O_RDWR | os.O_APPEND)
        except FileNotFoundError:
            return self._count_first(path, seconds)
        try:
            number = self._number(file)
            if number is None:
                Path(path).unlink(missing_ok=True)
                return self._count_first(path, seconds)
            os.write(file, b"+")
            return number + 1
        finally:
            os.close(file)

    def take_one_back(self, key: str, seconds: int) -> None:
        """Count one less of what was counted by mistake. Seldom: of two at the same moment one may be lost."""
        path = self._counter(key)
        with suppress(FileNotFoundError):
            os.truncate(path, max(os.stat(path).st_size - 1, self._UNTIL.size))

    def counted(self, key: str) -> int:
        try:
            file = os.open(self._counter(key), os.O_RDONLY)
        except FileNotFoundError:
            return 0
        try:
            return self._number(file) or 0
        finally:
            os.close(file)

    def clear(self) -> None:
        super().clear()
        for path in self._counters():
            path.unlink(missing_ok=True)

    def forget_expired(self) -> None:
        for name in self._list_cache_files():  # type: ignore[attr-defined]
            with suppress(OSError), Path(name).open("rb") as file:
                # Deletes it, if so.
                self._is_expired(file)  # type: ignore[attr-defined]
        self._forget_counters()

    def _forget_counters(self) -> None:
        for path in self._counters():
            with suppress(OSError), path.open("rb") as file:
                if self._number(file.fileno()) is None:
                    path.unlink()

    def _counter(self, key: str) -> str:
        return str(self._key_to_file(key)) + self._COUNTER  # type: ignore[attr-defined]

    def _counters(self) -> list[Path]:
        return list(Path(self._dir).glob(f"*{self._COUNTER}"))  # type: ignore[attr-defined]

    def _count_first(self, path: str, seconds: int) -> int:
        if len(self._counters()) >= self.most_counters:
            self._forget_counters()
            if len(self._counters()) >= self.most_counters:
                return 0
        # Whole before it can be found: nobody sees a counter that does not say yet until when it holds.
        file, made = tempfile.mkstemp(dir=self._dir)  # type: ignore[attr-defined]
        try:
            with os.fdopen(file, "wb") as counter:
                counter.write(self._UNTIL.pack(time.time() + seconds) + b"+")
            os.link(made, path)
            return 1
        except FileExistsError:
            # Somebody else was first just now.
            with Path(path).open("ab", buffering=0) as counter:
                counter.write(b"+")
            return 2
        finally:
            os.unlink(made)

    def _number(self, file: int) -> int | None:
        """What a file has counted; None when its time is over."""
        content = os.read(file, self._MOST_COUNTED)
        begin = self._UNTIL.size
        if len(content) < begin or self._UNTIL.unpack_from(content)[0] < time.time():
            return None
        return len(content) - begin
