"""One listing: how to reach the seller, and where the number does not stand."""

import io
import re
from html import unescape
from urllib.parse import unquote

import pytest
import segno

from listings.models import Listing
from tests.listings.factories import ListingFactory, add_photo
from tests.proxying.factories import TOMS_NUMBER, TOMS_PHONE, ReservedNumberFactory, SellerFactory

pytestmark = pytest.mark.django_db

SENTENCE = (
    "This is a ShoppingPlace number. It reaches the seller; neither of you sees the "
    "other\u2019s private number."
)


@pytest.fixture
def oak_table(tom) -> Listing:
    return ListingFactory(seller=tom, reference="K7Q2M")


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


def test_queries_do_not_grow_with_photos(client, oak_table, queries):
    add_photo(oak_table)
    with_one = queries(client, oak_table.get_absolute_url())
    add_photo(oak_table)
    add_photo(oak_table)

    assert queries(client, oak_table.get_absolute_url()) == with_one == 3
