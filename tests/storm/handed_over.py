"""Four hundred days on which sellers leave and move, and their numbers go back and come again.

So few numbers are for sale that every newcomer gets one that was somebody's. The buyers of
that time go on texting it, on random days, some of them for as long as it rests. None of
them may reach the new holder, also while the database is away; strangers must. Only contacts
with a number that has come again count towards *N*. The control gives numbers back at once, and
forgets what they meant.
"""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from unittest import mock

import time_machine
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db.models import Value
from django.test import Client
from django.utils import timezone

from proxying import deadlines, provisioning, remembered, routing
from proxying.models import ReservedNumber, Seller
from proxying.phone_numbers import PhoneNumber
from proxying.provisioning import NotYet, moving
from proxying.provisioning.ending import sessions_to_close
from proxying.switchboard import sessions as twilios_sessions
from proxying.switchboard.models import Message, Phone
from proxying.switchboard.rest import inventory
from tests.proxying import callbacks
from tests.storm import Result

FIGURE = 12
TITLE = "Old buyers texting handed-over numbers over 400 days"
N = 20_000
SMALL = 200
CONTROL = 100

_DAYS = 400
_FIRST_DAY = datetime(2027, 1, 4, 9, tzinfo=UTC)
_AREA = "415"
_BUYERS_OF_A_SELLER = 3
_STRANGERS_A_DAY = 0.1
# The clock of a small run goes in longer steps.
_DAYS_A_STEP, _CONTACTS_OF_LONG_STEPS, _LONG_STEP = 1, 2_000, 5
# Some leave as soon as that, others after.
_LEAVE_FROM, _LEAVE_UNTIL = 3, 100
_MOVES = 0.25
_THROUGH_SWITCHBOARD = 0.1
_DATABASE_LOST = 0.1
# Of the numbers given up, so many are never left in peace, and so never come again.
_NEVER_QUIET = 0.15
# A resting number that is not left in peace is texted so often a day.
_CHATTER = 0.15
# Of the contacts after a hand-over at least so many come by each of the rarer ways.
_BY_EACH_WAY = 0.04
# Of the numbers at least so many must have come again.
_COME_AGAIN = 0.5

# What is counted.
_AFTER = "after the hand-over"
_SWITCHBOARD = "of them through the switchboard"
_NO_DATABASE = "of them without the database"
_POST = "of them by post"


