"""How large a Service's pool should be, by the days that were."""

from datetime import UTC, date, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from proxying.models import PoolPeak, ProxyService

# https://www.twilio.com/docs/proxy/understanding-proxy-limits
MOST_UNRESERVED: Final = 500
# Proxy allows 5,000 reserved numbers in a Service; the rest is for moves and repairs.
RESERVED_IN_A_SERVICE: Final = 4_500
# A pool that shrank by night would be bought anew each morning.
DAYS_REMEMBERED: Final = 7


def size_for(busiest: int) -> int:
    """Unreserved numbers for a seller with *busiest* buyers at a time, and some to spare.

    ``PROXY_POOL_FLOOR`` at least, Proxy's 500 at most.
    """
    floor: int = settings.PROXY_POOL_FLOOR
    needed: int = busiest + settings.PROXY_POOL_RESERVE if busiest else 0
    return min(MOST_UNRESERVED, max(floor, needed))


def wanted_size(service: ProxyService) -> int:
    """How many unreserved numbers *service* should have. One query, of a few small rows."""
    peaks = PoolPeak.objects.filter(service=service, day__gte=first_day_remembered())
    return size_for(peaks.aggregate(busiest=Max("busiest"))["busiest"] or 0)


def remember_peak(service: ProxyService, busiest: int) -> bool:
    """Keeps the largest *busiest* of each day; whether this is a new one."""
    peak, is_first = PoolPeak.objects.get_or_create(
        service=service, day=today(), defaults={"busiest": busiest}
    )
    if is_first:
        return busiest > 0
    # Compared by the database: another worker may have counted meanwhile.
    return PoolPeak.objects.filter(pk=peak.pk, busiest__lt=busiest).update(busiest=busiest) > 0


def first_day_remembered() -> date:
    return today() - timedelta(days=DAYS_REMEMBERED - 1)


def today() -> date:
    """By UTC, as peaks are kept."""
    return timezone.now().astimezone(UTC).date()
