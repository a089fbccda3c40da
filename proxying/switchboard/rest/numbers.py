"""Buying a number, changing it, giving or losing it; each is a line of the ledger.

https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
"""

from decimal import Decimal
from typing import Final

import phonenumbers
from django.db import IntegrityError, transaction

from proxying.switchboard import numbering
from proxying.switchboard.errors import NotFound, TwilioError
from proxying.switchboard.models import IncomingPhoneNumber, PhoneNumber, Purchase
from proxying.switchboard.rest import inventory

MONTHLY_PRICE: Final = Decimal("1.15")


class NotForSale(TwilioError):
    """Somebody has the number: another account, a person, or this account already."""

    def __init__(self) -> None:
        super().__init__(21422, "The phone number is not available.")


def buy(
    e164: str, *, friendly_name: str | None = None, sms_url: str = "", voice_url: str = ""
) -> IncomingPhoneNumber:
    """Exactly this number for the account, or a ``TwilioError`` and nothing bought."""
    country = _country(e164)
    if not inventory.is_for_sale(e164):
        raise NotForSale
    try:
        with transaction.atomic():
            number = IncomingPhoneNumber.objects.create(
                phone_number=e164,
                friendly_name=friendly_name or numbering.national_format(e164),
                iso_country=country,
                sms_url=sms_url,
                voice_url=voice_url,
            )
            _write_down(Purchase.Kind.PURCHASE, number, MONTHLY_PRICE)
    except IntegrityError:
        # Two wanted it at once, and the other one has it.
        raise NotForSale from None
    return number


def release(number: IncomingPhoneNumber) -> None:
    """Give the number back; not while a Proxy Service uses it.

    ``NotFound`` when somebody else has just given it back.
    """
    with transaction.atomic():
        # The lock that joining a Service takes too.
        if not IncomingPhoneNumber.objects.select_for_update().filter(pk=number.pk).exists():
            raise NotFound(f"IncomingPhoneNumbers/{number.pk}")
        if PhoneNumber.objects.filter(pk=number.pk).exists():
            raise TwilioError(80601, "The phone number is in a Proxy Service. Remove it there.")
        _write_down(Purchase.Kind.RELEASE, number, Decimal(0))
        number.delete()


def vanish(e164: str) -> None:
    """The account loses the number, also out of its Service, and nobody tells it.

    ``NotFound`` when the account has no such number.
    """
    with transaction.atomic():
        number = IncomingPhoneNumber.objects.select_for_update().filter(phone_number=e164).first()
        if number is None:
            raise NotFound("IncomingPhoneNumbers")
        PhoneNumber.objects.filter(pk=number.pk).delete()
        _write_down(Purchase.Kind.VANISHED, number, Decimal(0))
        number.delete()


def _country(e164: str) -> str:
    country = numbering.country(e164) if numbering.is_e164(e164) else None
    if country is None or not phonenumbers.is_possible_number(phonenumbers.parse(e164)):
        raise TwilioError(21421, "The phone number is invalid.")
    return country


def _write_down(kind: Purchase.Kind, number: IncomingPhoneNumber, price: Decimal) -> None:
    Purchase.objects.create(
        kind=kind,
        phone_number=number.phone_number,
        phone_number_sid=number.sid,
        friendly_name=number.friendly_name,
        price=price,
    )
