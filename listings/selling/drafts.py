"""Drafts made from what was there, and thrown away."""

from typing import Final

from django.db import transaction

from listings.models import Listing
from listings.selling import gallery

_COPIED: Final = (
    "seller_id",
    "title",
    "description",
    "price",
    "is_negotiable",
    "category_id",
    "condition",
    "place",
    "latitude",
    "longitude",
)


def copy(listing: Listing) -> Listing:
    """A new draft that says and shows what *listing* does."""
    with transaction.atomic():
        draft = Listing.objects.create(**{name: getattr(listing, name) for name in _COPIED})
        gallery.copy(listing, draft)
    return draft


def delete(listing: Listing) -> bool:
    """Delete *listing* with its pictures if it is a draft; whether it was one."""
    with transaction.atomic():
        # Locked, so that it is not published meanwhile.
        drafts = Listing.objects.filter(pk=listing.pk, state=Listing.State.DRAFT)
        is_draft = drafts.select_for_update().exists()
        if is_draft:
            listing.delete()
    return is_draft
