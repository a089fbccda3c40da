"""Sessions that no row of ours knows, such as when what was set aside was lost with Redis.

Without a row we refuse nothing in them, and nobody closes them. They get the row that they
should have had; the ordinary rules then say whether anybody may go on speaking there.
"""

import time
from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from proxying import twilio_client
from proxying.encryption import blind_index
from proxying.models import ProxyService, ProxySession, ReservedNumber, Seller
from proxying.provisioning import close_proxy_sessions
from proxying.provisioning.ending import sessions_to_close
from proxying.reconciliation.inventory import AtTwilio
from proxying.reconciliation.report import Finding, Kind
from proxying.twilio_client import OpenSession, Participant, TwilioRefused

logger = structlog.get_logger(__name__)

# Until then its row may only have been set aside, and is still being written.
_WRITTEN_WITHIN: Final = timedelta(minutes=10)
_BUYER_AND_SELLER: Final = 2
# Where a run stopped whose time was up. Lost, the next one begins at the beginning.
_STOPPED_AT: Final = "sessions_compared_until"
_A_DAY: Final = 86_400

# A Service, and the address of a page of its Sessions; None is the first.
type _Page = tuple[ProxyService, str | None]


def unknown_sessions(twilio: AtTwilio, *, until: float | None) -> Iterator[Finding]:
    """Found while Twilio's list is read, which is long: it is read no further than *until*.

    The next run with a limit goes on from there. *until* is of ``time.monotonic``.
    ``TwilioUnavailable`` or ``TwilioRefused`` when the list breaks off; what was found before
    is true.
    """
    services = [service for service, configuration in twilio.services if configuration]
    pages = deque[_Page]((service, None) for service in services)
    if until is not None:
        _go_on(pages)
    is_late = False
    while pages and not is_late:
        service, url = pages.popleft()
        try:
            page = twilio_client.page_of_sessions(service.service_sid, url)
        except TwilioRefused:
            # Perhaps the address is too old: not to be asked for again.
            cache.delete(_STOPPED_AT)
            raise
        if page.next_url:
            pages.appendleft((service, page.next_url))
        unknown = _unknown(page.not_closed)
        for session in unknown:
            yield Finding(
                Kind.UNKNOWN_SESSION, session.session_sid, partial(_know, service, session)
            )
        is_late = until is not None and time.monotonic() > until
        if is_late and unknown:
            # Some may only have been found: the next run has the time to mend them.
            pages.appendleft((service, url))
    if until is not None:
        _stop(pages)


def _go_on(pages: deque[_Page]) -> None:
    """Begins with the page at which the last run stopped; the Services before it come last."""
    service_sid, url = cache.get(_STOPPED_AT, (None, None))
    sids = [service.service_sid for service, _url in pages]
    if service_sid in sids:
        pages.rotate(-sids.index(service_sid))
        pages[0] = (pages[0][0], url)


def _stop(pages: deque[_Page]) -> None:
    if not pages:
        cache.delete(_STOPPED_AT)
        return
    service, url = pages[0]
    cache.set(_STOPPED_AT, (service.service_sid, url), _A_DAY)


def _unknown(sessions: list[OpenSession]) -> list[OpenSession]:
    written = timezone.now() - _WRITTEN_WITHIN
    old = [session for session in sessions if session.created_at < written]
    rows = ProxySession.objects.all()
    sids = rows.filter(session_sid__in=[one.session_sid for one in old])
    names = rows.filter(unique_name__in=[one.unique_name for one in old])
    known = {*sids.values_list("session_sid", flat=True)}
    known |= {*names.values_list("unique_name", flat=True)}
    return [one for one in old if known.isdisjoint({one.session_sid, one.unique_name})]


def _know(service: ProxyService, session: OpenSession) -> bool:
    """A row for the Session, closed if nobody may speak there; or closed for want of a seller."""
    people = twilio_client.who_takes_part(service.service_sid, session.session_sid)
    numbers = ReservedNumber.objects.exclude(status=ReservedNumber.Status.RELEASED).filter(
        service=service, proxy_identifier__in=[one.proxy_identifier for one in people]
    )
    number = numbers.select_related("seller").first()
    if number is None or len(people) != _BUYER_AND_SELLER:
        twilio_client.close_session(service.service_sid, session.session_sid)
        logger.error("session_of_nobody_closed", session_sid=session.session_sid)
        return True
    row = _row(session, number, people)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return False  # written since the list was read
    logger.error("session_adopted", session_sid=session.session_sid, session=row.pk)
    if sessions_to_close().filter(pk=row.pk).exists():
        # A death before this is made good by the sweep.
        close_proxy_sessions(number.pk)
    return True


def _row(session: OpenSession, number: ReservedNumber, people: list[Participant]) -> ProxySession:
    """What was written of it once, but which call or text began it: Twilio does not say."""
    buyer = next(one for one in people if one.proxy_identifier == number.proxy_identifier)
    seller = next(one for one in people if one is not buyer)
    return ProxySession(
        reserved_number=number,
        buyer_index=blind_index(buyer.identifier),
        unique_name=session.unique_name or session.session_sid,
        contact_sid=session.session_sid,
        session_sid=session.session_sid,
        first_participant_sid=buyer.participant_sid,
        phone_epoch=_phone_epoch(number.seller, seller),
        created_at=session.created_at,
    )


def _phone_epoch(seller: Seller, found: Participant) -> int:
    """The seller's, or one that they have not come to if another phone rings there."""
    is_current = (
        seller.phone_verified_at is not None
        and blind_index(found.identifier) == seller.phone_number_index
    )
    return seller.phone_epoch if is_current else seller.phone_epoch + 1
