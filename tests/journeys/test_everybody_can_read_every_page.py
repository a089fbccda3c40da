"""Every page of the shop by axe's rules, on a phone and on a desk, in light and in dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from listings.models import Listing
from proxying.models import Seller
from tests.listings.factories import ListingFactory

DRAFT, PAUSED = Listing.State.DRAFT, Listing.State.PAUSED


@pytest.fixture
def listings(shop):
    """The address of one listing in each state; the hidden ones are Tom's."""
    tom = Seller.objects.get(display_name="Tom")
    ListingFactory(seller=tom, draft=True, price=None, category=None, place="", condition="")
    ListingFactory(seller=tom, state=PAUSED)
    return {
        listing.state: listing.get_absolute_url() for listing in Listing.objects.order_by("-pk")
    }


def assert_readable(page, path):
    """*path* has no violation and no sideways scrolling, however it is looked at."""
    page.goto(path)
    for width, colors in ((390, "light"), (390, "dark"), (1280, "light")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=colors, reduced_motion="reduce")
        found = Axe().run(page)
        assert found.response["violations"] == [], (path, width, found.generate_report())
        assert page.evaluate("document.documentElement.scrollWidth") == width, path


def test_stranger_can_read_every_page(page, listings):
    for path in (
        "/",
        "/?q=oak",
        "/?q=nothing+like+it",
        "/how-it-works/",
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/not/here/",
        "/switchboard/alerts/",
        *(listings[state] for state in Listing.PUBLISHED),
    ):
        assert_readable(page, path)


def test_seller_can_read_every_page(page, log_in, listings):
    log_in("tom@example.com")
    edit = f"/my{listings['draft'].rsplit('/', 2)[0]}/edit/"
    for path in (
        "/sell/",
        "/my/listings/",
        "/desk/",
        "/desk/items/",
        "/desk/hours/",
        "/purchases/",
        "/seller/number/",
        "/seller/phone/change/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/account/data/",
        "/account/delete/",
        "/account/tokens/",
        edit,
        *listings.values(),
    ):
        assert_readable(page, path)


def test_form_with_errors_can_be_read(page, log_in, shop):
    log_in("tom@example.com")
    page.goto("/sell/")
    page.locator("form[enctype]").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Publish").click()
    page.get_by_text("Give it a name.").wait_for()

    for colors in ("light", "dark"):
        page.emulate_media(color_scheme=colors, reduced_motion="reduce")
        found = Axe().run(page)
        assert found.response["violations"] == [], found.generate_report()


def test_buyer_without_listings_can_read_the_empty_page(page, log_in, shop):
    log_in("bob@example.com")

    assert_readable(page, "/my/listings/")
    assert_readable(page, "/seller/phone/")


def test_buyer_can_read_what_is_watched_and_bought(page, log_in, shop):
    log_in("bob@example.com")

    for path in ("/favourites/", "/searches/", "/purchases/", "/listings/D3Z9X/buy/"):
        assert_readable(page, path)


def test_staff_can_read_their_pages(page, log_in, shop):
    log_in("admin@example.com")

    for colors in ("light", "dark"):
        # Before the page is opened: Django's admin fades from one colour to the other.
        page.emulate_media(color_scheme=colors, reduced_motion="reduce")
        page.set_viewport_size({"width": 390, "height": 844})
        for path in (
            "/admin/listings/reportedlisting/",
            "/admin/listings/listing/duplicates/",
            "/admin/setup/",
        ):
            page.goto(path)
            found = Axe().run(page)
            assert found.response["violations"] == [], (path, colors, found.generate_report())
            assert page.evaluate("document.documentElement.scrollWidth") == 390, path
