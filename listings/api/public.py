"""What anybody may read: listings, categories, sellers."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from listings.api import examples
from listings.api.representations import (
    CategoryBranch,
    ListingDetail,
    ListingItem,
    SellerPage,
)
from listings.api.schema import FILTERS, GONE, MISSING, WRONG
from listings.api.views import Gone, PublicView, sentences
from listings.browsing import categories
from listings.browsing.filters import ListingFilters
from listings.browsing.search import find
from listings.models import Listing
from proxying.models import Seller


@extend_schema(
    summary="Find listings",
    description="Everything for sale, narrowed and in order. No phone number stands in a list.",
    examples=[examples.LISTING_ITEM],
    parameters=FILTERS,
    responses={200: ListingItem(many=True), **WRONG},
    tags=["listings"],
)
class Listings(PublicView, ListAPIView[Listing]):
    serializer_class = ListingItem

    def get_queryset(self) -> QuerySet[Listing]:
        filters = ListingFilters(self.request.GET)
        if not filters.is_valid():
            raise ValidationError(sentences(filters))
        return find(filters).select_related("category").prefetch_related("photos")


@extend_schema(
    summary="One listing",
    description=(
        "With the number to call and text, as long as it can be bought. Your own listings are "
        "here in whatever state. 410 for what was public once and has ended."
    ),
    examples=[examples.LISTING_DETAIL],
    responses={200: ListingDetail, **MISSING, **GONE},
    tags=["listings"],
)
class OneListing(PublicView, RetrieveAPIView[Listing]):
    serializer_class = ListingDetail

    def get_object(self) -> Listing:
        reference = self.kwargs["reference"]
        found = Listing.objects.visible_to(self.request.user).filter(reference=reference)
        listing = (
            found.select_related("seller", "category")
            .prefetch_related("photos", "seller__reserved_numbers")
            .first()
        )
        if listing is None:
            get_object_or_404(Listing.objects.ended(), reference=reference)
            raise Gone("This listing has ended, so it cannot be bought any more.")
        return listing


@extend_schema(
    summary="The tree of categories",
    description="With how many listings each has for sale; 1000 means so many or more.",
    responses=CategoryBranch(many=True),
    tags=["categories"],
)
class Categories(PublicView):
    def get(self, request: Request) -> Response:
        return Response([_branch(branch) for branch in categories.tree()])


def _branch(branch: categories.Branch) -> dict[str, Any]:
    return {**_leaf(branch), "children": [_leaf(leaf) for leaf in branch.children]}


def _leaf(branch: categories.Branch) -> dict[str, Any]:
    count = min(branch.count or 0, categories.CAP)
    return {"slug": branch.category.slug, "name": branch.category.name, "listings": count}


@extend_schema(
    summary="A seller's public page",
    examples=[examples.SELLER],
    responses={200: SellerPage, **MISSING},
    tags=["sellers"],
)
class OneSeller(PublicView, RetrieveAPIView[Seller]):
    serializer_class = SellerPage

    def get_object(self) -> Seller:
        return get_object_or_404(_public_sellers(), pk=self.kwargs["pk"])


@extend_schema(
    summary="What a seller sells",
    examples=[examples.LISTING_ITEM],
    responses={200: ListingItem(many=True), **WRONG, **MISSING},
    tags=["sellers"],
)
class SellersListings(PublicView, ListAPIView[Listing]):
    serializer_class = ListingItem

    def get_queryset(self) -> QuerySet[Listing]:
        seller = get_object_or_404(_public_sellers(), pk=self.kwargs["pk"])
        found = Listing.objects.for_sale().filter(seller=seller).order_by("-published_at", "-id")
        return found.select_related("category").prefetch_related("photos")


def _public_sellers() -> QuerySet[Seller]:
    return Seller.objects.filter(phone_verified_at__isnull=False, suspended_at__isnull=True)
