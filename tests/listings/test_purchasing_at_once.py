"""Two at once, on real connections of their own: one wins, and the other is told so."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connections

from listings.models import Listing, Notice, Purchase
from listings.purchasing import deciding, ending, requesting
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
