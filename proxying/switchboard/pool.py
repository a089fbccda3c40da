"""The numbers of a Service: added, reserved, taken out.

https://www.twilio.com/docs/proxy/api/phone-number
"""

import math
from typing import Final

from django.conf import settings
from django.db import transaction

from proxying.switchboard import alerts, sessions
from proxying.switchboard.errors import NotFound, Rule, RuleBroken
from proxying.switchboard.models import IncomingPhoneNumber, Participant, PhoneNumber, Service

MAX_RESERVED: Final = 5000
MAX_UNRESERVED: Final = 500
NEARLY_FULL: Final = 0.85


def add(service: Service, number_sid: str, *, is_reserved: bool) -> PhoneNumber:
    """Put a number of the account into the pool and point its webhooks at Proxy."""
    with transaction.atomic():
        service = sessions.lock(service.pk)
        owned = IncomingPhoneNumber.objects.select_for_update().filter(pk=number_sid).first()
        if owned is None:
            raise RuleBroken(Rule.NUMBER_NOT_OURS)
        present = PhoneNumber.objects.filter(pk=owned.pk).first()
        if present is not None:
            here = present.service_id == service.pk
            raise RuleBroken(Rule.NUMBER_IN_SERVICE if here else Rule.NUMBER_IN_OTHER_SERVICE)
        _check_room(service, is_reserved=is_reserved)
        number = PhoneNumber.objects.create(
            incoming_phone_number=owned, service=service, is_reserved=is_reserved
        )
        # Where Twilio points a number that joins a Service.
        webhooks = (
            f"https://webhooks.twilio.com/v1/Accounts/{settings.TWILIO_ACCOUNT_SID}"
            f"/Proxy/{service.sid}/Webhooks"
        )
        owned.sms_url, owned.voice_url = f"{webhooks}/Message", f"{webhooks}/Call"
        owned.save()
        _warn_if_nearly_full(service, is_reserved=is_reserved)
    return number


def set_reserved(number: PhoneNumber, *, is_reserved: bool) -> None:
    """Reserve a number, or give it back to the automatic choice."""
    with transaction.atomic():
        number = _locked(number)
        if number.is_reserved != is_reserved:
            _check_room(number.service, is_reserved=is_reserved)
            number.is_reserved = is_reserved
            number.save()
            _warn_if_nearly_full(number.service, is_reserved=is_reserved)


def remove(number: PhoneNumber) -> None:
    """Take a number out of its Service, unless an active Session uses it."""
    with transaction.atomic():
        number = _locked(number)
        if Participant.objects.active().filter(proxy_identifier_sid=number.pk).exists():
            raise RuleBroken(Rule.NUMBER_IN_USE)
        _clear_webhooks(number.service, number.pk)
        number.delete()


def delete_service(service: Service) -> None:
    """Delete a Service with its Sessions and all in them; its numbers stay the account's."""
    with transaction.atomic():
        service = sessions.lock(service.pk)
        _clear_webhooks(service)
        service.delete()


def _locked(number: PhoneNumber) -> PhoneNumber:
    """The number as it is now, its Service locked."""
    sessions.lock(number.service_id)
    fresh = (
        PhoneNumber.objects.select_related("service")
        .filter(pk=number.pk, service=number.service_id)
        .first()
    )
    if fresh is None:
        raise NotFound(f"/Services/{number.service_id}/PhoneNumbers/{number.pk}")
    return fresh


def _limit(*, is_reserved: bool) -> int:
    return MAX_RESERVED if is_reserved else MAX_UNRESERVED


def _check_room(service: Service, *, is_reserved: bool) -> None:
    taken = service.phone_numbers.filter(is_reserved=is_reserved).count()
    if taken >= _limit(is_reserved=is_reserved):
        raise RuleBroken(Rule.POOL_FULL)


def _warn_if_nearly_full(service: Service, *, is_reserved: bool) -> None:
    """An Alert from the number that fills 85% of the room for its kind, each time it is passed."""
    taken = service.phone_numbers.filter(is_reserved=is_reserved).count()
    if taken == math.ceil(_limit(is_reserved=is_reserved) * NEARLY_FULL):
        kind = "reserved" if is_reserved else "unreserved"
        alerts.raise_alert(
            alerts.POOL_NEARLY_FULL,
            f"{taken} {kind} numbers are 85% of what the Service can take",
            service_sid=service.sid,
        )


def _clear_webhooks(service: Service, *sids: str) -> None:
    numbers = IncomingPhoneNumber.objects.filter(proxy_phone_number__service=service)
    if sids:
        numbers = numbers.filter(pk__in=sids)
    numbers.update(sms_url="", voice_url="")
