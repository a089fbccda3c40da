"""The seller's own pages: post, edit, change the state. Another's listing is a 404."""

from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from listings.models import Listing, ListingQuerySet, Photo
from listings.selling.forms import ListingForm
from listings.selling.photos import attach
from proxying.models import Seller

_TWICE_WITHIN: Final = timedelta(minutes=1)

STATE_MESSAGES = {
    Listing.State.ACTIVE: "“{}” is for sale.",
    Listing.State.RESERVED: "“{}” is marked as reserved. Buyers still see it, with a badge.",
    Listing.State.SOLD: "“{}” is marked as sold. Congratulations!",
    Listing.State.PAUSED: "“{}” is paused: only you see it.",
}


def _own(request: HttpRequest) -> ListingQuerySet:
    return Listing.objects.filter(seller__user=request.user.pk)


def _to_phone_page(then: str) -> HttpResponse:
    return redirect(f"{reverse('seller_phone')}?{urlencode({'next': then})}")


@login_required
@require_safe
def my_listings(request: HttpRequest) -> HttpResponse:
    seller = Seller.objects.filter(user=request.user.pk).first()
    context = {
        "listings": _own(request).order_by("-created_at").prefetch_related("photos"),
        "seller": seller,
        "is_reachable": Seller.objects.reachable().filter(user=request.user.pk).exists(),
    }
    return render(request, "listings/my_listings.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def listing_create(request: HttpRequest) -> HttpResponseBase:
    """A new listing. Who has no seller's account yet makes one first: nothing is typed yet."""
    seller = Seller.objects.filter(user=request.user.pk).first()
    if seller is None:
        return _to_phone_page(reverse("listing_create"))
    return _listing_form(request, Listing(seller=seller))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def listing_edit(request: HttpRequest, reference: str) -> HttpResponseBase:
    listing = get_object_or_404(_own(request).select_related("seller"), reference=reference)
    return _listing_form(request, listing)


def _listing_form(request: HttpRequest, listing: Listing) -> HttpResponseBase:
    """Show, check and save *listing*; ``publish`` among the fields sent puts it up for sale."""
    is_draft = listing.state == Listing.State.DRAFT
    save_as_draft = is_draft and request.method == "POST" and "publish" not in request.POST
    form = ListingForm(
        request.POST or None,
        request.FILES or None,
        instance=listing,
        publish=not save_as_draft,
    )
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            # One at a time for each seller, so that the second of two clicks sees the first's.
            Seller.objects.select_for_update().get(pk=listing.seller_id)
            state = Listing.State.DRAFT if save_as_draft else Listing.State.ACTIVE
            if twin := _just_posted_twin(form.instance, state):
                return _after_saving(request, twin)
            listing = form.save()
            attach(listing, form.cleaned_data["photos"])
            if is_draft and not save_as_draft:
                listing.move_to(Listing.State.ACTIVE)
        return _after_saving(request, listing)
    context = {
        "form": form,
        "listing": listing,
        "is_draft": is_draft,
        "photos": listing.photos.all() if listing.pk else (),
    }
    return render(request, "listings/listing_form.html", context)


def _just_posted_twin(listing: Listing, state: Listing.State) -> Listing | None:
    """What the first of two clicks on the same new form has already brought to *state*."""
    if listing.pk:
        return None
    words = ("seller_id", "title", "description", "price", "category_id", "condition", "place")
    return Listing.objects.filter(
        created_at__gte=timezone.now() - _TWICE_WITHIN,
        state=state,
        **{name: getattr(listing, name) for name in words},
    ).first()


def _after_saving(request: HttpRequest, listing: Listing) -> HttpResponseBase:
    """On to what the seller wants to see next: the page, or what is still missing for it."""
    if not listing.is_published:
        messages.success(request, f"“{listing.title}” is saved. Only you see it.")
        return redirect("my_listings")
    if listing.seller.phone_verified_at is None:
        messages.success(
            request,
            f"“{listing.title}” is saved. It goes live by itself when your number is there: "
            "prove your phone to get one.",
        )
        return _to_phone_page(reverse("my_listings"))
    if not Listing.objects.public().filter(pk=listing.pk).exists():
        messages.success(
            request, f"“{listing.title}” is saved. It goes live when your number is there."
        )
        return redirect("my_listings")
    messages.success(request, f"“{listing.title}” is saved.")
    return redirect(listing)


@login_required
@require_POST
def listing_state(request: HttpRequest, reference: str) -> HttpResponse:
    """Reserve, sell, pause or offer again: ``state`` names where to."""
    listing = get_object_or_404(_own(request), reference=reference)
    if request.POST.get("state") not in STATE_MESSAGES:
        raise Http404("no such state")
    state = Listing.State(request.POST["state"])
    if not listing.is_complete:
        messages.error(request, f"“{listing.title}” still needs a few words before buyers see it.")
        return redirect("listing_edit", listing.reference)
    if listing.move_to(state):
        messages.success(request, STATE_MESSAGES[state].format(listing.title))
    else:
        messages.warning(request, f"“{listing.title}” is {listing.get_state_display().lower()}.")
    return redirect("my_listings")


@login_required
@require_POST
def photo_delete(request: HttpRequest, reference: str, photo_id: int) -> HttpResponse:
    photo = get_object_or_404(
        Photo, pk=photo_id, listing__in=_own(request).filter(reference=reference)
    )
    photo.delete()
    messages.success(request, "The picture is deleted.")
    return redirect("listing_edit", reference)
