"""Work that kills its workers is parked; a database that fails buys nothing."""

from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, OperationalError, connection
from django.utils import timezone

from proxying import provisioning, tasks
from proxying.models import ReservedNumber
from proxying.provisioning import NotYet, promise, reserve
from proxying.switchboard.models import IncomingPhoneNumber, Purchase
from tests.proxying.conftest import KILLED_BEFORE, Killed
from tests.proxying.factories import SellerFactory

Status = ReservedNumber.Status

BUY = "/IncomingPhoneNumbers"
SEARCH = "/AvailablePhoneNumbers"

pytestmark = pytest.mark.django_db


@pytest.fixture
def number(service):
    return promise(SellerFactory())


def minutes_later(minutes):
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False)


def kill(number, network, times, start=0):
    """Attempts that die, each when the lease of the one before is over."""
    for turn in range(start, start + times):
        with minutes_later(turn), suppress(Killed):
            network.kill(KILLED_BEFORE, 1)
            reserve(number.pk)
    network.fatal = ("", 0)
    number.refresh_from_db()


def test_row_that_killed_five_workers_is_parked(number, network):
    kill(number, network, 5)
    assert not number.is_parked

    with minutes_later(6):
        reserve(number.pk)

    number.refresh_from_db()
    assert (number.is_parked, number.is_stuck, number.next_attempt_at) == (True, True, None)
    assert "died" in number.last_error


def test_parked_row_is_not_tried_again(number, network):
    kill(number, network, 5)
    with minutes_later(6):
        tasks.sweep()
    asked = len(network.requests)

    with minutes_later(60):
        tasks.sweep()

    assert len(network.requests) == asked


def test_four_deaths_are_survived(number, network):
    kill(number, network, 4)

    with minutes_later(5):
        reserve(number.pk)

    number.refresh_from_db()
    assert (number.status, number.unended_attempts) == (Status.ACTIVE, 0)


def test_attempts_that_twilio_put_off_are_no_deaths(number, network):
    network.fail(503, SEARCH, method="GET", times=9)
    for turn in range(9):
        with minutes_later(turn * 120), suppress(NotYet):
            reserve(number.pk)

    number.refresh_from_db()
    assert (number.attempts, number.unended_attempts, number.is_stuck) == (9, 0, False)


def test_deaths_are_forgotten_after_an_outcome(number, network):
    kill(number, network, 4)
    with minutes_later(5), suppress(NotYet):
        network.fail(503, SEARCH, method="GET")
        reserve(number.pk)

    kill(number, network, 4, start=200)

    with minutes_later(300):
        reserve(number.pk)
    number.refresh_from_db()
    assert number.status == Status.ACTIVE


def test_parked_row_goes_on_when_its_seller_is_promised_again(number, network):
    kill(number, network, 5)
    with minutes_later(6):
        reserve(number.pk)
        promise(number.seller)
        reserve(number.pk)

    number.refresh_from_db()
    assert number.status == Status.ACTIVE


# The pool


def die_filling(service, network, times):
    for turn in range(times):
        with minutes_later(turn * 2), suppress(Killed):
            network.kill(KILLED_BEFORE, 2 if turn == 0 else 1)
            provisioning.fill_pool(service)
    network.fatal = ("", 0)


def test_pool_number_that_kills_its_workers_holds_up_no_other(service, network, settings):
    settings.PROXY_POOL_FLOOR += 1
    die_filling(service, network, 5)

    with minutes_later(20):
        assert provisioning.fill_pool(service) == 1

    parked = service.pool_numbers.get(added_at=None)
    assert parked.is_parked
    assert service.pool_numbers.exclude(added_at=None).count() == settings.PROXY_POOL_FLOOR


def test_pool_number_refused_for_good_holds_up_no_other(service, network, settings):
    settings.PROXY_POOL_FLOOR += 2
    network.fail((400, '{"code": 21631, "message": "Address required", "status": 400}'), BUY)

    assert provisioning.fill_pool(service) == 2

    stuck = service.pool_numbers.get(added_at=None)
    assert (stuck.is_stuck, "21631" in stuck.last_error) == (True, True)


def test_account_that_may_not_buy_is_not_asked_for_ever(service, network, settings):
    settings.PROXY_POOL_FLOOR += 1
    network.fail(403, BUY, times=99)

    for _ in range(5):
        provisioning.fill_pool(service)

    assert network.count("POST", BUY) == 3


# A database that fails


class FailingDatabase:
    """The *nth* statement of ours from now fails; those of the switchboard do not count."""

    def __init__(self, nth):
        self.left = nth

    def __call__(self, execute, sql, params, many, context):
        if '"proxying_' in sql or "proxying_limitcounter" in sql:
            self.left -= 1
            if self.left == 0:
                raise OperationalError("the database went away")
        return execute(sql, params, many, context)


# Real transactions: a failed statement breaks the one that a test is wrapped in.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("nth", range(1, 14))
def test_database_that_fails_while_choosing_buys_nothing(number, network, nth):
    """It must never look as if a number were free. Later ones fail when one is chosen."""
    asked = Purchase.objects.count()

    with suppress(NotYet), connection.execute_wrapper(FailingDatabase(nth)):
        try:
            reserve(number.pk)
        except DatabaseError:
            failed = True
        else:
            failed = False

    number.refresh_from_db()
    if number.status == Status.PENDING:
        assert failed
        assert network.count("POST", BUY) == 0
        assert Purchase.objects.count() == asked
    else:
        assert number.proxy_identifier is not None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("nth", range(2, 26, 3))
def test_one_number_is_bought_whichever_statement_fails(number, network, nth):
    with suppress(NotYet, DatabaseError), connection.execute_wrapper(FailingDatabase(nth)):
        reserve(number.pk)

    with minutes_later(5):
        reserve(number.pk)

    number.refresh_from_db()
    assert number.status == Status.ACTIVE
    marker = f"shoppingplace:{number.pk}"
    assert IncomingPhoneNumber.objects.filter(friendly_name=marker).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("nth", range(1, 14, 2))
def test_database_that_fails_while_the_pool_is_filled_buys_no_number_too_many(
    service, network, settings, nth
):
    settings.PROXY_POOL_FLOOR += 1
    with suppress(DatabaseError), connection.execute_wrapper(FailingDatabase(nth)):
        provisioning.fill_pool(service)

    with minutes_later(5):
        provisioning.fill_pool(service)

    assert IncomingPhoneNumber.objects.count() == settings.PROXY_POOL_FLOOR
    assert service.pool_numbers.exclude(added_at=None).count() == settings.PROXY_POOL_FLOOR
