"""A seller's own listings. Another's is a 404, as is one that is not there."""

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from listings.models import REFERENCE_ALPHABET, Listing, ListingQuerySet


def own_listings(request: HttpRequest) -> ListingQuerySet:
    return Listing.objects.filter(seller__user=request.user.pk)


def own_listing(request: HttpRequest, reference: str) -> Listing:
    # Not every text can be asked of a database: PostgreSQL refuses NUL.
    if not set(reference) <= set(REFERENCE_ALPHABET):
        raise Http404("no reference")
    return get_object_or_404(own_listings(request).select_related("seller"), reference=reference)
