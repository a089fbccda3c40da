"""TwiML for callers and texters while nothing is known: wait and come back, or an apology.

https://www.twilio.com/docs/voice/twiml and /messaging/twiml
"""

from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override, pgettext

# How often a caller comes back, and after how many seconds. Each time is an address of its own:
# Twilio signs the address, so nobody else can count.
TURNS: Final = 3
_SECONDS: Final = 4

_XML: Final = '<?xml version="1.0" encoding="UTF-8"?>'
_ONE_MOMENT: Final = _("One moment, please. We are connecting you.")
_SORRY: Final = _(
    "We are sorry. We cannot connect your call right now. Please try again in a few minutes."
)
_SORRY_IN_WRITING: Final = _(
    "ShoppingPlace: we could not pass on your text yet. We will try again as soon as we can."
)


def wait(turn: int) -> bytes:
    """The caller holds the line and asks again; *turn* is from 1 to ``TURNS``."""
    url = escape(settings.PUBLIC_ORIGIN + reverse(f"hold_{turn}"))
    # Once is enough to be told.
    said = _say(_ONE_MOMENT) if turn == 1 else ""
    return (
        f'{_XML}<Response>{said}<Pause length="{_SECONDS}"/>'
        f'<Redirect method="POST">{url}</Redirect></Response>'
    ).encode()


def apology() -> bytes:
    return f"{_XML}<Response>{_say(_SORRY)}<Hangup/></Response>".encode()


def written_apology() -> bytes:
    with override(settings.LANGUAGE_CODE):
        return f"{_XML}<Response><Message>{escape(_SORRY_IN_WRITING)}</Message></Response>".encode()


def connect(phone_number: str, *, shown: str) -> bytes:
    """Rings *phone_number*, which sees *shown*: a call that has been answered with TwiML is no
    longer Proxy's to connect.

    https://www.twilio.com/docs/voice/twiml/dial
    """
    return (
        f'{_XML}<Response><Dial callerId="{escape(shown)}" answerOnBridge="true">'
        f"<Number>{escape(phone_number)}</Number></Dial></Response>"
    ).encode()


def _say(sentence: object) -> str:
    with override(settings.LANGUAGE_CODE):
        voice = escape(pgettext("language and country in which Twilio reads aloud", "en-US"))
        return f'<Say language="{voice}">{escape(sentence)}</Say>'
