"""Twilio's three callbacks: prove, parse, decide, answer.

https://www.twilio.com/docs/proxy/api/webhooks
"""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Final

import structlog
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override, pgettext

from proxying import admission, aside, deadlines, hold, interactions, remembered, routing
from proxying.contacts import Contact
from proxying.deadlines import DatabaseAway
from proxying.encryption import blind_index
from proxying.signatures import Fields, twilio_callback

logger = structlog.get_logger(__name__)


_SENTENCES: Final = {
    # What everyone hears who is turned away, whatever the cause: a difference would tell a
    # stranger who is behind a number, or that somebody blocked them.
    routing.Answer.NEUTRAL: _(
        "We are sorry. This ShoppingPlace number cannot take your call right now."
    ),
    routing.Answer.AWAY: _(
        "The seller is away and cannot take calls now. Please try again in a few days."
    ),
    routing.Answer.QUIET: _(
        "The seller takes no calls at this hour. Please send a text to this number instead."
    ),
}


def spoken(answer: routing.Answer) -> bytes:
    """TwiML that says it in the site's language: nobody knows the caller's.

    https://www.twilio.com/docs/voice/twiml/say
    """
    with override(settings.LANGUAGE_CODE):
        voice = escape(pgettext("language and country in which Twilio reads aloud", "en-US"))
        sentence = escape(_SENTENCES[answer])
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Response><Say language="{voice}">{sentence}</Say><Hangup/></Response>'
    ).encode()


_AWAY_IN_WRITING: Final = _(
    "ShoppingPlace: the seller is away, and did not get your text. Please try again in a few days."
)
_A_DAY: Final = 86_400

# A text is met with silence: an answer to a forged sender would be spam that we pay for,
# and an answer to a number of ours would come straight back.
# https://www.twilio.com/docs/messaging/twiml
NEUTRAL_MESSAGE: Final = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'

_EVENT: Final = (
    "interactionServiceSid",
    "interactionSessionSid",
    "interactionSid",
)


@twilio_callback(account="AccountSid", required=("From", "To"), one_of=("CallSid", "MessageSid"))
def out_of_session_callback(request: HttpRequest, fields: Fields) -> HttpResponse:
    """Auto-create JSON for Proxy, or a sentence as TwiML. Never a request of our own.

    Whatever is broken behind it, the answer is 200 and there within three seconds.
    """
    contact = Contact.parse(fields)
    decision = _decide(contact)
    if isinstance(decision, routing.CreateSession):
        if not decision.is_beside:
            return JsonResponse(decision.as_json())
        twiml = _connect_beside(decision) if contact.is_call else NEUTRAL_MESSAGE
    elif isinstance(decision, routing.TurnAway):
        twiml = spoken(decision.answer) if contact.is_call else _written(contact, decision.answer)
    elif not contact.is_call:
        twiml = _promise_to_pass_on(contact)
    elif contact.earlier:
        # What was between the two would not be told again, and might forbid to connect them.
        twiml = hold.apology()
    else:
        twiml = hold.wait(1)
    return HttpResponse(twiml, content_type="application/xml")


def _after_hold(turn: int) -> Callable[[HttpRequest], HttpResponse]:
    """The address to which a caller comes back for the *turn*-th time."""

    @twilio_callback(account="AccountSid", required=("From", "To", "CallSid"))
    def hold_callback(request: HttpRequest, fields: Fields) -> HttpResponse:
        contact = Contact.parse(fields)
        decision = _decide(contact)
        if isinstance(decision, routing.CreateSession):
            twiml = hold.connect(decision.participant_identifier, shown=contact.dialled)
        elif isinstance(decision, routing.TurnAway):
            twiml = spoken(decision.answer)
        elif turn < hold.TURNS:
            twiml = hold.wait(turn + 1)
        else:
            twiml = hold.apology()
        return HttpResponse(twiml, content_type="application/xml")

    return hold_callback


hold_callbacks: Final = {turn: _after_hold(turn) for turn in range(1, hold.TURNS + 1)}


