"""The cache: what it holds may be lost at any time, and so may Redis itself."""

import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = structlog.get_logger(__name__)

_PATIENCE: Final = 1.0
_LEFT_ALONE: Final = 5.0


class _Client(RedisCacheClient):
    """Answers as an empty cache would while Redis is away, and asks it every few seconds."""

    def __init__(self, servers: Any, **options: Any) -> None:
        super().__init__(
            servers,
            socket_timeout=_PATIENCE,
            socket_connect_timeout=_PATIENCE,
            # Once more, since a connection from the pool may be an old one.
            retry=Retry(NoBackoff(), 1),
            **options,
        )
        self._away_until = 0.0

    def add(self, *args: Any) -> Any:
        return self._ask(super().add, args, absent=True)

    def get(self, key: Any, default: Any) -> Any:
        return self._ask(super().get, (key, default), absent=default)

    def set(self, *args: Any) -> Any:
        return self._ask(super().set, args, absent=None)

    def delete(self, *args: Any) -> Any:
        return self._ask(super().delete, args, absent=False)

    def get_many(self, *args: Any) -> Any:
        return self._ask(super().get_many, args, absent={})

    def incr(self, *args: Any) -> Any:
        counted = self._ask(super().incr, args, absent=None)
        if counted is None:
            raise ValueError("no such key")  # as Django's caches say
        return counted

    def _ask(self, command: Callable[..., Any], args: tuple[Any, ...], *, absent: Any) -> Any:
        if time.monotonic() < self._away_until:
            return absent
        try:
            return command(*args)
        except RedisError as error:
            self._away_until = time.monotonic() + _LEFT_ALONE
            logger.error("cache_away", reason=type(error).__name__)
            return absent


class ForgivingRedisCache(RedisCache):
    """Without Redis pages go on: every key is absent, and limits that are counted here
    let everybody through until it is back. ``has_key`` alone still says that it is away.
    """

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Client
