"""One listing: how to reach the seller, and where the number does not stand."""

import io
import json
import re
from datetime import datetime, time, timedelta
from html import unescape
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
import segno
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from listings.models import Listing
from tests.listings.factories import CategoryFactory, ListingFactory, add_photo
from tests.proxying.factories import (
    TOMS_NUMBER,
    TOMS_PHONE,
    ReservedNumberFactory,
    SellerFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

SENTENCE = (
    "This is a ShoppingPlace number. It reaches the seller; neither of you sees the "
    "other\u2019s private number."
)


@pytest.fixture
def oak_table(tom) -> Listing:
    return ListingFactory(seller=tom, reference="K7Q2M")


@pytest.fixture
def queries_of_410(client):
    """How many SQL statements the page of a listing that has ended takes."""

    def count(listing: Listing) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(listing.get_absolute_url()).status_code == 410
        return len(captured)

    return count


def page_of(client, listing: Listing) -> str:
    return client.get(listing.get_absolute_url()).content.decode()


def hrefs(page: str) -> list[str]:
    return [unescape(href) for href in re.findall(r'href="([^"]*)"', page)]


def test_number_can_be_read_called_and_texted(client, oak_table):
    page = page_of(client, oak_table)

    assert "+1 415-111-1111" in page
    assert SENTENCE in page
    assert "tel:+14151111111" in hrefs(page)
    assert (
        "sms:+14151111111?&body=Hi%2C%20is%20%22Oak%20table%22%20%28K7Q2M%29%20still%20available%3F"
        in hrefs(page)
    )


@pytest.mark.parametrize(
    "title", ['Sofa & chair "old"', "100% wool?body=#", "Стол 🪑", "<b>Bed</b>"]
)
def test_text_carries_any_title_unharmed(client, tom, title):
    page = page_of(client, ListingFactory(seller=tom, title=title, reference="K7Q2M"))

    link = next(href for href in hrefs(page) if href.startswith("sms:"))
    assert unquote(link.split("&body=", 1)[1]) == f'Hi, is "{title}" (K7Q2M) still available?'
    assert "<b>Bed</b>" not in page


def test_private_number_is_nowhere(client, oak_table):
    assert TOMS_PHONE[2:] not in re.sub(r"\D", "", page_of(client, oak_table))


def test_head_of_the_page_holds_no_number(client, oak_table):
    add_photo(oak_table)

    head = page_of(client, oak_table).split("</head>")[0]

    assert '<meta property="og:image" content="http://testserver/media/photos/' in head
    assert TOMS_NUMBER[2:] not in re.sub(r"[ -]", "", head)


def test_qr_code_is_of_the_page_alone(client, oak_table):
    expected = io.BytesIO()
    segno.make_qr("http://testserver/listings/K7Q2M/oak-table/", error="m").save(
        expected, kind="svg", border=2, dark="#15211b", light="#ffffff", omitsize=True
    )

    answer = client.get("/listings/K7Q2M/qr.svg")

    assert answer["Content-Type"] == "image/svg+xml"
    assert answer.content == expected.getvalue()


def test_reserved_item_says_so_and_can_still_be_asked_for(client, oak_table):
    oak_table.move_to(Listing.State.RESERVED)

    page = page_of(client, oak_table)

    assert "badge--reserved" in page
    assert "tel:+14151111111" in hrefs(page)


def test_sold_item_keeps_its_page_without_the_number(client, oak_table):
    oak_table.move_to(Listing.State.SOLD)

    page = page_of(client, oak_table)

    assert "badge--sold" in page
    assert "415-111" not in page
    assert not [href for href in hrefs(page) if href.startswith(("tel:", "sms:"))]


@pytest.mark.parametrize("state", ["draft", "paused"])
def test_what_is_not_published_is_not_found(client, tom, state):
    listing = ListingFactory(seller=tom, state=state)

    assert client.get(listing.get_absolute_url()).status_code == 404
    assert client.get(f"/listings/{listing.reference}/qr.svg").status_code == 404


@pytest.mark.parametrize("path", ["", "oak-table/", "another-title/"])
def test_old_link_to_what_has_expired_says_that_it_has_ended(client, oak_table, path):
    ListingFactory(title="Pine table")
    change(oak_table, state=Listing.State.EXPIRED)

    answer = client.get(f"/listings/K7Q2M/{path}")

    assert answer.status_code == 410
    assert "This listing has ended" in answer.text
    assert "cannot be bought" in answer.text
    assert '<meta name="robots" content="noindex">' in answer.text
    assert "Pine table" in answer.text


def test_ended_page_has_neither_number_nor_anything_to_buy_with(client, oak_table):
    change(oak_table, state=Listing.State.EXPIRED)

    page = page_of(client, oak_table)

    assert "415-111" not in page
    assert not [href for href in hrefs(page) if href.startswith(("tel:", "sms:"))]
    assert "/listings/K7Q2M/buy/" not in hrefs(page)
    assert "ld+json" not in page


def test_sold_item_of_a_seller_whose_number_is_gone_has_ended(client, tom, oak_table):
    oak_table.move_to(Listing.State.SOLD)
    Listing.objects.update(seller_is_reachable=False)

    answer = client.get(oak_table.get_absolute_url())

    assert answer.status_code == 410
    assert "It is sold" in answer.text


@pytest.mark.parametrize("state", ["expired", "sold"])
@pytest.mark.parametrize("why", ["hidden", "suspended", "left"])
def test_what_staff_or_its_seller_took_away_has_not_ended_but_is_not_found(
    client, tom, oak_table, state, why
):
    change(oak_table, state=state, seller_is_reachable=False)
    if why == "hidden":
        change(oak_table, hidden_at=timezone.now())
    elif why == "suspended":
        change(tom, suspended_at=timezone.now())
    else:
        tom.leave()

    assert client.get(oak_table.get_absolute_url()).status_code == 404
    assert client.get("/listings/K7Q2M/qr.svg").status_code == 404


@pytest.mark.parametrize("state", ["draft", "paused", "active", "reserved"])
def test_what_may_come_back_has_not_ended_but_is_not_found(client, oak_table, state):
    change(oak_table, state=state, seller_is_reachable=False)

    assert client.get(oak_table.get_absolute_url()).status_code == 404


def test_seller_sees_the_own_expired_item_and_how_to_bring_it_back(toms_browser, oak_table):
    change(oak_table, state=Listing.State.EXPIRED)

    answer = toms_browser.get(oak_table.get_absolute_url())

    assert answer.status_code == 200
    assert "Renew it among your listings" in answer.text


def test_seller_reads_why_staff_have_hidden_it(toms_browser, client, oak_table):
    change(oak_table, hidden_at=timezone.now(), hidden_reason="Another\u2019s photos")

    page = page_of(toms_browser, oak_table)

    assert "Our staff have hidden it" in page
    assert "Another\u2019s photos" in page
    assert "Buyers see a button" not in page
    assert client.get(oak_table.get_absolute_url()).status_code == 404


def test_page_of_a_suspended_seller_is_not_found(client):
    seller = SellerFactory(suspended=True)
    ReservedNumberFactory(seller=seller)
    listing = ListingFactory(seller=seller)

    assert client.get(listing.get_absolute_url()).status_code == 404


def test_own_page_says_so_and_does_not_offer_a_call_to_oneself(toms_browser, oak_table):
    page = page_of(toms_browser, oak_table)

    assert "This is your listing." in page
    assert "+1 415-111-1111" in page
    assert "tel:+14151111111" not in hrefs(page)


def test_own_draft_can_be_looked_at(toms_browser, tom):
    page = page_of(toms_browser, ListingFactory(seller=tom, draft=True, price=None, category=None))

    assert "only you see it" in page


def test_description_is_not_markup(client, tom):
    listing = ListingFactory(seller=tom, description="<script>alert(1)</script>\nline two")

    page = page_of(client, listing)

    assert "<script>alert" not in page
    assert "<br>line two" in page


# Photos, and what is told to other programs


def test_gallery_has_three_sizes_and_links_between_the_photos(client, oak_table):
    first = add_photo(oak_table)
    second = add_photo(oak_table)

    page = page_of(client, oak_table)

    assert f"{first.small.url} 240w, {first.thumbnail.url} 640w, {first.image.url} 1600w" in page
    assert 'id="photo-2"' in page
    assert "#photo-2" in hrefs(page)
    assert second.image.url in hrefs(page)


def json_ld(page: str) -> dict:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    return json.loads(found[1])


@pytest.mark.parametrize(
    ("state", "availability"),
    [("active", "InStock"), ("reserved", "Reserved"), ("sold", "SoldOut")],
)
def test_structured_data_tells_the_truth(client, tom, state, availability):
    listing = ListingFactory(seller=tom, reference="K7Q2M", state=state)

    offer = json_ld(page_of(client, listing))["offers"]

    assert offer["availability"] == f"https://schema.org/{availability}"
    assert (offer["price"], offer["priceCurrency"]) == ("240.00", "USD")


def test_structured_data_cannot_be_left(client, tom):
    title = "</script><script>alert(1)</script> & <!--"

    page = page_of(client, ListingFactory(seller=tom, title=title))

    assert json_ld(page)["name"] == title
    assert "<script>alert" not in page


def test_number_typed_into_the_words_is_not_spread(client, tom):
    listing = ListingFactory(
        seller=tom, title="Bike +1 209 987 6666", description="Call 209-987-6666"
    )

    page = page_of(client, listing)

    assert '<meta property="og:title" content="Bike •••66, $240">' in page
    assert json_ld(page)["name"] == "Bike •••66"
    assert json_ld(page)["description"] == "Call •••66"


@pytest.mark.parametrize("title", ["Buy", "Favourite!", "Report"])
def test_titles_that_are_words_of_ours_do_not_hide_the_page(client, tom, title):
    assert f"<h1>{title}</h1>" in page_of(client, ListingFactory(seller=tom, title=title))


def test_only_what_is_not_sold_is_for_search_engines(client, oak_table):
    assert "noindex" not in page_of(client, oak_table)

    oak_table.move_to(Listing.State.SOLD)

    assert '<meta name="robots" content="noindex">' in page_of(client, oak_table)


# The seller, now


def change(seller, **values) -> None:
    type(seller).objects.filter(pk=seller.pk).update(**values)


def test_seller_who_is_away_is_not_to_be_called(client, tom, oak_table):
    change(tom, away_until=timezone.now() + timedelta(days=3))

    page = page_of(client, oak_table)

    assert "Tom is away until" in page
    assert "415-111" not in page
    assert not [href for href in hrefs(page) if href.startswith(("tel:", "sms:"))]


def test_seller_who_is_back_is_to_be_called(client, tom, oak_table):
    change(tom, away_until=timezone.now() - timedelta(minutes=1))

    assert "tel:+14151111111" in hrefs(page_of(client, oak_table))


@pytest.mark.parametrize(("hour", "quiet"), [(23, True), (12, False)])
def test_quiet_hours_are_told_by_the_sellers_clock(client, tom, hour, quiet):
    change(tom, quiet_from=time(22), quiet_until=time(7), time_zone="America/New_York")
    listing = ListingFactory(seller=tom)

    with time_machine.travel(datetime(2030, 1, 2, hour, 30, tzinfo=ZoneInfo("America/New_York"))):
        page = page_of(client, listing)

    assert ("calls are not put through now, texts are" in page) == quiet
    assert "tel:+14151111111" in hrefs(page)


@pytest.mark.parametrize("lost", ["number", "seller"])
def test_number_is_shown_only_while_it_works_whatever_the_flag_says(client, tom, oak_table, lost):
    if lost == "number":
        tom.reserved_numbers.update(status="quarantined")
    else:
        change(tom, suspended_at=timezone.now())
    Listing.objects.update(seller_is_reachable=True)

    page = page_of(client, oak_table)

    assert "Tom cannot be reached just now" in page
    assert "415-111" not in page


# Buying, sharing, reporting


def test_negotiable_price_and_place_are_in_words(client, tom):
    page = page_of(client, ListingFactory(seller=tom, is_negotiable=True))

    assert "$240, negotiable" in page
    assert "Around San Rafael, CA" in page
    assert "37.97" not in page


@pytest.mark.parametrize(
    ("state", "why"),
    [("reserved", "reserved for another buyer"), ("sold", "it is sold")],
)
def test_what_cannot_be_bought_says_why(client, tom, state, why):
    page = page_of(client, ListingFactory(seller=tom, reference="K7Q2M", state=state))

    assert why in page
    assert "/listings/K7Q2M/buy/" not in hrefs(page)


def test_what_is_for_sale_can_be_bought_but_not_by_its_seller(client, toms_browser, oak_table):
    assert "/listings/K7Q2M/buy/" in hrefs(page_of(client, oak_table))

    own = page_of(toms_browser, oak_table)
    assert "/listings/K7Q2M/buy/" not in hrefs(own)
    assert "You cannot buy your own item" in own


def test_page_can_be_reported_shared_and_kept(client, oak_table):
    page = page_of(client, oak_table)

    assert "/listings/K7Q2M/report/" in hrefs(page)
    assert 'value="http://testserver/listings/K7Q2M/oak-table/"' in page
    assert 'action="/listings/K7Q2M/favourite/"' in page
    assert any(href.startswith("mailto:?subject=Oak%20table&body=http") for href in hrefs(page))


# What stands beside it


def test_similar_items_are_of_others_in_the_category_nearest_in_price(client, oak_table, tom):
    for price in (10, 200, 230, 250, 300, 900):
        ListingFactory(price=price, title=f"Table for {price}")
    ListingFactory(price=240, title="Sold table", state=Listing.State.SOLD)
    ListingFactory(price=240, title="A bike", category=CategoryFactory(name="Bikes", slug="bikes"))

    similar = page_of(client, oak_table).split('id="similar"')[1]

    found = [p for p in (10, 200, 230, 250, 300, 900) if f"Table for {p}<" in similar]
    assert found == [200, 230, 250, 300]
    assert "Sold table" not in similar
    assert "A bike" not in similar


def test_sellers_other_items_are_shown_four_at_most(client, oak_table, tom):
    for n in range(5):
        ListingFactory(seller=tom, title=f"Thing {n}")
    ListingFactory(seller=tom, title="Paused thing", state=Listing.State.PAUSED)

    others = page_of(client, oak_table).split('id="others-heading"')[1]

    assert others.count("card__link") == 4
    assert "Paused thing" not in others
    assert "Oak table" not in others


# Views


BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"}


def views(listing: Listing) -> int:
    return sum(day.views for day in listing.days.all())


def test_every_look_is_counted_on_its_day(client, oak_table):
    for _ in range(3):
        client.get(oak_table.get_absolute_url(), headers=BROWSER)

    day = oak_table.days.get()
    assert (day.views, day.day) == (3, timezone.localdate())


@pytest.mark.parametrize(
    "name", ["", "Googlebot/2.1", "curl/8.5", "facebookexternalhit/1.1", "python-requests/2"]
)
def test_programs_are_not_counted(client, oak_table, name):
    client.get(oak_table.get_absolute_url(), headers={"User-Agent": name})

    assert views(oak_table) == 0


def test_owner_and_questions_for_the_head_are_not_counted(client, toms_browser, oak_table):
    toms_browser.get(oak_table.get_absolute_url(), headers=BROWSER)
    client.head(oak_table.get_absolute_url(), headers=BROWSER)

    assert views(oak_table) == 0


@pytest.mark.django_db(transaction=True)
def test_page_is_shown_when_it_cannot_be_counted(client, oak_table):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE listings_listingday RENAME TO elsewhere")
    try:
        answer = client.get(oak_table.get_absolute_url(), headers=BROWSER)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO listings_listingday")

    assert answer.status_code == 200


# Addresses that make no sense, and the number of queries


@pytest.mark.parametrize("path", ["%00", "K7Q2M%00", "x" * 3000, "K7%20M", "../K7Q2M", "Ω"])
def test_what_cannot_be_a_reference_is_not_found(client, oak_table, path):
    assert client.get(f"/listings/{path}/").status_code == 404
    assert client.get(f"/listings/{path}/report/").status_code == 404


def test_short_address_in_small_letters_leads_to_the_page(client, oak_table):
    assert client.get("/listings/k7q2m/")["Location"] == oak_table.get_absolute_url()


@pytest.mark.parametrize("logged_in", [True, False])
def test_queries_do_not_grow_with_photos_and_neighbours(oak_table, tom, queries, logged_in):
    client = Client(headers=BROWSER)
    if logged_in:
        client.force_login(UserFactory())

    def add_one_of_each() -> None:
        for listing in (oak_table, ListingFactory(), ListingFactory(seller=tom)):
            add_photo(listing)

    add_one_of_each()
    with_one = queries(client, oak_table.get_absolute_url())
    add_one_of_each()
    add_one_of_each()

    assert queries(client, oak_table.get_absolute_url()) == with_one <= 12


def test_ended_page_takes_as_many_queries_whatever_there_is_beside(oak_table, tom, queries_of_410):
    def add_one_of_each() -> None:
        for listing in (oak_table, ListingFactory(), ListingFactory(seller=tom)):
            add_photo(listing)

    change(oak_table, state=Listing.State.EXPIRED)
    add_one_of_each()
    with_one = queries_of_410(oak_table)
    add_one_of_each()
    add_one_of_each()

    assert queries_of_410(oak_table) == with_one <= 12


def test_page_of_somebody_logged_in_reads_no_list_of_what_is_public(oak_table):
    """At a million listings such a subquery takes longer than all the rest of the page."""
    found = Listing.objects.visible_to(UserFactory()).filter(reference=oak_table.reference)

    assert list(found) == [oak_table]
    assert "SubPlan" not in found.explain()
