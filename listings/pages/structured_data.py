"""What a listing tells search engines and social cards: https://schema.org, without a number."""

import json
from typing import Any, Final

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from listings.models import Listing, Photo
from proxying.phone_numbers import redact

_AVAILABILITY: Final[dict[str, str]] = {
    Listing.State.ACTIVE: "https://schema.org/InStock",
    Listing.State.RESERVED: "https://schema.org/Reserved",
    Listing.State.SOLD: "https://schema.org/SoldOut",
}
_CONDITION: Final[dict[str, str]] = {
    Listing.Condition.NEW: "https://schema.org/NewCondition",
    Listing.Condition.BROKEN: "https://schema.org/DamagedCondition",
}
# So that no text ends the script element that holds it; JSON reads the same.
_ESCAPES: Final = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


def product(listing: Listing, photos: list[Photo], page_url: str) -> SafeString:
    """A Product with its Offer as JSON-LD, safe in a script element. For published listings."""
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": redact(listing.title),
        "description": redact(listing.description),
        "sku": listing.reference,
        "url": page_url,
        "image": [settings.PUBLIC_ORIGIN + photo.image.url for photo in photos],
        "category": listing.category.name if listing.category else "",
        "itemCondition": _CONDITION.get(listing.condition, "https://schema.org/UsedCondition"),
        "offers": {
            "@type": "Offer",
            "url": page_url,
            "price": str(listing.price),
            "priceCurrency": "USD",
            "availability": _AVAILABILITY[listing.state],
            "availableAtOrFrom": {"@type": "Place", "name": listing.place},
            "seller": {"@type": "Person", "name": redact(listing.seller.display_name)},
        },
    }
    return mark_safe(json.dumps(data).translate(_ESCAPES))  # noqa: S308 (escaped just here)
