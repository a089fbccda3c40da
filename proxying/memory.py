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

# Seconds.
_LEFT_ALONE: Final = 1.0


class MemoryAway(Exception):
    """Redis did not answer in time, or there is none."""


class Line:
    """To Redis. Left alone for a while after each failure, so that not everybody waits for it."""

    def __init__(self, patience: float) -> None:
        # Seconds. Twice at most, for a connection from the pool may be an old one.
        self.patience = patience
        self.away_until = 0.0


# With the database's own time limit an answer is still there within three seconds.
line: Final = Line(0.4)
# For changes: none may be missed because a caller found Redis late, and nobody is on the phone.
line_of_changes: Final = Line(1.0)


def ask(question: Callable[[Any], Any], line: Line = line) -> Any:
    """*question*'s answer from Redis; ``MemoryAway`` without one in twice the line's patience."""
    if not settings.REDIS_URL or time.monotonic() < line.away_until:
        raise MemoryAway
    try:
        return question(_client(settings.REDIS_URL, line.patience))
    except RedisError as error:
        line.away_until = time.monotonic() + _LEFT_ALONE
        raise MemoryAway(type(error).__name__) from None


@lru_cache(maxsize=4)
def _client(url: str, patience: float) -> Any:
    return redis.Redis.from_url(
        url,
        socket_timeout=patience,
        socket_connect_timeout=patience,
        retry=Retry(NoBackoff(), 1),
        decode_responses=True,
    )
