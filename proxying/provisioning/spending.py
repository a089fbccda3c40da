"""How many numbers may be bought a day: a mistake of ours must not empty the account."""

import random
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from proxying import limits

logger = structlog.get_logger(__name__)

_A_DAY = timedelta(days=1)
_PURCHASES = "numbers_bought"
# So that those who wait for tomorrow do not all come at midnight.
_SPREAD = 600.0


class SpentForToday(Exception):
    """No more numbers are bought until the next UTC day; it begins in about *retry_in* seconds."""

    def __init__(self) -> None:
        super().__init__(
            f"today's {settings.NUMBERS_BOUGHT_A_DAY} purchases (NUMBERS_BOUGHT_A_DAY) are used"
            " up: waiting for tomorrow"
        )
        self.retry_in = _seconds_to_midnight() + random.uniform(0, _SPREAD)  # noqa: S311 (spreads load)


def count_purchase() -> None:
    """Takes one of today's purchases, or ``SpentForToday``.

    Call it last in the transaction that writes down which number to buy: the purchase is then
    counted before it is made, once however often it is repeated, and not if the choice is undone.
    """
    if not limits.take(_PURCHASES, limit=settings.NUMBERS_BOUGHT_A_DAY, window=_A_DAY):
        raise SpentForToday


def bought_today() -> int:
    """Purchases counted since midnight UTC; some may not have gone through."""
    return limits.taken(_PURCHASES, window=_A_DAY)


def alert_staff() -> None:
    """Logs once a day that the limit is reached, and what it comes to."""
    if limits.take(f"{_PURCHASES}.told", limit=1, window=_A_DAY):
        limit = settings.NUMBERS_BOUGHT_A_DAY
        logger.error(
            "spending_limit_reached",
            numbers_a_day=limit,
            adds_a_month=round(limit * settings.NUMBER_PRICE_A_MONTH, 2),
        )


def _seconds_to_midnight() -> float:
    now = timezone.now()
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + _A_DAY
    return (midnight - now).total_seconds()
