"""What the OpenAPI document says of itself, and how it is made."""

from typing import Any


def document(site_name: str, url_prefix: str) -> dict[str, Any]:
    """``SPECTACULAR_SETTINGS``."""
    return {
        "TITLE": f"{site_name} API",
        "VERSION": "1",
        "DESCRIPTION": (
            "Find listings, and sell and buy in your own name. Lists carry no phone number; one "
            "listing's detail carries the number on which buyers reach its seller."
        ),
        "SCHEMA_PATH_PREFIX": f"/{url_prefix}api/v1/",
        "SERVE_INCLUDE_SCHEMA": False,
        "ENUM_NAME_OVERRIDES": {
            "ListingState": "listings.models.Listing.State",
            "WantedListingState": "listings.api.my_listings.WANTED_STATES",
            "PurchaseState": "listings.models.Purchase.State",
        },
        "SERVE_AUTHENTICATION": [],
        "PREPROCESSING_HOOKS": ["listings.api.schema.only_this_api"],
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "listings.api.schema.throttled_everywhere",
        ],
    }
