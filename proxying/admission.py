"""Lets a contact in whom routing would connect: remembers its Session, and counts it.

Both or neither, so that a contact told twice counts once and a crash between the two counts
nothing. Limits hold over any number of processes. Whoever is over one hears what all hear
who are turned away.
"""

from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Subquery
from django.utils import timezone

from proxying import abuse
from proxying.contacts import Contact
from proxying.encryption import blind_index
from proxying.limits import Turn, take_all
from proxying.models import MissedText, ProxySession, ReservedNumber
from proxying.routing import CreateSession, Decision, TurnAway

logger = structlog.get_logger(__name__)

_HOUR: Final = timedelta(hours=1)
_TEN_MINUTES: Final = timedelta(minutes=10)
_A_DAY: Final = timedelta(days=1)
_MISSED: Final = MissedText.objects.filter(message_sid=OuterRef("contact_sid"))
_RINGS_OURS: Final = "the seller's phone number is one of our own"


class _NotAdmitted(Exception):
    """Says why, for the log."""


class _RingsOneAfterTheOther(_NotAdmitted):
    """A caller who goes through our sellers' numbers."""


def admit(contact: Contact, decision: CreateSession) -> Decision:
    """*decision* once its Session is written down, or that it is one too many.

    At most three statements in one transaction, and a fourth when a caller is quarantined or a
    text has to be passed on.
    """
    try:
        with transaction.atomic():
            _remember(contact, decision)
            if decision.is_beside and not contact.is_call:
                _promise_to_pass_on(contact)
            _count(contact, decision)
            _look_around(contact, decision)
    except IntegrityError:
        return decision  # told twice: the first time it was counted
    except _RingsOneAfterTheOther as reason:
        abuse.quarantine(blind_index(contact.sender))
        logger.warning("caller_quarantined", contact_sid=contact.contact_sid)
        return TurnAway(str(reason))
    except _NotAdmitted as reason:
        return TurnAway(str(reason))
    return decision


def admit_late(contact: Contact, decision: CreateSession) -> Decision:
    """As ``admit``, for a text of an earlier time.

    The limits of the hours of now neither count it nor stop it, and nobody is quarantined: that
    the texts of a day come at once says nothing about their senders. They have limits of their
    own, so that an outage is no way past the others.
    """
    number = ReservedNumber.objects.filter(pk=decision.reserved_number.pk)
    if number.filter(abuse.is_ours(decision.participant_identifier)).exists():
        return TurnAway(_RINGS_OURS)
    try:
        with transaction.atomic():
            _remember(contact, decision)
            _count_late(contact, decision)
    except IntegrityError:
        return decision  # an attempt before this one
    except _NotAdmitted as reason:
        return TurnAway(str(reason))
    return decision


def _remember(contact: Contact, decision: CreateSession) -> None:
    ProxySession.objects.create(
        reserved_number=decision.reserved_number,
        buyer_index=blind_index(decision.buyer),
        unique_name=decision.unique_name,
        contact_sid=contact.contact_sid,
        phone_epoch=decision.reserved_number.seller.phone_epoch,
        begun_by_seller=decision.begun_by_seller,
    )


def _promise_to_pass_on(contact: Contact) -> None:
    MissedText.objects.create(
        message_sid=contact.contact_sid, earlier_session=contact.earlier_session
    )


def _count(contact: Contact, decision: CreateSession) -> None:
    number, buyer = decision.reserved_number.pk, blind_index(decision.buyer)
    turns = [
        Turn(
            f"contact.caller.{blind_index(contact.sender)}",
            settings.CONTACTS_OF_A_CALLER_AN_HOUR,
            _HOUR,
        ),
        Turn(f"contact.pair.{number}.{buyer}", settings.CONTACTS_OF_A_PAIR_AN_HOUR, _HOUR),
    ]
    if not decision.begun_by_seller:
        # What strangers send must not keep the seller from answering.
        turns.append(Turn(f"contact.number.{number}", settings.CONTACTS_OF_A_NUMBER_AN_HOUR, _HOUR))
    if not take_all(turns):
        raise _NotAdmitted("too many contacts this hour")


def _count_late(contact: Contact, decision: CreateSession) -> None:
    """In a day of one sender as many texts as they may begin conversations in an hour, to as many
    sellers as they may in ten minutes.
    """
    sender = blind_index(contact.sender)
    if not take_all([Turn(f"late.caller.{sender}", settings.CONTACTS_OF_A_CALLER_AN_HOUR, _A_DAY)]):
        raise _NotAdmitted("too many late texts")
    if decision.begun_by_seller:
        return
    late = ProxySession.objects.filter(
        Exists(_MISSED),
        buyer_index=sender,
        begun_by_seller=False,
        created_at__gt=timezone.now() - _A_DAY,
    )
    numbers = late.aggregate(numbers=Count("reserved_number", distinct=True))["numbers"]
    if numbers > settings.NUMBERS_OF_A_CALLER_IN_TEN_MINUTES:
        raise _NotAdmitted("late texts to too many sellers")


def _look_around(contact: Contact, decision: CreateSession) -> None:
    """What only shows now that the caller's counter is locked: nobody else admits them meanwhile.

    The Session just written down is among those counted.
    """
    if decision.begun_by_seller:
        return
    sessions = ProxySession.objects.filter(
        # Passed on now, but sent at some other time.
        ~Exists(_MISSED),
        buyer_index=blind_index(contact.sender),
        begun_by_seller=False,
        created_at__gt=timezone.now() - _TEN_MINUTES,
    )
    numbers = (
        sessions.order_by()
        .values("buyer_index")
        .annotate(numbers=Count("reserved_number", distinct=True))
    )
    rung, rings_ours = (
        ReservedNumber.objects.filter(pk=decision.reserved_number.pk)
        .annotate(
            rung=Subquery(numbers.values("numbers")),
            rings_ours=abuse.is_ours(decision.participant_identifier),
        )
        .values_list("rung", "rings_ours")
        .get()
    )
    if rings_ours:
        raise _NotAdmitted(_RINGS_OURS)
    if rung > settings.NUMBERS_OF_A_CALLER_IN_TEN_MINUTES:
        raise _RingsOneAfterTheOther("the caller rings one seller after the other")
