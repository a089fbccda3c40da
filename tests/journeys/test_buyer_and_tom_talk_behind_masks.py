"""Bob texts and calls Tom's number, Tom answers, and neither sees the other's phone."""

import re

from playwright.sync_api import expect

BOBS_PHONE = "+1 415-111-5555"
TOMS_PHONE = "+1 415-234-5555"
TOMS_NUMBER = "+1 415-111-1111"


def sees(handset, number):
    """Whether that number stands anywhere on the phone's screen but as its own."""
    screen = handset.phone.locator(".phone__line, .phone__panes").all_inner_texts()
    return any(number in text for text in screen)


def test_text_arrives_from_a_pool_number_and_the_answer_from_the_reserved_one(phones):
    bob, tom = phones("Bob (buyer)"), phones("Tom")

    bob.text("+14151111111", "Is the oak table still there?")
    pool_number = tom.newest_sender()
    expect(pool_number).to_have_text(re.compile(r"^\+1 \d{3}-\d{3}-\d{4}$"))
    pool_number = pool_number.inner_text()
    tom.open_thread(pool_number)
    expect(tom.bubble("Is the oak table still there?")).to_be_visible()
    tom.reply(pool_number, "It is. Come and see it!")

    expect(bob.bubble("It is. Come and see it!")).to_be_visible()
    assert pool_number not in {BOBS_PHONE, TOMS_NUMBER}
    assert not sees(tom, BOBS_PHONE)
    assert not sees(bob, TOMS_PHONE)
    assert sees(bob, TOMS_NUMBER)


def test_call_rings_is_answered_and_ends_for_both(phones):
    bob, tom = phones("Bob (buyer)"), phones("Tom")

    bob.call("+14151111111")
    expect(tom.line()).to_contain_text("Incoming call")
    expect(bob.line()).to_contain_text(TOMS_NUMBER)
    assert not sees(tom, BOBS_PHONE)
    tom.press("Answer")
    expect(bob.line()).to_contain_text(re.compile(r"0:\d\d"))
    expect(tom.line()).to_contain_text(re.compile(r"0:\d\d"))
    bob.press("Hang up")

    expect(tom.line()).to_contain_text("Call ended")
    expect(tom.line()).to_be_hidden()
    tom.show("Calls")
    expect(tom.phone.get_by_role("region", name="Calls of Tom")).to_contain_text("0:")
    assert not sees(bob, TOMS_PHONE)


def test_stranger_who_reaches_nobody_hears_a_sentence(phones, shop):
    """Tom calls his own number: it is answered, and nobody's phone rings."""
    tom = phones("Tom")

    tom.call("+14151111111")

    tom.show("Calls")
    heard = tom.phone.get_by_text("cannot take your call right now")
    expect(heard.filter(visible=True).first).to_be_visible()
