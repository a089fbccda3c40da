"""No more numbers a day than allowed, counted before the money is spent and once each."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from proxying import provisioning, tasks
from proxying.models import PoolNumber, ReservedNumber
from proxying.provisioning import NotYet, promise, reserve, spending
from proxying.provisioning.spending import SpentForToday
from proxying.switchboard.models import Purchase
from tests.proxying.conftest import KILLED_AFTER, KILLED_BEFORE, LOST_ANSWER, Killed
from tests.proxying.factories import SellerFactory

Status = ReservedNumber.Status

BUY = "/IncomingPhoneNumbers"
A_DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def number(service):
    return promise(SellerFactory())


@pytest.fixture
def spent(service, settings):
    """The pool's purchases were the last of today."""
    settings.NUMBERS_BOUGHT_A_DAY = spending.bought_today()


def test_every_purchase_is_counted(service, number):
    before = spending.bought_today()
    assert before == Purchase.objects.count() == service.pool_numbers.count()

    reserve(number.pk)

    assert spending.bought_today() == Purchase.objects.count() == before + 1


def test_seller_waits_for_tomorrow_when_all_is_spent(number, spent, network):
    with pytest.raises(NotYet, match="NUMBERS_BOUGHT_A_DAY"):
        reserve(number.pk)

    number.refresh_from_db()
    assert network.count("POST", BUY) == 0
    assert (number.status, number.proxy_identifier) == (Status.PENDING, None)
    assert "tomorrow" in number.last_error
    midnight = (timezone.now() + A_DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    assert midnight <= number.next_attempt_at < midnight + timedelta(minutes=11)


def test_seller_who_waited_is_served_tomorrow(number, spent):
    with pytest.raises(NotYet):
        reserve(number.pk)

    with time_machine.travel(timezone.now() + 2 * A_DAY):
        tasks.sweep()

    number.refresh_from_db()
    assert number.status == Status.ACTIVE


def test_spare_number_costs_nothing_and_is_given_today(number, spent, settings):
    settings.PROXY_POOL_FLOOR -= 1

    reserve(number.pk)

    number.refresh_from_db()
    assert number.status == Status.ACTIVE


def test_pool_is_not_filled_when_all_is_spent(service, spent, settings, network):
    settings.PROXY_POOL_FLOOR += 1

    with pytest.raises(SpentForToday):
        provisioning.fill_pool(service)

    assert network.count("POST", BUY) == 0
    assert not PoolNumber.objects.filter(added_at=None).exists()


def test_command_says_that_all_is_spent(db, settings):
    settings.NUMBERS_BOUGHT_A_DAY = 1

    with pytest.raises(CommandError, match="NUMBERS_BOUGHT_A_DAY"):
        call_command("configure_proxy_service")

    assert Purchase.objects.count() == 1


def test_staff_are_told_once_a_day(service, spent, settings, caplog):
    settings.PROXY_POOL_FLOOR += 1

    for _ in range(3):
        tasks.keep_stock()

    told = [record for record in caplog.records if "spending_limit_reached" in str(record.msg)]
    assert len(told) == 1


@pytest.mark.parametrize("fault", [429, 503, LOST_ANSWER])
def test_repeated_purchase_is_counted_once(number, network, fault):
    before = spending.bought_today()
    network.fail(fault, BUY, times=3)

    for day in range(5):
        with time_machine.travel(timezone.now() + timedelta(minutes=day * 2), tick=False):
            tasks.sweep()

    number.refresh_from_db()
    assert number.status == Status.ACTIVE
    assert spending.bought_today() == before + 1


@pytest.mark.parametrize("fault", [KILLED_BEFORE, KILLED_AFTER])
@pytest.mark.parametrize("nth", range(1, 5))
def test_never_more_is_bought_than_counted(number, network, nth, fault):
    network.kill(fault, nth)
    with pytest.raises(Killed):
        reserve(number.pk)

    assert Purchase.objects.count() <= spending.bought_today()

    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        tasks.sweep()
    assert Purchase.objects.count() == spending.bought_today()
