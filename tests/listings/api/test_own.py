"""What a person changes: their own listings, photos, favourites, purchases; nobody else's."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from listings.models import Favourite, Listing, Purchase
from tests.listings.factories import CategoryFactory, ListingFactory, add_photo, picture, upload

MINE = "/api/v1/my/listings/"
TABLE = {
    "title": "Oak table",
    "description": "Solid oak, seats six.",
    "price": "240.00",
    "category": "furniture",
    "condition": "good",
    "place": "San Rafael, CA",
}


@pytest.fixture
def draft(tom):
    return ListingFactory(seller=tom, draft=True)


@pytest.fixture
def table(tom):
    return ListingFactory(seller=tom)


def address(listing, rest=""):
    return f"{MINE}{listing.reference}/{rest}"


def test_seller_writes_publishes_and_sells(toms, db):
    CategoryFactory()
    made = toms.post(MINE, TABLE, format="json")
    assert (made.status_code, made.json()["state"]) == (201, "draft")
    state = f"{MINE}{made.json()['reference']}/state/"
    assert toms.post(state, {"state": "active"}, format="json").json()["is_public"]
    assert toms.post(state, {"state": "paused"}, format="json").json()["state"] == "paused"
    assert toms.post(state, {"state": "active"}, format="json").json()["state"] == "active"
    sold = {"state": "sold", "sold_where": "elsewhere", "sold_price": "199.50"}
    assert toms.post(state, sold, format="json").json()["sold_at"]
    listing = Listing.objects.get()
    assert (listing.sold_where, str(listing.sold_price)) == ("elsewhere", "199.50")


@pytest.mark.parametrize(
    ("state", "field", "value"),
    [
        ("sold", "sold_price", "-1"),
        ("sold", "sold_price", "9" * 40),
        ("sold", "sold_price", [1]),
        ("sold", "sold_where", "moon"),
        ("paused", "sold_price", "5"),
        ("paused", "sold_where", "here"),
    ],
)
def test_sale_that_makes_no_sense_changes_nothing(toms, table, state, field, value):
    wish = {"state": state, field: value}
    answer = toms.post(address(table, "state/"), wish, format="json")
    assert (answer.status_code, list(answer.json())) == (400, [field])
    table.refresh_from_db()
    assert table.state == "active"


def test_draft_may_lack_words_and_is_published_with_all(toms, db):
    made = toms.post(MINE, {"title": "Oak table"}, format="json").json()
    answer = toms.post(f"{MINE}{made['reference']}/state/", {"state": "active"}, format="json")
    assert answer.status_code == 400
    assert {"price", "place", "category"} <= set(answer.json())


def test_what_is_not_sent_stays(toms, table):
    answer = toms.patch(address(table), {"price": "99.50"}, format="json")
    assert (answer.status_code, answer.json()["title"]) == (200, table.title)
    table.refresh_from_db()
    assert (str(table.price), table.place) == ("99.50", "San Rafael, CA")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Call 415-234-5555"),
        ("description", "Write to tom@example.com"),
        ("place", "Nowhere at all"),
        ("price", "-1"),
        ("price", 10**30),
        ("category", "none"),
        ("category", "a\0b"),
        ("condition", ["good"]),
        ("title", {"a": 1}),
        ("title", "a\0b"),
    ],
)
def test_what_a_page_would_refuse_is_refused(toms, table, field, value):
    answer = toms.patch(address(table), {field: value}, format="json")
    assert answer.status_code == 400
    assert list(answer.json()) == [field]


def test_only_a_draft_is_deleted(toms, draft, table):
    assert toms.delete(address(draft)).status_code == 204
    assert toms.delete(address(table)).status_code == 409
    assert list(Listing.objects.all()) == [table]


def test_listing_goes_only_where_it_may(toms, draft):
    assert toms.post(address(draft, "state/"), {"state": "sold"}, format="json").status_code == 409
    assert toms.post(address(draft, "state/"), {"state": "draft"}, format="json").status_code == 400
    assert toms.post(address(draft, "renew/")).status_code == 409


def test_what_has_expired_is_renewed(toms, tom):
    old = ListingFactory(seller=tom, state=Listing.State.EXPIRED)
    assert toms.post(address(old, "renew/")).json()["state"] == "active"


def test_photos_are_added_ordered_turned_and_deleted(toms, draft):
    sent = {"photo": upload()}
    first = toms.post(address(draft, "photos/"), sent, format="multipart")
    assert first.status_code == 201
    add_photo(draft)
    one, two = (photo.pk for photo in draft.photos.all())
    moved = toms.patch(address(draft, f"photos/{two}/"), {"place": 1}, format="json")
    assert [photo["id"] for photo in moved.json()] == [two, one]
    turned = toms.patch(address(draft, f"photos/{one}/"), {"turn": "left"}, format="json")
    assert [(photo["width"], photo["height"]) for photo in turned.json()] == [(80, 60), (60, 80)]
    assert toms.delete(address(draft, f"photos/{two}/")).status_code == 204


@pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n", b"x"])
def test_what_is_no_picture_is_refused(toms, draft, content):
    sent = {"photo": SimpleUploadedFile("a.jpg", content)}
    answer = toms.post(address(draft, "photos/"), sent, format="multipart")
    assert (answer.status_code, list(answer.json())) == (400, ["photo"])


def test_eleventh_photo_has_no_room(toms, draft):
    for _ in range(10):
        add_photo(draft)
    different = SimpleUploadedFile("x.jpg", picture(size=(33, 44)))
    answer = toms.post(address(draft, "photos/"), {"photo": different}, format="multipart")
    assert answer.status_code == 400
    assert draft.photos.count() == 10


def test_a_mark_tells_nothing_of_its_options(bobs, table):
    assert bobs.options(f"/api/v1/favourites/{table.reference}/").status_code == 405


def test_favourite_is_there_once_and_gone_once(bobs, bob, table):
    mark = f"/api/v1/favourites/{table.reference}/"
    assert [bobs.put(mark).status_code for _ in range(2)] == [204, 204]
    [item] = bobs.get("/api/v1/favourites/").json()["results"]
    assert item["listing"]["reference"] == table.reference
    assert [bobs.delete(mark).status_code for _ in range(2)] == [204, 404]


def test_buyer_asks_seller_accepts_both_confirm_and_rate(bobs, toms, table):
    wish = {"listing": table.reference, "buyer_name": "Bob", "price": "200"}
    asked = bobs.post("/api/v1/purchases/", wish, format="json")
    assert (asked.status_code, asked.json()["role"]) == (201, "buyer")
    purchase = f"/api/v1/purchases/{asked.json()['id']}/"
    assert bobs.post(purchase + "accept/").status_code == 403
    assert toms.post(purchase + "accept/", {"days": 2}, format="json").json()["held_until"]
    bobs.post(purchase + "confirm/")
    assert toms.post(purchase + "confirm/").json()["state"] == "completed"
    assert bobs.post(purchase + "rate/", {"stars": 5}, format="json").status_code == 200
    assert bobs.post(purchase + "rate/", {"stars": 5}, format="json").status_code == 409
    assert bobs.post(purchase + "cancel/").status_code == 409


def test_own_listing_cannot_be_bought(toms, table):
    wish = {"listing": table.reference, "buyer_name": "Tom"}
    answer = toms.post("/api/v1/purchases/", wish, format="json")
    assert answer.status_code == 409
    assert "own" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"state": "reserved"}, "reserved for somebody else"),
        ({"state": "sold"}, "is sold"),
        ({"state": "expired"}, "has ended"),
    ],
)
def test_what_is_not_free_cannot_be_bought_and_the_answer_says_why(bobs, table, change, why):
    Listing.objects.filter(pk=table.pk).update(**change)
    wish = {"listing": table.reference, "buyer_name": "Bob"}
    answer = bobs.post("/api/v1/purchases/", wish, format="json")
    assert answer.status_code == 409
    assert why in answer.json()["detail"]


@pytest.mark.parametrize("change", [{"state": "draft"}, {"state": "paused"}])
def test_what_nobody_sees_cannot_be_asked_for(bobs, table, change):
    Listing.objects.filter(pk=table.pk).update(**change)
    wish = {"listing": table.reference, "buyer_name": "Bob"}
    assert bobs.post("/api/v1/purchases/", wish, format="json").status_code == 404


def test_purchase_says_who_ended_it(bobs, toms, table):
    asked = bobs.post(
        "/api/v1/purchases/", {"listing": table.reference, "buyer_name": "Bob"}, format="json"
    )
    purchase = f"/api/v1/purchases/{asked.json()['id']}/"
    assert asked.json()["ended_by"] == ""
    assert toms.post(purchase + "decline/").json()["ended_by"] == "seller"


@pytest.mark.parametrize("field", ["buyer_name", "note"])
def test_request_gives_nobody_a_number(bobs, table, field):
    wish = {"listing": table.reference, "buyer_name": "Bob", field: "Call 415-234-5555"}
    answer = bobs.post("/api/v1/purchases/", wish, format="json")
    assert (answer.status_code, list(answer.json())) == (400, [field])


@pytest.mark.parametrize("which", ["my/listings", "favourites", "purchases"])
def test_queries_of_own_lists_do_not_grow_with_the_rows(toms, tom, queries, which):
    def add():
        listing = ListingFactory(seller=tom)
        add_photo(listing)
        Favourite.objects.create(user=tom.user, listing=ListingFactory())
        Purchase.objects.create(listing=ListingFactory(), buyer=tom.user, buyer_name="Tom", price=1)

    add()
    one = queries(toms, f"/api/v1/{which}/")
    add()
    add()
    assert queries(toms, f"/api/v1/{which}/") == one <= 12


CHANGES = [
    ("get", "my/listings/{listing}/", {}),
    ("patch", "my/listings/{listing}/", {"title": "Mine now"}),
    ("delete", "my/listings/{draft}/", {}),
    ("post", "my/listings/{listing}/state/", {"state": "paused"}),
    ("post", "my/listings/{listing}/renew/", {}),
    ("post", "my/listings/{listing}/photos/", {}),
    ("patch", "my/listings/{listing}/photos/{photo}/", {"turn": "left"}),
    ("delete", "my/listings/{listing}/photos/{photo}/", {}),
    ("get", "purchases/{purchase}/", {}),
    *(
        ("post", "purchases/{purchase}/" + step + "/", {"stars": 1})
        for step in ("accept", "decline", "cancel", "confirm", "rate")
    ),
    ("post", "purchases/", {"listing": "{draft}", "buyer_name": "Mallory"}),
    ("put", "favourites/{draft}/", {}),
    ("delete", "favourites/{listing}/", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES, ids=lambda value: str(value)[:40])
def test_nobody_gets_at_what_is_anothers(mallorys, anybody, bob, table, draft, method, path, body):
    purchase = Purchase.objects.create(listing=table, buyer=bob, buyer_name="Bob", price=1)
    Favourite.objects.create(user=bob, listing=table)
    names = {
        "listing": table.reference,
        "draft": draft.reference,
        "photo": add_photo(table).pk,
        "purchase": purchase.pk,
    }
    where = "/api/v1/" + path.format(**names)
    body = {key: str(value).format(**names) for key, value in body.items()}
    form = "multipart" if path.endswith("photos/") else "json"
    before = list(Listing.objects.order_by("pk").values())
    assert getattr(mallorys, method)(where, body, format=form).status_code == 404
    assert getattr(anybody, method)(where, body, format=form).status_code == 401
    assert list(Listing.objects.order_by("pk").values()) == before
    purchase.refresh_from_db()
    assert (purchase.state, table.photos.count(), Favourite.objects.count()) == ("requested", 1, 1)


def test_photo_of_another_listing_is_not_there(toms, draft, table):
    photo = add_photo(table)
    assert toms.delete(address(draft, f"photos/{photo.pk}/")).status_code == 404
