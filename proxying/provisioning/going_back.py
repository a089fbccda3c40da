"""A number goes back to Twilio: quarantined, taken out of its Service, then released.

A number in quarantine stays ours and is answered neutrally. It leaves when
``NUMBER_QUARANTINE_DAYS`` are over and nobody has called or texted it for
``NUMBER_QUIET_DAYS``. Each step is the row's status, and comes in a run of its own: Twilio
does not release a number that its Service still lets go of (error 80601).
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from proxying import twilio_client
from proxying.models import ReservedNumber
from proxying.provisioning import buying
from proxying.twilio_client import TwilioRefused, TwilioUnavailable

logger = structlog.get_logger(__name__)

# Longer than the slowest road through Twilio's timeouts: until then nobody else tries.
_LEASE: Final = timedelta(minutes=3)
# Between the steps, and after a refusal. Nobody waits for it.
_PAUSE: Final = timedelta(hours=1)

Status = ReservedNumber.Status


def give_back_quarantined() -> int:
    """Takes every number that is to go back one step further; how many were released.

    One that Twilio does not take keeps no other from going, and is tried again an hour
    later. ``TwilioUnavailable`` when it is no use to go on.
    """
    _quarantine_moved()
    _begin()
    due = ReservedNumber.objects.filter(
        status__in=ReservedNumber.GOING_BACK, next_attempt_at__lte=timezone.now()
    )
    return sum(_go_on(pk) for pk in due.values_list("pk", flat=True))


def _quarantine_moved() -> None:
    """Numbers that their sellers moved from long ago: nobody is connected there any more."""
    over = timezone.now() - timedelta(days=settings.NUMBER_MOVED_DAYS)
    moved = ReservedNumber.objects.filter(status=Status.RETIRING, moved_at__lt=over)
    for pk in moved.values_list("pk", flat=True):
        with transaction.atomic():
            # Locked: the seller may be leaving just now.
            if number := moved.select_for_update().filter(pk=pk).first():
                number.retire()


def _begin() -> None:
    """One statement: a contact that comes in between keeps the number, or comes too late."""
    now = timezone.now()
    quiet_since = now - timedelta(days=settings.NUMBER_QUIET_DAYS)
    ReservedNumber.objects.filter(
        Q(last_contact_at=None) | Q(last_contact_at__lt=quiet_since),
        status=Status.QUARANTINED,
        quarantined_at__lt=now - timedelta(days=settings.NUMBER_QUARANTINE_DAYS),
    ).update(status=Status.REMOVING, next_attempt_at=now)


def _go_on(pk: UUID) -> bool:
    number = ReservedNumber.claim(pk, lease=_LEASE)
    if number is None:
        return False
    try:
        _STEPS[Status(number.status)](number)
    except TwilioRefused as refusal:
        _wait(number, str(refusal))
        logger.error("not_given_back", reserved_number=str(number.pk), reason=str(refusal))
    except TwilioUnavailable as reason:
        _wait(number, str(reason))
        raise
    return number.status == Status.RELEASED


def _remove(number: ReservedNumber) -> None:
    """removing: out of its Service, or out of our hands when it was never bought."""
    assert number.service is not None
    assert number.proxy_identifier is not None
    # Released while it was being bought: only Twilio knows whether that went through.
    sid = number.phone_number_sid or buying.bought_for(number.proxy_identifier, number.pk)
    if not sid:
        _finish(number)
        return
    twilio_client.remove_from_service(number.service.service_sid, sid)
    number.end_attempt(
        status=Status.REMOVED,
        phone_number_sid=sid,
        removed_at=timezone.now(),
        next_attempt_at=timezone.now() + _PAUSE,
        last_error="",
    )


def _release(number: ReservedNumber) -> None:
    """removed: back to Twilio, for good."""
    twilio_client.give_back(number.phone_number_sid)
    _finish(number)


_STEPS: Final = {Status.REMOVING: _remove, Status.REMOVED: _release}


def _finish(number: ReservedNumber) -> None:
    number.end_attempt(
        status=Status.RELEASED, released_at=timezone.now(), next_attempt_at=None, last_error=""
    )
    logger.info("number_given_back", reserved_number=str(number.pk))


def _wait(number: ReservedNumber, reason: str) -> None:
    number.end_attempt(last_error=reason[:500], next_attempt_at=timezone.now() + _PAUSE)
