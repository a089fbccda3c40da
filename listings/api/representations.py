"""What the API says of each thing. Only ``ListingDetail`` may carry a phone number."""

from typing import ClassVar
from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from listings.models import Category, Listing, Photo
from listings.pages import beside
from listings.pages.contact import contact_of
from proxying.models import Seller


def absolute(path: str) -> str:
    """The address that the world knows a *path* of this site by."""
    return urljoin(f"{settings.PUBLIC_ORIGIN}/", path)


class PhotoItem(serializers.ModelSerializer[Photo]):
    """A picture: WebP, the longer side at most 1600, 640 and 240 pixels."""

    image = serializers.SerializerMethodField()
    thumbnail = serializers.SerializerMethodField()
    small = serializers.SerializerMethodField()

    class Meta:
        model = Photo
        fields = ("id", "image", "thumbnail", "small", "width", "height")
        read_only_fields = fields

    def get_image(self, photo: Photo) -> str:
        return absolute(photo.image.url)

    def get_thumbnail(self, photo: Photo) -> str:
        return absolute(photo.thumbnail.url)

    def get_small(self, photo: Photo) -> str:
        return absolute(photo.small.url)


class SellerName(serializers.ModelSerializer[Seller]):
    """Who sells, in short."""

    name = serializers.CharField(source="display_name")

    class Meta:
        model = Seller
        fields = ("id", "name")
        read_only_fields = fields


class ListingItem(serializers.ModelSerializer[Listing]):
    """A listing as lists show it, without a phone number. Prefetch ``photos``."""

    category = serializers.SlugRelatedField(  # type: ignore[var-annotated]  # no parameter at run time
        slug_field="slug", read_only=True, allow_null=True
    )
    cover = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField(help_text="The page for people.")

    class Meta:
        model = Listing
        fields: ClassVar[tuple[str, ...]] = (
            "reference",
            "title",
            "price",
            "is_negotiable",
            "category",
            "condition",
            "place",
            "state",
            "published_at",
            "cover",
            "url",
        )
        read_only_fields = fields

    def get_cover(self, listing: Listing) -> str | None:
        return absolute(listing.cover.thumbnail.url) if listing.cover else None

    def get_url(self, listing: Listing) -> str:
        return absolute(listing.get_absolute_url())


class ListingDetail(ListingItem):
    """All of a listing, with the number that buyers dial while it can be bought."""

    photos = PhotoItem(many=True, read_only=True)
    seller = SellerName(read_only=True)
    phone_number = serializers.SerializerMethodField(
        help_text="The seller's ShoppingPlace number, E.164; null when nobody answers there."
    )

    class Meta(ListingItem.Meta):
        fields = (*ListingItem.Meta.fields, "description", "photos", "seller", "phone_number")
        read_only_fields = fields

    def get_phone_number(self, listing: Listing) -> str | None:
        contact = contact_of(listing, timezone.now())
        number = listing.seller.reserved_number
        return number.proxy_identifier if contact and number else None


class OwnListing(ListingItem):
    """A listing as its seller sees it."""

    photos = PhotoItem(many=True, read_only=True)
    is_public = serializers.SerializerMethodField(help_text="Whether buyers see it now.")
    next_states = serializers.SerializerMethodField(help_text="Where it may be taken from here.")

    class Meta(ListingItem.Meta):
        fields = (
            *ListingItem.Meta.fields,
            "description",
            "photos",
            "is_public",
            "next_states",
            "created_at",
            "expires_at",
            "sold_at",
            "sold_where",
            "sold_price",
        )
        read_only_fields = fields

    def get_is_public(self, listing: Listing) -> bool:
        return listing.is_public

    def get_next_states(self, listing: Listing) -> list[str]:
        return [str(state) for state in listing.next_states]


class CategoryLeaf(serializers.ModelSerializer[Category]):
    """A category, with how many listings are for sale in it."""

    listings = serializers.IntegerField()

    class Meta:
        model = Category
        fields: ClassVar[tuple[str, ...]] = ("slug", "name", "listings")


class CategoryBranch(CategoryLeaf):
    """A category with those below it; its own number holds theirs."""

    children = CategoryLeaf(many=True)

    class Meta(CategoryLeaf.Meta):
        fields = (*CategoryLeaf.Meta.fields, "children")


class RatingSummary(serializers.Serializer[dict[str, float]]):
    """What buyers said after completed purchases."""

    average = serializers.FloatField(allow_null=True, help_text="1 to 5 stars; null without any.")
    count = serializers.IntegerField()


class SellerPage(serializers.ModelSerializer[Seller]):
    """What everybody may know of a seller."""

    name = serializers.CharField(source="display_name")
    member_since = serializers.DateTimeField(source="created_at")
    has_verified_phone = serializers.SerializerMethodField()
    rating = serializers.SerializerMethodField()
    listings = serializers.SerializerMethodField(help_text="Where this API lists what they sell.")

    class Meta:
        model = Seller
        fields = ("id", "name", "member_since", "has_verified_phone", "rating", "listings")

    @extend_schema_field(RatingSummary)
    def get_rating(self, seller: Seller) -> dict[str, float | int | None]:
        return beside.stars_of(seller)

    def get_listings(self, seller: Seller) -> str:
        return absolute(reverse("api:seller-listings", args=[seller.pk]))

    def get_has_verified_phone(self, seller: Seller) -> bool:
        return seller.phone_verified_at is not None
