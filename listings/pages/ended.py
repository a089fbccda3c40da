"""The page of a listing that is over: it says so, and shows what is like it. No number."""

from http import HTTPStatus

from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from listings.models import Listing
from listings.pages import beside


def ended_page(request: HttpRequest, reference: str) -> HttpResponse:
    """410 for what was public once (``ListingQuerySet.ended``), at each of its addresses."""
    listing = (
        Listing.objects.ended()
        .select_related("seller", "category")
        .prefetch_related("photos")
        .filter(reference=reference)
        .first()
    )
    if listing is None:
        raise Http404("no such listing")
    similar, others = beside.similar_to(listing), list(beside.others_of(listing))
    prefetch_related_objects([*similar, *others], "photos")
    context = {"listing": listing, "similar": similar, "others": others}
    return render(request, "listings/listing_ended.html", context, status=HTTPStatus.GONE)
