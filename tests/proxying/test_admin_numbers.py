"""Staff see what waits for them, and set it going again."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from proxying.models import PoolNumber, ReservedNumber, StockNumber, StrayNumber
from proxying.models.intents import MOST_DEATHS
from proxying.switchboard.models import IncomingPhoneNumber
from tests.proxying.factories import (
    PoolNumberFactory,
    ReservedNumberFactory,
    SellerFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

Status = ReservedNumber.Status

NUMBERS = "/admin/proxying/reservednumber/"
POOL = "/admin/proxying/poolnumber/"
STRAYS = "/admin/proxying/straynumber/"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(UserFactory(username="olga", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def onlooker(client: Client) -> Client:
    """Staff who may look and no more."""
    user = UserFactory(username="otto", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    return client


def act(client: Client, url: str, action: str, *rows: Any) -> str:
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return client.post(url, data, follow=True).content.decode()


def parked(**fields: Any) -> ReservedNumber:
    return ReservedNumberFactory(
        seller=SellerFactory(display_name="Tom"),
        pending=True,
        next_attempt_at=None,
        unended_attempts=MOST_DEATHS,
        last_error="each of its last five attempts died",
        **fields,
    )


def stuck_buying() -> ReservedNumber:
    return ReservedNumberFactory(
        seller=SellerFactory(display_name="Tom"),
        status=Status.BUYING,
        phone_number_sid="",
        active_at=None,
        last_error="Address required (Twilio error 21631)",
    )


def stuck_pool_number(**fields: Any) -> PoolNumber:
    return PoolNumberFactory(
        added_at=None, next_attempt_at=None, last_error="Address required", **fields
    )


def stray(**fields: Any) -> StrayNumber:
    return StrayNumber.objects.create(
        proxy_identifier="+14155550100", phone_number_sid="PN" + "a" * 32, **fields
    )


def test_parked_row_is_shown_and_found_as_such(admin: Client) -> None:
    parked()
    stuck_buying()

    page = admin.get(NUMBERS, {"stuck": "parked"}).content.decode()

    assert "parked, needs staff: each of its last five attempts died" in page
    assert "Address required" not in page


def test_parked_row_is_set_going_again(
    admin: Client, django_capture_on_commit_callbacks: Any, service: Any
) -> None:
    number = parked()

    with django_capture_on_commit_callbacks(execute=True):
        assert "Trying again now for: Tom." in act(admin, NUMBERS, "try_again", number)

    number.refresh_from_db()
    assert (number.status, number.unended_attempts) == (Status.ACTIVE, 0)


def test_number_that_is_refused_for_good_is_given_up_for_another(admin: Client) -> None:
    number = stuck_buying()

    assert "Choosing another number for: Tom." in act(admin, NUMBERS, "choose_another", number)

    number.refresh_from_db()
    assert (number.status, number.proxy_identifier, number.service) == (Status.PENDING, None, None)
    assert number.next_attempt_at <= timezone.now()


def test_number_that_is_in_use_is_not_given_up(admin: Client) -> None:
    number = ReservedNumberFactory()

    assert "Only where the purchase is stuck" in act(admin, NUMBERS, "choose_another", number)

    number.refresh_from_db()
    assert number.status == Status.ACTIVE


def test_pool_number_says_why_it_waits(admin: Client) -> None:
    stuck_pool_number()

    assert "stuck, needs staff: Address required" in admin.get(POOL).content.decode()


def test_pool_number_is_tried_again(
    admin: Client, django_capture_on_commit_callbacks: Any, service: Any
) -> None:
    owned = IncomingPhoneNumber.objects.create(phone_number="+14155550111", iso_country="US")
    number = stuck_pool_number(service=service, phone_number_sid=owned.sid)

    with django_capture_on_commit_callbacks(execute=True):
        act(admin, POOL, "try_again", number)

    number.refresh_from_db()
    assert number.added_at is not None


def test_choice_of_a_pool_number_is_dropped_if_it_is_stuck(admin: Client) -> None:
    stuck, in_use = stuck_pool_number(), PoolNumberFactory()

    assert "Dropped 1 choice." in act(admin, POOL, "drop", stuck, in_use)

    assert list(PoolNumber.objects.all()) == [in_use]


def test_number_of_the_stock_says_why_it_waits(admin: Client) -> None:
    StockNumber.objects.create(
        proxy_identifier="+14155550100", next_attempt_at=None, last_error="Address required"
    )
    StockNumber.objects.create(proxy_identifier="+14155550101", phone_number_sid="PN1")

    page = admin.get("/admin/proxying/stocknumber/").content.decode()

    assert "stuck, needs staff: Address required" in page
    assert "waits for a seller" in page


def test_stray_says_when_it_goes_back(admin: Client) -> None:
    stray()

    page = admin.get(STRAYS).content.decode()

    assert "goes back to Twilio on" in page
    assert "+1 415-555-0100" in page


def test_quarantine_of_a_stray_is_not_cut_short(admin: Client) -> None:
    found = stray()
    before = found.next_attempt_at

    act(admin, STRAYS, "try_again", found)

    found.refresh_from_db()
    assert found.next_attempt_at == before


@pytest.mark.parametrize(
    ("url", "action"),
    [(NUMBERS, "try_again"), (NUMBERS, "choose_another"), (POOL, "try_again"), (POOL, "drop")],
)
def test_staff_who_may_only_look_change_nothing(onlooker: Client, url: str, action: str) -> None:
    row = stuck_buying() if url == NUMBERS else stuck_pool_number()

    act(onlooker, url, action, row)

    row.refresh_from_db()
    assert row.next_attempt_at is None


def statements(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


@pytest.mark.parametrize("url", [POOL, STRAYS])
def test_list_costs_the_same_for_one_and_three(admin: Client, url: str) -> None:
    PoolNumberFactory()
    stray()
    one = statements(admin, url)
    for n in "bc":
        PoolNumberFactory()
        StrayNumber.objects.create(proxy_identifier="+14155550101", phone_number_sid="PN" + n * 32)

    assert statements(admin, url) == one <= 12
