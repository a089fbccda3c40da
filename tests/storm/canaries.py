"""Numbers and secrets that are like no other go through the whole product, which is broken on
the way wherever one of them is in a variable; and are looked for wherever anything may lie.

Where one may be read nevertheless is in ``ALLOWED``, and nowhere else. What the search is
worth is measured as well: a decoy in each encoding is put into each sink, and found. Of the
site's metrics nothing is said here: it has none.
"""

import random
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import CodeType
from typing import Any, Final
from unittest import mock

from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.db import connection
from django.http import HttpResponse
from django.test import Client, override_settings

from proxying import fields, phone_numbers, views
from proxying.models import ReservedNumber
from shoppingplace.celery import app as celery_app
from tests.storm import Result
from tests.storm.canary_places import broken, name_of, watched
from tests.storm.canary_scanner import ENCODINGS, Canary, Scanner
from tests.storm.canary_sinks import Leak
from tests.storm.canary_stage import AREA, House, house
from tests.storm.canary_walk import CHIEF, STEPS, Person, Step, leave, look_everywhere, note

FIGURE = 10
TITLE = "Canary numbers and secrets through the whole product, broken at many places"
N = 40
SMALL = 2
CONTROL = 1
ALONE = True

# Until the seller has a number; and where the control's product leaks on the way.
_OF_CONTROL: Final = 4
_LEAKY: Final = {"table", "WAL", "log", "report", "task", "Redis traffic"}
# Pages that one reader looks at: far more than there are.
_PAGES: Final = 400


@dataclass(frozen=True)
class Allowed:
    """*kind* may be read in *sink* where *place* matches; if it is *own*, by its person alone."""

    kind: str
    sink: str
    place: str
    why: str
    own: bool = False

    def covers(self, leak: Leak, owner: str) -> bool:
        return (
            (leak.canary.kind, leak.sink) == (self.kind, self.sink)
            and re.search(self.place, leak.place) is not None
            and (not self.own or leak.reader == owner)
        )


ALLOWED: Final = (
    Allowed(
        "seller's number", "page", "^POST /account/data/", "their copy of their data", own=True
    ),
    Allowed(
        "seller's number", "page", "^POST /admin/.*/reveal/", "staff asked, and it is kept why"
    ),
    Allowed("seller's number", "page", "^POST /seller/phone/", "what was just typed", own=True),
    Allowed("session key", "header", "", "the cookie itself", own=True),
    Allowed("session key", "table", "^django_session$", "what Django finds a visit by"),
    Allowed("session key", "WAL", "", "the same row"),
    Allowed("session key", "log", "", "that row's SQL, which nothing logs unless it is asked to"),
    Allowed("TOTP secret", "table", "^mfa_authenticator$", "what codes are checked with"),
    Allowed("TOTP secret", "table", "^django_session$", "until it is confirmed"),
    Allowed("TOTP secret", "WAL", "", "the same rows"),
    Allowed("TOTP secret", "log", "", "their SQL, which nothing logs unless it is asked to"),
    Allowed("API token", "page", "^POST /account/tokens/", "shown once, as it is made", own=True),
    Allowed("TOTP secret", "page", "^GET /accounts/2fa/totp/", "to be scanned", own=True),
)


def run(n: int, seed: int) -> Result:
    """At least *n* places broken, as far as there are so many."""
    with house() as (site, of_settings):
        return _Search(site, of_settings).measure(n, random.Random(seed))


class _Search:
    def __init__(
        self, site: House, of_settings: list[Canary], steps: Sequence[Step] = STEPS
    ) -> None:
        self.steps = steps
        self.site = site
        self.of_settings = of_settings
        self.scanner = Scanner(AREA, of_settings)
        self.owners: dict[Canary, str] = {}
        self.hits: set[Leak] = set()
        self.undone: list[str] = []
        self.pages: dict[str, int] = {}
        User.objects.create_superuser(CHIEF, "chief@example.com", "unused")

    def measure(self, n: int, chance: random.Random) -> Result:
        first = Person(0, self.site)
        places: dict[CodeType, int] = {}
        for at, step in enumerate(self.steps):
            if step is leave:
                # While there is somebody whose numbers could be read.
                self._look(first)
            with watched(first.canaries + self.of_settings) as found:
                self._do(step, first)
            places |= {place: at for place in found if place not in places}
        order = sorted(places, key=name_of)
        chance.shuffle(order)
        places = {place: places[place] for place in order}
        self._judge(first)
        if self.undone:
            # Nobody else would get further.
            places = {}
        names: list[str] = []
        nth = 0
        while len(names) < n and places:
            nth += 1
            person = Person(nth, self.site)
            names += self._walk_broken(person, places)
            self._judge(person)
        rows = self.site.sinks.tables_of_the_switchboard()
        missed, planted = planted_and_missed(self.site, self.scanner, self.of_settings)
        return Result(
            held=len(names) >= n
            and not (self.hits or rows or missed or self.undone)
            and max(self.pages.values()) < _PAGES,
            measured=(
                f"{len(names)} places broken, {len(self.steps)} steps by {nth + 1} people, "
                f"{sum(self.pages.values())} pages {self.pages}; "
                f"{len(self.hits)} hits: {'; '.join(sorted(map(str, self.hits))[:9]) or 'none'}; "
                f"{planted - len(missed)} of {planted} plants found {sorted(missed)[:5]} "
                f"in {len(ENCODINGS)} encodings; {len(rows)} tables of the switchboard with rows; "
                f"{len(self.undone)} steps undone {list(self.undone)[:3]}"
            ),
        )

    def _walk_broken(self, person: Person, places: dict[CodeType, int]) -> list[str]:
        """Each step broken at one of its places that was not yet, and then done."""
        names = []
        for at, step in enumerate(self.steps):
            place = next((place for place, of in places.items() if of == at), None)
            if place is not None:
                del places[place]
                # It may fail in any way: what counts is what is left behind.
                with (
                    broken(place, person.canaries + self.of_settings) as raised,
                    suppress(Exception),
                ):
                    step(person)
                names += raised
            self._do(step, person)
        return names

    def _do(self, step: Step, person: Person) -> None:
        try:
            step(person)
        except Exception as error:  # noqa: BLE001 (whatever it is, the step was not done)
            self.undone.append(
                f"{step.__name__} of {person.name}: {error!r:.300} after {person.last_answer}"
            )

    def _look(self, person: Person) -> None:
        """As anybody, as the one whose numbers are there, and as staff."""
        anybody, chief = (Client(raise_request_exception=False) for _ in range(2))
        chief.force_login(User.objects.get(username=CHIEF))
        for reader, browser in (("", anybody), (person.name, person.browser), (CHIEF, chief)):
            self.pages[reader or "anybody"] = look_everywhere(self.site, browser, reader, _PAGES)

    def _judge(self, person: Person) -> None:
        for canary in person.canaries:
            self.scanner.add(canary)
        self.owners |= person.owners
        for leak in self.site.sinks.leaks(self.scanner):
            owner = self.owners.get(leak.canary, "")
            if not any(one.covers(leak, owner) for one in ALLOWED):
                self.hits.add(leak)


