"""The stock: numbers bought ahead and in no Service, taken in one statement.

Any number of workers take at once: none waits for another, and none gets what another has.
"""

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from proxying.models import PoolNumber, ProxyService, ReservedNumber, StockNumber
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
    prefixes = [f"+1{area_code}", "+"] if area_code else ["+"]
    try:
        found = (body(number, service, prefix) for prefix in prefixes)
        taken = next((one for one in found if one), None)
    except IntegrityError:
        return False  # somebody has chosen the same number and will find that it is ours already
    if taken is None:
        return False
    number.status, number.service = Status.RESERVING, service
    number.proxy_identifier, number.phone_number_sid = taken
    return True


def _take_on_postgresql(
    number: ReservedNumber, service: ProxyService, prefix: str
) -> tuple[str, str] | None:
    # One statement: half of it cannot happen. A worker of the same row waits before it chooses;
    # what a worker of another row is taking is passed over.
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH wanting AS (
                SELECT id FROM {_RESERVED}
                WHERE id = %s AND attempts = %s AND status = %s FOR UPDATE
            ), chosen AS (
                SELECT id, proxy_identifier, phone_number_sid FROM {_STOCK}
                WHERE country = %s AND phone_number_sid <> '' AND proxy_identifier LIKE %s
                    AND EXISTS (SELECT FROM wanting)
                ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
            ), given AS (
                UPDATE {_RESERVED} SET status = %s, service_id = %s,
                    proxy_identifier = chosen.proxy_identifier,
                    phone_number_sid = chosen.phone_number_sid
                FROM chosen, wanting WHERE {_RESERVED}.id = wanting.id
                RETURNING chosen.id
            )
            DELETE FROM {_STOCK} USING given WHERE {_STOCK}.id = given.id
            RETURNING proxy_identifier, phone_number_sid
            """,  # noqa: S608 (the tables' names are ours)
            [
                number.pk,
                number.attempts,
                Status.PENDING,
                service.country,
                f"{prefix}%",
                Status.RESERVING,
                service.pk,
            ],
        )
        taken: tuple[str, str] | None = cursor.fetchone()
    return taken


def _take_on_sqlite(
    number: ReservedNumber, service: ProxyService, prefix: str
) -> tuple[str, str] | None:
    # Its transactions come one after the other anyway.
    with transaction.atomic():
        chosen = (
            StockNumber.objects.filter(country=service.country, proxy_identifier__startswith=prefix)
            .exclude(phone_number_sid="")
            .order_by("pk")
            .first()
        )
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


_STOCK = StockNumber._meta.db_table
_RESERVED = ReservedNumber._meta.db_table


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
    for e164 in buying.for_sale(country, None):
        if _is_known(e164):
            continue
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


def _is_known(e164: str) -> bool:
    rows = (ReservedNumber.objects, PoolNumber.objects)
    return any(objects.filter(proxy_identifier=e164).exists() for objects in rows)


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
