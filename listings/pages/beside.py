"""What else a buyer may like: things like this one, and the seller's others."""

from typing import Final

from django.db.models import Avg, Count, QuerySet

from listings.models import Listing, ListingQuerySet, Purchase, Rating
from proxying.models import Seller

AT_MOST: Final = 4


def similar_to(listing: Listing) -> list[Listing]:
    """Other sellers' things of the same category, those nearest in price first."""
    if listing.category_id is None or listing.price is None:
        return []
    shelf = Listing.objects.for_sale().filter(category=listing.category_id)
    shelf = shelf.exclude(seller=listing.seller_id)
    # Two short walks along the index by price, away from ours: no sort of a whole category.
    dearer = shelf.filter(price__gte=listing.price).order_by("price", "id")[:AT_MOST]
    cheaper = shelf.filter(price__lt=listing.price).order_by("-price", "-id")[:AT_MOST]
    price = listing.price
    return sorted([*dearer, *cheaper], key=lambda one: abs((one.price or 0) - price))[:AT_MOST]


def others_of(listing: Listing) -> ListingQuerySet:
    """What the seller has for sale besides, newest first."""
    others = Listing.objects.for_sale().filter(seller=listing.seller_id).exclude(pk=listing.pk)
    return others.order_by("-published_at", "-id")[:AT_MOST]


def stars_of(seller: Seller) -> dict[str, float | int | None]:
    """``average`` (1 to 5, None without any) and ``count`` of what buyers said."""
    return ratings_of(seller).aggregate(average=Avg("stars"), count=Count("pk"))


def ratings_of(seller: Seller) -> QuerySet[Rating]:
    """What the seller's buyers said of completed purchases, the latest first."""
    return Rating.objects.filter(
        by_buyer=True,
        purchase__listing__seller=seller,
        purchase__state=Purchase.State.COMPLETED,
    ).order_by("-created_at", "-id")
