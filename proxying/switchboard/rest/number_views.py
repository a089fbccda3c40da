"""AvailablePhoneNumbers and IncomingPhoneNumbers.

https://www.twilio.com/docs/phone-numbers/api
"""

import re
from http import HTTPStatus
from itertools import islice
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from proxying.switchboard import numbering
from proxying.switchboard.errors import InvalidParameter, NotFound, TwilioError
from proxying.switchboard.models import IncomingPhoneNumber
from proxying.switchboard.rest import inventory, numbers
from proxying.switchboard.rest.account_views import AccountView, date, page, uri

SHOWN: Final = 30
MAX_FRIENDLY_NAME: Final = 64


class AvailableLocalView(AccountView):
    """Local numbers for sale; the capabilities asked for are all there, so they filter nothing."""

    def get(self, request: Request, account_sid: str, country: str) -> Response:
        area_code = self.query.integer("AreaCode", least=0, most=999)
        contains = self.query.text("Contains", limit=16)
        if contains and not re.fullmatch(r"\+?[0-9*]{2,15}", contains):
            raise InvalidParameter("Contains is not at least two digits or *")
        size = self.query.integer("PageSize", least=1, most=1000) or SHOWN
        found = inventory.for_sale(
            area_code=None if area_code is None else str(area_code), contains=contains
        )
        return Response(
            {
                "uri": uri("AvailablePhoneNumbers", country, "Local"),
                "available_phone_numbers": [
                    _for_sale(number)
                    for number in islice(found, min(size, SHOWN))
                    if country == inventory.COUNTRY
                ],
            }
        )


class IncomingNumbersView(AccountView):
    def get(self, request: Request, account_sid: str) -> Response:
        owned = IncomingPhoneNumber.objects.all()
        if like := self.query.text("PhoneNumber", limit=32):
            owned = _matching(owned, like)
        if name := self.query.text("FriendlyName", limit=MAX_FRIENDLY_NAME):
            owned = owned.filter(friendly_name=name)
        return page(request, owned, "incoming_phone_numbers", _owned)

    def post(self, request: Request, account_sid: str) -> Response:
        given = self.parameters
        wanted = given.text("PhoneNumber", limit=32)
        if not wanted:
            area_code = given.required("AreaCode", limit=3)
            wanted = inventory.first_for_sale(area_code)
            if wanted is None:
                raise TwilioError(21452, f"No phone numbers found in area code {area_code}.")
        number = numbers.buy(
            wanted,
            friendly_name=given.text("FriendlyName", limit=MAX_FRIENDLY_NAME),
            sms_url=given.url("SmsUrl") or "",
            voice_url=given.url("VoiceUrl") or "",
        )
        return Response(_owned(number), status=HTTPStatus.CREATED)


class IncomingNumberView(AccountView):
    def get(self, request: Request, account_sid: str, sid: str) -> Response:
        return Response(_owned(self._number(sid)))

    def post(self, request: Request, account_sid: str, sid: str) -> Response:
        number, given = self._number(sid), self.parameters
        changes = {
            "friendly_name": given.text("FriendlyName", limit=MAX_FRIENDLY_NAME),
            "sms_url": given.url("SmsUrl"),
            "voice_url": given.url("VoiceUrl"),
        }
        given_fields = {field: value for field, value in changes.items() if value is not None}
        for field, value in given_fields.items():
            setattr(number, field, value)
        # No more than that: meanwhile the number may have joined a Service, which sets its URLs.
        number.save(update_fields=[*given_fields, "date_updated"])
        return Response(_owned(number))

    def delete(self, request: Request, account_sid: str, sid: str) -> Response:
        numbers.release(self._number(sid))
        return Response(status=HTTPStatus.NO_CONTENT)

    def _number(self, sid: str) -> IncomingPhoneNumber:
        number = IncomingPhoneNumber.objects.filter(pk=sid).first()
        if number is None:
            raise NotFound(uri("IncomingPhoneNumbers", sid))
        return number


def _matching(owned: QuerySet[IncomingPhoneNumber], like: str) -> QuerySet[IncomingPhoneNumber]:
    """Numbers that contain these digits anywhere; ``*`` stands for any one."""
    digits = re.sub(r"[^0-9*]", "", like)
    return owned.filter(phone_number__regex=digits.replace("*", "[0-9]"))


def _for_sale(e164: str) -> dict[str, Any]:
    return {
        "friendly_name": numbering.national_format(e164),
        "phone_number": e164,
        "lata": None,
        "locality": None,
        "rate_center": None,
        "latitude": None,
        "longitude": None,
        "region": None,
        "postal_code": None,
        "iso_country": inventory.COUNTRY,
        "address_requirements": "none",
        "beta": False,
        "capabilities": {"voice": True, "SMS": True, "MMS": True},
    }


def _owned(number: IncomingPhoneNumber) -> dict[str, Any]:
    return {
        "sid": number.sid,
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "friendly_name": number.friendly_name,
        "phone_number": number.phone_number,
        "api_version": "2010-04-01",
        "address_requirements": "none",
        "address_sid": None,
        "beta": False,
        "bundle_sid": None,
        "capabilities": {
            "voice": number.voice,
            "sms": number.sms,
            "mms": number.mms,
            "fax": False,
        },
        "emergency_status": "Inactive",
        "identity_sid": None,
        "origin": "twilio",
        "sms_application_sid": "",
        "sms_fallback_method": "POST",
        "sms_fallback_url": "",
        "sms_method": "POST",
        "sms_url": number.sms_url,
        "status": "in-use",
        "status_callback": "",
        "status_callback_method": "POST",
        "trunk_sid": None,
        "type": "local",
        "voice_application_sid": "",
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_fallback_url": "",
        "voice_method": "POST",
        "voice_url": number.voice_url,
        "date_created": date(number.date_created),
        "date_updated": date(number.date_updated),
        "uri": uri("IncomingPhoneNumbers", number.sid),
    }
