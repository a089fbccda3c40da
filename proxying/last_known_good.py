"""The last known good route of each reserved number, for when the database is away.

It lies in Redis, and for a minute in this process, sealed for its number, and is good for a
quarter of an hour. Each number has an *epoch*: whoever changes what a route says ends it. A
route is kept with the epoch that was there *before* the database was read, and counts only
while the number still has it, so what was read before a change never outlives that change,
however late it is written.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Lock
from typing import Any, Final

import structlog
from django.db import transaction

from proxying import memory
from proxying.encryption import CannotUnseal, blind_index, seal, unseal
from proxying.memory import MemoryAway

logger = structlog.get_logger(__name__)

LIFE: Final = timedelta(minutes=15)
# A process cannot hear of a change that another makes while Redis is away.
_LIFE_NEARBY: Final = 60.0
_MOST_NEARBY: Final = 10_000
# The epoch of a number that has not changed lately: longer than any route lives.
_UNCHANGED: Final = "0"
_EPOCH_LIFE: Final = 2 * LIFE
# While a change is being made nothing is kept. A process that dies meanwhile leaves this behind.
# It ends by itself, but not before every route that was kept until then: those would count again.
_CHANGING: Final = "changing"


@dataclass(frozen=True)
class _Nearby:
    sealed: str
    epoch: str
    kept_at: float


class _Copies:
    """This process's own: at most so many, the oldest goes first."""

    def __init__(self) -> None:
        self._copies: OrderedDict[str, _Nearby] = OrderedDict()
        self._lock = Lock()

    def keep(self, number: str, copy: _Nearby) -> None:
        with self._lock:
            self._copies[number] = copy
            self._copies.move_to_end(number)
            if len(self._copies) > _MOST_NEARBY:
                self._copies.popitem(last=False)

    def find(self, number: str) -> _Nearby | None:
        with self._lock:
            copy = self._copies.get(number)
        if copy and time.monotonic() - copy.kept_at < _LIFE_NEARBY:
            return copy
        return None

    def forget(self, numbers: Iterable[str]) -> None:
        with self._lock:
            for number in numbers:
                self._copies.pop(number, None)

    def clear(self) -> None:
        with self._lock:
            self._copies.clear()


nearby: Final = _Copies()


def is_kept(number: str, epoch: str) -> bool:
    """Whether this process has kept the number's route in the last minute, and in that *epoch*."""
    copy = nearby.find(number)
    return copy is not None and copy.epoch == epoch


def epochs(numbers: Collection[str]) -> dict[str, str]:
    """Each number's epoch. Ask before the database is read; empty while Redis is away."""
    if not numbers:
        return {}
    with suppress(MemoryAway):
        found = memory.ask(lambda redis: redis.mget([_epoch_key(n) for n in numbers]))
        return {n: epoch or _UNCHANGED for n, epoch in zip(numbers, found, strict=True)}
    return {}


def keep(routes: Mapping[str, str], known: Mapping[str, str]) -> None:
    """Keeps each number's route, with the epoch *known* from before it was read."""
    kept = {}
    for number, route in routes.items():
        epoch = known.get(number, _CHANGING)
        if epoch != _CHANGING:
            kept[number] = f"{epoch} {seal(route, place=_place(number))}"
    if not kept:
        return
    with suppress(MemoryAway):
        memory.ask(partial(_write, {_route_key(n): text for n, text in kept.items()}, LIFE))
    for number, text in kept.items():
        epoch, _, sealed = text.partition(" ")
        nearby.keep(number, _Nearby(sealed, epoch, time.monotonic()))


def find(number: str) -> str | None:
    """The number's route, if one is kept that no change has ended since."""
    keys = [_epoch_key(number), _route_key(number)]
    copy = nearby.find(number)
    try:
        epoch, text = memory.ask(lambda redis: redis.mget(keys))
    except MemoryAway:
        return _opened(number, copy.sealed) if copy else None
    epoch = epoch or _UNCHANGED
    kept_in, _, sealed = (text or "").partition(" ")
    if sealed and kept_in == epoch:
        return _opened(number, sealed)
    # Redis may have lost what it held; a number that has changed since has another epoch.
    if not sealed and copy and copy.epoch == epoch:
        return _opened(number, copy.sealed)
    return None


@contextmanager
def change(*numbers: str | None) -> Iterator[None]:
    """Around a change of what these numbers' routes say: forgotten before it and after it."""
    begin_change(numbers)
    try:
        yield
    finally:
        end_change(numbers)


def begin_change(numbers: Iterable[str | None]) -> None:
    """From now on nothing is known of these numbers, until ``end_change``."""
    _set_epochs({number: _CHANGING for number in numbers if number}, _EPOCH_LIFE)


def end_change(numbers: Iterable[str | None]) -> None:
    """On commit: what is read from then on may be kept."""
    fresh = {number: secrets.token_hex(8) for number in numbers if number}
    if fresh:
        transaction.on_commit(partial(_set_epochs, fresh, _EPOCH_LIFE), robust=True)


def _set_epochs(epochs: Mapping[str, str], life: timedelta) -> None:
    if not epochs:
        return
    nearby.forget(epochs)
    try:
        ended = {_epoch_key(n): epoch for n, epoch in epochs.items()}
        memory.ask(partial(_write, ended, life), memory.line_of_changes)
    except MemoryAway:
        # The routes are read and kept anew every few minutes, which overwrites what is stale.
        logger.error("routes_not_forgotten", count=len(epochs))


def _write(values: Mapping[str, str], life: timedelta, redis: Any) -> None:
    pipeline = redis.pipeline(transaction=False)
    for key, value in values.items():
        pipeline.set(key, value, ex=life)
    pipeline.execute()


def _opened(number: str, sealed: str) -> str | None:
    try:
        return unseal(sealed, place=_place(number))
    except CannotUnseal as error:
        logger.error("route_does_not_open", reason=str(error))
        return None


def _route_key(number: str) -> str:
    return f"proxying.route.{blind_index(number)}"


def _epoch_key(number: str) -> str:
    return f"proxying.epoch.{blind_index(number)}"


def _place(number: str) -> str:
    return f"route.{number}"
