"""Vera signs up, posts an item, proves her phone, gets a number and is called about it."""

import re

from playwright.sync_api import expect

from tests.listings.factories import picture

VERAS_PHONE = "+1 415-555-0187"


def add_phone(phones, name, number):
    handset = phones(name)
    handset.page.get_by_label("Phone number").fill(number)
    handset.page.get_by_label("Whose phone it is").fill(name)
    handset.page.get_by_role("button", name="Add it").click()
    expect(handset.phone).to_be_visible()
    return handset


def describe_kettle(page):
    """Fills in the form of a new listing."""
    page.get_by_label("What are you selling?").fill("Copper kettle")
    page.get_by_label("Pictures").set_input_files(
        {"name": "kettle.jpg", "mimeType": "image/jpeg", "buffer": picture(size=(800, 600))}
    )
    page.get_by_label("Category").select_option(index=1)
    page.get_by_label("Price in US dollars").fill("35")
    page.get_by_label("Good", exact=True).check()
    page.get_by_label("Description").fill("Holds two litres, whistles in tune.")
    page.get_by_label("Town").fill("Oakland")


def test_new_seller_signs_up_and_is_called(page, phones, shop):
    vera = add_phone(phones, "Vera", VERAS_PHONE)

    page.goto("/")
    page.get_by_role("link", name="Sell", exact=True).click()
    page.get_by_role("main").get_by_role("link", name="Sign up").first.click()
    page.get_by_label("Email").fill("vera@example.com")
    page.get_by_label("Password", exact=True).fill("a long enough pass phrase")
    page.get_by_role("main").get_by_role("button", name="Sign up").click()

    describe_kettle(page)
    page.get_by_role("button", name="Publish").click()

    page.get_by_label("Your name").fill("Vera")
    page.get_by_label("Your mobile number").fill("415 555 0187")
    page.get_by_role("button", name="Text me a code").click()

    text = vera.phone.locator(".threads__preview").first
    expect(text).to_contain_text(re.compile(r"\d{6}"))
    code = re.search(r"\d{6}", text.inner_text())[0]
    page.get_by_label("Code from the text").fill(code)
    page.get_by_role("main").get_by_role("button").first.click()

    number = page.get_by_text(re.compile(r"^\+1 415-\d{3}-\d{4}$")).first
    expect(number).to_be_visible()
    number = number.inner_text()

    page.goto("/")
    page.get_by_role("link", name="Copper kettle").first.click()
    expect(page.get_by_text(number)).to_be_visible()
    photo = page.get_by_role("main").get_by_role("img").first
    assert photo.evaluate("image => image.complete && image.naturalWidth > 0")

    bob = phones("Bob (buyer)")
    bob.call(number)
    expect(vera.line()).to_contain_text("Incoming call")
    vera.press("Answer")
    expect(bob.line()).to_contain_text(re.compile(r"0:\d\d"))
    vera.press("Hang up")
    expect(bob.line()).to_contain_text("Call ended")
