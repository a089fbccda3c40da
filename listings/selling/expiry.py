"""Listings end by themselves unless their seller says that the item is still there."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from listings import notices
from listings.models import Listing
from listings.purchasing.ending import listing_left
from listings.selling.offering import offer

WARNED_BEFORE: Final = timedelta(days=7)
RENEWABLE: Final = (Listing.State.ACTIVE, Listing.State.EXPIRED)
_AT_ONCE: Final = 500
_SALT: Final = "listings.selling.expiry"


def run() -> None:
    """What the time has brought about: end what is over, warn of what soon will be."""
    _give_an_end()
    now = timezone.now()
    over = Listing.objects.filter(state=Listing.State.ACTIVE, expires_at__lte=now)
    for listing in over.order_by("expires_at")[:_AT_ONCE]:
        with transaction.atomic():
            # Not if it was renewed meanwhile.
            if over.filter(pk=listing.pk).update(state=Listing.State.EXPIRED):
                listing_left(listing)
    due = Listing.objects.filter(
        state=Listing.State.ACTIVE,
        expires_at__lte=now + WARNED_BEFORE,
        expiry_warned_at__isnull=True,
    )
    while _warn(due):
        pass


def renew(listing: Listing) -> None:
    """Give *listing* its full time again; what has expired is for sale once more.

    ``NotOffered`` when it may not be (``offering.offer``).
    """
    with transaction.atomic():
        still_on = Listing.objects.filter(pk=listing.pk, state=Listing.State.ACTIVE)
        if not still_on.update(expires_at=_an_end(), expiry_warned_at=None):
            offer(listing)


def token(listing: Listing) -> str:
    """What names *listing* in the address of its renewal page: who knows it may renew."""
    return signing.Signer(salt=_SALT).sign(listing.reference)


def listing_of(signed: str) -> Listing | None:
    """The listing whose ``token`` *signed* is."""
    try:
        reference = signing.Signer(salt=_SALT).unsign(signed)
    except signing.BadSignature:
        return None
    return Listing.objects.filter(reference=reference).first()


def _give_an_end() -> None:
    """To what came to be published without one."""
    Listing.objects.filter(
        state__in=(Listing.State.ACTIVE, Listing.State.RESERVED), expires_at__isnull=True
    ).update(expires_at=_an_end())


def _an_end() -> datetime:
    return timezone.now() + timedelta(days=settings.LISTING_DAYS)


def _warn(due: QuerySet[Listing]) -> int:
    """Writes the mails for some of those *due*; how many. Each is warned of once."""
    with transaction.atomic():
        some = list(
            due.select_related("seller__user").select_for_update(of=("self",), skip_locked=True)[
                :_AT_ONCE
            ]
        )
        for listing in some:
            notices.owe(listing.seller.user, _subject(listing), _body(listing))
        Listing.objects.filter(pk__in=[listing.pk for listing in some]).update(
            expiry_warned_at=timezone.now()
        )
    return len(some)


def _subject(listing: Listing) -> str:
    return _("Still for sale? “%(title)s” ends soon") % {"title": listing.title}


def _body(listing: Listing) -> str:
    address = settings.PUBLIC_ORIGIN + reverse("listing_renew", args=[token(listing)])
    assert listing.expires_at is not None
    return _(
        "“%(title)s” is on ShoppingPlace until %(date)s.\n\n"
        "Still for sale? One click keeps it there for another %(days)s days:\n%(address)s\n\n"
        "Sold or gone? Then you need not do anything: it ends by itself.\n"
    ) % {
        "title": listing.title,
        "date": date_format(timezone.localtime(listing.expires_at), "F j"),
        "days": settings.LISTING_DAYS,
        "address": address,
    }
