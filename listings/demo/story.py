"""What has happened between the demo's people: purchases in every state, calls and texts.

Every date counts from now. What is there already keeps its state; its dates are renewed.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.utils import timezone

from listings.demo.items import ITEMS
from listings.demo.more_items import MORE_ITEMS
from listings.models import (
    Favourite,
    Listing,
    ListingDay,
    Purchase,
    Rating,
    Report,
    SavedSearch,
)
from proxying.models import Interaction, ProxySession, ReservedNumber

BOB: Final = "bob@example.com"
NORA: Final = "nora@example.com"
SAM: Final = "sam@example.com"
BUYERS: Final = (BOB, NORA, SAM)

State = Purchase.State


@dataclass(frozen=True)
class Deal:
    """A purchase; *stars* are the buyer's and the seller's, once it is done."""

    title: str
    buyer: str
    state: State
    days: float
    note: str = ""
    stars: tuple[tuple[int, str], ...] = ()


DEALS: Final = (
    Deal("Sea kayak, 14 feet, with paddle", BOB, State.REQUESTED, 0.3, "Could I try it on Sunday?"),
    Deal("City bike, blue, 58 cm", NORA, State.REQUESTED, 0.8, "I am 6 foot 3. Does it fit?"),
    Deal("Acoustic guitar, spruce top", BOB, State.ACCEPTED, 1),
    Deal("Purple armchair with reading lamp", NORA, State.ACCEPTED, 0.5, "I have a van."),
    Deal("Oak table, extends to eight seats", SAM, State.ACCEPTED, 2),
    Deal(
        "Portable typewriter, sea green", BOB, State.COMPLETED, 9,
        stars=((5, "Friendly, on time, and it types."), (5, "Came when he said he would.")),
    ),
    Deal(
        "Trail boots, men's 10, hardly worn", SAM, State.COMPLETED, 5,
        stars=((4, "Good boots. Parking was hard to find."),),
    ),
    Deal("Armchair, red, from a hotel lobby", NORA, State.COMPLETED, 10),
    Deal("Oak table", SAM, State.DECLINED, 0.2, "Would you bring it to Reno?"),
    Deal("Brass desk lamp", NORA, State.CANCELLED, 6),
    Deal("White bookshelf", BOB, State.LAPSED, 4),
)  # fmt: skip

_ENDED_BY: Final = {
    State.DECLINED: Purchase.Side.SELLER,
    State.CANCELLED: Purchase.Side.BUYER,
}

# Who rang or wrote to whom: a buyer nobody knows, the seller, what about, when, how.
_CONTACTS: Final = (
    ("first", "Tom", "K7Q2M", 0.4, ("message", "message", "voice")),
    ("second", "Tom", "N4K6W", 1.2, ("message", "message", "message")),
    ("third", "Tom", "", 3.1, ("voice",)),
    ("fourth", "Tom", "H2N6P", 2.0, ("voice", "message")),
    ("first", "Beth", "B4XR9", 0.1, ("message", "message")),
    ("fifth", "Beth", "W9T5C", 6.5, ("voice", "voice")),
)


def tell() -> None:
    """Writes it all down. The people must be there; what somebody has deleted stays so."""
    users = {user.email: user for user in User.objects.filter(email__in=BUYERS)}
    # By the title that the demo gave it: its seller may have found a better one.
    titles = {item.reference: item.title for item in ITEMS + MORE_ITEMS}
    listings = {
        titles[listing.reference]: listing
        for listing in Listing.objects.filter(reference__in=titles).order_by("pk")
    }
    for deal in DEALS:
        if deal.title in listings:
            _make(deal, listings[deal.title], users[deal.buyer])
    _watch(listings.values(), users[BOB])
    _look(listings.values())
    if boxes := listings.get("Free: moving boxes, about thirty"):
        Report.objects.get_or_create(
            listing=boxes,
            visitor=f"user:{users[SAM].pk}",
            reason=Report.Reason.SOLD,
            defaults={"reporter": users[SAM], "comment": "The hall was empty when I came."},
        )
    for contact in _CONTACTS:
        _contact(*contact)


def _make(deal: Deal, listing: Listing, buyer: User) -> None:
    began = timezone.now() - timedelta(days=deal.days)
    later = began + timedelta(hours=3)
    dates: dict[str, Any] = {"requested_at": began}
    if deal.state in {State.ACCEPTED, State.COMPLETED, State.CANCELLED, State.LAPSED}:
        dates |= {"accepted_at": later, "held_until": later + timedelta(days=3)}
    if deal.state == State.COMPLETED:
        done = later + timedelta(days=1)
        dates |= {"buyer_confirmed_at": done, "seller_confirmed_at": done, "ended_at": done}
    elif deal.state not in Purchase.OPEN:
        dates["ended_at"] = later + timedelta(hours=20)
        dates["ended_by"] = _ENDED_BY.get(deal.state, "")
    new = {
        "buyer_name": buyer.email.partition("@")[0].title(),
        "note": deal.note,
        "price": listing.price,
        "state": deal.state,
    }
    purchase = Purchase.objects.filter(listing=listing, buyer=buyer).first()
    if purchase:
        Purchase.objects.filter(pk=purchase.pk, state=deal.state).update(**dates)
        return
    purchase = Purchase.objects.create(listing=listing, buyer=buyer, **new, **dates)
    for by_buyer, (stars, comment) in zip((True, False), deal.stars, strict=False):
        Rating.objects.create(purchase=purchase, by_buyer=by_buyer, stars=stars, comment=comment)


def _watch(listings: Iterable[Listing], bob: User) -> None:
    for listing in list(listings)[2:14:4]:
        Favourite.objects.get_or_create(user=bob, listing=listing)
    SavedSearch.objects.get_or_create(
        user=bob, query="category=bikes&km=100&place=San+Rafael%2C+CA", defaults={"name": "Bikes"}
    )


def _look(listings: Iterable[Listing]) -> None:
    """Views of the last two weeks, more for some than for others."""
    today = timezone.localdate()
    ListingDay.objects.bulk_create(
        (
            ListingDay(
                listing=listing,
                day=today - timedelta(days=ago),
                views=int(_digest(f"{listing.reference}{ago}")[:2], 16) // (6 + ago),
            )
            for listing in listings
            for ago in range(14)
        ),
        ignore_conflicts=True,
    )


def _contact(buyer: str, seller: str, reference: str, days: float, kinds: tuple[str, ...]) -> None:
    number = ReservedNumber.objects.live().filter(seller__display_name=seller).first()
    if number is None:
        return
    began = timezone.now() - timedelta(days=days)
    name = _digest(f"{buyer} {seller}")
    session, _ = ProxySession.objects.update_or_create(
        contact_sid=f"SM{name}",
        defaults={"created_at": began},
        create_defaults={
            "reserved_number": number,
            "buyer_index": _digest(buyer) * 2,
            "unique_name": f"demo-{name}",
            "session_sid": f"KC{name}",
            "first_participant_sid": f"KP{name}",
            "created_at": began,
            # Long over: there is nothing to close at Proxy.
            "closed_at": began + timedelta(hours=1),
        },
    )
    for turn, kind in enumerate(kinds):
        _interaction(session, turn, kind, reference, began + timedelta(minutes=7 * turn))


def _interaction(
    session: ProxySession, turn: int, kind: str, reference: str, created_at: datetime
) -> None:
    is_text = kind == "message"
    Interaction.objects.update_or_create(
        interaction_sid=f"KI{_digest(f'{session.unique_name} {turn}')}",
        defaults={"created_at": created_at},
        create_defaults={
            "session_sid": session.session_sid or "",
            "proxy_session": session,
            "type": kind,
            "from_buyer": turn % 2 == 0,
            "item_reference": reference if turn == 0 and is_text else "",
            "inbound_status": "received" if is_text else "completed",
            "outbound_status": "delivered" if is_text else "completed",
            "created_at": created_at,
        },
    )


def _digest(text: str) -> str:
    """32 digits that are the same at every load."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
