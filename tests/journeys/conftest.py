"""The demo itself, served live: its people, their numbers, what they sell."""

import pytest
from playwright.sync_api import expect

from shoppingplace.demo import data
from tests.conftest import fresh_page

PASSWORD = "correct horse battery"

# Pages answer in a fraction of this; a busy machine may not.
expect.set_options(timeout=15_000)


@pytest.fixture
def shop(live):
    """As ``make demo`` leaves it, numbers reserved through Twilio's API and all."""
    data.prepare(PASSWORD)
    data.fill()
    return live


class Handset:
    """One phone on the phones page, used as a person does."""

    def __init__(self, page, name):
        self.page = page
        self.phone = page.get_by_role("article", name=name)

    def text(self, to, body):
        self.phone.get_by_role("button", name="New text").click()
        self.phone.get_by_label("To", exact=True).fill(to)
        self._send(body)

    def reply(self, other, body):
        self.open_thread(other)
        self._send(body)

    def _send(self, body):
        self.phone.get_by_label("Text", exact=True).fill(body)
        self.phone.get_by_role("button", name="Send from").click()
        expect(self.bubble(body)).to_be_visible()

    def open_thread(self, other):
        if not self.phone.get_by_role("region", name=f"Texts with {other}").is_visible():
            self.show("Messages")
            self.phone.get_by_role("link", name=other).click()

    def bubble(self, body):
        return self.phone.get_by_role("listitem").filter(has_text=body).filter(visible=True).first

    def newest_sender(self):
        """The number on the newest thread, as this phone shows it."""
        return self.phone.locator(".threads__other").first

    def call(self, number):
        self.show("Keypad")
        self.phone.get_by_label("Number to call").fill(number)
        self.phone.get_by_role("button", name="Call from").click()

    def show(self, tab):
        self.phone.get_by_role("button", name=tab, exact=True).click()

    def press(self, name):
        self.phone.get_by_role("button", name=name).click()

    def line(self):
        """What the phone says about the call it is in."""
        return self.phone.get_by_role("status")


@pytest.fixture
def phones(browser, shop):
    """The phones page, in a browser of its own; ``phones("Tom")`` is Tom's.

    It asks the site all the time, and in the other browser would take its cookies.
    """
    with fresh_page(browser, shop) as page:
        page.set_viewport_size({"width": 1280, "height": 1000})

        def pick_up(name):
            if not page.url.endswith("/switchboard/phones/"):
                page.goto("/switchboard/phones/")
            return Handset(page, name)

        yield pick_up


@pytest.fixture
def log_in(page):
    def enter(email):
        page.goto("/accounts/login/")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
        expect(page.get_by_role("button", name="Log out", include_hidden=True)).to_be_attached()

    return enter
