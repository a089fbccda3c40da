"""Buying: ask, follow, act. A purchase is its buyer's and its seller's; to others it is a 404."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Q, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from listings.models import AccountBlock, Purchase, PurchaseQuerySet
from listings.pages.beside import similar_to
from listings.purchasing import deciding, ending, rating, requesting
from listings.purchasing.forms import AcceptForm, RatingForm, RequestForm
from listings.purchasing.locking import Refused
from listings.purchasing.standing import Standing
from listings.purchasing.story import Story

PAGE_SIZE = 20


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def purchase_request(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask to buy, or read why not. Who has asked already is led to what they asked."""
    buyer = _person(request)
    listing = get_object_or_404(
        requesting.askable(buyer).select_related("seller").prefetch_related("photos"),
        reference=reference,
    )
    if under_way := requesting.open_purchase(listing, buyer):
        return redirect(under_way)
    why_not = requesting.why_not(listing, buyer)
    asked = request.POST if request.method == "POST" and not why_not else None
    form = RequestForm(asked, listing=listing, initial={"name": buyer.first_name})
    if form.is_valid():
        try:
            purchase = requesting.request(listing, buyer, **form.cleaned_data)
        except requesting.CannotBuy as refusal:
            why_not = str(refusal)
        else:
            messages.success(request, _("You asked. We mail you as soon as there is an answer."))
            return redirect(purchase)
    similar = similar_to(listing) if why_not else []
    prefetch_related_objects(similar, "photos")
    context = {
        "listing": listing,
        "listing_is_public": listing.is_public,
        "by_buyer": listing.seller.user_id != buyer.pk,
        "similar": similar,
        "form": form,
        "why_not": why_not,
    }
    return render(request, "listings/purchase_request.html", context)


@login_required
@require_safe
def purchase_list(request: HttpRequest) -> HttpResponse:
    """``?as=selling`` for what others buy from the person, else what the person buys."""
    is_selling = request.GET.get("as") == "selling"
    mine = Q(listing__seller__user=request.user.pk) if is_selling else Q(buyer=request.user.pk)
    purchases = (
        Purchase.objects.filter(mine)
        .select_related("listing__seller")
        .prefetch_related("listing__photos")
        .order_by("-requested_at", "-pk")
    )
    page = Paginator(purchases, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "deals": [(one, Standing.of(one, by_buyer=not is_selling)) for one in page],
        "is_selling": is_selling,
    }
    return render(request, "listings/purchase_list.html", context)


@login_required
@require_safe
def purchase_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _page(request, _mine(request, pk))


@login_required
@require_POST
def purchase_act(request: HttpRequest, pk: UUID, action: str) -> HttpResponse:
    """One step. What is the other side's to do is a 404; what cannot be now is told."""
    purchase = _mine(request, pk)
    by_buyer = purchase.buyer_id == request.user.pk
    if action == "rate":
        return _rate(request, purchase, by_buyer=by_buyer)
    if action == "accept" and not by_buyer:
        form = AcceptForm(request.POST)
        if not form.is_valid():
            return _page(request, purchase, accept_form=form)
        return _take(request, purchase, lambda: deciding.accept(purchase, **form.cleaned_data))
    steps: dict[str, Callable[[], object]] = {
        "cancel": lambda: ending.cancel(purchase, by_buyer=by_buyer),
        "confirm": lambda: ending.confirm(purchase, by_buyer=by_buyer),
    }
    if not by_buyer:
        steps |= {
            "decline": lambda: deciding.decline(purchase),
            "block": lambda: deciding.block(purchase),
            "unblock": lambda: deciding.unblock(purchase),
        }
    if action not in steps:
        raise Http404("no such step for this person")
    return _take(request, purchase, steps[action])


def _take(request: HttpRequest, purchase: Purchase, step: Callable[[], object]) -> HttpResponse:
    try:
        step()
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Done. What happens next stands below."))
    return redirect(purchase)


def _rate(request: HttpRequest, purchase: Purchase, *, by_buyer: bool) -> HttpResponse:
    form = RatingForm(request.POST)
    if not form.is_valid():
        return _page(request, purchase, rating_form=form)
    return _take(
        request,
        purchase,
        lambda: rating.rate(purchase, by_buyer=by_buyer, **form.cleaned_data),
    )


def _mine(request: HttpRequest, pk: UUID) -> Purchase:
    purchases: PurchaseQuerySet = Purchase.objects.of(request.user.pk)
    return get_object_or_404(
        purchases.select_related("listing__seller", "listing__category", "buyer").prefetch_related(
            "listing__photos", "ratings"
        ),
        pk=pk,
    )


def _page(
    request: HttpRequest,
    purchase: Purchase,
    *,
    accept_form: AcceptForm | None = None,
    rating_form: RatingForm | None = None,
) -> HttpResponse:
    """The purchase's page; with a form that was not understood it is a 400."""
    by_buyer = purchase.buyer_id == request.user.pk
    ratings = list(purchase.ratings.all())
    is_blocked = (
        not by_buyer
        and AccountBlock.objects.filter(
            seller=purchase.listing.seller_id, user=purchase.buyer_id
        ).exists()
    )
    context = {
        "purchase": purchase,
        "listing": purchase.listing,
        "by_buyer": by_buyer,
        "standing": Standing.of(purchase, by_buyer=by_buyer),
        "story": Story(purchase, by_buyer, any(one.by_buyer == by_buyer for one in ratings)),
        "ratings": ratings,
        "reputation": rating.of_other_side(purchase, by_buyer=by_buyer),
        "is_blocked": is_blocked,
        "listing_is_public": purchase.listing.is_public,
        "accept_form": accept_form or AcceptForm(),
        "rating_form": rating_form or RatingForm(),
    }
    status = 400 if accept_form or rating_form else 200
    return render(request, "listings/purchase_detail.html", context, status=status)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "login_required"
    return request.user
