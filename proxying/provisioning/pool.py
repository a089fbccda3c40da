"""The unreserved numbers of a Service, of which every Session shows one to the seller.

How many there are is how many buyers one seller can talk to at a time, so as many as
``capacity.wanted_size`` says are never given away.
https://www.twilio.com/docs/proxy/phone-numbers-needed
"""

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from proxying import twilio_client
from proxying.capacity import wanted_size
from proxying.models import PoolNumber, ProxyService, ReservedNumber
from proxying.provisioning import buying, spending
from proxying.twilio_client import TwilioRefused, TwilioUnavailable

logger = structlog.get_logger(__name__)

# Requests to Twilio between two writes of the row.
_REQUESTS_IN_A_LEASE = 3
# Numbers in a row that Twilio refuses are not to blame: the account is.
_MOST_STUCK = 3


def fill_pool(service: ProxyService) -> int:
    """Buys and adds numbers until there are as many as wanted; how many were added.

    Finishes what an earlier call left half-way before it begins anything new. A number that is
    refused for good is left to staff, and another takes its place. ``TwilioUnavailable``,
    ``TwilioRefused`` (the search) or ``SpentForToday`` when it cannot go on.
    """
    added = 0
    for pk in _promising(service).filter(added_at=None).values_list("pk", flat=True):
        if intent := PoolNumber.claim(pk, lease=_lease()):
            added += _finish(intent)
    while _promising(service).count() < wanted_size(service):
        if _stuck(service).count() >= _MOST_STUCK:
            logger.error("pool_not_filled", service=service.service_sid, reason="all are refused")
            break
        intent = _choose(service)
        if intent is None:
            break
        if _finish(intent):
            added += 1
        elif not intent.is_stuck:
            break  # the next call goes on; a shelf that offers what cannot be had does not hold us
    return added


def claim_from_pool(number: ReservedNumber, area_code: str | None) -> bool:
    """Turns a spare pool number into *number*'s, in our rows; whether there was one.

    Spare: above the floor, and in no Session, for in a Session it already stands for
    somebody else. One in *area_code* comes first.
    """
    for service in ProxyService.objects.filter(country=country_of(number)):
        if not _has_spare(service):
            continue
        idle = {
            candidate.phone_number_sid
            for candidate in twilio_client.list_service_numbers(service.service_sid)
            if not candidate.is_reserved and candidate.in_use == 0
        }
        if _claim(service, idle, number, area_code):
            return True
    return False


def put_back(number: ReservedNumber) -> bool:
    """Into the pool again; *number* waits for another. False if it is in other hands by now."""
    service, e164, sid = number.service, number.proxy_identifier, number.phone_number_sid
    assert service is not None
    assert e164 is not None
    with transaction.atomic():
        if not number.advance(
            status=ReservedNumber.Status.PENDING,
            service=None,
            proxy_identifier=None,
            phone_number_sid="",
            pooled_until=None,
        ):
            return False
        pooled = _begin(service, e164, phone_number_sid=sid)
    _finish(pooled)
    return True


def _claim(
    service: ProxyService, idle: set[str], number: ReservedNumber, area_code: str | None
) -> bool:
    with transaction.atomic():
        _queue_up(service)
        spare = [
            pooled
            for pooled in service.pool_numbers.exclude(added_at=None).order_by("added_at", "pk")
            if pooled.phone_number_sid in idle
        ]
        if not spare or not _has_spare(service):
            return False
        prefix = f"+1{area_code}"
        chosen = next((one for one in spare if one.proxy_identifier.startswith(prefix)), spare[0])
        claimed = number.advance(
            status=ReservedNumber.Status.RESERVING,
            service=service,
            proxy_identifier=chosen.proxy_identifier,
            phone_number_sid=chosen.phone_number_sid,
            pooled_until=timezone.now(),
        )
        # Overtaken or released meanwhile: the number stays in the pool, or it would be nobody's.
        if claimed:
            chosen.delete()
        return claimed


def _queue_up(service: ProxyService) -> None:
    """Whoever changes this pool waits here, until the transaction of who came before is over.

    So two cannot both take the last spare, or both buy the number that was missing.
    """
    ProxyService.objects.select_for_update().get(pk=service.pk)


def _stuck(service: ProxyService) -> QuerySet[PoolNumber]:
    return service.pool_numbers.filter(added_at=None, next_attempt_at=None)


def _promising(service: ProxyService) -> QuerySet[PoolNumber]:
    """The pool, and what is on its way into it."""
    return service.pool_numbers.exclude(added_at=None, next_attempt_at=None)


def _has_spare(service: ProxyService) -> bool:
    return service.pool_numbers.exclude(added_at=None)[wanted_size(service) :].exists()


def _choose(service: ProxyService) -> PoolNumber | None:
    for e164 in buying.for_sale(service.country, to_a_seller=False):
        try:
            with transaction.atomic():
                _queue_up(service)
                if _promising(service).count() >= wanted_size(service):
                    return None
                chosen = _begin(service, e164)
                spending.count_purchase()
                return chosen
        except IntegrityError:
            continue  # chosen meanwhile for another Service
    return None


def _begin(service: ProxyService, e164: str, *, phone_number_sid: str = "") -> PoolNumber:
    """The intent to have *e164* in the pool: to buy it, unless it has a SID.

    With its first attempt: whoever makes it is at work on it.
    """
    return PoolNumber.objects.create(
        service=service,
        proxy_identifier=e164,
        phone_number_sid=phone_number_sid,
        attempts=1,
        unended_attempts=1,
        next_attempt_at=timezone.now() + _lease(),
    )


def _finish(number: PoolNumber) -> bool:
    """Buys and adds a number whose attempt is ours; False when it was not to be had, or refused."""
    try:
        return _bought(number) and _added(number)
    except TwilioUnavailable as reason:
        number.end_attempt(last_error=str(reason)[:500], next_attempt_at=timezone.now())
        raise
    except TwilioRefused as refusal:
        number.end_attempt(last_error=str(refusal)[:500], next_attempt_at=None)
        logger.error("pool_number_refused", pool_number=str(number.pk), reason=str(refusal))
        return False


def _bought(number: PoolNumber) -> bool:
    if number.phone_number_sid:
        return True
    sid = buying.acquire(number.proxy_identifier, number.pk)
    if sid is None:
        PoolNumber.unfinished().filter(pk=number.pk, attempts=number.attempts).delete()
        return False
    return number.advance(phone_number_sid=sid, next_attempt_at=timezone.now() + _lease())


def _added(number: PoolNumber) -> bool:
    twilio_client.put_into_service(
        number.service.service_sid, number.phone_number_sid, is_reserved=False
    )
    return number.end_attempt(added_at=timezone.now(), next_attempt_at=None, last_error="")


def _lease() -> timedelta:
    return timedelta(seconds=_REQUESTS_IN_A_LEASE * settings.TWILIO_TIMEOUT)


def country_of(number: ReservedNumber) -> str:
    """Where the seller's phone is, ISO 3166-1: the pool numbers must match it."""
    phone_number = number.seller.phone_number
    country = phone_number.country if phone_number else None
    return country or settings.SELLER_COUNTRIES[0]
