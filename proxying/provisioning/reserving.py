"""Reserving: from the promise (``pending``) to a number that buyers can call (``active``)."""

import math
import random
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from proxying import twilio_client
from proxying.capacity import RESERVED_IN_A_SERVICE
from proxying.encryption import CannotUnseal
from proxying.models import ProxyService, ReservedNumber, Seller
from proxying.phone_numbers import area_code
from proxying.provisioning import buying, spending, stock
from proxying.provisioning.moving import make_way
from proxying.provisioning.pool import claim_from_pool, country_of, put_back
from proxying.provisioning.spending import SpentForToday
from proxying.reachability import announce
from proxying.twilio_client import TwilioRefused, TwilioUnavailable

logger = structlog.get_logger(__name__)

# How many requests to Twilio lie at most between two renewals of the lease on a row. Each may
# take as long as Twilio's timeout, and until the lease is over nobody else tries.
_REQUESTS_IN_A_LEASE = 3
_LONGEST_WAIT = 3600.0

Status = ReservedNumber.Status


class NotYet(Exception):
    """The promise stands, its next attempt is in *retry_in* seconds."""

    def __init__(self, reason: str, *, retry_in: float) -> None:
        super().__init__(reason)
        self.retry_in = retry_in


class _Obstacle(Exception):
    """Something in the way that may be gone later."""


class _Overtaken(Exception):
    """Another worker holds this row by now; ours must not write to it."""


def promise(seller: Seller) -> ReservedNumber:
    """The seller's live number: a new promise if there was none, due again if it was stuck."""
    number, _ = ReservedNumber.objects.live().get_or_create(seller=seller)
    if number.is_stuck:
        number.end_attempt(next_attempt_at=timezone.now())
    return number


def reserve(reserved_number_id: UUID | str) -> None:
    """Keeps the promise, as far as it can be kept now.

    Returns when the number is active, when somebody else is at work on it, and when a final
    refusal or five dead attempts leave it to staff (``last_error`` says why). ``NotYet`` when
    it is worth another attempt. Can be called at any time, any number of times.
    """
    unfinished = Q(status__in=ReservedNumber.UNFINISHED)
    number = ReservedNumber.claim(reserved_number_id, lease=_lease(), among=unfinished)
    if number is None:
        return
    log = logger.bind(reserved_number=str(number.pk), attempt=number.attempts)
    try:
        while number.status in ReservedNumber.UNFINISHED:
            _renew(number)
            _STEPS[Status(number.status)](number)
    except _Overtaken:
        log.warning("reserve_overtaken")
    except SpentForToday as reason:
        spending.alert_staff()
        raise _postponed(number, reason, retry_in=reason.retry_in) from None
    except TwilioUnavailable as reason:
        wait = max(_backoff(number.attempts), reason.retry_after or 0)
        raise _postponed(number, reason, retry_in=wait) from None
    except _Obstacle as reason:
        raise _postponed(number, reason, retry_in=_backoff(number.attempts)) from None
    except (TwilioRefused, CannotUnseal) as refusal:
        number.end_attempt(last_error=str(refusal)[:500], next_attempt_at=None)
        log.error("reserve_refused", reason=str(refusal))
    else:
        log.info("number_reserved", phone_number_sid=number.phone_number_sid)


def adopt(number: ReservedNumber, e164: str, phone_number_sid: str) -> bool:
    """Gives a promise that waits for a number *e164*, which we own; False if it did not wait."""
    if number.status != Status.PENDING or number.is_at_work:
        return False
    try:
        service = _service_with_room(country_of(number))
        with transaction.atomic():
            return number.advance(
                attempts=number.attempts + 1,
                status=Status.RESERVING,
                service=service,
                proxy_identifier=e164,
                phone_number_sid=phone_number_sid,
                next_attempt_at=timezone.now(),
            )
    except (IntegrityError, _Obstacle):
        return False


