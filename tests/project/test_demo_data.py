"""The demo's people, and what becomes of them when it starts again."""

import pytest

from proxying import provisioning
from proxying.models import ReservedNumber, Seller
from shoppingplace.demo import data

pytestmark = pytest.mark.django_db


@pytest.fixture
def filled():
    data.prepare("correct horse battery")
    data.fill()


def numbers():
    return {
        seller.display_name: str(seller.reserved_number.proxy_identifier)
        for seller in Seller.objects.all()
        if seller.reserved_number
    }


def test_starting_again_changes_no_number(filled):
    given = {seller.name: seller.proxy_identifier for seller in data.SELLERS}
    before = set(ReservedNumber.objects.values_list("pk", "status"))

    data.fill()

    assert numbers() == given
    assert (given["Tom"], given["Beth"]) == ("+14151111111", "+12092222222")
    assert set(ReservedNumber.objects.values_list("pk", "status")) == before


def test_number_that_staff_released_stays_released(filled):
    provisioning.release(Seller.objects.get(display_name="Tom").reserved_number)

    data.fill()

    assert numbers() == {
        seller.name: seller.proxy_identifier for seller in data.SELLERS if seller.name != "Tom"
    }
