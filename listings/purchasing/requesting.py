"""A buyer asks to buy."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from listings.models import AccountBlock, Listing, ListingQuerySet, Purchase
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
    if open_purchase(listing, buyer):
        raise CannotBuy(_("You have already asked to buy this."))
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


def askable(buyer: User) -> ListingQuerySet:
    """What *buyer* may ask for, or be told why not: public, ended, or the buyer's own."""
    seen = Listing.objects.visible_to(buyer) | Listing.objects.ended()
    return seen.exclude(state=Listing.State.DRAFT)


def why_not(listing: Listing, buyer: User) -> str:
    """Why *buyer* cannot ask for *listing* now, as a sentence; empty when they can.

    What has been asked for already is not looked at.
    """
    if listing.seller.user_id == buyer.pk:
        return _("This is your own item.")
    return _about_item(listing) or _about_person(listing, buyer) or _too_often(listing, buyer)


def _about_item(listing: Listing) -> str:
    if listing.state == Listing.State.SOLD:
        return _("This item is sold.")
    if listing.state == Listing.State.EXPIRED:
        return _("This listing has ended. The seller can renew it.")
    if not listing.is_public:
        return _("This item is not for sale at the moment.")
    if listing.state == Listing.State.RESERVED:
        return _("This item is reserved for somebody else. It may become free again.")
    return ""


def _about_person(listing: Listing, buyer: User) -> str:
    """Blocked by account, or by the phone that the buyer has proved for selling; suspended."""
    sells = Seller.objects.filter(user=buyer)
    phones = sells.filter(phone_verified_at__isnull=False).values("phone_number_index")
    by_account = AccountBlock.objects.filter(seller=OuterRef("pk"), user=buyer)
    by_phone = Block.objects.filter(seller=OuterRef("pk"), buyer_index__in=phones)
    found = (
        Seller.objects.filter(pk=listing.seller_id)
        .annotate(
            refused=Exists(by_account) | Exists(by_phone),
            suspended=Exists(sells.filter(suspended_at__isnull=False)),
        )
        .values("refused", "suspended")
        .get()
    )
    if found["refused"]:
        return _("The seller does not take requests from you.")
    if found["suspended"]:
        return _("Your account is suspended, so you cannot buy at the moment.")
    return ""


def open_purchase(listing: Listing, buyer: User) -> Purchase | None:
    """What the buyer has under way for this listing; there is at most one."""
    return Purchase.objects.open().filter(listing=listing, buyer=buyer).first()


def _too_often(listing: Listing, buyer: User) -> str:
    a_day_ago = timezone.now() - timedelta(days=1)
    asked = Purchase.objects.filter(buyer=buyer).aggregate(
        for_this=Count("pk", filter=Q(listing=listing)),
        today=Count("pk", filter=Q(requested_at__gte=a_day_ago)),
    )
    if asked["for_this"] >= REQUESTS_A_LISTING:
        return _("You have asked for this item several times. Call or text the seller instead.")
    if asked["today"] >= REQUESTS_A_DAY:
        return _("You have asked for a lot today. Try again tomorrow, or call the seller.")
    return ""
