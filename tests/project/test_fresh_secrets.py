from proxying.encryption import check_keys
from shoppingplace.fresh_secrets import as_lines, fresh_secrets


def test_fresh_secrets_are_keys_that_the_site_accepts(settings):
    values = fresh_secrets()
    settings.PHONE_NUMBER_KEYS = [values["PHONE_NUMBER_KEYS"]]
    settings.PHONE_NUMBER_INDEX_KEY = values["PHONE_NUMBER_INDEX_KEY"]

    assert check_keys() is None
    assert len(values["SECRET_KEY"]) > 50


def test_fresh_secrets_are_new_each_time():
    assert not set(fresh_secrets().values()) & set(fresh_secrets().values())


def test_as_lines():
    assert as_lines({"A": "1", "B": "2="}) == "A=1\nB=2=\n"
