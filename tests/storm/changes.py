"""Sellers change their phone, move, leave, block, go away and are suspended, while they are called.

Half of the places are called by posts as Proxy makes them, some of them in a process that has
just lost the database. The other half are texted from phones at the switchboard, which makes
the Sessions that we ask for. Whatever number is named, or reached, must have been right at some
moment of that request. Fresh answers, those from memory and texts must each have connected many.
The control remembers routes over changes, and closes no Session.
"""

import multiprocessing
import random
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any, Final
from unittest import mock

from django.conf import settings
from django.core.management import call_command
from django.core.signals import request_started
from django.db import connections
from django.test import Client

from proxying import deadlines, last_known_good, provisioning
from proxying.models import ReservedNumber
from proxying.provisioning.ending import sessions_to_close
from proxying.switchboard.models import Message, Participant, Phone
from proxying.switchboard.models import Session as TwiliosSession
from proxying.twilio_client import TwilioUnavailable
from tests.proxying import callbacks
from tests.storm import Result
from tests.storm.changing import BY_PHONE, BY_POST, Place, Span, State, a_buyer, a_place, come

FIGURE = 11
TITLE = "Callbacks during changes, suspensions and deletions"
N = 20_000
SMALL = 240
CONTROL = 300

_PLACES = 3
_BUYERS = 4
_BY_PHONE = 0.5
_CALLBACKS_A_CHANGE = 20
_DATABASE_LOST = 0.25
_CALLERS, _TEXTERS = 4, 2
# Where an answer comes from. Of the contacts of each at least so many must be connected.
FRESH: Final = "fresh"
MEMORY: Final = "memory"
SWITCHBOARD: Final = "switchboard"
_CONNECTED = 0.1
# Made by the texts, besides those by which buyers and sellers got to know each other.
_SESSIONS, _TEXTS_A_SESSION = 10, 10


@dataclass(frozen=True)
class Heard:
    """What came of one contact: the phone that was named or reached, or what was heard."""

    source: str
    began: float
    ended: float
    buyer: str
    dialled: str
    phone: str
    said: str

    @property
    def outcome(self) -> str:
        return "connected" if self.phone else self.said


def run(n: int, seed: int) -> Result:
    return _storm(n, seed, _sweep)


def control(n: int, seed: int) -> Result:
    """Holds unless both are seen: the routes that outlived a change, and the open Sessions."""
    with mock.patch.object(last_known_good, "_set_epochs"):
        return _storm(n, seed, lambda: None, needs_both=True)


def _storm(n: int, seed: int, sweep: Callable[[], object], *, needs_both: bool = False) -> Result:
    chance = random.Random(seed)
    _prepare()
    places = [a_place(how, nth) for how in (BY_POST, BY_PHONE) for nth in range(_PLACES)]
    for place in places:
        if place.how == BY_PHONE:
            _befriend(place, a_buyer(0))
    by_phone = round(n * _BY_PHONE)
    changes = n // _CALLBACKS_A_CHANGE
    crowd = _AtOnce(n)
    for nth in range(_CALLERS):
        share = _share(n - by_phone, _CALLERS, nth)
        crowd.add_callers(partial(_posts, random.Random(chance.random()), nth), share)
    for nth in range(_TEXTERS):
        share = _share(by_phone, _TEXTERS, nth)
        crowd.add_callers(partial(_texts, random.Random(chance.random()), nth), share)
    for nth, how in enumerate((BY_POST, BY_PHONE)):
        mine = [place for place in places if place.how == how]
        crowd.add_changer(mine, _share(changes, 2, nth), random.Random(chance.random()))
    heard, histories = crowd.run(sweep)
    sweep()
    wrong, needless = _judge(heard, histories)
    to_old, forbidden, sessions = _left_open(histories)
    made = Counter(span.change for history in histories for span in history)
    kinds = {
        source: Counter(one.outcome for one in heard if one.source == source)
        for source in (FRESH, MEMORY, SWITCHBOARD)
    }
    good = not wrong.total() and not needless and not to_old and not forbidden
    held = good and _is_enough(kinds, sessions - _PLACES)
    if needs_both:
        held = not wrong.total() or not to_old
    return Result(
        held,
        f"{crowd.callbacks} callbacks and {changes} changes {dict(made)}: "
        f"{', '.join(f'{source} {dict(kind)}' for source, kind in kinds.items())}; "
        f"{wrong.total()} named a number not valid then {dict(+wrong)}, {needless} calls turned "
        f"away for nothing; of {sessions} Sessions {to_old} are open to an old phone, {forbidden} "
        f"to nobody who may speak",
    )