def run(n: int, seed: int) -> Result:
    with time_machine.travel(_FIRST_DAY, tick=False) as clock:
        return _World(random.Random(seed), clock, sellers=max(3, min(40, n // 250))).live(n)


def control(n: int, seed: int) -> Result:
    settings.NUMBER_QUARANTINE_DAYS = settings.NUMBER_QUIET_DAYS = 0
    nobody = Value(value=False)
    with mock.patch.object(routing, "meant_another", return_value=nobody):
        return run(n, seed)


@dataclass
class _Holder:
    """A seller with a number, and the day on which they give it up."""

    seller: Seller
    number: str
    until: int
    moves: bool
    buyers: list[str] = field(default_factory=list)


@dataclass
class _Rest:
    """A number that was given up. Its buyers text it until *chatty_until*, and once it is back."""

    number: str
    buyers: list[str]
    chatty_until: float
    is_back: bool = False


class _World:
    def __init__(
        self, chance: random.Random, clock: time_machine.Traveller, *, sellers: int
    ) -> None:
        self._chance, self._clock, self._size = chance, clock, sellers
        self._day, self._step = 0, _DAYS_A_STEP
        self._people = count()
        self._texts = count(1)
        self._holders: list[_Holder] = []
        self._resting: list[_Rest] = []
        # Whom a buyer means by a number, and who is behind a phone.
        self._means: dict[tuple[str, str], Seller] = {}
        self._behind: dict[str, Seller] = {}
        self._had: dict[str, int] = defaultdict(int)
        self.counts: Counter[str] = Counter()

    def live(self, n: int) -> Result:
        self._begin()
        self._step = _DAYS_A_STEP if n > _CONTACTS_OF_LONG_STEPS else _LONG_STEP
        for day in range(0, _DAYS, self._step):
            self._day = day
            noise = timedelta(minutes=self._chance.randrange(600))
            self._clock.move_to(_FIRST_DAY + timedelta(days=self._day) + noise)
            self._give_up()
            self._housekeeping()
            self._newcomers()
            self._strangers()
            self._old_buyers(n)
        return self._result(n)

    def _begin(self) -> None:
        # A machine that is slow for a moment is no database that is away.
        deadlines._PATIENCE = 20.0  # type: ignore[misc]
        inventory.ANY_AREA_CODES = (_AREA,)  # type: ignore[misc]
        inventory.FOR_SALE_AN_AREA_CODE = 2 * self._size  # type: ignore[misc]
        settings.NUMBER_MOVED_DAYS = 30
        settings.NUMBERS_IN_STOCK = 0
        call_command("configure_proxy_service", verbosity=0)
        for _ in range(self._size):
            self._sign_up()
        self._sell_out()
        assert len(self._holders) == self._size

    def _sell_out(self) -> None:
        """One is left for who moves first; from now on the others are phones of somebody's."""
        spare = list(inventory.for_sale(area_code=_AREA))[1:]
        Phone.objects.bulk_create(Phone(number=number, name="Somebody") for number in spare)

    def _sign_up(self) -> bool:
        """Whether there was a number for one more seller."""
        nth = next(self._people)
        phone = f"+1{_AREA}22{nth:05}"
        Phone.objects.create(number=phone, name=f"Seller {nth}")
        seller = Seller.objects.create(
            user=get_user_model().objects.create(username=f"seller{nth}", password="!"),
            display_name=f"Seller {nth}",
            phone_number=PhoneNumber(phone),
            phone_verified_at=timezone.now(),
        )
        self._behind[phone] = seller
        number = provisioning.promise(seller)
        return self._settle(seller, number)

    def _settle(self, seller: Seller, row: ReservedNumber) -> bool:
        """Tries to keep the promise; the seller's first buyers come at once."""
        with suppress(NotYet):
            provisioning.reserve(row.pk)
        row.refresh_from_db()
        if not row.is_active:
            return False
        number = str(row.proxy_identifier)
        if self._had[number]:
            self.counts["numbers handed over"] += 1
        self._had[number] += 1
        for rest in self._resting:
            rest.is_back |= rest.number == number
        until = self._day + self._chance.randint(_LEAVE_FROM, _LEAVE_UNTIL)
        holder = _Holder(seller, number, until, moves=self._chance.random() < _MOVES)
        self._holders.append(holder)
        for _ in range(_BUYERS_OF_A_SELLER):
            self._first_contact(holder)
        if holder.moves:
            self._befriend(holder)
        return True

    def _first_contact(self, holder: _Holder) -> bool:
        """Somebody new calls the number; whether they reached its holder."""
        buyer = f"+1212{2_340_000 + len(self._means):07}"
        self._means[buyer, holder.number] = holder.seller
        holder.buyers.append(buyer)
        return self._behind.get(self._post(buyer, holder.number)) == holder.seller

    def _befriend(self, holder: _Holder) -> None:
        """The seller answers one of them, through the switchboard."""
        buyer = f"+1212{2_340_000 + len(self._means):07}"
        Phone.objects.create(number=buyer, name="Buyer")
        self._means[buyer, holder.number] = holder.seller
        holder.buyers.append(buyer)
        reached, seen = self._text(buyer, holder.number)
        if self._behind.get(reached) == holder.seller:
            self._text(reached, seen)

    def _give_up(self) -> None:
        for holder in [one for one in self._holders if one.until <= self._day]:
            self._holders.remove(holder)
            chatty = self._day + self._chance.randint(0, 70)
            if self._chance.random() < _NEVER_QUIET:
                chatty = _DAYS
            self._resting.append(_Rest(holder.number, holder.buyers, chatty))
            if holder.moves:
                self._move(holder.seller)
            else:
                holder.seller.leave()
                self.counts["left"] += 1

    def _move(self, seller: Seller) -> None:
        """With nothing for sale the move waits for a number, as a newcomer does."""
        seller.refresh_from_db()
        with suppress(moving.CannotMove):
            moving.move(seller)
            self.counts["moved"] += 1

    def _housekeeping(self) -> None:
        """What the periodic tasks do."""
        for pk in sessions_to_close().values_list("reserved_number", flat=True).distinct():
            provisioning.close_proxy_sessions(pk)
        twilios_sessions.expire_due()
        self.counts["given back"] += provisioning.give_back_quarantined()
        remembered.keep_all()

    def _newcomers(self) -> None:
        """Whoever waits for a number gets what is for sale, and one more signs up."""
        if not next(inventory.for_sale(area_code=_AREA), None):
            return
        waiting = ReservedNumber.objects.due().select_related("seller").order_by("requested_at")
        for row in waiting:
            if not self._settle(row.seller, row):
                return
        self._sign_up()

    def _strangers(self) -> None:
        handed = [one for one in self._holders if self._had[one.number] > 1]
        if handed and self._chance.random() < _STRANGERS_A_DAY * self._step:
            self.counts["strangers"] += 1
            self.counts["strangers connected"] += self._first_contact(self._chance.choice(handed))

    def _old_buyers(self, n: int) -> None:
        """Some text numbers that rest; the *n* who text one that is back share the days left."""
        for rest in self._resting:
            is_texted = self._chance.random() < _CHATTER * self._step
            if is_texted and not rest.is_back and self._day <= rest.chatty_until:
                self.counts["to resting numbers"] += 1
                self._old_contact(rest)
        back = [rest for rest in self._resting if rest.is_back]
        if not back:
            return
        left = n - self.counts[_AFTER]
        for _ in range(math.ceil(left * self._step / (_DAYS - self._day))):
            self.counts[_AFTER] += 1
            self._old_contact(self._chance.choice(back))

    def _old_contact(self, rest: _Rest) -> None:
        buyer, way = self._chance.choice(rest.buyers), self._way()
        if rest.is_back:
            self.counts[way] += 1
        phone = self._contact(buyer, rest.number, way)
        if phone:
            meant = self._behind[phone] == self._means[buyer, rest.number]
            self.counts["old, the holder of then" if meant else "old, THE NEW HOLDER"] += 1

    def _way(self) -> str:
        if self._chance.random() < _THROUGH_SWITCHBOARD:
            return _SWITCHBOARD
        return _NO_DATABASE if self._chance.random() < _DATABASE_LOST else _POST

    def _contact(self, buyer: str, number: str, way: str) -> str:
        if way == _SWITCHBOARD:
            Phone.objects.get_or_create(number=buyer, defaults={"name": "Buyer"})
            return self._text(buyer, number)[0]
        if way == _POST:
            return self._post(buyer, number)
        deadlines.line.is_down()
        try:
            return self._post(buyer, number)
        finally:
            deadlines.line.is_up()

    def _post(self, buyer: str, number: str) -> str:
        """The phone that our answer names; empty when it names none. As if Proxy had forgotten."""
        kind = self._chance.choice(["CA", "SM"])
        answer = callbacks.contact(buyer, number, f"{kind}{next(self._texts):032x}")
        assert answer.status_code == 200, answer.status_code
        if "json" not in answer["Content-Type"]:
            return ""
        named: str = answer.json()["participantIdentifier"]
        return named

    def _text(self, sender: str, to: str) -> tuple[str, str]:
        """Whom it reached through the switchboard, and from which number; empty when nobody."""
        body = f"text {next(self._texts)}"
        answer = Client().post(
            "/switchboard/phones/api/messages", {"from": sender, "to": to, "body": body}
        )
        assert answer.status_code == 201, answer.content
        delivered = Message.objects.filter(body=body, status=Message.Status.DELIVERED)
        arrived = delivered.exclude(to=to).first()
        return (arrived.to, arrived.from_number) if arrived else ("", "")

    def _result(self, n: int) -> Result:
        counts = self.counts
        strangers = counts["strangers"]
        tried = (
            strangers
            and counts[_AFTER] >= n
            and counts["numbers handed over"] >= max(1, _COME_AGAIN * self._size)
            and min(counts[_SWITCHBOARD], counts[_NO_DATABASE]) >= _BY_EACH_WAY * n
        )
        held = tried and not counts["old, THE NEW HOLDER"]
        return Result(
            bool(held) and counts["strangers connected"] == strangers,
            f"{_DAYS} days, {self._size} sellers at a time: " + _list(counts.items()),
        )


def _list(pairs: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{number} {what}" for what, number in pairs)
