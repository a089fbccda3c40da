"""PostgreSQL is killed and comes back, five times, while strangers call and text sellers.

Fifty signed callbacks a second over real sockets, each from another buyer, each to a seller who
was called once before. The control's web server remembers no route.
"""

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from xml.etree import ElementTree

import requests
from django.conf import settings
from django.db import connection, connections
from django.urls import reverse
from django.utils import timezone

from proxying.models import ProxyService, ReservedNumber
from tests.proxying.callbacks import sign
from tests.storm import Result, processes, sellers, stage
from tests.storm.processes import PostgreSQL, Redis, Site

FIGURE = 13
TITLE = "PostgreSQL killed and restarted under callbacks"
N = 2_000
SMALL = 200
CONTROL = 200
ALONE = True

_A_SECOND = 50
_OUTAGES = 5
_ANSWERED_WITHIN = 3.0
_CONNECTED = 0.95
# Below what one number may get in an hour.
_CONTACTS_A_SELLER = 30


def run(n: int, seed: int) -> Result:
    return _storm(n, seed, "shoppingplace.wsgi")


def control(n: int, seed: int) -> Result:
    return _storm(n, seed, "tests.storm.forgetful")


def _storm(n: int, seed: int, app: str) -> Result:
    with processes.folder() as folder:
        database, redis = PostgreSQL(folder), Redis(folder)
        try:
            with processes.own_site(folder, database.url, redis.url) as site:
                return _measure(site, database, n, random.Random(seed), app)
        finally:
            database.kill()
            redis.kill()


def _measure(site: Site, database: PostgreSQL, n: int, chance: random.Random, app: str) -> Result:
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=stage.ROOT,
        env=site.environment,
        check=True,
    )
    known = _sellers(n // _CONTACTS_A_SELLER + 1)
    connections.close_all()
    # Workers as in the Dockerfile: so many callbacks a second are all that one does on a slow core.
    site.add_web(workers=2, threads=32, app=app)
    callers = Callers(site.environment["PUBLIC_BASE_URL"])
    before = [callers.contact(-1 - place, seller) for place, seller in enumerate(known)]
    plan = [chance.choice(known) for _ in range(n)]
    stopping = threading.Event()
    outages = threading.Thread(target=_break, args=(database, n / _A_SECOND, chance, stopping))
    outages.start()
    began = time.monotonic()
    with ThreadPoolExecutor(200) as threads:
        asked = []
        for nth, seller in enumerate(plan):
            time.sleep(max(0.0, began + nth / _A_SECOND - time.monotonic()))
            asked.append(threads.submit(callers.contact, nth, seller))
        answers = [one.result() for one in asked]
    stopping.set()
    outages.join()
    return _judged(before, answers)


def _judged(before: list["Answer"], answers: list["Answer"]) -> Result:
    fresh = sum(answer.kind == "connected" for answer in before)
    kinds = Counter(answer.kind for answer in answers)
    late = sum(answer.seconds > _ANSWERED_WITHIN for answer in answers)
    good = all(kind in {"connected", "held"} for kind in kinds)
    connected = kinds["connected"] / len(answers)
    slowest = max(answer.seconds for answer in answers)
    return Result(
        good and not late and connected >= _CONNECTED,
        f"{fresh} of {len(before)} connected before; "
        f"{len(answers)} callbacks, {_OUTAGES} outages: {dict(kinds)}; {connected:.1%} connected, "
        f"{late} later than {_ANSWERED_WITHIN:.0f} s, slowest {slowest:.2f} s",
    )


def _sellers(count: int) -> list[tuple[str, str]]:
    """The number that buyers dial, and the phone that shall ring, of each."""
    service = ProxyService.objects.create(
        service_sid=f"KS{1:032x}", unique_name="storm", country="US"
    )
    made = []
    for nth in range(count):
        number = ReservedNumber.objects.create(
            seller=sellers.sign_up(nth),
            status=ReservedNumber.Status.ACTIVE,
            service=service,
            proxy_identifier=f"+1415300{nth:04}",
            phone_number_sid=f"PN{nth:032x}",
            active_at=timezone.now(),
            next_attempt_at=None,
        )
        made.append((number.proxy_identifier, number.seller.phone_number.reveal()))
    connection.close()
    return made


def _break(
    database: PostgreSQL, seconds: float, chance: random.Random, stopping: threading.Event
) -> None:
    """Spread over the time of the calls; each time away for about a tenth of it, at most 2 s."""
    away = min(2.0, seconds / _OUTAGES / 2)
    for _ in range(_OUTAGES):
        stopping.wait(chance.uniform(0.5, 1.0) * (seconds / _OUTAGES - away))
        database.kill()
        time.sleep(away)
        database.restart()


@dataclass(frozen=True)
class Answer:
    kind: str
    seconds: float


class Callers:
    """Post to the out-of-session callback as Proxy does."""

    def __init__(self, site: str) -> None:
        self._url = site + reverse("out_of_session_callback")

    def contact(self, nth: int, seller: tuple[str, str]) -> Answer:
        dialled, phone = seller
        is_call = nth % 2 == 0
        kind = {"CallSid": f"CA{nth % 2**64:032x}"} if is_call else {}
        fields = {
            "AccountSid": settings.TWILIO_ACCOUNT_SID,
            "From": f"+1650{(nth + 2_500_000) % 10_000_000:07}",
            "To": dialled,
            **(kind or {"MessageSid": f"SM{nth % 2**64:032x}"}),
        }
        began = time.monotonic()
        try:
            answer = requests.post(
                self._url,
                fields,
                headers={"X-Twilio-Signature": sign(self._url, fields)},
                timeout=15,
            )
        except requests.RequestException as error:
            return Answer(type(error).__name__, time.monotonic() - began)
        return Answer(_kind(answer, phone), time.monotonic() - began)


def _kind(answer: requests.Response, phone: str) -> str:
    if answer.status_code != 200:
        return str(answer.status_code)
    read: Callable[[requests.Response], str] = (
        _of_json if "json" in answer.headers["Content-Type"] else _of_twiml
    )
    return "connected" if (said := read(answer)) == phone else said


def _of_json(answer: requests.Response) -> str:
    said: str = json.loads(answer.content)["participantIdentifier"]
    return said


def _of_twiml(answer: requests.Response) -> str:
    verbs = [verb.tag for verb in ElementTree.fromstring(answer.content)]
    # Asked to hold the line, or a text promised to be passed on: neither is lost.
    return "held" if "Redirect" in verbs or "Hangup" not in verbs else " ".join(verbs)
