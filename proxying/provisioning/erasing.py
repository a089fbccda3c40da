"""A person has left for good: Twilio, too, forgets who spoke with whom.

A Session keeps both phone numbers, and so does each of its texts and calls. The promise is the
Session's ``erase_at``, made by ``Seller.leave``. First what went through the Session is
deleted, which only the Session tells; then the contact that began it, which may never have
gone through one; then the Session. Every request can be repeated, and what is deleted is not
listed again: a death at any line, or too little time, costs only time.

Sessions of which no interaction was told are looked for by name in Twilio's list, which is
long: closed ones stay in it for 90 days. They wait for no others, and no others for them.
"""

import time
from collections import defaultdict
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from proxying import twilio_client
from proxying.models import ProxySession
from proxying.provisioning.ending import UNTIL_IT_IS_MADE
from proxying.twilio_client import NOT_FOUND, FoundSessions, TwilioRefused

logger = structlog.get_logger(__name__)

# Longer than the slowest road through Twilio's timeouts: until then nobody else tries.
_LEASE: Final = timedelta(minutes=3)
_AGAIN: Final = timedelta(hours=1)
_AT_ONCE: Final = 200
_A_CALL: Final = "CA"
# Of a Session that the reconciliation adopted we know no first contact, but its own SID.
_A_RECORD: Final = (_A_CALL, "SM", "MM")


def erase_sessions(*, seconds: float) -> int:
    """How many Sessions Twilio has forgotten; none is begun later than *seconds* from now.

    What Twilio refuses keeps no other from going, and is tried again an hour later; so is what
    could not be looked for in time. ``TwilioUnavailable`` when it is no use to go on.
    """
    until = time.monotonic() + seconds
    _promise_late_ones()
    erased = 0
    for session in _due().exclude(session_sid=None)[:_AT_ONCE]:
        if time.monotonic() > until:
            return erased
        if _claim(session):
            erased += _erase(session, session.session_sid, until=until)
    for service_sid, sessions in _unnamed().items():
        if time.monotonic() > until:
            return erased
        erased += _erase_unnamed(service_sid, sessions, until=until)
    return erased


def _promise_late_ones() -> None:
    """Sessions whose contact was decided, or written down, while the seller was leaving.

    One that began then with the leaver as the buyer is not among them: nothing tells it.
    """
    late = ProxySession.objects.filter(
        reserved_number__seller__left_at__isnull=False, erase_at=None, erased_at=None
    )
    late.update(erase_at=timezone.now())


def _due() -> QuerySet[ProxySession]:
    due: QuerySet[ProxySession] = ProxySession.objects.filter(erase_at__lte=timezone.now())
    return due.select_related("reserved_number__service").order_by("erase_at")


def _unnamed() -> dict[str, list[ProxySession]]:
    """The next of which no interaction has been told, by their Service: perhaps they never were."""
    made = timezone.now() - UNTIL_IT_IS_MADE
    by_service = defaultdict(list)
    for session in _due().filter(session_sid=None, created_at__lte=made)[:_AT_ONCE]:
        by_service[_service_sid(session)].append(session)
    return by_service


def _erase_unnamed(service_sid: str, sessions: list[ProxySession], *, until: float) -> int:
    claimed = [session for session in sessions if _claim(session)]
    names = {session.unique_name for session in claimed}
    now = time.monotonic()
    # Half of the time that is left, so that what is found can go too.
    found = _look_for(service_sid, names, until=now + (until - now) / 2)
    erased = 0
    for session in claimed:
        if time.monotonic() > until:
            break
        sid = found.sids.get(session.unique_name)
        if sid:
            _name(session, sid)
        erased += _erase(session, sid, until=until, is_certain=bool(sid) or found.is_all)
    return erased


def _look_for(service_sid: str, names: set[str], *, until: float) -> FoundSessions:
    if not names:
        return FoundSessions({}, is_all=True)
    try:
        found = twilio_client.look_for_sessions(service_sid, names, until=until)
    except TwilioRefused as refusal:
        logger.error("sessions_not_listed", service=service_sid, reason=str(refusal))
        # With a Service, all its Sessions are gone.
        return FoundSessions({}, is_all=refusal.status == NOT_FOUND)
    if not found.is_all:
        logger.error("sessions_not_listed", service=service_sid, reason="the list is too long")
    return found


def _name(session: ProxySession, sid: str) -> None:
    """So that it need not be looked for again, should the time be up."""
    # Of two texts that began one Session together, the other's row may stand for it.
    with suppress(IntegrityError), transaction.atomic():
        ProxySession.objects.filter(pk=session.pk, session_sid=None).update(session_sid=sid)


def _claim(session: ProxySession) -> bool:
    now = timezone.now()
    due = ProxySession.objects.filter(pk=session.pk, erase_at__lte=now)
    return bool(due.update(erase_at=now + _LEASE))


def _erase(
    session: ProxySession, sid: str | None, *, until: float, is_certain: bool = True
) -> bool:
    """Whether Twilio has forgotten it. Without *is_certain* there may be a Session nevertheless."""
    row = ProxySession.objects.filter(pk=session.pk)
    now = timezone.now()
    try:
        is_done = _erase_at_twilio(session, sid, until=until)
    except TwilioRefused as refusal:
        # Such as a call that goes on: nobody can be made to forget it yet.
        row.update(erase_at=now + _AGAIN)
        logger.error("session_not_erased", session=session.pk, reason=str(refusal))
        return False
    if not is_done:
        row.update(erase_at=now)
        return False
    if not is_certain:
        row.update(erase_at=now + _AGAIN)
        return False
    row.update(erase_at=None, erased_at=now, closed_at=session.closed_at or now)
    return True


def _erase_at_twilio(session: ProxySession, sid: str | None, *, until: float) -> bool:
    """False when the time was up first: what is left still tells what to delete."""
    service_sid = _service_sid(session)
    records: set[str] = set()
    if sid:
        # Closed first: nothing more goes through it that would not be seen below.
        twilio_client.close_session(service_sid, sid)
        for carried in twilio_client.carried_by_session(service_sid, sid):
            for record in sorted(carried.records):
                twilio_client.delete_record(record)
            # Last, for it alone tells the records.
            twilio_client.delete_interaction(service_sid, sid, carried.interaction_sid)
            records |= carried.records
            if time.monotonic() > until:
                return False
    if session.contact_sid.startswith(_A_RECORD) and session.contact_sid not in records:
        _delete_contact(session.contact_sid)
    if sid:
        twilio_client.delete_session(service_sid, sid)
    return True


def _delete_contact(contact_sid: str) -> None:
    """A call that was on hold and a missed text go through no Session, or through another's."""
    if contact_sid.startswith(_A_CALL):
        # Before their parent, which alone tells them.
        for leg in twilio_client.calls_rung_by(contact_sid):
            twilio_client.delete_record(leg)
    twilio_client.delete_record(contact_sid)


def _service_sid(session: ProxySession) -> str:
    service = session.reserved_number.service
    assert service is not None
    return service.service_sid
