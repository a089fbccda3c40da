"""A buyer asks to buy."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from listings.models import AccountBlock, Listing, Purchase
from listings.purchasing import telling
from listings.purchasing.locking import Refused, lock_listing
from listings.selling import contact_data
from proxying.models import Block, Seller

# Each request is a text on somebody's phone.
REQUESTS_A_DAY: Final = 10
REQUESTS_A_LISTING: Final = 3


class CannotBuy(Refused):
    """This person cannot ask for this listing now. The text says why."""


@transaction.atomic
def request(listing: Listing, buyer: User, *, name: str, price: Decimal, note: str) -> Purchase:
    """A new request, told to both; ``CannotBuy`` when something stands against it.

    *price* is in US dollars; a free item costs nothing whatever is offered. *name* and *note*
    go into mails and texts, so neither may hold a number or an address. Asking again while
    the first is open is refused.
    """
    if contact_data.find(name) or contact_data.find(note):
        raise CannotBuy(_("Leave phone numbers and e-mail addresses out of it."))
    listing = lock_listing(listing.pk)
    if reason := why_not(listing, buyer):
        raise CannotBuy(reason)
    purchase = Purchase.objects.create(
        listing=listing,
        buyer=buyer,
        buyer_name=name,
        price=price if listing.price else Decimal(0),
        note=note,
    )
    telling.requested(purchase)
    return purchase


def why_not(listing: Listing, buyer: User) -> str:
    """Why *buyer* cannot ask for *listing* now, as a sentence; empty when they can."""
    return _about_person(listing, buyer) or _about_item(listing) or _too_often(listing, buyer)


def _about_person(listing: Listing, buyer: User) -> str:
    if listing.seller.user_id == buyer.pk:
        return _("This is your own item.")
    if _is_blocked(listing.seller, buyer):
        return _("The seller does not take requests from you.")
    if Seller.objects.filter(user=buyer, suspended_at__isnull=False).exists():
        return _("Your account is suspended, so you cannot buy at the moment.")
    if open_purchase(listing, buyer):
        return _("You have already asked to buy this.")
    return ""


def _about_item(listing: Listing) -> str:
    if listing.state == Listing.State.SOLD:
        return _("This item is sold.")
    if listing.state == Listing.State.EXPIRED:
        return _("This listing has ended. The seller can renew it.")
    if not Listing.objects.public().filter(pk=listing.pk).exists():
        return _("This item is not for sale at the moment.")
    if listing.state == Listing.State.RESERVED:
        return _("This item is reserved for somebody else. It may become free again.")
    return ""


def open_purchase(listing: Listing, buyer: User) -> Purchase | None:
    """What the buyer has under way for this listing; there is at most one."""
    return Purchase.objects.open().filter(listing=listing, buyer=buyer).first()


def _is_blocked(seller: Seller, buyer: User) -> bool:
    """The account, or the phone that the buyer has proved for selling."""
    if AccountBlock.objects.filter(seller=seller, user=buyer).exists():
        return True
    proved = Seller.objects.filter(user=buyer, phone_verified_at__isnull=False)
    return Block.objects.filter(
        seller=seller, buyer_index__in=proved.values("phone_number_index")
    ).exists()


def _too_often(listing: Listing, buyer: User) -> str:
    asked = Purchase.objects.filter(buyer=buyer)
    if asked.filter(listing=listing).count() >= REQUESTS_A_LISTING:
        return _("You have asked for this item several times. Call or text the seller instead.")
    a_day_ago = timezone.now() - timedelta(days=1)
    if asked.filter(requested_at__gte=a_day_ago).count() >= REQUESTS_A_DAY:
        return _("You have asked for a lot today. Try again tomorrow, or call the seller.")
    return ""
