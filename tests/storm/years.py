"""Years of the marketplace, simulated: whatever happens in whatever order, nothing goes wrong.

Each seed has a world of its own with a clock of its own, in which our own code runs against
the switchboard: people sign up, call, text, answer, block, move, leave; tasks are lost, workers
die, Twilio fails, numbers vanish, the database and Redis go and come. After each step plain
Python says what is right. A failure names its seed and step: ``STORM_SEED=<that seed>`` lives
the same again, first of all.

A step is real work, calls and texts most of all: a seed takes about six seconds of a core, the
thousand close to an hour of two. Whoever wants them all waits so long: ``STORM_PATIENCE=36000``.
"""

import gc
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from unittest import mock

from django.test import override_settings

from proxying import interactions, last_known_good
from proxying.models import ProxySession
from tests.storm import Result, stage
from tests.storm.years_life import Life
from tests.storm.years_world import worlds

FIGURE = 5
TITLE = "Simulated years: seeded sequences of all events, 300 steps each"
N = 1_000
SMALL = 1
CONTROL = 10

STEPS = 300
# With fewer seeds a second process costs more than it saves.
_WORTH_SHARING = 8
# Whoever meets nobody does nobody wrong: so much must happen in a seed, on average.
_CONTACTS = 20
_SESSIONS = 1
# Of what happens in Sessions, how much must be judged with no doubt of what is right.
_STRICTLY = 0.5
# The second way of the control begins with seeds that its first way seldom comes to.
_ELSEWHERE = 2
_CLOSERS = ("provisioning.ending", "reconciliation.sessions", "remembered", "tasks")


@dataclass
class Lived:
    """What came of some seeds."""

    seeds: int = 0
    steps: int = 0
    contacts: int = 0
    connected: int = 0
    unplaced: int = 0
    in_sessions: int = 0
    strictly: int = 0
    passed_on: int = 0
    days: int = 0
    wrong: list[str] = field(default_factory=list)

    def __add__(self, other: "Lived") -> "Lived":
        return Lived(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def has_lived(self) -> bool:
        few = self.seeds - 1  # one may be quiet, of whatever many
        return (
            self.contacts > _CONTACTS * few
            and self.connected > _SESSIONS * few
            and self.strictly > _STRICTLY * self.in_sessions
        )

    def __str__(self) -> str:
        return (
            f"{self.seeds} seeds, {self.steps} steps, {self.days / 365:.0f} years, "
            f"{self.contacts} calls and texts, {self.connected} of them connected anew, "
            f"{self.unplaced} without a free number, {self.in_sessions} in Sessions, of which "
            f"{self.strictly} with one right answer, {self.passed_on} passed on later: "
            f"{len(self.wrong)} seeds with a violation"
            + "".join(f"; {one}" for one in self.wrong)
            + ("" if self.has_lived else "; too little happened")
        )


def run(n: int, seed: int) -> Result:
    beside = n // 2 if n >= _WORTH_SHARING else 0
    with _another(beside, seed + n - beside) as others:
        both = lived(n - beside, seed) + others()
    return Result(held=not both.wrong and both.has_lived, measured=str(both))


def control(n: int, seed: int) -> Result:
    """Broken in two ways, each of which must be found in at most *n* seeds.

    Numbers go back to Twilio as soon as they are given up; then, routes are never forgotten
    and Sessions neither closed nor forbidden.
    """
    with override_settings(NUMBER_QUARANTINE_DAYS=0, NUMBER_QUIET_DAYS=0):
        numbers = lived(n, seed, until_wrong=True)
    with ExitStack() as broken:
        broken.enter_context(mock.patch.object(last_known_good, "_set_epochs"))
        broken.enter_context(mock.patch.object(interactions, "is_refused", return_value=False))
        for module in _CLOSERS:
            name = f"proxying.{module}.sessions_to_close"
            broken.enter_context(mock.patch(name, ProxySession.objects.none))
        sessions = lived(n, seed + _ELSEWHERE, until_wrong=True)
    return Result(
        held=not (numbers.wrong and sessions.wrong),
        measured=f"numbers given back at once: {numbers}; nothing forgotten or closed: {sessions}",
    )


def share(n: int, seed: int) -> Result:
    """As the other process's part: what came of it, as JSON."""
    part = lived(n, seed)
    return Result(held=not part.wrong, measured=json.dumps(asdict(part)))


def lived(n: int, seed: int, *, until_wrong: bool = False) -> Lived:
    all_of_them = Lived()
    gc.freeze()
    with worlds() as make:
        for one in range(seed, seed + n):
            with make(one) as world, ExitStack() as lasting:
                began, life = world.now, Life(world, lasting)
                try:
                    if step := life.live(STEPS):
                        all_of_them.wrong.append(f"seed {one} step {step}: {life.violations[0]}")
                except Exception as error:  # noqa: BLE001 (one that the others outlive)
                    traceback.print_exc()
                    step = 0
                    all_of_them.wrong.append(f"seed {one} died: {error!r}")
                all_of_them.seeds += 1
                all_of_them.steps += step or STEPS
                all_of_them.contacts += len(life.judge.contacts)
                all_of_them.connected += life.judge.connected
                all_of_them.unplaced += life.judge.unplaced
                all_of_them.in_sessions += life.judge.in_sessions
                all_of_them.strictly += life.judge.strictly
                all_of_them.passed_on += life.judge.passed_on
                all_of_them.days += (world.now - began).days
            if until_wrong and all_of_them.wrong:
                break
    return all_of_them


@contextmanager
def _another(n: int, seed: int) -> Iterator[Callable[[], Lived]]:
    """A second process lives some of the seeds, on engines' databases of its own."""
    if not n:
        yield Lived
        return
    with (
        stage.another_database("_beside") as name,
        tempfile.TemporaryDirectory(dir="/tmp") as folder,
        stage.own_redis(Path(folder)) as redis_url,
    ):
        answer = Path(folder) / "answer"
        own = {"DATABASE_URL": stage.url_of(name), "REDIS_URL": redis_url}
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.storm.child",
                "years",
                "share",
                f"{n}",
                f"{seed}",
                answer,
            ],
            cwd=stage.ROOT,
            env={**os.environ, **own},
        )

        def wait() -> Lived:
            if process.wait():
                return Lived(wrong=["the other process died"])
            return Lived(**json.loads(json.loads(answer.read_text())["measured"]))

        try:
            yield wait
        finally:
            process.kill()
            process.wait()
