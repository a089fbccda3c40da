"""Redis dies with all its data, or is flushed, while sellers get numbers and people browse.

Every nudge that was in it is gone; the rows and the sweep must do without. Pages are asked for
all the time, also while there is no Redis. The control's sweep does nothing.
"""

import random
import threading
import time
from dataclasses import dataclass, field

import requests
from django.core.management import call_command
from django.db import connection

from tests.storm import Result, processes, sellers
from tests.storm.processes import Redis, Site

FIGURE = 2
TITLE = "Redis killed with its data, and FLUSHALL"
N = 2_000
SMALL = 200
CONTROL = 20
CONTROL_WAITS = True
ALONE = True

_TIMES = 10
_PAGES = ("/", "/accounts/login/", "/accounts/signup/")
_SLOWEST_PAGE = 5.0
_HEALED_WITHIN = 60.0
# Seconds in which nobody was served: then it is time for the next loss anyway.
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
                return _measure(site, redis, n, random.Random(seed), app)
        finally:
            redis.kill()


def _measure(site: Site, redis: Redis, n: int, chance: random.Random, app: str) -> Result:
    call_command("collectstatic", interactive=False, verbosity=0)
    site.add_web()
    for place in (1, 2):
        site.add_worker(f"worker{place}", children=2, app=app)
    site.add_beat(app)
    visitor = Visitor(site.environment["PUBLIC_BASE_URL"])
    threads = [threading.Thread(target=_ask, args=(n,)), threading.Thread(target=visitor.browse)]
    for thread in threads:
        thread.start()
    losses = ["kill", "flush"] * max(1, min(_TIMES, n // 40))
    chance.shuffle(losses)
    for done, loss in enumerate(losses):
        sellers.wait_until_served(done * n * 0.9 / len(losses), patience=_STALLED)
        if loss == "flush":
            redis.flush()
            continue
        redis.kill()
        time.sleep(chance.uniform(0.5, 2.0))
        redis.restart()
    last_loss = time.monotonic()
    threads[0].join()
    while sellers.served() < n and time.monotonic() - last_loss < _HEALED_WITHIN + n / 20:
        time.sleep(0.2)
    visitor.leave(threads[1])
    books = sellers.books(n, processes.TWILIO)
    return Result(
        books.are_right and visitor.is_content,
        f"{n} reservations, {len(losses)} losses: {books}; {visitor}; the last served "
        f"{time.monotonic() - last_loss:.0f} s after the last loss",
    )


def _ask(n: int) -> None:
    try:
        for nth in range(n):
            sellers.ask_for_a_number(nth)
    finally:
        connection.close()


@dataclass
class Visitor:
    """Asks for one page after the other, and remembers what was wrong."""

    site: str
    asked: int = 0
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)
    _gone: threading.Event = field(default_factory=threading.Event)

    def browse(self) -> None:
        while not self._gone.wait(0.2):
            page = _PAGES[self.asked % len(_PAGES)]
            began = time.monotonic()
            try:
                status = requests.get(self.site + page, timeout=30).status_code
            except requests.RequestException as error:
                status = type(error).__name__
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.asked += 1
            if status != 200:
                self.wrong.append(f"{page} {status}")

    def leave(self, thread: threading.Thread) -> None:
        self._gone.set()
        thread.join()

    @property
    def is_content(self) -> bool:
        return not self.wrong and self.slowest <= _SLOWEST_PAGE

    def __str__(self) -> str:
        return (
            f"{self.asked} pages, {len(self.wrong)} wrong {self.wrong[:3]}, "
            f"slowest {self.slowest:.1f} s"
        )
