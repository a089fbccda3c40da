"""Staff find listings, read them and take one off the market."""

import pytest
from django.test import Client

from listings.models import Listing
from tests.listings.factories import CategoryFactory, ListingFactory, add_photo
from tests.proxying.factories import UserFactory

pytestmark = pytest.mark.django_db

LISTINGS = "/admin/listings/listing/"


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("words", ["oak", "K7Q2M", "Tom"])
def test_staff_find_a_listing_by_title_reference_and_seller(admin, tom, words):
    ListingFactory(seller=tom, title="Oak table", reference="K7Q2M")
    ListingFactory(title="Guitar")

    found = admin.get(LISTINGS, {"q": words}).context["cl"].queryset

    assert [listing.title for listing in found] == ["Oak table"]


def test_queries_do_not_grow_with_the_list(admin, queries):
    ListingFactory()
    with_one = queries(admin, LISTINGS)
    ListingFactory()
    ListingFactory(category=CategoryFactory(slug="music", name="Music"))

    assert queries(admin, LISTINGS) == with_one


def test_staff_read_a_listing_with_its_photos(admin):
    photo = add_photo(ListingFactory())

    page = admin.get(f"{LISTINGS}{photo.listing_id}/change/").content.decode()

    assert photo.image.url in page


def test_staff_pause_what_is_for_sale(admin):
    for_sale, sold = ListingFactory(), ListingFactory(state=Listing.State.SOLD)

    page = admin.post(
        LISTINGS, {"action": "pause", "_selected_action": [for_sale.pk, sold.pk]}, follow=True
    ).content.decode()

    assert "1 paused." in page
    assert set(Listing.objects.values_list("state", flat=True)) == {"paused", "sold"}


def test_staff_cannot_empty_a_published_listing(admin):
    listing = ListingFactory()
    form = {
        "seller": listing.seller_id,
        "title": "Oak table",
        "description": "",
        "price": "240",
        "category": listing.category_id,
        "condition": "good",
        "place": "San Rafael",
        "photos-TOTAL_FORMS": "0",
        "photos-INITIAL_FORMS": "0",
    }

    page = admin.post(f"{LISTINGS}{listing.pk}/change/", form).content.decode()

    assert "Only a draft may be incomplete." in page
    assert Listing.objects.get().description
