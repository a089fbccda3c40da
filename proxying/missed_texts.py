"""Texts that Proxy did not carry are passed on by us.

They came while the database was away, or from a seller who answered in an old Session while a
new one of the two is open. We send the text into the open Session, or make one. Which text,
Twilio still knows: it passes through here and is kept nowhere. Every step can be repeated: the
Session has the name that the text's own would have had, and before we send we look whether it
was sent.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from proxying import admission, hours, passed_on_codes, routing, twilio_client
from proxying.contacts import Contact, EarlierSession
from proxying.encryption import blind_index
from proxying.models import MissedText, ProxyService, ProxySession, ReservedNumber
from proxying.routing import CreateSession
from proxying.twilio_client import NOT_FOUND, ReceivedText, TwilioRefused, TwilioUnavailable

logger = structlog.get_logger(__name__)

# A text of yesterday is news to nobody.
PASSED_ON_WITHIN: Final = timedelta(hours=24)
# Longer than the slowest road through Twilio's timeouts.
_LEASE: Final = timedelta(minutes=3)
# Of a pair, the latest ones: the open one is among them.
_MOST_SESSIONS: Final = 5
_LONGEST_TEXT: Final = 1_600
# Proxy drops them without a word: https://www.twilio.com/docs/proxy/opt-out-keywords
_OPT_OUT_WORDS: Final = frozenset(
    {"STOP", "REVOKE", "OPTOUT", "UNSUBSCRIBE", "END", "CANCEL", "QUIT"}
    | {"STOPALL", "ARRETT", "ARRET", "ARRETE", "UNSTOP"}
)


class _WillNotBe(Exception):
    """The text is not passed on, and why."""


def promise(message_sid: str, earlier_session: str = "") -> None:
    """Told of twice, it is one promise. *earlier_session* is as in ``MissedText``."""
    MissedText.objects.get_or_create(
        message_sid=message_sid, defaults={"earlier_session": earlier_session}
    )


def leave(message_sids: Iterable[str]) -> None:
    """They reached the seller without us: nothing is to be done, and nobody need look again."""
    now, outcome = timezone.now(), "Proxy has carried it"
    rows = [MissedText(message_sid=s, settled_at=now, outcome=outcome) for s in message_sids]
    MissedText.objects.bulk_create(rows, ignore_conflicts=True)


def due() -> QuerySet[MissedText]:
    return MissedText.unfinished().filter(next_attempt_at__lte=timezone.now())


def pass_on_due() -> int:
    """Tries every text that is due; how many were passed on."""
    return sum(pass_on(pk) for pk in due().order_by("pk").values_list("pk", flat=True))


def pass_on(pk: int) -> bool:
    """Whether the text was passed on now. What Twilio does not take now is tried again."""
    missed = MissedText.claim(str(pk), lease=_LEASE)
    if missed is None:
        return False
    log = logger.bind(message_sid=missed.message_sid)
    now = timezone.now()
    try:
        _pass_on(missed)
    except _WillNotBe as reason:
        missed.end_attempt(settled_at=now, outcome=str(reason)[:100])
        log.info("text_not_passed_on", reason=str(reason))
    except (TwilioUnavailable, TwilioRefused) as error:
        # Of a refusal too: a Session in the way ends, a phone comes back. A day ends it.
        wait = timedelta(seconds=min(15 * 2**missed.attempts, 1_800))
        missed.end_attempt(next_attempt_at=now + wait, last_error=str(error)[:500])
        log.warning("text_not_passed_on_yet", reason=str(error))
    else:
        missed.end_attempt(settled_at=now, last_error="")
        log.info("text_passed_on")
        return True
    return False


def _pass_on(missed: MissedText) -> None:
    text = twilio_client.find_received_text(missed.message_sid)
    if text is None or not text.body:
        raise _WillNotBe("nothing to pass on")
    if text.sent_at < timezone.now() - PASSED_ON_WITHIN:
        raise _WillNotBe("too old")
    if text.body.strip().upper() in _OPT_OUT_WORDS:
        raise _WillNotBe("an opt-out word")
    decision = _decide(missed, text)
    number = ReservedNumber.objects.select_related("service").get(pk=decision.reserved_number.pk)
    assert number.service is not None
    service_sid = number.service.service_sid
    body = _dated(text, decision)
    # Connected by memory, of which nothing is left: another Session may be open by now.
    own = twilio_client.fetch_session_named(service_sid, decision.unique_name)
    if own and _is_there(service_sid, own, missed.message_sid, body):
        return
    session_sid = _session(service_sid, decision, text)
    if session_sid != own and _is_there(service_sid, session_sid, missed.message_sid, body):
        return
    participants = twilio_client.participants(service_sid, session_sid)
    receiver = participants.get(decision.participant_identifier)
    if receiver is None:
        raise _WillNotBe("the Session has another phone")
    if decision.begun_by_seller and _is_warned(missed, decision, text):
        raise _WillNotBe("the seller is warned of passing on a code")
    # A crash from here on, and the next attempt finds the text in the Session.
    twilio_client.text_in_session(service_sid, session_sid, receiver, body)


def _decide(missed: MissedText, text: ReceivedText) -> CreateSession:
    """By who is let through now: who is blocked since, or who called too often, no more.

    The limits of an hour are not asked: here the texts of a day come at once, and none of
    their senders wrote too often for that.
    """
    contact = Contact(
        contact_sid=missed.message_sid,
        sender=text.sender,
        dialled=text.dialled,
        is_call=False,
        earlier=_earlier(missed.earlier_session, text),
    )
    decision: routing.Decision = routing.decide(contact)
    if isinstance(decision, CreateSession):
        if not decision.reserved_number.was_held_at(text.sent_at):
            raise _WillNotBe("the number was not this seller's yet")
        decision = admission.admit_late(contact, decision)
    if isinstance(decision, CreateSession):
        return decision
    raise _WillNotBe(decision.reason)


def _earlier(unique_name: str, text: ReceivedText) -> EarlierSession | None:
    """What Proxy told of the Session that had ended when the text came. Twilio knows it still.

    Our own row of it may be lost. Where Twilio has lost it too, nothing tells whom the sender
    means, and the text goes to nobody.
    """
    service_sid = _service_sid_of(text.dialled) if unique_name else None
    if service_sid is None:
        return None
    rows = ProxySession.objects.filter(unique_name=unique_name)
    known_sid = rows.values_list("session_sid", flat=True).first()
    try:
        sid = known_sid or twilio_client.find_session(service_sid, unique_name)
        people = twilio_client.who_takes_part(service_sid, sid) if sid else []
    except TwilioRefused as refusal:
        if refusal.status != NOT_FOUND:
            raise
        people = []
    them = {one.identifier: one for one in people}
    sender = them.pop(text.sender, None)
    if sender is None or sender.proxy_identifier != text.dialled or len(them) != 1:
        raise _WillNotBe("the earlier Session is gone")
    [partner] = them.values()
    return EarlierSession(
        unique_name, partner.identifier, partner.proxy_identifier, sender.created_at
    )


def _service_sid_of(number: str) -> str | None:
    """Of the Service whose number it is, a seller's or the pool's."""
    services = ProxyService.objects.filter(
        Q(pool_numbers__proxy_identifier=number)
        | Q(pk__in=ReservedNumber.objects.held().filter(proxy_identifier=number).values("service"))
    )
    return services.values_list("service_sid", flat=True).first()


def _session(service_sid: str, decision: CreateSession, text: ReceivedText) -> str:
    """The pair's open Session, or a new one. ``TwilioRefused`` while another is in the way."""
    mine = ProxySession.objects.filter(unique_name=decision.unique_name)
    of_the_pair = ProxySession.objects.filter(
        reserved_number=decision.reserved_number,
        buyer_index=blind_index(decision.buyer),
        phone_epoch=decision.reserved_number.seller.phone_epoch,
        closed_at=None,
    )
    for one in of_the_pair.order_by("-created_at")[:_MOST_SESSIONS]:
        sid = one.session_sid or twilio_client.fetch_session_named(service_sid, one.unique_name)
        if sid and twilio_client.is_session_open(service_sid, sid):
            return sid
    sid = twilio_client.create_session(
        service_sid,
        decision.unique_name,
        buyer=decision.buyer,
        buyer_sees=str(decision.reserved_number.proxy_identifier),
        seller=text.sender if decision.begun_by_seller else decision.participant_identifier,
    )
    participants = twilio_client.participants(service_sid, sid)
    # Whoever looked for this Session before it was made has taken it for closed.
    mine.filter(session_sid=None).update(
        session_sid=sid, first_participant_sid=participants.get(text.sender, ""), closed_at=None
    )
    if decision.participant_identifier in participants:
        _open_again(service_sid, sid, decision)
    return sid


