"""The keys change while the site works, and the old ones can be destroyed."""

import base64
import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from proxying import resealing
from proxying.encryption import CannotUnseal, seal
from proxying.models import Seller, SellerKey, SellerText
from proxying.phone_numbers import PhoneNumber
from tests.proxying.factories import BETHS_PHONE, BOBS_PHONE, TOMS_PHONE, beth, tom

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(settings):
    """Tom and Beth, and a text to a phone that Tom gave up, all under the old key."""
    settings.PHONE_NUMBER_KEYS = [OLD]
    seller = tom()
    beth()
    text = SellerText.objects.create(seller=seller, body="x")
    text.former_phone_number = PhoneNumber(BOBS_PHONE)
    text.save()
    settings.PHONE_NUMBER_KEYS = [NEW, OLD]


def rotate(**options):
    out = io.StringIO()
    call_command("rotate_phone_number_keys", stdout=out, **options)
    return out.getvalue()


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone_number FROM proxying_seller ORDER BY display_name")
        sealed = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT former_phone_number FROM proxying_sellertext")
        return sealed + [row[0] for row in cursor.fetchall()]


def numbers():
    phones = Seller.objects.order_by("display_name")
    return [
        *(seller.phone_number.reveal() for seller in phones),
        *(text.former_phone_number.reveal() for text in SellerText.objects.all()),
    ]


def test_everything_opens_without_the_old_key_afterwards(people, settings):
    assert all(sealed.startswith("old:") for sealed in stored())

    said = rotate()

    settings.PHONE_NUMBER_KEYS = [NEW]
    assert numbers() == [BETHS_PHONE, TOMS_PHONE, BOBS_PHONE]
    assert all(sealed.startswith("new:~") for sealed in stored())
    assert "2 of 2" in said
    assert "Key old is unused" in said
    assert "Key new seals 3 values" in said


def test_second_run_writes_nothing(people):
    rotate()
    before = stored()

    assert "sealed anew" not in rotate()
    assert stored() == before


@pytest.mark.parametrize("after", [0, 1])
def test_killed_run_is_gone_on_with(people, after):
    runs = resealing.reseal(Seller._meta.get_field("phone_number"), batch=1)
    for _ in range(after + 1):
        progress = next(runs)
    runs.close()
    assert (progress.done, progress.total) == (after + 1, 2)

    assert "Key old is unused" in rotate(batch=1)
    assert numbers() == [BETHS_PHONE, TOMS_PHONE, BOBS_PHONE]


def test_phone_changed_while_it_is_sealed_anew_stays_changed(people, monkeypatch):
    close = resealing.EncryptedPhoneNumberField.close

    def change_meanwhile(field, number, instance):
        monkeypatch.undo()
        changed = Seller.objects.get(pk=instance.pk)
        changed.phone_number = PhoneNumber("+14155550142")
        changed.save()
        return close(field, number, instance)

    monkeypatch.setattr(resealing.EncryptedPhoneNumberField, "close", change_meanwhile)
    rotate()

    assert "+14155550142" in numbers()
    assert len(set(numbers()) & {BETHS_PHONE, TOMS_PHONE}) == 1


def test_value_sealed_before_sellers_had_keys_gets_one(people, settings):
    SellerKey.objects.all().delete()
    seller = Seller.objects.get(display_name="Tom")
    sealed = seal(TOMS_PHONE, place=Seller._meta.get_field("phone_number").place(seller))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM proxying_sellertext")
        cursor.execute("UPDATE proxying_seller SET phone_number = NULL, phone_verified_at = NULL")
        cursor.execute(
            "UPDATE proxying_seller SET phone_number = %s WHERE display_name = 'Tom'", [sealed]
        )
    assert Seller.objects.get(pk=seller.pk).phone_number == PhoneNumber(TOMS_PHONE)

    rotate()

    assert Seller.objects.get(pk=seller.pk).phone_number == PhoneNumber(TOMS_PHONE)
    SellerKey.objects.all().delete()
    with pytest.raises(CannotUnseal):
        Seller.objects.get(pk=seller.pk).phone_number  # noqa: B018 (opens on reading)


def test_value_that_does_not_open_is_told_and_left_and_its_key_is_needed(people):
    SellerKey.objects.filter(seller__display_name="Tom").delete()
    out = io.StringIO()

    with pytest.raises(CommandError, match="2 values do not open"):
        call_command("rotate_phone_number_keys", stdout=out)

    assert "Key old is still needed: 2 values" in out.getvalue()
    assert [sealed[:3] for sealed in stored()] == ["new", "old", "old"]


@pytest.mark.parametrize("batch", ["0", "-1", "many"])
def test_batch_that_is_none_is_refused(batch):
    with pytest.raises(CommandError):
        call_command("rotate_phone_number_keys", "--batch", batch)
