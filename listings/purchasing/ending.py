"""How a purchase ends: confirmed by both, called off, lapsed, or the item is gone."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from listings.models import Listing, Purchase, PurchaseQuerySet
from listings.purchasing import telling
from listings.purchasing.locking import Refused, lock, lock_listing

State = Purchase.State
Side = Purchase.Side

ANSWER_WITHIN: Final = timedelta(days=14)
# From the first confirmation, however little of the reservation is left.
CONFIRM_WITHIN: Final = timedelta(days=7)
_AT_ONCE: Final = 500


@transaction.atomic
def cancel(purchase: Purchase, *, by_buyer: bool) -> Purchase:
    """Calls off an open purchase; a listing reserved by it is for sale again.

    Idempotent. ``Refused`` once it has ended otherwise, or after one's own confirmation.
    A seller declines a request instead.
    """
    purchase = lock(purchase)
    if purchase.state == State.CANCELLED:
        return purchase
    if not purchase.is_open:
        raise Refused(_("This purchase has already ended."))
    if purchase.state == State.REQUESTED and not by_buyer:
        raise Refused(_("This request is not accepted yet: decline it instead."))
    if _confirmation(purchase, by_buyer=by_buyer):
        raise Refused(_("You have already confirmed that it changed hands."))
    if purchase.state == State.ACCEPTED:
        _release(purchase.listing)
    close(purchase, State.CANCELLED, Side.BUYER if by_buyer else Side.SELLER)
    telling.cancelled(purchase, by_buyer=by_buyer)
    return purchase


@transaction.atomic
def confirm(purchase: Purchase, *, by_buyer: bool) -> Purchase:
    """One side says that the item changed hands; with both it is completed.

    Then the listing is sold here at the purchase's price and other requests are declined.
    Idempotent on each side. ``Refused`` unless it is accepted.
    """
    purchase = lock(purchase)
    if _confirmation(purchase, by_buyer=by_buyer):
        return purchase
    if purchase.state != State.ACCEPTED:
        raise Refused(_("Only an accepted purchase can be confirmed."))
    now = timezone.now()
    if by_buyer:
        purchase.buyer_confirmed_at = now
    else:
        purchase.seller_confirmed_at = now
    if not (purchase.buyer_confirmed_at and purchase.seller_confirmed_at):
        assert purchase.held_until, "accepted_means_held_until"
        purchase.held_until = max(purchase.held_until, now + CONFIRM_WITHIN)
        purchase.save()
        telling.confirmed(purchase, by_buyer=by_buyer)
        return purchase
    close(purchase, State.COMPLETED)
    _sell(purchase)
    telling.completed(purchase, by_buyer=by_buyer)
    _decline_as_gone(open_beside(purchase))
    return purchase


def lapse_due() -> int:
    """Ends what nobody answered and reservations whose time is over; how many.

    A listing is for sale again, unless its seller said that it changed hands: then it is
    sold. Safe to run at any time, by several at once.
    """
    due = Purchase.objects.filter(_due(timezone.now())).values_list("pk", flat=True)[:_AT_ONCE]
    return sum(_lapse(pk) for pk in list(due))


@transaction.atomic
def listing_left(listing: Listing) -> None:
    """Brings the purchases in step with what the seller or staff have made of *listing*.

    Call it in the transaction of the change, after it. It reads the row's present state:

    - hidden by staff, or ended: what is open ends, and the buyers are told;
    - for sale again or paused: an accepted purchase is called off by the seller, requests wait;
    - reserved by hand: requests wait, and an accepted purchase stands;
    - sold here, or without saying where: the seller has confirmed an accepted purchase, which
      waits for its buyer; sold elsewhere or withdrawn: it is called off. Requests are declined.

    Idempotent.
    """
    listing = lock_listing(listing.pk)
    under_way = list(_open_of(listing))
    accepted = [one for one in under_way if one.state == State.ACCEPTED]
    requested = [one for one in under_way if one.state == State.REQUESTED]
    if listing.hidden_at or listing.state in {Listing.State.SOLD, Listing.State.EXPIRED}:
        _decline_as_gone(requested)
    if not listing.hidden_at and listing.state == Listing.State.RESERVED:
        return
    for purchase in accepted:
        if listing.hidden_at:
            _release(listing)
            close(purchase, State.CANCELLED)
            telling.gone(purchase)
        elif _was_sold_here(listing):
            confirm(purchase, by_buyer=False)
        else:
            close(purchase, State.CANCELLED, Side.SELLER)
            telling.cancelled(purchase, by_buyer=False)


def open_beside(purchase: Purchase) -> list[Purchase]:
    """Other people's open purchases of the same listing."""
    return list(_open_of(purchase.listing).exclude(pk=purchase.pk))


def close(purchase: Purchase, state: Purchase.State, by: Purchase.Side | None = None) -> None:
    """Writes the end of a locked purchase, and whose doing it was; the listing is the caller's."""
    purchase.state = state
    purchase.ended_by = by or ""
    purchase.ended_at = timezone.now()
    purchase.save()


def _open_of(listing: Listing) -> PurchaseQuerySet:
    return (
        Purchase.objects.open()
        .filter(listing=listing)
        .select_related("buyer", "listing__seller__user")
        .order_by("requested_at")
    )


def _decline_as_gone(purchases: Iterable[Purchase]) -> None:
    for purchase in purchases:
        close(purchase, State.DECLINED)
        telling.gone(purchase)


def _confirmation(purchase: Purchase, *, by_buyer: bool) -> datetime | None:
    return purchase.buyer_confirmed_at if by_buyer else purchase.seller_confirmed_at


def _release(listing: Listing) -> None:
    """For sale again, if it is reserved. Not ``move_to``, for this is no renewal."""
    Listing.objects.filter(pk=listing.pk, state=Listing.State.RESERVED).update(
        state=Listing.State.ACTIVE
    )


def _sell(purchase: Purchase) -> None:
    """Sold here at the purchase's price, also where the seller had marked it sold before."""
    listing = purchase.listing
    Listing.objects.filter(pk=listing.pk).update(
        state=Listing.State.SOLD,
        sold_at=listing.sold_at or timezone.now(),
        sold_where=Listing.SoldWhere.HERE,
        sold_price=purchase.price,
    )


def _was_sold_here(listing: Listing) -> bool:
    return listing.state == Listing.State.SOLD and listing.sold_where in {
        Listing.SoldWhere.HERE,
        "",
    }


def _due(now: datetime) -> Q:
    return Q(state=State.ACCEPTED, held_until__lte=now) | Q(
        state=State.REQUESTED, requested_at__lte=now - ANSWER_WITHIN
    )


@transaction.atomic
def _lapse(pk: UUID) -> bool:
    purchase = lock(Purchase.objects.get(pk=pk))
    if not Purchase.objects.filter(_due(timezone.now()), pk=pk).exists():
        return False
    was_accepted = purchase.state == State.ACCEPTED
    close(purchase, State.LAPSED)
    if was_accepted and purchase.seller_confirmed_at:
        _sell(purchase)
        _decline_as_gone(open_beside(purchase))
    elif was_accepted:
        _release(purchase.listing)
    telling.lapsed(purchase, was_accepted=was_accepted)
    return True
