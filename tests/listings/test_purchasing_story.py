"""What each side reads of a purchase: whose turn it is, who ended it, what is next."""

from datetime import timedelta

import pytest
from django.utils import timezone

from listings.account.leaving import leave
from listings.models import Listing, Purchase
from listings.moderation import hide
from listings.purchasing import deciding, ending
from listings.purchasing.standing import Standing
from listings.purchasing.story import Story
from tests.listings.factories import ListingFactory
from tests.proxying.factories import UserFactory

State, Side = Purchase.State, Purchase.Side
NOW = timezone.now()
ACCEPTED = {"accepted_at": NOW, "held_until": NOW + timedelta(days=3)}
BOTH = {"buyer_confirmed_at": NOW, "seller_confirmed_at": NOW}


@pytest.fixture
def table(tom):
    return ListingFactory(seller=tom)


@pytest.fixture
def purchase(table):
    return Purchase.objects.create(
        listing=table, buyer=UserFactory(username="bob"), buyer_name="Bob", price=200
    )


def standings(purchase):
    purchase = Purchase.objects.select_related("listing").get(pk=purchase.pk)
    return [Standing.of(purchase, by_buyer=by_buyer) for by_buyer in (True, False)]


def last_line(purchase, *, by_buyer):
    purchase = Purchase.objects.select_related("listing__seller").get(pk=purchase.pk)
    return Story(purchase, by_buyer, has_rated=False).timeline[-1].words


@pytest.mark.parametrize(
    ("row", "listing", "buyer", "seller"),
    [
        ({}, "active", "Waiting for the seller", "Waiting for you"),
        ({}, "reserved", "On hold", "On hold"),
        ({"state": "accepted", **ACCEPTED}, "reserved", "Reserved for you", "Reserved by you"),
        (
            {"state": "accepted", "buyer_confirmed_at": NOW, **ACCEPTED},
            "reserved",
            "Waiting for the seller",
            "Waiting for you",
        ),
        (
            {"state": "accepted", "seller_confirmed_at": NOW, **ACCEPTED},
            "reserved",
            "Waiting for you",
            "Waiting for the buyer",
        ),
        ({"state": "completed", **ACCEPTED, **BOTH}, "sold", "Done", "Done"),
        ({"state": "declined", "ended_by": "seller"}, "active", "Declined", "Declined"),
        ({"state": "declined"}, "sold", "Item gone", "Item gone"),
        ({"state": "cancelled", "ended_by": "buyer"}, "active", "Cancelled", "Cancelled"),
        ({"state": "lapsed"}, "active", "Lapsed", "Lapsed"),
    ],
)
def test_each_side_reads_whose_turn_it_is(purchase, table, row, listing, buyer, seller):
    Listing.objects.filter(pk=table.pk).update(state=listing)
    Purchase.objects.filter(pk=purchase.pk).update(**row)

    found = standings(purchase)

    assert [one.words for one in found] == [buyer, seller]
    assert [one.is_ones_turn for one in found] == [
        words == "Waiting for you" for words in (buyer, seller)
    ]


def test_turn_stands_on_both_pages_and_both_lists(client, tom, purchase):
    for person, words in (
        (purchase.buyer, "Waiting for the seller"),
        (tom.user, "Waiting for you"),
    ):
        client.force_login(person)
        side = "selling" if person == tom.user else "buying"
        assert f">{words}<" in client.get(purchase.get_absolute_url()).text
        assert f">{words}<" in client.get(f"/purchases/?as={side}").text


@pytest.mark.parametrize(
    ("step", "buyer_reads", "seller_reads"),
    [
        (deciding.decline, "Tom declined", "You declined"),
        (
            lambda purchase: ending.cancel(purchase, by_buyer=True),
            "You withdrew the request",
            "Bob withdrew the request",
        ),
        (
            lambda purchase: ending.cancel(deciding.accept(purchase), by_buyer=True),
            "You called it off",
            "Bob called it off",
        ),
        (
            lambda purchase: ending.cancel(deciding.accept(purchase), by_buyer=False),
            "Tom called it off",
            "You called it off",
        ),
        (
            lambda purchase: hide(purchase.listing, "Another's photos"),
            "The item was not to be had any more",
            "The item was not to be had any more",
        ),
        (
            lambda purchase: hide(deciding.accept(purchase).listing, "Another's photos"),
            "The item was not to be had any more",
            "The item was not to be had any more",
        ),
    ],
    ids=["declined", "withdrawn", "by buyer", "by seller", "hidden", "hidden when accepted"],
)
def test_timeline_says_whose_doing_the_end_was(purchase, step, buyer_reads, seller_reads):
    step(purchase)

    assert last_line(purchase, by_buyer=True) == buyer_reads
    assert last_line(purchase, by_buyer=False) == seller_reads


@pytest.mark.parametrize(
    ("confirmed", "buyer_reads", "seller_reads"),
    [
        (None, "Tom did not answer within two weeks", "You did not answer within two weeks"),
        ((), *["The reservation ran out before either confirmed"] * 2),
        ((True,), "Tom did not confirm in time", "You did not confirm in time"),
        ((False,), "You did not confirm in time", "Bob did not confirm in time"),
    ],
)
def test_timeline_says_who_let_it_lapse(
    purchase, time_machine, confirmed, buyer_reads, seller_reads
):
    if confirmed is not None:
        deciding.accept(purchase)
        for by_buyer in confirmed:
            ending.confirm(purchase, by_buyer=by_buyer)
    time_machine.move_to(timezone.now() + timedelta(days=15))

    ending.lapse_due()

    assert last_line(purchase, by_buyer=True) == buyer_reads
    assert last_line(purchase, by_buyer=False) == seller_reads


@pytest.mark.parametrize("leaver", ["buyer", "seller"])
def test_whoever_closes_the_account_has_called_it_off(purchase, tom, leaver):
    leave(purchase.buyer if leaver == "buyer" else tom.user)

    purchase.refresh_from_db()
    assert (purchase.state, purchase.ended_by) == (State.CANCELLED, leaver)


def test_hidden_item_is_not_said_to_be_called_off_by_its_seller(purchase):
    hide(deciding.accept(purchase).listing, "Another's photos")

    subjects = list(purchase.buyer.notices.values_list("subject", flat=True))
    assert "“Oak table” is not available any more" in subjects
    assert not any("called off" in subject for subject in subjects)


def test_other_side_is_asked_to_confirm_what_one_confirmed(client, tom, purchase):
    ending.confirm(deciding.accept(purchase), by_buyer=True)
    client.force_login(tom.user)

    page = client.get(purchase.get_absolute_url()).text

    assert "Bob says that it changed hands" in page
    assert "/confirm/" in page
