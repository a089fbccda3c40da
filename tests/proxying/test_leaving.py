import pytest

from proxying.encryption import blind_index
from proxying.models import Block, BuyerAlias, ReservedNumber, Seller, SellerText
from proxying.phone_numbers import PhoneNumber
from proxying.provisioning.ending import sessions_to_close
from proxying.reachability import reachability_changed
from tests.proxying.callbacks import contact
from tests.proxying.factories import (
    BOBS_PHONE,
    TOMS_NUMBER,
    TOMS_PHONE,
    ReservedNumberFactory,
    SellerFactory,
    tom,
)

pytestmark = pytest.mark.django_db


def test_leaving_scrubs_who_it_was():
    seller = tom()

    seller.leave()

    row = Seller.objects.values().get()
    assert row["display_name"] == "Former seller"
    assert row["phone_number"] is row["phone_number_index"] is row["phone_verified_at"] is None
    assert row["suspended_at"]


def test_leaving_puts_the_number_into_quarantine_and_turns_callers_away():
    tom().leave()

    number = ReservedNumber.objects.get()
    assert number.status == ReservedNumber.Status.QUARANTINED
    assert number.quarantined_at
    assert b"<Say" in contact(BOBS_PHONE, TOMS_NUMBER).content


def test_leaving_releases_a_promise_that_never_had_a_number():
    number = ReservedNumberFactory(pending=True)

    number.seller.leave()

    number.refresh_from_db()
    assert number.status == ReservedNumber.Status.RELEASED
    assert number.released_at
    assert number.next_attempt_at is None


def test_leaving_deletes_what_was_kept_about_buyers_and_for_the_phone():
    seller = tom()
    Block.objects.create(seller=seller, buyer_index=blind_index(BOBS_PHONE))
    BuyerAlias.objects.create(seller=seller, buyer_index=blind_index(BOBS_PHONE), number=1)
    SellerText.objects.create(seller=seller, body="Somebody wants your table.")

    seller.leave()

    assert not Block.objects.exists()
    assert not BuyerAlias.objects.exists()
    assert not SellerText.objects.exists()


def test_leaving_has_open_sessions_closed():
    seller = tom()
    contact(BOBS_PHONE, TOMS_NUMBER)

    seller.leave()

    assert sessions_to_close().count() == 1


def test_leaving_is_announced(django_capture_on_commit_callbacks):
    seller, told = tom(), []

    def listen(seller_id, **kwargs):
        told.append(seller_id)

    reachability_changed.connect(listen)
    with django_capture_on_commit_callbacks(execute=True):
        seller.leave()
    reachability_changed.disconnect(listen)

    assert told == [seller.pk]


def test_leaving_frees_the_phone_for_a_new_account():
    tom().leave()

    again = SellerFactory(phone_number=PhoneNumber(TOMS_PHONE))

    assert again.phone_verified_at


def test_leaving_twice_changes_nothing_more():
    seller = tom()
    seller.leave()
    before = list(Seller.objects.values()), list(ReservedNumber.objects.values())

    Seller.objects.get().leave()

    assert (list(Seller.objects.values()), list(ReservedNumber.objects.values())) == before
