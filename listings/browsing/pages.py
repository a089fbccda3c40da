"""Numbered pages that never count far, and a way on from the last of them."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from django.core.paginator import Paginator
from django.db.models import Q

from listings.models import Listing, ListingQuerySet

PAGE_SIZE: Final = 24
# Pages reach this far; whoever wants more narrows the search, or goes on to older ones.
CAP: Final = 1000
_BIGGEST_ID: Final = 2**63 - 1


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # no parameter at run time
    """Pages of *found*, of which *count* (at most ``CAP + 1``) are known to be there."""

    def __init__(self, found: ListingQuerySet, count: int) -> None:
        super().__init__(found, PAGE_SIZE)
        self._known = count

    @cached_property
    def count(self) -> int:
        return self._known

    @property
    def is_capped(self) -> bool:
        return self._known > CAP


def cursor_of(listing: Listing) -> str:
    """Where in the newest-first order a listing stands, for an address."""
    assert listing.published_at
    moment = listing.published_at.astimezone(UTC).replace(tzinfo=None).isoformat()
    return urlsafe_b64encode(f"{moment} {listing.pk}".encode()).decode().rstrip("=")


def older_than(found: ListingQuerySet, cursor: str) -> ListingQuerySet | None:
    """Those of *found* that come after the listing of *cursor*; None if it is not one of ours."""
    try:
        text = urlsafe_b64decode(cursor.encode("ascii") + b"==").decode("ascii")
        day, _, number = text.partition(" ")
        moment, pk = datetime.fromisoformat(day).replace(tzinfo=UTC), int(number)
    except (binascii.Error, ValueError, OverflowError):
        return None
    if not 0 <= pk <= _BIGGEST_ID:
        return None
    # The first is what the index is entered by.
    return found.filter(published_at__lte=moment).filter(Q(published_at__lt=moment) | Q(pk__lt=pk))
