"""Years of the marketplace, simulated: whatever happens in whatever order, nothing goes wrong.

Each seed has a world of its own with a clock of its own, in which our own code runs against
the switchboard: people sign up, call, text, answer, block, move, leave; tasks are lost, workers
die, Twilio fails, numbers vanish, the database and Redis go and come. After each step plain
Python says what is right. A failure names its seed and step: ``STORM_SEED=<that seed>`` lives
the same again, first of all.

A step is real work, calls and texts most of all: a thousand seeds take longer than all the
other programs together. ``make storm`` lives fifty; ``STORM_SCALE=20 STORM_PATIENCE=36000 make
storm ARGS=years`` lives the thousand.
"""

import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from django.test import override_settings

from tests.storm import Result, stage
from tests.storm.years_life import Life
from tests.storm.years_world import worlds

FIGURE = 5
TITLE = "Simulated years: seeded sequences of all events, 300 steps each"
N = 50
SMALL = 1
CONTROL = 2

STEPS = 300
# With fewer seeds a second process costs more than it saves.
_WORTH_SHARING = 8
_NAMED = 10


@dataclass
class Lived:
    """What came of some seeds."""

    seeds: int = 0
    steps: int = 0
    contacts: int = 0
    connected: int = 0
    unplaced: int = 0
    days: int = 0
    wrong: list[str] = field(default_factory=list)


def run(n: int, seed: int) -> Result:
    beside = n // 2 if n >= _WORTH_SHARING else 0
    with _another(beside, seed + n - beside) as others:
        both = [lived(n - beside, seed), others()]
    years = sum(one.days for one in both) / 365
    wrong = [sentence for one in both for sentence in one.wrong]
    return Result(
        held=not wrong,
        measured=(
            f"{sum(one.seeds for one in both)} seeds, {sum(one.steps for one in both)} steps, "
            f"{years:.0f} years, {sum(one.contacts for one in both)} calls and texts, "
            f"{sum(one.connected for one in both)} Sessions, "
            f"{sum(one.unplaced for one in both)} without a free number: "
            f"{len(wrong)} seeds with a violation" + "".join(f"; {one}" for one in wrong[:_NAMED])
        ),
    )


def control(n: int, seed: int) -> Result:
    """Numbers go back to Twilio as soon as they are given up."""
    with override_settings(NUMBER_QUARANTINE_DAYS=0, NUMBER_QUIET_DAYS=0):
        return run(n, seed)


def share(n: int, seed: int) -> Result:
    """As the other process's part: what came of it, as JSON."""
    part = lived(n, seed)
    return Result(held=not part.wrong, measured=json.dumps(asdict(part)))


def lived(n: int, seed: int) -> Lived:
    all_of_them = Lived()
    gc.freeze()
    with worlds() as make:
        for one in range(seed, seed + n):
            with make(one) as world, ExitStack() as lasting:
                began, life = world.now, Life(world, lasting)
                if step := life.live(STEPS):
                    all_of_them.wrong.append(f"seed {one} step {step}: {life.violations[0]}")
                all_of_them.seeds += 1
                all_of_them.steps += step or STEPS
                all_of_them.contacts += len(life.judge.contacts)
                all_of_them.connected += life.judge.connected
                all_of_them.unplaced += life.judge.unplaced
                all_of_them.days += (world.now - began).days
    return all_of_them


@contextmanager
def _another(n: int, seed: int) -> Iterator[Callable[[], Lived]]:
    """A second process lives some of the seeds, on engines' databases of its own."""
    if not n:
        yield Lived
        return
    with stage.another_database("_beside") as name, tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer"
        redis, query = os.environ["REDIS_URL"], "?db=1"
        own = {"DATABASE_URL": stage.url_of(name), "REDIS_URL": redis + query}
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
