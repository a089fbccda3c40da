"""Tom sells and Bob buys with JavaScript off: by plain links and plain forms alone."""

import pytest
from playwright.sync_api import expect

from listings.models import Favourite, Listing, Report, SavedSearch
from proxying.models import Block
from tests.journeys.conftest import PASSWORD
from tests.listings.factories import ListingFactory, picture

A_PAGE = 24


@pytest.fixture
def browse_as(browser, shop):
    """``browse_as()`` is a page in a browser of its own, scripts off."""
    contexts = []

    def begin(email: str = ""):
        contexts.append(browser.new_context(base_url=shop.url, java_script_enabled=False))
        page = contexts[-1].new_page()
        page.set_viewport_size({"width": 390, "height": 844})
        if email:
            page.goto("/accounts/login/")
            page.get_by_label("Email").fill(email)
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            press(page, "Log in")
            expect(page.get_by_role("banner").get_by_text("Menu")).to_be_visible()
        return page

    yield begin
    for context in contexts:
        context.close()


def press(page, name):
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def test_visitor_searches_marks_and_reports_without_scripts(browse_as):
    ListingFactory.create_batch(A_PAGE + 1, title="Garden gnome, red hat")
    page = browse_as()
    page.goto("/")
    page.get_by_role("searchbox").fill("gnome")
    press(page, "Search")
    expect(page.get_by_role("article")).to_have_count(A_PAGE)
    page.get_by_role("main").get_by_role("link", name="2", exact=True).click()
    expect(page.get_by_role("article")).to_have_count(1)
    assert "page=2" in page.url
    page.locator("summary", has_text="Filters").click()
    page.get_by_label("Up to").fill("100")
    press(page, "Show results")
    expect(page.get_by_role("heading", name="Nothing like that today")).to_be_visible()
    page.get_by_role("link", name="Clear all").click()

    page.get_by_role("article").get_by_role("link").first.click()
    title = page.get_by_role("heading", level=1).inner_text()
    press(page, "Favourite")
    page.goto("/favourites/")
    expect(page.get_by_role("article").get_by_role("link", name=title)).to_be_visible()

    page.get_by_role("article").get_by_role("link").first.click()
    page.get_by_role("link", name="Report this listing").click()
    page.get_by_label("It looks like fraud").check()
    press(page, "Send report")
    expect(page.get_by_text("Somebody of our staff will look at it")).to_be_visible()
    assert Report.objects.filter(listing__title=title).exists()


def test_new_seller_posts_with_a_picture_without_scripts(browse_as):
    page = browse_as()
    page.goto("/accounts/signup/")
    page.get_by_label("Email").fill("mia@example.com")
    page.get_by_label("Password", exact=True).fill("Loud-bell-54")
    press(page, "Sign up")
    page.get_by_role("link", name="Sell", exact=True).click()
    page.get_by_label("What are you selling?").fill("Oak stool")
    page.get_by_label("Pictures").set_input_files(
        [
            {"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": picture(size=(80 + n, 60))}
            for n in range(2)
        ]
    )
    press(page, "Add these pictures now")
    page.get_by_role("button", name="Picture 1 later").click()
    page.get_by_role("button", name="Turn picture 1 right").click()

    expect(page.get_by_role("listitem").get_by_role("img")).to_have_count(2)
    stool = Listing.objects.get(title="Oak stool")
    widths = [max(photo.width, photo.height) for photo in stool.photos.all()]
    assert (stool.state, widths) == (Listing.State.DRAFT, [81, 80])


def test_buyer_saves_a_search_and_buys_without_scripts(browse_as):
    bob, tom = browse_as("bob@example.com"), browse_as("tom@example.com")
    bob.goto("/?q=oak+table")
    press(bob, "Save this search")
    assert SavedSearch.objects.filter(query__contains="oak").exists()
    bob.goto("/?q=oak+table")
    bob.get_by_role("article").get_by_role("link", name="Oak table").first.click()
    press(bob, "Favourite")
    assert Favourite.objects.filter(listing__title="Oak table").exists()
    bob.get_by_role("link", name="Buy this").click()
    bob.get_by_label("What should Tom call you?").fill("Bob")
    press(bob, "Ask to buy")
    expect(bob.get_by_text("Tom has been told")).to_be_visible()

    tom.goto("/purchases/?as=selling")
    tom.get_by_role("main").get_by_role("link", name="Oak table").first.click()
    press(tom, "Accept")
    press(tom, "Handed over and paid")
    bob.reload()
    press(bob, "I have it")
    bob.get_by_label("5 stars").check()
    press(bob, "Send the rating")
    expect(bob.get_by_text("You gave 5 of 5 stars")).to_be_visible()


def test_seller_blocks_a_caller_without_scripts(browse_as):
    tom = browse_as("tom@example.com")
    tom.goto("/desk/")
    tom.get_by_role("main").get_by_role("button", name="Block").first.click()

    expect(tom.get_by_text("is blocked: no call and no text")).to_be_visible()
    assert Block.objects.filter(seller__display_name="Tom").count() == 1


def test_phones_say_that_they_want_a_script(browse_as):
    page = browse_as()
    page.goto("/switchboard/phones/")

    # Chromium told to run no scripts still reads a page as if it did: noscript is not shown.
    assert "<noscript><p" in page.content()
    assert "keeps itself fresh with a script" in page.content()
