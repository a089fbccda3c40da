"""What could not be written down while the database was away, kept in Redis until it is back.

No number lies here: SIDs, blind indexes and times. If Redis is lost as well, so is this.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import InterfaceError, OperationalError

from proxying import memory
from proxying.memory import MemoryAway

logger = structlog.get_logger(__name__)

LIST: Final = "proxying.aside"
_KEPT: Final = timedelta(days=2)


def put(kind: str, facts: dict[str, Any]) -> bool:
    """Whether it was kept, after all that was put here before."""
    item = json.dumps([kind, facts])
    try:
        memory.ask(lambda redis: redis.rpush(LIST, item))
        memory.ask(lambda redis: redis.expire(LIST, _KEPT))
    except MemoryAway:
        logger.error("nothing_put_aside", kind=kind)
        return False
    return True


def settle(writers: Mapping[str, Callable[[dict[str, Any]], None]]) -> int:
    """Has each item written by the writer of its kind, the oldest first; how many.

    An item goes only once it is written. Two that settle at once write it twice, which a
    writer must bear. What a writer does not take at all is dropped, and logged.
    """
    settled = 0
    with suppress(MemoryAway):
        while item := memory.ask(lambda redis: redis.lindex(LIST, 0)):
            kind, facts = json.loads(item)
            try:
                writers[kind](facts)
            except (OperationalError, InterfaceError):
                logger.warning("database_still_away")
                return settled
            except Exception:
                logger.exception("set_aside_in_vain", kind=kind)
            _remove(item)
            settled += 1
    return settled


def _remove(item: str) -> None:
    # Not the first, whatever that is by now: another may have settled this one already.
    memory.ask(lambda redis: redis.lrem(LIST, 1, item))
