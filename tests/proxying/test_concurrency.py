"""Many at once, on real connections of their own: one number each, and none lost or shared."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import pytest
from django.db import connections

from proxying import provisioning, verification
from proxying.codes import CodeNotAccepted, NumberNotAccepted
from proxying.models import PoolNumber, ProxyService, ReservedNumber, Seller
from proxying.phone_numbers import PhoneNumber
from proxying.provisioning import NotYet, promise, reserve
from proxying.provisioning.pool import claim_from_pool
from proxying.switchboard.models import IncomingPhoneNumber, Purchase
from tests.proxying.factories import TOMS_PHONE, SellerFactory
from tests.proxying.test_verification import NEW_PHONE, code_on

Status = ReservedNumber.Status

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*work):
    """Runs all in threads that start together; their results, errors raised."""
    together = Barrier(len(work))

    def run(one):
        together.wait()
        try:
            return one()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(work)) as threads:
        return [future.result() for future in [threads.submit(run, one) for one in work]]


def keep(number):
    """Until it is kept: each attempt that is postponed is made due again."""
    for _ in range(20):
        with suppress(NotYet):
            reserve(number.pk)
        number.refresh_from_db()
        if number.status == Status.ACTIVE:
            return
        ReservedNumber.objects.filter(pk=number.pk).update(next_attempt_at=number.requested_at)


def owned():
    return set(IncomingPhoneNumber.objects.values_list("phone_number", flat=True))


def in_our_rows():
    return {
        *PoolNumber.objects.values_list("proxy_identifier", flat=True),
        *ReservedNumber.objects.exclude(proxy_identifier=None).values_list(
            "proxy_identifier", flat=True
        ),
    }


def test_workers_that_get_the_same_row_buy_one_number(service, settings):
    number = promise(SellerFactory())

    at_once(*[lambda: reserve(number.pk)] * 6)

    number.refresh_from_db()
    assert (number.status, number.attempts) == (Status.ACTIVE, 1)
    assert Purchase.objects.count() == settings.PROXY_POOL_FLOOR + 1


def test_many_sellers_get_one_number_each(service, settings):
    settings.PROXY_POOL_FLOOR = 1  # two to take, all others must buy
    numbers = [promise(SellerFactory()) for _ in range(8)]

    at_once(*[lambda number=number: keep(number) for number in numbers])

    given = list(ReservedNumber.objects.filter(status=Status.ACTIVE))
    assert len({number.proxy_identifier for number in given}) == len(given) == 8
    assert service.pool_numbers.count() == 1
    assert owned() == in_our_rows()
    assert Purchase.objects.count() == 9


def test_pool_that_many_fill_is_not_overfilled(service, settings):
    settings.PROXY_POOL_FLOOR += 4

    at_once(*[lambda: provisioning.fill_pool(ProxyService.objects.get())] * 4)

    assert service.pool_numbers.exclude(added_at=None).count() == settings.PROXY_POOL_FLOOR
    assert Purchase.objects.count() == settings.PROXY_POOL_FLOOR
    assert owned() == in_our_rows()


def test_pool_is_filled_while_sellers_take_from_it(service, settings):
    numbers = [promise(SellerFactory()) for _ in range(4)]
    settings.PROXY_POOL_FLOOR = 2

    at_once(
        *[lambda number=number: keep(number) for number in numbers],
        *[lambda: provisioning.fill_pool(ProxyService.objects.get())] * 2,
    )

    assert ReservedNumber.objects.filter(status=Status.ACTIVE).count() == 4
    assert service.pool_numbers.count() == 2
    assert owned() == in_our_rows()


def test_number_is_not_taken_from_the_pool_for_a_row_that_was_released(service, settings):
    """The worker looked at Twilio meanwhile: a number taken now would be nobody's."""
    settings.PROXY_POOL_FLOOR = 0
    number = promise(SellerFactory())
    provisioning.release(ReservedNumber.objects.get(pk=number.pk))

    assert not claim_from_pool(number, None)

    assert owned() == in_our_rows()


@pytest.mark.parametrize("turn", range(4))
def test_release_while_a_number_is_reserved_loses_none(service, turn):
    number = promise(SellerFactory())

    def let_go():
        provisioning.release(ReservedNumber.objects.get(pk=number.pk))

    at_once(lambda: reserve(number.pk), let_go)

    number.refresh_from_db()
    assert number.status in {Status.QUARANTINED, Status.RELEASED}
    assert owned() - in_our_rows() == set()


def test_promise_made_by_many_is_one(service):
    seller = SellerFactory()

    made = at_once(*[lambda: promise(Seller.objects.get(pk=seller.pk))] * 6)

    assert len({number.pk for number in made}) == 1


def test_code_that_is_sent_many_times_at_once_promises_one_number(service, verify_service):
    seller = SellerFactory(unverified=True, phone_number=None)
    verification.send_code(seller, PhoneNumber(NEW_PHONE))
    code = code_on()

    def check():
        with suppress(CodeNotAccepted):
            return verification.check_code(Seller.objects.get(pk=seller.pk), code)

    assert set(at_once(*[check] * 4)) - {None} == {ReservedNumber.objects.get()}


def test_second_tap_of_a_double_tap_leads_to_the_number(service, verify_service):
    """Twilio takes a code once; the second request read the seller before the first was done."""
    seller = SellerFactory(unverified=True, phone_number=None)
    verification.send_code(seller, PhoneNumber(NEW_PHONE))
    code, second_tap = code_on(), Seller.objects.get(pk=seller.pk)

    number = verification.check_code(seller, code)

    assert verification.check_code(second_tap, code) == number


def test_phone_cannot_be_swapped_while_another_is_proved(service, verify_service):
    """Mallory types Tom's number in one tab; until it is looked up she proves hers in another."""
    mallory = SellerFactory(unverified=True, phone_number=None)
    verification.send_code(mallory, PhoneNumber(NEW_PHONE))
    other_tab = Seller.objects.get(pk=mallory.pk)
    verification.check_code(mallory, code_on())

    with pytest.raises(NumberNotAccepted, match="verified already"):
        verification.send_code(other_tab, PhoneNumber(TOMS_PHONE))

    assert Seller.objects.get().phone_number == PhoneNumber(NEW_PHONE)
