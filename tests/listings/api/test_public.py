"""What anybody may read."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from listings.models import Listing, Purchase, Rating
from tests.listings.factories import CategoryFactory, ListingFactory, add_photo
from tests.proxying.factories import TOMS_NUMBER, TOMS_PHONE, SellerFactory, UserFactory

LISTINGS = "/api/v1/listings/"


def titles(answer):
    return [item["title"] for item in answer.json()["results"]]


def walk(client, address):
    """Every title, page by page."""
    found = []
    while address:
        answer = client.get(address)
        found += titles(answer)
        address = answer.json()["next"]
    return found


def test_list_is_narrowed_as_the_page_is(anybody, db):
    ListingFactory(title="Oak table", price=240)
    ListingFactory(title="Pine table", price=90)
    ListingFactory(title="Lamp", price=50)
    assert titles(anybody.get(LISTINGS, {"q": "table", "max": "100"})) == ["Pine table"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max", "cheap"),
        ("category", "none"),
        ("sort", "rank"),
        ("limit", "0"),
        ("limit", "9" * 5000),
    ],
)
def test_filter_that_makes_no_sense_is_named(anybody, db, name, value):
    answer = anybody.get(LISTINGS, {name: value})
    assert answer.status_code == 400
    assert list(answer.json()) == [name]


@pytest.mark.parametrize("sort", ["newest", "price", "-price"])
def test_every_listing_comes_once_while_others_arrive(anybody, db, sort):
    for n in range(5):
        ListingFactory(title=f"Item {n}", price=10 + n // 2)
    address = f"{LISTINGS}?sort={sort}&limit=2"
    first = anybody.get(address)
    ListingFactory(title="Late", published_at=timezone.now() + timedelta(hours=1), price=1)
    found = titles(first) + walk(anybody, first.json()["next"])
    assert sorted(set(found) - {"Late"}) == [f"Item {n}" for n in range(5)]
    assert len(found) == len(set(found))


@pytest.mark.parametrize("query", ["q=item", "place=Oakland,+CA&km=any&sort=distance"])
def test_counted_orders_have_pages_too(anybody, db, query):
    for n in range(3):
        ListingFactory(title=f"Item {n}", latitude=37.8 + n / 100, longitude=-122.27)
    found = walk(anybody, f"{LISTINGS}?{query}&limit=1")
    assert sorted(found) == ["Item 0", "Item 1", "Item 2"]


@pytest.mark.parametrize("cursor", ["x", "\0", "1:2:3", "é", "WyJhIl0:1tabcd:abc"])
def test_nonsense_cursor_is_refused(anybody, db, cursor):
    assert anybody.get(LISTINGS, {"cursor": cursor}).status_code == 400


def test_cursor_of_another_order_is_refused(anybody, db):
    ListingFactory.create_batch(2)
    following = anybody.get(f"{LISTINGS}?limit=1").json()["next"]
    assert anybody.get(following + "&sort=price").status_code == 400


@pytest.mark.parametrize(
    "address", [LISTINGS, LISTINGS + "?q=oak", "/api/v1/sellers/{seller}/listings/"]
)
def test_queries_do_not_grow_with_the_rows(anybody, tom, queries, address):
    address = address.format(seller=tom.pk)
    add_photo(ListingFactory(seller=tom))
    one = queries(anybody, address)
    for listing in ListingFactory.create_batch(2, seller=tom):
        add_photo(listing)
    assert queries(anybody, address) == one <= 12


def test_detail_carries_the_reserved_number_alone(anybody, tom):
    listing = ListingFactory(seller=tom)
    add_photo(listing)
    with CaptureQueriesContext(connection) as captured:
        answer = anybody.get(f"{LISTINGS}{listing.reference.lower()}/")
    assert answer.json()["phone_number"] == TOMS_NUMBER
    assert TOMS_PHONE not in answer.content.decode()
    assert len(captured) <= 12


def test_detail_of_a_sold_listing_carries_no_number(anybody, tom):
    listing = ListingFactory(seller=tom, state=Listing.State.SOLD)
    assert anybody.get(f"{LISTINGS}{listing.reference}/").json()["phone_number"] is None


@pytest.mark.parametrize("state", ["draft", "paused"])
def test_unpublished_listing_is_only_its_sellers(anybody, toms, mallorys, tom, state):
    address = f"{LISTINGS}{ListingFactory(seller=tom, state=state).reference}/"
    codes = [client.get(address).status_code for client in (anybody, mallorys, toms)]
    assert codes == [404, 404, 200]


def test_categories_count_what_is_for_sale_below_them(anybody, db):
    home = CategoryFactory(name="Home", slug="home")
    sofas = CategoryFactory(name="Sofas", slug="sofas", parent=home)
    ListingFactory(category=home)
    ListingFactory(category=sofas)
    ListingFactory(category=sofas, state=Listing.State.SOLD)
    branch = next(one for one in anybody.get("/api/v1/categories/").json() if one["slug"] == "home")
    assert (branch["listings"], branch["children"][0]["listings"]) == (2, 1)


def test_seller_is_shown_with_ratings_and_without_numbers(anybody, tom):
    now = timezone.now()
    purchase = Purchase.objects.create(
        listing=ListingFactory(seller=tom),
        buyer=UserFactory(),
        buyer_name="Bob",
        price=200,
        state=Purchase.State.COMPLETED,
        buyer_confirmed_at=now,
        seller_confirmed_at=now,
    )
    Rating.objects.create(purchase=purchase, by_buyer=True, stars=4)
    answer = anybody.get(f"/api/v1/sellers/{tom.pk}/")
    assert answer.json()["rating"] == {"average": 4.0, "count": 1}
    assert TOMS_NUMBER not in answer.content.decode()


@pytest.mark.parametrize("trait", ["suspended", "unverified"])
def test_seller_without_a_public_page_is_not_there(anybody, db, trait):
    seller = SellerFactory(**{trait: True})
    assert anybody.get(f"/api/v1/sellers/{seller.pk}/").status_code == 404
    assert anybody.get(f"/api/v1/sellers/{seller.pk}/listings/").status_code == 404


def test_what_has_ended_is_gone_and_gives_no_number(anybody, tom):
    ended = ListingFactory(seller=tom, state=Listing.State.EXPIRED)
    answer = anybody.get(f"{LISTINGS}{ended.reference}/")
    assert (answer.status_code, list(answer.json())) == (410, ["detail"])
    Listing.objects.update(hidden_at=timezone.now())
    assert anybody.get(f"{LISTINGS}{ended.reference}/").status_code == 404
