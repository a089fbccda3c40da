"""Everything we know of a person, for that person alone."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from listings.models import Favourite, Purchase, Rating, Report, SavedSearch
from proxying.models import BuyerAlias, Interaction, ProxySession
from tests.listings.factories import ListingFactory, add_photo
from tests.proxying.factories import BETHS_NUMBER, TOMS_PHONE, UserFactory, beth

PASSWORD = "Loud-bell-54"


@pytest.fixture
def bob(db):
    return UserFactory(username="bob", email="bob@example.com")


def logged_in(user):
    """*user*, who has typed the password just now."""
    user.set_password(PASSWORD)
    user.save()
    browser = Client()
    browser.force_login(user)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return browser


def download(user):
    return logged_in(user).post("/account/data/").json()


def test_file_holds_what_is_the_persons_own(tom, bob):
    table = ListingFactory(seller=tom)
    photo = add_photo(table)
    wanted = ListingFactory(seller=beth(), title="Copper kettle")
    Favourite.objects.create(user=tom.user, listing=wanted)
    SavedSearch.objects.create(user=tom.user, query="q=oak", name="Oak")
    Report.objects.create(listing=wanted, reporter=tom.user, visitor="user:1", reason="fraud")

    data = download(tom.user)

    assert data["account"]["email"] == "tom@example.com"
    assert data["seller"]["private_number"] == TOMS_PHONE
    assert data["listings"][0]["title"] == "Oak table"
    assert data["listings"][0]["photos"] == [f"http://testserver{photo.image.url}"]
    assert data["favourites"][0]["listing__title"] == "Copper kettle"
    assert data["saved_searches"][0]["query"] == "q=oak"
    assert data["reports"][0]["reason"] == "fraud"


def test_file_tells_nobody_elses_identity(tom, bob):
    seller = beth()
    sold = Purchase.objects.create(
        listing=ListingFactory(seller=tom), buyer=bob, buyer_name="Bob", note="Ring me", price=5
    )
    Rating.objects.create(purchase=sold, by_buyer=True, stars=5, comment="Kind")
    bought = ListingFactory(seller=seller)
    Purchase.objects.create(listing=bought, buyer=tom.user, buyer_name="Tom", price=7)

    text = json.dumps(download(tom.user))

    for word in ("Bob", "bob@", "Ring me", "Beth", "beth", BETHS_NUMBER, str(seller.pk)):
        assert word not in text
    assert "Kind" in text


def test_calls_and_texts_stand_under_the_alias(tom):
    BuyerAlias.objects.create(seller=tom, buyer_index="a" * 64, number=7)
    session = ProxySession.objects.create(
        reserved_number=tom.reserved_number,
        buyer_index="a" * 64,
        unique_name="x",
        contact_sid="CA1",
    )
    Interaction.objects.create(
        interaction_sid="KI1", session_sid="KC1", proxy_session=session, type="voice"
    )

    data = download(tom.user)

    assert [(each["buyer"], each["type"]) for each in data["calls_and_texts"]] == [(7, "voice")]
    assert "a" * 64 not in json.dumps(data)


def test_buyer_without_a_seller_gets_a_file(bob):
    data = download(bob)

    assert data["seller"] is None
    assert data["listings"] == data["calls_and_texts"] == []


def test_file_is_not_to_be_kept_on_the_way(bob):
    answer = logged_in(bob).post("/account/data/")

    assert "attachment" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]


def test_open_browser_alone_gives_no_file(bob):
    bob.set_password(PASSWORD)
    bob.save()
    browser = Client()
    browser.force_login(bob)

    answer = browser.post("/account/data/")

    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/reauthenticate/")


def test_stranger_is_sent_to_log_in(client, db):
    for path in ("/account/data/", "/account/delete/"):
        assert client.post(path).url.startswith("/accounts/login/")
        assert client.get(path).url.startswith("/accounts/login/")


def test_file_costs_the_same_for_three_listings(tom):
    browser = logged_in(tom.user)
    costs = []
    for more in (1, 2):
        for _ in range(more):
            add_photo(ListingFactory(seller=tom))
        with CaptureQueriesContext(connection) as captured:
            browser.post("/account/data/")
        costs.append(len(captured))

    assert costs[0] == costs[1]
