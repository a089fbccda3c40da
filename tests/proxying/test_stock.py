"""Numbers bought ahead: taken at once by many, one each, and never lost."""

import pytest
from django.utils import timezone

from proxying import provisioning
from proxying.models import ProxyService, ReservedNumber, StockNumber
from proxying.provisioning import fill_stock, promise, reserve, stock
from proxying.reconciliation import reconcile
from proxying.switchboard.models import IncomingPhoneNumber, Purchase
from proxying.switchboard.models import PhoneNumber as NumberOfAService
from proxying.twilio_client import TwilioUnavailable
from tests.proxying.conftest import LOST_ANSWER
from tests.proxying.factories import SellerFactory
from tests.proxying.test_concurrency import at_once

Status = ReservedNumber.Status


def stocked(nth, *, area="415"):
    return StockNumber.objects.create(
        country="US",
        proxy_identifier=f"+1{area}222{nth:04}",
        phone_number_sid=f"PN{nth:032x}",
        next_attempt_at=None,
    )


def at_work(number):
    """As a worker holds it."""
    number.attempts = 1
    number.save()
    return number


def test_seller_gets_a_number_of_the_stock_without_a_purchase(service, settings):
    settings.NUMBERS_IN_STOCK = 2
    assert fill_stock("US") == 2
    bought = Purchase.objects.count()

    reserve(promise(SellerFactory()).pk)

    number = ReservedNumber.objects.get()
    assert (number.status, Purchase.objects.count()) == (Status.ACTIVE, bought)
    assert StockNumber.objects.count() == 1
    at_twilio = NumberOfAService.objects.get(pk=number.phone_number_sid)
    assert at_twilio.is_reserved


def test_number_in_the_sellers_area_comes_first(service):
    for nth, area in enumerate(["209", "415", "209"], start=1):
        stocked(nth, area=area)
    number = at_work(promise(SellerFactory()))

    assert stock.take(number, service, "415")

    number.refresh_from_db()
    assert number.proxy_identifier == "+14152220002"
    assert StockNumber.objects.count() == 2


def test_any_number_is_better_than_none(service):
    stocked(1, area="209")
    number = at_work(promise(SellerFactory()))

    assert stock.take(number, service, "415")

    assert not StockNumber.objects.exists()


@pytest.mark.parametrize("change", [{"attempts": 2}, {"status": Status.RELEASED}])
def test_who_does_not_hold_the_row_takes_nothing(service, change):
    stocked(1)
    number = at_work(promise(SellerFactory()))
    ReservedNumber.objects.filter(pk=number.pk).update(**change)

    assert not stock.take(number, service, None)

    assert StockNumber.objects.count() == 1


def test_number_that_another_row_has_chosen_is_left_where_it_is(service, transactional_db):
    one = stocked(1)
    promised = {"service": service, "proxy_identifier": one.proxy_identifier}
    ReservedNumber.objects.create(seller=SellerFactory(), status=Status.BUYING, **promised)
    number = at_work(promise(SellerFactory()))

    assert not stock.take(number, service, None)

    assert StockNumber.objects.get() == one


def test_stock_is_not_bought_unless_it_is_wanted(service):
    assert fill_stock("US") == 0
    assert not StockNumber.objects.exists()


def test_purchase_whose_answer_was_lost_is_found_again(service, settings, network):
    settings.NUMBERS_IN_STOCK = 1
    bought = Purchase.objects.count()
    network.fail(LOST_ANSWER, "IncomingPhoneNumbers")
    with pytest.raises(TwilioUnavailable):
        fill_stock("US")
    StockNumber.objects.update(next_attempt_at=timezone.now())

    assert fill_stock("US") == 1

    in_stock = StockNumber.objects.get()
    owned = IncomingPhoneNumber.objects.get(phone_number=in_stock.proxy_identifier)
    assert (owned.sid, Purchase.objects.count()) == (in_stock.phone_number_sid, bought + 1)


@pytest.mark.django_db(transaction=True)
def test_many_take_at_once_and_each_gets_another(service):
    for nth in range(8):
        stocked(nth)
    numbers = [at_work(promise(SellerFactory())) for _ in range(8)]
    here = ProxyService.objects.get()

    taken = at_once(*[lambda one=one: stock.take(one, here, "415") for one in numbers * 2])

    assert sorted(taken) == [False] * 8 + [True] * 8
    given = set(ReservedNumber.objects.values_list("proxy_identifier", flat=True))
    assert len(given) == 8
    assert not StockNumber.objects.exists()


def test_stock_is_ours_to_the_reconciliation(service, settings):
    settings.NUMBERS_IN_STOCK = 1
    provisioning.fill_stock("US")

    report = reconcile()

    assert "stray" not in str(report).lower()
    assert StockNumber.objects.count() == 1
