"""Buying: exactly one number, by its E.164, never twice.

Twilio's purchase has no idempotency key. The exact number is one: it can be bought only
once, and whoever repeats the request finds it bought. Our marker in its FriendlyName says
for which row.
"""

import random
from uuid import UUID

from django.conf import settings

from proxying import twilio_client
from proxying.twilio_client import NUMBER_NOT_FOR_SALE, TwilioRefused


def marker(row_id: UUID) -> str:
    """What a number that we buy for this row carries as FriendlyName (at most 64 characters)."""
    return f"{settings.NUMBER_MARKER}:{row_id}"


def row_of(friendly_name: str) -> UUID | None:
    """For which row a number was bought; None when it does not bear our marker."""
    mark, _, row_id = friendly_name.partition(":")
    if mark != settings.NUMBER_MARKER:
        return None
    try:
        return UUID(row_id)
    except ValueError:
        return None


def for_sale(country: str, area_code: str | None) -> list[str]:
    """Numbers to choose from, those in *area_code* if there are any, in random order.

    Random, so that two workers who look at the same shelf seldom reach for the same number.
    """
    found = twilio_client.search_for_sale(country, area_code=area_code) if area_code else []
    found = found or twilio_client.search_for_sale(country)
    random.shuffle(found)
    return found


def acquire(e164: str, row_id: UUID) -> str | None:
    """The SID of *e164*, bought for this row now or before; None when it is not to be had.

    Looks before it buys: an earlier request whose answer was lost may have succeeded.
    """
    sid = bought_for(e164, row_id)
    if sid:
        return sid
    try:
        return twilio_client.buy(e164, friendly_name=marker(row_id))
    except TwilioRefused as refusal:
        if refusal.code in NUMBER_NOT_FOR_SALE:
            return bought_for(e164, row_id)
        raise


def bought_for(e164: str, row_id: UUID) -> str | None:
    """The SID of *e164* if our account bought it for this row, by its marker."""
    owned = twilio_client.find_owned(e164)
    if owned and owned.friendly_name == marker(row_id):
        return owned.phone_number_sid
    return None
