"""Redis as callbacks use it while the database is away: asked briefly, and never relied upon.

Not the cache: that is patient for longer than a caller, and does not tell "away" from "absent".
"""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

# Seconds. Twice at most, for a connection from the pool may be an old one: with the database's
# own time limit an answer is still there within three seconds.
_PATIENCE: Final = 0.4
_LEFT_ALONE: Final = 1.0


class MemoryAway(Exception):
    """Redis did not answer in time, or there is none."""


class _Line:
    """Left alone for a while after each failure, so that not every caller waits for it."""

    def __init__(self) -> None:
        self.away_until = 0.0


line: Final = _Line()


def ask(question: Callable[[Any], Any]) -> Any:
    """*question*'s answer from Redis within a second; ``MemoryAway`` otherwise."""
    if not settings.REDIS_URL or time.monotonic() < line.away_until:
        raise MemoryAway
    try:
        return question(_client(settings.REDIS_URL))
    except RedisError as error:
        line.away_until = time.monotonic() + _LEFT_ALONE
        raise MemoryAway(type(error).__name__) from None


@lru_cache(maxsize=4)
def _client(url: str) -> Any:
    return redis.Redis.from_url(
        url,
        socket_timeout=_PATIENCE,
        socket_connect_timeout=_PATIENCE,
        retry=Retry(NoBackoff(), 1),
        decode_responses=True,
    )
