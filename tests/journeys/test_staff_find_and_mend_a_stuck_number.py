"""Staff find a seller, read why the number is stuck, and reserve, suspend and release."""

import pytest
from django.test import Client
from playwright.sync_api import expect

from proxying.models import ReservedNumber, Seller
from shoppingplace.demo import data
from tests.proxying.factories import BOBS_PHONE, TOMS_NUMBER, SellerFactory
from tests.switchboard.hands import Phones


@pytest.fixture
def stuck(shop):
    seller = SellerFactory(display_name="Nora")
    ReservedNumber.objects.create(
        seller=seller, next_attempt_at=None, last_error="Address required (Twilio error 21631)"
    )
    return seller


def choose(page, action, *sellers):
    page.goto("/admin/proxying/seller/")
    for seller in sellers:
        page.get_by_role("row", name=seller).get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option(label=action)
    page.get_by_role("button", name="Go").or_(page.get_by_role("button", name="Run")).click()


def test_staff_read_why_a_number_is_stuck_and_reserve_it(page, log_in, stuck):
    log_in(data.STAFF_EMAIL)

    page.goto("/admin/proxying/reservednumber/")
    expect(page.get_by_role("row", name="Nora")).to_contain_text("Address required")
    choose(page, "Reserve a number, or try again", "Nora")

    assert stuck.reserved_numbers.get().status == ReservedNumber.Status.ACTIVE


def test_staff_find_a_seller_by_reserved_number(page, log_in, shop):
    log_in(data.STAFF_EMAIL)

    page.goto("/admin/proxying/seller/?q=4151111111")

    rows = page.locator("#result_list tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Tom")
    assert "2345555" not in page.content()


def test_suspended_seller_is_reached_by_nobody(page, log_in, shop):
    log_in(data.STAFF_EMAIL)
    phones = Phones()
    phones.text(BOBS_PHONE, TOMS_NUMBER, "Before")

    choose(page, "Suspend: nobody reaches them", "Tom")
    page.get_by_label("Reason").fill("Sold what was not his.")
    page.get_by_role("button", name="Suspend").click()
    expect(page.get_by_text("Tom")).not_to_have_count(0)

    phones.text(BOBS_PHONE, TOMS_NUMBER, "After")
    assert [body for _, _, body in phones.texts("+14152345555")] == ["Before"]
    assert Seller.objects.get(display_name="Tom").suspended_at
    assert "film camera" not in Client().get("/").text


def test_released_number_leads_to_nobody(page, log_in, shop):
    log_in(data.STAFF_EMAIL)

    choose(page, "Release the number for good", "Tom")
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_text("Tom")).not_to_have_count(0)

    phones = Phones()
    phones.text(BOBS_PHONE, TOMS_NUMBER, "Hello?")
    assert phones.texts("+14152345555") == []
