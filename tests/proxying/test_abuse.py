"""Who calls too often, or goes through our sellers' numbers: exact, and whatever is told twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from proxying.callbacks import NEUTRAL_MESSAGE, spoken
from proxying.models import LimitCounter, ProxySession
from proxying.routing import Answer
from tests.proxying.callbacks import contact
from tests.proxying.factories import (
    BOBS_PHONE,
    TOMS_NUMBER,
    ReservedNumberFactory,
    tom,
)

AT_NOON = "2026-03-02 12:00:00+00:00"


@pytest.fixture
def clock():
    """Noon, so that no hour ends in the midst of a test."""
    with time_machine.travel(AT_NOON, tick=False) as traveller:
        yield traveller


def call(sender, dialled, n):
    return contact(sender, dialled, f"CA{n:032x}")


def connects(response):
    """Whether Proxy is told to connect; else the answer must be the one that all get."""
    if response["Content-Type"] == "application/json":
        return True
    assert response.content in {spoken(Answer.NEUTRAL), NEUTRAL_MESSAGE}
    return False


@pytest.mark.django_db
def test_a_pair_has_ten_contacts_an_hour(clock):
    tom()

    assert [connects(call(BOBS_PHONE, TOMS_NUMBER, n)) for n in range(12)] == [True] * 10 + [
        False
    ] * 2

    clock.shift(timedelta(hours=1))
    assert connects(call(BOBS_PHONE, TOMS_NUMBER, 99))


@pytest.mark.django_db
def test_texts_and_calls_of_a_pair_count_together(clock, settings):
    settings.CONTACTS_OF_A_PAIR_AN_HOUR = 1
    tom()

    assert connects(contact(BOBS_PHONE, TOMS_NUMBER, "SM" + "1" * 32))
    assert not connects(contact(BOBS_PHONE, TOMS_NUMBER, "CA" + "2" * 32))


@pytest.mark.django_db
def test_a_contact_told_twice_counts_once(clock):
    tom()

    assert all(connects(call(BOBS_PHONE, TOMS_NUMBER, n)) for n in range(10) for _told in range(3))
    assert ProxySession.objects.count() == 10


@pytest.mark.django_db
def test_who_is_turned_away_uses_up_nobodys_turn(clock, settings):
    settings.CONTACTS_OF_A_PAIR_AN_HOUR = 1
    tom()
    call(BOBS_PHONE, TOMS_NUMBER, 1)
    before = set(LimitCounter.objects.values_list("key", "count"))

    call(BOBS_PHONE, TOMS_NUMBER, 2)

    assert set(LimitCounter.objects.values_list("key", "count")) == before
    assert ProxySession.objects.count() == 1


@pytest.mark.django_db
def test_a_number_has_so_many_contacts_an_hour(clock, settings):
    settings.CONTACTS_OF_A_NUMBER_AN_HOUR = 5
    tom()

    callers = [f"+1310555{n:04}" for n in range(8)]
    assert sum(connects(call(who, TOMS_NUMBER, n)) for n, who in enumerate(callers)) == 5


@pytest.mark.django_db
def test_a_caller_has_so_many_contacts_an_hour(clock, settings):
    settings.CONTACTS_OF_A_CALLER_AN_HOUR = 3
    numbers = sellers(4)

    assert [connects(call(BOBS_PHONE, to, n)) for n, to in enumerate(numbers)] == [
        True, True, True, False,
    ]  # fmt: skip


@pytest.mark.django_db
def test_limits_name_nobody_by_number(clock):
    tom()
    call(BOBS_PHONE, TOMS_NUMBER, 1)

    keys = " ".join(LimitCounter.objects.values_list("key", flat=True))

    assert keys
    assert BOBS_PHONE[1:] not in keys


# Who goes through our sellers' numbers


@pytest.mark.django_db
def test_ninth_seller_in_ten_minutes_puts_the_caller_in_quarantine_for_a_day(clock):
    numbers = sellers(9)

    assert [connects(call(BOBS_PHONE, to, n)) for n, to in enumerate(numbers)] == [True] * 8 + [
        False
    ]
    assert not connects(call(BOBS_PHONE, numbers[0], 20)), "one reached before"

    clock.shift(timedelta(hours=23))
    assert not connects(call(BOBS_PHONE, numbers[0], 21))
    clock.shift(timedelta(hours=2))
    assert connects(call(BOBS_PHONE, numbers[0], 22))


@pytest.mark.django_db
def test_eight_sellers_in_each_ten_minutes_are_a_buyers_good_right(clock):
    numbers = sellers(12)
    for n, number in enumerate(numbers):
        assert connects(call(BOBS_PHONE, number, n))
        clock.shift(timedelta(seconds=100))


@pytest.mark.django_db
def test_quarantine_of_one_caller_is_nobody_elses(clock):
    for n, number in enumerate(numbers := sellers(9)):
        call(BOBS_PHONE, number, n)

    assert connects(call("+13105550188", numbers[0], 50))


@pytest.mark.django_db(transaction=True)
def test_many_at_once_from_one_caller_reach_eight_sellers_and_no_more():
    numbers = sellers(60)

    with time_machine.travel(AT_NOON), ThreadPoolExecutor(6) as lines:
        reached = list(lines.map(one_call, enumerate(numbers)))

    assert 1 <= sum(reached) <= 8


@pytest.mark.django_db(transaction=True)
def test_many_at_once_between_two_connect_ten_times():
    tom()

    with time_machine.travel(AT_NOON), ThreadPoolExecutor(6) as lines:
        reached = list(lines.map(one_call, [(n // 2, TOMS_NUMBER) for n in range(80)]))

    assert ProxySession.objects.count() == 10
    assert sum(reached) >= 10


def one_call(numbered):
    n, number = numbered
    try:
        return connects(call(BOBS_PHONE, number, n))
    finally:
        connection.close()


def sellers(count):
    return [ReservedNumberFactory().proxy_identifier for _ in range(count)]
