"""Passkeys in a real browser, under the site's own Content Security Policy."""

import pytest
from playwright.sync_api import expect

from tests.proxying.factories import an_account

PASSWORD = "Loud-bell-54"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tom(live):
    return an_account("tom", PASSWORD)


@pytest.fixture
def key(page):
    """An authenticator of the browser's own that says yes to everything."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    return devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def log_in(page):
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill("tom@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_text("Menu", exact=True)).to_be_visible()


def log_out(page):
    page.get_by_text("Menu", exact=True).click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()


def test_passkey_is_added_and_logs_in(page, tom, key):
    log_in(page)
    page.goto("/accounts/2fa/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    log_out(page)

    page.goto("/accounts/login/")
    page.get_by_role("button", name="Log in with a passkey").click()

    expect(page.get_by_text("Menu", exact=True)).to_be_visible()


def test_browser_without_a_passkey_says_so(page, tom, key):
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Log in with a passkey").click()

    expect(page.get_by_role("alert")).to_contain_text("The passkey did not work.")


def test_passkey_says_that_it_is_you(page, tom, key):
    log_in(page)
    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_text("Menu", exact=True)).to_be_visible()

    page.goto("/accounts/2fa/webauthn/reauthenticate/?next=/account/delete/")
    page.get_by_role("button", name="Use a passkey").click()

    expect(page.get_by_role("heading", name="Delete my account")).to_be_visible()
