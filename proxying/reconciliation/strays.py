"""Stray numbers, after their quarantine: given back to Twilio, if they are still nobody's."""

from datetime import timedelta
from typing import Final

import structlog
from django.utils import timezone

from proxying import twilio_client
from proxying.models import ProxyService, StrayNumber
from proxying.provisioning import buying
from proxying.twilio_client import TwilioRefused, TwilioUnavailable

logger = structlog.get_logger(__name__)

_LEASE: Final = timedelta(minutes=3)
_AGAIN: Final = timedelta(hours=1)


def give_back_strays() -> int:
    """How many strays are gone. ``TwilioUnavailable`` when it is no use to go on."""
    due = StrayNumber.objects.filter(next_attempt_at__lte=timezone.now())
    return sum(_give_back(stray) for stray in due)


def _give_back(found: StrayNumber) -> bool:
    stray = StrayNumber.claim(found.pk, lease=_LEASE)
    if stray is None:
        return False
    try:
        if _is_still_ours(stray):
            for service in ProxyService.objects.order_by("pk"):
                twilio_client.remove_from_service(service.service_sid, stray.phone_number_sid)
            twilio_client.give_back(stray.phone_number_sid)
            logger.info("stray_given_back", phone_number_sid=stray.phone_number_sid)
    except TwilioRefused as refusal:
        # Such as 80601: a Service lets go of a number some time after it is taken out.
        stray.end_attempt(last_error=str(refusal)[:500], next_attempt_at=timezone.now() + _AGAIN)
        logger.error("stray_not_given_back", phone_number_sid=stray.phone_number_sid)
        return False
    except TwilioUnavailable as reason:
        stray.end_attempt(last_error=str(reason)[:500], next_attempt_at=timezone.now() + _AGAIN)
        raise
    stray.delete()
    return True


def _is_still_ours(stray: StrayNumber) -> bool:
    """Somebody may have taken our marker off it, or a row have come to stand for it."""
    owned = twilio_client.fetch_owned(stray.phone_number_sid)
    if owned is None or buying.row_of(owned.friendly_name) is None:
        return False
    return not buying.in_our_rows([owned.proxy_identifier])
