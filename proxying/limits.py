"""Exact limits, kept in the database: they hold over any number of processes, and after a crash.

Counted before the thing is done, never after: who dies in between has used up a turn, and
nobody gets one too many.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists
from django.db.models.expressions import Combinable
from django.utils import timezone

from proxying.models import LimitCounter

_TABLE = LimitCounter._meta.db_table
_KEPT = timedelta(days=2)


def take(key: str, *, limit: int, window: timedelta) -> bool:
    """Takes one of the *limit* turns that *key* has in the present window; False if none is left.

    Windows lie end to end since 1970: with ``timedelta(days=1)`` a key has its turns each UTC
    day. One statement, which holds its row's lock until the transaction is over: call it
    outside of one.
    """
    if limit < 1:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {_TABLE} (key, window_start, count) VALUES (%s, %s, 1)
            ON CONFLICT (key, window_start) DO UPDATE SET count = {_TABLE}.count + 1
            WHERE {_TABLE}.count < %s
            RETURNING count
            """,  # noqa: S608 (the table's name is ours)
            [key, _start_of(window), limit],
        )
        return cursor.fetchone() is not None


@dataclass(frozen=True)
class Turn:
    """One of the *limit* turns that *key* has in each *window*."""

    key: str
    limit: int
    window: timedelta


def take_all(turns: Iterable[Turn]) -> bool:
    """Takes each of *turns* in one statement; False if one has none left.

    Then roll back the transaction around this call, and the others' turns are given back.
    Until it is over it holds the rows' locks: nobody else decides about these keys meanwhile.
    """
    # Always in the same order, so that no two wait for each other.
    ordered = sorted(turns, key=lambda turn: turn.key)
    rows = ", ".join(["(%s, %s, 1)"] * len(ordered))
    limits = " ".join(["WHEN %s THEN %s"] * len(ordered))
    values: list[Any] = [part for t in ordered for part in (t.key, _start_of(t.window))]
    values += [part for turn in ordered for part in (turn.key, turn.limit)]
    if min(turn.limit for turn in ordered) < 1:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {_TABLE} (key, window_start, count) VALUES {rows}
            ON CONFLICT (key, window_start) DO UPDATE SET count = {_TABLE}.count + 1
            WHERE {_TABLE}.count < CASE excluded.key {limits} END
            RETURNING key
            """,  # noqa: S608 (the table's name is ours, the rest are placeholders)
            values,
        )
        return len(cursor.fetchall()) == len(ordered)


def mark(key: str) -> None:
    """Remembers for two days that *key* happened now. One statement."""
    now = LimitCounter(key=key, window_start=timezone.now(), count=1)
    LimitCounter.objects.bulk_create([now], ignore_conflicts=True)


def marked(key: str | Combinable, *, within: timedelta) -> Exists:
    """Whether *key* was marked in the last *within*, as a condition of a query."""
    return Exists(LimitCounter.objects.filter(key=key, window_start__gt=timezone.now() - within))


def taken(key: str, *, window: timedelta) -> int:
    """How many turns *key* has used up in the present window."""
    counters = LimitCounter.objects.filter(key=key, window_start=_start_of(window))
    return counters.values_list("count", flat=True).first() or 0


def forget_old() -> int:
    """Deletes counters of windows that began two days ago or earlier; how many."""
    deleted, _by_model = LimitCounter.objects.filter(
        window_start__lt=timezone.now() - _KEPT
    ).delete()
    return deleted


def _start_of(window: timedelta) -> datetime:
    seconds = window.total_seconds()
    return datetime.fromtimestamp(timezone.now().timestamp() // seconds * seconds, tz=UTC)
