"""Whose phone it is, and what kind: https://www.twilio.com/docs/verify/api"""

from typing import Any, cast

from django.conf import settings

from proxying.phone_numbers import PhoneNumber
from proxying.twilio_client.wire import client, translated_errors


def send_code(phone_number: PhoneNumber) -> str:
    """Texts a code to the phone; again within ten minutes the same one. Its Verification's SID."""
    with translated_errors():
        sent = _verify_service().verifications.create(to=phone_number.reveal(), channel="sms")
    return cast(str, sent.sid)


def is_code_right(verification_sid: str, code: str) -> bool:
    """Whether this is the code of exactly that Verification."""
    with translated_errors():
        check = _verify_service().verification_checks.create(
            verification_sid=verification_sid, code=code
        )
    return cast(bool, check.status == "approved")


def line_type(phone_number: PhoneNumber) -> str | None:
    """``mobile``, ``landline``, ``premium``, ...; ``unknown``; None when no such number is.

    https://www.twilio.com/docs/lookup/v2-api/line-type-intelligence
    """
    with translated_errors():
        found = (
            client()
            .lookups.v2.phone_numbers(phone_number.reveal())
            .fetch(fields="line_type_intelligence")
        )
    if not found.valid:
        return None
    return cast(str, (found.line_type_intelligence or {}).get("type") or "unknown")


def _verify_service() -> Any:
    return client().verify.v2.services(settings.TWILIO_VERIFY_SERVICE_SID)
