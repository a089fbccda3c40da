"""The demo's goods: for Tom and Beth, of today, and the same when loaded twice."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image

from listings.demo import story
from listings.demo.items import CATEGORIES
from listings.management.commands.load_demo import ITEMS
from listings.models import Category, Listing, Photo, Purchase, Rating
from tests.proxying.factories import ReservedNumberFactory, UserFactory

pytestmark = pytest.mark.django_db


def load() -> None:
    call_command("load_demo", verbosity=0, stdout=None)


@pytest.fixture
def people() -> None:
    for email in {item.seller for item in ITEMS}:
        name = email.partition("@")[0]
        ReservedNumberFactory(
            seller__display_name=name.title(),
            seller__user__username=name,
            seller__user__email=email,
        )
    for email in story.BUYERS:
        UserFactory(username=email, email=email)


def test_demo_fills_the_market(people, client):
    load()

    page = client.get("/").context["page"]
    assert Listing.objects.count() == len(ITEMS) == 60
    assert page.object_list[0].title == "Oak table"
    assert len({listing.seller for listing in Listing.objects.all()}) == 8
    assert {listing.state for listing in Listing.objects.all()} == {"active", "reserved", "sold"}
    assert all(listing.photos.count() == 1 for listing in Listing.objects.all())


def test_pictures_are_drawn_and_differ(people):
    load()

    pictures = [Image.open(photo.image.path) for photo in Photo.objects.all()]
    assert all(len(picture.getcolors(10**6)) > 20 for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == len(ITEMS)


def test_loading_twice_renews_the_dates_and_nothing_else(people):
    load()
    Listing.objects.update(published_at=timezone.now() - timedelta(days=400))
    photos = set(Photo.objects.values_list("pk", "image"))

    load()

    assert Listing.objects.count() == len(ITEMS)
    assert Category.objects.count() == len(CATEGORIES) + sum(
        len(leaves) for *_, leaves in CATEGORIES
    )
    assert set(Photo.objects.values_list("pk", "image")) == photos
    assert not Listing.objects.filter(published_at__lt=timezone.now() - timedelta(days=60)).exists()


def test_loading_again_keeps_what_people_changed(people):
    load()
    table = Listing.objects.get(title="Oak table")
    table.photos.all().delete()
    Listing.objects.filter(pk=table.pk).update(title="Oak table, round", state="sold", price=99)

    load()

    table.refresh_from_db()
    assert (table.title, table.state, table.price) == ("Oak table, round", "sold", 99)
    assert not table.photos.exists()


def test_demo_without_its_people_says_what_is_missing():
    with pytest.raises(CommandError, match="There is no seller"):
        load()

    assert not Listing.objects.exists()


def test_purchases_are_there_in_every_state(people):
    load()
    load()

    assert {purchase.state for purchase in Purchase.objects.all()} == set(Purchase.State)
    assert Purchase.objects.count() == len(story.DEALS)
    assert Rating.objects.count() == 3


def test_purchases_stay_as_people_left_them(people):
    load()
    asked = Purchase.objects.get(listing__title="Sea kayak, 14 feet, with paddle")
    Purchase.objects.filter(pk=asked.pk).update(state="declined", ended_at=timezone.now())

    load()

    asked.refresh_from_db()
    assert asked.state == "declined"
