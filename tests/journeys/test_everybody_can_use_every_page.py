"""Every page of the shop, for everybody who may open it: read, looked at, walked by keyboard.

Each test goes the whole round before it says what is wrong, with all of it at once.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import pytest
from django.template.loader import render_to_string
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.journeys import looking
from tests.journeys.conftest import PASSWORD
from tests.journeys.pages import (
    MIA,
    NO_PAGE,
    PAGES,
    PRIVATE_NUMBERS,
    STRANGER,
    Row,
    World,
    make_world,
    secure,
)
from tests.journeys.staff_pages import (
    DJANGOS_PAGES,
    FOR_EACH_MODEL,
    NO_STAFF_PAGE,
    OUR_STAFF_PAGES,
    for_each_model,
)

ERRORS = ("400", "403", "403_csrf", "404", "429", "500")


@pytest.fixture
def world(shop: object) -> World:
    return make_world()


@pytest.fixture
def complaints() -> list[str]:
    """What the browsers' consoles say is wrong, refusals of our own CSP among it."""
    return []


@pytest.fixture
def page_for(browser, shop, settings, complaints):
    """``page_for(email)`` is a page of a browser in which that person is logged in."""
    # The round takes minutes; nobody is to be asked for the password again meanwhile.
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 3600
    pages: dict[str, Page] = {}

    def note(said: ConsoleMessage) -> None:
        # That the page itself is a 404, or a 400 for a form with errors, is no complaint.
        # Nor is it that a browser looks for an icon where the admin names none.
        at = said.location["url"]
        if (
            said.type == "error"
            and said.page
            and at not in (said.page.url, f"{shop.url}/favicon.ico")
        ):
            complaints.append(f"says {said.text}")

    def open_for(email: str) -> Page:
        if email not in pages:
            context = browser.new_context(base_url=shop.url)
            context.on("weberror", lambda error: complaints.append(f"says {error.error}"))
            context.on("console", note)
            pages[email] = context.new_page()
            if email != STRANGER:
                _log_in(pages[email], email)
        return pages[email]

    yield open_for
    for page in pages.values():
        page.context.close()


def _log_in(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("button", name="Log out", include_hidden=True)).to_be_attached()
    page.goto("/accounts/reauthenticate/?next=/how-it-works/")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/how-it-works/")


def wrong_with(page: Page, row: Row, world: World) -> Iterator[str]:
    path = row.path(world)
    answer = page.goto(reverse(row.start) if row.start else path)
    if answer is None or not answer.ok:
        yield f"answers {answer and answer.status}"
        return
    if row.do:
        row.do(page)
    elif path.partition("?")[0] not in page.url:
        yield f"leads to {page.url}"
    # The virtual carrier's phones show their own numbers, as phones do.
    secrets = () if "switchboard" in row.name else PRIVATE_NUMBERS
    yield from looking.by_eye(page, secrets)
    yield from looking.by_axe(page)
    if row not in DJANGOS_PAGES:
        yield from looking.by_keyboard(page)


def all_that_is_wrong(
    rows: Iterable[Row],
    world: World,
    page_for: Callable[[str], Page],
    complaints: list[str],
) -> Iterator[str]:
    for row in rows:
        complaints.clear()
        for finding in chain(wrong_with(page_for(row.who), row, world), complaints):
            yield f"{row}: {finding}"


def test_everybody_can_use_every_page(world, page_for, complaints):
    secure(world, page_for(MIA))

    wrong = list(all_that_is_wrong(PAGES, world, page_for, complaints))

    assert not wrong, "\n".join(wrong)


def test_staff_can_use_their_pages(world, page_for, complaints):
    secure(world, page_for(MIA))
    djangos = (*DJANGOS_PAGES, *for_each_model())

    wrong = list(all_that_is_wrong((*OUR_STAFF_PAGES, *djangos), world, page_for, complaints))

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("error", ERRORS)
def test_page_that_says_what_went_wrong_can_be_used(page, error):
    body = render_to_string(f"{error}.html")
    page.route("**/broken/", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto("/broken/")

    assert [*looking.by_eye(page), *looking.by_axe(page), *looking.by_keyboard(page)] == []


def _names(resolver: URLResolver, inside: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        if not isinstance(entry, URLPattern):
            yield from _names(entry, f"{inside}{entry.namespace}:" if entry.namespace else inside)
        elif entry.name:
            yield f"{inside}{entry.name}"


def test_every_page_is_among_them():
    looked_at = {row.name for row in (*PAGES, *OUR_STAFF_PAGES, *DJANGOS_PAGES)}
    known = looked_at | NO_PAGE | NO_STAFF_PAGE

    assert {
        name
        for name in _names(get_resolver())
        if name not in known
        and not name.startswith("api:")  # answers in JSON
        and not (name.startswith("admin:") and name.endswith(FOR_EACH_MODEL))
    } == set()
