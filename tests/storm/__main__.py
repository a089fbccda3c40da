"""``python -m tests.storm [name ...]``: each figure, and that its control fails.

A fiftieth of each, which takes ten minutes on two cores; ``STORM_SCALE=1`` runs the
whole, which takes hours. What measures time runs alone, the rest in pairs. ``STORM_SEED``
replays. Ends with 1 when a figure is missed or a control held.
"""

import os
import random
import sys
import time
from contextlib import ExitStack
from functools import partial
from textwrap import shorten

from tests import engines
from tests.storm.program import Program, programs
from tests.storm.stage import Stage, stage

_LINE = "{:>3}  {:<44} {:>7}  {:>10}  {:<6}  {:<28} {:>6}"
_BESIDE_EACH_OTHER = 2
_POSTGRESQL = "max_connections=400 shared_buffers=256MB"


def main(names: list[str]) -> int:
    chosen = [program for program in programs() if not names or program.name in names]
    if unknown := set(names) - {program.name for program in chosen}:
        print(f"No such program: {', '.join(sorted(unknown))}")
        return 2
    scale = float(os.environ.get("STORM_SCALE", "0.02"))
    seed = int(os.environ.get("STORM_SEED") or random.randrange(2**31))
    os.environ.setdefault("TEST_POSTGRESQL_OPTIONS", _POSTGRESQL)
    began = time.monotonic()
    with ExitStack() as running:
        engines.start(running)
        with stage() as the_stage:
            print(_LINE.format("", "figure", "N", "seed", "", "control", "s"), flush=True)
            one = partial(_one, the_stage, scale, seed)
            good = [one(program) for program in chosen if program.alone]
            with the_stage.side_by_side(_BESIDE_EACH_OTHER) as threads:
                good += threads.map(one, [program for program in chosen if not program.alone])
    print(f"{sum(good)} of {len(good)} as promised, in {time.monotonic() - began:.0f} seconds")
    return 0 if all(good) else 1


def _one(the_stage: Stage, scale: float, seed: int, program: Program) -> bool:
    # Of fewer some programs would show nothing.
    n = max(min(program.small, program.of_control), round(program.n * scale))
    began = time.monotonic()
    ran, broken = the_stage.measure_with_control(program, n=n, seed=seed)
    took = time.monotonic() - began
    held, failed = ran.held, not broken.held
    died = broken.measured.startswith("DIED")
    verdict = "held" if held else "MISSED"
    of_control = "DIED" if died else "failed as it must" if failed else "HELD, IT MUST FAIL"
    line = _LINE.format(
        program.figure, shorten(program.title, 44), n, seed, verdict, of_control, f"{took:.0f}"
    )
    print(f"{line}\n     {ran.measured}\n     control: {broken.measured}", flush=True)
    return held and failed and not died


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
