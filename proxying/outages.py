"""When nobody of ours answered Proxy, texts were lost without a trace here.

Every sweep says that the workers are well, and a worker asks whether the web is. After a longer
silence of either, its next sign of life promises to look at Twilio for the texts of that time.
One that Proxy did not carry, and that no row of ours knows, becomes a ``MissedText``: passed on
once, if it would be let through now.

Nothing tells a text that was turned away meanwhile, where only the workers were away, from one
that nobody answered: it is judged anew, by who is let through today.
"""

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import requests
import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from proxying import missed_texts, twilio_client
from proxying.encryption import blind_index
from proxying.models import (
    Heartbeat,
    Interaction,
    MissedText,
    Outage,
    ProxySession,
    ReservedNumber,
)
from proxying.twilio_client import (
    NOT_FOUND,
    FoundSessions,
    TextToUs,
    TwilioRefused,
    TwilioUnavailable,
)

logger = structlog.get_logger(__name__)

# Sweeps come every 15 seconds.
_SILENCE: Final = timedelta(minutes=1)
# Callbacks end earlier than the last sweep, or begin later than the first.
_MARGIN: Final = timedelta(minutes=1)
# What was set aside meanwhile is written first.
_SETTLED_IN: Final = timedelta(minutes=2)
_LEASE: Final = timedelta(minutes=10)
_AGAIN: Final = timedelta(minutes=2)
# By Proxy, after they have ended: https://www.twilio.com/docs/proxy/api/session
_SESSIONS_ARE_KEPT: Final = timedelta(days=90)
# Of a pair: more are not begun in the day after which a text is too old to be passed on.
_MOST_SESSIONS: Final = 30
# Seconds. What takes longer is of no use to Proxy either.
_WEB_ANSWERS_WITHIN: Final = 5
_THE_SELLERS: Final = (ReservedNumber.Status.ACTIVE, ReservedNumber.Status.RETIRING)


def beat(part: Heartbeat.Part = Heartbeat.Part.WORKERS) -> None:
    """*part* is well; if that was long unsaid, the promise to look back at that time."""
    now = timezone.now()
    with transaction.atomic():
        heartbeats = Heartbeat.objects.select_for_update()
        heart, _is_new = heartbeats.get_or_create(pk=part, defaults={"at": now})
        if now - heart.at > _SILENCE and not _is_promised(heart.at, now):
            Outage.objects.create(
                began_at=heart.at, ended_at=now, next_attempt_at=now + _SETTLED_IN
            )
            logger.error("outage_ended", part=part.name, began_at=heart.at.isoformat())
        Heartbeat.objects.filter(pk=heart.pk, at__lt=now).update(at=now)


