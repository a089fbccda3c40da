"""Texts that we owe sellers: from their own reserved number to their private phone.

The row is the promise. Twilio's Messages have no idempotency key, so after an unclear
answer we look for the text among those sent before we send it again. Twilio lists a text
from the moment it accepts it; only one that it accepts after we looked is sent twice.
"""

from datetime import timedelta
from typing import Final

import structlog
from django.db.models import F, Q
from django.utils import timezone

from proxying import twilio_client
from proxying.encryption import CannotUnseal
from proxying.models import Seller, SellerText
from proxying.phone_numbers import PhoneNumber
from proxying.twilio_client import NO_TEXTS_TO_THIS_PHONE, TwilioRefused, TwilioUnavailable

logger = structlog.get_logger(__name__)

_MOST_ATTEMPTS: Final = 8
_AT_A_TIME: Final = 100
# Longer than the slowest road through Twilio's timeouts: until then nobody else tries.
_LEASE: Final = timedelta(minutes=3)
_FIRST_WAIT: Final = timedelta(minutes=1)


class _Postponed(Exception):
    """Something that may be different at the next attempt."""


class _Pointless(Exception):
    """No attempt will ever succeed."""


def owe_to_former_phone(seller: Seller, phone_number: PhoneNumber, body: str) -> None:
    """Writes down a text to a phone that was *seller*'s until just now.

    Call it in the transaction of the change, and nudge ``send_seller_texts``.
    """
    text = SellerText.objects.create(seller=seller, body=body)
    # Sealed for its row, which has its key only now.
    text.former_phone_number = phone_number
    text.save(update_fields=["former_phone_number"])


def send_due() -> int:
    """Sends what is due; how many went out. One text that fails keeps no other from going."""
    due = SellerText.objects.filter(sent_at=None, next_attempt_at__lte=timezone.now())
    sent = 0
    for pk in due.order_by("next_attempt_at").values_list("pk", flat=True)[:_AT_A_TIME]:
        text = _claim(pk)
        if text is not None:
            sent += _attempt(text)
    return sent


def _claim(pk: int) -> SellerText | None:
    """The row, if it is still due, its attempt counted before any work."""
    now = timezone.now()
    taken = SellerText.objects.filter(pk=pk, sent_at=None, next_attempt_at__lte=now).update(
        attempts=F("attempts") + 1, next_attempt_at=now + _LEASE
    )
    if not taken:
        return None
    texts = SellerText.objects.select_related("seller")
    return texts.prefetch_related("seller__reserved_numbers").filter(pk=pk).first()


def _attempt(text: SellerText) -> bool:
    log = logger.bind(text=text.pk, attempt=text.attempts)
    try:
        sid = _send(text)
    except _Pointless as reason:
        _give_up(text, str(reason))
        log.warning("text_given_up", reason=str(reason))
    except (TwilioUnavailable, TwilioRefused, _Postponed) as reason:
        if text.attempts >= _MOST_ATTEMPTS:
            _give_up(text, str(reason))
            log.error("text_given_up", reason=str(reason))
        else:
            wait = _FIRST_WAIT * 2 ** (text.attempts - 1)
            _write(text, last_error=str(reason)[:500], next_attempt_at=timezone.now() + wait)
            log.info("text_postponed", reason=str(reason))
    else:
        _finish(text, message_sid=sid, sent_at=timezone.now(), last_error="")
        log.info("text_sent", message_sid=sid)
        return True
    return False


def _send(text: SellerText) -> str:
    """The Message's SID, of now or of an earlier attempt whose answer was lost."""
    sender, to = _ends(text)
    if text.attempts > 1:
        listed = twilio_client.find_texts(sender, to, text.body, since=text.created_at)
        known = SellerText.objects.filter(message_sid__in=listed)
        if unknown := set(listed) - set(known.values_list("message_sid", flat=True)):
            return unknown.pop()
    try:
        return twilio_client.send_text(sender, to, text.body)
    except TwilioRefused as refusal:
        if refusal.code in NO_TEXTS_TO_THIS_PHONE:
            raise _Pointless(str(refusal)) from None
        raise


def _ends(text: SellerText) -> tuple[str, PhoneNumber]:
    """From which number of ours, to which phone."""
    seller = text.seller
    if seller.suspended_at or not seller.phone_verified_at:
        raise _Pointless("the seller is suspended or has no proved phone")
    number = seller.reserved_number
    if number is None or not number.is_active or number.proxy_identifier is None:
        raise _Postponed("the seller has no active number yet")
    try:
        phone_number = text.former_phone_number or seller.phone_number
    except CannotUnseal:
        raise _Pointless("the phone number does not open") from None
    assert phone_number is not None
    return number.proxy_identifier, phone_number


def _give_up(text: SellerText, reason: str) -> None:
    _finish(text, last_error=reason[:500])


def _finish(text: SellerText, **changes: object) -> None:
    """Nothing is due any more, and nobody needs to know a former phone's number."""
    _write(text, next_attempt_at=None, former_phone_number=None, **changes)


def _write(text: SellerText, **changes: object) -> None:
    """Unless a later attempt holds the row by now: the attempt's number is the fence."""
    mine = Q(pk=text.pk, attempts=text.attempts, sent_at=None)
    SellerText.objects.filter(mine).update(**changes)
