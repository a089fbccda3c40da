"""The photos of a seller's own listing: the same decoders and limits as on the page."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from listings.api.my_listings import OwnListingsView
from listings.api.representations import PhotoItem
from listings.api.schema import MISSING, UNKNOWN, WRONG
from listings.models import Photo
from listings.selling import gallery
from listings.selling.photos import MAX_PHOTOS, NotAPhoto, encode


class PhotoUpload(serializers.Serializer[Any]):
    """One picture: JPEG, PNG, WebP or HEIC, at most 12 MB."""

    photo = serializers.FileField()


class PhotoChange(serializers.Serializer[Any]):
    """Where the picture shall stand, or a quarter of a turn."""

    place = serializers.IntegerField(
        min_value=1, max_value=MAX_PHOTOS, required=False, help_text="1 is the cover."
    )
    turn = serializers.ChoiceField(sorted(gallery.TURNS), required=False)


class OwnPhotos(OwnListingsView):
    parser_classes = (MultiPartParser,)
    serializer_class = PhotoItem

    @extend_schema(
        summary="Add a photo",
        description=(
            f"A listing has room for {MAX_PHOTOS}. What was uploaded is drawn anew: upright, and "
            "without the place where it was taken. The same picture sent twice is there once."
        ),
        request={"multipart/form-data": PhotoUpload},
        responses={201: PhotoItem(many=True), **WRONG, **UNKNOWN, **MISSING},
        tags=["my listings"],
    )
    def post(self, request: Request, reference: str) -> Response:
        listing = self.own_listing()
        upload = PhotoUpload(data=request.data)
        upload.is_valid(raise_exception=True)
        try:
            photo = encode(upload.validated_data["photo"])
        except NotAPhoto as problem:
            raise ValidationError({"photo": [str(problem)]}) from None
        if gallery.attach_new(listing, [photo]):
            raise ValidationError(
                {"photo": [_("A listing has room for %(most)s pictures.") % {"most": MAX_PHOTOS}]}
            )
        photos = PhotoItem(listing.photos.all(), many=True)
        return Response(photos.data, status=status.HTTP_201_CREATED)


class OneOwnPhoto(OwnListingsView):
    serializer_class = PhotoItem

    def own_photo(self) -> Photo:
        own = Photo.objects.filter(listing__in=self.own()).select_related("listing")
        return get_object_or_404(
            own, listing__reference=self.kwargs["reference"], pk=self.kwargs["photo_id"]
        )

    @extend_schema(
        summary="Put a photo elsewhere, or turn it",
        request=PhotoChange,
        responses={200: PhotoItem(many=True), **WRONG, **UNKNOWN, **MISSING},
        tags=["my listings"],
    )
    def patch(self, request: Request, reference: str, photo_id: int) -> Response:
        photo = self.own_photo()
        change = PhotoChange(data=request.data)
        change.is_valid(raise_exception=True)
        if turn := change.validated_data.get("turn"):
            gallery.turn(photo, turn)
        if place := change.validated_data.get("place"):
            gallery.move(photo, place)
        return Response(PhotoItem(photo.listing.photos.all(), many=True).data)

    @extend_schema(
        summary="Delete a photo",
        responses={204: None, **UNKNOWN, **MISSING},
        tags=["my listings"],
    )
    def delete(self, request: Request, reference: str, photo_id: int) -> Response:
        self.own_photo().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
