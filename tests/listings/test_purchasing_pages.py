"""The pages of a purchase: who sees them, what they offer, what they refuse."""

import re
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from listings.models import AccountBlock, Listing, Purchase, Rating
from listings.purchasing import deciding, ending, requesting
from proxying.models import Block
from proxying.phone_numbers import PhoneNumber
from tests.listings.factories import ListingFactory, add_photo
from tests.proxying.factories import BOBS_PHONE, SellerFactory, UserFactory

ACTIONS = ["accept", "decline", "cancel", "confirm", "rate", "block", "unblock"]
State = Purchase.State


@pytest.fixture
def table(tom):
    return ListingFactory(seller=tom)


@pytest.fixture
def bob(db):
    return UserFactory(username="bob")


@pytest.fixture
def bobs_browser(bob):
    client = Client()
    client.force_login(bob)
    return client


@pytest.fixture
def purchase(table, bob):
    return requesting.request(table, bob, name="Bob", price=Decimal(200), note="On Friday?")


def act(client, purchase, action, **data):
    return client.post(reverse("purchase_act", args=[purchase.pk, action]), data)


def buy_url(listing):
    return reverse("purchase_request", args=[listing.reference])


def state_of(purchase):
    return Purchase.objects.get(pk=purchase.pk).state


@pytest.mark.parametrize("action", ACTIONS)
def test_stranger_acts_on_no_purchase(mallorys_browser, purchase, action):
    answer = act(mallorys_browser, purchase, action, days=3, stars=5)

    assert answer.status_code == 404
    assert state_of(purchase) == State.REQUESTED


@pytest.mark.parametrize("action", ["accept", "decline", "block", "unblock"])
def test_buyer_does_not_answer_for_the_seller(bobs_browser, purchase, action):
    assert act(bobs_browser, purchase, action, days=3).status_code == 404

    assert state_of(purchase) == State.REQUESTED
    assert not AccountBlock.objects.exists()


def test_stranger_reads_no_purchase(mallorys_browser, purchase):
    assert mallorys_browser.get(purchase.get_absolute_url()).status_code == 404
    assert "Oak table" not in mallorys_browser.get("/purchases/").text
    assert "Oak table" not in mallorys_browser.get("/purchases/?as=selling").text


@pytest.mark.parametrize("action", ACTIONS)
def test_visitor_is_asked_to_log_in(client, purchase, action):
    assert act(client, purchase, action).url.startswith("/accounts/login/")


@pytest.mark.parametrize("action", ACTIONS)
def test_link_changes_nothing(toms_browser, purchase, action):
    path = reverse("purchase_act", args=[purchase.pk, action])

    assert toms_browser.get(path).status_code == 405


@pytest.mark.parametrize("path", ["unheard-of", "accept%00", "accepted"])
def test_unknown_step_is_no_page(toms_browser, purchase, path):
    assert toms_browser.post(f"{purchase.get_absolute_url()}{path}/").status_code == 404
    assert toms_browser.get(f"/purchases/{uuid4()}/").status_code == 404


def test_asking_leads_to_the_purchase(bobs_browser, table):
    page = bobs_browser.get(buy_url(table))
    assert 'value="240"' in page.text
    assert "No money passes through this site" in page.text

    answer = bobs_browser.post(buy_url(table), {"name": "Bob", "price": "$210", "note": "Hi"})

    made = Purchase.objects.get()
    assert answer.url == made.get_absolute_url()
    assert (made.price, made.buyer_name, made.note) == (210, "Bob", "Hi")


def test_free_item_has_no_price_to_fill_in(bobs_browser, tom):
    free = ListingFactory(seller=tom, price=0)
    assert 'name="price"' not in bobs_browser.get(buy_url(free)).text

    bobs_browser.post(buy_url(free), {"name": "Bob"})

    assert Purchase.objects.get().price == 0


def test_asking_again_leads_to_the_first(bobs_browser, table, purchase):
    answer = bobs_browser.post(buy_url(table), {"name": "Bob", "price": "1"})

    assert answer.url == purchase.get_absolute_url()
    assert Purchase.objects.count() == 1


