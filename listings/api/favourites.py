"""What somebody has marked."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from listings.api.representations import ListingItem
from listings.api.schema import MISSING, UNKNOWN, WRONG
from listings.api.views import PersonalView
from listings.models import Favourite, Listing


class FavouriteItem(serializers.ModelSerializer[Favourite]):
    """A mark, and the listing as lists show it."""

    listing = ListingItem(read_only=True)

    class Meta:
        model = Favourite
        fields = ("created_at", "listing")
        read_only_fields = fields


@extend_schema(
    summary="My favourites",
    description="The newest mark first; without what buyers no longer see.",
    responses={200: FavouriteItem(many=True), **WRONG, **UNKNOWN},
    tags=["favourites"],
)
class Favourites(PersonalView, ListAPIView[Favourite]):
    serializer_class = FavouriteItem

    def get_queryset(self) -> QuerySet[Favourite]:
        return (
            Favourite.objects.filter(
                user=self.request.user.pk, listing__in=Listing.objects.public()
            )
            .select_related("listing__category")
            .prefetch_related("listing__photos")
            .order_by("-created_at", "-id")
        )


class OneFavourite(PersonalView):
    @extend_schema(
        summary="Mark a listing",
        request=None,
        responses={204: None, **UNKNOWN, **MISSING},
        tags=["favourites"],
    )
    def put(self, request: Request, reference: str) -> Response:
        listing = get_object_or_404(Listing.objects.public(), reference=reference)
        Favourite.objects.get_or_create(user=self.person, listing=listing)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Take a mark away",
        responses={204: None, **UNKNOWN, **MISSING},
        tags=["favourites"],
    )
    def delete(self, request: Request, reference: str) -> Response:
        marks = Favourite.objects.filter(user=request.user.pk)
        get_object_or_404(marks, listing__reference=reference).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
