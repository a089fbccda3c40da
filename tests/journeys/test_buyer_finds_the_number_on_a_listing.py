"""A buyer opens Tom's listing and sees how to reach him, and what the number is."""

from playwright.sync_api import expect


def test_buyer_finds_the_number_on_a_listing(page, shop):
    page.goto("/")
    expect(page.get_by_text("+1 415-111-1111")).to_have_count(0)

    page.get_by_role("link", name="Oak table").first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Oak table")
    expect(page.get_by_text("+1 415-111-1111")).to_be_visible()
    expect(page.get_by_text("neither of you sees the other")).to_be_visible()
    call = page.get_by_role("link", name="Call").filter(visible=True)
    expect(call).to_have_attribute("href", "tel:+14151111111")
    reference = page.locator("dt:has-text('Reference') + dd").inner_text()
    text = page.get_by_role("link", name="Text").filter(visible=True).get_attribute("href")
    assert text.startswith("sms:+14151111111?&body=")
    assert reference in text


def test_computer_shows_a_code_that_opens_the_page_on_a_phone(page, shop):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto("/")
    page.get_by_role("link", name="Oak table").first.click()

    code = page.locator("img[src$='qr.svg']")

    expect(code).to_be_visible()
    assert code.evaluate("image => image.decode().then(() => image.naturalWidth > 0)")


def test_number_stands_in_no_metadata(page, shop):
    page.goto("/")
    page.get_by_role("link", name="Oak table").first.click()

    assert "1111111" not in page.locator("head").inner_html()
