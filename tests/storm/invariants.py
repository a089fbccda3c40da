"""What must be true of our rows and of Twilio's, whatever happened before.

One function for each promise, which yields a sentence for each time that it is broken. Those
of ``ALWAYS`` hold at any moment; those of ``AT_REST`` once nothing is due any more: leases
are over, and the sweep and the periodic tasks have done what they could. Twilio is the
switchboard in this same database. No sentence holds a phone number.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from django.conf import settings
from django.db.models import Model, Q
from django.utils import timezone

from proxying import known_buyers, remembered, routing
from proxying.contacts import Contact
from proxying.encryption import blind_index
from proxying.models import (
    Block,
    BuyerAlias,
    MissedText,
    PlannedService,
    PoolNumber,
    ProxyService,
    ProxySession,
    ReservedNumber,
    Seller,
    SellerKey,
    SellerText,
    StockNumber,
    StrayNumber,
)
from proxying.models.intents import Intent
from proxying.provisioning import buying
from proxying.routing import Answer, CreateSession, TurnAway
from proxying.switchboard.models import (
    IncomingPhoneNumber,
    Purchase,
    Session,
)
from proxying.switchboard.models import PhoneNumber as NumberOfAService
from proxying.switchboard.models import Service as ServiceAtTwilio

type Check = Callable[[], Iterable[str]]

Status = ReservedNumber.Status
_DIALLED: Final = (Status.ACTIVE, Status.RETIRING)
_INTENTS: Final[tuple[type[Intent], ...]] = (
    ReservedNumber,
    PoolNumber,
    StockNumber,
    PlannedService,
    MissedText,
)
# Nobody's phone: the number of somebody who calls for the first time.
_STRANGER: Final = "+12025550147"


def violations(*, at_rest: bool = True) -> list[str]:
    """Every promise that is broken now, a sentence each; *at_rest* looks at all of them."""
    checks = (*ALWAYS, *AT_REST) if at_rest else ALWAYS
    return [f"{check.__name__}: {broken}" for check in checks for broken in check()]


def one_number_a_seller() -> Iterator[str]:
    """A seller has at most one live number, one to move to, and a new one only beside old ones."""
    live = ReservedNumber.objects.live().values_list("seller", flat=True)
    next_ones = ReservedNumber.objects.filter(is_for_move=True).values_list("seller", flat=True)
    for rows in (live, next_ones):
        for seller, times in Counter(rows).items():
            if times > 1:
                yield f"seller {seller} has {times}"


def one_holder_a_number() -> Iterator[str]:
    """What Twilio knows by one SID, and what people dial as one number, is in one row of ours."""
    rows = list(chain(_reserved(), PoolNumber.objects.all(), StockNumber.objects.all()))
    with_a_sid = [row for row in rows if row.phone_number_sid]
    for name in ("phone_number_sid", "proxy_identifier"):
        holders = Counter(getattr(row, name) for row in with_a_sid)
        for row in with_a_sid:
            if holders[getattr(row, name)] > 1:
                yield f"{_named(row)} shares its {name}"


def nothing_is_bought_twice() -> Iterator[str]:
    """For one row one number is bought, and another only when Twilio lost that one."""
    counts: Counter[str] = Counter()
    for kind, marker in Purchase.objects.values_list("kind", "friendly_name"):
        counts[marker] += {Purchase.Kind.PURCHASE: 1, Purchase.Kind.VANISHED: -1}.get(kind, 0)
    for marker, times in counts.items():
        if times > 1 and buying.row_of(marker):
            yield f"{times} for {marker}"


def quarantine_is_kept() -> Iterator[str]:
    """No number leaves its Service before its quarantine and its quiet days are over."""
    whole = timedelta(days=settings.NUMBER_QUARANTINE_DAYS)
    quiet = timedelta(days=settings.NUMBER_QUIET_DAYS)
    for row in ReservedNumber.objects.exclude(removed_at=None):
        if row.quarantined_at is None or row.removed_at < row.quarantined_at + whole:
            yield f"{_named(row)} left early"
        elif row.last_contact_at and row.removed_at < row.last_contact_at + quiet:
            yield f"{_named(row)} left while somebody called it"


def strangers_reach_only_the_seller() -> Iterator[str]:
    """Who dials a number reaches the phone that is its seller's now, or hears what all hear."""
    for row in _reserved().select_related("seller").exclude(proxy_identifier=None):
        decision = routing.decide(_a_call(str(row.proxy_identifier)))
        if reason := wrong(row, decision):
            yield f"{_named(row)}: {reason}"