def _is_enough(kinds: dict[str, Counter[str]], sessions: int) -> bool:
    """Whether each of the ways was really gone, so that it could have gone wrong."""
    texts = kinds[SWITCHBOARD].total()
    return sessions >= max(1, min(_SESSIONS, texts // _TEXTS_A_SESSION)) and all(
        kind["connected"] and kind["connected"] >= _CONNECTED * kind.total()
        for kind in kinds.values()
    )


def _prepare() -> None:
    settings.PROXY_POOL_FLOOR = _BUYERS + 2
    settings.NUMBER_MOVE_EVERY_DAYS = 0
    settings.CODES_A_DAY = 1_000_000
    # A database that is late is what another program is about.
    deadlines._PATIENCE = 20.0
    call_command("configure_proxy_service", verbosity=0)
    call_command("seed_switchboard", verify_service=settings.TWILIO_VERIFY_SERVICE_SID, verbosity=0)
    Phone.objects.bulk_create(Phone(number=a_buyer(n), name="Buyer") for n in range(_BUYERS))


def _befriend(place: Place, buyer: str) -> None:
    """The seller answers the buyer, whom they know from then on."""
    _, seen_by_seller = _text(buyer, place.state.number, "Is it still there?")
    reached, _ = _text(place.state.phone, seen_by_seller, "Yes, it is.")
    assert reached == buyer
    place.knows(buyer)


def _text(sender: str, to: str, body: str) -> tuple[str, str]:
    """Whom it reached, and from which number; empty when nobody."""
    known = set(Message.objects.filter(body=body).values_list("pk", flat=True))
    answer = Client().post(
        "/switchboard/phones/api/messages", {"from": sender, "to": to, "body": body}
    )
    assert answer.status_code == 201, answer.content
    delivered = Message.objects.filter(body=body, status=Message.Status.DELIVERED)
    arrived = delivered.exclude(pk__in=known).exclude(to=to).first()
    return (arrived.to, arrived.from_number) if arrived else ("", "")


# What the processes do.


class _Callbacks:
    """Counts the callbacks that this process is asked, and those of all processes together."""

    def __init__(self, together: Any) -> None:
        self.here = 0
        self._together = together
        request_started.connect(self._count)

    def _count(self, *, environ: dict[str, Any], **said: Any) -> None:
        if environ["PATH_INFO"].startswith("/proxy/callbacks/"):
            self.here += 1
            with self._together.get_lock():
                self._together.value += 1


class _AtOnce:
    """Processes, each with a task of its own, and how far the callbacks of all have come."""

    def __init__(self, total: int) -> None:
        forked = multiprocessing.get_context("fork")
        self._forked, self._total = forked, total
        self._answers, self._over = forked.Queue(), forked.Event()
        self._done = forked.Value("q", 0)
        self._tasks: list[Callable[[], list[Any]]] = []

    @property
    def callbacks(self) -> int:
        return int(self._done.value)

    def add_callers(self, calls: Callable[[], Iterator[Heard]], callbacks: int) -> None:
        """They go on until they have caused so many."""

        def call() -> list[Heard]:
            counted, heard, contacts = _Callbacks(self._done), [], calls()
            while counted.here < callbacks:
                heard.append(next(contacts))
            return heard

        self._tasks.append(call)

    def add_changer(self, places: list[Place], changes: int, chance: random.Random) -> None:
        """Its changes come while the callbacks do, from the first to the last."""
        buyers = [a_buyer(nth) for nth in range(_BUYERS)]

        def change() -> list[list[Span]]:
            for nth in range(changes):
                while self._done.value < self._total * nth / changes and not self._over.is_set():
                    time.sleep(0.002)
                chance.choice(places).change(chance, buyers)
            return [place.history for place in places]

        self._tasks.append(change)

    def run(self, sweep: Callable[[], object]) -> tuple[list[Heard], list[list[Span]]]:
        """All that was heard, and the places' histories. *sweep* goes on all the while."""
        connections.close_all()
        # Daemons: else an error here would wait for what they still have to tell.
        processes = [
            self._forked.Process(target=self._do, args=(task,), daemon=True) for task in self._tasks
        ]
        processes.append(self._forked.Process(target=self._keep_on, args=(sweep,), daemon=True))
        for process in processes:
            process.start()
        try:
            told = [self._answers.get() for _ in self._tasks]
        finally:
            self._over.set()
        for process in processes:
            process.join()
        if errors := [error for error, _ in told if error]:
            raise RuntimeError(errors[0])
        everything = [one for _, some in told for one in some]
        heard = [one for one in everything if isinstance(one, Heard)]
        return heard, [one for one in everything if not isinstance(one, Heard)]

    def _do(self, task: Callable[[], list[Any]]) -> None:
        # Else, ended from outside, it would wait for somebody who reads what it has told.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            self._answers.put(("", task()))
        except BaseException:
            self._answers.put((traceback.format_exc(), []))
            raise

    def _keep_on(self, sweep: Callable[[], object]) -> None:
        while not self._over.wait(0.5):
            sweep()


def _share(whole: int, among: int, nth: int) -> int:
    return whole // among + (nth < whole % among)


def _posts(chance: random.Random, nth: int) -> Iterator[Heard]:
    numbers = _Numbers(BY_POST, chance)
    for turn in count():
        buyer, dialled = a_buyer(chance.randrange(_BUYERS)), numbers.one()
        kind = chance.choice(["CA", "SM"])
        source = MEMORY if chance.random() < _DATABASE_LOST else FRESH
        if source == MEMORY:
            deadlines.line.is_down()
        began = time.monotonic()
        answer = callbacks.contact(buyer, dialled, f"{kind}{nth + 1:08x}{turn:024x}")
        ended = time.monotonic()
        deadlines.line.is_up()
        assert answer.status_code == 200, answer.status_code
        if "json" in answer["Content-Type"]:
            named = answer.json()["participantIdentifier"]
            yield Heard(source, began, ended, buyer, dialled, named, "")
        else:
            said = "a text met with silence" if kind == "SM" else _heard(answer.content)
            yield Heard(source, began, ended, buyer, dialled, "", said)


def _heard(twiml: bytes) -> str:
    return "held" if b"<Redirect" in twiml else "turned away"


def _texts(chance: random.Random, nth: int) -> Iterator[Heard]:
    numbers = _Numbers(BY_PHONE, chance)
    for turn in count():
        buyer, dialled = a_buyer(chance.randrange(_BUYERS)), numbers.one()
        began = time.monotonic()
        reached, _ = _text(buyer, dialled, f"text {turn} of {nth}")
        ended, said = time.monotonic(), "a text met with silence"
        yield Heard(SWITCHBOARD, began, ended, buyer, dialled, reached, said)


class _Numbers:
    """Numbers that buyers know: mostly those of today, at times one of yesterday."""

    def __init__(self, how: str, chance: random.Random) -> None:
        self._how, self._chance, self._left = how, chance, 0

    def one(self) -> str:
        if not self._left:
            rows = ReservedNumber.objects.filter(come(self._how))
            pairs = list(
                rows.exclude(proxy_identifier=None).values_list("proxy_identifier", "status")
            )
            self._all = [str(number) for number, _ in pairs]
            self._today = [str(number) for number, status in pairs if status == "active"]
            self._left = 10
        self._left -= 1
        is_of_today = self._today and self._chance.random() < 0.85
        return self._chance.choice(self._today if is_of_today else self._all)


def _sweep() -> None:
    """As ``tasks.sweep`` and its workers do, for what the switchboard knows of."""
    by_phone = sessions_to_close().filter(come(BY_PHONE, seller="reserved_number__seller"))
    for pk in by_phone.values_list("reserved_number", flat=True).distinct():
        with suppress(TwilioUnavailable):
            provisioning.close_proxy_sessions(pk)


# What is right.


def _judge(heard: list[Heard], histories: list[list[Span]]) -> tuple[Counter[str], int]:
    """How many named or reached a phone that was never right then, by where the answer came from;
    and how many were refused for nothing.
    """
    spans: dict[str, list[Span]] = {}
    for history in histories:
        for number in {number for span in history for number in span.state.numbers}:
            spans[number] = history
    wrong, needless = Counter[str](), 0
    for one in heard:
        states = [
            span.state
            for span in spans[one.dialled]
            if span.since <= one.ended and span.until >= one.began
        ]
        if one.phone:
            wrong[one.source] += not any(
                s.allows(one.buyer, one.dialled, one.phone) for s in states
            )
        elif one.said == "turned away":
            needless += all(s.allows(one.buyer, one.dialled, s.phone) for s in states)
    return wrong, needless


def _left_open(histories: list[list[Span]]) -> tuple[int, int, int]:
    """Open Sessions at the switchboard: to an old phone, and between two who may not speak."""
    last: dict[str, State] = {}
    phones: dict[str, str] = {}
    for history in histories:
        # Who is away may still speak in a Session once back.
        state = replace(history[-1].state, is_away=False)
        for number in {number for span in history for number in span.state.numbers}:
            last[number] = state
            phones[number] = state.phone
    to_old = forbidden = 0
    buyers = {a_buyer(n) for n in range(_BUYERS)}
    everybody = Participant.objects.active().select_related("session")
    sessions: dict[str, list[Participant]] = {}
    for participant in everybody:
        sessions.setdefault(participant.session_id, []).append(participant)
    for pair in sessions.values():
        buyer = next(one for one in pair if one.identifier in buyers)
        seller = next(one for one in pair if one.identifier not in buyers)
        dialled = buyer.proxy_identifier
        to_old += seller.identifier != phones[dialled]
        forbidden += not last[dialled].allows(buyer.identifier, dialled, seller.identifier)
    return to_old, forbidden, TwiliosSession.objects.count()
