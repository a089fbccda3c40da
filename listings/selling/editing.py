"""The form of one listing. What was typed is kept, as a draft, before anything is asked for."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from listings.browsing.words import learn
from listings.models import Listing, Photo
from listings.models.catalog import unused_reference
from listings.notices import our_address
from listings.selling import contact_data, gallery
from listings.selling.fields import no_room
from listings.selling.forms import WORDS, ListingForm
from listings.selling.offering import NotOffered, offer
from listings.selling.own import own_listing
from proxying.models import Seller


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def listing_create(request: HttpRequest) -> HttpResponse:
    """A new listing, by whoever has an account: the phone is asked for afterwards."""
    assert request.user.is_authenticated
    if request.method != "POST":
        seller = Seller.objects.filter(user=request.user).first() or Seller(user=request.user)
        listing = Listing(seller=seller, reference=unused_reference())
        return _page(request, listing, ListingForm(instance=listing, publish=True))
    seller, _is_new = Seller.objects.get_or_create(user=request.user)
    return _save(request, _begun(request, seller))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def listing_edit(request: HttpRequest, reference: str) -> HttpResponse:
    listing = own_listing(request, reference)
    if request.method != "POST":
        return _page(request, listing, ListingForm(instance=listing, publish=True))
    return _save(request, listing)


@login_required
@require_POST
def photo_delete(request: HttpRequest, reference: str, photo_id: int) -> HttpResponse:
    _own_photo(request, reference, photo_id).delete()
    messages.success(request, _("The picture is deleted."))
    return _with_what_is_typed(request, reference)


@login_required
@require_POST
def photo_move(request: HttpRequest, reference: str, photo_id: int) -> HttpResponse:
    """Put a picture ``earlier``, ``later``, or at a place counted from 1: ``to`` says where."""
    photo = _own_photo(request, reference, photo_id)
    to = request.POST.get("to", "")
    steps = {"earlier": -1, "later": 1}
    if to in steps:
        gallery.move(photo, gallery.place_of(photo) + steps[to])
    elif to.isascii() and to.isdigit():
        gallery.move(photo, int(to[:3]))
    return _with_what_is_typed(request, reference)


@login_required
@require_POST
def photo_turn(request: HttpRequest, reference: str, photo_id: int) -> HttpResponse:
    """Turn a picture a quarter ``left`` or ``right``: ``way`` says which."""
    photo = _own_photo(request, reference, photo_id)
    if request.POST.get("way") in gallery.TURNS:
        gallery.turn(photo, request.POST["way"])
    return _with_what_is_typed(request, reference)


def _own_photo(request: HttpRequest, reference: str, photo_id: int) -> Photo:
    listing = own_listing(request, reference)
    return get_object_or_404(listing.photos.select_related("listing"), pk=photo_id)


def _begun(request: HttpRequest, seller: Seller) -> Listing:
    """The listing that this new form is about: a second click means what the first has made.

    Each form names the reference of the listing it will make. A form that comes back with
    another title, by way of the browser's "Back", makes another listing.
    """
    try:
        reference = _signer(seller.user_id).unsign(request.POST.get("new", ""))
    except signing.BadSignature:
        return Listing(seller=seller)
    made = Listing.objects.filter(reference=reference).select_related("seller").first()
    if made is None:
        return Listing(seller=seller, reference=reference)
    is_the_same = made.seller == seller and made.title == request.POST.get("title", "").strip()
    return made if is_the_same else Listing(seller=seller)


def _signer(user_id: int) -> signing.Signer:
    return signing.Signer(salt=f"listings.selling.new.{user_id}")


def _save(request: HttpRequest, listing: Listing) -> HttpResponse:
    """Check and save *listing*; ``publish`` among the fields sent puts it up for sale.

    Whatever is wrong, a draft keeps the fields that are right and the pictures that could
    be read; and a listing on show gets the pictures, its words staying what they were.
    """
    is_draft = listing.state == Listing.State.DRAFT
    publish = not is_draft or "publish" in (*request.POST, request.POST.get("remove_contact"))
    form = ListingForm(_typed(request), request.FILES, instance=listing, publish=publish)
    is_valid = form.is_valid()
    twin = None
    with transaction.atomic():
        # One at a time for each seller, so that the second of two clicks sees the first's.
        Seller.objects.select_for_update().get(pk=listing.seller_id)
        if listing.pk is None and (made := _made_meanwhile(listing)):
            gallery.attach_new(made, form.photos_read)
            return _after_saving(request, made)
        if is_draft and (listing.pk or form.says_something):
            form.keep_valid()
        elif is_draft:
            form.add_error(None, _("There is nothing to save yet."))
        elif is_valid:
            form.save()
            learn(listing)
        _add_pictures(listing, form)
        if is_draft and publish and not form.errors:
            twin = _offer(listing, form)
    if form.errors:
        return _page(request, listing, form, twin)
    if "stay" in request.POST:
        return redirect("listing_edit", listing.reference)
    return _after_saving(request, listing)


def _typed(request: HttpRequest) -> QueryDict:
    """The fields sent; without phone numbers and addresses if the seller asks for that."""
    if "remove_contact" not in request.POST:
        return request.POST
    typed = request.POST.copy()
    for name in WORDS:
        typed[name] = contact_data.remove(typed.get(name, ""))
    return typed


def _made_meanwhile(listing: Listing) -> Listing | None:
    return Listing.objects.filter(
        seller=listing.seller, reference=listing.reference or None
    ).first()


def _add_pictures(listing: Listing, form: ListingForm) -> None:
    if listing.pk and form.photos_read:
        left_out = gallery.attach_new(listing, form.photos_read)
        if left_out:
            form.add_error("photos", no_room(left_out))


def _offer(listing: Listing, form: ListingForm) -> Listing | None:
    """Publish it, or say in the form why not; the listing that offers the same, if that is why."""
    try:
        offer(listing)
    except NotOffered as reason:
        form.add_error(None, str(reason))
        return reason.twin
    return None


def _with_what_is_typed(request: HttpRequest, reference: str) -> HttpResponse:
    """Back to the form. What it holds came along with the button, and must not be lost."""
    listing = own_listing(request, reference)
    if "title" not in request.POST:
        return redirect("listing_edit", reference)
    is_draft = listing.state == Listing.State.DRAFT
    form = ListingForm(request.POST, request.FILES, instance=listing, publish=not is_draft)
    form.is_valid()
    if is_draft:
        form.keep_valid()
    _add_pictures(listing, form)
    if form.errors or (not is_draft and form.has_changed()):
        return _page(request, listing, form)
    return redirect("listing_edit", reference)


def _page(
    request: HttpRequest, listing: Listing, form: ListingForm, twin: Listing | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "listing": listing,
        "is_draft": listing.state == Listing.State.DRAFT,
        "photos": listing.photos.all() if listing.pk else (),
        "new": "" if listing.pk else _signer(listing.seller.user_id).sign(listing.reference),
        "twin": twin,
        "contact": our_address(),
    }
    return render(request, "listings/listing_form.html", context)


def _after_saving(request: HttpRequest, listing: Listing) -> HttpResponse:
    """On to what the seller wants to see next: the page, or what is still missing for it."""
    title = {"title": listing.title or _("Your draft")}
    if not listing.is_published:
        messages.success(request, _("“%(title)s” is saved. Only you see it.") % title)
        return redirect("my_listings")
    if listing.seller.phone_verified_at is None:
        messages.success(
            request,
            _(
                "“%(title)s” is saved. It goes live by itself when your number is there: "
                "prove your phone to get one."
            )
            % title,
        )
        then = urlencode({"next": reverse("my_listings")})
        return redirect(f"{reverse('seller_phone')}?{then}")
    if not Listing.objects.public().filter(pk=listing.pk).exists():
        messages.success(
            request, _("“%(title)s” is saved. It goes live when your number is there.") % title
        )
        return redirect("my_listings")
    messages.success(request, _("“%(title)s” is saved.") % title)
    return redirect(listing)
