"""A purchase's life: asked, accepted, confirmed by both; or declined, called off, lapsed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.utils import timezone

from listings.models import AccountBlock, Listing, Notice, Purchase
from listings.purchasing import deciding, ending, rating, requesting
from listings.purchasing.locking import Refused
from listings.purchasing.requesting import CannotBuy
from proxying.models import Block, Seller, SellerText
from proxying.phone_numbers import PhoneNumber
from tests.listings.factories import ListingFactory
from tests.proxying.factories import BOBS_PHONE, SellerFactory, UserFactory

State = Purchase.State


@pytest.fixture
def table(tom):
    return ListingFactory(seller=tom)


@pytest.fixture
def bob(db):
    return UserFactory(username="bob")


@pytest.fixture
def mia(db):
    return UserFactory(username="mia")


@pytest.fixture
def clock(time_machine):
    """Stands still until it is shifted."""
    time_machine.move_to(timezone.now(), tick=False)
    return time_machine


def ask(listing, buyer, name="Bob", price=200, note=""):
    return requesting.request(listing, buyer, name=name, price=Decimal(price), note=note)


def forget_what_was_told():
    Notice.objects.all().delete()
    SellerText.objects.all().delete()


def told():
    """Who got mails since, in order of writing, and how many texts the seller got."""
    names = Notice.objects.order_by("pk").values_list("user__username", flat=True)
    return sorted(names), SellerText.objects.count()


def state_of(row):
    return type(row).objects.get(pk=row.pk).state


# Asking


def test_request_waits_for_the_seller_and_leaves_the_item_for_sale(table, bob):
    purchase = ask(table, bob)

    assert (state_of(purchase), state_of(table)) == (State.REQUESTED, "active")
    assert told() == (["bob", "tom"], 1)


def test_text_to_the_seller_fits_and_holds_no_number(tom, bob):
    """An old title may hold one."""
    long = ListingFactory(seller=tom, title="Call +1 415-111-5555 " + "about oak " * 5)

    purchase = ask(long, bob, name="B" + "o" * 58 + "b")

    body = SellerText.objects.get().body
    assert len(body) <= 300
    assert body.endswith(purchase.get_absolute_url())
    assert "5555" not in body
    assert not Notice.objects.filter(body__contains="111-5555").exists()


@pytest.mark.parametrize("words", [{"name": "415-234-5555"}, {"note": "bob@example.com"}])
def test_contact_data_is_passed_on_by_nobody(table, bob, words):
    with pytest.raises(CannotBuy, match="Leave phone numbers"):
        ask(table, bob, **words)

    assert told() == ([], 0)


def test_free_item_costs_nothing_whatever_is_offered(tom, bob):
    assert ask(ListingFactory(seller=tom, price=0), bob, price=50).price == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"state": "reserved"}, "reserved for somebody else"),
        ({"state": "sold"}, "is sold"),
        ({"state": "expired"}, "has ended"),
        ({"state": "paused"}, "not for sale"),
        ({"hidden_at": timezone.now()}, "not for sale"),
        ({"seller_is_reachable": False}, "not for sale"),
    ],
)
def test_item_that_is_not_free_cannot_be_bought(table, bob, change, sentence):
    Listing.objects.filter(pk=table.pk).update(**change)

    with pytest.raises(CannotBuy, match=sentence):
        ask(table, bob)

    assert told() == ([], 0)


def test_own_item_cannot_be_bought(table, tom):
    with pytest.raises(CannotBuy, match="your own"):
        ask(table, tom.user)


def test_item_is_asked_for_once(table, bob):
    ask(table, bob)

    with pytest.raises(CannotBuy, match="already asked"):
        ask(table, bob)

    assert Purchase.objects.count() == 1


def test_blocked_account_cannot_buy(table, tom, bob):
    AccountBlock.objects.create(seller=tom, user=bob)

    with pytest.raises(CannotBuy, match="does not take requests"):
        ask(table, bob)


def test_whoever_is_blocked_by_phone_cannot_buy_with_its_account(table, tom, bob):
    bob_sells = SellerFactory(user=bob, phone_number=PhoneNumber(BOBS_PHONE))
    Block.objects.create(seller=tom, buyer_index=bob_sells.phone_number_index)

    with pytest.raises(CannotBuy, match="does not take requests"):
        ask(table, bob)


def test_phone_that_is_not_proved_blocks_nobody(table, tom, bob):
    """Anybody can type Bob's number."""
    claimed = SellerFactory(user=bob, phone_number=PhoneNumber(BOBS_PHONE), unverified=True)
    Block.objects.create(seller=tom, buyer_index=claimed.phone_number_index)

    assert ask(table, bob)


def test_suspended_seller_cannot_buy(table, bob):
    SellerFactory(user=bob, suspended=True)

    with pytest.raises(CannotBuy, match="suspended"):
        ask(table, bob)


def test_asking_again_and_again_does_not_ring_the_seller_for_ever(table, bob):
    for _ in range(requesting.REQUESTS_A_LISTING):
        ending.cancel(ask(table, bob), by_buyer=True)

    with pytest.raises(CannotBuy, match="several times"):
        ask(table, bob)


