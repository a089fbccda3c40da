"""What there is against what is needed, for each Service; by our rows, Twilio is not asked."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from proxying.capacity.forecasting import Forecast, foresee
from proxying.capacity.sizing import (
    MOST_UNRESERVED,
    RESERVED_IN_A_SERVICE,
    first_day_remembered,
    size_for,
)
from proxying.models import (
    Interaction,
    PoolNumber,
    PoolPeak,
    ProxyService,
    ProxySession,
    ReservedNumber,
    StockNumber,
)


@dataclass(frozen=True)
class Reading:
    """One Service: how full it is, and how near its busiest seller is to the pool's end.

    *busiest* counts the buyers in that seller's open Sessions now, *peak* the most of the last
    seven days. *pool* are unreserved numbers that Proxy can use, *coming* those chosen but
    not there yet.
    """

    service: ProxyService
    reserved: int
    pool: int
    coming: int
    busiest: int
    peak: int
    forecast: Forecast

    @property
    def wanted(self) -> int:
        return size_for(max(self.peak, self.busiest))

    @property
    def missing(self) -> int:
        return max(0, self.wanted - self.pool)

    @property
    def is_low(self) -> bool:
        """The busiest seller's next buyer, or the one after, would be refused."""
        return self.busiest > 0 and self.busiest >= self.pool - 1

    @property
    def is_full(self) -> bool:
        """No new seller comes in here: the country's next Service takes them."""
        return self.reserved >= RESERVED_IN_A_SERVICE

    @property
    def cannot_grow(self) -> bool:
        return self.wanted >= MOST_UNRESERVED

    @property
    def numbers(self) -> int:
        """All that are paid for, or about to be."""
        return self.reserved + self.pool + self.coming


def measure() -> list[Reading]:
    """A reading of every Service. The same few queries for any number of them."""
    services = ProxyService.objects.order_by("country", "pk").annotate(
        held=Count(
            "reserved_numbers",
            filter=~Q(reserved_numbers__status=ReservedNumber.Status.RELEASED),
        )
    )
    busiest = _busiest(buyers_by_seller(open_sessions()))
    filled, coming = _pools()
    peaks = _peaks()
    return [
        Reading(
            service=service,
            reserved=service.held,
            pool=filled[service.pk],
            coming=coming[service.pk],
            busiest=busiest[service.pk],
            peak=max((peak.busiest for peak in peaks.get(service.pk, [])), default=0),
            forecast=foresee(
                [(peak.day, peak.busiest) for peak in peaks.get(service.pk, [])],
                filled[service.pk],
            ),
        )
        for service in services
    ]


def in_stock() -> int:
    """Numbers that are paid for, or about to be, and in no Service yet."""
    return StockNumber.objects.count()


def open_sessions() -> QuerySet[ProxySession]:
    """Sessions that hold a number of the pool: not closed, and begun or used within their time.

    One that Proxy was told to create and perhaps refused counts too: that buyer was there.
    """
    since = timezone.now() - timedelta(seconds=settings.PROXY_SESSION_TTL)
    return _not_closed_since(since)


def buyers_by_seller(sessions: QuerySet[ProxySession]) -> Counter[tuple[int, UUID]]:
    """How many buyers each seller has in these, by (Service, seller).

    Two texts that began one Session together are two rows of one buyer.
    """
    rows: Iterable[tuple[int, UUID, UUID, int]] = (
        sessions.exclude(reserved_number__service=None)
        .values_list("reserved_number__service", "reserved_number__seller", "reserved_number")
        .annotate(buyers=Count("buyer_index", distinct=True))
        .order_by()
    )
    counted: Counter[tuple[int, UUID]] = Counter()
    for service, seller, _number, buyers in rows:
        counted[service, seller] += buyers
    return counted


def _not_closed_since(since: datetime) -> QuerySet[ProxySession]:
    # Two short walks of an index; one OR would read every Session there ever was.
    begun = ProxySession.objects.filter(closed_at=None, created_at__gt=since).values("pk")
    used = (
        Interaction.objects.filter(created_at__gt=since)
        .exclude(proxy_session=None)
        .values("proxy_session")
    )
    return ProxySession.objects.filter(closed_at=None, pk__in=begun.union(used))


def _busiest(buyers: Counter[tuple[int, UUID]]) -> Counter[int]:
    most: Counter[int] = Counter()
    for (service, _seller), count in buyers.items():
        most[service] = max(most[service], count)
    return most


def _pools() -> tuple[Counter[int], Counter[int]]:
    """By Service: the unreserved numbers that are there, and those that are still to come."""
    filled: Counter[int] = Counter()
    coming: Counter[int] = Counter()
    rows = PoolNumber.objects.values_list("service").annotate(
        there=Count("added_at"),
        chosen=Count("pk", filter=Q(added_at=None, next_attempt_at__isnull=False)),
    )
    for service, there, chosen in rows.order_by():
        filled[service], coming[service] = there, chosen
    return filled, coming


def _peaks() -> dict[int, list[PoolPeak]]:
    peaks: dict[int, list[PoolPeak]] = {}
    for peak in PoolPeak.objects.filter(day__gte=first_day_remembered()).order_by("day"):
        peaks.setdefault(peak.service_id, []).append(peak)
    return peaks
