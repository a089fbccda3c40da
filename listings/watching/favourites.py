"""Listings somebody has marked: rows with an account, else a list in the session."""

from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest

from listings.models import Favourite, Listing, ListingQuerySet

MOST_IN_SESSION: Final = 100
_KEY: Final = "favourites"


def is_marked(request: HttpRequest, listing: Listing) -> bool:
    if request.user.is_authenticated:
        return Favourite.objects.filter(user=request.user, listing=listing).exists()
    return listing.pk in _in_session(request)


def toggle(request: HttpRequest, listing: Listing) -> bool:
    """Mark the *listing*, or no longer; whether it is marked now."""
    if request.user.is_authenticated:
        removed, _rows = Favourite.objects.filter(user=request.user, listing=listing).delete()
        if not removed:
            Favourite.objects.get_or_create(user=request.user, listing=listing)
        return not removed
    marked = _in_session(request)
    kept = [pk for pk in marked if pk != listing.pk]
    if listing.pk not in marked:
        kept = [listing.pk, *kept][:MOST_IN_SESSION]
    request.session[_KEY] = kept
    return listing.pk not in marked


def marked_by(request: HttpRequest) -> ListingQuerySet | list[Listing]:
    """Those that still have a page, the latest marked first; photos prefetched."""
    public = Listing.objects.public().prefetch_related("photos")
    if request.user.is_authenticated:
        mine = public.filter(favourites__user=request.user)
        return mine.order_by("-favourites__created_at", "-favourites__id")
    order = {pk: place for place, pk in enumerate(_in_session(request))}
    return sorted(public.filter(pk__in=order), key=lambda listing: order[listing.pk])


def keep_after_login(request: HttpRequest | None, user: AbstractBaseUser, **kwargs: Any) -> None:
    """Receives ``user_logged_in``: what was marked before becomes the account's."""
    # A log-in by token has a request without a session, and one by a program may have none.
    session = getattr(request, "session", None)
    marked: list[int] = session.pop(_KEY, []) if session is not None else []
    if not marked:
        return
    there = set(Listing.objects.filter(pk__in=marked).values_list("pk", flat=True))
    # Latest first in the session, and the newest row is shown first.
    rows = [Favourite(user_id=user.pk, listing_id=pk) for pk in reversed(marked) if pk in there]
    Favourite.objects.bulk_create(rows, ignore_conflicts=True)


def _in_session(request: HttpRequest) -> list[int]:
    """Ids, the latest marked first."""
    marked: list[int] = request.session.get(_KEY, [])
    return marked
