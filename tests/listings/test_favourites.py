"""Favourites, with an account and without."""

import pytest
from django.test import Client

from listings.models import Favourite, Listing
from tests.listings.factories import ListingFactory, add_photo
from tests.proxying.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(db):
    return UserFactory(username="bob")


@pytest.fixture
def bobs_browser(bob) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def toggle(client: Client, listing: Listing, **data: str):
    return client.post(f"/listings/{listing.reference}/favourite/", data)


def page_of(client: Client) -> str:
    return client.get("/favourites/").content.decode()


def test_stranger_keeps_and_removes_one(client, tom):
    listing = ListingFactory(seller=tom, title="Cargo bike")

    toggle(client, listing)
    assert "Cargo bike" in page_of(client)

    toggle(client, listing)
    client.get("/favourites/")  # shows what was said of it
    assert "Cargo bike" not in page_of(client)
    assert not Favourite.objects.exists()


def test_account_keeps_rows(bobs_browser, bob, tom):
    listing = ListingFactory(seller=tom)

    toggle(bobs_browser, listing)
    assert Favourite.objects.get().user == bob
    assert 'aria-pressed="true"' in bobs_browser.get(listing.get_absolute_url()).content.decode()

    toggle(bobs_browser, listing)
    assert not Favourite.objects.exists()


def test_log_in_merges_what_was_marked_before(client, bob, tom):
    bike, lamp, table = (ListingFactory(seller=tom, title=t) for t in ("Bike", "Lamp", "Table"))
    Favourite.objects.create(user=bob, listing=bike)
    for listing in (bike, lamp, table):
        toggle(client, listing)
    table.delete()

    client.force_login(bob)

    assert set(Favourite.objects.filter(user=bob).values_list("listing", flat=True)) == {
        bike.pk,
        lamp.pk,
    }
    assert "favourites" not in client.session


def test_session_holds_a_hundred_and_forgets_the_oldest(client, tom):
    listings = [ListingFactory(seller=tom) for _ in range(3)]
    session = client.session
    session["favourites"] = [*range(10_000, 10_099), listings[0].pk]
    session.save()

    toggle(client, listings[1])

    kept = client.session["favourites"]
    assert len(kept) == 100
    assert kept[0] == listings[1].pk
    assert listings[0].pk not in kept


def test_reserved_and_sold_ones_stay_and_vanished_ones_go(client, tom):
    sold = ListingFactory(seller=tom, title="Sold sofa", state=Listing.State.SOLD)
    gone = ListingFactory(seller=tom, title="Gone globe")
    toggle(client, sold)
    toggle(client, gone)
    Listing.objects.filter(pk=gone.pk).update(state=Listing.State.PAUSED)

    client.get("/favourites/")
    page = page_of(client)

    assert "Sold sofa" in page
    assert "badge--sold" in page
    assert "Gone globe" not in page


def test_latest_marked_comes_first(client, bob, tom):
    for title in ("First marked", "Second marked"):
        toggle(client, ListingFactory(seller=tom, title=title))
    client.get("/favourites/")
    page = page_of(client)
    assert page.index("Second marked") < page.index("First marked")

    client.force_login(bob)
    page = page_of(client)
    assert page.index("Second marked") < page.index("First marked")


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_goes_back_only_to_our_own_pages(client, tom, wanted):
    listing = ListingFactory(seller=tom)

    assert toggle(client, listing, next="/favourites/")["Location"] == "/favourites/"
    assert toggle(client, listing, next=wanted)["Location"] == listing.get_absolute_url()


def test_a_word_to_go_back_to_is_no_view_of_ours(client, tom):
    assert toggle(client, ListingFactory(seller=tom), next="desk")["Location"] == "desk"


def test_mallory_does_not_touch_bobs(mallorys_browser, bob, tom):
    listing = ListingFactory(seller=tom)
    Favourite.objects.create(user=bob, listing=listing)

    toggle(mallorys_browser, listing)
    toggle(mallorys_browser, listing)

    assert list(Favourite.objects.values_list("user", flat=True)) == [bob.pk]


def test_changing_is_a_post_with_the_forms_token(client, tom):
    listing = ListingFactory(seller=tom)

    assert client.get(f"/listings/{listing.reference}/favourite/").status_code == 405
    assert toggle(Client(enforce_csrf_checks=True), listing).status_code == 403


def test_unpublished_listing_cannot_be_marked(client, tom):
    assert toggle(client, ListingFactory(seller=tom, draft=True)).status_code == 404


@pytest.mark.parametrize("logged_in", [True, False])
def test_queries_do_not_grow_with_favourites(client, bob, tom, queries, logged_in):
    if logged_in:
        client.force_login(bob)
    listings = [ListingFactory() for _ in range(3)]
    for listing in listings:
        add_photo(listing)
    toggle(client, listings[0])
    client.get("/favourites/")
    with_one = queries(client, "/favourites/")
    toggle(client, listings[1])
    toggle(client, listings[2])
    client.get("/favourites/")

    assert queries(client, "/favourites/") == with_one <= 12