def test_asking_for_everything_ends_for_today(tom, bob):
    for _ in range(requesting.REQUESTS_A_DAY):
        ask(ListingFactory(seller=tom), bob)

    with pytest.raises(CannotBuy, match="a lot today"):
        ask(ListingFactory(seller=tom), bob)


# Answering


def test_accepting_reserves_for_three_days_and_tells_the_others(table, bob, mia):
    purchase, other = ask(table, bob), ask(table, mia)
    forget_what_was_told()

    purchase = deciding.accept(purchase)

    assert (state_of(purchase), state_of(other), state_of(table)) == (
        State.ACCEPTED,
        State.REQUESTED,
        "reserved",
    )
    assert purchase.held_until - purchase.accepted_at == timedelta(days=3)
    assert told() == (["bob", "mia", "tom"], 0)


def test_accepting_twice_tells_once(table, bob):
    purchase = deciding.accept(ask(table, bob), days=5)
    forget_what_was_told()

    again = deciding.accept(purchase, days=9)

    assert again.held_until == purchase.held_until
    assert told() == ([], 0)


@pytest.mark.parametrize("days", [0, 15, -1])
def test_reservation_lasts_one_to_fourteen_days(table, bob, days):
    with pytest.raises(Refused, match="1 to 14"):
        deciding.accept(ask(table, bob), days=days)


def test_second_request_cannot_be_accepted(table, bob, mia):
    first, second = ask(table, bob), ask(table, mia)
    deciding.accept(first)

    with pytest.raises(Refused, match="already reserved"):
        deciding.accept(second)

    assert state_of(second) == State.REQUESTED


def test_constraint_has_the_last_word(table, bob, mia):
    """Even if the listing's state lies, nobody is promised what another was promised."""
    first, second = ask(table, bob), ask(table, mia)
    deciding.accept(first)
    Listing.objects.filter(pk=table.pk).update(state="active")

    with pytest.raises(Refused, match="already reserved"):
        deciding.accept(second)
    with pytest.raises(IntegrityError):
        Purchase.objects.filter(pk=second.pk).update(
            state=State.ACCEPTED, accepted_at=timezone.now(), held_until=timezone.now()
        )


def test_item_hidden_meanwhile_cannot_be_promised(table, bob):
    purchase = ask(table, bob)
    Listing.objects.filter(pk=table.pk).update(hidden_at=timezone.now())

    with pytest.raises(Refused, match="not for sale"):
        deciding.accept(purchase)


def test_declining_ends_it_once(table, bob):
    purchase = ask(table, bob)
    forget_what_was_told()

    deciding.decline(purchase)
    deciding.decline(purchase)

    assert (state_of(purchase), state_of(table)) == (State.DECLINED, "active")
    assert told() == (["bob", "tom"], 0)


def test_blocking_ends_what_is_open_and_stays(table, tom, bob):
    asked = ask(table, bob)
    chair = ListingFactory(seller=tom, title="Chair")
    accepted = deciding.accept(ask(chair, bob))

    deciding.block(asked)
    deciding.block(asked)

    assert (state_of(asked), state_of(accepted)) == (State.DECLINED, State.CANCELLED)
    assert state_of(chair) == "active"
    with pytest.raises(CannotBuy, match="does not take"):
        ask(table, bob)
    deciding.unblock(asked)
    assert ask(table, bob)


# Ending


@pytest.mark.parametrize(("by_buyer", "texts"), [(True, 1), (False, 0)])
def test_either_side_calls_it_off_and_the_item_is_free_again(table, bob, by_buyer, texts):
    purchase = deciding.accept(ask(table, bob))
    forget_what_was_told()

    ending.cancel(purchase, by_buyer=by_buyer)
    ending.cancel(purchase, by_buyer=by_buyer)

    assert (state_of(purchase), state_of(table)) == (State.CANCELLED, "active")
    assert told() == (["bob", "tom"], texts)


def test_withdrawn_request_leaves_anothers_reservation_alone(table, bob, mia):
    first, second = ask(table, bob), ask(table, mia)
    deciding.accept(first)

    ending.cancel(second, by_buyer=True)

    assert (state_of(first), state_of(table)) == (State.ACCEPTED, "reserved")


def test_both_confirm_and_the_item_is_sold(table, bob, mia):
    purchase, other = ask(table, bob, price=200), ask(table, mia)
    deciding.accept(purchase)
    forget_what_was_told()

    ending.confirm(purchase, by_buyer=False)
    ending.confirm(purchase, by_buyer=False)
    assert (state_of(purchase), state_of(table)) == (State.ACCEPTED, "reserved")
    assert told() == (["bob", "tom"], 0)

    forget_what_was_told()
    ending.confirm(purchase, by_buyer=True)
    ending.confirm(purchase, by_buyer=True)

    table.refresh_from_db()
    assert (state_of(purchase), state_of(other)) == (State.COMPLETED, State.DECLINED)
    assert (table.state, table.sold_where, table.sold_price) == ("sold", "here", 200)
    assert told() == (["bob", "mia", "tom"], 1)


