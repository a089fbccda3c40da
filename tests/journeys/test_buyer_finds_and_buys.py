"""Bob finds a table, asks for it, and Tom says yes; they meet, and each says how it was."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect


@pytest.fixture
def see(page, log_in):
    """The page that *email* sees at *path*, looked at by axe, on a phone."""

    def look(email, path):
        page.context.clear_cookies()
        page.set_viewport_size({"width": 390, "height": 844})
        log_in(email)
        page.goto(path)

    return look


def assert_readable(page):
    for width, colors in ((390, "light"), (390, "dark"), (1280, "light")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=colors, reduced_motion="reduce")
        found = Axe().run(page)
        assert found.response["violations"] == [], found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") == width


def press(page, name):
    """Sends a form. A later step would else cut off its answer, or take its cookies."""
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def rate(page, stars, comment):
    page.get_by_label(f"{stars} star").check()
    page.get_by_label("Say more").fill(comment)
    press(page, "Send the rating")
    expect(page.get_by_text(f"You gave {stars} of 5 stars")).to_be_visible()


def test_buyer_finds_and_buys(page, shop, see):
    bob, tom = "bob@example.com", "tom@example.com"
    see(bob, "/?q=oak+table")
    page.get_by_role("article").get_by_role("link", name="Oak table").first.click()
    page.get_by_role("link", name="Buy this").click()
    assert_readable(page)
    page.get_by_label("What should Tom call you?").fill("Bob")
    page.get_by_label("A few words to the seller").fill("I can come on Friday.")
    press(page, "Ask to buy")
    expect(page.get_by_text("Tom has been told")).to_be_visible()
    assert_readable(page)
    purchase = page.url

    see(tom, "/purchases/?as=selling")
    assert_readable(page)
    page.get_by_role("main").get_by_role("link", name="Oak table").first.click()
    expect(page).to_have_url(purchase)
    assert_readable(page)
    page.get_by_label("Reserve it for").select_option("5 days")
    press(page, "Accept")
    press(page, "Handed over and paid")
    expect(page.get_by_text("As soon as Bob confirms too")).to_be_visible()

    see(bob, purchase)
    press(page, "I have it")
    assert_readable(page)
    rate(page, 5, "Just as described.")

    see(tom, purchase)
    rate(page, 4, "Came when he said.")
    expect(page.get_by_text("Bob gave you 5 of 5 stars")).to_be_visible()
    assert_readable(page)
