"""One step at a time on each listing, and the refusal of a step."""

from listings.models import Listing, Purchase


class Refused(Exception):
    """A step that cannot be taken now. The text is a translated sentence for the person."""


def lock_listing(pk: int) -> Listing:
    """The listing as it is now, with its seller; nobody else changes it in this transaction."""
    return Listing.objects.select_for_update(of=("self",)).select_related("seller__user").get(pk=pk)


def lock(purchase: Purchase) -> Purchase:
    """The purchase as it is now. Its listing is locked first, and so all its purchases are."""
    listing = lock_listing(purchase.listing_id)
    fresh = Purchase.objects.select_related("buyer").get(pk=purchase.pk)
    fresh.listing = listing
    return fresh
