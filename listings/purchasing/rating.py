"""What the two say of each other, once each, after a completed purchase."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Avg, Count
from django.utils.translation import gettext as _

from listings.models import Purchase, Rating
from listings.purchasing import telling
from listings.purchasing.locking import Refused, lock
from listings.selling import contact_data


@dataclass(frozen=True)
class Reputation:
    """The average of *count* ratings, from 1 to 5; 0 without any."""

    stars: float
    count: int


@transaction.atomic
def rate(purchase: Purchase, *, by_buyer: bool, stars: int, comment: str) -> Rating:
    """One rating a side; ``Refused`` for a second, or before both have confirmed.

    *stars* are 1 to 5; *comment* may hold neither a phone number nor an e-mail address.
    """
    if contact_data.find(comment):
        raise Refused(_("Leave phone numbers and e-mail addresses out of it."))
    purchase = lock(purchase)
    if purchase.state != Purchase.State.COMPLETED:
        raise Refused(_("You can rate each other once both have confirmed."))
    try:
        with transaction.atomic():
            rating = purchase.ratings.create(by_buyer=by_buyer, stars=stars, comment=comment)
    except IntegrityError:
        raise Refused(_("You have already rated this purchase.")) from None
    telling.rated(purchase, by_buyer=by_buyer)
    return rating


def of_other_side(purchase: Purchase, *, by_buyer: bool) -> Reputation:
    """How others have rated the seller (for the buyer) or the buyer (for the seller)."""
    if by_buyer:
        ratings = Rating.objects.filter(
            by_buyer=True, purchase__listing__seller=purchase.listing.seller_id
        )
    else:
        ratings = Rating.objects.filter(by_buyer=False, purchase__buyer=purchase.buyer_id)
    found = ratings.aggregate(stars=Avg("stars"), count=Count("pk"))
    return Reputation(stars=round(found["stars"] or 0, 1), count=found["count"])
