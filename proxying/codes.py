"""Codes to phones: which phones get one, how often, and whether one that comes back is right.

Each costs money and somebody's quiet, so each is counted, by the phone's blind index.
"""

from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proxying import limits, twilio_client
from proxying.encryption import blind_index
from proxying.models import PhoneCode, PoolNumber, ReservedNumber
from proxying.phone_numbers import PhoneNumber
from proxying.twilio_client import TwilioRefused, TwilioUnavailable

logger = structlog.get_logger(__name__)

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_LANDLINE_TYPE: Final = "landline"

# https://www.twilio.com/docs/api/errors, those of Verify
_LANDLINE = 60205

_TRY_LATER = gettext_lazy(
    "We cannot reach our phone provider just now. Please try again in a few minutes."
)


class NumberNotAccepted(Exception):
    """This number cannot be a seller's private phone; the text says why, to the seller."""


class CodeNotAccepted(Exception):
    """The code proves nothing; the text says why and what to do, to the seller."""


def text_code(phone_number: PhoneNumber) -> None:
    """``NumberNotAccepted`` with a sentence for the seller, and then nothing was sent."""
    index = blind_index(phone_number.reveal())
    _take_turn_to_text(index)
    try:
        verification_sid = twilio_client.send_code(phone_number)
    except TwilioUnavailable:
        raise NumberNotAccepted(_TRY_LATER) from None
    except TwilioRefused as refusal:
        raise NumberNotAccepted(_why_not_sent(refusal)) from None
    PhoneCode.objects.sent(index, verification_sid)


def _take_turn_to_text(index: str) -> None:
    if not limits.take(
        f"codes.phone.{index}", limit=settings.CODES_TO_A_PHONE_AN_HOUR, window=_HOUR
    ):
        raise NumberNotAccepted(
            _("Too many codes were sent to this phone. Wait an hour, then try again.")
        )
    if not limits.take("codes", limit=settings.CODES_A_DAY, window=_DAY):
        logger.error("codes_of_the_day_used_up", limit=settings.CODES_A_DAY)
        raise NumberNotAccepted(_("We cannot send any more codes today. Please try tomorrow."))


def refuse_unfit(phone_number: PhoneNumber) -> None:
    """``NumberNotAccepted`` with a sentence for the seller; asks Twilio about the line."""
    if phone_number.country not in settings.SELLER_COUNTRIES:
        countries = ", ".join(settings.SELLER_COUNTRIES)
        raise NumberNotAccepted(
            _("For now we can only verify phones in: %(countries)s.") % {"countries": countries}
        )
    if _is_ours(phone_number.reveal()):
        raise NumberNotAccepted(_told_it_is_ours())
    if not phone_number.is_a_persons:
        raise NumberNotAccepted(_("This is a service number. Type the number of your own phone."))
    try:
        line_type = twilio_client.line_type(phone_number)
    except TwilioUnavailable:
        raise NumberNotAccepted(_TRY_LATER) from None
    except TwilioRefused:
        line_type = "unknown"  # Lookup may be closed for a country; Verify has the last word.
    if line_type is None:
        raise NumberNotAccepted(_("There is no such phone number. Check the digits."))
    if line_type in settings.SELLER_LINE_TYPES:
        return
    if line_type == _LANDLINE_TYPE:
        raise NumberNotAccepted(_("This line cannot receive texts. Type a mobile number."))
    raise NumberNotAccepted(_("This is a service number. Type the number of your own phone."))


def check(phone_number: PhoneNumber, code: str) -> None:
    """Comes back if *code* is the last one that was texted to this phone, and uses up a try.

    ``CodeNotAccepted`` with a sentence for the seller.
    """
    sent = PhoneCode.objects.last_sent(blind_index(phone_number.reveal()))
    if sent is None:
        raise CodeNotAccepted(_told_to_ask_again())
    if not sent.take_try():
        raise CodeNotAccepted(_told_to_wait())
    try:
        right = twilio_client.is_code_right(sent.verification_sid, code)
    except TwilioUnavailable:
        raise CodeNotAccepted(_TRY_LATER) from None
    except TwilioRefused as refusal:
        raise CodeNotAccepted(_why_not_checked(refusal)) from None
    if not right:
        raise CodeNotAccepted(_("That is not the code we sent. Look again and type it once more."))
    if _is_ours(phone_number.reveal()):
        # We have bought it since it was typed in.
        raise CodeNotAccepted(_told_it_is_ours())


def _is_ours(e164: str) -> bool:
    """Whether this is a masked number of ours: a call to it would come back to us."""
    return (
        PoolNumber.objects.filter(proxy_identifier=e164).exists()
        or ReservedNumber.objects.filter(proxy_identifier=e164)
        .exclude(status=ReservedNumber.Status.RELEASED)
        .exists()
    )


def _why_not_sent(refusal: TwilioRefused) -> str:
    if refusal.code in twilio_client.TOO_MANY_SENDS:
        return _("Too many codes were sent to this phone. Wait ten minutes, then try again.")
    if refusal.code == _LANDLINE:
        return _("This line cannot receive texts. Type a mobile number.")
    return _("We cannot send a code to this number. Check it, or use another phone.")


def _why_not_checked(refusal: TwilioRefused) -> str:
    if refusal.code == twilio_client.TOO_MANY_CHECKS:
        return _told_to_wait()
    if refusal.status == twilio_client.NOT_FOUND:
        return _told_to_ask_again()
    return _("That is not the code we sent. Look again and type it once more.")


def _told_it_is_ours() -> str:
    return _("This is a ShoppingPlace number. Type the number of your own phone.")


def _told_to_wait() -> str:
    return _("Too many tries. Wait ten minutes, then ask for a new code.")


def _told_to_ask_again() -> str:
    return _("This code has expired or was used. Ask for a new one.")
