"""The stock: numbers bought ahead and in no Service, taken in one statement.

Any number of workers take at once: none waits for another, and none gets what another has.
PostgreSQL does it in a function (migration 0026): half of it cannot happen.
"""

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from proxying.models import ProxyService, ReservedNumber, StockNumber
from proxying.provisioning import buying, spending
from proxying.twilio_client import TwilioRefused, TwilioUnavailable

logger = structlog.get_logger(__name__)

# Requests to Twilio between two writes of the row.
_REQUESTS_IN_A_LEASE = 3

Status = ReservedNumber.Status


def take(number: ReservedNumber, service: ProxyService, area_code: str | None) -> bool:
    """Makes a number of the stock *number*'s, in our rows; whether there was one.

    One in *area_code* comes first. Nothing happens unless *number* is still pending and its
    attempt is ours.
    """
    body = _take_on_postgresql if connection.vendor == "postgresql" else _take_on_sqlite
    try:
        taken = body(number, service, f"+1{area_code}" if area_code else "")
    except IntegrityError:
        return False  # somebody has chosen the same number and will find that it is ours already
    if taken is None:
        return False
    number.status, number.service = Status.RESERVING, service
    number.proxy_identifier, number.phone_number_sid = taken
    return True


def _take_on_postgresql(
    number: ReservedNumber, service: ProxyService, preferred: str
) -> tuple[str, str] | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM proxying_take_from_stock(%s, %s, %s, %s, %s)",
            [number.pk, number.attempts, service.country, preferred, service.pk],
        )
        taken: tuple[str, str] | None = cursor.fetchone()
    return taken


def _take_on_sqlite(
    number: ReservedNumber, service: ProxyService, preferred: str
) -> tuple[str, str] | None:
    # Its transactions come one after the other anyway.
    with transaction.atomic():
        stock = StockNumber.objects.filter(country=service.country).exclude(phone_number_sid="")
        found = (
            stock.filter(proxy_identifier__startswith=beginning).order_by("pk").first()
            for beginning in (preferred, "")
        )
        chosen = next((one for one in found if one), None)
        given = chosen and number.advance(
            status=Status.RESERVING,
            service=service,
            proxy_identifier=chosen.proxy_identifier,
            phone_number_sid=chosen.phone_number_sid,
        )
        if not chosen or not given:
            return None
        StockNumber.objects.filter(pk=chosen.pk).delete()
        return chosen.proxy_identifier, chosen.phone_number_sid


def fill_stock(country: str) -> int:
    """Buys numbers until ``NUMBERS_IN_STOCK`` are there; how many were bought.

    Finishes what an earlier call left half-way before it begins anything new. Raises as
    ``fill_pool`` does.
    """
    stock = StockNumber.objects.filter(country=country)
    bought = 0
    for pk in StockNumber.unfinished().filter(country=country).values_list("pk", flat=True):
        if intent := StockNumber.claim(pk, lease=_lease()):
            bought += _buy(intent)
    while stock.count() < settings.NUMBERS_IN_STOCK:
        chosen = _choose(country)
        if chosen is None or not _buy(chosen):
            break  # the next call goes on; a shelf that offers what cannot be had does not hold us
        bought += 1
    return bought


def _choose(country: str) -> StockNumber | None:
    """The intent to buy a number, with its first attempt: whoever makes it is at work on it."""
    for e164 in buying.for_sale(country, to_a_seller=False):
        try:
            with transaction.atomic():
                chosen = StockNumber.objects.create(
                    country=country,
                    proxy_identifier=e164,
                    attempts=1,
                    unended_attempts=1,
                    next_attempt_at=timezone.now() + _lease(),
                )
                spending.count_purchase()
                return chosen
        except IntegrityError:
            continue  # another worker chose it first
    return None


def _buy(number: StockNumber) -> bool:
    """False when it was not to be had, or refused."""
    try:
        sid = buying.acquire(number.proxy_identifier, number.pk)
    except TwilioUnavailable as reason:
        number.end_attempt(last_error=str(reason)[:500], next_attempt_at=timezone.now())
        raise
    except TwilioRefused as refusal:
        number.end_attempt(last_error=str(refusal)[:500], next_attempt_at=None)
        logger.error("stock_number_refused", stock_number=str(number.pk), reason=str(refusal))
        return False
    if sid is None:
        StockNumber.unfinished().filter(pk=number.pk, attempts=number.attempts).delete()
        return False
    return number.end_attempt(phone_number_sid=sid, next_attempt_at=None, last_error="")


def _lease() -> timedelta:
    return timedelta(seconds=_REQUESTS_IN_A_LEASE * settings.TWILIO_TIMEOUT)
