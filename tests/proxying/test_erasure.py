"""After an erasure nothing opens that seller's number again: not even an old copy of it all."""

import subprocess

import pytest
from django.db import connection

from proxying import encryption
from proxying.encryption import CannotUnseal, blind_index, unseal
from proxying.models import Block, BuyerAlias, ProxySession, Seller, SellerKey, SellerText
from proxying.phone_numbers import PhoneNumber
from proxying.resealing import encrypted_fields
from tests import programs
from tests.proxying.callbacks import contact
from tests.proxying.factories import (
    BETHS_NUMBER,
    BETHS_PHONE,
    BOBS_PHONE,
    TOMS_NUMBER,
    TOMS_PHONE,
    SellerFactory,
    beth,
    tom,
)

KEYS_TABLE = SellerKey._meta.db_table

pytestmark = pytest.mark.django_db


def backup():
    """Every row of every table, as a backup by the README's command has it: without the keys."""
    rows = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table != KEYS_TABLE:
                cursor.execute(f'SELECT * FROM "{table}"')
                names = [column[0] for column in cursor.description]
                rows[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return rows


def opened(copy):
    """What somebody gets out of a copy who has all settings and the secrets that are left."""
    found = []
    secrets = [None, *(bytes(key.secret) for key in SellerKey.objects.all())]
    for table, column, owner in [
        ("proxying_seller", "phone_number", "id"),
        ("proxying_sellertext", "former_phone_number", "seller_id"),
    ]:
        for row in copy[table]:
            place = f"{table}.{row['id']}.{column}"
            for secret in secrets:
                try:
                    found.append(unseal(row[column] or "", place=place, secret=secret))
                except CannotUnseal:
                    continue
        assert all(owner in row for row in copy[table])
    return sorted(found)


def test_old_copy_opens_nothing_of_an_erased_seller():
    seller, _ = tom(), beth()
    text = SellerText.objects.create(seller=seller, body="x")
    text.former_phone_number = PhoneNumber(BOBS_PHONE)
    text.save()
    copy = backup()
    assert opened(copy) == sorted([TOMS_PHONE, BETHS_PHONE, BOBS_PHONE])

    seller.leave()

    assert opened(copy) == [BETHS_PHONE]


def test_database_holds_neither_the_number_nor_its_index_after_erasure():
    seller, other = tom(), beth()
    contact(TOMS_PHONE, BETHS_NUMBER)
    BuyerAlias.objects.create(seller=other, buyer_index=blind_index(TOMS_PHONE), number=1)
    SellerText.objects.create(seller=seller, body="x")
    # Counters name whom they count for two days.
    kept = {"proxying_limitcounter"}

    seller.leave()

    index = blind_index(TOMS_PHONE)
    for table, rows in backup().items():
        if table.startswith("proxying_") and table not in kept:
            assert index not in str(rows), table
            assert TOMS_PHONE not in str(rows), table


def test_other_seller_keeps_what_was_said_with_the_person_under_one_name():
    seller, other = tom(), beth()
    contact(TOMS_PHONE, BETHS_NUMBER)
    BuyerAlias.objects.create(seller=other, buyer_index=blind_index(TOMS_PHONE), number=7)

    seller.leave()

    alias, session = BuyerAlias.objects.get(), ProxySession.objects.get()
    assert alias.buyer_index == session.buyer_index != blind_index(TOMS_PHONE)
    assert alias.number == 7


def test_leaving_does_not_end_another_sellers_block():
    """Whoever is blocked could else sign up, leave, and call again."""
    seller, other = tom(), beth()
    contact(TOMS_PHONE, BETHS_NUMBER)
    Block.objects.create(seller=other, buyer_index=blind_index(TOMS_PHONE))
    BuyerAlias.objects.create(seller=other, buyer_index=blind_index(TOMS_PHONE), number=7)

    seller.leave()

    assert contact(TOMS_PHONE, BETHS_NUMBER, f"CA{2:032x}")["Content-Type"] == "application/xml"
    assert {row.get().buyer_index for row in (Block.objects, BuyerAlias.objects)} == {
        blind_index(TOMS_PHONE)
    }


def test_leaving_with_a_phone_that_was_never_proved_forgets_nobody():
    """Mallory types Bob's number, and leaves: what others know of Bob is his and theirs."""
    mallory = SellerFactory(unverified=True, phone_number=PhoneNumber(BOBS_PHONE))
    beth()
    contact(BOBS_PHONE, BETHS_NUMBER)

    mallory.leave()

    session = ProxySession.objects.get()
    assert (session.buyer_index, session.erase_at) == (blind_index(BOBS_PHONE), None)


def test_leaving_with_a_stale_copy_of_the_row_forgets_the_phone_of_today():
    stale, _ = tom(), beth()
    today = Seller.objects.get(pk=stale.pk)
    today.phone_number = PhoneNumber(BOBS_PHONE)
    today.save()
    contact(BOBS_PHONE, BETHS_NUMBER)

    stale.leave()

    assert ProxySession.objects.get().buyer_index != blind_index(BOBS_PHONE)


def test_other_sellers_numbers_still_open():
    seller, other = tom(), beth()
    seller.leave()

    assert Seller.objects.get(pk=other.pk).phone_number == PhoneNumber(BETHS_PHONE)
    assert SellerKey.objects.get().seller_id == other.pk


def test_each_sealed_field_belongs_to_an_owner_with_a_secret():
    """A new field that forgets its owner would survive an erasure in old copies."""
    seller = tom()
    rows = {Seller: seller, SellerText: SellerText(seller=seller, pk=1)}
    for field in encrypted_fields():
        sealed = field.close(PhoneNumber(BOBS_PHONE), rows[field.model])
        assert encryption.needs_secret(sealed)
        assert field.owner_of(rows[field.model]) == seller


def test_call_to_a_seller_whose_key_is_gone_is_turned_away():
    tom()
    SellerKey.objects.all().delete()

    answer = contact(BOBS_PHONE, TOMS_NUMBER)

    assert answer.status_code == 200
    assert b"<Say" in answer.content


@pytest.mark.django_db(transaction=True)
def test_dump_by_the_readme_leaves_the_keys_out():
    tom()
    secret = bytes(SellerKey.objects.get().secret)
    connection.ensure_connection()
    at = connection.connection.info
    pg_dump = programs.postgresql() / "pg_dump"
    dump = subprocess.run(
        [
            pg_dump,
            f"--exclude-table-data=*.{KEYS_TABLE}",
            f"--dbname=postgres://{at.user}@/{at.dbname}?host={at.host}&port={at.port}",
        ],
        env=programs.environment(pg_dump) | {"PGPASSWORD": at.password},
        capture_output=True,
        check=True,
    ).stdout.decode()

    assert TOMS_NUMBER in dump
    assert secret.hex() not in dump
    assert f"CREATE TABLE public.{KEYS_TABLE}" in dump