def _open_again(service_sid: str, session_sid: str, decision: CreateSession) -> None:
    """If it is an earlier attempt's, and has ended since: its name is taken, there is no other."""
    if twilio_client.is_session_open(service_sid, session_sid):
        return
    mine = ProxySession.objects.filter(
        unique_name=decision.unique_name, phone_epoch=decision.reserved_number.seller.phone_epoch
    )
    # Who has a Session closed knows of this one before it is open, and afterwards: the two may
    # cross each other.
    if not mine.update(closed_at=None):
        raise _WillNotBe("the Session has another phone")
    twilio_client.reopen_session(service_sid, session_sid)
    mine.update(closed_at=None)


def _is_warned(missed: MissedText, decision: CreateSession, text: ReceivedText) -> bool:
    """As of a text in a Session, of which Proxy would have asked us before it went through."""
    index = passed_on_codes.code_index(text.body)
    if not index:
        return False
    session = ProxySession.objects.select_related("reserved_number__seller").get(
        unique_name=decision.unique_name
    )
    return passed_on_codes.is_first(session, index, missed.message_sid)


def _is_there(service_sid: str, session_sid: str, message_sid: str, body: str) -> bool:
    """Whether the Session has carried it: Proxy itself, or an attempt of ours that then died."""
    return any(
        message_sid == told.inbound_resource_sid or body == told.body
        for told in twilio_client.texts_in_session(service_sid, session_sid)
    )


def _dated(text: ReceivedText, decision: CreateSession) -> str:
    """The text with its time in front, by the seller's own clock."""
    clock = hours.clock_of(decision.reserved_number.seller, text.sent_at)
    with translation.override(settings.LANGUAGE_CODE):
        dated = _("(sent %(time)s) %(text)s") % {"time": f"{clock:%H:%M}", "text": text.body}
    return dated[:_LONGEST_TEXT]
