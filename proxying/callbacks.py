"""Twilio's three callbacks: prove, parse, decide, answer.

https://www.twilio.com/docs/proxy/api/webhooks
"""

from typing import Final

import structlog
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override, pgettext

from proxying import admission, interactions, routing
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
    """Auto-create JSON for Proxy, or a sentence as TwiML. Never a request of our own."""
    contact = routing.Contact.parse(fields)
    decision = routing.decide(contact)
    if isinstance(decision, routing.CreateSession):
        decision = admission.admit(contact, decision)
    match decision:
        case routing.CreateSession():
            logger.info("session_requested", contact_sid=contact.contact_sid)
            return JsonResponse(decision.as_json())
        case routing.TurnAway(reason, answer):
            logger.info("turned_away", contact_sid=contact.contact_sid, reason=reason)
            twiml = spoken(answer) if contact.is_call else _written(contact, answer)
            return HttpResponse(twiml, content_type="application/xml")


@twilio_callback(account="interactionAccountSid", required=_EVENT)
def interaction_callback(request: HttpRequest, fields: Fields) -> HttpResponse:
    """204, once what happened is written down."""
    interactions.record(interactions.Event.parse(fields))
    return HttpResponse(status=204)


@twilio_callback(account="interactionAccountSid", required=_EVENT)
def intercept_callback(request: HttpRequest, fields: Fields) -> HttpResponse:
    """403 stops the interaction (Proxy reads nothing else as a no), 204 lets it through."""
    refused = interactions.is_refused(interactions.Event.parse(fields))
    return HttpResponse(status=403 if refused else 204)


def _written(contact: routing.Contact, answer: routing.Answer) -> bytes:
    """Silence, but who would reach an away seller is told so: otherwise the text seems read."""
    if answer != routing.Answer.AWAY or not _is_first_today(contact):
        return NEUTRAL_MESSAGE
    with override(settings.LANGUAGE_CODE):
        sentence = escape(_AWAY_IN_WRITING)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Response><Message>{sentence}</Message></Response>'
    ).encode()


def _is_first_today(contact: routing.Contact) -> bool:
    """Once a day for each sender: a phone that answers by itself would go on for ever.

    The same text told twice is answered the same. While the cache is away nobody is answered.
    """
    key = f"told_of_away.{blind_index(contact.sender)}.{contact.dialled}"
    cache.add(key, contact.contact_sid, _A_DAY)
    first: str | None = cache.get(key)
    return first == contact.contact_sid
