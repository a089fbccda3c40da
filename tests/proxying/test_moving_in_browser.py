"""Taking another number in a real Chromium: read by all, and the new number comes by itself."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from proxying.models import ReservedNumber, Seller
from tests.proxying.factories import ReservedNumberFactory, tom
from tests.proxying.test_views_in_browser import cookie

Status = ReservedNumber.Status
MOVE = "/seller/number/move/"
PASSWORD = "Loud-bell-54"


@pytest.fixture
def toms(page: Page, live: LiveServer) -> Page:
    """Tom's browser, in which he has just given his password."""
    seller = tom()
    seller.user.password = make_password(PASSWORD)
    seller.user.save()
    page.context.add_cookies([cookie(seller.user, live)])
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(MOVE)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Take another number")
    return page


def old_number(**changes: object) -> None:
    ReservedNumber.objects.filter(proxy_identifier="+14151111111").update(**changes)


def test_new_number_comes_by_itself(toms: Page) -> None:
    toms.get_by_role("button", name="Take a new number").click()
    expect(toms.get_by_text("A new number is being reserved")).to_be_visible()
    expect(toms.get_by_text("+1 415-111-1111").first).to_be_visible()

    ReservedNumber.objects.filter(is_for_move=True).delete()
    old_number(status=Status.RETIRING, moved_at=timezone.now())
    ReservedNumberFactory(seller=Seller.objects.get(), proxy_identifier="+14153333333")

    expect(toms.get_by_text("+1 415-333-3333").first).to_be_visible()
    expect(toms.get_by_text("also reach you on your old number")).to_be_visible()


@pytest.mark.parametrize("state", ["may move", "is moving", "has moved"])
def test_page_can_be_read_by_all(toms: Page, state: str) -> None:
    url = MOVE
    if state == "is moving":
        ReservedNumberFactory(pending=True, seller=Seller.objects.get(), is_for_move=True)
        url = "/seller/number/"
    if state == "has moved":
        ReservedNumberFactory(
            seller=Seller.objects.get(), status=Status.RETIRING, moved_at=timezone.now()
        )
    for colors in ("light", "dark"):
        toms.emulate_media(color_scheme=colors, reduced_motion="reduce")
        for address in {url, "/seller/number/"}:
            toms.goto(address)
            found = Axe().run(toms)
            assert found.response["violations"] == [], found.generate_report()
            assert toms.evaluate("document.documentElement.scrollWidth") == 390
