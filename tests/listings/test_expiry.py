"""A listing ends by itself; before that its seller is asked, once, and renews with a click."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from listings.models import Listing, Notice
from listings.selling import expiry
from listings.tasks import expire_listings
from tests.listings.factories import ListingFactory

pytestmark = pytest.mark.django_db

State = Listing.State


def ending_in(tom, **when):
    return ListingFactory(seller=tom, expires_at=timezone.now() + timedelta(**when))


def test_listing_ends_when_its_time_is_over(tom):
    over, not_yet = ending_in(tom, minutes=-1), ending_in(tom, days=30)

    expire_listings()

    assert Listing.objects.get(pk=over.pk).state == State.EXPIRED
    assert Listing.objects.get(pk=not_yet.pk).state == State.ACTIVE


@pytest.mark.parametrize("state", [s for s in State if s != State.ACTIVE])
def test_only_what_is_for_sale_ends(tom, state):
    ListingFactory(seller=tom, state=state, expires_at=timezone.now() - timedelta(days=1))

    expire_listings()

    assert Listing.objects.get().state == state
    assert not Notice.objects.exists()


def test_seller_is_warned_once_a_week_before(tom, settings):
    settings.PUBLIC_ORIGIN = "https://shop.example"
    ending_in(tom, days=8)
    listing = ending_in(tom, days=6)

    expire_listings()
    expire_listings()

    notice = Notice.objects.get()
    assert notice.user == tom.user
    assert "Oak table" in notice.subject
    assert f"https://shop.example/my/listings/renew/{expiry.token(listing)}/" in notice.body


def test_link_in_the_mail_renews_without_a_log_in_and_only_by_the_button(tom):
    listing = ending_in(tom, days=1)
    expire_listings()
    path = re.search(r"/my/listings/renew/\S+", Notice.objects.get().body)[0]

    assert "Still for sale?" in Client().get(path).content.decode()
    assert Listing.objects.get().expires_at == listing.expires_at
    Client().post(path)

    listing.refresh_from_db()
    assert listing.expires_at > timezone.now() + timedelta(days=59)
    assert listing.expiry_warned_at is None


def test_expired_listing_is_for_sale_again_when_renewed(toms_browser, tom):
    listing = ending_in(tom, days=-1)
    expire_listings()
    assert expiry.token(listing) in toms_browser.get("/my/listings/").content.decode()

    answer = toms_browser.post(f"/my/listings/renew/{expiry.token(listing)}/")

    assert answer["Location"] == "/my/listings/"
    assert Listing.objects.get().state == State.ACTIVE
    assert Listing.objects.get().published_at == listing.published_at


@pytest.mark.parametrize("state", [State.SOLD, State.PAUSED, State.DRAFT, State.RESERVED])
def test_nothing_else_is_renewed(tom, state):
    listing = ListingFactory(seller=tom, state=state)
    path = f"/my/listings/renew/{expiry.token(listing)}/"

    assert Client().post(path).status_code == 200
    assert (Listing.objects.get().state, Listing.objects.get().expires_at) == (state, None)


def test_forged_token_is_not_found(tom):
    listing = ending_in(tom, days=1)

    assert Client().post(f"/my/listings/renew/{listing.reference}:forged/").status_code == 404


def test_published_listing_without_an_end_is_given_one(tom):
    ListingFactory(seller=tom)

    expire_listings()

    assert Listing.objects.get().expires_at > timezone.now() + timedelta(days=59)
