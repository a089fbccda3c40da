"""``manage.py number_plan``, and the page where staff see the same."""

import re
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from proxying import capacity
from proxying.models import PlannedService, ProxySession, StockNumber
from tests.proxying.factories import (
    PoolNumberFactory,
    ProxyServiceFactory,
    ReservedNumberFactory,
    UserFactory,
    tom,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def pool_settings(settings):
    settings.PROXY_POOL_FLOOR, settings.PROXY_POOL_RESERVE = 5, 2
    settings.SELLER_COUNTRIES = ["US", "GB"]
    settings.NUMBER_PRICE_A_MONTH = 1.15


def number_plan(*arguments):
    out = StringIO()
    call_command("number_plan", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("sellers", "simultaneous", "services", "pool", "numbers", "cost"),
    [
        (1, 1, 1, 5, 6, "6.90"),
        (4_500, 12, 1, 14, 4_514, "5191.10"),
        (4_501, 12, 2, 28, 4_529, "5208.35"),
        (20_000, 500, 5, 2_500, 22_500, "25875.00"),
    ],
)
def test_plan_counts_reserved_and_pool_numbers(
    sellers, simultaneous, services, pool, numbers, cost
):
    plan = capacity.plan_numbers(sellers, simultaneous, Decimal("1.15"))

    assert (plan.services, plan.pool, plan.numbers) == (services, pool, numbers)
    assert plan.cost == Decimal(cost)


def test_command_says_numbers_services_and_cost():
    said = number_plan("--sellers", "4501", "--simultaneous", "12")

    assert "4,501 reserved numbers" in said
    assert "28 pool numbers, 14 in each of 2 Services" in said
    assert "4,529 numbers in all, 5,208.35 a month at 1.15 each" in said
    assert "no Service yet" in said


def test_command_says_what_is_there_now():
    number = tom().reserved_number
    PoolNumberFactory()
    crowd(number, "Bob")

    StockNumber.objects.create(country="US", proxy_identifier="+14153330000")

    said = number_plan("--sellers", "10", "--simultaneous", "3", "--price", "2.50")

    row = next(line for line in said.splitlines() if line.startswith("shoppingplace-us-1"))
    assert row.split() == ["shoppingplace-us-1", "US", "1", "1", "1", "5", "5.00"]
    assert said.endswith("3 numbers, 1 of them in stock, 7.50 a month\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "required: --sellers"),
        (("--sellers", "ten", "--simultaneous", "3"), "invalid int value: 'ten'"),
        (("--sellers", "0", "--simultaneous", "3"), "Between 1 and"),
        (("--sellers", "9" * 40, "--simultaneous", "3"), "Between 1 and"),
        (("--sellers", "10", "--simultaneous", "0"), "at least one buyer"),
        (("--sellers", "10", "--simultaneous", "501"), "500 buyers of one seller"),
        (("--sellers", "10", "--simultaneous", "3", "--price", "-1"), "amount of money"),
        (("--sellers", "10", "--simultaneous", "3", "--price", "NaN"), "amount of money"),
        (("--sellers", "10", "--simultaneous", "3", "--price", "1e99"), "amount of money"),
        (("--sellers", "10", "--simultaneous", "3", "--price", "cheap"), "value: 'cheap'"),
        (("--sellers", "10", "--simultaneous", "3", "--country", "FR"), "US, GB"),
    ],
)
def test_wrong_input_is_said_in_a_line(arguments, words):
    with pytest.raises(CommandError, match=words):
        number_plan(*arguments)


# The page


@pytest.fixture
def staff():
    client = Client()
    client.force_login(UserFactory(is_staff=True))
    return client


def crowd(number, *buyers):
    for buyer in buyers:
        ProxySession.objects.create(
            reserved_number=number,
            buyer_index=f"index of {buyer}",
            unique_name=f"{number.pk} {buyer}",
            contact_sid=f"SM{ProxySession.objects.count()}",
        )


@pytest.mark.parametrize("who", ["nobody", "seller"])
def test_page_is_for_staff_only(who):
    client = Client()
    if who == "seller":
        client.force_login(UserFactory())

    assert client.get("/admin/capacity/").status_code == 302


def test_page_shows_the_plan_that_was_asked_for(staff):
    page = staff.get("/admin/capacity/?sellers=4501&simultaneous=12&price=1.15").text

    assert "5,208.35" in page
    assert "4,529" in page


def test_page_warns_of_a_pool_that_is_nearly_used_up(staff):
    for _ in range(3):
        PoolNumberFactory()
    number = tom().reserved_number
    crowd(number, "Bob")
    assert "nearly out of numbers" not in staff.get("/admin/capacity/").text

    crowd(number, "Ann")

    page = staff.get("/admin/capacity/").text
    assert "shoppingplace-us-1 is nearly out of numbers" in page
    assert "2 buyers at a time, and 3 numbers" in staff.get("/admin/setup/").text


def test_page_says_why_a_service_is_not_opened_yet(staff):
    PlannedService.objects.create(
        unique_name="shoppingplace-gb-1", country="GB", last_error="Twilio error 80506"
    )

    assert "The last attempt failed: Twilio error 80506" in staff.get("/admin/capacity/").text


def parked():
    return PlannedService.objects.create(
        unique_name="shoppingplace-gb-1", country="GB", unended_attempts=5, next_attempt_at=None
    )


def test_staff_set_a_parked_service_going_again():
    plan = parked()
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    assert "It waits for staff" in client.get("/admin/capacity/").text

    assert client.post("/admin/capacity/", follow=True).status_code == 200

    assert capacity.due_services() == [plan.pk]


@pytest.mark.parametrize(("who", "status"), [("staff", 403), ("seller", 302), ("nobody", 302)])
def test_nobody_else_sets_it_going(who, status):
    parked()
    client = Client()
    if who != "nobody":
        client.force_login(UserFactory(is_staff=who == "staff"))

    assert client.post("/admin/capacity/").status_code == status

    assert capacity.due_services() == []


@pytest.mark.parametrize(
    "asked",
    [
        "sellers=",
        "sellers=ten&simultaneous=3&price=1",
        "sellers=%00&simultaneous=%00&price=%00",
        f"sellers={'9' * 5000}&simultaneous=3&price=1",
        "sellers=10&simultaneous=501&price=1",
        "sellers=10&simultaneous=3&price=1e999",
        "sellers=10&simultaneous=3&price=NaN",
        "sellers=10&simultaneous=3&price=-1",
        "sellers=\u0661\u0660&simultaneous=0&price=%F0%28",
    ],
)
def test_wrong_input_is_said_in_the_form(staff, asked):
    page = staff.get(f"/admin/capacity/?{asked}")

    assert page.status_code == 200
    assert "errorlist" in page.text
    assert "Numbers in all" not in page.text


def test_page_asks_the_same_for_three_services_as_for_one(staff):
    PoolNumberFactory(service=ProxyServiceFactory())
    with CaptureQueriesContext(connection) as for_one:
        staff.get("/admin/capacity/")
    for n in range(2, 4):
        service = ProxyServiceFactory(unique_name=f"shoppingplace-us-{n}")
        crowd(ReservedNumberFactory(service=service), "Bob")

    with CaptureQueriesContext(connection) as for_three:
        staff.get("/admin/capacity/")

    assert len(for_three) == len(for_one) <= 12


def test_page_carries_no_number(staff):
    number = tom().reserved_number
    crowd(number, "Bob", "Ann")

    page = staff.get("/admin/capacity/").text

    assert number.proxy_identifier not in page
    assert not re.search(r"\+?1?[ (-]*415[ )-]*\d{3}[ -]*\d{4}", page)
