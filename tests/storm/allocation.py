"""Many processes take numbers from the stock at once, and every request is sent four times.

What is measured is the claim in our rows, ``stock.take``: Twilio hears of it afterwards. The
control looks for a free number first and writes it down after that, in two statements.
"""

import multiprocessing
import random
import time
from collections.abc import Callable
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection

from proxying.models import ProxyService, ReservedNumber, Seller, StockNumber
from proxying.provisioning import stock
from tests.storm import Result

FIGURE = 6
TITLE = "64 processes, every request sent four times"
N = 5_000
SMALL = 200
CONTROL = 200
ALONE = True

_PROCESSES = 64
_TIMES = 4
_A_SECOND = 1_000
# A smaller run is over before the processes have warmed up: it shows that all is exact.
_TELLS_THE_SPEED = 2_000

type Take = Callable[[ReservedNumber, ProxyService, str | None], bool]


def run(n: int, seed: int) -> Result:
    return _storm(n, seed, stock.take)


def control(n: int, seed: int) -> Result:
    return _storm(n, seed, _look_then_write)


def _storm(n: int, seed: int, take: Take) -> Result:
    service = ProxyService.objects.create(
        service_sid=f"KS{1:032x}", unique_name="storm", country="US"
    )
    promised = _promised(n + _PROCESSES)
    first, asked = promised[:_PROCESSES], promised[_PROCESSES:] * _TIMES
    _stocked(n + _PROCESSES)
    random.Random(seed).shuffle(asked)
    connection.close()
    seconds, taken = _at_once(
        [[first[place], *asked[place::_PROCESSES]] for place in range(_PROCESSES)], service, take
    )
    given = ReservedNumber.objects.exclude(proxy_identifier=None)
    numbers = given.values("phone_number_sid").distinct().count()
    left = StockNumber.objects.count()
    exact = given.count() == numbers == taken == len(promised) and left == 0
    speed = n / seconds
    fast = speed >= _A_SECOND or n < _TELLS_THE_SPEED
    return Result(
        exact and fast,
        f"{len(asked)} requests of {n} sellers by {_PROCESSES} processes, each of which had "
        f"served one more before: {given.count()} served, "
        f"{numbers} distinct numbers, {taken} said yes, {left} left over; "
        f"{speed:.0f} allocations and {len(asked) / seconds:.0f} requests a second",
    )


def _promised(n: int) -> list[UUID]:
    """Sellers whose promise a worker holds."""
    people = get_user_model().objects.bulk_create(
        get_user_model()(username=f"seller{nth}", password="!") for nth in range(n)
    )
    sellers = Seller.objects.bulk_create(
        Seller(user=user, display_name=user.username) for user in people
    )
    numbers = ReservedNumber.objects.bulk_create(
        ReservedNumber(seller=seller, attempts=1) for seller in sellers
    )
    return [number.pk for number in numbers]


def _stocked(n: int) -> None:
    StockNumber.objects.bulk_create(
        StockNumber(
            country="US",
            proxy_identifier=f"+1{(415, 209, 212, 312)[nth % 4]}{2_000_000 + nth:07}",
            phone_number_sid=f"PN{nth:032x}",
            next_attempt_at=None,
        )
        for nth in range(n)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _at_once(shares: list[list[UUID]], service: ProxyService, take: Take) -> tuple[float, int]:
    """Seconds from the common start to the last end, and how often it was said that one is had.

    The first of each share is taken before the start: what a worker pays once, its connection
    and its plans, is not measured, nor how it ends.
    """
    forked = multiprocessing.get_context("fork")
    together, answers = forked.Barrier(len(shares) + 1), forked.Queue()

    def work(share: list[UUID]) -> None:
        first, *wanting = [ReservedNumber(pk=pk, attempts=1) for pk in share]
        said = [take(first, service, None)]
        together.wait()
        said += [take(number, service, None) for number in wanting]
        answers.put(sum(said))
        together.wait()
        connection.close()

    processes = [forked.Process(target=work, args=(share,)) for share in shares]
    for process in processes:
        process.start()
    together.wait()
    began = time.monotonic()
    taken = sum(answers.get(timeout=300) for _ in processes)
    seconds = time.monotonic() - began
    together.wait()
    for process in processes:
        process.join()
    return seconds, taken


def _look_then_write(number: ReservedNumber, service: ProxyService, area: str | None) -> bool:
    row = ReservedNumber.objects.filter(pk=number.pk).first()
    one = StockNumber.objects.order_by("pk").first()
    if row is None or one is None or row.proxy_identifier:
        return False
    row.status, row.service = ReservedNumber.Status.RESERVING, service
    row.proxy_identifier, row.phone_number_sid = one.proxy_identifier, one.phone_number_sid
    try:
        row.save()
    except IntegrityError:
        return False
    one.delete()
    return True
