"""What happens to an account is told to its owner, where a thief cannot keep it from arriving."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.test import Client

from listings import notices
from listings.models import Notice
from tests.proxying.factories import an_account

pytestmark = pytest.mark.django_db

PASSWORD = "Loud-bell-54"
NEW_PASSWORD = "Deaf-hill-81"


@pytest.fixture
def tom():
    return an_account("tom", PASSWORD)


@pytest.fixture
def open_browser(tom):
    """Tom is logged in, and has not typed his password for a while."""
    client = Client()
    client.force_login(tom)
    return client


@pytest.fixture
def toms(open_browser):
    open_browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return open_browser


def change_address(browser, to):
    browser.post("/accounts/email/", {"email": to, "action_add": ""})
    link = re.search(r"/accounts/confirm-email/\S+", mail.outbox[-1].body)[0]
    return browser.post(link)


def test_new_password_is_told(toms):
    new = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    toms.post("/accounts/password/change/", new)

    notice = Notice.objects.get()
    assert "Your password has been changed." in notice.body
    assert "/accounts/password/reset/" in notice.body


def test_new_address_is_told_to_the_old_one_which_is_then_forgotten(toms, tom):
    change_address(toms, "mallory@example.com")
    tom.refresh_from_db()
    assert tom.email == "mallory@example.com"

    notices.send_due()

    assert mail.outbox[-1].to == ["tom@example.com"]
    assert "from tom@example.com to mallory@example.com" in mail.outbox[-1].body
    assert Notice.objects.get().former_address == ""


def test_address_stays_until_the_password_is_typed(open_browser):
    answer = open_browser.post(
        "/accounts/email/", {"email": "mallory@example.com", "action_add": ""}
    )

    assert answer.url.startswith("/accounts/reauthenticate/")
    assert EmailAddress.objects.get().email == "tom@example.com"


def test_authenticator_app_that_is_turned_off_is_told(toms, tom):
    TOTP.activate(tom, generate_totp_secret())

    toms.post("/accounts/2fa/totp/deactivate/")

    assert "deactivated" in Notice.objects.get().body
