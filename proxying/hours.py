"""When a seller takes calls: not while away, and not in the quiet hours of their own clock."""

from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from proxying.models import Seller


def is_away(seller: Seller, now: datetime) -> bool:
    """Neither calls nor texts come through; who tries is told so, a text once a day."""
    return seller.away_until is not None and now < seller.away_until


def is_quiet(seller: Seller, now: datetime) -> bool:
    """No calls come through; texts do. The hours may reach over midnight; their end is not in."""
    start, end = seller.quiet_from, seller.quiet_until
    if start is None or end is None:
        return False
    clock = clock_of(seller, now)
    if start <= end:
        return start <= clock < end
    return clock >= start or clock < end


def clock_of(seller: Seller, moment: datetime) -> time:
    """What the seller's clock shows at that moment."""
    return moment.astimezone(_zone(seller)).time()


def _zone(seller: Seller) -> ZoneInfo:
    try:
        return ZoneInfo(seller.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        # The list of zones changes from time to time; a call must be answered all the same.
        return ZoneInfo(settings.TIME_ZONE)
