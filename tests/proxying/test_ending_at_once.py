"""Endings that meet each other, on real connections: none is lost, and nothing comes back."""

import contextlib

import pytest

from proxying import provisioning
from proxying.models import ReservedNumber, Seller, SellerKey
from proxying.phone_numbers import PhoneNumber
from proxying.provisioning import moving
from proxying.provisioning.moving import CannotMove
from tests.proxying.factories import BETHS_PHONE, ReservedNumberFactory, tom
from tests.proxying.test_concurrency import at_once

Status = ReservedNumber.Status

pytestmark = pytest.mark.django_db(transaction=True)


def quietly(work):
    def run():
        with contextlib.suppress(CannotMove):
            return work()

    return run


def test_four_clicks_are_one_move():
    seller = tom()

    moves = at_once(*[lambda: moving.move(Seller.objects.get(pk=seller.pk)).pk] * 4)

    assert len(set(moves)) == 1
    assert ReservedNumber.objects.filter(is_for_move=True).count() == 1


@pytest.mark.parametrize("round_", range(5))
def test_who_leaves_while_moving_keeps_no_number(round_):
    seller = tom()

    at_once(
        lambda: Seller.objects.get(pk=seller.pk).leave(),
        quietly(lambda: moving.move(Seller.objects.get(pk=seller.pk))),
    )

    assert not ReservedNumber.objects.held().exists()
    assert not SellerKey.objects.exists()


@pytest.mark.parametrize("round_", range(5))
def test_staff_release_while_the_next_number_takes_its_place(service, round_):
    seller = tom()
    new = moving.move(seller)

    at_once(
        lambda: provisioning.release(ReservedNumber.objects.get(proxy_identifier="+14151111111")),
        quietly(lambda: provisioning.reserve(new.pk)),
    )

    live = ReservedNumber.objects.live().filter(status=Status.ACTIVE)
    assert live.count() <= 1
    assert not ReservedNumber.objects.filter(is_for_move=True).exists()


def test_first_secret_of_a_seller_is_made_once():
    seller = ReservedNumberFactory().seller
    SellerKey.objects.all().delete()

    def give(phone):
        mine = Seller.objects.defer("phone_number").get(pk=seller.pk)
        mine.phone_number = PhoneNumber(phone)
        mine.save(update_fields=["phone_number", "phone_number_index"])

    at_once(lambda: give(BETHS_PHONE), lambda: give(BETHS_PHONE), lambda: give(BETHS_PHONE))

    assert Seller.objects.get(pk=seller.pk).phone_number == PhoneNumber(BETHS_PHONE)