def ask_web() -> None:
    """As ``beat`` for the web, if it answers at the address at which Proxy calls it.

    Where no worker ever reaches that address, nothing is known of the web, and only the workers'
    silence is an outage.
    """
    try:
        answer = requests.get(
            settings.PUBLIC_ORIGIN + reverse("livez"),
            timeout=_WEB_ANSWERS_WITHIN,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        logger.warning("web_not_reached", reason=type(error).__name__)
        return
    if answer.status_code != HTTPStatus.OK:
        # A load balancer with nothing behind it.
        logger.warning("web_not_reached", reason=str(answer.status_code))
        return
    beat(Heartbeat.Part.WEB)


def _is_promised(began_at: datetime, ended_at: datetime) -> bool:
    """Whether the texts of that time are looked for already: all of us were away."""
    within = Outage.objects.filter(
        began_at__lte=began_at + _MARGIN, ended_at__gte=ended_at - _MARGIN
    )
    return within.exists()


def look_back(*, seconds: float) -> int:
    """How many texts of outages are taken on; of none is asked later than *seconds* from now.

    What Twilio does not tell now is asked again, and keeps no other text waiting.
    """
    until = time.monotonic() + seconds
    due = Outage.unfinished().filter(next_attempt_at__lte=timezone.now()).order_by("pk")
    return sum(_look_back(pk, until) for pk in due.values_list("pk", flat=True))


def _look_back(pk: int, until: float) -> int:
    outage = Outage.claim(str(pk), lease=_LEASE)
    if outage is None:
        return 0
    now = timezone.now()
    since = max(outage.began_at - _MARGIN, now - missed_texts.PASSED_ON_WITHIN)
    taken_on = 0
    try:
        texts = _unknown(twilio_client.texts_to_us(since, outage.ended_at + _MARGIN))
    except (TwilioUnavailable, TwilioRefused) as error:
        why_not_all = str(error)
    else:
        taken_on, why_not_all = _take_on(_pairs(texts, outage), until)
    if why_not_all:
        outage.end_attempt(last_error=why_not_all[:500], next_attempt_at=now + _AGAIN)
        logger.warning("outage_not_looked_at_yet", texts=taken_on, reason=why_not_all)
    else:
        outage.end_attempt(looked_at=now, last_error="")
        logger.info("outage_looked_at", texts=taken_on)
    return taken_on


def _unknown(texts: Iterable[TextToUs]) -> list[TextToUs]:
    """Those to a seller's number that began no Session, as far as we know, nor were missed."""
    sids = {text.message_sid for text in texts}
    known = {
        *ProxySession.objects.filter(contact_sid__in=sids).values_list("contact_sid", flat=True),
        *MissedText.objects.filter(message_sid__in=sids).values_list("message_sid", flat=True),
    }
    dialled = {text.dialled for text in texts}
    numbers = ReservedNumber.objects.filter(status__in=_THE_SELLERS, proxy_identifier__in=dialled)
    sellers = set(numbers.values_list("proxy_identifier", flat=True))
    pooled = numbers.filter(pooled_until__gt=timezone.now() - _SESSIONS_ARE_KEPT)
    once_the_pools = set(pooled.values_list("proxy_identifier", flat=True))
    return [
        text
        for text in texts
        if text.dialled in sellers
        and text.message_sid not in known
        and (text.dialled not in once_the_pools or _is_from_a_buyer(text))
    ]


def _is_from_a_buyer(text: TextToUs) -> bool:
    """Whether the number's seller had a Session with the sender.

    Asked of a number that was the pool's not long ago: who else texts it is perhaps a seller,
    who answers a buyer that had this number in an earlier Session. Proxy would have told us; its
    list of texts does not.
    """
    return ProxySession.objects.filter(
        reserved_number__proxy_identifier=text.dialled,
        reserved_number__status__in=_THE_SELLERS,
        buyer_index=blind_index(text.sender),
    ).exists()


@dataclass(frozen=True)
class _Pair:
    """What one sender sent to one number, first to last, and the Sessions that may have had it."""

    message_sids: list[str]
    sessions: list[ProxySession]

    @property
    def has_unnamed(self) -> bool:
        """Of some Session nothing was told, perhaps because nobody was there to be told."""
        return any(session.session_sid is None for session in self.sessions)


def _pairs(texts: Iterable[TextToUs], outage: Outage) -> list[_Pair]:
    sent = defaultdict(list)
    # Twilio tells of the latest first.
    for text in reversed([*texts]):
        sent[text.dialled, text.sender].append(text.message_sid)
    pairs = [_Pair(sids, _sessions(*pair, outage)) for pair, sids in sent.items()]
    # To find an unnamed Session takes a look at all of its Service: the others do not wait.
    return sorted(pairs, key=lambda pair: pair.has_unnamed)


def _sessions(dialled: str, sender: str, outage: Outage) -> list[ProxySession]:
    """Those of the pair that can have been open in the outage, and went on without us."""
    since = outage.began_at - timedelta(seconds=settings.PROXY_SESSION_TTL) - _MARGIN
    of_pair = (
        ProxySession.objects.filter(
            # Who has left is named by none of their own any more.
            Q(buyer_index=blind_index(sender)) | Q(erase_at__isnull=False),
            reserved_number__proxy_identifier=dialled,
            erased_at=None,
        )
        .select_related("reserved_number__service")
        .order_by("-created_at")
    )
    told = Interaction.objects.filter(proxy_session=OuterRef("pk"), created_at__gte=since)
    alive = of_pair.filter(Q(created_at__gte=since) | Exists(told))[:_MOST_SESSIONS]
    # What kept a Session open may not have been told: where no other can be, it is the last.
    return [*alive] or [*of_pair.exclude(session_sid=None)[:1]]


def _take_on(pairs: Iterable[_Pair], until: float) -> tuple[int, str]:
    """How many texts are promised now; and why not all were looked at, else empty."""
    named = _Named(pairs, until)
    taken_on, carried, why_not_all = 0, set[str](), ""
    for pair in pairs:
        if time.monotonic() > until:
            why_not_all = "out of time"
            break
        try:
            records = set[str]().union(*map(named.records, pair.sessions))
        except (TwilioUnavailable, TwilioRefused, _NotFoundInTime) as error:
            why_not_all = str(error)
            continue
        carried |= records.intersection(pair.message_sids)
        for message_sid in pair.message_sids:
            if message_sid not in records:
                missed_texts.promise(message_sid)
                taken_on += 1
    if why_not_all:
        # So that the next look goes on from here.
        missed_texts.leave(carried)
    return taken_on, why_not_all


class _NotFoundInTime(Exception):
    """The list of a Service was too long to tell whether the Session is there."""


class _Named:
    """The Sessions of some pairs at Twilio. A Service is looked through once, and only if needed.

    A Service that is gone has carried nothing that could be told.
    """

    def __init__(self, pairs: Iterable[_Pair], until: float) -> None:
        self._until = until
        self._unnamed: defaultdict[str, set[str]] = defaultdict(set)
        self._found: dict[str, FoundSessions] = {}
        for session in (session for pair in pairs for session in pair.sessions):
            if session.session_sid is None:
                self._unnamed[_service_sid(session)].add(session.unique_name)

    def records(self, session: ProxySession) -> set[str]:
        """The SIDs of what went through it."""
        sid = session.session_sid or self._sid(session)
        return twilio_client.records_of_session(_service_sid(session), sid) if sid else set()

    def _sid(self, session: ProxySession) -> str | None:
        found = self._find(_service_sid(session))
        sid = found.sids.get(session.unique_name)
        if sid is None and not found.is_all:
            raise _NotFoundInTime("the list of Sessions was too long")
        return sid

    def _find(self, service_sid: str) -> FoundSessions:
        if service_sid not in self._found:
            try:
                found = twilio_client.look_for_sessions(
                    service_sid, self._unnamed[service_sid], until=self._until
                )
            except TwilioRefused as refusal:
                if refusal.status != NOT_FOUND:
                    raise
                found = FoundSessions({}, is_all=True)
            self._found[service_sid] = found
        return self._found[service_sid]


def _service_sid(session: ProxySession) -> str:
    service = session.reserved_number.service
    assert service is not None
    return service.service_sid
