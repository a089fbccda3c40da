"""Lookup v2: is this a number, and what kind of line.

https://www.twilio.com/docs/lookup/v2-api
"""

from typing import Any, Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, ValidationResult
from rest_framework.request import Request
from rest_framework.response import Response

from proxying.switchboard import numbering
from proxying.switchboard.models import IncomingPhoneNumber, Phone
from proxying.switchboard.rest.views import CarrierView

_REASONS: Final = {
    ValidationResult.IS_POSSIBLE: "INVALID_BUT_POSSIBLE",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "INVALID_BUT_POSSIBLE",
    ValidationResult.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
    ValidationResult.INVALID_LENGTH: "INVALID_LENGTH",
    ValidationResult.TOO_SHORT: "TOO_SHORT",
    ValidationResult.TOO_LONG: "TOO_LONG",
}


class PhoneNumberView(CarrierView):
    """Nonsense is an answer too: 200 with ``valid: false``."""

    def get(self, request: Request, number: str) -> Response:
        fields = request.query_params.get("Fields", "").split(",")
        country = request.query_params.get("CountryCode", "US")
        try:
            parsed = phonenumbers.parse(number.strip(), country)
        except phonenumbers.NumberParseException:
            return Response(_answer(request, number, reasons=["NOT_A_NUMBER"]))
        e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
        reasons = [] if _is_valid(e164, parsed) else [_reason(parsed)]
        answer = _answer(request, e164, reasons=reasons)
        if not reasons:
            answer |= {
                "calling_country_code": str(parsed.country_code),
                "country_code": numbering.country(e164),
                "national_format": numbering.national_format(e164),
            }
            if "line_type_intelligence" in fields:
                answer["line_type_intelligence"] = _line(e164)
        return Response(answer)


def _is_valid(e164: str, parsed: phonenumbers.PhoneNumber) -> bool:
    """Whoever has a phone or a number on this carrier has a valid one, in whatever range."""
    return (
        Phone.objects.filter(number=e164).exists()
        or IncomingPhoneNumber.objects.filter(phone_number=e164).exists()
        or phonenumbers.is_valid_number(parsed)
    )


def _reason(parsed: phonenumbers.PhoneNumber) -> str:
    return _REASONS[phonenumbers.is_possible_number_with_reason(parsed)]


def _line(e164: str) -> dict[str, Any]:
    if Phone.objects.filter(number=e164).exists():
        line_type = "mobile"
    elif IncomingPhoneNumber.objects.filter(phone_number=e164).exists():
        line_type = "nonFixedVoip"
    else:
        line_type = numbering.line_type(e164)
    return {
        "carrier_name": "Virtual carrier",
        "error_code": None,
        "mobile_country_code": None,
        "mobile_network_code": None,
        "type": line_type,
    }


def _answer(request: Request, number: str, *, reasons: list[str]) -> dict[str, Any]:
    return {
        "calling_country_code": None,
        "country_code": None,
        "phone_number": number,
        "national_format": None,
        "valid": not reasons,
        "validation_errors": reasons,
        "caller_name": None,
        "sim_swap": None,
        "call_forwarding": None,
        "line_status": None,
        "line_type_intelligence": None,
        "identity_match": None,
        "reassigned_number": None,
        "sms_pumping_risk": None,
        "phone_number_quality_score": None,
        "pre_fill": None,
        "url": request.build_absolute_uri(),
    }
