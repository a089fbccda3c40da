"""Bob reports Tom's item; staff see one row, hide it with a reason, and restore it."""

import pytest
from django.test import Client
from playwright.sync_api import expect

from listings.models import Notice, Report
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


def decide(page, button, reason):
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("button", name="No, take me back")).to_be_visible()
    page.get_by_role("button", name=button).click()


def test_reported_item_is_hidden_and_restored(page, log_in, camera, olga):
    for visitor, reason in (("anon:bob", "fraud"), ("anon:una", "fraud"), ("anon:una", "wrong")):
        Report.objects.create(listing=camera, visitor=visitor, reason=reason)
    bob = Client()
    address = camera.get_absolute_url()
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
