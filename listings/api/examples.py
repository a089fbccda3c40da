"""What answers look like, for the API's document. The numbers are reserved for fiction."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

_ITEM: Final[dict[str, Any]] = {
    "reference": "K7Q2M",
    "title": "Oak table",
    "price": "240.00",
    "is_negotiable": True,
    "category": "furniture",
    "condition": "good",
    "place": "San Rafael, CA",
    "state": "active",
    "published_at": "2026-11-02T17:20:00Z",
    "cover": "https://shop.example/media/photos/bW9z-thumbnail.webp",
    "url": "https://shop.example/listings/K7Q2M/oak-table/",
}
_PHOTO: Final = {
    "id": 12,
    "image": "https://shop.example/media/photos/bW9z-image.webp",
    "thumbnail": "https://shop.example/media/photos/bW9z-thumbnail.webp",
    "small": "https://shop.example/media/photos/bW9z-small.webp",
    "width": 1600,
    "height": 1200,
}
_SELLER: Final = {"id": "5f1a1d0e-7d0c-4b7e-9a53-0a2d9c1f6b11", "name": "Tom"}

LISTING_ITEM: Final = OpenApiExample("An oak table", value=_ITEM, response_only=True)
LISTING_DETAIL: Final = OpenApiExample(
    "An oak table",
    value=_ITEM
    | {
        "description": "Solid oak, seats six.",
        "photos": [_PHOTO],
        "seller": _SELLER,
        "phone_number": "+12025550143",
    },
    response_only=True,
)
OWN_LISTING: Final = OpenApiExample(
    "A draft",
    value=_ITEM
    | {
        "state": "draft",
        "published_at": None,
        "description": "Solid oak, seats six.",
        "photos": [_PHOTO],
        "is_public": False,
        "next_states": ["active"],
        "created_at": "2026-11-02T17:05:00Z",
        "expires_at": None,
        "sold_at": None,
        "sold_where": "",
        "sold_price": None,
    },
    response_only=True,
)
NEW_LISTING: Final = OpenApiExample(
    "Enough to be published",
    value={
        "title": "Oak table",
        "description": "Solid oak, seats six.",
        "price": "240.00",
        "category": "furniture",
        "condition": "good",
        "place": "San Rafael, CA",
    },
    request_only=True,
)
SELLER: Final = OpenApiExample(
    "Tom",
    value=_SELLER
    | {
        "member_since": "2026-03-01T09:00:00Z",
        "has_verified_phone": True,
        "rating": {"average": 4.8, "count": 12},
        "listings": f"https://shop.example/api/v1/sellers/{_SELLER['id']}/listings/",
    },
    response_only=True,
)
PURCHASE: Final = OpenApiExample(
    "A request, as its buyer sees it",
    value={
        "id": "0b7f7c52-8a0e-4c6c-8f57-7a3f6f1d2c10",
        "listing": {
            "reference": "K7Q2M",
            "title": "Oak table",
            "price": "240.00",
            "state": "active",
        },
        "role": "buyer",
        "buyer_name": "Bob",
        "note": "Saturday morning suits me.",
        "price": "220.00",
        "state": "requested",
        "requested_at": "2026-11-03T08:12:00Z",
        "accepted_at": None,
        "held_until": None,
        "buyer_confirmed_at": None,
        "seller_confirmed_at": None,
        "ended_at": None,
        "ended_by": "",
        "url": "https://shop.example/purchases/0b7f7c52-8a0e-4c6c-8f57-7a3f6f1d2c10/",
    },
    response_only=True,
)
PURCHASE_WISH: Final = OpenApiExample(
    "Less than the asking price",
    value={
        "listing": "K7Q2M",
        "buyer_name": "Bob",
        "price": "220.00",
        "note": "Saturday morning suits me.",
    },
    request_only=True,
)
