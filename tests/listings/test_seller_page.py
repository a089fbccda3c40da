"""What anybody may know of a seller."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from listings.models import Listing, Purchase, Rating
from tests.listings.factories import ListingFactory, add_photo
from tests.proxying.factories import TOMS_NUMBER, TOMS_PHONE, SellerFactory, UserFactory

pytestmark = pytest.mark.django_db

State = Listing.State


def page_of(client, seller, query="") -> str:
    return client.get(f"/sellers/{seller.pk}/{query}").content.decode()


def rate(seller, stars, comment="", **purchase) -> Rating:
    now = timezone.now()
    bought = Purchase.objects.create(
        listing=ListingFactory(seller=seller, state=State.SOLD),
        buyer=UserFactory(),
        buyer_name="Bob",
        price=100,
        **{
            "state": Purchase.State.COMPLETED,
            "buyer_confirmed_at": now,
            "seller_confirmed_at": now,
        }
        | purchase,
    )
    return Rating.objects.create(purchase=bought, by_buyer=True, stars=stars, comment=comment)


def test_items_for_sale_come_first_then_reserved_and_sold_are_counted(client, tom):
    ListingFactory(seller=tom, title="Reserved rug", state=State.RESERVED)
    ListingFactory(seller=tom, title="Old oven", published_at=timezone.now() - timedelta(days=9))
    ListingFactory(seller=tom, title="Sold sofa", state=State.SOLD)
    ListingFactory(seller=tom, title="Paused piano", state=State.PAUSED)

    page = page_of(client, tom)

    assert page.index("Old oven") < page.index("Reserved rug")
    assert "Sold sofa" not in page
    assert "1 item sold" in page
    assert "Paused piano" not in page


def test_stars_are_those_of_buyers_after_completed_purchases(client, tom):
    rate(tom, 5, "Just as described.")
    rate(tom, 4)
    unfinished = rate(tom, 1, "never", state=Purchase.State.DECLINED)
    Rating.objects.create(purchase=unfinished.purchase, by_buyer=False, stars=1, comment="by Tom")

    page = page_of(client, tom)

    assert "4.5 from 2 buyers" in page
    assert "Just as described." in page
    assert "never" not in page.split("</head>")[1].split('class="comments"')[1].split("</ul>")[0]
    assert "by Tom" not in page


def test_no_number_stands_on_it(client, tom):
    ListingFactory(seller=tom)

    digits = re.sub(r"\D", "", page_of(client, tom))

    assert TOMS_NUMBER[2:] not in digits
    assert TOMS_PHONE[2:] not in digits


def test_seller_with_a_number_and_nothing_for_sale_has_a_page(client, tom):
    assert "offers nothing right now" in page_of(client, tom)


@pytest.mark.parametrize("trait", ["unverified", "suspended"])
def test_unproved_and_suspended_sellers_are_not_found(client, tom, trait):
    values = {"unverified": {"phone_verified_at": None}, "suspended": {"suspended_at": "now"}}
    changes = {k: v and timezone.now() for k, v in values[trait].items()}
    type(tom).objects.filter(pk=tom.pk).update(**changes)

    assert client.get(f"/sellers/{tom.pk}/").status_code == 404


def test_seller_without_number_and_items_is_not_found(client):
    assert client.get(f"/sellers/{SellerFactory().pk}/").status_code == 404


@pytest.mark.parametrize("query", ["?page=0", "?page=x", "?page=%00", "?page=" + "9" * 500])
def test_hostile_page_numbers_are_a_page(client, tom, query):
    assert client.get(f"/sellers/{tom.pk}/{query}").status_code == 200


def test_items_are_paginated(client, tom):
    for _ in range(25):
        ListingFactory(seller=tom)

    assert page_of(client, tom).count("card__link") == 24
    assert page_of(client, tom, "?page=2").count("card__link") == 1


def test_queries_do_not_grow_with_items_and_comments(client, tom, queries):
    def add() -> None:
        add_photo(ListingFactory(seller=tom))
        rate(tom, 5, "Fine.")

    add()
    with_one = queries(client, f"/sellers/{tom.pk}/")
    add()
    add()

    assert queries(client, f"/sellers/{tom.pk}/") == with_one <= 12
