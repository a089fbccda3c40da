import base64

import pytest
from django.core.exceptions import ImproperlyConfigured

from proxying.encryption import CannotUnseal, blind_index, check_keys, seal, unseal

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()


def test_sealed_value_opens_in_its_place():
    assert unseal(seal("+14152345555", place="t.1.f"), place="t.1.f") == "+14152345555"


def test_sealing_twice_gives_two_texts():
    assert seal("+14152345555", place="t.1.f") != seal("+14152345555", place="t.1.f")


def test_sealed_value_does_not_open_in_another_place():
    with pytest.raises(CannotUnseal):
        unseal(seal("+14152345555", place="t.1.f"), place="t.2.f")


@pytest.mark.parametrize("damaged", ["", "test:", "test:!!", "test:AAAA", "nobody:AAAA"])
def test_damaged_value_does_not_open(damaged):
    with pytest.raises(CannotUnseal):
        unseal(damaged, place="t.1.f")


def test_old_key_opens_and_new_key_seals(settings):
    settings.PHONE_NUMBER_KEYS = [OLD]
    sealed = seal("+14152345555", place="t.1.f")

    settings.PHONE_NUMBER_KEYS = [NEW, OLD]

    assert unseal(sealed, place="t.1.f") == "+14152345555"
    assert seal("+14152345555", place="t.1.f").startswith("new:")


def test_blind_index_depends_on_its_key(settings):
    before = blind_index("+14152345555")
    settings.PHONE_NUMBER_INDEX_KEY = base64.b64encode(b"x" * 32).decode()

    assert len(before) == 64
    assert blind_index("+14152345555") != before


@pytest.mark.parametrize("keys", [[], ["k1"], ["k1:short"], ["k1:" + "A" * 8]])
def test_bad_keys_are_refused(settings, keys):
    settings.PHONE_NUMBER_KEYS = keys

    with pytest.raises(ImproperlyConfigured):
        check_keys()


def test_one_key_for_both_jobs_is_refused(settings):
    settings.PHONE_NUMBER_KEYS = [NEW]
    settings.PHONE_NUMBER_INDEX_KEY = NEW.removeprefix("new:")

    with pytest.raises(ImproperlyConfigured):
        check_keys()
