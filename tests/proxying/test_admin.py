"""Staff find sellers, see why a number is stuck, and act; nobody sees a private phone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from listings.models import Notice
from proxying import provisioning
from proxying.models import ProxyService, ProxySession, ReservedNumber, Seller
from tests.proxying.factories import (
    BETHS_PHONE,
    BOBS_PHONE,
    TOMS_NUMBER,
    TOMS_PHONE,
    PoolNumberFactory,
    ReservedNumberFactory,
    SellerFactory,
    UserFactory,
    beth,
    tom,
)

pytestmark = pytest.mark.django_db

SELLERS = "/admin/proxying/seller/"
NUMBERS = "/admin/proxying/reservednumber/"


@pytest.fixture
def staff() -> User:
    return UserFactory(username="olga", is_staff=True, is_superuser=True)


@pytest.fixture
def admin(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


WHY = "Sold a bicycle that was not his."


def act(client: Client, url: str, action: str, *rows: Any, **more: str) -> str:
    """What staff read after they chose *action* for *rows* of a list."""
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
    return client.post(url, data, follow=True).content.decode()


def stuck(seller: Seller, **fields: Any) -> ReservedNumber:
    return ReservedNumberFactory(
        seller=seller,
        pending=True,
        next_attempt_at=None,
        last_error="no number for sale in US",
        **fields,
    )


# Finding


@pytest.mark.parametrize(
    "term", ["Tom", "tom@example.com", TOMS_NUMBER, "+1 415-111-1111", "415 111 1111", "4151111"]
)
def test_seller_is_found(admin: Client, term: str) -> None:
    tom()
    beth()

    answer = admin.get(SELLERS, {"q": term})

    assert [seller.display_name for seller in answer.context["cl"].result_list] == ["Tom"]


@pytest.mark.parametrize("typed", [TOMS_PHONE, "(415) 234-5555"])
def test_seller_is_found_by_private_phone_without_showing_it(admin: Client, typed: str) -> None:
    tom()
    beth()

    answer = admin.post(SELLERS + "by-phone/", {"phone_number": typed})

    assert [seller.display_name for seller in answer.context["found"]] == ["Tom"]
    assert typed not in answer.content.decode()


def test_private_phone_that_nobody_has_finds_nobody(admin: Client) -> None:
    tom()

    answer = admin.post(SELLERS + "by-phone/", {"phone_number": BETHS_PHONE})

    assert "No seller has this number." in answer.content.decode()


def test_private_phone_in_pieces_finds_nobody(admin: Client) -> None:
    tom()

    answer = admin.post(SELLERS + "by-phone/", {"phone_number": "5555"})

    assert "This cannot be a phone number." in answer.content.decode()


def test_private_phone_is_not_found_through_the_search_box(admin: Client) -> None:
    """Else staff would type it there, where it ends up in URLs and logs."""
    tom()

    answer = admin.get(SELLERS, {"q": TOMS_PHONE})

    assert list(answer.context["cl"].result_list) == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"phone_verified_at": "no"}, ["Una"]),
        ({"suspended_at": "yes"}, ["Sid"]),
        ({"suspended_at": "no"}, ["Tom", "Una"]),
        ({"reserved_numbers__status": "active"}, ["Tom"]),
    ],
)
def test_sellers_are_filtered(admin: Client, query: dict[str, str], names: list[str]) -> None:
    tom()
    SellerFactory(display_name="Una", unverified=True)
    SellerFactory(display_name="Sid", suspended=True)

    answer = admin.get(SELLERS, query)

    assert sorted(seller.display_name for seller in answer.context["cl"].result_list) == names


# Seeing


def test_private_phone_is_masked_wherever_staff_look(admin: Client) -> None:
    seller = tom()
    act(admin, SELLERS, "suspend", seller, confirmed="yes", reason=WHY)
    pages = [SELLERS, f"{SELLERS}{seller.pk}/change/", f"{SELLERS}{seller.pk}/history/", NUMBERS]

    shown = "".join(admin.get(page).content.decode() for page in pages)

    assert "••• 55" in shown
    assert TOMS_PHONE[2:] not in "".join(filter(str.isdigit, shown))


def test_staff_read_why_a_number_is_stuck(admin: Client) -> None:
    number = stuck(SellerFactory())

    for page in (SELLERS, NUMBERS, f"{NUMBERS}{number.pk}/change/"):
        assert "stuck, needs staff: no number for sale in US" in admin.get(page).content.decode()


def test_number_that_tries_again_by_itself_says_so(admin: Client) -> None:
    ReservedNumberFactory(pending=True, last_error="Twilio answered 503 (20503)")

    answer = admin.get(NUMBERS, {"stuck": "retrying"}).content.decode()

    assert "tries again by itself: Twilio answered 503 (20503)" in answer


def test_stuck_filter_shows_only_what_needs_staff(admin: Client) -> None:
    number = stuck(SellerFactory())
    ReservedNumberFactory(pending=True, last_error="Twilio answered 503 (20503)")
    tom()

    answer = admin.get(NUMBERS, {"stuck": "staff"})

    assert list(answer.context["cl"].result_list) == [number]


def test_quarantined_number_says_until_when(admin: Client) -> None:
    ReservedNumberFactory(quarantined=True)

    assert "in quarantine until " in admin.get(NUMBERS).content.decode()


@pytest.mark.parametrize(
    "model",
    ["seller", "reservednumber", "poolnumber", "proxyservice", "proxysession", "interaction"],
)
def test_nobody_adds_or_deletes_in_the_admin(admin: Client, model: str) -> None:
    assert admin.get(f"/admin/proxying/{model}/add/").status_code == 403
    answer = admin.get(f"/admin/proxying/{model}/")
    assert "delete_selected" not in answer.content.decode()


def test_seller_is_not_deleted_even_by_a_direct_request(admin: Client) -> None:
    seller = tom()

    answer = admin.post(f"{SELLERS}{seller.pk}/delete/", {"post": "yes"})

    assert answer.status_code == 403
    assert Seller.objects.filter(pk=seller.pk).exists()


# Acting


@pytest.mark.parametrize("action", ["suspend", "release_number"])
def test_taking_something_away_asks_first(admin: Client, action: str) -> None:
    seller = tom()

    answer = act(admin, SELLERS, action, seller)

    seller.refresh_from_db()
    assert "No, take me back" in answer
    assert seller.suspended_at is None
    assert seller.reserved_number.is_active


def test_suspend_and_reinstate(admin: Client) -> None:
    seller = tom()

    answer = act(admin, SELLERS, "suspend", seller, confirmed="yes", reason=WHY)
    seller.refresh_from_db()
    assert "Suspended: Tom." in answer
    assert seller.suspended_at is not None

    answer = act(admin, SELLERS, "reinstate", seller)
    seller.refresh_from_db()
    assert "Reinstated: Tom." in answer
    assert seller.suspended_at is None


def test_suspended_seller_is_told_why(admin: Client) -> None:
    seller = tom()

    act(admin, SELLERS, "suspend", seller, confirmed="yes", reason=WHY)

    notice = Notice.objects.get()
    assert notice.user == seller.user
    assert WHY in notice.body
    assert WHY in admin.get(f"{SELLERS}{seller.pk}/change/").content.decode()


@pytest.mark.parametrize("reason", ["", "\0", "x" * 301])
def test_suspending_needs_a_reason(admin: Client, reason: str) -> None:
    seller = tom()

    answer = act(admin, SELLERS, "suspend", seller, confirmed="yes", reason=reason)

    seller.refresh_from_db()
    assert "Suspend these sellers?" in answer
    assert seller.suspended_at is None


def test_suspending_twice_changes_and_logs_nothing_more(admin: Client) -> None:
    seller = SellerFactory(display_name="Sid", suspended=True)

    answer = act(admin, SELLERS, "suspend", seller, confirmed="yes", reason=WHY)

    assert "Suspended already: Sid." in answer
    assert not LogEntry.objects.exists()


def test_release_quarantines_the_number(admin: Client) -> None:
    seller = tom()

    answer = act(admin, SELLERS, "release_number", seller, confirmed="yes", reason=WHY)

    number = ReservedNumber.objects.get(proxy_identifier=TOMS_NUMBER)
    assert "Released the number of: Tom." in answer
    assert number.status == ReservedNumber.Status.QUARANTINED


def test_reserve_promises_a_number_to_a_verified_seller(admin: Client) -> None:
    seller = SellerFactory(display_name="Vera")

    answer = act(admin, SELLERS, "reserve_number", seller)

    assert "A number is being reserved for: Vera." in answer
    assert ReservedNumber.objects.get(seller=seller).status == ReservedNumber.Status.PENDING


@pytest.mark.parametrize("seller", [{"unverified": True}, {"suspended": True}])
def test_reserve_refuses_whom_buyers_may_not_reach(admin: Client, seller: dict[str, Any]) -> None:
    refused = SellerFactory(**seller)

    act(admin, SELLERS, "reserve_number", refused)

    assert not refused.reserved_numbers.exists()


def test_reserve_leaves_an_active_number_alone(admin: Client) -> None:
    seller = tom()

    answer = act(admin, SELLERS, "reserve_number", seller)

    assert "has a number: Tom." in answer
    assert seller.reserved_numbers.get().is_active


def test_reserve_sets_the_worker_going(
    admin: Client, service: ProxyService, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    seller = SellerFactory()

    with django_capture_on_commit_callbacks(execute=True):
        act(admin, SELLERS, "reserve_number", seller)

    assert seller.reserved_numbers.get().is_active


@pytest.mark.parametrize("action", ["suspend", "release_number"])
def test_taking_something_away_closes_open_sessions(
    admin: Client,
    service: ProxyService,
    bob_texts: Callable[[str], None],
    django_capture_on_commit_callbacks: Callable[..., Any],
    action: str,
) -> None:
    Client().post("/switchboard/phones/api/phones", {"name": "Bob", "number": BOBS_PHONE})
    seller = SellerFactory()
    provisioning.reserve(provisioning.promise(seller).pk)
    bob_texts(seller.reserved_numbers.get().proxy_identifier)
    assert ProxySession.objects.get().closed_at is None

    with django_capture_on_commit_callbacks(execute=True):
        act(admin, SELLERS, action, seller, confirmed="yes", reason=WHY)

    assert ProxySession.objects.get().closed_at is not None


def test_each_act_is_in_the_sellers_history(admin: Client, staff: User) -> None:
    seller = tom()

    act(admin, SELLERS, "suspend", seller, confirmed="yes", reason=WHY)

    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (staff, str(seller.pk))
    assert entry.get_change_message() == "Suspended: Tom."


def test_act_works_from_the_sellers_own_page(admin: Client) -> None:
    seller = tom()
    page = f"{SELLERS}{seller.pk}/change/"
    chosen = {"CHANGE_FORM-action": "suspend", "_selected_action": str(seller.pk)}

    asked = admin.post(page, chosen).content.decode()
    admin.post(page, {**chosen, "confirmed": "yes", "reason": WHY})

    seller.refresh_from_db()
    assert 'name="CHANGE_FORM-action" value="suspend"' in asked
    assert seller.suspended_at is not None


def test_try_again_makes_a_stuck_number_due(admin: Client) -> None:
    number = stuck(SellerFactory(display_name="Vera"))

    answer = act(admin, NUMBERS, "try_again", number)

    assert "Trying again now for: Vera." in answer
    assert list(ReservedNumber.objects.due()) == [number]


def test_try_again_leaves_an_active_number_alone(admin: Client) -> None:
    number = tom().reserved_number

    answer = act(admin, NUMBERS, "try_again", number)

    assert "1 not waiting for anything" in answer
    assert not ReservedNumber.objects.due().exists()


# Permissions


@pytest.fixture
def looker(client: Client) -> Client:
    """Staff who may look at sellers and numbers, and change neither."""
    user = UserFactory(is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["view_seller", "view_reservednumber"])
    )
    client.force_login(user)
    return client


@pytest.mark.parametrize("action", ["suspend", "release_number"])
def test_staff_who_may_only_look_change_no_seller(looker: Client, action: str) -> None:
    seller = tom()

    act(looker, SELLERS, action, seller, confirmed="yes", reason=WHY)
    looker.post(
        f"{SELLERS}{seller.pk}/change/",
        {
            "CHANGE_FORM-action": action,
            "_selected_action": str(seller.pk),
            "confirmed": "yes",
            "reason": WHY,
        },
    )

    seller.refresh_from_db()
    assert seller.suspended_at is None
    assert seller.reserved_number.is_active


def test_staff_who_may_only_look_hurry_no_number(looker: Client) -> None:
    number = stuck(SellerFactory())

    act(looker, NUMBERS, "try_again", number)

    assert not ReservedNumber.objects.due().exists()


def test_staff_without_permission_find_nobody_by_phone(client: Client) -> None:
    client.force_login(UserFactory(is_staff=True))

    answer = client.post(SELLERS + "by-phone/", {"phone_number": TOMS_PHONE})

    assert answer.status_code == 403


def test_seller_who_is_not_staff_is_sent_to_the_log_in(client: Client) -> None:
    client.force_login(tom().user)

    for name in ("changelist", "by_phone"):
        answer = client.get(reverse(f"admin:proxying_seller_{name}"))
        assert answer.url.startswith("/admin/login/")


# Speed


@pytest.mark.parametrize("url", [SELLERS, NUMBERS, "/admin/proxying/poolnumber/"])
def test_list_asks_as_often_for_three_rows_as_for_one(
    admin: Client, url: str, django_assert_num_queries: Callable[..., Any]
) -> None:
    def more() -> None:
        number = ReservedNumberFactory()
        ReservedNumberFactory(seller=number.seller, quarantined=True)
        PoolNumberFactory()

    more()
    with CaptureQueriesContext(connection) as one:
        admin.get(url)
    more()
    more()

    with django_assert_num_queries(len(one)):
        assert len(admin.get(url).context["cl"].result_list) >= 3
