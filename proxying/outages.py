"""When nothing of ours ran, nobody answered Proxy, and texts were lost without a trace here.

Every sweep says that we are well. After a longer silence the next one promises to look at
Twilio for the texts of that time. One that Proxy did not carry, and that no row of ours knows,
becomes a ``MissedText``: passed on once, if it would be let through now.

Nothing tells a text that was turned away meanwhile, where only the workers were away, from one
that nobody answered: it is judged anew, by the limits of today.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import structlog
from django.db import transaction
from django.utils import timezone

from proxying import missed_texts, twilio_client
from proxying.encryption import blind_index
from proxying.models import Heartbeat, MissedText, Outage, ProxySession, ReservedNumber
from proxying.twilio_client import TextToUs, TwilioRefused, TwilioUnavailable

logger = structlog.get_logger(__name__)

# Sweeps come every 15 seconds.
_SILENCE: Final = timedelta(minutes=1)
# Callbacks end earlier than the last sweep, or begin later than the first.
_MARGIN: Final = timedelta(minutes=1)
# What was set aside meanwhile is written first.
_SETTLED_IN: Final = timedelta(minutes=2)
_LEASE: Final = timedelta(minutes=10)
_AGAIN: Final = timedelta(minutes=2)
# Of a pair: more have not been begun before a text is too old to be passed on.
_MOST_SESSIONS: Final = 30
_ONE_ROW: Final = 1


def beat() -> None:
    """We are well; if that was long unsaid, the promise to look back at that time."""
    now = timezone.now()
    with transaction.atomic():
        heartbeats = Heartbeat.objects.select_for_update()
        heart, _is_new = heartbeats.get_or_create(pk=_ONE_ROW, defaults={"at": now})
        if now - heart.at > _SILENCE:
            Outage.objects.create(
                began_at=heart.at, ended_at=now, next_attempt_at=now + _SETTLED_IN
            )
            logger.error("outage_ended", began_at=heart.at.isoformat())
        Heartbeat.objects.filter(pk=heart.pk, at__lt=now).update(at=now)


def look_back() -> int:
    """How many texts of outages are taken on. What Twilio does not tell now is asked again."""
    due = Outage.unfinished().filter(next_attempt_at__lte=timezone.now()).order_by("pk")
    return sum(_look_back(pk) for pk in due.values_list("pk", flat=True))


def _look_back(pk: int) -> int:
    outage = Outage.claim(str(pk), lease=_LEASE)
    if outage is None:
        return 0
    now = timezone.now()
    since = max(outage.began_at - _MARGIN, now - missed_texts.PASSED_ON_WITHIN)
    try:
        texts = _unknown(twilio_client.texts_to_us(since, outage.ended_at + _MARGIN))
        carried = _carried(texts)
    except (TwilioUnavailable, TwilioRefused) as error:
        outage.end_attempt(last_error=str(error)[:500], next_attempt_at=now + _AGAIN)
        logger.warning("outage_not_looked_at_yet", reason=str(error))
        return 0
    taken_on = {text.message_sid for text in texts} - carried
    for message_sid in taken_on:
        missed_texts.promise(message_sid)
    outage.end_attempt(looked_at=now, last_error="")
    logger.info("outage_looked_at", texts=len(taken_on))
    return len(taken_on)


def _unknown(texts: Iterable[TextToUs]) -> list[TextToUs]:
    """Those to a seller's number that began no Session, as far as we know, nor were missed."""
    sids = {text.message_sid for text in texts}
    known = {
        *ProxySession.objects.filter(contact_sid__in=sids).values_list("contact_sid", flat=True),
        *MissedText.objects.filter(message_sid__in=sids).values_list("message_sid", flat=True),
    }
    dialled = {text.dialled for text in texts}
    numbers = ReservedNumber.objects.filter(
        status__in=(ReservedNumber.Status.ACTIVE, ReservedNumber.Status.RETIRING),
        proxy_identifier__in=dialled,
    )
    sellers = set(numbers.values_list("proxy_identifier", flat=True))
    return [text for text in texts if text.dialled in sellers and text.message_sid not in known]


def _carried(texts: Iterable[TextToUs]) -> set[str]:
    """The SIDs of what went through the Sessions of these pairs, which go on without us."""
    sessions = [
        session
        for dialled, sender in {(text.dialled, text.sender) for text in texts}
        for session in ProxySession.objects.filter(
            reserved_number__proxy_identifier=dialled,
            buyer_index=blind_index(sender),
            erased_at=None,
        )
        .select_related("reserved_number__service")
        .order_by("-created_at")[:_MOST_SESSIONS]
    ]
    carried: set[str] = set()
    for service_sid, of_service in _by_service(sessions).items():
        # Of some nothing was told, perhaps because nobody was there to be told.
        unnamed = {one.unique_name for one in of_service if one.session_sid is None}
        named = twilio_client.find_sessions(service_sid, unnamed) if unnamed else {}
        for session in of_service:
            if sid := session.session_sid or named.get(session.unique_name):
                carried |= twilio_client.records_of_session(service_sid, sid)
    return carried


def _by_service(sessions: Iterable[ProxySession]) -> dict[str, list[ProxySession]]:
    by_service = defaultdict(list)
    for session in sessions:
        service = session.reserved_number.service
        assert service is not None
        by_service[service.service_sid].append(session)
    return by_service
