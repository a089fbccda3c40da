"""The seller answers: accept, decline, block."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from listings.models import AccountBlock, Listing, Purchase
from listings.purchasing import ending, telling
from listings.purchasing.locking import Refused, lock

State = Purchase.State

MIN_DAYS: Final = 1
MAX_DAYS: Final = 14


@transaction.atomic
def accept(purchase: Purchase, days: int | None = None) -> Purchase:
    """Reserves the listing for the buyer for *days* (1 to 14, ``RESERVED_DAYS`` by default).

    Others who asked are told that it is reserved, and their requests stay open. Idempotent:
    what is accepted already stays as it is. ``Refused`` when it was answered otherwise or
    the item is not free; of two accepted at once one wins.
    """
    days = settings.RESERVED_DAYS if days is None else days
    if not MIN_DAYS <= days <= MAX_DAYS:
        raise Refused(_("An item can be reserved for 1 to 14 days."))
    purchase = lock(purchase)
    if purchase.state == State.ACCEPTED:
        return purchase
    if purchase.state != State.REQUESTED:
        raise Refused(_("This request has already ended."))
    listing = purchase.listing
    if listing.state == Listing.State.RESERVED:
        raise Refused(_("The item is already reserved for somebody else."))
    if not Listing.objects.for_sale().filter(pk=listing.pk).exists():
        raise Refused(_("The item is not for sale at the moment."))
    purchase.state = State.ACCEPTED
    purchase.accepted_at = timezone.now()
    purchase.held_until = purchase.accepted_at + timedelta(days=days)
    try:
        with transaction.atomic():
            purchase.save()
    except IntegrityError:  # one_accepted_purchase_a_listing has the last word
        raise Refused(_("The item is already reserved for somebody else.")) from None
    listing.move_to(Listing.State.RESERVED)
    telling.accepted(purchase)
    for other in ending.open_beside(purchase):
        telling.reserved_for_another(other)
    return purchase


@transaction.atomic
def decline(purchase: Purchase) -> Purchase:
    """Says no to a request. Idempotent; ``Refused`` when it was answered otherwise."""
    purchase = lock(purchase)
    if purchase.state == State.DECLINED:
        return purchase
    if purchase.state != State.REQUESTED:
        raise Refused(_("This request has already ended or is accepted."))
    ending.close(purchase, State.DECLINED, Purchase.Side.SELLER)
    telling.declined(purchase)
    return purchase


@transaction.atomic
def block(purchase: Purchase) -> None:
    """The buyer's account asks this seller for nothing any more; what is open between them ends.

    Idempotent. Only the account: callers are blocked by their number (``proxying.Block``).
    """
    seller = purchase.listing.seller
    AccountBlock.objects.get_or_create(seller=seller, user=purchase.buyer)
    under_way = Purchase.objects.open().filter(listing__seller=seller, buyer=purchase.buyer)
    for each in under_way.order_by("listing"):  # one order, so that two never wait for each other
        one = lock(each)
        if one.state == State.REQUESTED:
            decline(one)
        elif one.state == State.ACCEPTED and not one.seller_confirmed_at:
            ending.cancel(one, by_buyer=False)


def unblock(purchase: Purchase) -> None:
    """The buyer may ask again. Idempotent."""
    AccountBlock.objects.filter(seller=purchase.listing.seller, user=purchase.buyer).delete()
