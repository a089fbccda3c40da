"""Bob finds, marks, reports and asks to buy, and Tom posts, with no key but those of a keyboard."""

import pytest
from playwright.sync_api import expect

from listings.models import Listing, Photo
from tests.journeys.conftest import PASSWORD
from tests.listings.factories import add_photo, picture

MOST_STEPS = 120


class Keyboard:
    """Moves by Tab alone, and fails where it does not arrive."""

    def __init__(self, page):
        self.page = page

    def go_to(self, goal, *, back=False):
        for _ in range(MOST_STEPS):
            if goal.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"{MOST_STEPS} steps do not lead to {goal}")

    def press(self, goal, key="Enter", *, back=False):
        self.go_to(goal, back=back)
        self.page.keyboard.press(key)

    def type(self, goal, text):
        self.go_to(goal)
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(text)


@pytest.fixture
def keys(page, shop):
    return Keyboard(page)


def log_in(page, keys, email):
    """As the page stands after something that wanted an account."""
    keys.type(page.get_by_label("Email"), email)
    keys.type(page.get_by_label("Password", exact=True), PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out", include_hidden=True)).to_be_attached()


def test_buyer_needs_no_mouse(page, keys):
    main = page.get_by_role("main")
    table = Listing.objects.filter(title="Oak table", state="active").earliest("pk")
    add_photo(table)
    page.goto("/")
    keys.press(page.get_by_role("link", name="Skip to the content"))
    expect(main).to_be_focused()
    keys.type(page.get_by_role("searchbox"), "oak table")
    page.keyboard.press("Enter")
    keys.press(page.get_by_role("checkbox", name="Good"), "Space")
    keys.type(page.get_by_label("Up to"), "300")
    keys.press(page.get_by_role("button", name="Show results"))
    page.wait_for_url("**max=300**")
    keys.press(main.locator(f"a[href^='/listings/{table.reference}/']").first)
    expect(page.get_by_role("heading", level=1, name="Oak table")).to_be_visible()

    keys.press(page.locator("[data-photo]").first)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    keys.press(page.get_by_role("button", name="Favourite"), "Space")
    expect(page.get_by_role("button", name="Favourite")).to_have_attribute("aria-pressed", "true")

    keys.press(page.get_by_role("link", name="Report this listing"))
    keys.go_to(page.get_by_role("radio").first)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio").nth(1)).to_be_checked()
    keys.press(page.get_by_role("button", name="Send report"))
    expect(page.get_by_text("Somebody of our staff will look at it")).to_be_visible()

    keys.press(page.get_by_role("link", name="Buy this"))
    log_in(page, keys, "bob@example.com")
    keys.type(page.get_by_label("should Tom call you"), "Bob")
    keys.press(page.get_by_role("button", name="Ask to buy"))
    expect(page.get_by_text("Tom has been told")).to_be_visible()


def test_seller_needs_no_mouse(page, keys):
    page.goto("/")
    keys.press(page.get_by_role("link", name="Sell", exact=True))
    log_in(page, keys, "tom@example.com")
    keys.type(page.get_by_label("What are you selling?"), "Cherry stool")
    # On its way to the key the browser is asked something, so it has by then heard that the
    # choice is ours: a key at once may be quicker, and a chooser without a window is cancelled.
    with page.expect_file_chooser() as chooser:
        keys.press(page.get_by_label("Pictures"), "Space")
    chooser.value.set_files(
        [
            {"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": picture(size=(80 + n, 60))}
            for n in range(2)
        ]
    )
    with page.expect_navigation():
        keys.press(page.get_by_role("button", name="Add these pictures now"))
    with page.expect_navigation():
        keys.press(page.get_by_role("button", name="Picture 1 later"))
    assert [photo.width for photo in Photo.objects.filter(listing__title="Cherry stool")] == [
        81,
        80,
    ]

    keys.go_to(page.get_by_label("Category"))
    page.keyboard.type("Furniture")
    keys.press(page.get_by_role("radio", name="New", exact=True), "ArrowRight")
    keys.go_to(page.get_by_label("Fixed price"))
    page.keyboard.press("ArrowRight")
    keys.type(page.get_by_label("Price in US dollars"), "40")
    keys.type(page.get_by_label("Description"), "Cherry wood, three legs.")
    keys.type(page.get_by_label("Town"), "San Rafael, CA")
    keys.press(page.get_by_role("button", name="Publish"))
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Sell something")
    stool = Listing.objects.get(title="Cherry stool")
    assert (stool.state, stool.is_negotiable) == (Listing.State.ACTIVE, True)

    keys.press(page.get_by_role("banner").get_by_text("Menu"))
    keys.press(page.get_by_role("link", name="Desk"))
    keys.press(page.get_by_role("main").get_by_role("button", name="Block").first)
    expect(page.get_by_text("is blocked: no call and no text")).to_be_visible()