@twilio_callback(account="interactionAccountSid", required=_EVENT)
def interaction_callback(request: HttpRequest, fields: Fields) -> HttpResponse:
    """204, once what happened is written down, or put aside until the database is back."""
    event = interactions.Event.parse(fields)
    try:
        deadlines.ask(partial(interactions.record, event))
    except DatabaseAway:
        if not aside.put("event", asdict(event)):
            return HttpResponse(status=503)
    return HttpResponse(status=204)


@twilio_callback(account="interactionAccountSid", required=_EVENT)
def intercept_callback(request: HttpRequest, fields: Fields) -> HttpResponse:
    """403 stops the interaction (Proxy reads nothing else as a no), 204 lets it through."""
    event = interactions.Event.parse(fields)
    try:
        refused = deadlines.ask(partial(interactions.is_refused, event))
    except DatabaseAway:
        refused = remembered.is_refused(event.session_sid)
    return HttpResponse(status=403 if refused else 204)


def _decide(contact: Contact) -> routing.Decision | None:
    """Fresh from the database, else as it was minutes ago; None when nothing is known."""
    try:
        decision: routing.Decision | None = _fresh(contact)
    except DatabaseAway as reason:
        logger.error("database_away", contact_sid=contact.contact_sid, reason=str(reason))
        decision = _by_memory(contact)
    except Exception:
        # Whatever it is: somebody is listening, and an error of ours would hang up on them.
        logger.exception("contact_not_decided", contact_sid=contact.contact_sid)
        decision = _by_memory(contact)
    if isinstance(decision, routing.CreateSession):
        logger.info("session_requested", contact_sid=contact.contact_sid)
    elif decision:
        logger.info("turned_away", contact_sid=contact.contact_sid, reason=decision.reason)
    return decision


def _fresh(contact: Contact) -> routing.Decision:
    epochs = remembered.epochs(contact)
    decision = deadlines.ask(partial(_ask_database, contact))
    remembered.keep(decision, epochs)
    return decision


def _ask_database(contact: Contact) -> routing.Decision:
    decision = routing.decide(contact)
    if isinstance(decision, routing.CreateSession):
        return admission.admit(contact, decision)
    if decision.quarantined:
        decision.quarantined.note_contact()
    return decision


def _connect_beside(decision: routing.CreateSession) -> bytes:
    assert decision.participant_proxy_identifier is not None
    return hold.connect(
        decision.participant_identifier, shown=decision.participant_proxy_identifier
    )


def _by_memory(contact: Contact) -> routing.Decision | None:
    try:
        decision = remembered.decide(contact)
    except Exception:
        logger.exception("contact_not_decided_by_memory", contact_sid=contact.contact_sid)
        return None
    if isinstance(decision, routing.CreateSession):
        remembered.put_session_aside(contact, decision)
    return decision


def _promise_to_pass_on(contact: Contact) -> bytes:
    """The text is fetched from Twilio later. Its sender is told so, once a day."""
    text = {"message_sid": contact.contact_sid, "earlier_session": contact.earlier_session}
    if not aside.put("text", text):
        return NEUTRAL_MESSAGE
    return hold.written_apology() if remembered.is_first_today(contact) else NEUTRAL_MESSAGE


def _written(contact: Contact, answer: routing.Answer) -> bytes:
    """Silence, but who would reach an away seller is told so: otherwise the text seems read."""
    if answer != routing.Answer.AWAY or not _is_first_today(contact):
        return NEUTRAL_MESSAGE
    with override(settings.LANGUAGE_CODE):
        sentence = escape(_AWAY_IN_WRITING)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Response><Message>{sentence}</Message></Response>'
    ).encode()


def _is_first_today(contact: Contact) -> bool:
    """Once a day for each sender: a phone that answers by itself would go on for ever.

    The same text told twice is answered the same. While the cache is away nobody is answered.
    """
    key = f"told_of_away.{blind_index(contact.sender)}.{contact.dialled}"
    cache.add(key, contact.contact_sid, _A_DAY)
    first: str | None = cache.get(key)
    return first == contact.contact_sid
