"""A person goes for good: what is theirs is deleted, what others need of it says no name.

Rows that others refer to stay: a purchase, the listing it was about, the stars given for it.
"""

import uuid

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.models import AuthToken

from listings.models import (
    AccountBlock,
    Favourite,
    Listing,
    ListingDay,
    Notice,
    Purchase,
    SavedSearch,
)
from listings.notices import owe
from proxying.models import Seller
from proxying.phone_numbers import redact


@transaction.atomic
def leave(user: User) -> None:
    """Deletes the account of *user*, all or nothing. Every session of theirs ends with it."""
    listings = _lock_listings(user)
    _end_purchases(user)
    for listing in listings:
        if listing.seller.user_id == user.pk:
            _take_away(listing)
    for rows in (
        Favourite.objects,
        SavedSearch.objects,
        Notice.objects,
        EmailAddress.objects,
        Authenticator.objects,
        AuthToken.objects,
    ):
        rows.filter(user=user).delete()
    seller = Seller.objects.filter(user=user).first()
    if seller:
        AccountBlock.objects.filter(seller=seller).delete()
        seller.leave()
    _forget(user)


def _lock_listings(user: User) -> list[Listing]:
    """Those the person sells or has asked for: from here on nobody takes a step on them."""
    asked_for = Purchase.objects.open().filter(buyer=user).values("listing")
    return list(
        Listing.objects.filter(Q(seller__user=user) | Q(pk__in=asked_for))
        .select_related("seller")
        .select_for_update(of=("self",))
        .order_by("pk")
    )


def _end_purchases(user: User) -> None:
    """Open ones are cancelled, and the other side is told; the person's own words go from all."""
    purchases = Purchase.objects.of(user.pk)
    for purchase in purchases.open().select_related("listing__seller__user", "buyer"):
        leaver_buys = purchase.buyer_id == user.pk
        if leaver_buys and purchase.state == Purchase.State.ACCEPTED:
            purchase.listing.move_to(Listing.State.ACTIVE)
        title = redact(purchase.listing.title)
        owe(
            purchase.listing.seller.user if leaver_buys else purchase.buyer,
            _("Cancelled: “%(item)s”") % {"item": title},
            _(
                "The other side has closed their account, so the purchase of “%(item)s” is "
                "cancelled. There is nothing you need to do."
            )
            % {"item": title},
        )
        purchase.state = Purchase.State.CANCELLED
        purchase.ended_at = timezone.now()
        purchase.ended_by = Purchase.Side.BUYER if leaver_buys else Purchase.Side.SELLER
        purchase.save(update_fields=["state", "ended_at", "ended_by"])
    purchases.filter(buyer=user).update(buyer_name=_("Former member"), note="")


def _take_away(listing: Listing) -> None:
    """Deletes the listing; one that was bought, or asked for, stays as an empty shell."""
    if not listing.purchases.exists():
        listing.delete()
        return
    listing.photos.all().delete()
    ListingDay.objects.filter(listing=listing).delete()
    Favourite.objects.filter(listing=listing).delete()
    sold = listing.state == Listing.State.SOLD
    listing.state = Listing.State.SOLD if sold else Listing.State.PAUSED
    listing.title = _("Item of a former seller")
    listing.description = listing.place = "-"
    listing.latitude = listing.longitude = None
    listing.hidden_at = listing.hidden_at or timezone.now()
    listing.save()


def _forget(user: User) -> None:
    """The row stays for what refers to it. With another password no session holds any more."""
    user.username = f"gone-{uuid.uuid4().hex}"
    user.first_name = user.last_name = user.email = ""
    user.set_unusable_password()
    user.is_active = user.is_staff = user.is_superuser = False
    user.last_login = None
    user.save()
    user.groups.clear()
    user.user_permissions.clear()
