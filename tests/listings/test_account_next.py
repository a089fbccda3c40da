"""Where the account's pages may lead when they are done."""

import pytest
from django.test import Client

from tests.proxying.factories import an_account

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
PASSWORD = "Loud-bell-54"


@pytest.fixture
def tom():
    return an_account("tom", PASSWORD)


@pytest.mark.parametrize(
    "elsewhere", ["http://[", "//mallory.example", "https://mallory.example/", "javascript:x"]
)
def test_nowhere_but_to_a_page_of_ours(tom, elsewhere):
    typed = {"login": tom.email, "password": PASSWORD}
    usual = Client().post(LOGIN, typed)
    assert usual.status_code == 302

    answer = Client().post(LOGIN, {**typed, "next": elsewhere})

    assert (answer.status_code, answer.url) == (302, usual.url)


def test_to_the_page_that_was_asked_for(tom):
    typed = {"login": tom.email, "password": PASSWORD, "next": "/listings/mine/"}
    assert Client().post(LOGIN, typed).url == "/listings/mine/"


def test_address_that_cannot_be_read_breaks_no_page():
    assert Client().get("/accounts/confirm-email/", {"next": "http://["}).status_code == 200
