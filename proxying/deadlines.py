"""The database within a second, for callbacks: somebody is listening to a ringing tone.

PostgreSQL's own limits do not cover a server that is stopped, a network that swallows packets or
a pooler that waits. So a thread watches, and breaks the connection's socket when the time is up:
whatever the statement waits for, the driver then sees an end. It costs no statement, and works
through PgBouncer. Only connecting has a limit of its own (``connect_timeout``, two seconds at
the least), during which there is no socket to break yet.
"""

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Final, Self

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

# Seconds for all statements of a callback together.
_PATIENCE: Final = 1.0
# A connection that was lost meanwhile fails at once; after longer there is no time to connect.
_AT_ONCE: Final = 0.3
# Until the time is up again for a connection that was only just made.
_AGAIN: Final = 0.05
_LEFT_ALONE: Final = 1.0
# Longer than a try may take.
_ONE_TRIES: Final = 3.0


class DatabaseAway(Exception):
    """The database does not answer, or not in time."""


class _Line:
    """After a failure the database is left alone for a second; then one caller tries it again,
    and the others do not wait for what becomes of that.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._next_try: float | None = None

    def may_try(self) -> bool:
        if self._next_try is None:
            return True
        with self._lock:
            now = time.monotonic()
            if self._next_try is not None and now < self._next_try:
                return False
            self._next_try = now + _ONE_TRIES
            return True

    def is_up(self) -> None:
        self._next_try = None

    def is_down(self) -> None:
        with self._lock:
            self._next_try = time.monotonic() + _LEFT_ALONE


line: Final = _Line()


def ask[T](question: Callable[[], T]) -> T:
    """What *question* finds in the database; ``DatabaseAway`` when that takes too long or fails.

    A connection that was lost meanwhile costs a second try, so *question* must be repeatable.
    Within a transaction nothing is broken off: what was done before in it would be lost.
    """
    if not line.may_try():
        raise DatabaseAway("left alone for a moment")
    connection: Any = connections[DEFAULT_DB_ALIAS]
    # Django would look whether the connection still works, and wait for a new one if that is
    # broken off by the watch. The second try does the same, and minds the time.
    connection.health_check_done = True
    with _Watch(connection) as watch:
        for may_be_an_old_connection in (True, False):
            try:
                answer = question()
            except (OperationalError, InterfaceError) as error:
                if not connection.in_atomic_block:
                    connection.close()
                    if may_be_an_old_connection and watch.seconds < _AT_ONCE:
                        continue
                line.is_down()
                raise DatabaseAway(type(error).__name__) from None
            else:
                line.is_up()
                return answer
    raise AssertionError("the second try answers or raises")


class _Watch:
    """Breaks the connection when its time is up, and again if it is then made anew."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._done = Event()
        self._lock = Lock()
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def __enter__(self) -> Self:
        if self._connection.in_atomic_block:
            return self
        Thread(target=self._watch, name="deadline", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Whoever uses the connection next must not find it broken.
        with self._lock:
            self._done.set()

    def _watch(self) -> None:
        wait = _PATIENCE
        while not self._done.wait(wait):
            with self._lock:
                if self._done.is_set():
                    return
                _break(self._connection.connection)
            wait = _AGAIN


def _break(connection: Any) -> None:
    """Shuts the socket of a psycopg connection; a file of SQLite's has none, nor can it hang."""
    if not isinstance(connection, psycopg.Connection):
        return
    with suppress(psycopg.Error, OSError):
        number = connection.pgconn.socket
        with socket.socket(fileno=os.dup(number)) as ours:
            # Still the same: the number was not given to another socket in between.
            if connection.pgconn.socket == number:
                ours.shutdown(socket.SHUT_RDWR)
