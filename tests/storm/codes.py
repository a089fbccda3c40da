"""Many clients guess at the same codes at once: no code is looked at a sixth time."""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any
from urllib.parse import parse_qs

import requests
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db.models import F

from proxying import verification
from proxying.codes import CodeNotAccepted
from proxying.models import PhoneCode, Seller
from proxying.phone_numbers import PhoneNumber
from tests.conftest import InProcessAdapter
from tests.storm.program import Result

FIGURE = 14
TITLE = "Code guesses by many clients at once on the same codes: never a sixth look at one"
N = 20_000
SMALL = 300
CONTROL = 300

_CLIENTS = 16
_GUESSES_A_CODE = 100


def run(n: int, seed: int) -> Result:
    looked_at = _Looks().watch()
    chance = random.Random(seed)
    sellers = _sellers(max(1, n // _GUESSES_A_CODE))
    guesses = [(chance.choice(sellers), f"{chance.randrange(10**6):06}") for _ in range(n)]
    with ThreadPoolExecutor(_CLIENTS) as clients:
        right = sum(clients.map(_guess, guesses))
    most = max(looked_at.times.values())
    return Result(
        most <= PhoneCode.MOST_TRIES,
        f"{n} guesses at {len(sellers)} codes by {_CLIENTS} clients: {looked_at.total} looked at, "
        f"{most} at most of one code, {right} right by luck",
    )


def control(n: int, seed: int) -> Result:
    """Tries counted only after the code was looked at."""

    def look_first(code: PhoneCode) -> bool:
        if PhoneCode.objects.get(pk=code.pk).tries >= PhoneCode.MOST_TRIES:
            return False
        time.sleep(0.01)
        return bool(PhoneCode.objects.filter(pk=code.pk).update(tries=F("tries") + 1))

    PhoneCode.take_try = look_first  # type: ignore[method-assign]
    return run(n, seed)


class _Looks:
    """How often Twilio was asked about each code, counted on the wire."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self._lock = Lock()

    @property
    def total(self) -> int:
        return sum(self.times.values())

    def watch(self) -> "_Looks":
        through = InProcessAdapter.send

        def send(
            adapter: InProcessAdapter, request: requests.PreparedRequest, *args: Any, **kwargs: Any
        ) -> requests.Response:
            if "/VerificationCheck" in (request.url or ""):
                code = parse_qs(str(request.body))["VerificationSid"][0]
                with self._lock:
                    self.times[code] += 1
            return through(adapter, request, *args, **kwargs)

        InProcessAdapter.send = send  # type: ignore[method-assign]
        return self


def _sellers(number: int) -> list[Seller]:
    call_command("seed_switchboard", verify_service=settings.TWILIO_VERIFY_SERVICE_SID, verbosity=0)
    settings.CODES_A_DAY = number
    sellers = []
    for n in range(number):
        user = get_user_model().objects.create(username=f"seller{n}")
        seller = Seller.objects.create(user=user, display_name="Seller")
        verification.send_code(seller, PhoneNumber(f"+1415555{n:04}"))
        sellers.append(seller)
    return sellers


def _guess(guess: tuple[Seller, str]) -> bool:
    seller, code = guess
    try:
        verification.check_code(seller, code)
    except CodeNotAccepted:
        return False
    return True
