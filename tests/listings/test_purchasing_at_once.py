"""Two at once, on real connections of their own: one wins, and the other is told so."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connections, transaction

from listings.models import Listing, Notice, Purchase, Rating
from listings.purchasing import deciding, ending, rating, requesting
from listings.purchasing.locking import Refused
from tests.listings.factories import ListingFactory
from tests.proxying.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*work):
    """Runs all in threads that start together; what each returns, or why it was refused."""
    together = Barrier(len(work))

    def run(one):
        together.wait()
        try:
            return one()
        except Refused as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(work)) as threads:
        return list(threads.map(run, work))


def ask(listing, buyer):
    return requesting.request(listing, buyer, name="Bob", price=Decimal(200), note="")


@pytest.mark.parametrize("turn", range(3))
def test_of_two_accepted_at_once_one_wins(turn):
    table = ListingFactory()
    first, second = (ask(table, UserFactory()) for _ in range(2))

    results = at_once(lambda: deciding.accept(first), lambda: deciding.accept(second))

    (refusal,) = [result for result in results if isinstance(result, Refused)]
    assert "already reserved" in str(refusal)
    assert Purchase.objects.filter(state=Purchase.State.ACCEPTED).count() == 1
    assert Listing.objects.get().state == Listing.State.RESERVED


def test_two_clicks_on_ask_are_one_request():
    table, bob = ListingFactory(), UserFactory()

    at_once(*[lambda: ask(table, bob)] * 3)

    assert Purchase.objects.count() == 1
    assert Notice.objects.count() == 2


def test_both_who_confirm_at_once_complete_it():
    purchase = deciding.accept(ask(ListingFactory(), UserFactory()))

    at_once(
        lambda: ending.confirm(purchase, by_buyer=True),
        lambda: ending.confirm(purchase, by_buyer=False),
    )

    assert Purchase.objects.get().state == Purchase.State.COMPLETED
    assert Listing.objects.get().state == Listing.State.SOLD
    assert Notice.objects.filter(subject__startswith="“Oak table” is sold").count() == 1


@pytest.mark.parametrize("turn", range(3))
def test_seller_accepts_while_the_buyer_withdraws(turn):
    """Whoever comes first, the buyer's no holds and the item is for sale."""
    purchase = ask(ListingFactory(), UserFactory())

    accepted, cancelled = at_once(
        lambda: deciding.accept(purchase), lambda: ending.cancel(purchase, by_buyer=True)
    )

    assert isinstance(cancelled, Purchase)
    assert isinstance(accepted, Purchase) or "already ended" in str(accepted)
    assert Purchase.objects.get().state == Purchase.State.CANCELLED
    assert Listing.objects.get().state == Listing.State.ACTIVE


@pytest.mark.parametrize("turn", range(3))
def test_buyer_confirms_while_the_seller_calls_it_off(turn):
    purchase = deciding.accept(ask(ListingFactory(), UserFactory()))

    confirmed, cancelled = at_once(
        lambda: ending.confirm(purchase, by_buyer=True),
        lambda: ending.cancel(purchase, by_buyer=False),
    )

    assert isinstance(cancelled, Purchase)
    assert isinstance(confirmed, Purchase) or "Only an accepted" in str(confirmed)
    assert Purchase.objects.get().state == Purchase.State.CANCELLED
    assert Listing.objects.get().state == Listing.State.ACTIVE


def test_accepting_and_declining_at_once_leaves_one_answer():
    purchase = ask(ListingFactory(), UserFactory())

    results = at_once(lambda: deciding.accept(purchase), lambda: deciding.decline(purchase))

    (refusal,) = [result for result in results if isinstance(result, Refused)]
    assert "already ended" in str(refusal)
    is_accepted = Purchase.objects.get().state == Purchase.State.ACCEPTED
    assert Listing.objects.get().state == ("reserved" if is_accepted else "active")


def test_of_two_ratings_at_once_one_is_kept():
    purchase = deciding.accept(ask(ListingFactory(), UserFactory()))
    ending.confirm(purchase, by_buyer=True)
    ending.confirm(purchase, by_buyer=False)

    def rate(stars):
        return rating.rate(purchase, by_buyer=True, stars=stars, comment="")

    results = at_once(lambda: rate(5), lambda: rate(1))

    (refusal,) = [result for result in results if isinstance(result, Refused)]
    assert "already rated" in str(refusal)
    assert Rating.objects.count() == 1
    assert Notice.objects.filter(subject__contains="rated you").count() == 1


def test_item_sold_elsewhere_while_it_is_asked_for_keeps_nobody_waiting():
    table, bob = ListingFactory(), UserFactory()

    def sell():
        with transaction.atomic():
            table.move_to(Listing.State.SOLD)
            Listing.objects.filter(pk=table.pk).update(sold_where="elsewhere")
            ending.listing_left(table)

    at_once(sell, lambda: ask(table, bob))

    assert Listing.objects.get().state == Listing.State.SOLD
    assert not Purchase.objects.open().exists()
