"""Places of sellers that change all the time, and what was true of them when."""

import math
import random
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import timezone

from listings.account import leaving
from proxying import provisioning, verification
from proxying.encryption import blind_index
from proxying.models import Block, ReservedNumber, Seller
from proxying.phone_numbers import PhoneNumber
from proxying.provisioning import NotYet, moving
from proxying.switchboard.models import Message, Phone

BY_POST: Final = "post"
BY_PHONE: Final = "phone"
_TRIES: Final = 100
# Where the people of each kind of place begin: of who has left nothing else still tells.
_PEOPLE_FROM: Final = {BY_POST: 1_000_000, BY_PHONE: 2_000_000}
_PEOPLE_OF_A_PLACE: Final = 10_000


def come(how: str, *, seller: str = "seller") -> Q:
    """Rows whose *seller* is, or was, of a place that is reached by *how*."""
    first = _PEOPLE_FROM[how]
    return Q(**{f"{seller}__user__gte": first, f"{seller}__user__lt": first + 1_000_000})


def a_buyer(nth: int) -> str:
    return f"+1212234{nth:04}"


@dataclass(frozen=True)
class State:
    """What is true of a place between two changes: who reaches which phone by which number."""

    number: str
    phone: str
    moved_from: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    is_away: bool = False
    is_suspended: bool = False

    @property
    def numbers(self) -> frozenset[str]:
        return self.moved_from | ({self.number} if self.number else frozenset())

    def allows(self, buyer: str, dialled: str, phone: str) -> bool:
        may = dialled == self.number or (dialled in self.moved_from and buyer in self.known)
        return (
            may
            and phone == self.phone
            and buyer not in self.blocked
            and not self.is_away
            and not self.is_suspended
        )


_NOBODY: Final = State(number="", phone="")


@dataclass
class Span:
    """A state, from when its change began until the next one was committed, at the widest."""

    state: State
    change: str
    since: float
    until: float = math.inf


@dataclass
class Place:
    """Where one seller comes after the other; only one process changes it."""

    how: str
    nth: int
    seller: Seller
    people: int = 1
    history: list[Span] = field(default_factory=list)

    @property
    def state(self) -> State:
        return self.history[-1].state

    def knows(self, buyer: str) -> None:
        state = self.state
        self.history[-1].state = replace(state, known=state.known | {buyer})

    def change(self, chance: random.Random, buyers: list[str]) -> None:
        """One that makes sense just now. The phone changes most often."""
        now = self.state
        if now.is_suspended:
            self._make("reinstated", self._reinstate)
            return
        may: dict[str, tuple[int, Callable[[], State]]] = {
            "another phone": (8, self._another_phone),
            "moved": (2, self._move),
            "suspended": (3, self._suspend),
            "back" if now.is_away else "away": (6 if now.is_away else 2, self._away),
            "blocked or not": (3, lambda: self._block(chance.choice(buyers))),
            "left": (1, self._leave),
        }
        (kind,) = chance.choices(list(may), [weight for weight, _ in may.values()])
        self._make(kind, may[kind][1])
        if kind == "left":
            self._make("came", self._come)

    def _make(self, kind: str, change: Callable[[], State]) -> None:
        self.seller = Seller.objects.get(pk=self.seller.pk)
        phone = self._proving() if kind == "another phone" else None
        began = time.monotonic()
        state = phone() if phone else change()
        self.history[-1].until = time.monotonic()
        self.history.append(Span(state, kind, began))

    def _another_phone(self) -> State:
        raise AssertionError("has to be proved first")

    def _proving(self) -> Callable[[], State]:
        """All but the last step: the code is at hand, and the old phone still rings."""
        phone = _a_phone(self.how, self.nth, len(self.history))
        verification.send_change_code(self.seller, PhoneNumber(phone))
        text = Message.objects.filter(to=phone).order_by("-date_created").first()
        assert text is not None
        found = re.search(r"\b[0-9]{6}\b", text.body)
        assert found is not None
        code = found[0]

        def change() -> State:
            verification.change_phone(self.seller, PhoneNumber(phone), code)
            return replace(self.state, phone=phone)

        return change

    def _move(self) -> State:
        state = self.state
        number = moving.move(self.seller)
        return replace(state, number=_kept(number), moved_from=state.moved_from | {state.number})

    def _suspend(self) -> State:
        provisioning.suspend(self.seller, "spam")
        return replace(self.state, is_suspended=True)

    def _reinstate(self) -> State:
        provisioning.reinstate(self.seller)
        return replace(self.state, is_suspended=False)

    def _away(self) -> State:
        goes = not self.state.is_away
        until = timezone.now() + timedelta(days=1) if goes else None
        Seller.objects.filter(pk=self.seller.pk).update(away_until=until)
        return replace(self.state, is_away=goes)

    def _block(self, buyer: str) -> State:
        pair = {"seller": self.seller, "buyer_index": blind_index(buyer)}
        if buyer in self.state.blocked:
            Block.objects.filter(**pair).delete()
            return replace(self.state, blocked=self.state.blocked - {buyer})
        Block.objects.get_or_create(**pair)
        return replace(self.state, blocked=self.state.blocked | {buyer})

    def _leave(self) -> State:
        leaving.leave(self.seller.user)
        return _NOBODY

    def _come(self) -> State:
        self.people += 1
        self.seller, state = _sign_up(self.how, self.nth, self.people, len(self.history))
        return state


def a_place(how: str, nth: int) -> Place:
    seller, state = _sign_up(how, nth, 1, 0)
    return Place(how, nth, seller, history=[Span(state, "came", time.monotonic())])


def _sign_up(how: str, nth: int, person: int, change: int) -> tuple[Seller, State]:
    phone = _a_phone(how, nth, change)
    seller = Seller.objects.create(
        user=get_user_model().objects.create(
            pk=_PEOPLE_FROM[how] + nth * _PEOPLE_OF_A_PLACE + person,
            username=f"{how}-{nth}-{person}",
            password="!",
        ),
        display_name="Seller",
        phone_number=PhoneNumber(phone),
        phone_verified_at=timezone.now(),
    )
    return seller, State(number=_kept(provisioning.promise(seller)), phone=phone)


def _a_phone(how: str, nth: int, change: int) -> str:
    """Fresh for each change, and on the carrier."""
    number = f"+1650{2 if how == BY_POST else 3}{nth:02}{change:04}"
    Phone.objects.create(number=number, name="Seller")
    return number


def _kept(number: ReservedNumber) -> str:
    for _ in range(_TRIES):
        with suppress(NotYet):
            provisioning.reserve(number.pk)
        number.refresh_from_db()
        if number.is_active:
            return str(number.proxy_identifier)
        ReservedNumber.objects.filter(pk=number.pk).update(next_attempt_at=timezone.now())
    raise RuntimeError(f"no number: {number.status}, {number.last_error}")
