"""What is right, in plain Python: who holds which number, who knows whom, who blocks whom.

Told of each event as it happens, it never reads our decisions back. Of numbers it reads which
one a seller was given, which nobody can foretell, and judges every change of their state.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

NEUTRAL: Final = "neutral"
AWAY: Final = "away"
QUIET: Final = "quiet"

# A phone that rings through us may not call through us at the same time.
_RINGS_FOR: Final = timedelta(seconds=60)
# As exact as the rows are to which a long while is counted.
_ABOUT: Final = timedelta(hours=2)
# Twilio has an answer of ours, and makes a Session of it.
_A_MOMENT: Final = timedelta(minutes=1)


@dataclass(eq=False)
class Seller:
    pk: UUID
    user_pk: int
    phone: str | None = None
    phone_changes: int = 0
    is_suspended: bool = False
    has_left: bool = False
    moves: bool = False
    was_taken_from: bool = False
    away_until: datetime | None = None
    quiet: tuple[time, time] | None = None
    blocks: set[str] = field(default_factory=set)

    @property
    def is_open(self) -> bool:
        return self.phone is not None and not self.is_suspended and not self.has_left


@dataclass
class Number:
    """*state*: active, left (moved from), resting (in quarantine) or going (back to Twilio)."""

    e164: str
    seller: Seller
    state: str
    since: datetime
    held_since: datetime
    last_contact: datetime | None = None

    @property
    def is_dialled(self) -> bool:
        return self.state in {"active", "left"}


@dataclass(eq=False)
class Talk:
    """A Session as it was made: between whom, over which number, to which phone."""

    seller: Seller
    buyer: str
    number: str
    phone: str
    seen_by_seller: str
    begun: datetime
    # Something that was told of it may not have reached our rows.
    in_doubt: bool
    phone_changes: int = field(init=False)

    def __post_init__(self) -> None:
        self.phone_changes = self.seller.phone_changes

    @property
    def rings_an_old_phone(self) -> bool:
        """Also when the seller has come back to that phone: what they left is over."""
        return self.phone != self.seller.phone or self.phone_changes != self.seller.phone_changes


@dataclass(frozen=True)
class Earlier:
    """What Twilio remembers of the pair: the other one then, and the number they saw."""

    unique_name: str
    partner: str
    partner_sees: str
    begun: datetime


@dataclass
class Model:
    sellers: list[Seller] = field(default_factory=list)
    numbers: dict[str, Number] = field(default_factory=dict)
    vanished: set[str] = field(default_factory=set)
    # On their way to a seller: once of the pool, they stand for nobody's old talks any more.
    coming: set[str] = field(default_factory=set)
    # By the Session's SID, and by its unique name.
    talks: dict[str, Talk] = field(default_factory=dict)
    rang: dict[str, datetime] = field(default_factory=dict)
    _spoken: dict[tuple[Seller, str], list[tuple[datetime, bool]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def holder_of(self, phone: str) -> Seller | None:
        return next((one for one in self.sellers if one.phone == phone), None)

    # Events

    def has_spoken(self, talk: Talk, *, in_doubt: bool) -> None:
        """The seller called, texted or picked up."""
        told = (talk.begun, in_doubt or talk.in_doubt)
        spoken = self._spoken[talk.seller, talk.buyer]
        if told not in spoken:
            spoken.append(told)

    def leaves(self, seller: Seller) -> None:
        """Nothing that others know of the person as a buyer names the phone any more, but to
        those who have blocked it.
        """
        phone = seller.phone or ""
        for (other, buyer), told in self._spoken.items():
            if buyer == phone and buyer not in other.blocks:
                told[:] = [(begun, True) for begun, _doubt in told]
        for talk in self.talks.values():
            is_forgotten = talk.buyer == phone and phone not in talk.seller.blocks
            talk.in_doubt = talk.in_doubt or is_forgotten
        seller.has_left, seller.phone, seller.quiet, seller.away_until = True, None, None, None
        seller.moves = False
        seller.blocks.clear()

    def becomes(self, e164: str, holder: UUID, state: str, now: datetime) -> str:
        """A number is in that *state* by our rows; why it must not be, or nothing."""
        seller = next((one for one in self.sellers if one.pk == holder), None)
        if seller is None:
            return f"a number is {state} for nobody"
        number = self.numbers.get(e164)
        if number is None or number.state == "gone":
            self.numbers[e164] = Number(e164, seller, state, now, now)
            return self._wrong_begin(seller, state, e164)
        if number.seller is not seller:
            was, number.seller = number.state, seller
            return f"a number that was {was} is {state} for somebody else"
        if number.state == state:
            return ""
        before, since, number.state, number.since = number.state, number.since, state, now
        return self._wrong_change(number, before, since, now)

    def ends(self, number: Number, now: datetime) -> str:
        """A number is released by our rows."""
        before, since = number.state, number.since
        if before == "resting" and number.e164 not in self.vanished:
            # One that was given up before it was bought has nowhere to go back to.
            number.state = "going"
            wrong, number.state = self._wrong_change(number, before, since, now), "gone"
            return wrong
        number.state = "gone"
        if before != "going" and number.e164 not in self.vanished:
            return f"a number that was {before} is released"
        return ""

    def _wrong_begin(self, seller: Seller, state: str, e164: str) -> str:
        if state == "resting":
            ended = seller.has_left or seller.was_taken_from
            return "" if ended or seller.moves else "a number rests that nobody gave up"
        if state == "left" and seller.moves:
            seller.moves = False  # active for so short a time that nobody looked
            return ""
        if state != "active":
            return f"a number is {state} that never was active"
        if seller.phone is None:
            return "a number is active for who has no proved phone"
        others = [
            one
            for one in self.numbers.values()
            if one.seller is seller and one.state == "active" and one.e164 != e164
        ]
        return "" if not others or seller.moves else "a seller has a second number"

    def _wrong_change(self, number: Number, before: str, since: datetime, now: datetime) -> str:
        seller = number.seller
        ended = seller.has_left or seller.was_taken_from
        match before, number.state:
            case "active", "left":
                fine, seller.moves = seller.moves, False
            case "active", "resting":
                fine = ended
            case "left", "resting":
                fine = ended or now - since > timedelta(days=settings.NUMBER_MOVED_DAYS)
            case "resting", "going":
                quiet = now - (number.last_contact or since)
                fine = now - since >= timedelta(days=90)
                if number.last_contact:
                    fine = fine and quiet >= timedelta(days=30) - _ABOUT
            case _:
                fine = False
        return "" if fine else f"a number that was {before} is {number.state}"

    # What is right

    def answers(
        self, sender: str, dialled: str, *, is_call: bool, earlier: Earlier | None, now: datetime
    ) -> set[str]:
        """What the out-of-session callback may say: a phone, or one of the three sentences."""
        number = self.numbers.get(dialled)
        if number is not None and number.state != "gone":
            return self._to_seller(number, sender, is_call=is_call, earlier=earlier, now=now)
        if earlier is None or dialled in self.coming:
            return {NEUTRAL}
        return self.answers_in_old_talk(sender, earlier, is_call=is_call, now=now)

    def answers_in_old_talk(
        self, sender: str, earlier: Earlier, *, is_call: bool, now: datetime
    ) -> set[str]:
        """The same, if the number that was called is still the pool's."""
        seen = self.numbers.get(earlier.partner_sees)
        if seen is None or not seen.is_dialled or not seen.seller.is_open:
            return {NEUTRAL}
        if seen.seller.phone != sender or earlier.partner in seen.seller.blocks:
            return {NEUTRAL}
        return {earlier.partner} | self._if_it_rings(sender, is_call=is_call, now=now)

    def _to_seller(
        self, number: Number, sender: str, *, is_call: bool, earlier: Earlier | None, now: datetime
    ) -> set[str]:
        seller = number.seller
        if not number.is_dialled or not seller.is_open or sender in seller.blocks:
            return {NEUTRAL}
        if sender == seller.phone or self._meant_another(number, earlier):
            return {NEUTRAL}
        also = self._if_it_rings(sender, is_call=is_call, now=now)
        before = [talk for talk in self.talks.values() if self._was_anothers(talk, number, sender)]
        if any(not talk.in_doubt for talk in before):
            return {NEUTRAL}
        also |= {NEUTRAL} if before else set()
        if number.state == "left":
            known = self.knows(seller, sender, now)
            if known is False:
                return {NEUTRAL}
            also |= {NEUTRAL} if known is None else set()
        return {self._when_there(seller, is_call=is_call, now=now)} | also

    def _when_there(self, seller: Seller, *, is_call: bool, now: datetime) -> str:
        if seller.away_until and now < seller.away_until:
            return AWAY
        if is_call and self._sleeps(seller, now):
            return QUIET
        assert seller.phone is not None
        return seller.phone

    def _meant_another(self, number: Number, earlier: Earlier | None) -> bool:
        if earlier is None:
            return False
        talk = self.talks.get(earlier.unique_name)
        if talk is None:  # made to pass a text on, which then did not go through
            return earlier.begun < number.held_since
        return talk.seller is not number.seller

    def _was_anothers(self, talk: Talk, number: Number, buyer: str) -> bool:
        """Given back and bought again, the number still means somebody else to that buyer."""
        same = talk.number == number.e164 and talk.buyer == buyer
        return same and talk.seller is not number.seller

    def _if_it_rings(self, sender: str, *, is_call: bool, now: datetime) -> set[str]:
        rang = self.rang.get(sender)
        return {NEUTRAL} if is_call and rang and now - rang <= _RINGS_FOR else set()

    def may_pass(self, talk: Talk, *, from_buyer: bool, is_call: bool, now: datetime) -> set[bool]:
        """Whether somebody may call or text in an open Session."""
        seller, number = talk.seller, self.numbers[talk.number]
        closed = (
            not seller.is_open
            or not number.is_dialled
            or number.seller is not seller
            or talk.rings_an_old_phone
            or talk.buyer in seller.blocks
        )
        if closed:
            return {False}
        sender = talk.buyer if from_buyer else talk.phone
        answers = {True}
        if self._if_it_rings(sender, is_call=is_call, now=now):
            answers = {True, False}
        if not from_buyer:
            return answers
        if number.state == "left":
            known = self.knows(seller, talk.buyer, now)
            if known is not True:
                answers = {False} if known is False else {True, False}
        away = self._when_there(seller, is_call=is_call, now=now) in {AWAY, QUIET}
        return {False} if away else answers

    def may_be_another(self, talk: Talk) -> bool:
        """Whether nothing tells it from a Session of the same two that rings an old phone.

        Proxy was answered of both in the same moment, and made one of the two.
        """
        return any(
            (one.buyer, one.number) == (talk.buyer, talk.number)
            and one.rings_an_old_phone
            and (one.in_doubt or not one.seen_by_seller)
            and one.begun > talk.begun - _A_MOMENT
            for one in self.talks.values()
        )

    def knows(self, seller: Seller, buyer: str, now: datetime) -> bool | None:
        """None when it cannot be told."""
        long_ago = timedelta(days=settings.KNOWN_BUYER_DAYS)
        answers = set()
        for begun, in_doubt in self._spoken.get((seller, buyer), ()):
            if now - begun < long_ago - _ABOUT:
                answers.add(None if in_doubt else True)
            elif now - begun < long_ago + _ABOUT:
                answers.add(None)
        if True in answers:
            return True
        return None if answers else False

    def _sleeps(self, seller: Seller, now: datetime) -> bool:
        if seller.quiet is None:
            return False
        start, end = seller.quiet
        clock = now.astimezone(ZoneInfo(settings.TIME_ZONE)).time()
        return start <= clock < end if start <= end else clock >= start or clock < end
