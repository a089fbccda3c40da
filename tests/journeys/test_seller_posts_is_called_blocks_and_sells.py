"""Tom posts a kettle; Bob calls about it and is blocked; Nora buys it; each rates the other."""

import re

from playwright.sync_api import expect

from proxying.models import Interaction
from tests.journeys.test_buyer_and_tom_talk_behind_masks import BOBS_PHONE
from tests.journeys.test_buyer_finds_and_buys import press, rate
from tests.journeys.test_new_seller_signs_up_and_is_called import describe_kettle

TOMS_NUMBER = "+14151111111"


def test_seller_posts_is_called_blocks_and_sells(page, phones, shop, log_in):
    bob, tom = phones("Bob (buyer)"), phones("Tom")
    log_in("tom@example.com")
    reference = post_kettle(page)

    ask_and_call(bob, tom, f"Does it whistle? ({reference})")
    block_newest_buyer(page)
    turned_away(bob, tom)

    switch_to(page, log_in, "nora@example.com")
    purchase = ask_to_buy(page)
    switch_to(page, log_in, "tom@example.com")
    page.goto(purchase)
    press(page, "Accept")
    press(page, "Handed over and paid")
    switch_to(page, log_in, "nora@example.com")
    page.goto(purchase)
    press(page, "I have it")
    rate(page, 5, "It whistles in tune.")

    switch_to(page, log_in, "tom@example.com")
    page.goto(purchase)
    expect(page.get_by_text("Nora gave you 5 of 5 stars")).to_be_visible()
    rate(page, 4, "On time.")
    page.goto("/my/listings/?state=sold")
    expect(page.get_by_role("main").get_by_text("Copper kettle").first).to_be_visible()
    page.goto("/?q=copper+kettle")
    expect(page.get_by_role("article").filter(has_text="Copper kettle")).to_have_count(0)


def post_kettle(page):
    """The kettle is public, with its picture; its reference."""
    page.goto("/sell/")
    describe_kettle(page)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Copper kettle")
    photo = page.get_by_role("main").get_by_role("img").first
    assert photo.evaluate("image => image.complete && image.naturalWidth > 0")
    return page.locator("dt:has-text('Reference') + dd").inner_text()


def ask_and_call(bob, tom, question):
    bob.text(TOMS_NUMBER, question)
    expect(tom.newest_sender()).to_have_text(re.compile(r"^\+1 \d{3}-\d{3}-\d{4}$"))
    bob.call(TOMS_NUMBER)
    expect(tom.line()).to_contain_text("Incoming call")
    tom.press("Answer")
    expect(bob.line()).to_contain_text(re.compile(r"0:\d\d"))
    bob.press("Hang up")
    expect(tom.line()).to_be_hidden()


def block_newest_buyer(page):
    """Tom's desk shows who asked, and about what; the number stands nowhere."""
    page.goto("/desk/")
    newest = page.get_by_role("listitem").filter(
        has=page.get_by_role("heading", name=re.compile("^Buyer"))
    ).first  # fmt: skip
    expect(newest).to_contain_text("1 call")
    expect(newest).to_contain_text("1 text")
    expect(newest.get_by_role("link", name="Copper kettle")).to_be_visible()
    assert BOBS_PHONE not in page.content()
    assert re.sub(r"[ -]", "", BOBS_PHONE) not in page.content()

    newest.get_by_role("button", name=re.compile("^Block")).click()
    expect(page.get_by_text("is blocked: no call and no text")).to_be_visible()
    expect(newest).to_contain_text("Blocked")


def turned_away(bob, tom):
    """Neither a call nor a text of Bob's comes through."""
    before = Interaction.objects.filter(from_buyer=True).count()
    bob.call(TOMS_NUMBER)
    bob.show("Calls")
    heard = bob.phone.get_by_text("cannot take your call right now")
    expect(heard.filter(visible=True).first).to_be_visible()
    expect(tom.line()).to_be_hidden()
    bob.show("Messages")
    bob.text(TOMS_NUMBER, "Why do you not answer?")
    expect(tom.bubble("Why do you not answer?")).to_have_count(0)
    assert Interaction.objects.filter(from_buyer=True).count() == before


def ask_to_buy(page):
    """The address of the purchase that has begun."""
    page.goto("/?q=copper+kettle")
    page.get_by_role("article").get_by_role("link", name="Copper kettle").click()
    page.get_by_role("link", name="Buy this").click()
    page.get_by_label("What should Tom call you?").fill("Nora")
    press(page, "Ask to buy")
    expect(page.get_by_text("Tom has been told")).to_be_visible()
    return page.url


def switch_to(page, log_in, email):
    # Whatever page is on its way would bring its cookies along.
    page.goto("about:blank")
    page.context.clear_cookies()
    log_in(email)
