"""Two visitors report Tom's item; staff see one row, hide it with a reason, and restore it."""

import re

import pytest
from django.test import Client
from playwright.sync_api import expect

from listings.models import Notice
from tests.journeys.conftest import PASSWORD
from tests.listings.factories import ListingFactory, add_photo
from tests.proxying.factories import UserFactory, tom


@pytest.fixture
def camera(live, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    listing = ListingFactory(seller=tom(), title="Film camera")
    add_photo(listing)
    return listing


@pytest.fixture
def olga(live):
    staff = UserFactory(username="olga", is_staff=True, is_superuser=True)
    staff.set_password(PASSWORD)
    staff.save()
    return staff


def report_as_fraud(page, address):
    """A visitor without an account tells staff, from the listing's page."""
    page.goto(address)
    page.get_by_role("link", name=re.compile("^Report")).click()
    page.get_by_label("It looks like fraud").check()
    page.get_by_label("What should we know?").fill("These are the photos of a shop.")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_text("Somebody of our staff will look at it.")).to_be_visible()
    expect(page).to_have_url(re.compile(re.escape(address)))


def decide(page, button, reason):
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("button", name="No, take me back")).to_be_visible()
    page.get_by_role("button", name=button).click()


def test_reported_item_is_hidden_and_restored(page, log_in, camera, olga):
    bob = Client()
    address = camera.get_absolute_url()
    for _visitor in ("Bob", "Una"):
        report_as_fraud(page, address)
        page.context.clear_cookies()
    assert bob.get(address).status_code == 200

    log_in(olga.email)
    page.goto("/admin/listings/reportedlisting/")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    expect(page.get_by_text("It looks like fraud (2)")).to_be_visible()
    page.get_by_role("link", name=camera.title).click()
    decide(page, "Hide the item", "The photos are copied")

    expect(page.get_by_text("Item hidden.").first).to_be_visible()
    assert bob.get(address).status_code == 404
    assert "The photos are copied" in Notice.objects.get(user=camera.seller.user).body
    page.goto("/admin/listings/reportedlisting/")
    expect(page.get_by_text("0 reported items")).to_be_visible()

    page.goto("/admin/listings/reportedlisting/?state=hidden")
    page.get_by_role("link", name=camera.title).click()
    decide(page, "Restore the item", "He took them himself")

    expect(page.get_by_text("Item restored.").first).to_be_visible()
    assert bob.get(address).status_code == 200
