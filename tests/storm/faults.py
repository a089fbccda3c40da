"""Twilio refuses, hangs up, answers nonsense, or does it and does not say so.

Each call meets a fault with the chance of its round, drawn from the seed: of a call that was
dropped afterwards we do not know that it took effect. Time is not waited for: what was put
off is due again at once. The control buys without looking whether it has bought already.
"""

import math
import random
from collections.abc import Callable
from contextlib import suppress

from django.core.management import call_command
from django.db.models import Max, Sum
from django.utils import timezone

from proxying.models import ProxyService, ReservedNumber
from proxying.provisioning import NotYet, buying, fill_pool, reserve
from proxying.switchboard.models import Fault
from proxying.twilio_client import TwilioUnavailable
from tests.storm import Result, sellers

FIGURE = 3
TITLE = "Twilio faults on 30, 60 and 90 % of calls"
N = 1_000
SMALL = 200
CONTROL = 12

# How much of the sellers each round has: at nine in ten a seller takes a hundred calls.
_ROUNDS = {0.3: 0.6, 0.6: 0.3, 0.9: 0.1}
# Done, and we are not told; and not done. A seller meets one of each.
_UNCLEAR = (Fault.Kind.DROP_AFTER, Fault.Kind.TRUNCATED, Fault.Kind.HTML)
_CLEAR = (
    Fault.Kind.TOO_MANY_BARE,
    Fault.Kind.ERROR_500,
    Fault.Kind.ERROR_503,
    Fault.Kind.DROP_BEFORE,
)
_TRIES = 5_000


def run(n: int, seed: int) -> Result:
    call_command("configure_proxy_service", verbosity=0)
    luck = random.Random(seed)
    done, calls, struck = 0, 0, 0
    for chance, share in _ROUNDS.items():
        last = n if chance == max(_ROUNDS) else done + round(n * share)
        for nth in range(done, last):
            _misbehave(chance, luck)
            _until_kept(sellers.ask_for_a_number(nth))
            fault = Fault.objects.aggregate(calls=Max("seen"), struck=Sum("struck"))
            calls, struck = calls + fault["calls"], struck + fault["struck"]
        _tried(lambda: fill_pool(ProxyService.objects.get()))
        done = last
    Fault.objects.all().delete()
    books = sellers.books(n)
    return Result(books.are_right, f"{n} sellers: {books}; {struck} of {calls} calls failed")


def control(n: int, seed: int) -> Result:
    buying.acquire = sellers.buy_blindly
    return run(n, seed)


def _misbehave(chance: float, luck: random.Random) -> None:
    Fault.objects.all().delete()
    # One is asked after the other: together they strike with *chance*.
    each = 1 - math.sqrt(1 - chance)
    for kinds in (_UNCLEAR, _CLEAR):
        Fault.objects.create(kind=luck.choice(kinds), chance=each, seed=str(luck.randrange(2**32)))


def _until_kept(number: ReservedNumber) -> None:
    for _ in range(_TRIES):
        with suppress(NotYet):
            reserve(number.pk)
        number.refresh_from_db()
        if number.is_active:
            return
        ReservedNumber.objects.filter(pk=number.pk).update(next_attempt_at=timezone.now())


def _tried(what: Callable[[], object]) -> None:
    for _ in range(_TRIES):
        with suppress(TwilioUnavailable):
            what()
            return
