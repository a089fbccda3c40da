"""Buying: exactly one number, by its E.164, never twice.

Twilio's purchase has no idempotency key. The exact number is one: it can be bought only
once, and whoever repeats the request finds it bought. Our marker in its FriendlyName says
for which row.
"""

import random
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.conf import settings

from proxying import twilio_client
from proxying.models import PoolNumber, ReservedNumber, StockNumber
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


def for_sale(country: str, area_code: str | None = None, *, to_a_seller: bool) -> list[str]:
    """Numbers to choose from, those in *area_code* if there are any, in random order.

    None that a row of ours stands for; and *to_a_seller* alone what was a seller's once, for
    a seller's row tells whom its old buyers mean by it. In random order, so that two workers
    who look at the same shelf seldom reach for the same number.
    """
    found = _for_sale(country, area_code, to_a_seller=to_a_seller) if area_code else []
    found = found or _for_sale(country, None, to_a_seller=to_a_seller)
    random.shuffle(found)
    return found


def _for_sale(country: str, area_code: str | None, *, to_a_seller: bool) -> list[str]:
    found = twilio_client.search_for_sale(country, area_code=area_code)
    taken = in_our_rows(found, also_released=not to_a_seller)
    return [e164 for e164 in found if e164 not in taken]


def in_our_rows(e164s: Collection[str], *, also_released: bool = False) -> set[str]:
    """Those that a row of ours stands for, be it only the intent to buy them."""
    reserved = ReservedNumber.objects.all()
    if not also_released:
        reserved = reserved.exclude(status=ReservedNumber.Status.RELEASED)
    rows: list[Any] = [StockNumber.objects, PoolNumber.objects, reserved]
    found = [
        one.filter(proxy_identifier__in=e164s).values_list("proxy_identifier", flat=True)
        for one in rows
    ]
    # In one statement: meanwhile a number may go from one of them to another.
    return {str(e164) for e164 in found[0].union(*found[1:])}


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