def wrong(row: ReservedNumber, decision: routing.Decision | None) -> str:
    """Why a stranger must not be answered like that on this number; empty when it is right."""
    open_to_strangers = row.is_active and not row.seller.suspended_at
    match decision:
        case CreateSession(participant_identifier=phone):
            if not open_to_strangers:
                return f"connects a stranger, though it is {row.status}"
            if blind_index(phone) != row.seller.phone_number_index:
                return "connects a phone that is not its seller's"
        case TurnAway(answer=answer) if answer != Answer.NEUTRAL and not open_to_strangers:
            return f"tells a stranger more than nothing, though it is {row.status}"
    return ""


def what_is_remembered_is_right() -> Iterator[str]:
    """As ``strangers_reach_only_the_seller``, while the database is away. Redis must be there."""
    for row in _reserved().select_related("seller").exclude(proxy_identifier=None):
        decision = remembered.decide(_a_call(str(row.proxy_identifier)))
        if reason := wrong(row, decision):
            yield f"{_named(row)}: {reason}"


def erased_sellers_are_gone() -> Iterator[str]:
    """Of who has left nothing opens, nothing names a buyer, and no number is theirs."""
    left = Seller.objects.filter(left_at__isnull=False)
    of_them = Q(seller__in=left)
    for model in (SellerKey, SellerText, Block, BuyerAlias):
        for row in model._default_manager.filter(of_them):
            yield f"{_named(row)} is still there"
    # Asked of the columns: without its key a number that was kept does not open.
    without = Q(phone_number__isnull=True, phone_number_index=None, phone_verified_at=None)
    for seller in left.exclude(without):
        yield f"{_named(seller)} still has a phone"
    for number in ReservedNumber.objects.held().filter(of_them):
        yield f"{_named(number)} is still held by one"


def everyone_is_served() -> Iterator[str]:
    """Each proved phone has an active number, unless staff took the last one away.

    A number that Twilio lost was taken by nobody: in its place comes another.
    """
    for seller in Seller.objects.exclude(phone_verified_at=None).prefetch_related(
        "reserved_numbers"
    ):
        numbers = list(seller.reserved_numbers.all())
        if not any(number.is_active for number in numbers) and not _was_taken(numbers):
            yield f"{_named(seller)} waits, with {[number.status for number in numbers]}"
        if any(number.is_for_move for number in numbers):
            yield f"{_named(seller)} is still moving"


def _was_taken(numbers: list[ReservedNumber]) -> bool:
    """None is to come, and the last of those that the seller did not move from was given up.

    What is given up rests, or never was a number; what Twilio lost is over at once.
    """
    own = [number for number in numbers if not number.moved_at]
    if not own or any(number.is_live or number.is_for_move for number in own):
        return False
    last = max(own, key=_ended_at)
    return last.quarantined_at is not None or last.proxy_identifier is None


def _ended_at(number: ReservedNumber) -> datetime:
    ended_at = number.quarantined_at or number.released_at
    assert ended_at is not None, number.status
    return ended_at


def nothing_waits() -> Iterator[str]:
    """No intent is due, at work, parked or left to staff: what is put off has its hour."""
    now = timezone.now()
    for model in _INTENTS:
        for row in model.unfinished():
            if row.unended_attempts:
                yield f"{_named(row)}: {row.unended_attempts} attempts told no outcome"
            if row.next_attempt_at is None:
                yield f"{_named(row)} is stuck: {row.last_error}"
            elif row.next_attempt_at <= now:
                yield f"{_named(row)} is due"
    for text in SellerText.objects.filter(sent_at=None, next_attempt_at__lte=now):
        yield f"{_named(text)} is due"


def twilio_forgets_who_left() -> Iterator[str]:
    """Each Session in which somebody spoke who has left is erased there, or is put off."""
    now = timezone.now()
    of_sellers = Q(reserved_number__seller__left_at__isnull=False, erase_at=None, erased_at=None)
    for session in ProxySession.objects.filter(of_sellers | Q(erase_at__lte=now)):
        yield f"{_named(session)} is not erased"


def every_purchase_is_ours() -> Iterator[str]:
    """What Twilio bills us for under our marker stands in a row, and is no stray."""
    rows = list(chain(_reserved(), PoolNumber.objects.all(), StockNumber.objects.all()))
    # One whose purchase had no answer, and that staff took away, has no SID until it is removed.
    known = {row.phone_number_sid for row in rows} | {row.proxy_identifier for row in rows}
    strays = set(StrayNumber.objects.values_list("phone_number_sid", flat=True))
    for owned in IncomingPhoneNumber.objects.all():
        if {owned.sid, owned.phone_number} & known or buying.row_of(owned.friendly_name) is None:
            continue
        yield f"{owned.sid} is {'a stray' if owned.sid in strays else 'an orphan'}"


