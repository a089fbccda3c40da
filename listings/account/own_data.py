"""All that we know of one person, for that person; of others nothing that tells who they are."""

from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db.models import OuterRef, Subquery

from listings.models import Favourite, Listing, Purchase, Rating, Report, SavedSearch
from proxying.models import BuyerAlias, Interaction, Seller

type Rows = list[Any]

_PURCHASE = (
    "id",
    "listing__reference",
    "listing__title",
    "price",
    "state",
    "requested_at",
    "accepted_at",
    "held_until",
    "buyer_confirmed_at",
    "seller_confirmed_at",
    "ended_at",
)


def own_data(user: User, absolute: Callable[[str], str]) -> dict[str, Any]:
    """What ``json`` can write, dates and decimals with Django's encoder.

    *absolute* makes a full address of a path. The person's own private number is in it, and
    nowhere else on the site.
    """
    seller = Seller.objects.filter(user=user).first()
    buying = Purchase.objects.filter(buyer=user).order_by("requested_at")
    selling = Purchase.objects.filter(listing__seller__user=user).order_by("requested_at")
    return {
        "account": _account(user),
        "seller": _seller(seller) if seller else None,
        "listings": [_listing(each, absolute) for each in _listings(user)],
        "purchases_as_buyer": list(buying.values(*_PURCHASE, "buyer_name", "note")),
        "purchases_as_seller": list(selling.values(*_PURCHASE)),
        "ratings_given": _ratings(buying, by_buyer=True) + _ratings(selling, by_buyer=False),
        "ratings_received": _ratings(buying, by_buyer=False) + _ratings(selling, by_buyer=True),
        "favourites": list(
            Favourite.objects.filter(user=user)
            .order_by("created_at")
            .values("listing__reference", "listing__title", "created_at")
        ),
        "saved_searches": list(
            SavedSearch.objects.filter(user=user)
            .order_by("created_at")
            .values("name", "query", "frequency", "created_at")
        ),
        "reports": list(
            Report.objects.filter(reporter=user)
            .order_by("created_at")
            .values("listing__reference", "reason", "comment", "created_at", "outcome")
        ),
        "calls_and_texts": _calls_and_texts(seller) if seller else [],
    }


def _account(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "joined_at": user.date_joined,
        "last_login_at": user.last_login,
        "email_addresses": list(
            EmailAddress.objects.filter(user=user).values("email", "verified", "primary")
        ),
        "second_factors": list(
            Authenticator.objects.filter(user=user).values("type", "created_at", "last_used_at")
        ),
        "mails": list(
            user.notices.order_by("created_at").values("subject", "body", "created_at", "sent_at")
        ),
    }


def _seller(seller: Seller) -> dict[str, Any]:
    return {
        "id": seller.pk,
        "display_name": seller.display_name,
        "private_number": seller.phone_number.reveal() if seller.phone_number else None,
        "private_number_verified_at": seller.phone_verified_at,
        "numbers_shown_to_buyers": list(
            seller.reserved_numbers.order_by("requested_at").values(
                "proxy_identifier", "status", "active_at", "quarantined_at", "released_at"
            )
        ),
        "away_until": seller.away_until,
        "quiet_from": seller.quiet_from,
        "quiet_until": seller.quiet_until,
        "time_zone": seller.time_zone,
        "created_at": seller.created_at,
        "texts_to_you": list(
            seller.texts.order_by("created_at").values("body", "created_at", "sent_at")
        ),
    }


def _listings(user: User) -> Any:
    return (
        Listing.objects.filter(seller__user=user)
        .select_related("category")
        .prefetch_related("photos", "days")
        .order_by("created_at")
    )


def _listing(listing: Listing, absolute: Callable[[str], str]) -> dict[str, Any]:
    return {
        "reference": listing.reference,
        "title": listing.title,
        "description": listing.description,
        "price": listing.price,
        "is_negotiable": listing.is_negotiable,
        "category": listing.category and listing.category.name,
        "condition": listing.condition,
        "place": listing.place,
        "state": listing.state,
        "created_at": listing.created_at,
        "published_at": listing.published_at,
        "expires_at": listing.expires_at,
        "hidden_at": listing.hidden_at,
        "hidden_reason": listing.hidden_reason,
        "sold_at": listing.sold_at,
        "sold_where": listing.sold_where,
        "sold_price": listing.sold_price,
        "photos": [absolute(photo.image.url) for photo in listing.photos.all()],
        "views": {day.day.isoformat(): day.views for day in listing.days.all()},
    }


def _ratings(purchases: Any, *, by_buyer: bool) -> Rows:
    ratings = Rating.objects.filter(purchase__in=purchases, by_buyer=by_buyer)
    return list(
        ratings.order_by("created_at").values("purchase_id", "stars", "comment", "created_at")
    )


def _calls_and_texts(seller: Seller) -> Rows:
    """Who called and texted, by alias alone: ``buyer`` is the 7 of "Buyer 7"."""
    alias = BuyerAlias.objects.filter(
        seller=seller, buyer_index=OuterRef("proxy_session__buyer_index")
    ).values("number")
    return list(
        Interaction.objects.filter(proxy_session__reserved_number__seller=seller)
        .annotate(buyer=Subquery(alias))
        .order_by("created_at")
        .values("buyer", "type", "from_buyer", "item_reference", "inbound_status", "created_at")
    )
