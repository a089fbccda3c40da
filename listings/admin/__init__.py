"""What staff see and do: the catalog, the moderation queue, duplicates, people's records."""

from listings.admin.catalog import CategoryAdmin, ListingAdmin
from listings.admin.queue import ReportedListingAdmin
from listings.admin.records import NoticeAdmin, PurchaseAdmin, RatingAdmin, SavedSearchAdmin
from listings.admin.sellers import SellerHistoryAdmin

__all__ = [
    "CategoryAdmin",
    "ListingAdmin",
    "NoticeAdmin",
    "PurchaseAdmin",
    "RatingAdmin",
    "ReportedListingAdmin",
    "SavedSearchAdmin",
    "SellerHistoryAdmin",
]
