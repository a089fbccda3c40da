"""A crash at every line: before and after every commit and every request of every saga.

Each saga is run once to find its points, and must end well. Then, for each point, in the same
small world, a process does the saga and dies there; a fresh one waits until all leases are
over, runs the sweep and the periodic tasks, and looks at what is promised (``invariants``).
Tasks run where they are nudged, so a worker's steps are points as well, and a death loses all
nudges.

The control buys without looking whether it has bought already.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from unittest import mock

import redis
import time_machine
from django.conf import settings
from django.db import connection
from django.test import override_settings

from proxying import deadlines, last_known_good, reconciliation, remembered
from proxying.provisioning import buying
from shoppingplace.celery import app
from tests.storm import Result, invariants, sagas, sellers
from tests.storm.deaths import Died, die_at, in_a_process, points_of
from tests.storm.sagas import SAGAS, Saga

FIGURE = 4
TITLE = "A crash at every line of every saga"
# More than there are points: all of them.
N = 1_000
SMALL = 200
CONTROL = 2

_MORNING: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)
# When the sagas begin: after all that the world was made of.
_BEGIN: Final = _MORNING + timedelta(minutes=10)
# The first is over before most leases are: what is to be safe must be so at once. The other is
# longer than any.
_WAITS: Final = (timedelta(seconds=61), timedelta(seconds=200))
_RECONCILE: Final = "proxying.tasks.reconcile_numbers"


@dataclass(frozen=True)
class Point:
    saga: Saga
    number: int
    where: str


def run(n: int, seed: int) -> Result:
    # For a few points a few sagas do.
    chosen = random.Random(seed).sample(SAGAS, min(n, len(SAGAS)))
    return _measure(n, seed, chosen, lambda point: True)


def control(n: int, seed: int) -> Result:
    buying.acquire = sellers.buy_blindly
    return _measure(n, seed, list(SAGAS[:1]), lambda point: "IncomingPhoneNumbers" in point.where)


def _measure(
    n: int, seed: int, chosen: list[Saga], is_of_interest: Callable[[Point], bool]
) -> Result:
    # A loaded machine is no database that is away.
    deadlines._PATIENCE = 20.0
    app.conf.task_always_eager = True
    app.autodiscover_tasks(force=True)
    world = World(seed)
    traced: list[Point] = []
    broken: list[str] = []
    for saga in chosen:
        found, violations = _trace(world, saga)
        traced += found
        broken += [f"{saga.name}, not interrupted: {violation}" for violation in violations]
    points = [point for point in traced if is_of_interest(point)]
    if n < len(points):
        points = random.Random(seed).sample(points, n)
        if n >= N:
            broken.append("there are more points than N")
    crashes = 0
    for point in points:
        died, violations = _crash(world, point)
        crashes += died
        broken += [
            f"{point.saga.name}, {point.number}, {point.where}: {violation}"
            for violation in violations
        ]
    measured = (
        f"{len(chosen)} sagas, {len(traced)} points, {crashes} crashes at {len(points)} of them, "
        f"{len(broken)} violations"
    )
    return Result(not broken and crashes == len(points), "; ".join([measured, *broken[:5]]))


def _trace(world: "World", saga: Saga) -> tuple[list[Point], list[str]]:
    """Its points, and what is wrong in the end though nothing crashed."""
    world.begin_anew()
    said = in_a_process(partial(_do, saga, world.seed, points_of))
    broken = in_a_process(partial(_recover, saga))
    if not said:
        broken.append("it has no points")
    return [Point(saga, number, where) for number, where in enumerate(said, 1)], broken


def _crash(world: "World", point: Point) -> tuple[bool, list[str]]:
    """Whether it died, and what is wrong in the end."""
    world.begin_anew()
    with suppress(Died):
        in_a_process(partial(_do, point.saga, world.seed, partial(die_at, point.number)))
        return False, ["nobody died"]
    return True, in_a_process(partial(_recover, point.saga))


def _do(saga: Saga, seed: int, how: Callable[[Callable[[], None]], Any]) -> Any:
    random.seed(seed)
    with _surroundings(saga, _BEGIN) as clock:
        saga.arrange()
        remembered.keep_all()
        clock.shift(saga.later)
        return how(lambda: saga.act(clock.shift))


def _recover(saga: Saga) -> list[str]:
    """What is wrong, at once or in the end."""
    with _surroundings(saga, _BEGIN + saga.later) as clock:
        broken = [*invariants.violations(at_rest=False), *saga.never()]
        saga.again()
        for wait in (*_WAITS, *saga.goes_on_for):
            clock.shift(wait)
            _let_memory_age(wait)
            broken += [*invariants.violations(at_rest=False), *saga.never()]
            _run_periodic_tasks(saga)
        broken += _in_the_end(saga)
    return list(dict.fromkeys(broken))


def _in_the_end(saga: Saga) -> list[str]:
    broken = [*invariants.violations(), *saga.never(), *saga.wrong()]
    if not saga.takes_reconciling:
        left = reconciliation.reconcile(dry_run=True).results
        broken += [f"left to reconciliation: {finding.kind.name}" for finding, _ in left]
    return broken


def _run_periodic_tasks(saga: Saga) -> None:
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        if entry["task"] != _RECONCILE or saga.takes_reconciling:
            app.tasks[entry["task"]]()


@contextmanager
def _surroundings(saga: Saga, now: datetime) -> Iterator[Any]:
    with ExitStack() as around:
        around.enter_context(override_settings(**saga.with_settings))
        for name, value in saga.with_patches.items():
            around.enter_context(mock.patch(name, value))
        yield around.enter_context(time_machine.travel(now, tick=True))


def _let_memory_age(time: timedelta) -> None:
    """Redis has a clock of its own, which nobody moves."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    for key in client.scan_iter():
        left = client.pttl(key)
        if left >= 0:
            client.pexpire(key, max(0, left - int(time.total_seconds() * 1000)))


class World:
    """The two databases as the sagas find them: made once, and put back in no time."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        # Not in a process of its own: what is imported now need not be in each of those to come.
        self._build()
        last_known_good.nearby.clear()
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA before")
            cursor.execute(_COLUMNS)
            columns = dict(cursor.fetchall())
            for table, names in columns.items():
                cursor.execute(f"CREATE TABLE before.{table} AS SELECT {names} FROM {table}")
        # References are looked at when the transaction ends.
        self._put_back = "; ".join(
            f"DELETE FROM {table}; INSERT INTO {table} ({names}) SELECT * FROM before.{table}"
            for table, names in columns.items()
        )

    def begin_anew(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"BEGIN; {self._put_back}; COMMIT")
        redis.Redis.from_url(settings.REDIS_URL).flushdb()

    def _build(self) -> None:
        random.seed(self.seed)
        with time_machine.travel(_MORNING, tick=True):
            sagas.build_world()
            for _ in range(2):
                for entry in settings.CELERY_BEAT_SCHEDULE.values():
                    app.tasks[entry["task"]]()
            broken = invariants.violations()
            assert not broken, broken


# All tables of ours, with the columns that are not computed.
_COLUMNS: Final = """
    SELECT quote_ident(table_name), string_agg(quote_ident(column_name), ', ')
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'
        AND table_name NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
    GROUP BY table_name
"""
