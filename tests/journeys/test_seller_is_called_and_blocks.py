"""Tom is called and texted by Bob, finds him on the desk under an alias, and blocks him."""

import re

from playwright.sync_api import expect

from proxying.models import Block, Interaction
from tests.journeys.test_buyer_and_tom_talk_behind_masks import BOBS_PHONE

TOMS_NUMBER = "+14151111111"


def test_seller_blocks_a_buyer_who_then_comes_through_no_more(page, phones, shop, log_in):
    bob, tom = phones("Bob (buyer)"), phones("Tom")
    bob.text(TOMS_NUMBER, "Is it still there?")
    expect(tom.newest_sender()).to_have_text(re.compile(r"^\+1 \d{3}-\d{3}-\d{4}$"))
    bob.call(TOMS_NUMBER)
    expect(tom.line()).to_contain_text("Incoming call")
    tom.press("Answer")
    expect(bob.line()).to_contain_text(re.compile(r"0:\d\d"))
    bob.press("Hang up")
    expect(tom.line()).to_be_hidden()

    log_in("tom@example.com")
    page.goto("/desk/")
    buyer = page.get_by_role("listitem").filter(
        has=page.get_by_role("heading", name=re.compile("^Buyer"))
    )
    newest = buyer.first
    expect(newest).to_contain_text("1 call")
    expect(newest).to_contain_text("1 text")
    assert BOBS_PHONE not in page.content()
    assert BOBS_PHONE.replace(" ", "").replace("-", "") not in page.content()

    newest.get_by_role("button", name=re.compile("^Block")).click()
    expect(page.get_by_text("is blocked: no call and no text")).to_be_visible()
    expect(newest).to_contain_text("Blocked")
    assert Block.objects.count() == 1

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
