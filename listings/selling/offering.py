"""Putting a listing up for sale: who may, how often, and what is there already."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from listings.browsing.words import learn
from listings.models import Listing
from proxying.models import Seller

NEW_SELLER_FOR: Final = timedelta(days=7)
A_DAY: Final = timedelta(days=1)
NEW_A_DAY_AT_FIRST: Final = 5
NEW_A_DAY: Final = 50


class NotOffered(Exception):
    """The listing stays what it is; the message says why, for its seller.

    ``twin`` is the seller's listing that offers the same already, if that is why.
    """

    def __init__(self, message: str, twin: Listing | None = None) -> None:
        super().__init__(message)
        self.twin = twin


def offer(listing: Listing) -> None:
    """Take *listing* to ``ACTIVE``: first published, resumed, renewed or offered again.

    ``NotOffered`` when it is incomplete, names a town that we do not know, may not go there
    from where it is, says the same as another that the seller offers, or is one new listing
    too many today.
    """
    with transaction.atomic():
        # One at a time for each seller, so that two at once do not both find room.
        seller = Seller.objects.select_for_update().get(pk=listing.seller_id)
        if not listing.is_complete:
            raise NotOffered(
                _("“%(title)s” still needs a few words before buyers see it.")
                % {"title": listing.title}
            )
        if listing.state == Listing.State.DRAFT and listing.latitude is None:
            raise NotOffered(
                _("“%(title)s” needs a town that we know. Open it and choose one.")
                % {"title": listing.title}
            )
        if twin := _twin(listing):
            raise NotOffered(
                _("You offer the same already: “%(title)s”.") % {"title": twin.title}, twin
            )
        if listing.published_at is None:
            _refuse_too_many(seller)
        if not listing.move_to(Listing.State.ACTIVE):
            raise NotOffered(
                _("“%(title)s” is %(state)s.")
                % {"title": listing.title, "state": listing.get_state_display().lower()}
            )
        learn(listing)


def _twin(listing: Listing) -> Listing | None:
    return (
        Listing.objects.filter(
            seller=listing.seller_id,
            title=listing.title,
            description=listing.description,
            state__in=(Listing.State.ACTIVE, Listing.State.RESERVED),
        )
        .exclude(pk=listing.pk)
        .first()
    )


def _refuse_too_many(seller: Seller) -> None:
    now = timezone.now()
    proved_at = seller.phone_verified_at
    is_new = proved_at is None or proved_at > now - NEW_SELLER_FOR
    limit = NEW_A_DAY_AT_FIRST if is_new else NEW_A_DAY
    if Listing.objects.filter(seller=seller, published_at__gt=now - A_DAY).count() < limit:
        return
    if is_new:
        raise NotOffered(
            _(
                "New sellers publish up to %(limit)s listings a day in their first week. "
                "This one is kept as a draft: publish it tomorrow."
            )
            % {"limit": limit}
        )
    raise NotOffered(
        _("You published %(limit)s listings today. This one is kept as a draft for tomorrow.")
        % {"limit": limit}
    )
