"""The home page: what is for sale, narrowed, in pages, and never with a number."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from listings.models import Listing
from listings.browsing.views import PAGE_SIZE
from tests.listings.factories import CategoryFactory, ListingFactory, add_photo
from tests.proxying.factories import TOMS_NUMBER

pytestmark = pytest.mark.django_db


def titles(client: Client, query: str = "") -> list[str]:
    return [listing.title for listing in client.get("/" + query).context["page"]]


def test_newest_comes_first(client):
    for hours, title in ((3, "oldest"), (1, "newest"), (2, "middle")):
        ListingFactory(title=title, published_at=timezone.now() - timedelta(hours=hours))

    assert titles(client) == ["newest", "middle", "oldest"]


@pytest.mark.parametrize(
    ("state", "shown"), [("draft", 0), ("active", 1), ("reserved", 1), ("sold", 0), ("paused", 0)]
)
def test_browsing_shows_what_may_still_be_had(client, state, shown):
    ListingFactory(state=state)

    assert len(titles(client)) == shown


def test_category_narrows(client):
    ListingFactory(title="Oak table")
    ListingFactory(title="Guitar", category=CategoryFactory(slug="music", name="Music"))

    assert titles(client, "?category=music") == ["Guitar"]
    assert len(titles(client, "?category=no-such")) == 2


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("oak", 1),
        ("OAK seats", 1),
        ("tab", 1),
        ("oak kayak", 0),
        ("%", 0),
        ("\0", 1),
        ("x" * 500, 0),
    ],
)
def test_search_wants_every_word_in_title_or_description(client, words, found):
    ListingFactory(title="Oak table", description="Seats six")

    assert (
        len(titles(client, "?" + Client().get("/", {"q": words}).request["QUERY_STRING"])) == found
    )


def test_pages_keep_the_filters(client):
    ListingFactory.create_batch(PAGE_SIZE + 1, seller=ListingFactory(draft=True).seller)

    first = client.get("/?q=oak&category=furniture").content.decode()

    assert 'href="?q=oak&amp;category=furniture&amp;page=2"' in first
    assert len(titles(client, "?q=oak&category=furniture&page=2")) == 1


@pytest.mark.parametrize("page", ["0", "-1", "99999999999999999999", "two", "\0"])
def test_odd_page_number_is_no_error(client, page):
    ListingFactory()

    assert client.get("/", {"page": page}).status_code == 200


def test_nothing_found_says_so_and_offers_a_way_on(client):
    page = client.get("/?q=zeppelin").content.decode()

    assert "Nothing like that today" in page
    assert 'href="/"' in page


def test_what_was_searched_is_not_markup(client):
    page = client.get("/", {"q": "<script>alert(1)</script>"}).content.decode()

    assert "<script>alert" not in page


def test_numbers_are_not_in_the_list(client, tom):
    ListingFactory(seller=tom)

    page = client.get("/").content.decode()

    assert "Oak table" in page
    assert TOMS_NUMBER[2:] not in page.replace("-", "").replace(" ", "")
    assert "tel:" not in page


def test_free_is_said_in_words(client):
    ListingFactory(price=0)

    assert "Free" in client.get("/").content.decode()


def test_queries_do_not_grow_with_the_list(client, queries: Callable[[Client, str], int]):
    add_photo(ListingFactory())
    with_one = queries(client, "/")
    for number in range(2):
        add_photo(ListingFactory(category=CategoryFactory(slug=f"c{number}", name=f"C{number}")))

    assert queries(client, "/") == with_one == 4


def test_short_address_leads_to_the_page(client):
    listing: Listing = ListingFactory(title="Oak table")

    for path in ("/", "/old-title/"):
        answer = client.get(f"/listings/{listing.reference.lower()}{path}")
        assert answer["Location"] == f"/listings/{listing.reference}/oak-table/"


def test_how_it_works_is_explained(client):
    page = client.get("/how-it-works/").content.decode()

    assert 'id="safety"' in page
    assert "STOP" in page
