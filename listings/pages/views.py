"""The pages that anybody may read."""

import io
from urllib.parse import quote

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from listings.models import Listing
from proxying.phone_numbers import display


@require_safe
def listing_detail(request: HttpRequest, reference: str, slug: str = "") -> HttpResponseBase:
    """The one page on which a seller's reserved number stands."""
    listing = get_object_or_404(
        Listing.objects.visible_to(request.user)
        .select_related("seller", "category")
        .prefetch_related("photos", "seller__reserved_numbers"),
        reference=reference.upper(),
    )
    if request.path != listing.get_absolute_url():
        return redirect(listing, permanent=False)
    number = listing.seller.reserved_number
    context = {
        "listing": listing,
        "photos": list(listing.photos.all()),
        "is_own": request.user.is_authenticated and listing.seller.user_id == request.user.pk,
        "page_url": settings.PUBLIC_BASE_URL + listing.get_absolute_url(),
        "public_base_url": settings.PUBLIC_BASE_URL,
    }
    if (
        number
        and number.is_active
        and number.proxy_identifier
        and listing.state in {Listing.State.ACTIVE, Listing.State.RESERVED}
    ):
        context |= {
            "number": display(number.proxy_identifier),
            "call_url": f"tel:{number.proxy_identifier}",
            "text_url": text_url(listing, number.proxy_identifier),
        }
    return render(request, "listings/listing_detail.html", context)


def text_url(listing: Listing, proxy_identifier: str) -> str:
    """A link that opens the phone's messages with the question already written.

    The reference is in it because one number serves all of a seller's items. RFC 5724 and
    Android want ``?body=``, older iPhones ``&body=``; both understand ``?&body=``.
    """
    question = f'Hi, is "{listing.title}" ({listing.reference}) still available?'
    return f"sms:{proxy_identifier}?&body={quote(question, safe='')}"


@require_safe
@cache_control(public=True, max_age=3600)
def listing_qr(request: HttpRequest, reference: str) -> HttpResponse:
    """The page's address as a QR code, for the phone of somebody who reads on a desk."""
    listing = get_object_or_404(Listing.objects.public(), reference=reference)
    drawing = io.BytesIO()
    segno.make_qr(settings.PUBLIC_BASE_URL + listing.get_absolute_url(), error="m").save(
        drawing, kind="svg", border=2, dark="#15211b", light="#ffffff", omitsize=True
    )
    return HttpResponse(drawing.getvalue(), content_type="image/svg+xml")


@require_safe
def how_it_works(request: HttpRequest) -> HttpResponse:
    return render(request, "listings/how_it_works.html")