def twilio_has_what_we_believe() -> Iterator[str]:
    """Each number is owned and in its place: a seller's reserved, a pool's not, stock nowhere."""
    owned = set(IncomingPhoneNumber.objects.values_list("sid", flat=True))
    places = {
        sid: (service_sid, is_reserved)
        for sid, service_sid, is_reserved in NumberOfAService.objects.values_list(
            "incoming_phone_number", "service__sid", "is_reserved"
        )
    }
    for row, reserved in _expected():
        place = places.get(row.phone_number_sid)
        resting = isinstance(row, ReservedNumber) and row.status == Status.QUARANTINED
        right = None if reserved is None else (row.service.service_sid, reserved)
        if row.phone_number_sid not in owned:
            yield f"{_named(row)} is not owned"
        # What was given up while it was being reserved may be in no Service yet.
        elif place != right and not (resting and place is None):
            yield f"{_named(row)} is not where it should be, or not as it should be"
    for row in ReservedNumber.objects.filter(status=Status.RELEASED):
        if row.phone_number_sid in owned and row.phone_number_sid:
            yield f"{_named(row)} is still paid for"


def each_service_is_ours() -> Iterator[str]:
    """Twilio's Services are our rows, one to one."""
    at_twilio = Counter(ServiceAtTwilio.objects.values_list("sid", flat=True))
    ours = Counter(ProxyService.objects.values_list("service_sid", flat=True))
    for sid in (at_twilio - ours) + (ours - at_twilio):
        yield f"{sid} is known to one side only"


def open_sessions_are_right() -> Iterator[str]:
    """Nobody speaks in a Session with a phone that is no longer the seller's, or may not be."""
    now = timezone.now()
    for session in Session.objects.filter(status__in=Session.ACTIVE, expires_at__gt=now):
        people = list(session.participants.filter(date_deleted=None))
        for buyer in people:
            row = _dialled_row(buyer.proxy_identifier)
            if row is None:
                continue  # the seller, who sees a number of the pool
            others = [one.identifier for one in people if one.pk != buyer.pk]
            if reason := _must_be_closed(row, buyer.identifier, others):
                yield f"{session.sid}: {reason}"


def _must_be_closed(row: ReservedNumber, buyer: str, others: list[str]) -> str:
    index = blind_index(buyer)
    reasons = {
        f"the number is {row.status}": row.status not in _DIALLED,
        "the seller is suspended": row.seller.suspended_at is not None,
        "it rings another phone than the seller's": any(
            blind_index(other) != row.seller.phone_number_index for other in others
        ),
        "the seller blocks the buyer": Block.objects.filter(
            seller=row.seller, buyer_index=index
        ).exists(),
        "the seller has moved and does not know the buyer": row.is_left
        and not Seller.objects.filter(
            known_buyers.are_known(seller=row.seller, buyers=[index]), pk=row.seller.pk
        ).exists(),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _dialled_row(number: str) -> ReservedNumber | None:
    """Not of one given up on its way out of the pool, which Proxy may have chosen once more."""
    dialled = ReservedNumber.objects.exclude(active_at=None)
    rows = dialled.select_related("seller").filter(proxy_identifier=number)
    return rows.exclude(status=Status.RELEASED).first() or rows.order_by("-released_at").first()


def _expected() -> Iterator[tuple[ReservedNumber | PoolNumber | StockNumber, bool | None]]:
    """Rows that stand for a number, and whether it is reserved; None for in no Service."""
    known = ~Q(phone_number_sid="")
    held = ReservedNumber.objects.filter(known, status__in=(*_DIALLED, Status.QUARANTINED))
    for number in held.select_related("service"):
        yield number, True
    for pooled in PoolNumber.objects.exclude(added_at=None).select_related("service"):
        yield pooled, False
    for stock in StockNumber.objects.filter(known):
        yield stock, None


def _reserved():
    return ReservedNumber.objects.exclude(status=Status.RELEASED)


def _a_call(dialled: str) -> Contact:
    return Contact(
        contact_sid="CA" + "0" * 32, sender=_STRANGER, dialled=dialled, is_call=True, earlier=None
    )


def _named(row: Model) -> str:
    return f"{type(row).__name__} {row.pk}"


ALWAYS: Final[tuple[Check, ...]] = (
    one_number_a_seller,
    one_holder_a_number,
    nothing_is_bought_twice,
    quarantine_is_kept,
    strangers_reach_only_the_seller,
    what_is_remembered_is_right,
    erased_sellers_are_gone,
)
AT_REST: Final[tuple[Check, ...]] = (
    everyone_is_served,
    nothing_waits,
    twilio_forgets_who_left,
    every_purchase_is_ours,
    twilio_has_what_we_believe,
    each_service_is_ours,
    open_sessions_are_right,
)
