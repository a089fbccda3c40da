import pytest
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from proxying.encryption import CannotUnseal, blind_index
from proxying.models import Seller
from proxying.phone_numbers import PhoneNumber
from tests.proxying.factories import SellerFactory

TOMS = "+14152345555"

pytestmark = pytest.mark.django_db


def stored(seller):
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM proxying_seller WHERE id = %s", [seller.pk])
        return str(cursor.fetchone())


def test_number_comes_back_as_it_was_saved():
    seller = SellerFactory(phone_number=PhoneNumber(TOMS))

    assert Seller.objects.get(pk=seller.pk).phone_number == PhoneNumber(TOMS)


def test_row_holds_no_digits_of_the_number():
    seller = SellerFactory(phone_number=PhoneNumber(TOMS))

    assert "2345555" not in stored(seller)


def test_ciphertext_moved_to_another_row_does_not_open():
    tom = SellerFactory(phone_number=PhoneNumber(TOMS))
    mallory = SellerFactory(phone_number=PhoneNumber("+12099876666"))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE proxying_seller SET phone_number ="
            " (SELECT phone_number FROM proxying_seller WHERE id = %s) WHERE id = %s",
            [tom.pk, mallory.pk],
        )

    with pytest.raises(CannotUnseal):
        _ = Seller.objects.get(pk=mallory.pk).phone_number


def test_seller_is_found_by_blind_index():
    seller = SellerFactory(phone_number=PhoneNumber(TOMS))

    assert Seller.objects.get(phone_number_index=blind_index(TOMS)) == seller


def test_index_follows_the_number():
    seller = SellerFactory(phone_number=PhoneNumber(TOMS))
    seller.phone_number = None
    seller.phone_verified_at = None
    seller.save()

    assert Seller.objects.get(pk=seller.pk).phone_number_index is None


def test_encrypted_field_cannot_be_filtered_on():
    with pytest.raises(FieldError, match="blind index"):
        Seller.objects.filter(phone_number=TOMS).first()


def test_field_takes_no_bare_text():
    with pytest.raises(TypeError):
        Seller(phone_number=TOMS)


def test_dump_shows_no_number():
    seller = SellerFactory(phone_number=PhoneNumber(TOMS))

    assert "2345555" not in serializers.serialize("json", [seller])


def test_one_phone_is_verified_by_one_seller():
    now = timezone.now()
    SellerFactory(phone_number=PhoneNumber(TOMS), phone_verified_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        SellerFactory(phone_number=PhoneNumber(TOMS), phone_verified_at=now)


def test_one_phone_may_be_claimed_by_many_before_proof():
    SellerFactory(phone_number=PhoneNumber(TOMS), phone_verified_at=None)
    SellerFactory(phone_number=PhoneNumber(TOMS), phone_verified_at=None)

    assert Seller.objects.count() == 2
