"""Out of session: whom should this stranger reach?

``decide`` takes what Twilio told us and one query, never leaves the building, and answers
the same question the same way: someone is listening to a ringing tone.
"""

import base64
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Any, Final

import structlog
from django.conf import settings
from django.db.models import (
    Case,
    Exists,
    OuterRef,
    Q,
    StringAgg,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.utils import timezone

from proxying import abuse, hours
from proxying.contacts import Contact, EarlierSession
from proxying.encryption import CannotUnseal, blind_index
from proxying.known_buyers import are_known, meant_another
from proxying.models import Block, Interaction, ProxySession, ReservedNumber, Seller
from proxying.phone_numbers import E164

logger = structlog.get_logger(__name__)

# A Session lives on while a call in it lasts, of which only the beginning is dated.
_AN_HOUR: Final = timedelta(hours=1)
# What carriers send for a number that is not shown: words, spelled on the keypad.
_WITHHELD = frozenset(
    "+" + word.translate(str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999"))
    for word in ("ANONYMOUS", "BLOCKED", "RESTRICTED", "UNAVAILABLE", "UNKNOWN")
)


@dataclass(frozen=True)
class CreateSession:
    """Connect the two. As JSON this is what Proxy calls auto-create.

    *is_beside* means that the two have an open Session in which the seller, who answers in an
    older one, is shown another number, or may have. Proxy makes no second one (error 80604), so
    the call is put through by TwiML, and the text is passed on.
    """

    reserved_number: ReservedNumber
    buyer: str
    unique_name: str
    participant_identifier: str
    participant_proxy_identifier: str | None = None
    is_beside: bool = False

    def as_json(self) -> dict[str, str | int]:
        answer: dict[str, str | int] = {
            "uniqueName": self.unique_name,
            "ttl": settings.PROXY_SESSION_TTL,
            "mode": settings.PROXY_SESSION_MODE,
            "participantIdentifier": self.participant_identifier,
        }
        if self.participant_proxy_identifier:
            answer["participantProxyIdentifier"] = self.participant_proxy_identifier
        return answer

    @property
    def begun_by_seller(self) -> bool:
        return self.participant_identifier == self.buyer


class Answer(Enum):
    """What somebody who is turned away hears."""

    NEUTRAL = auto()
    AWAY = auto()
    QUIET = auto()


@dataclass(frozen=True)
class TurnAway:
    """Connect nobody. *reason* is for the log; the sender learns only *answer*."""

    reason: str
    answer: Answer = Answer.NEUTRAL
    # The number that was called, when it may go back to Twilio once nobody calls it any more.
    quarantined: ReservedNumber | None = None


type Decision = CreateSession | TurnAway


def decide(contact: Contact) -> Decision:
    """One query. Whoever may not call at all is answered neutrally, whatever the cause.

    That a seller is away or sleeps is told only to those who would reach them otherwise.
    """
    return _nobody(contact) or _one_of(contact, _numbers_concerned(contact))


def decide_by_memory(contact: Contact, remembered: "Mapping[str, Remembered]") -> Decision:
    """As ``decide``, without the database: by what was so some minutes ago.

    *remembered* holds what is known of ``numbers_of(contact)`` and of the sender as a number
    of ours. It is stricter where memory does not tell: who spoke with another phone in an
    earlier Session, and whose call was forwarded, is not connected. Nor does it tell of other
    open Sessions, so that a seller who answers in an old one always speaks beside them.
    """
    earlier_partner = blind_index(contact.earlier.partner) if contact.earlier else None
    numbers = {
        number: _Number(
            known.row,
            is_blocked=blind_index(_buyer(contact, number)) in known.blocked,
            sender_is_ours=contact.sender in remembered,
            sender_is_quarantined=False,
            is_forwarded=contact.is_call and bool(contact.forwarded_from),
            stood_for_another=earlier_partner not in (None, known.row.seller.phone_number_index),
            speaks_with_buyer=True,  # for all that memory tells
        )
        for number, known in remembered.items()
    }
    return _nobody(contact) or _one_of(contact, numbers)


def numbers_of(contact: Contact) -> list[str]:
    """The numbers of ours that the contact concerns: dialled, and seen in an earlier Session."""
    earlier = contact.earlier
    return [contact.dialled] + ([earlier.partner_proxy_identifier] if earlier else [])


def _buyer(contact: Contact, number: str) -> str:
    """Who speaks with the seller of *number*: whoever dials it, else the partner of that time.

    Not both: the seller who answers may have a phone by now that they once blocked.
    """
    if contact.earlier and number != contact.dialled:
        return contact.earlier.partner
    return contact.sender


def _nobody(contact: Contact) -> TurnAway | None:
    if not E164.fullmatch(contact.sender) or contact.sender in _WITHHELD:
        # All who withhold their number look the same: connected, they would share a Session.
        return TurnAway("the sender shows no phone number")
    if contact.sender == contact.dialled:
        return TurnAway("a number of ours called itself")
    return None


def _one_of(contact: Contact, numbers: "Mapping[str, _Number]") -> Decision:
    dialled = numbers.get(contact.dialled)
    if dialled is not None:
        return _to_seller(contact, dialled)
    if contact.earlier and contact.earlier.partner_proxy_identifier in numbers:
        return _back_to_buyer(contact, numbers[contact.earlier.partner_proxy_identifier])
    return TurnAway("nobody can be reached here")


def _to_seller(contact: Contact, number: "_Number") -> Decision:
    """Anyone reaching a seller's number. Only the seller's own row says who that is now."""
    if reason := number.refuses or number.refuses_caller(contact.sender):
        return TurnAway(reason, quarantined=number.row if number.rests else None)
    try:
        phone_number = number.row.seller.phone_number
    except CannotUnseal as error:
        logger.error("seller_unreachable", seller=str(number.row.seller_id), reason=str(error))
        return TurnAway("the seller's phone number does not open")
    assert phone_number is not None
    if not_now := _not_now(contact, number.row.seller):
        return not_now
    return CreateSession(
        reserved_number=number.row,
        buyer=contact.sender,
        unique_name=unique_name(contact.contact_sid),
        participant_identifier=phone_number.reveal(),
    )


def _not_now(contact: Contact, seller: Seller) -> TurnAway | None:
    now = timezone.now()
    if hours.is_away(seller, now):
        return TurnAway("the seller is away", Answer.AWAY)
    if contact.is_call and hours.is_quiet(seller, now):
        return TurnAway("the seller's quiet hours", Answer.QUIET)
    return None


def _back_to_buyer(contact: Contact, number: "_Number") -> Decision:
    """The seller answering in a Session that has ended, on the pool number they saw.

    The buyer sees the number that they called then, also when the seller has moved since.
    """
    assert contact.earlier is not None
    if not number.is_own(contact.sender):
        return TurnAway("not the seller of that Session")
    if number.refuses:
        return TurnAway(number.refuses)
    return CreateSession(
        reserved_number=number.row,
        buyer=contact.earlier.partner,
        unique_name=unique_name(contact.contact_sid),
        participant_identifier=contact.earlier.partner,
        participant_proxy_identifier=number.row.proxy_identifier,
        is_beside=number.speaks_with_buyer,
    )


def unique_name(contact_sid: str) -> str:
    """The Session's name: fresh for each contact, the same for a contact told twice.

    It says nothing about anyone, and cannot be guessed from a SID. At most 191 characters.
    """
    key = settings.SECRET_KEY.encode()
    digest = hmac.digest(key, b"proxying.routing.unique_name:" + contact_sid.encode(), "sha256")
    return "sp-" + base64.b32encode(digest[:20]).decode().lower()


@dataclass(frozen=True)
class Remembered:
    """An active number and its seller as they were, and the indexes of the buyers blocked."""

    row: ReservedNumber
    blocked: frozenset[str]


@dataclass(frozen=True)
class _Number:
    """A number of ours that the contact concerns, with all that the decision needs."""

    row: ReservedNumber
    is_blocked: bool
    sender_is_ours: bool
    sender_is_quarantined: bool
    is_forwarded: bool
    stood_for_another: bool
    knows_buyer: bool = False
    speaks_with_buyer: bool = False

    @property
    def refuses(self) -> str:
        """Why nobody is connected here, for the log; empty when nothing speaks against it."""
        reasons = {
            f"the number is {self.row.status}": not (self.row.is_active or self.row.is_left),
            "the seller is suspended": self.row.seller.suspended_at is not None,
            "the seller blocks this buyer": self.is_blocked,
            "one of our own numbers is calling": self.sender_is_ours,
            "the caller is in quarantine": self.sender_is_quarantined,
            "a phone that we ring passes its calls on to us": self.is_forwarded,
        }
        return next((reason for reason, holds in reasons.items() if holds), "")

    def refuses_caller(self, sender: str) -> str:
        """As ``refuses``: why *sender* does not reach the seller by this number."""
        reasons = {
            "the seller's own number": self.is_own(sender),
            "a stranger on a number that the seller moved from": self.row.is_left
            and not self.knows_buyer,
            # It was somebody else's when the two last spoke: who rings now means that person.
            "the number had another meaning for this sender": self.stood_for_another,
        }
        return next((reason for reason, holds in reasons.items() if holds), "")

    @property
    def rests(self) -> bool:
        return self.row.status == ReservedNumber.Status.QUARANTINED

    def is_own(self, sender: str) -> bool:
        return self.row.seller.phone_number_index == blind_index(sender)


def _numbers_concerned(contact: Contact) -> dict[str, _Number]:
    """By proxy identifier: the number dialled, and the one of an earlier Session. One query."""
    earlier = contact.earlier
    sender = [blind_index(contact.sender)]
    rows: Iterable[Any] = (
        ReservedNumber.objects.filter(proxy_identifier__in=numbers_of(contact))
        .exclude(status=ReservedNumber.Status.RELEASED)
        .select_related("seller__key")
        .annotate(
            # For last_known_good too, which must turn them away as well.
            blocked_buyers=_blocked_buyers(),
            sender_is_ours=abuse.is_ours(contact.sender),
            sender_is_quarantined=abuse.is_quarantined(blind_index(contact.sender)),
            is_forwarded=_is_forwarded(contact),
            earlier_seller=_seller_of(contact),
            meant_another=meant_another(
                number=OuterRef("proxy_identifier"), seller=OuterRef("seller"), buyers=sender
            ),
            # For last_known_good, which cannot tell whom an old buyer means.
            was_anothers=was_anothers(),
            # Looked up only for a number that its seller has moved from.
            knows_buyer=Case(
                When(
                    status=ReservedNumber.Status.RETIRING,
                    then=are_known(seller=OuterRef("seller"), buyers=sender),
                ),
                default=Value(value=False),
            ),
            speaks_with_buyer=_speaks_with_buyer(earlier) if earlier else Value(value=False),
        )
    )
    return {
        str(row.proxy_identifier): _Number(
            row,
            is_blocked=blind_index(_buyer(contact, str(row.proxy_identifier)))
            in (row.blocked_buyers or "").split(","),
            sender_is_ours=row.sender_is_ours,
            sender_is_quarantined=row.sender_is_quarantined,
            is_forwarded=row.is_forwarded,
            stood_for_another=row.meant_another or _stood_for_another(row, earlier),
            knows_buyer=row.knows_buyer,
            speaks_with_buyer=row.speaks_with_buyer,
        )
        for row in rows
    }


def _seller_of(contact: Contact) -> Subquery:
    sessions = ProxySession.objects.filter(unique_name=contact.earlier_session)
    # SQLite tells a foreign key's UUID as text.
    return Subquery(sessions.values("reserved_number__seller")[:1], output_field=UUIDField())


def _stood_for_another(row: Any, earlier: EarlierSession | None) -> bool:
    """Whether the dialled number was somebody else's in the earlier Session, or the pool's.

    Where our row of that Session is lost, Proxy's date of it tells.
    """
    if earlier is None:
        return False
    if row.earlier_seller:
        return bool(row.earlier_seller != row.seller_id)
    return earlier.created_at is not None and not row.was_held_at(earlier.created_at)


def _speaks_with_buyer(earlier: EarlierSession) -> Exists:
    """Whether another Session of the two is open, in which the buyer sees this number.

    As far as we were told. Where it has ended after all, what is done instead connects them too.
    """
    since = timezone.now() - timedelta(seconds=settings.PROXY_SESSION_TTL) - _AN_HOUR
    told = Interaction.objects.filter(proxy_session=OuterRef("pk"), created_at__gt=since)
    return Exists(
        ProxySession.objects.filter(
            Q(created_at__gt=since) | Exists(told),
            reserved_number=OuterRef("pk"),
            buyer_index=blind_index(earlier.partner),
            session_sid__isnull=False,
            closed_at=None,
        ).exclude(unique_name=earlier.unique_name)
    )


def _blocked_buyers() -> Subquery:
    blocks = Block.objects.filter(seller=OuterRef("seller")).order_by().values("seller")
    return Subquery(blocks.annotate(all=StringAgg("buyer_index", Value(","))).values("all")[:1])


def was_anothers() -> Exists:
    """Whether the number of a row was another seller's before."""
    former = ReservedNumber.objects.filter(
        status=ReservedNumber.Status.RELEASED, proxy_identifier=OuterRef("proxy_identifier")
    )
    return Exists(former.exclude(seller=OuterRef("seller")))


def _is_forwarded(contact: Contact) -> Q:
    """Whether the call comes from a phone that we ring, which passes it on by itself."""
    if not contact.is_call:
        return Q(Value(value=False))
    by = abuse.is_ringing(blind_index(contact.sender))
    if E164.fullmatch(contact.forwarded_from):
        forwarder = contact.forwarded_from
        by |= abuse.is_ours(forwarder) | abuse.is_sellers_phone(blind_index(forwarder))
    return by
