"""Listings, and pictures as phones and strangers send them."""

import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import factory
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from factory.django import DjangoModelFactory
from PIL import Image

from listings.models import Category, Listing, Photo
from listings.selling.photos import attach, encode
from tests.proxying.factories import ReservedNumberFactory


class CategoryFactory(DjangoModelFactory):
    class Meta:
        model = Category
        django_get_or_create = ("slug",)

    name = "Furniture"
    slug = "furniture"


class ListingFactory(DjangoModelFactory):
    """An oak table for sale, by a seller with an active number unless one is given."""

    class Meta:
        model = Listing

    class Params:
        draft = factory.Trait(state=Listing.State.DRAFT, published_at=None)

    seller = factory.LazyFunction(lambda: ReservedNumberFactory().seller)
    title = "Oak table"
    description = "Solid oak, seats six."
    price = Decimal(240)
    category = factory.SubFactory(CategoryFactory)
    condition = Listing.Condition.GOOD
    place = "San Rafael, CA"
    latitude = 37.9735
    longitude = -122.5311
    state = Listing.State.ACTIVE
    published_at = factory.Sequence(lambda n: timezone.now() - timedelta(hours=1, seconds=n))


def picture(kind: str = "JPEG", size: tuple[int, int] = (80, 60), **options: Any) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def upload(content: bytes | None = None, name: str = "table.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture() if content is None else content)


def add_photo(listing: Listing) -> Photo:
    attach(listing, [encode(upload())])
    return listing.photos.last()
