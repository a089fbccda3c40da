"""The phones in the browser: without a script, and in a real Chromium with one."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import expect

from proxying.switchboard.models import Call, Phone
from tests.switchboard.cast import BETH, BOB, TOM
from tests.switchboard.hands import Phones

PAGE = "/switchboard/phones/"


def test_page_shows_every_phone_and_its_texts(client, phones):
    phones.text(BOB, TOM, "Is it <still> there?")

    html = client.get(PAGE).text

    assert html.count('class="phone"') == Phone.objects.count() == 4
    assert html.count("Is it &lt;still&gt; there?") == 4  # in a list and a thread, at both ends


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}api/phones"])
@pytest.mark.django_db
def test_more_phones_cost_no_more_queries(client, path, django_assert_num_queries):
    Phone.objects.create(number=BOB, name="Bob")
    with CaptureQueriesContext(connection) as with_one:
        client.get(path)
    queries = len(with_one)
    Phone.objects.create(number=TOM, name="Tom")
    Phone.objects.create(number=BETH, name="Beth")
    hands = Phones()
    for other in (TOM, BETH):
        hands.text(BOB, other)
        hands.call(BOB, other)

    with django_assert_num_queries(queries):
        client.get(path)


def test_text_is_sent_without_a_script(client, phones):
    answer = client.post(f"{PAGE}text/", {"from": BOB, "to": TOM, "body": "Hello"})

    assert answer.status_code == 302
    assert answer.url == f"{PAGE}#phone-{BOB[1:]}"
    assert phones.texts(TOM) == [(BOB, TOM, "Hello")]


def test_refused_text_is_explained_and_kept(client, phones):
    answer = client.post(f"{PAGE}text/", {"from": BOB, "to": "Tom", "body": "Hello <b>"})

    assert answer.status_code == 422
    assert "This is no phone number." in answer.text
    assert 'value="Tom"' in answer.text
    assert "Hello &lt;b&gt;</textarea>" in answer.text


def test_call_is_placed_answered_and_ended_without_a_script(client, phones):
    client.post(f"{PAGE}call/", {"from": BOB, "to": TOM})
    toms = phones.rings(TOM)
    assert "Answer" in client.get(PAGE).text

    client.post(f"{PAGE}call/{toms['sid']}/answer/")
    assert phones.rings(BOB)["status"] == "in-progress"

    client.post(f"{PAGE}call/{toms['sid']}/hangup/")
    assert phones.rings(BOB)["status"] == "completed"


def test_call_that_is_not_there_is_not_found(client, phones):
    phones.call(BOB, TOM)

    assert client.post(f"{PAGE}call/CA0/answer/").status_code == 404
    assert client.post(f"{PAGE}call/CA0/hangup/").status_code == 404
    assert client.post(f"{PAGE}call/{phones.rings(BOB)['sid']}/answer/").status_code == 404


def test_phone_is_added_without_a_script(client, phones):
    client.post(f"{PAGE}add/", {"number": "+1 212 555 0142", "name": "Carol"})
    assert Phone.objects.filter(number="+12125550142", name="Carol").exists()

    again = client.post(f"{PAGE}add/", {"number": "+1 212 555 0142", "name": "Carol"})
    assert again.status_code == 422
    assert "There is a phone with this number already." in again.text


def test_alerts_page_says_what_went_wrong(client, phones, shop, customer):
    customer.answers_status(500)
    phones.text(BOB, "+14151111111")

    assert "80913" in client.get("/switchboard/alerts/").text
    assert "Alerts (1)" in client.get(PAGE).text


@pytest.mark.parametrize("path", ["text/", "call/", "add/"])
def test_forms_of_the_page_need_its_token(phones, path):
    assert phones.client.post(f"{PAGE}{path}", {"from": BOB, "to": TOM}).status_code == 403


@pytest.fixture
def bob(page, phones):
    page.goto(PAGE)
    return page.locator(f"#phone-{BOB[1:]}")


@pytest.fixture
def tom(page, bob):
    return page.locator(f"#phone-{TOM[1:]}")


@pytest.mark.django_db(transaction=True)
def test_text_appears_by_itself_and_typed_text_stays(bob, tom):
    tom.get_by_role("button", name="New text").click()
    tom.get_by_label("Text", exact=True).fill("Half a thou")

    bob.get_by_role("button", name="New text").click()
    bob.get_by_label("To", exact=True).fill("+1 415 234 5555")
    bob.get_by_label("Text", exact=True).fill("Is it still there?")
    bob.get_by_role("button", name="Send").click()

    expect(bob.locator(".bubble", has_text="Is it still there?")).to_be_visible()
    expect(bob.get_by_label("Text", exact=True)).to_have_value("")
    expect(tom.locator(".threads__item.is-unread")).to_have_count(1)
    expect(tom.get_by_label("Text", exact=True)).to_have_value("Half a thou")


@pytest.mark.django_db(transaction=True)
def test_call_rings_is_answered_and_ends_in_the_browser(bob, tom):
    bob.get_by_role("button", name="Keypad").click()
    for digit in "4152345555":
        bob.locator(f"[data-digit='{digit}']").click()
    bob.get_by_role("button", name="Call from Bob").click()

    tom.get_by_role("button", name="Answer").click()
    expect(bob.locator("[data-since]")).to_have_text(re.compile(r"0:0\d"))
    tom.get_by_role("button", name="Hang up").click()

    expect(bob.get_by_text("Call ended")).to_be_visible()
    assert set(Call.objects.values_list("status", flat=True)) == {"completed"}


@pytest.mark.django_db(transaction=True)
def test_hang_up_counts_while_the_answer_is_still_on_its_way(page, bob, tom, phones):
    page.route("**/answer/", lambda _: None)  # under way for as long as the page is there
    phones.call(BOB, TOM)
    tom.get_by_role("button", name="Answer").click()
    phones.answer(phones.rings(TOM)["sid"])

    tom.get_by_role("button", name="Hang up").click()

    expect(bob.get_by_text("Call ended")).to_be_visible()


@pytest.mark.django_db(transaction=True)
def test_refused_text_is_explained_beside_the_composer(bob):
    bob.get_by_role("button", name="New text").click()
    bob.get_by_label("To", exact=True).fill("Tom")
    bob.get_by_label("Text", exact=True).fill("Hello")
    bob.get_by_role("button", name="Send").click()

    expect(bob.locator(".composer .error")).to_contain_text("This is no phone number.")
    expect(bob.get_by_label("Text", exact=True)).to_have_value("Hello")


@pytest.mark.django_db(transaction=True)
def test_explanation_stays_while_the_page_renews_itself(page, bob):
    page.get_by_label("Phone number").fill("12")
    page.get_by_label("Whose phone it is").fill("Carol")
    page.get_by_role("button", name="Add it").click()
    explained = page.locator("#add-phone .error", has_text="This is no phone number.")
    expect(explained).to_be_visible()

    for _ in range(2):
        page.wait_for_event("requestfinished", lambda request: request.url.endswith(PAGE))

    expect(explained).to_be_visible()


@pytest.mark.django_db(transaction=True)
def test_small_screen_shows_one_phone_and_marks_the_ringing_one(page, phones, bob, tom):
    page.set_viewport_size({"width": 390, "height": 844})
    expect(bob).to_be_visible()
    expect(tom).to_be_hidden()

    phones.call(BOB, TOM)
    picker = page.get_by_role("navigation", name="Choose a phone")
    expect(picker.locator(".has-news")).to_have_text("Tom")
    picker.get_by_role("link", name="Tom").click()

    expect(tom.get_by_role("button", name="Answer")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_whole_phone_fits_the_screen_and_its_keypad_the_phone(page, bob, width, height):
    page.set_viewport_size({"width": width, "height": height})
    bob.get_by_role("button", name="Keypad").click()

    call, tabs = (
        bob.get_by_role("button", name="Call from Bob").bounding_box(),
        bob.get_by_role("navigation").bounding_box(),
    )
    assert call["y"] + call["height"] <= tabs["y"]
    assert tabs["y"] + tabs["height"] <= height


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_is_accessible(page, phones, scheme):
    phones.text(BOB, TOM)
    phones.call(BOB, TOM)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(PAGE)

    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()
