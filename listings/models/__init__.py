"""Listings and what people do with them."""

from listings.models.catalog import (
    REFERENCE_ALPHABET,
    REFERENCE_LENGTH,
    Category,
    Listing,
    ListingQuerySet,
    Photo,
    dollars,
    random_path,
)
from listings.models.counts import ListingDay
from listings.models.moderation import Report, ReportedListing, SellerHistory
from listings.models.notices import Notice
from listings.models.purchases import AccountBlock, Purchase, PurchaseQuerySet, Rating
from listings.models.watching import Favourite, SavedSearch, SavedSearchHit
from listings.models.words import SearchWord

__all__ = [
    "REFERENCE_ALPHABET",
    "REFERENCE_LENGTH",
    "AccountBlock",
    "Category",
    "Favourite",
    "Listing",
    "ListingDay",
    "ListingQuerySet",
    "Notice",
    "Photo",
    "Purchase",
    "PurchaseQuerySet",
    "Rating",
    "Report",
    "ReportedListing",
    "SavedSearch",
    "SavedSearchHit",
    "SearchWord",
    "SellerHistory",
    "dollars",
    "random_path",
]