@pytest.mark.parametrize(
    ("state", "why"),
    [("reserved", "reserved for somebody else"), ("sold", "is sold"), ("expired", "has ended")],
)
def test_page_says_why_not(bobs_browser, table, state, why):
    Listing.objects.filter(pk=table.pk).update(state=state)

    assert why in bobs_browser.get(buy_url(table)).text
    assert why in bobs_browser.post(buy_url(table), {"name": "Bob", "price": "1"}).text
    assert not Purchase.objects.exists()


def test_own_item_is_not_bought(toms_browser, table):
    page = toms_browser.get(buy_url(table)).text

    assert "your own item" in page
    assert 'name="price"' not in page


def test_page_that_says_why_not_offers_what_is_similar_and_no_form(bobs_browser, table):
    ListingFactory(title="Pine table")
    Listing.objects.filter(pk=table.pk).update(state="expired")

    page = bobs_browser.get(buy_url(table)).text

    assert "You cannot buy this now" in page
    assert "Pine table" in page
    assert 'name="price"' not in page
    assert "415-111" not in page


def without_tokens(page):
    """*page* but for what differs with every request."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page)


@pytest.mark.parametrize("way", ["account", "phone"])
def test_blocked_buyer_reads_the_same_listing_and_why_on_asking(bobs_browser, bob, tom, table, way):
    bob_sells = SellerFactory(user=bob, phone_number=PhoneNumber(BOBS_PHONE))
    before = bobs_browser.get(table.get_absolute_url()).text
    if way == "account":
        AccountBlock.objects.create(seller=tom, user=bob)
    else:
        Block.objects.create(seller=tom, buyer_index=bob_sells.phone_number_index)

    after = bobs_browser.get(table.get_absolute_url()).text

    assert without_tokens(after) == without_tokens(before)
    assert buy_url(table) in after
    for page in (
        bobs_browser.get(buy_url(table)).text,
        bobs_browser.post(buy_url(table), {"name": "Bob", "price": "1"}).text,
    ):
        assert "does not take requests from you" in page
        assert 'name="price"' not in page
    assert not Purchase.objects.exists()


def test_blocked_buyer_reads_of_the_item_first(bobs_browser, bob, tom, table):
    """What everybody reads tells nobody of a block."""
    AccountBlock.objects.create(seller=tom, user=bob)
    Listing.objects.filter(pk=table.pk).update(state="sold")

    assert "This item is sold." in bobs_browser.get(buy_url(table)).text


@pytest.mark.parametrize("state", ["draft", "paused"])
def test_page_that_is_not_public_is_not_found(bobs_browser, table, state):
    Listing.objects.filter(pk=table.pk).update(state=state)

    assert bobs_browser.get(buy_url(table)).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a\0b"},
        {"name": "x" * 61},
        {"price": "-1"},
        {"price": "1e99"},
        {"price": "9" * 40},
        {"price": ""},
        {"note": "Call me: 415-234-5555"},
        {"note": "bob@example.com"},
        {"note": "x" * 501},
    ],
)
def test_nonsense_is_not_asked(bobs_browser, table, wrong):
    form = {"name": "Bob", "price": "200", "note": ""} | wrong

    answer = bobs_browser.post(buy_url(table), form)

    assert answer.status_code == 200
    assert "errorlist" in answer.text
    assert not Purchase.objects.exists()


def test_seller_accepts_for_as_many_days_as_chosen(toms_browser, purchase):
    act(toms_browser, purchase, "accept", days=7)

    purchase.refresh_from_db()
    assert purchase.state == State.ACCEPTED
    assert (purchase.held_until - purchase.accepted_at).days == 7


@pytest.mark.parametrize("days", ["", "0", "15", "x", "9" * 30])
def test_number_of_days_that_is_none_is_told(toms_browser, purchase, days):
    assert act(toms_browser, purchase, "accept", days=days).status_code == 400
    assert state_of(purchase) == State.REQUESTED


def buttons(client, purchase):
    page = client.get(purchase.get_absolute_url()).text
    return {action for action in ACTIONS if f'/{action}/"' in page}


def test_each_sees_the_buttons_of_the_moment(toms_browser, bobs_browser, purchase):
    assert buttons(toms_browser, purchase) == {"accept", "decline", "block"}
    assert buttons(bobs_browser, purchase) == {"cancel"}

    deciding.accept(purchase)
    assert buttons(toms_browser, purchase) == {"confirm", "cancel", "block"}
    assert buttons(bobs_browser, purchase) == {"confirm", "cancel"}

    ending.confirm(purchase, by_buyer=True)
    assert buttons(bobs_browser, purchase) == set()

    ending.confirm(purchase, by_buyer=False)
    assert buttons(bobs_browser, purchase) == {"rate"}
    act(bobs_browser, purchase, "rate", stars=4, comment="Kind")
    assert buttons(bobs_browser, purchase) == set()


def test_step_too_late_is_told_in_words(bobs_browser, toms_browser, purchase):
    ending.cancel(purchase, by_buyer=True)

    answer = act(toms_browser, purchase, "accept", days=3)

    assert "already ended" in toms_browser.get(answer.url).text


@pytest.mark.parametrize(
    "wrong", [{"stars": 6}, {"stars": ""}, {"stars": 5, "comment": "ring 415-234-5555"}]
)
def test_rating_that_is_none_is_told(bobs_browser, purchase, wrong):
    deciding.accept(purchase)
    ending.confirm(purchase, by_buyer=True)
    ending.confirm(purchase, by_buyer=False)

    assert act(bobs_browser, purchase, "rate", **wrong).status_code == 400
    assert not Rating.objects.exists()


def test_blocking_and_unblocking(toms_browser, bob, purchase):
    act(toms_browser, purchase, "block")
    assert AccountBlock.objects.get().user == bob
    assert "unblock" in buttons(toms_browser, purchase)

    act(toms_browser, purchase, "unblock")
    assert not AccountBlock.objects.exists()


def test_no_page_shows_a_number(bobs_browser, toms_browser, purchase):
    for client in (bobs_browser, toms_browser):
        for path in (purchase.get_absolute_url(), "/purchases/", "/purchases/?as=selling"):
            page = client.get(path).text
            assert "1111111" not in page.replace("-", "").replace(" ", "")
            assert "2345555" not in page.replace("-", "").replace(" ", "")


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 40, "%00"])
def test_page_number_that_is_none_is_a_page(bobs_browser, purchase, number):
    assert bobs_browser.get(f"/purchases/?page={number}").status_code == 200


@pytest.mark.parametrize("side", ["buying", "selling"])
def test_list_takes_as_many_queries_for_three_as_for_one(queries, tom, bob, purchase, side):
    client = Client()
    client.force_login(bob if side == "buying" else tom.user)
    one = queries(client, f"/purchases/?as={side}")
    for _ in range(2):
        listing = ListingFactory(seller=tom)
        requesting.request(listing, bob, name="Bob", price=Decimal(1), note="")

    assert queries(client, f"/purchases/?as={side}") == one <= 12


def test_purchase_takes_few_queries(queries, bobs_browser, toms_browser, table, purchase):
    assert queries(bobs_browser, purchase.get_absolute_url()) <= 12
    assert queries(toms_browser, purchase.get_absolute_url()) <= 12
    mia = Client()
    mia.force_login(UserFactory())
    assert queries(mia, buy_url(table)) <= 12


@pytest.mark.parametrize("state", ["active", "expired", "reserved"])
def test_asking_takes_as_many_queries_whatever_there_is_beside(
    queries, bobs_browser, bob, tom, table, state
):
    def add_one_of_each():
        for listing in (table, ListingFactory(), ListingFactory(seller=tom)):
            add_photo(listing)
        Purchase.objects.create(
            listing=ListingFactory(seller=tom), buyer=bob, buyer_name="Bob", price=1
        )
        AccountBlock.objects.create(seller=SellerFactory(), user=bob)

    Listing.objects.filter(pk=table.pk).update(state=state)
    add_one_of_each()
    with_one = queries(bobs_browser, buy_url(table))
    add_one_of_each()
    add_one_of_each()

    assert queries(bobs_browser, buy_url(table)) == with_one <= 12
