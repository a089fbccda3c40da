"""Texts that came while nothing of ours ran: found at Twilio afterwards, and passed on once."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from proxying import outages, provisioning, tasks
from proxying.models import Heartbeat, MissedText, Outage, ProxySession
from proxying.switchboard.models import Message, Session
from tests.proxying.conftest import (
    KILLED_AFTER,
    KILLED_BEFORE,
    LOST_ANSWER,
    NO_CONNECTION,
    Killed,
)
from tests.proxying.factories import TOMS_PHONE
from tests.proxying.test_erasing import sells
from tests.proxying.test_missed_texts import on_toms_phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


@pytest.fixture
def seller(service, clock):
    """Tom; and we are well."""
    seller = sells("Tom", TOMS_PHONE)
    outages.beat()
    return seller


@pytest.fixture
def away(seller, clock, bob_texts, network):
    """Bob texts while nobody answers Proxy and no worker runs."""

    def text(body="Is it still there?"):
        clock.shift(timedelta(minutes=3))
        for callback in ("out_of_session_callback", "intercept_callback", "interaction_callback"):
            network.fail(NO_CONNECTION, reverse(callback), times=99)
        bob_texts(seller.reserved_number.proxy_identifier, body)
        network.faults.clear()
        clock.shift(timedelta(minutes=3))

    return text


def back(clock):
    outages.beat()
    clock.shift(timedelta(minutes=2))
    tasks.pass_on_missed_texts()


def test_text_of_an_outage_reaches_the_seller_with_its_time(away, clock):
    away()
    assert on_toms_phone() == []
    assert not MissedText.objects.exists()

    back(clock)

    (body,) = on_toms_phone()
    assert body.startswith("(sent ")
    assert body.endswith(") Is it still there?")
    assert Outage.objects.get().looked_at
    assert MissedText.objects.get().settled_at


def test_it_is_passed_on_once(away, clock):
    away()
    back(clock)
    Outage.objects.update(looked_at=None, next_attempt_at=timezone.now())
    back(clock)
    assert len(on_toms_phone()) == 1
    assert MissedText.objects.count() == 1


@pytest.mark.parametrize("what", [KILLED_BEFORE, KILLED_AFTER, LOST_ANSWER])
@pytest.mark.parametrize("nth", range(1, 6))
def test_failure_at_any_request_loses_and_doubles_nothing(away, clock, network, what, nth):
    away()
    network.fatal = (what, len(network.requests) + nth)
    try:
        back(clock)
    except Killed:
        assert what != LOST_ANSWER
    for _ in range(2):
        clock.shift(timedelta(minutes=11))
        tasks.pass_on_missed_texts()
    assert len(on_toms_phone()) == 1


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("ends", [True, False])
def test_text_that_an_open_session_carried_is_not_sent_again(
    away, bob_texts, seller, clock, told, ends
):
    bob_texts(seller.reserved_number.proxy_identifier, "Hello?")
    if not told:
        ProxySession.objects.update(session_sid=None)
    away("Are you there?")
    assert on_toms_phone() == ["Are you there?", "Hello?"]
    if ends:
        Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    back(clock)

    assert len(on_toms_phone()) == 2
    assert not MissedText.objects.exists()


def test_text_to_a_number_that_is_no_sellers_is_not_taken_on(away, seller, clock):
    away()
    Message.objects.update(to=seller.reserved_number.service.pool_numbers.first().proxy_identifier)
    back(clock)
    assert not MissedText.objects.exists()


def test_text_of_the_day_before_yesterday_is_left(away, clock):
    away()
    clock.shift(timedelta(days=2))
    back(clock)
    assert not MissedText.objects.exists()
    assert Outage.objects.get().looked_at


def test_text_to_a_seller_suspended_since_is_not_passed_on(away, seller, clock):
    away()
    provisioning.suspend(seller, "spam")
    back(clock)
    assert on_toms_phone() == []
    assert MissedText.objects.get().outcome == "the seller is suspended"


def test_sweeps_in_time_are_no_outage(seller, clock):
    for _ in range(10):
        clock.shift(timedelta(seconds=50))
        tasks.sweep()
    assert not Outage.objects.exists()
    assert Heartbeat.objects.get().at == timezone.now()


def test_first_sweep_ever_is_no_outage(db):
    tasks.sweep()
    assert not Outage.objects.exists()


def test_outage_is_promised_once(seller, clock):
    clock.shift(timedelta(minutes=2))
    outages.beat()
    outages.beat()
    (outage,) = Outage.objects.all()
    assert outage.ended_at - outage.began_at == timedelta(minutes=2)


def test_clock_that_is_put_back_ends_nothing(seller, clock):
    before = Heartbeat.objects.get().at
    clock.shift(timedelta(hours=-1))
    outages.beat()
    assert Heartbeat.objects.get().at == before


def test_neither_text_nor_number_is_kept(away, clock):
    away()
    with CaptureQueriesContext(connection) as queries:
        outages.beat()
        clock.shift(timedelta(minutes=2))
        outages.look_back()
    ours = [query["sql"] for query in queries if '"proxying_' in query["sql"]]
    written = str([sql for sql in ours if sql.startswith(("INSERT", "UPDATE"))])
    assert "proxying_missedtext" in written
    assert "still there" not in written
    assert TOMS_PHONE not in written