def planted_and_missed(
    site: House, scanner: Scanner, secrets: Sequence[Canary]
) -> tuple[set[str], int]:
    """Which sinks did not show a decoy in which encoding, and how many were put there.

    Also the secrets of the settings, and codes as people read them and as columns hold them.
    """
    site.sinks.leaks(scanner)
    expected: set[tuple[str, Canary, str]] = set()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE canary_plants (raw bytea, text text, at integer, last text)")
    for at, (encoding, encode) in enumerate(ENCODINGS.items()):
        decoy = Canary("decoy", f"+1{AREA}9{at:02}7")
        scanner.add(decoy)
        raw = encode(decoy.value)
        sinks = _plant(site, raw)
        expected |= {(sink, decoy, encoding) for sink in sinks}
    for secret in secrets:
        expected |= {(sink, secret, secret.kind) for sink in _plant(site, secret.value.encode())}
    told, middle, last = (Canary("code", f"{at}07{at}53") for at in (4, 6, 8))
    for code in (told, middle, last):
        scanner.add(code)
    sinks = _plant(site, f"Your code is {told.value}. Hello".encode())
    expected |= {(sink, told, "code in a sentence") for sink in sinks}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO canary_plants VALUES (NULL, %s, 1, %s)", [middle.value, last.value]
        )
    expected |= {("table", code, "code in a column") for code in (middle, last)}
    found = {(leak.sink, leak.canary) for leak in site.sinks.leaks(scanner)}
    missed = {f"{sink}: {name}" for sink, decoy, name in expected if (sink, decoy) not in found}
    return missed, len(expected)


def _plant(site: House, raw: bytes) -> set[str]:
    """Puts *raw* into every sink that takes it; which."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO canary_plants VALUES (%s)", [raw])
    site.sinks.plant_in_redis(raw)
    site.sinks.report(b"vars: " + raw)
    note(site, HttpResponse(b"<p>" + raw + b"</p>"), "GET /plant/", "")
    note(site, HttpResponse(raw, content_type="application/json"), "GET /api/plant/", "")
    sinks = {"table", "WAL", "Redis", "Redis traffic", "report", "page", "API"}
    if raw.isascii() and (text := raw.decode()).isprintable():
        site.sinks.log.write(f"a line with {text}\n")
        celery_app.send_task("canary.plant", [text])
        send_mail("A plant", f"It says {text}.", None, ["vera@example.com"])
        answer = HttpResponse()
        answer["X-Plant"] = text
        note(site, answer, "GET /plant/", "")
        sinks |= {"log", "mail", "header"}
        if "/" not in text:
            site.sinks.plant_a_file(text)
            sinks.add("file name")
    return sinks


def control(n: int, seed: int) -> Result:
    """What is sealed lies open, nothing is redacted, reports are Django's own and a task takes
    the number along: each of these is found where it comes out.
    """

    def nudge_with_the_number(task: Any, *pks: Any) -> None:
        seller = ReservedNumber.objects.get(pk=pks[0]).seller
        assert seller.phone_number is not None
        task.apply_async([str(pk) for pk in pks], headers={"to": seller.phone_number.reveal()})

    with (
        mock.patch.object(fields, "seal", lambda plain, **more: f"k1:{plain}"),
        mock.patch.object(fields, "unseal", lambda sealed, **more: sealed.partition(":")[2]),
        mock.patch.object(phone_numbers, "redact", lambda text: text),
        mock.patch.object(views, "nudge", nudge_with_the_number),
        override_settings(
            DEFAULT_EXCEPTION_REPORTER="django.views.debug.ExceptionReporter",
            DEFAULT_EXCEPTION_REPORTER_FILTER="django.views.debug.SafeExceptionReporterFilter",
        ),
        house() as (site, of_settings),
    ):
        search = _Search(site, of_settings, STEPS[:_OF_CONTROL])
        search.measure(n, random.Random(seed))
    found = {leak.sink for leak in search.hits if "number" in leak.canary.kind}
    return Result(
        held=not found >= _LEAKY,
        measured=f"{len(search.hits)} hits, of numbers in {sorted(found)}",
    )
