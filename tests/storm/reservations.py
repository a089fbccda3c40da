"""Workers, their children, the sweep and beat are killed with -9 while sellers get numbers.

Two workers of two children each, and beat; what is killed is started again at once. The
control's sweep does nothing, so what a killed worker held stays where it was.
"""

import random
import threading
import time
from collections.abc import Callable

from django.db import connection
from django.utils import timezone

from proxying import tasks
from proxying.models import ReservedNumber
from tests.storm import Result, processes, sellers
from tests.storm.processes import Process, Redis, Site

FIGURE = 1
TITLE = "kill -9 of workers, children, sweep and beat"
N = 3_000
SMALL = 200
CONTROL = 24
CONTROL_WAITS = True
ALONE = True

_KILLS = 60
_LAST_SERVED_WITHIN = 60.0
# Seconds in which nobody was served: then it is time for the next kill anyway.
_STALLED = 5.0


def run(n: int, seed: int) -> Result:
    return _storm(n, seed, "shoppingplace")


def control(n: int, seed: int) -> Result:
    return _storm(n, seed, "tests.storm.sweepless")


def _storm(n: int, seed: int, app: str) -> Result:
    with processes.folder() as folder:
        redis = Redis(folder)
        try:
            with processes.site(folder, redis_url=redis.url) as site:
                return _measure(site, n, seed, app)
        finally:
            redis.kill()


def _measure(site: Site, n: int, seed: int, app: str) -> Result:
    workers = [site.add_worker(f"worker{place}", children=2, app=app) for place in (1, 2)]
    beat = site.add_beat(app)
    began = time.monotonic()
    asking = threading.Thread(target=_ask, args=(n,))
    asking.start()
    kills = _kill(workers, beat, n, random.Random(seed))
    last_kill = time.monotonic()
    asking.join()
    while sellers.served() < n and time.monotonic() - last_kill < _LAST_SERVED_WITHIN:
        time.sleep(0.2)
    healed, took = time.monotonic() - last_kill, time.monotonic() - began
    books = sellers.books(n, processes.TWILIO)
    return Result(
        books.are_right,
        f"{n} reservations, {kills} kills: {books}; the last served {healed:.0f} s after the "
        f"last kill, {n / took:.0f} a second",
    )


def _ask(n: int) -> None:
    try:
        for nth in range(n):
            sellers.ask_for_a_number(nth)
    finally:
        connection.close()


def _kill(workers: list[Process], beat: Process, n: int, chance: random.Random) -> int:
    """Spread over the reservations; how many kills."""
    some = processes.one_of(chance)
    ways: list[Callable[[Process], None]] = [
        lambda worker: worker.kill_children(some),
        lambda worker: worker.kill_children(some),
        Process.kill_children,
        Process.kill,
        Process.kill_alone,
        lambda worker: beat.kill(),
        lambda worker: _kill_the_sweep(workers),
    ]
    planned = max(len(ways), min(_KILLS, n // 10))
    order = chance.sample(ways, len(ways)) + chance.choices(ways, k=planned - len(ways))
    for done, way in enumerate(order):
        sellers.wait_until_served(done * n * 0.9 / planned, patience=_STALLED)
        _wait_for_work()
        way(chance.choice(workers))
        for process in (*workers, beat):
            process.revive()
    return planned


def _kill_the_sweep(workers: list[Process]) -> None:
    """Whichever child runs it."""
    tasks.sweep.delay()
    time.sleep(0.02)
    for worker in workers:
        worker.kill_children()


def _wait_for_work() -> None:
    """Until some worker holds a row, so that it is killed in the midst of it; not for ever."""
    at_work = ReservedNumber.objects.filter(
        unended_attempts__gt=0, next_attempt_at__gt=timezone.now()
    )
    deadline = time.monotonic() + 5
    while not at_work.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
