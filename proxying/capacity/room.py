"""Room for the next buyer: Sessions that nobody uses are closed before one is refused.

Each open Session of a seller holds one number of the pool. The buyer of a closed one notices
nothing: the next call or text begins a new Session.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import IntegrityError
from django.db.models import Count, Exists, Max, OuterRef, QuerySet
from django.utils import timezone

from proxying import twilio_client
from proxying.capacity.measuring import buyers_by_seller, open_sessions
from proxying.models import Interaction, PoolNumber, ProxyService, ProxySession
from proxying.ranks import OVER
from proxying.twilio_client import TwilioRefused

logger = structlog.get_logger(__name__)

# So many numbers are kept free for a seller, by closing what has long been silent ...
_FREE: Final = 2
_LONG_SILENT: Final = timedelta(hours=1)
# ... and so many at any rate, by closing what was silent longest; but nobody is cut off who
# has just spoken, or whose Session Proxy may still be making.
_FREE_AT_ANY_RATE: Final = 1
_JUST_SPOKE: Final = timedelta(minutes=1)
# A call is over then, whether or not its end was ever told.
# https://www.twilio.com/docs/voice/twiml/dial#timelimit
_LONGEST_CALL: Final = timedelta(hours=4)


def crowded_sellers() -> list[tuple[int, UUID]]:
    """(Service, seller) of those whose next buyer, or the one after, would be refused."""
    pools = dict(
        PoolNumber.objects.exclude(added_at=None)
        .values_list("service")
        .annotate(Count("pk"))
        .order_by()
    )
    return [
        pair
        for pair, buyers in buyers_by_seller(open_sessions()).items()
        if buyers >= pools.get(pair[0], 0) - (_FREE - 1)
    ]


def make_room(service: ProxyService, seller_id: UUID) -> int:
    """Closes as many of the seller's Sessions as it takes; how many. Safe to repeat.

    ``TwilioUnavailable`` when Twilio is away; what was closed until then stays closed.
    """
    forget_those_never_made(service, seller_id)
    closed = 0
    for session in _to_close(service, seller_id):
        try:
            twilio_client.close_session(service.service_sid, str(session.session_sid))
        except TwilioRefused as refusal:
            logger.error("session_not_closed", session=session.pk, reason=str(refusal))
            continue
        # A crash before this line closes it once more, which Twilio takes for done.
        row = ProxySession.objects.filter(pk=session.pk, closed_at=None)
        closed += row.update(closed_at=timezone.now())
    if closed:
        logger.info("idle_sessions_closed", seller=str(seller_id), sessions=closed)
    return closed


def forget_those_never_made(service: ProxyService, seller_id: UUID) -> None:
    """Asks Proxy for Sessions of which no interaction was ever told, and takes note.

    Of those that Proxy refused, for want of a number, the rows end here: they hold none.
    """
    untold = {
        session.unique_name: session
        for session in _of(service, seller_id).filter(
            session_sid=None, created_at__lt=timezone.now() - _JUST_SPOKE
        )
    }
    if not untold:
        return
    found = twilio_client.find_sessions(service.service_sid, set(untold))
    for unique_name, session in untold.items():
        sid = found.get(unique_name)
        # Of two texts that began one Session together, the other's row may stand for it.
        stands_alone = sid and not ProxySession.objects.filter(session_sid=sid).exists()
        row = ProxySession.objects.filter(pk=session.pk, session_sid=None)
        with suppress(IntegrityError):
            if stands_alone:
                row.update(session_sid=sid)
            else:
                row.update(closed_at=timezone.now())


def _to_close(service: ProxyService, seller_id: UUID) -> list[ProxySession]:
    """The longest silent first. Never one with a call in it, or whose SID is not known."""
    sessions = _of(service, seller_id)
    # Counted after the list is read: what another worker closes in between is free already,
    # and not one more is closed in its place.
    silent = sorted(_silent(sessions), key=lambda pair: (pair[0], pair[1].pk))
    pool = service.pool_numbers.exclude(added_at=None).count()
    free = pool - sum(buyers_by_seller(sessions).values())
    now = timezone.now()
    long_silent = [one for since, one in silent if since < now - _LONG_SILENT]
    others = [one for since, one in silent if now - _LONG_SILENT <= since < now - _JUST_SPOKE]
    chosen = long_silent[: max(0, _FREE - free)]
    # A pool of one number is for one conversation, which must not end as soon as it begins.
    if pool > 1:
        chosen += others[: max(0, _FREE_AT_ANY_RATE - free - len(chosen))]
    return chosen


def _of(service: ProxyService, seller_id: UUID) -> QuerySet[ProxySession]:
    return open_sessions().filter(
        reserved_number__service=service, reserved_number__seller=seller_id
    )


def _silent(sessions: QuerySet[ProxySession]) -> Iterator[tuple[datetime, ProxySession]]:
    """Each Session that could be closed, with the time of the last that was told of it."""
    talking = Interaction.objects.filter(
        proxy_session=OuterRef("pk"),
        type="voice",
        inbound_rank__lt=OVER,
        outbound_rank__lt=OVER,
        created_at__gt=timezone.now() - _LONGEST_CALL,
    )
    could_be = sessions.exclude(session_sid=None).exclude(Exists(talking))
    for session in could_be.annotate(last_interaction_at=Max("interactions__created_at")):
        yield max(session.created_at, session.last_interaction_at or session.created_at), session
