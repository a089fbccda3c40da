"""Who calls too often, or goes through our sellers' numbers: exact, and whatever is told twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from proxying import abuse, admission, routing
from proxying.callbacks import NEUTRAL_MESSAGE, spoken
from proxying.contacts import Contact
from proxying.encryption import blind_index
from proxying.models import LimitCounter, ProxySession
from proxying.routing import Answer
from tests.proxying.callbacks import contact, interaction
from tests.proxying.factories import (
    BETHS_NUMBER,
    BOBS_PHONE,
    TOMS_NUMBER,
    TOMS_PHONE,
    PoolNumberFactory,
    ProxyServiceFactory,
    ReservedNumberFactory,
    beth,
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


# Loops


def ring(caller, dialled, n, **more):
    """A call that Proxy connects and that rings on; whether it connects."""
    if not connects(contact(caller, dialled, f"CA{n:032x}", **more)):
        return False
    interaction(
        interactionSessionSid=f"KC{n:032x}",
        interactionSid=f"KI{n:032x}",
        interactionType="Voice",
        interactionData="",
        inboundResourceSid=f"CA{n:032x}",
        inboundResourceStatus="ringing",
        outboundResourceStatus="ringing",
    )
    return True


def over(n, status="no-answer"):
    interaction(
        interactionSessionSid=f"KC{n:032x}",
        interactionSid=f"KI{n:032x}",
        interactionType="Voice",
        inboundResourceSid=f"CA{n:032x}",
        inboundResourceStatus="completed",
        outboundResourceStatus=status,
    )


@pytest.fixture
def two_sellers(db):
    ProxyServiceFactory(service_sid=f"KS{0:032x}")
    return tom(), beth()


def test_phone_that_rings_and_calls_on_is_not_connected(two_sellers):
    """Tom's phone passes Bob's call on to Beth's number, and shows itself as the caller."""
    assert ring(BOBS_PHONE, TOMS_NUMBER, 1)

    assert not ring(TOMS_PHONE, BETHS_NUMBER, 2)


def test_tom_may_call_beth_once_his_phone_is_still(two_sellers):
    ring(BOBS_PHONE, TOMS_NUMBER, 1)
    over(1)

    assert ring(TOMS_PHONE, BETHS_NUMBER, 2)


def test_call_whose_end_we_never_heard_of_blocks_nobody_for_long(two_sellers):
    ring(BOBS_PHONE, TOMS_NUMBER, 1)

    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        assert ring(TOMS_PHONE, BETHS_NUMBER, 2)


def test_phone_that_rings_may_text(two_sellers):
    ring(BOBS_PHONE, TOMS_NUMBER, 1)

    assert connects(contact(TOMS_PHONE, BETHS_NUMBER, "SM" + "2" * 32))


@pytest.mark.parametrize("forwarder", [TOMS_PHONE, TOMS_NUMBER])
def test_call_forwarded_by_a_phone_we_ring_or_a_number_of_ours_is_not_connected(
    two_sellers, forwarder
):
    assert not ring(BOBS_PHONE, BETHS_NUMBER, 1, ForwardedFrom=forwarder)


@pytest.mark.parametrize("forwarder", ["+13105550177", "", "anonymous"])
def test_call_forwarded_by_anybody_else_is_connected(two_sellers, forwarder):
    """A shop's old number that leads to its new one."""
    assert ring(BOBS_PHONE, BETHS_NUMBER, 1, ForwardedFrom=forwarder)


def test_ring_of_fifty_sellers_who_forward_to_each_other_ends_at_once(db):
    ProxyServiceFactory(service_sid=f"KS{0:032x}")
    numbers = ReservedNumberFactory.create_batch(50)
    phones = [number.seller.phone_number.reveal() for number in numbers]

    hops, caller, at = 0, BOBS_PHONE, 0
    while hops < 50 and ring(caller, numbers[at].proxy_identifier, hops):
        caller, at, hops = phones[at], (at + 1) % 50, hops + 1

    assert hops <= 2


def test_private_phone_that_became_a_number_of_ours_is_not_rung(two_sellers):
    PoolNumberFactory(proxy_identifier=TOMS_PHONE)

    assert not ring(BOBS_PHONE, TOMS_NUMBER, 1)


def test_two_machines_that_answer_each_other_are_stopped(clock, two_sellers):
    contact(BOBS_PHONE, TOMS_NUMBER, f"SM{1:032x}")
    interaction()

    said = [
        interaction("intercept_callback", interactionSid=f"KI{n:032x}").status_code
        for n in range(2, 14)
    ]

    assert said == [204] * 10 + [403] * 2


def test_caller_in_quarantine_is_stopped_in_running_sessions_too(two_sellers):
    contact(BOBS_PHONE, TOMS_NUMBER, f"SM{1:032x}")
    interaction()

    abuse.quarantine(blind_index(BOBS_PHONE))

    assert interaction("intercept_callback").status_code == 403


def one_call(numbered):
    """Without the callback's time limit: many at once take long on a small machine."""
    n, number = numbered
    heard = Contact(f"CA{n:032x}", BOBS_PHONE, number, is_call=True, earlier=None)
    try:
        decision = routing.decide(heard)
        if isinstance(decision, routing.CreateSession):
            decision = admission.admit(heard, decision)
        return isinstance(decision, routing.CreateSession)
    finally:
        connection.close()


def sellers(count):
    return [ReservedNumberFactory().proxy_identifier for _ in range(count)]
