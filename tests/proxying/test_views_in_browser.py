"""The seller's pages in a real Chromium: what a script adds, and whether all can read them."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from proxying.models import ReservedNumber
from tests.proxying.factories import (
    TOMS_NUMBER,
    ProxyServiceFactory,
    ReservedNumberFactory,
    SellerFactory,
    UserFactory,
    tom,
)


def cookie(user: User, live: LiveServer) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": live.url}


def becomes_active(number: ReservedNumber) -> None:
    ReservedNumber.objects.filter(pk=number.pk).update(
        status=ReservedNumber.Status.ACTIVE,
        service=ProxyServiceFactory(),
        proxy_identifier=TOMS_NUMBER,
        phone_number_sid="PN" + "0" * 32,
        next_attempt_at=None,
    )


def test_number_appears_by_itself(page: Page, live: LiveServer) -> None:
    number = ReservedNumberFactory(pending=True)
    page.context.add_cookies([cookie(number.seller.user, live)])
    page.goto("/seller/number/?next=/sell/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your number is being reserved")

    becomes_active(number)

    expect(page.get_by_text("+1 415-111-1111").first).to_be_visible()
    expect(page.get_by_role("link", name="Post an item")).to_have_attribute("href", "/sell/")


def test_number_appears_without_a_script(browser: Browser, live: LiveServer) -> None:
    number = ReservedNumberFactory(pending=True)
    with browser.new_context(base_url=live.url, java_script_enabled=False) as context:
        context.add_cookies([cookie(number.seller.user, live)])
        page = context.new_page()
        page.goto("/seller/number/")

        becomes_active(number)

        expect(page.get_by_text("+1 415-111-1111").first).to_be_visible(timeout=10_000)


@pytest.mark.parametrize(
    ("url", "who"),
    [
        ("/seller/phone/", UserFactory),
        ("/seller/phone/code/", lambda: SellerFactory(unverified=True).user),
        ("/seller/number/", lambda: tom().user),
        ("/seller/number/", lambda: ReservedNumberFactory(pending=True).seller.user),
        ("/seller/number/", lambda: SellerFactory(suspended=True).user),
    ],
    ids=["phone", "code", "number", "waiting", "suspended"],
)
def test_page_can_be_read_by_all(
    page: Page, live: LiveServer, url: str, who: Callable[[], User]
) -> None:
    page.context.add_cookies([cookie(who(), live)])
    page.set_viewport_size({"width": 390, "height": 844})

    for colors in ("light", "dark"):
        page.emulate_media(color_scheme=colors, reduced_motion="reduce")
        page.goto(url)

        assert page.url == live.url + url
        found = Axe().run(page)
        assert found.response["violations"] == [], found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
