"""Staff decide about reported items: from the queue in the admin, and what it does to people."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from listings import moderation
from listings.models import Listing, Notice, Purchase, Report
from listings.purchasing import deciding, requesting
from proxying.models import Seller
from tests.listings.factories import ListingFactory, add_photo
from tests.proxying.factories import UserFactory

pytestmark = pytest.mark.django_db

QUEUE = "/admin/listings/reportedlisting/"
REASON = "Copied photos"


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(UserFactory(username="olga", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def table(tom: Seller) -> Listing:
    return ListingFactory(seller=tom, title="Oak table")


def report(listing: Listing, visitor: str = "anon:1", reason: str = "fraud", **more: Any) -> Report:
    return Report.objects.create(listing=listing, visitor=visitor, reason=reason, **more)


def decide(client: Client, listing: Listing, name: str, **data: str) -> Any:
    return client.post(f"{QUEUE}{listing.pk}/{name}/decide/", data, follow=True)


def mails() -> dict[str, str]:
    return {notice.user.username: notice.body for notice in Notice.objects.all()}


# What a decision does


def test_hidden_item_is_gone_for_everybody_but_its_seller(table: Listing) -> None:
    assert moderation.hide(table, REASON)

    assert not Listing.objects.public().exists()
    assert Listing.objects.visible_to(table.seller.user).get().hidden_reason == REASON
    assert REASON in mails()["tom"]


def test_hiding_answers_every_open_report_and_its_reporters_once(table: Listing) -> None:
    bob = UserFactory(username="bob")
    report(table, "user:1", "fraud", reporter=bob)
    report(table, "user:1", "wrong", reporter=bob)
    report(table, "anon:2")

    moderation.hide(table, REASON)

    assert not Report.objects.open().exists()
    assert set(Report.objects.values_list("outcome", flat=True)) == {"hidden"}
    assert [notice.user.username for notice in Notice.objects.order_by("pk")] == ["tom", "bob"]
    assert REASON not in mails()["bob"]


@pytest.mark.parametrize(
    ("accepted", "ended"),
    [
        (False, Purchase.State.DECLINED),
        (True, Purchase.State.CANCELLED),
    ],
)
def test_purchases_under_way_end_with_a_hidden_item(
    table: Listing, accepted: bool, ended: Purchase.State
) -> None:
    bob = UserFactory(username="bob")
    purchase = requesting.request(table, bob, name="Bob", price=table.price, note="")
    if accepted:
        deciding.accept(purchase)

    moderation.hide(table, REASON)

    assert Purchase.objects.get().state == ended
    assert moderation.restore(table, "A mistake")
    assert Listing.objects.for_sale().exists()


def test_hiding_twice_mails_nothing_more_and_keeps_the_first_reason(table: Listing) -> None:
    moderation.hide(table, REASON)

    assert not moderation.hide(table, "Another reason")

    assert Notice.objects.count() == 1
    assert Listing.objects.get().hidden_reason == REASON


def test_restored_item_is_seen_again_and_the_seller_told(table: Listing) -> None:
    moderation.hide(table, REASON)
    Notice.objects.all().delete()

    assert moderation.restore(table, "The photos are his own")

    assert Listing.objects.public().get().hidden_reason == ""
    assert "The photos are his own" in mails()["tom"]


def test_restoring_what_is_not_hidden_does_nothing(table: Listing) -> None:
    assert not moderation.restore(table, "By mistake")
    assert not Notice.objects.exists()


def test_dismissed_reports_leave_the_item_as_it_is(table: Listing) -> None:
    report(table, reporter=UserFactory(username="bob"))

    assert moderation.dismiss(table)
    assert not moderation.dismiss(table)

    assert Report.objects.get().outcome == Report.Outcome.DISMISSED
    assert Listing.objects.public().exists()
    assert list(mails()) == ["bob"]


def test_subject_of_a_mail_stays_one_line(table: Listing) -> None:
    Listing.objects.update(title="Oak\ntable")
    table.refresh_from_db()

    moderation.hide(table, REASON)

    assert Notice.objects.get().subject.endswith("Oak table")


# The queue


def test_queue_has_one_row_an_item_with_reasons_and_how_many(admin: Client, table: Listing) -> None:
    for visitor in ("anon:1", "anon:2"):
        report(table, visitor)
    report(table, "anon:3", "offensive")
    ListingFactory(title="Guitar")

    answer = admin.get(QUEUE)

    (row,) = answer.context["cl"].result_list
    assert row.title == "Oak table"
    assert row.open_count == 3
    assert "It looks like fraud (2), It is offensive (1)" in answer.text


def test_most_reported_item_comes_first(admin: Client, table: Listing) -> None:
    report(ListingFactory(title="Guitar"))
    report(table, "anon:1")
    report(table, "anon:2")

    titles = [row.title for row in admin.get(QUEUE).context["cl"].result_list]

    assert titles == ["Oak table", "Guitar"]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({}, ["Waiting"]),
        ({"state": "handled"}, ["Dismissed", "Hidden"]),
        ({"state": "hidden"}, ["Hidden"]),
        ({"reason": "offensive"}, []),
        ({"reason": "fraud"}, ["Waiting"]),
        ({"reason": "x'\""}, ["Waiting"]),
    ],
)
def test_queue_is_filtered(admin: Client, query: dict[str, str], titles: list[str]) -> None:
    listings = {name: ListingFactory(title=name) for name in ("Waiting", "Hidden", "Dismissed")}
    for listing in listings.values():
        report(listing)
    moderation.hide(listings["Hidden"], REASON)
    moderation.dismiss(listings["Dismissed"])

    rows = admin.get(QUEUE, query).context["cl"].result_list

    assert sorted(row.title for row in rows) == titles


def test_queries_of_the_queue_do_not_grow(
    admin: Client, queries: Callable[[Client, str], int]
) -> None:
    def reported() -> Listing:
        listing = ListingFactory()
        report(listing, "anon:1")
        report(listing, "anon:2")
        return listing

    item = reported()
    queries(admin, f"{QUEUE}{item.pk}/change/")  # Django learns its content types once.
    with_one = queries(admin, QUEUE)
    item_with_one = queries(admin, f"{QUEUE}{item.pk}/change/")
    reported()
    reported()
    for visitor in ("anon:3", "anon:4"):
        report(item, visitor)
    add_photo(item)

    assert queries(admin, QUEUE) == with_one
    assert queries(admin, f"{QUEUE}{item.pk}/change/") == item_with_one


def test_page_of_an_item_shows_reports_photos_and_the_sellers_history(
    admin: Client, table: Listing
) -> None:
    photo = add_photo(table)
    report(table, comment="He asked me to call +1 415 234 5555")
    moderation.hide(ListingFactory(seller=table.seller), REASON)

    page = admin.get(f"{QUEUE}{table.pk}/change/")

    assert photo.small.url in page.text
    assert "He asked me to call" in page.text
    assert "234 5555" not in page.text
    assert page.context["history"].hidden == 1


# Deciding


def test_hiding_asks_first_and_changes_nothing_until_confirmed(
    admin: Client, table: Listing
) -> None:
    report(table)

    answer = decide(admin, table, "hide", reason=REASON)

    assert "No, take me back" in answer.text
    assert REASON in answer.text
    assert Listing.objects.get().hidden_at is None
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301])
def test_hiding_needs_a_reason(admin: Client, table: Listing, reason: str) -> None:
    answer = decide(admin, table, "hide", reason=reason, confirmed="yes")

    assert answer.context["form"].errors
    assert Listing.objects.get().hidden_at is None


def test_confirmed_decisions_are_carried_out_and_logged(admin: Client, table: Listing) -> None:
    report(table)

    decide(admin, table, "hide", reason=REASON, confirmed="yes")
    assert Client().get(table.get_absolute_url()).status_code == 404

    answer = decide(admin, table, "restore", reason="His own", confirmed="yes")
    assert Client().get(table.get_absolute_url()).status_code == 200
    assert [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")] == [
        "Item hidden. Copied photos",
        "Item restored. His own",
    ]
    assert "Item hidden. Copied photos" in answer.text


def test_dismissing_needs_no_reason(admin: Client, table: Listing) -> None:
    report(table)

    answer = decide(admin, table, "dismiss", confirmed="yes")

    assert "Reports dismissed." in answer.text
    assert not Report.objects.open().exists()
    assert LogEntry.objects.count() == 1


def test_deciding_again_says_so_and_logs_nothing_more(admin: Client, table: Listing) -> None:
    decide(admin, table, "hide", reason=REASON, confirmed="yes")

    answer = decide(admin, table, "hide", reason=REASON, confirmed="yes")

    assert "hidden already" in answer.text
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("name", ["hide", "restore", "dismiss"])
def test_who_may_only_look_decides_nothing(table: Listing, name: str) -> None:
    report(table)
    staff = UserFactory(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_reportedlisting"))
    client = Client()
    client.force_login(staff)

    assert client.get(f"{QUEUE}{table.pk}/change/").status_code == 200
    assert "Hide the item" not in client.get(f"{QUEUE}{table.pk}/change/").text
    assert decide(client, table, name, reason=REASON, confirmed="yes").status_code == 403
    assert Report.objects.open().count() == 1


def test_who_may_only_decide_needs_no_other_permission(table: Listing) -> None:
    report(table)
    staff = UserFactory(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="change_reportedlisting"))
    client = Client()
    client.force_login(staff)

    answer = decide(client, table, "hide", reason=REASON, confirmed="yes")

    assert answer.status_code == 200
    assert Listing.objects.get().hidden_at


def test_strangers_decide_nothing(mallorys_browser: Client, table: Listing) -> None:
    decide(mallorys_browser, table, "hide", reason=REASON, confirmed="yes")

    assert mallorys_browser.get(QUEUE).status_code == 302
    assert Listing.objects.get().hidden_at is None


def test_deciding_without_a_token_is_refused(table: Listing) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    assert decide(client, table, "hide", reason=REASON, confirmed="yes").status_code == 403
    assert Listing.objects.get().hidden_at is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("{pk}/hide/decide/", 405),
        ("99999999999999999999/change/", 404),
        ("nobody/change/", 404),
    ],
)
def test_wrong_addresses_are_refused(admin: Client, table: Listing, path: str, status: int) -> None:
    assert admin.get(QUEUE + path.format(pk=table.pk)).status_code == status


@pytest.mark.parametrize("path", ["{pk}/sell/decide/", "99999999999999999999/hide/decide/"])
def test_unknown_decisions_and_items_are_not_found(
    admin: Client, table: Listing, path: str
) -> None:
    answer = admin.post(QUEUE + path.format(pk=table.pk), {"reason": REASON})

    assert answer.status_code == 404


def test_hostile_reason_is_text(admin: Client, table: Listing) -> None:
    answer = decide(admin, table, "hide", reason="<script>alert(1)</script>", confirmed="yes")

    assert "<script>alert(1)" not in answer.text
    assert decide(admin, table, "hide", reason="a\x00b", confirmed="yes").status_code == 200
