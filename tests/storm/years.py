"""Years of the marketplace, simulated: whatever happens in whatever order, nothing goes wrong.

Each seed has a world of its own with a clock of its own, in which our own code runs against
the switchboard: people sign up, call, text, answer, block, move, leave; tasks are lost, workers
die, Twilio fails, numbers vanish, the database and Redis go and come. After each step plain
Python says what is right. A failure names its seed and step: ``STORM_SEED=<that seed>`` lives
the same again, first of all.
"""

import json
import sys
from contextlib import ExitStack
from unittest import mock

from tests.storm import Result
from tests.storm.years_life import Life
from tests.storm.years_world import worlds

FIGURE = 5
TITLE = "Simulated years: seeded sequences of all events, 300 steps each"
N = 1_000
SMALL = 2
CONTROL = 2

STEPS = 300


def run(n: int, seed: int) -> Result:
    wrong: list[str] = []
    contacts = days = unplaced = 0
    with worlds() as make:
        for one in range(seed, seed + n):
            with make(one) as world, ExitStack() as lasting:
                began = world.now
                life = Life(world, lasting)
                if step := life.live(STEPS):
                    wrong.append(f"seed {one} step {step}: {life.violations[0]}")
                contacts += len(life.judge.contacts)
                unplaced += life.judge.unplaced
                days += (world.now - began).days
    return Result(
        held=not wrong,
        measured=(
            f"{n} seeds, {n * STEPS} steps, {days / 365:.0f} years, {contacts} contacts, "
            f"{unplaced} found no number: {len(wrong)} seeds with violations"
            + "".join(f"; {one}" for one in wrong[:5])
        ),
    )
