"""Codes: sent as a text, checked at most five times within ten minutes.

https://www.twilio.com/docs/verify/api/verification
"""

import secrets
from datetime import UTC
from http import HTTPStatus
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from proxying.switchboard import numbering
from proxying.switchboard.errors import NotFound, TwilioError
from proxying.switchboard.models import Phone, Verification, VerifyService
from proxying.switchboard.models.sids import new_sid
from proxying.switchboard.traffic import messages

# What sends the codes, and whatever a Messaging Service sends.
SENDER: Final = "+18885550100"
MAX_SENDS: Final = 5
MAX_CHECKS: Final = 5


def send(service: VerifyService, to: str) -> Verification:
    """Text a code to *to*; within ten minutes the same one again, at most five times.

    The answer is the same whether or not anybody has that number: only the text is lost.
    """
    if not numbering.is_e164(to) or numbering.country(to) is None:
        raise TwilioError(60200, "Invalid parameter `To`")
    if numbering.line_type(to) == "landline" and not Phone.objects.filter(number=to).exists():
        raise TwilioError(60205, "SMS is not supported by landline phone number", 403)
    verification = _count_send(_pending_or_new(service, to))
    messages.deliver(
        from_=SENDER,
        to=to,
        body=f"Your {service.friendly_name} verification code is: {verification.code}",
    )
    return verification


def check(verification: Verification | None, code: str) -> Verification:
    """Compare a code; ``approved`` ends the verification, a wrong one costs one of five tries.

    The sixth try is 60202 and ends it too: after that, as after any end, there is nothing
    to check, which is 20404.
    """
    if verification is None:
        raise NotFound("VerificationCheck")
    now = timezone.now()
    pending = Verification.objects.pending().filter(pk=verification.pk)
    # The try is counted before the code is looked at, so tries at once cannot exceed five.
    if not pending.filter(checks__lt=MAX_CHECKS).update(checks=F("checks") + 1, date_updated=now):
        if pending.update(status=Verification.Status.MAX_ATTEMPTS_REACHED, date_updated=now):
            raise TwilioError(60202, "Max check attempts reached", HTTPStatus.TOO_MANY_REQUESTS)
        raise NotFound("VerificationCheck")
    if constant_time_compare(code, verification.code) and not pending.update(
        status=Verification.Status.APPROVED, date_updated=now
    ):
        raise NotFound("VerificationCheck")
    verification.refresh_from_db()
    return verification


def _pending_or_new(service: VerifyService, to: str) -> Verification:
    ours = Verification.objects.filter(service=service, to=to)
    if pending := ours.pending().first():
        return pending
    code = "".join(secrets.choice("0123456789") for _ in range(service.code_length))
    try:
        with transaction.atomic():
            ours.filter(status=Verification.Status.PENDING).update(
                status=Verification.Status.EXPIRED
            )
            return Verification.objects.create(service=service, to=to, code=code)
    except IntegrityError:
        raise TwilioError(
            60212, "Too many concurrent requests for phone number", HTTPStatus.TOO_MANY_REQUESTS
        ) from None


def _count_send(verification: Verification) -> Verification:
    with transaction.atomic():
        verification = Verification.objects.select_for_update().get(pk=verification.pk)
        if len(verification.send_code_attempts) >= MAX_SENDS:
            raise TwilioError(60203, "Max send attempts reached", HTTPStatus.TOO_MANY_REQUESTS)
        verification.send_code_attempts.append(
            {
                "time": timezone.now().astimezone(UTC).isoformat(timespec="seconds"),
                "channel": verification.channel.upper(),
                "attempt_sid": new_sid("VL"),
            }
        )
        verification.save()
    return verification
