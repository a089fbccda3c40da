"""Keeps on each listing whether its seller can be reached: pages read it with every row."""

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from listings.models import Listing
from proxying.models import Seller


def follow(seller_id: UUID, **kwargs: Any) -> None:
    """Receives ``proxying.reachability.reachability_changed``."""
    _renew(Q(seller=seller_id))


def follow_all() -> int:
    """Mends what a lost signal left behind; how many listings."""
    return _renew(Q())


def _renew(which: Q) -> int:
    reachable = Exists(Seller.objects.reachable().filter(pk=OuterRef("seller")))
    listings = Listing.objects.filter(which)
    return listings.filter(reachable, seller_is_reachable=False).update(
        seller_is_reachable=True
    ) + listings.filter(~reachable, seller_is_reachable=True).update(seller_is_reachable=False)