def test_request_cannot_be_confirmed(table, bob):
    with pytest.raises(Refused):
        ending.confirm(ask(table, bob), by_buyer=True)


def test_who_confirmed_does_not_call_it_off(table, bob):
    purchase = deciding.accept(ask(table, bob))
    ending.confirm(purchase, by_buyer=True)

    with pytest.raises(Refused, match="already confirmed"):
        ending.cancel(purchase, by_buyer=True)


@pytest.mark.parametrize("step", [deciding.accept, deciding.decline])
def test_what_has_ended_is_not_answered(table, bob, step):
    purchase = ask(table, bob)
    ending.cancel(purchase, by_buyer=True)

    with pytest.raises(Refused, match="already ended"):
        step(purchase)


# Lapsing


def test_reservation_lapses_once_its_time_is_over(table, bob, clock):
    purchase = deciding.accept(ask(table, bob), days=2)
    forget_what_was_told()
    clock.shift(timedelta(days=2) - timedelta(minutes=1))
    assert ending.lapse_due() == 0

    clock.shift(timedelta(minutes=2))

    assert (ending.lapse_due(), ending.lapse_due()) == (1, 0)
    assert (state_of(purchase), state_of(table)) == (State.LAPSED, "active")
    assert told() == (["bob", "tom"], 1)


def test_request_without_an_answer_lapses_after_two_weeks(table, bob, clock):
    purchase = ask(table, bob)
    clock.shift(timedelta(days=13))
    assert ending.lapse_due() == 0

    clock.shift(timedelta(days=1, minutes=1))

    assert ending.lapse_due() == 1
    assert (state_of(purchase), state_of(table)) == (State.LAPSED, "active")


def test_first_confirmation_gives_the_other_a_week(table, bob, clock):
    purchase = deciding.accept(ask(table, bob), days=1)
    ending.confirm(purchase, by_buyer=False)
    clock.shift(timedelta(days=6))
    assert ending.lapse_due() == 0

    ending.confirm(purchase, by_buyer=True)

    assert state_of(purchase) == State.COMPLETED


def test_item_that_the_seller_handed_over_is_not_offered_again(table, bob, clock):
    purchase = deciding.accept(ask(table, bob))
    ending.confirm(purchase, by_buyer=False)
    clock.shift(timedelta(days=8))

    ending.lapse_due()

    assert (state_of(purchase), state_of(table)) == (State.LAPSED, "sold")


# The seller, or staff, take the listing elsewhere by hand


@pytest.mark.parametrize(
    ("change", "accepted", "requested", "listing"),
    [
        ({"state": "active"}, State.CANCELLED, State.REQUESTED, "active"),
        ({"state": "paused"}, State.CANCELLED, State.REQUESTED, "paused"),
        ({"state": "reserved"}, State.ACCEPTED, State.REQUESTED, "reserved"),
        ({"state": "sold"}, State.ACCEPTED, State.DECLINED, "sold"),
        ({"state": "sold", "sold_where": "elsewhere"}, State.CANCELLED, State.DECLINED, "sold"),
        ({"hidden_at": timezone.now()}, State.CANCELLED, State.DECLINED, "active"),
    ],
)
def test_purchases_follow_the_listing(table, bob, mia, change, accepted, requested, listing):
    first, second = ask(table, bob), ask(table, mia)
    deciding.accept(first)
    Listing.objects.filter(pk=table.pk).update(**change)

    ending.listing_left(table)
    forget_what_was_told()
    ending.listing_left(table)

    assert (state_of(first), state_of(second)) == (accepted, requested)
    assert state_of(table) == listing
    assert told() == ([], 0)


def test_buyer_completes_what_the_seller_marked_sold(table, bob):
    purchase = deciding.accept(ask(table, bob))
    table.refresh_from_db()
    table.move_to(Listing.State.SOLD)
    ending.listing_left(table)

    ending.confirm(purchase, by_buyer=True)

    table.refresh_from_db()
    assert (state_of(purchase), table.sold_where) == (State.COMPLETED, "here")


# Rating


@pytest.fixture
def done(table, bob):
    purchase = deciding.accept(ask(table, bob))
    ending.confirm(purchase, by_buyer=True)
    return ending.confirm(purchase, by_buyer=False)


def test_each_rates_the_other_once(done):
    forget_what_was_told()
    rating.rate(done, by_buyer=True, stars=5, comment="Kind")
    rating.rate(done, by_buyer=False, stars=3, comment="")

    with pytest.raises(Refused, match="already rated"):
        rating.rate(done, by_buyer=True, stars=1, comment="")

    assert rating.of_other_side(done, by_buyer=True) == rating.Reputation(5.0, 1)
    assert rating.of_other_side(done, by_buyer=False) == rating.Reputation(3.0, 1)
    assert told() == (["bob", "tom"], 0)


def test_only_what_is_completed_is_rated(table, bob):
    with pytest.raises(Refused, match="both have confirmed"):
        rating.rate(ask(table, bob), by_buyer=True, stars=5, comment="")


def test_seller_without_ratings_has_none(table, bob):
    assert Seller.objects.count() == 1
    assert rating.of_other_side(ask(table, bob), by_buyer=True) == rating.Reputation(0, 0)
