"""A person has left for good: Twilio, too, forgets who spoke with whom.

A Session keeps both phone numbers, and so does each of its texts and calls. The promise is the
Session's ``erase_at``, made by ``Seller.leave``. First what went through the Session is
deleted, which only the Session tells; then the Session. Every request can be repeated, so a
death at any line costs only time.
"""

import time
from collections import defaultdict
from datetime import timedelta
from typing import Final

import structlog
from django.db.models import QuerySet
from django.utils import timezone

from proxying import twilio_client
from proxying.models import ProxySession
from proxying.twilio_client import TwilioRefused

logger = structlog.get_logger(__name__)

# Longer than the slowest road through Twilio's timeouts: until then nobody else tries.
_LEASE: Final = timedelta(minutes=3)
_AGAIN: Final = timedelta(hours=1)
# We have answered, and Proxy is making the Session: not finding one proves nothing yet.
_UNTIL_IT_IS_MADE: Final = timedelta(minutes=1)
_AT_ONCE: Final = 200


def erase_sessions(*, seconds: float) -> int:
    """How many Sessions Twilio has forgotten; none is begun later than *seconds* from now.

    What Twilio refuses keeps no other from going, and is tried again an hour later.
    ``TwilioUnavailable`` when it is no use to go on.
    """
    until = time.monotonic() + seconds
    _promise_late_ones()
    erased = 0
    for service_sid, sessions in _due().items():
        named = _find_unnamed(service_sid, sessions)
        for session in sessions:
            if time.monotonic() > until:
                return erased
            sid = session.session_sid or named.get(session.unique_name)
            if _claim(session):
                erased += _erase(service_sid, sid, session)
    return erased


def _promise_late_ones() -> None:
    """Sessions whose contact was decided, or written down, while the seller was leaving."""
    late = ProxySession.objects.filter(
        reserved_number__seller__left_at__isnull=False, erase_at=None, erased_at=None
    )
    late.update(erase_at=timezone.now())


def _due() -> dict[str, list[ProxySession]]:
    """The next Sessions to erase, by their Service."""
    due: QuerySet[ProxySession] = ProxySession.objects.filter(erase_at__lte=timezone.now())
    by_service = defaultdict(list)
    for session in due.select_related("reserved_number__service").order_by("erase_at")[:_AT_ONCE]:
        service = session.reserved_number.service
        assert service is not None
        by_service[service.service_sid].append(session)
    return by_service


def _find_unnamed(service_sid: str, sessions: list[ProxySession]) -> dict[str, str]:
    """The SIDs of those of which no interaction has been told: perhaps they never were."""
    unnamed = {session.unique_name for session in sessions if session.session_sid is None}
    return twilio_client.find_sessions(service_sid, unnamed) if unnamed else {}


def _claim(session: ProxySession) -> bool:
    now = timezone.now()
    due = ProxySession.objects.filter(pk=session.pk, erase_at__lte=now)
    return bool(due.update(erase_at=now + _LEASE))


def _erase(service_sid: str, sid: str | None, session: ProxySession) -> bool:
    row = ProxySession.objects.filter(pk=session.pk)
    now = timezone.now()
    if sid is None and session.created_at > now - _UNTIL_IT_IS_MADE:
        return False
    try:
        if sid:
            _erase_at_twilio(service_sid, sid)
    except TwilioRefused as refusal:
        # Such as a call that goes on: nobody can be made to forget it yet.
        row.update(erase_at=now + _AGAIN)
        logger.error("session_not_erased", session=session.pk, reason=str(refusal))
        return False
    row.update(erase_at=None, erased_at=now, closed_at=session.closed_at or now)
    return True


def _erase_at_twilio(service_sid: str, session_sid: str) -> None:
    # Closed first: nothing more goes through it that would not be seen below.
    twilio_client.close_session(service_sid, session_sid)
    for record in sorted(twilio_client.records_of_session(service_sid, session_sid)):
        twilio_client.delete_record(record)
    twilio_client.delete_session(service_sid, session_sid)
