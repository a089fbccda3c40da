"""What a listing may be, and who sees it when."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError
from django.utils import timezone

from listings import reachability
from listings.models import REFERENCE_ALPHABET, Listing, Purchase, dollars
from proxying.models import ReservedNumber
from tests.listings.factories import ListingFactory
from tests.proxying.factories import ReservedNumberFactory, SellerFactory, UserFactory

pytestmark = pytest.mark.django_db

State = Listing.State


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "Free"), ("1250", "$1,250"), ("12.5", "$12.50"), ("0.99", "$0.99"), ("240.00", "$240")],
)
def test_price_is_said_as_people_say_it(amount, text):
    assert dollars(Decimal(amount)) == text


def test_reference_is_short_and_cannot_be_misread():
    reference = ListingFactory().reference

    assert len(reference) == 5
    assert set(reference) <= set(REFERENCE_ALPHABET)
    assert not set("01OILU") & set(REFERENCE_ALPHABET)


@pytest.mark.parametrize(
    ("state", "is_public"),
    [
        (State.DRAFT, False),
        (State.ACTIVE, True),
        (State.RESERVED, True),
        (State.SOLD, True),
        (State.PAUSED, False),
    ],
)
def test_public_are_the_published_states(state, is_public):
    listing = ListingFactory(state=state)

    assert Listing.objects.public().filter(pk=listing.pk).exists() is is_public


@pytest.mark.parametrize("status", [s for s in ReservedNumber.Status if s != "active"])
def test_listing_is_not_public_without_an_active_number(status):
    listing = ListingFactory()
    listing.seller.reserved_numbers.update(status="released")
    if status != "released":
        ReservedNumberFactory(
            seller=listing.seller,
            status=status,
            **({"proxy_identifier": None, "service": None} if status == "pending" else {}),
        )
    reachability.follow_all()

    assert not Listing.objects.public().exists()


def test_listing_of_a_suspended_seller_is_not_public():
    seller = SellerFactory(suspended=True)
    ReservedNumberFactory(seller=seller)
    ListingFactory(seller=seller)

    assert not Listing.objects.public().exists()


def test_seller_with_an_old_number_too_is_listed_once():
    listing = ListingFactory()
    ReservedNumberFactory(seller=listing.seller, quarantined=True)

    assert list(Listing.objects.public()) == [listing]


def test_own_listings_are_visible_to_their_seller_alone():
    draft = ListingFactory(draft=True)

    assert list(Listing.objects.visible_to(draft.seller.user)) == [draft]
    assert not Listing.objects.visible_to(SellerFactory().user).exists()
    assert not Listing.objects.visible_to(AnonymousUser()).exists()


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("to", State)
def test_state_moves_only_where_it_may(state, to):
    listing = ListingFactory(state=state, sold_at=timezone.now())

    moved = listing.move_to(to)

    assert moved is (to in Listing.NEXT_STATES[state])
    assert Listing.objects.get().state == (to if moved else state)


def test_listing_that_changed_meanwhile_is_not_moved():
    listing = ListingFactory()
    Listing.objects.update(state=State.SOLD)

    assert listing.move_to(State.RESERVED) is False
    assert listing.state == State.SOLD


@pytest.mark.parametrize(("hours", "may"), [(23, True), (25, False)])
def test_sale_may_be_undone_for_a_day(hours, may):
    listing = ListingFactory(
        state=State.SOLD, sold_at=timezone.now() - timedelta(hours=hours), sold_where="here"
    )

    assert listing.next_states == ((State.ACTIVE,) if may else ())
    assert listing.move_to(State.ACTIVE) is may
    assert (listing.sold_at is None, listing.sold_where == "") == (may, may)


def test_sale_that_a_buyer_confirmed_is_not_undone():
    now = timezone.now()
    listing = ListingFactory(state=State.SOLD, sold_at=now)
    Purchase.objects.create(
        listing=listing,
        buyer=UserFactory(),
        price=240,
        state="completed",
        buyer_confirmed_at=now,
        seller_confirmed_at=now,
    )

    assert listing.next_states == ()
    assert listing.move_to(State.ACTIVE) is False


def test_coming_back_from_a_pause_is_not_new():
    listing = ListingFactory()
    published_at = listing.published_at

    listing.move_to(State.PAUSED)
    listing.move_to(State.ACTIVE)

    assert listing.published_at == published_at


@pytest.mark.parametrize(
    "fields",
    [
        {"price": Decimal(-1)},
        {"title": ""},
        {"price": None},
        {"category": None},
        {"place": ""},
        {"condition": ""},
        {"description": ""},
        {"published_at": None},
    ],
)
def test_database_refuses_an_incomplete_listing_for_sale(fields):
    with pytest.raises(IntegrityError):
        ListingFactory(**fields)


def test_draft_may_be_half_written():
    draft = ListingFactory(draft=True, price=None, category=None, place="", description="")

    assert draft.is_complete is False
    assert draft.price_text == ""