def _postponed(number: ReservedNumber, reason: Exception, *, retry_in: float) -> NotYet:
    due = timezone.now() + timedelta(seconds=retry_in)
    number.end_attempt(last_error=str(reason)[:500], next_attempt_at=due)
    logger.info(
        "reserve_postponed",
        reserved_number=str(number.pk),
        attempt=number.attempts,
        reason=str(reason),
        retry_in=round(retry_in),
    )
    return NotYet(str(reason), retry_in=retry_in)


def _choose(number: ReservedNumber) -> None:
    """pending: take a spare number of ours, or one of the stock, or write down which to buy."""
    seller_number = number.seller.phone_number
    area = area_code(seller_number.reveal()) if seller_number else None
    if claim_from_pool(number, area):
        return
    _renew(number)
    service = _service_with_room(country_of(number))
    if stock.take(number, service, area):
        return
    for e164 in buying.for_sale(service.country, area, to_a_seller=True):
        try:
            with transaction.atomic():
                _write(number, status=Status.BUYING, service=service, proxy_identifier=e164)
                spending.count_purchase()
                return
        except IntegrityError:
            continue  # another worker chose it first
    raise _Obstacle(f"no number for sale in {service.country}")


def _buy(number: ReservedNumber) -> None:
    """buying: make the chosen number ours, or go back and choose another."""
    assert number.proxy_identifier is not None
    sid = buying.acquire(number.proxy_identifier, number.pk)
    if sid is None:
        _write(number, status=Status.PENDING, service=None, proxy_identifier=None)
        # Not at once: a shelf that offers what cannot be had would keep us here for ever.
        raise _Obstacle("the chosen number was not to be had")
    _write(number, status=Status.RESERVING, phone_number_sid=sid)


def _confirm(number: ReservedNumber) -> None:
    """reserving: into the Service, out of the automatic choice, and idle; else choose another."""
    assert number.service is not None
    reserved = twilio_client.put_into_service(
        number.service.service_sid, number.phone_number_sid, is_reserved=True
    )
    if reserved.in_use:
        # Chosen by Proxy between our look and our claim: to some seller it stands for a buyer.
        if not put_back(number):
            raise _Overtaken
        return
    now = timezone.now()
    active = {"status": Status.ACTIVE, "active_at": now, "next_attempt_at": None}
    with transaction.atomic():
        if number.is_for_move:
            make_way(number)
        _write(number, **active, is_for_move=False, unended_attempts=0, last_error="")
        announce(number.seller_id)


_STEPS: dict[Status, Callable[[ReservedNumber], None]] = {
    Status.PENDING: _choose,
    Status.BUYING: _buy,
    Status.RESERVING: _confirm,
}


def _renew(number: ReservedNumber) -> None:
    """A fresh lease; ``_Overtaken`` if somebody else has taken ours for dead."""
    _write(number, next_attempt_at=timezone.now() + _lease())


def _lease() -> timedelta:
    """Short, so that who waits for a worker that was killed does not wait long."""
    return timedelta(seconds=_REQUESTS_IN_A_LEASE * settings.TWILIO_TIMEOUT)


def _write(number: ReservedNumber, **changes: object) -> None:
    if not number.advance(**changes):
        raise _Overtaken


def _service_with_room(country: str) -> ProxyService:
    for service in ProxyService.objects.filter(country=country).order_by("pk"):
        held = service.reserved_numbers.exclude(status=Status.RELEASED).count()
        if held < RESERVED_IN_A_SERVICE:
            return service
    raise _Obstacle(f"no Proxy Service for {country} has room: run configure_proxy_service")


def _backoff(attempt: int) -> float:
    """Seconds: doubling from four to an hour, and somewhere in the upper half of that.

    Jitter keeps those who failed together from trying again together.
    """
    longest = min(_LONGEST_WAIT, math.ldexp(2.0, min(attempt, 12)))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 (spreads load, guards nothing)
