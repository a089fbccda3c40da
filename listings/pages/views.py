"""The page of one listing, its QR code, and how it all works."""

import io
from typing import Any

import segno
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from listings.models import Listing, Purchase
from listings.pages import beside, structured_data
from listings.pages.contact import contact_of
from listings.pages.counting import count_view
from listings.pages.ended import ended_page
from listings.watching import favourites
from proxying.phone_numbers import redact


@require_safe
def listing_detail(request: HttpRequest, reference: str, slug: str = "") -> HttpResponseBase:
    """The one page on which a seller's reserved number stands; without it once all is over."""
    listing = (
        Listing.objects.visible_to(request.user)
        .select_related("seller", "category__parent")
        .prefetch_related("seller__reserved_numbers")
        .filter(reference=reference)
        .first()
    )
    if listing is None:
        return ended_page(request, reference)
    if request.path != listing.get_absolute_url():
        return redirect(listing, permanent=False)
    is_own = request.user.is_authenticated and listing.seller.user_id == request.user.pk
    if not is_own:
        count_view(request, listing)
    similar, others = beside.similar_to(listing), list(beside.others_of(listing))
    prefetch_related_objects([listing, *similar, *others], "photos")
    photos = list(listing.photos.all())
    page_url = settings.PUBLIC_ORIGIN + listing.get_absolute_url()
    context: dict[str, Any] = {
        "listing": listing,
        "photos": photos,
        "is_own": is_own,
        "contact": contact_of(listing, timezone.now()),
        "is_favourite": not is_own and favourites.is_marked(request, listing),
        "purchase": None if is_own else _open_purchase(request.user, listing),
        "similar": similar,
        "others": others,
        "stars": beside.stars_of(listing.seller),
        "page_url": page_url,
        "social_title": redact(listing.title),
        "public_origin": settings.PUBLIC_ORIGIN,
        "is_for_search_engines": listing.is_public and listing.state != Listing.State.SOLD,
        "product": structured_data.product(listing, photos, page_url)
        if listing.is_public
        else None,
    }
    return render(request, "listings/listing_detail.html", context)


def _open_purchase(user: AbstractBaseUser | AnonymousUser, listing: Listing) -> Purchase | None:
    """The person's own, still going on."""
    if not user.is_authenticated:
        return None
    return Purchase.objects.open().filter(listing=listing, buyer=user.pk).first()


@require_safe
@cache_control(public=True, max_age=3600)
def listing_qr(request: HttpRequest, reference: str) -> HttpResponse:
    """The page's address as a QR code, for the phone of somebody who reads on a desk."""
    listing = get_object_or_404(Listing.objects.public(), reference=reference)
    drawing = io.BytesIO()
    segno.make_qr(settings.PUBLIC_ORIGIN + listing.get_absolute_url(), error="m").save(
        drawing, kind="svg", border=2, dark="#15211b", light="#ffffff", omitsize=True
    )
    return HttpResponse(drawing.getvalue(), content_type="image/svg+xml")


@require_safe
def how_it_works(request: HttpRequest) -> HttpResponse:
    return render(request, "listings/how_it_works.html")
