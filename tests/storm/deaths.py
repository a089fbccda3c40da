"""Processes that die at a given line: the points of a piece of work, and kill -9 at one of them.

A point lies before and after each commit to the database, be it of a transaction or of one
statement, and before and after each request to Twilio. They are found by running the work.
It runs in a process of its own, which ends without a word: no ``finally`` of ours, no
rollback; PostgreSQL sees a connection break. What Twilio does meanwhile it does to the end,
and what our own callbacks do for it belongs to another process than the one that dies.
"""

import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn
from unittest import mock

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from proxying.twilio_client import wire

_KILLED: Final = 137
_WRITES: Final = re.compile(
    r"\s*(INSERT INTO|UPDATE|DELETE FROM|WITH)\b[^\"]*(\"\w+\")?", re.IGNORECASE
)
_NAMES: Final = re.compile(r"(PN|KS|KC|KP|SM|CA|VA|VE|AC)[0-9a-f]{32}|\+?[0-9]{7,}")


class Died(Exception):
    """The process was killed at its point."""


def points_of(work: Callable[[], None]) -> list[str]:
    """Says of each point of *work* where it lies. The work is done."""
    with _watched(fatal=0) as points:
        work()
    return points


def die_at(point: int, work: Callable[[], None]) -> None:
    """Does *work* until its *point*-th point, from 1, and is dead then."""
    with _watched(fatal=point):
        work()


def in_a_process[T](work: Callable[[], T]) -> T:
    """What *work* answers, which JSON can tell, from a process made for it; or ``Died``."""
    # Two processes cannot share a connection.
    connections.close_all()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _answer(work, writing)
    os.close(writing)
    with os.fdopen(reading) as told:
        said = told.read()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == _KILLED:
        raise Died
    if code:
        raise RuntimeError(f"ended with {code}: {said}")
    answer: T = json.loads(said)
    return answer


def _answer(work: Callable[[], Any], writing: int) -> NoReturn:
    code = 1
    try:
        with os.fdopen(writing, "w") as out:
            json.dump(work(), out)
        code = 0
    except BaseException:  # noqa: BLE001 (told by the exit code)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


class _Points:
    def __init__(self, fatal: int) -> None:
        self.said: list[str] = []
        self._fatal = fatal
        self._at_twilio = False

    @contextmanager
    def around(self, what: str, *, twilio: bool = False) -> Iterator[None]:
        self._pass(f"before {what}")
        outer, self._at_twilio = self._at_twilio, self._at_twilio or twilio
        try:
            yield
        finally:
            self._at_twilio = outer
            self._pass(f"after {what}")

    def _pass(self, where: str) -> None:
        if self._at_twilio:
            return
        self.said.append(where)
        if len(self.said) == self._fatal:
            os._exit(_KILLED)


@contextmanager
def _watched(fatal: int) -> Iterator[list[str]]:
    points = _Points(fatal)
    commit, request = BaseDatabaseWrapper._commit, wire._RebasingHttpClient.request

    def committed(self: Any) -> None:
        with points.around("commit"):
            commit(self)

    def requested(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        path = _NAMES.sub(r"\1", url.partition("twilio.com")[2] or url)
        with points.around(f"{method} {path}", twilio=True):
            return request(self, method, url, *args, **kwargs)

    def executed(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        written = _WRITES.match(str(sql))
        if written is None or connection.in_atomic_block:
            return execute(sql, params, many, context)
        with points.around(written[0].strip()):
            return execute(sql, params, many, context)

    with (
        mock.patch.object(BaseDatabaseWrapper, "_commit", committed),
        mock.patch.object(wire._RebasingHttpClient, "request", requested),
        connection.execute_wrapper(executed),
    ):
        yield points.said
