"""The home page: what is for sale, narrowed, in pages, and never with a number."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from listings.browsing import pages, views, words
from listings.browsing.pages import PAGE_SIZE
from listings.models import Listing
from tests.listings.factories import CategoryFactory, ListingFactory, add_photo
from tests.proxying.factories import TOMS_NUMBER

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def titles(client: Client, query: str = "") -> list[str]:
    return [listing.title for listing in client.get("/" + query).context["listings"]]


def many(number: int) -> None:
    """So many listings of one seller, ``0`` being the newest."""
    first = ListingFactory(draft=True)
    now = timezone.now()
    Listing.objects.bulk_create(
        Listing(
            reference=f"{at:05}",
            seller=first.seller,
            seller_is_reachable=True,
            title=f"{at}",
            description="Oak.",
            price=at,
            category=first.category,
            condition="good",
            place=first.place,
            state="active",
            published_at=now - timedelta(minutes=at),
        )
        for at in range(number)
    )


@pytest.fixture
def small_cap(monkeypatch: pytest.MonkeyPatch) -> int:
    """Two full pages stand for a thousand listings."""
    cap = 2 * PAGE_SIZE
    monkeypatch.setattr(pages, "CAP", cap)
    monkeypatch.setattr(views, "CAP", cap)
    return cap


def test_newest_comes_first(client):
    for hours, title in ((3, "oldest"), (1, "newest"), (2, "middle")):
        ListingFactory(title=title, published_at=timezone.now() - timedelta(hours=hours))

    assert titles(client) == ["newest", "middle", "oldest"]


@pytest.mark.parametrize(
    ("state", "shown"), [("draft", 0), ("active", 1), ("reserved", 0), ("sold", 0), ("paused", 0)]
)
def test_browsing_shows_what_may_still_be_had(client, state, shown):
    ListingFactory(state=state)

    assert len(titles(client)) == shown


def test_reserved_and_sold_are_shown_as_such_when_asked_for(client):
    ListingFactory(title="Desk", state="reserved")
    ListingFactory(title="Lamp", state="sold")

    page = client.get("/?reserved=1&sold=1").content.decode()

    assert "badge--reserved" in page
    assert "badge--sold" in page


def test_pages_keep_the_filters(client):
    ListingFactory.create_batch(PAGE_SIZE + 1, seller=ListingFactory(draft=True).seller)

    first = client.get("/?q=oak&category=furniture").content.decode()

    assert 'href="?category=furniture&amp;q=oak&amp;page=2"' in first
    assert len(titles(client, "?q=oak&category=furniture&page=2")) == 1


@pytest.mark.parametrize("page", ["0", "-1", "99999999999999999999", "two", "\0", "1e9", "²"])
def test_odd_page_number_is_no_error(client, page):
    ListingFactory()

    answer = client.get("/", {"page": page})

    assert [listing.title for listing in answer.context["listings"]] == ["Oak table"]


def test_counts_and_pages_stop_at_the_cap(client, small_cap):
    many(small_cap + 30)

    page = client.get("/?page=99")

    assert f"{small_cap}+ results" in page.content.decode()
    assert page.context["page"].number == page.context["page"].paginator.num_pages == 3


def test_older_listings_go_on_from_the_last_page(client, small_cap):
    many(small_cap + 30)
    seen = []
    query = ""
    for number in range(1, 4):
        answer = client.get(f"/?page={number}")
        seen += [int(listing.title) for listing in answer.context["listings"]]
        query = answer.context["older"]
    while query:
        answer = client.get(f"/?before={query}")
        seen += [int(listing.title) for listing in answer.context["listings"]]
        query = answer.context["older"]

    assert seen == list(range(small_cap + 30))


@pytest.mark.parametrize("more", ["", "&q=oak", "&q=oak&condition=good"])
@pytest.mark.parametrize("within", ["25", "any"])
def test_nearest_first_shows_what_is_within_the_circle(client, within, more):
    ListingFactory(title="Far", latitude=36.74, longitude=-119.79)
    ListingFactory(title="Near", latitude=37.81, longitude=-122.27)
    ListingFactory(title="Nowhere", latitude=None, longitude=None)

    shown = titles(client, f"?place=oakland&sort=distance&km={within}{more}")

    assert shown == (["Near"] if within == "25" else ["Near", "Far", "Nowhere"])


def test_other_orders_end_with_the_pages_and_say_so(client, small_cap):
    many(small_cap + 30)

    page = client.get("/?sort=price&page=3").content.decode()

    assert "Narrow the search" in page
    assert "before=" not in page


@pytest.mark.parametrize(
    "before", ["x", "AAAA", "é", "\0", "MjAyNS0wMS0wMSA5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"]
)
def test_a_cursor_that_is_not_ours_shows_the_first_page(client, before):
    ListingFactory()

    assert client.get("/", {"before": before}).context["page"].number == 1


TEXTS = st.text() | st.sampled_from(["'", "a' | b", "!!", ":*", "\\", "<->", "(", "\ud83d", "%"])


@hypothesis_settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(
            ["q", "category", "place", "km", "min", "max", "condition", "sort", "page", "before"]
        ),
        TEXTS,
        max_size=4,
    )
)
def test_no_query_string_is_an_error(client, pairs):
    pairs = {name: text.encode("utf-8", "replace").decode() for name, text in pairs.items()}

    assert client.get("/", pairs).status_code == 200


def test_nothing_found_says_so_and_offers_a_way_on(client):
    page = client.get("/?q=zeppelin").content.decode()

    assert "0 results" in page
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


def test_a_filter_can_be_taken_away(client):
    ListingFactory()

    page = client.get("/?q=oak&min=5&condition=good&condition=new").content.decode()

    assert 'href="/?condition=good&amp;condition=new&amp;q=oak"' in page
    assert 'href="/?condition=new&amp;min=5&amp;q=oak"' in page


def test_nonsense_is_said_and_the_rest_holds(client):
    ListingFactory(price=5)

    answer = client.get("/?min=lots&q=oak")

    assert "We left out the lowest price" in answer.content.decode()
    assert len(answer.context["listings"]) == 1


# Categories


def branches(client: Client, query: str = "") -> dict[str, int | None]:
    """What the page says each category and its children hold."""
    tree = client.get("/" + query).context["categories"]
    leaves = [leaf for branch in tree for leaf in branch.children]
    return {branch.category.slug: branch.count for branch in [*tree, *leaves]}


@pytest.fixture
def tree() -> None:
    home = CategoryFactory(name="Home", slug="home")
    lamps = CategoryFactory(name="Lamps", slug="lamps", parent=home)
    ListingFactory(title="Rug", category=home)
    ListingFactory.create_batch(2, title="Lamp", category=lamps)
    ListingFactory(title="Sold lamp", category=lamps, state="sold")
    CategoryFactory(name="Boats", slug="boats")


def test_a_branch_counts_its_leaves(client, tree):
    assert branches(client) == {"home": 3, "lamps": 2, "boats": 0}


def test_counts_follow_the_other_filters(client, tree):
    assert branches(client, "?q=lamp&category=boats") == {"home": 2, "lamps": 2, "boats": 0}


def test_too_many_to_count_are_not_counted(client, tree, monkeypatch):
    monkeypatch.setattr(views, "CAP", 1)

    assert branches(client, "?q=lamp") == {"home": None, "lamps": None, "boats": None}


def test_unfiltered_counts_are_kept_for_a_minute(client, tree):
    branches(client)
    ListingFactory(title="Lamp")

    assert "furniture" not in branches(client)
    cache.clear()
    assert branches(client)["furniture"] == 1


# Typing errors


@pytest.fixture
def guitar() -> Listing:
    listing: Listing = ListingFactory(title="Guitar", description="Acoustic, six strings.")
    words.learn(listing)
    return listing


@pytest.mark.parametrize("typed", ["giutar", "gitar", "guitra", "acustic", "acoustic+gitar"])
def test_a_misspelt_word_is_mended(client, guitar, typed):
    answer = client.get(f"/?q={typed}")

    assert [listing.title for listing in answer.context["listings"]] == ["Guitar"]
    assert "Showing results for" in answer.content.decode()


@pytest.mark.parametrize("query", ["q=giutar&max=1", "q=giutar&condition=new", "q=zzzzzz"])
def test_no_word_is_offered_that_finds_nothing_here(client, guitar, query):
    answer = client.get(f"/?{query}")

    assert answer.context["listings"] == []
    assert "Showing results for" not in answer.content.decode()


def test_a_word_that_nobody_says_any_more_is_not_offered(client, guitar):
    Listing.objects.update(state="sold")

    assert "Showing results for" not in client.get("/?q=giutar").content.decode()


def test_learning_twice_is_learning_once(guitar):
    words.learn(guitar)

    assert sorted(words.SearchWord.objects.values_list("word", flat=True)) == [
        "acoustic",
        "guitar",
        "six",
        "strings",
    ]


# htmx


def test_htmx_gets_the_results_alone_and_the_address(client):
    ListingFactory()

    answer = client.get("/?q=oak&min=&km=25", headers=HTMX)

    assert "<html" not in answer.content.decode()
    assert 'id="results"' in answer.content.decode()
    assert answer["HX-Push-Url"] == "/?q=oak"
    assert "HX-Request" in answer["Vary"]


def test_htmx_gets_the_page_for_its_history(client):
    answer = client.get("/", headers=HTMX | {"HX-History-Restore-Request": "true"})

    assert "<html" in answer.content.decode()


# Queries


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?q=oak",
        "?q=oak&category=furniture&place=oakland&km=200&sort=distance&photos=1&min=1",
        "?q=oka+tabel&category=furniture",
        "?sort=price&page=2",
    ],
)
def test_queries_do_not_grow_with_the_list(
    toms_browser, queries: Callable[[Client, str], int], query
):
    add_photo(ListingFactory())
    words.learn(Listing.objects.get())
    with_one = queries(toms_browser, "/" + query)
    for number in range(2):
        add_photo(ListingFactory(category=CategoryFactory(slug=f"c{number}", name=f"C{number}")))
    cache.clear()

    assert queries(toms_browser, "/" + query) == with_one <= 12


def test_short_address_leads_to_the_page(client):
    listing: Listing = ListingFactory(title="Oak table")

    for path in ("/", "/old-title/"):
        answer = client.get(f"/listings/{listing.reference.lower()}{path}")
        assert answer["Location"] == f"/listings/{listing.reference}/oak-table/"


def test_how_it_works_is_explained(client):
    page = client.get("/how-it-works/").content.decode()

    assert 'id="safety"' in page
    assert "STOP" in page
