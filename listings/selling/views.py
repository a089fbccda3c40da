"""The seller's list, and what is done to a listing from it: states, copies, renewal."""

from typing import Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from listings.models import Listing
from listings.notices import our_address
from listings.purchasing.ending import listing_left
from listings.selling import drafts, expiry
from listings.selling.fields import SaleForm
from listings.selling.offering import NotOffered, offer
from listings.selling.own import own_listing, own_listings
from proxying.models import Seller

A_PAGE: Final = 20

STATE_MESSAGES: Final = {
    Listing.State.ACTIVE: gettext_lazy("“%(title)s” is for sale."),
    Listing.State.RESERVED: gettext_lazy(
        "“%(title)s” is marked as reserved. Buyers still see it, with a badge."
    ),
    Listing.State.SOLD: gettext_lazy("“%(title)s” is marked as sold. Congratulations!"),
    Listing.State.PAUSED: gettext_lazy("“%(title)s” is paused: only you see it."),
}


@login_required
@require_safe
def my_listings(request: HttpRequest) -> HttpResponse:
    """``state`` shows those in one state, ``page`` the next twenty; nonsense shows all."""
    counts = dict(
        own_listings(request).values_list("state").annotate(number=Count("pk")).order_by()
    )
    chosen = request.GET.get("state", "")
    chosen = chosen if chosen in Listing.State.values else ""
    found = own_listings(request).filter(**({"state": chosen} if chosen else {}))
    page = Paginator(
        found.order_by("-created_at", "-pk").prefetch_related("photos", "purchases"), A_PAGE
    ).get_page(request.GET.get("page"))
    seller = Seller.objects.filter(user=request.user.pk).first()
    context = {
        "page": page,
        "rows": [(listing, expiry.token(listing)) for listing in page],
        "tabs": [(state, counts[state]) for state in Listing.State if state in counts],
        "total": sum(counts.values()),
        "chosen": chosen,
        "soon": timezone.now() + expiry.WARNED_BEFORE,
        "seller": seller,
        "contact": our_address(),
        "is_reachable": Seller.objects.reachable().filter(user=request.user.pk).exists(),
    }
    return render(request, "listings/my_listings.html", context)


@login_required
@require_POST
def listing_state(request: HttpRequest, reference: str) -> HttpResponse:
    """Reserve, sell, pause or offer again: ``state`` names where to."""
    listing = own_listing(request, reference)
    if request.POST.get("state") not in STATE_MESSAGES:
        raise Http404("no such state")
    state = Listing.State(request.POST["state"])
    if not listing.is_complete:
        messages.error(request, _incomplete(listing))
        return redirect("listing_edit", listing.reference)
    try:
        _take_to(listing, state)
    except NotOffered as reason:
        messages.warning(request, str(reason))
        return redirect("my_listings")
    messages.success(request, STATE_MESSAGES[state] % {"title": listing.title})
    if state == Listing.State.SOLD:
        return redirect("listing_sold", listing.reference)
    return redirect("my_listings")


def _take_to(listing: Listing, state: Listing.State) -> None:
    """Take *listing* to *state*, and purchases with it; ``NotOffered`` if it may not go there."""
    with transaction.atomic():
        if state == Listing.State.ACTIVE:
            offer(listing)
        elif not listing.move_to(state):
            raise NotOffered(
                _("“%(title)s” is %(state)s.")
                % {"title": listing.title, "state": listing.get_state_display().lower()}
            )
        listing_left(listing)


def _incomplete(listing: Listing) -> str:
    return _("“%(title)s” still needs a few words before buyers see it.") % {
        "title": listing.title or _("Your draft")
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def listing_sold(request: HttpRequest, reference: str) -> HttpResponse:
    """Asks where it was sold and for how much; it is sold already, and may be left unsaid."""
    listing = own_listing(request, reference)
    if listing.state != Listing.State.SOLD:
        raise Http404("not sold")
    said = {"sold_where": listing.sold_where, "sold_price": listing.sold_price}
    form = SaleForm(request.POST or None, initial=said)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            sold = own_listings(request).filter(pk=listing.pk, state=Listing.State.SOLD)
            sold.update(**form.cleaned_data)
            listing_left(listing)
        messages.success(request, _("Thank you. It is noted, for you alone."))
        return redirect("my_listings")
    return render(request, "listings/listing_sold.html", {"form": form, "listing": listing})


@login_required
@require_POST
def listing_copy(request: HttpRequest, reference: str) -> HttpResponse:
    """A new draft with the words and pictures of an old listing."""
    draft = drafts.copy(own_listing(request, reference))
    messages.success(request, _("Here is a copy. Only you see it until you publish it."))
    return redirect("listing_edit", draft.reference)


@login_required
@require_POST
def listing_delete(request: HttpRequest, reference: str) -> HttpResponse:
    """Delete a draft. What buyers have seen is closed, not deleted."""
    listing = own_listing(request, reference)
    if drafts.delete(listing):
        messages.success(request, _("The draft is deleted."))
    else:
        messages.warning(request, _("Only a draft can be deleted. Mark it as sold or pause it."))
    return redirect("my_listings")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def listing_renew(request: HttpRequest, token: str) -> HttpResponse:
    """From the mail, without a log-in: the token is the permission, and only to renew."""
    listing = expiry.listing_of(token)
    if listing is None:
        raise Http404("no such listing")
    may_be_renewed = listing.state in expiry.RENEWABLE
    if request.method == "POST" and may_be_renewed:
        try:
            expiry.renew(listing)
        except NotOffered as reason:
            messages.warning(request, str(reason))
        else:
            listing.refresh_from_db()
            messages.success(
                request, _("“%(title)s” is for sale, for its full time.") % {"title": listing.title}
            )
        return redirect("my_listings" if _is_own(request, listing) else request.path)
    context = {"listing": listing, "may_be_renewed": may_be_renewed}
    return render(request, "listings/listing_renew.html", context)


def _is_own(request: HttpRequest, listing: Listing) -> bool:
    return own_listings(request).filter(pk=listing.pk).exists()
