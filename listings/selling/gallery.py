"""The pictures of one listing: added once, put in order, turned, copied."""

from collections.abc import Iterable
from typing import Final

from django.db import transaction
from django.db.models import F
from django.db.models.fields.files import FieldFile
from PIL import Image

from listings.models import Listing, Photo
from listings.selling.photos import MAX_PHOTOS, EncodedPhoto, attach, encoded, fill

TURNS: Final = {"left": Image.Transpose.ROTATE_90, "right": Image.Transpose.ROTATE_270}

# Positions begin at 1 and are few: while they are dealt anew the old ones wait up here.
_OUT_OF_THE_WAY: Final = 10_000


def attach_new(listing: Listing, photos: Iterable[EncodedPhoto]) -> int:
    """Add those of *photos* that the listing does not have yet; how many had no room.

    The same upload sent twice, by a second click or a reloaded page, adds nothing.
    """
    sent = {photo.image: photo for photo in photos}
    with transaction.atomic():
        _lock(listing)
        alike = listing.photos.filter(fingerprint__in=[p.fingerprint for p in sent.values()])
        for photo in alike:
            sent.pop(_content(photo.image), None)
        room = max(MAX_PHOTOS - listing.photos.count(), 0)
        new = list(sent.values())
        attach(listing, new[:room])
    return len(new[room:])


def place_of(photo: Photo) -> int:
    """Which of the listing's photos it is, counted from 1: positions have gaps."""
    return photo.listing.photos.filter(position__lte=photo.position).count()


def move(photo: Photo, place: int) -> None:
    """Make *photo* the one at *place*, counted from 1; beyond an end means the end."""
    with transaction.atomic():
        _lock(photo.listing)
        photos = [other for other in photo.listing.photos.all() if other.pk != photo.pk]
        photos.insert(max(place - 1, 0), photo)
        photo.listing.photos.update(position=F("position") + _OUT_OF_THE_WAY)
        for position, moved in enumerate(photos, start=1):
            moved.position = position
        Photo.objects.bulk_update(photos, ["position"])


def turn(photo: Photo, way: str) -> None:
    """Turn *photo* a quarter to one of ``TURNS``: drawn anew, as new files; the old ones go."""
    with transaction.atomic():
        # Locked, so that two clicks make two quarters.
        photo = Photo.objects.select_for_update().get(pk=photo.pk)
        with photo.image.open() as file, Image.open(file, formats=["WEBP"]) as picture:
            turned = encoded(picture.convert("RGB").transpose(TURNS[way]))
        photo.forget_files()
        fill(photo, turned)
        photo.save()


def copy(source: Listing, to: Listing) -> None:
    """Give *to* the photos of *source*, as files of its own."""
    copies = [
        EncodedPhoto(
            _content(photo.image),
            _content(photo.thumbnail),
            _content(photo.small),
            photo.fingerprint,
        )
        for photo in source.photos.all()
    ]
    attach(to, copies)


def _lock(listing: Listing) -> None:
    """One change at a time to the photos of a listing."""
    Listing.objects.select_for_update().get(pk=listing.pk)


def _content(file: FieldFile) -> bytes:
    with file.open() as stream:
        content: bytes = stream.read()
    return content
