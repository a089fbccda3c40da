"""Programs that prove a promise under fire. ``make storm`` runs them all.

A program is a module here with these names at its top level, the first five as literals::

    FIGURE = 3                      # of the README's table
    TITLE = "Twilio faults on 30, 60 and 90 % of calls"
    N = 1_000                       # the figure's own number, scaled by STORM_SCALE
    SMALL = 30                      # what ``make test`` runs
    CONTROL = 30                    # what the control runs; SMALL when left out

    def run(n: int, seed: int) -> Result: ...
    def control(n: int, seed: int) -> Result: ...

``run`` measures; ``control`` measures a variant that is broken on purpose, and must not hold:
a program that cannot fail proves nothing. Each runs in a process of its own (``child``),
which finds

- Django set up, with the settings of tests/engines.py;
- a PostgreSQL database of its own, migrated and empty, and an empty Redis database;
- ``http://testserver`` answered in process, so the real twilio client reaches the real
  switchboard, whose webhooks reach our callbacks; no other host but this machine;
- no transaction around anything.

So a control may patch what it likes: it dies with its process. Chance comes from *seed*
alone, which is printed. Nothing is printed by a program itself: what was measured is in its
``Result``.
"""

from tests.storm.program import Result

__all__ = ["Result"]
