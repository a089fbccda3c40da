"""Ending: a seller is suspended, a number released, a buyer blocked. All stop new Sessions at once.

The row changes first: from then on the out-of-session callback turns strangers away. Then
open Sessions are closed, by whoever comes first: the task or the sweep. A released number
goes into quarantine (``going_back``).
"""

from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from proxying import twilio_client
from proxying.known_buyers import are_known
from proxying.models import Block, ProxySession, ReservedNumber, Seller
from proxying.reachability import announce, suspended
from proxying.twilio_client import TwilioRefused

logger = structlog.get_logger(__name__)

# Proxy forgets a closed Session after this time; there is nothing left to close.
# https://www.twilio.com/docs/proxy/api/session
_SESSIONS_ARE_KEPT = timedelta(days=90)
# We have answered, and Proxy is making the Session: not finding one proves nothing yet.
UNTIL_IT_IS_MADE = timedelta(minutes=1)

Status = ReservedNumber.Status


def suspend(seller: Seller, reason: str) -> None:
    """Nobody reaches the seller, who is told *reason*, until ``reinstate``.

    The number stays theirs.
    """
    seller.suspended_at, seller.suspended_reason = timezone.now(), reason
    with transaction.atomic():
        seller.save(update_fields=["suspended_at", "suspended_reason"])
        suspended.send(sender=None, seller=seller)
        announce(seller.pk)


def reinstate(seller: Seller) -> None:
    seller.suspended_at, seller.suspended_reason = None, ""
    seller.save(update_fields=["suspended_at", "suspended_reason"])
    announce(seller.pk)


def release(number: ReservedNumber) -> None:
    """Takes the number from its seller. It was promised for ever: staff decide this.

    With the seller's one number goes the next one, if they were about to move.
    """
    with transaction.atomic():
        # Locked: a worker may be choosing or dropping a number for these rows.
        held = ReservedNumber.objects.held().filter(seller=number.seller_id).order_by("pk")
        rows = {row.pk: row for row in held.select_for_update()}
        if found := rows.get(number.pk):
            also = [row for row in rows.values() if found.is_live and row.is_for_move]
            for row in [found, *also]:
                row.retire()
        announce(number.seller_id)
    number.refresh_from_db()


def sessions_to_close() -> QuerySet[ProxySession]:
    """Sessions in which nobody may speak any more, not yet known to be closed.

    Their number or seller was taken out of service, the seller has blocked the buyer or has
    moved to another number and does not know them, or another phone is the seller's since
    (``ProxySession.rings_an_old_phone``).
    """
    blocks = Block.objects.filter(
        seller=OuterRef("reserved_number__seller"), buyer_index=OuterRef("buyer_index")
    )
    known = are_known(seller=OuterRef("reserved_number__seller"), buyers=[OuterRef("buyer_index")])
    return ProxySession.objects.filter(
        ~Q(reserved_number__status__in=(Status.ACTIVE, Status.RETIRING))
        | Q(~known, reserved_number__status=Status.RETIRING)
        | Q(reserved_number__seller__suspended_at__isnull=False)
        | ~Q(phone_epoch=F("reserved_number__seller__phone_epoch"))
        | Q(created_at__lt=F("reserved_number__seller__phone_verified_at"))
        | Exists(blocks),
        closed_at=None,
        created_at__gt=timezone.now() - _SESSIONS_ARE_KEPT,
    )


def close_proxy_sessions(reserved_number_id: UUID | str) -> None:
    """Closes those of the number's Sessions that ``sessions_to_close`` names."""
    sessions = sessions_to_close().filter(reserved_number__pk=reserved_number_id)
    for session in sessions.select_related("reserved_number__service"):
        service = session.reserved_number.service
        assert service is not None
        # Without a SID no interaction has been reported: perhaps there never was a Session.
        try:
            sid = session.session_sid or twilio_client.find_session(
                service.service_sid, session.unique_name
            )
            if sid:
                twilio_client.close_session(service.service_sid, sid)
        except TwilioRefused as refusal:
            # The others must be closed all the same; the sweep comes back to this one.
            logger.error("session_not_closed", session=session.pk, reason=str(refusal))
            continue
        if sid or session.created_at < timezone.now() - UNTIL_IT_IS_MADE:
            # One that was made meanwhile has a SID now, and is the sweep's.
            as_read = ProxySession.objects.filter(pk=session.pk, session_sid=session.session_sid)
            as_read.update(closed_at=timezone.now())
