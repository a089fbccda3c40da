"""Texts that came while nothing of ours ran: found at Twilio afterwards, and passed on once."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from proxying import outages, provisioning, tasks
from proxying.encryption import blind_index
from proxying.models import (
    Heartbeat,
    Interaction,
    MissedText,
    Outage,
    ProxySession,
    ReservedNumber,
)
from proxying.switchboard.models import Message, Session
from tests.proxying.conftest import (
    KILLED_AFTER,
    KILLED_BEFORE,
    LOST_ANSWER,
    NO_CONNECTION,
    Killed,
)
from tests.proxying.factories import BOBS_PHONE, TOMS_PHONE, UserFactory
from tests.proxying.test_erasing import sells
from tests.proxying.test_missed_texts import on_toms_phone

pytestmark = pytest.mark.django_db

ANNS_PHONE = "+14155550177"


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
    """Bob, and then perhaps Ann, text while nobody answers Proxy and no worker runs."""

    def text(*bodies, from_ann=(), wait=lambda: clock.shift(timedelta(minutes=3))):
        wait()
        for callback in ("out_of_session_callback", "intercept_callback", "interaction_callback"):
            network.fail(NO_CONNECTION, reverse(callback), times=99)
        number = seller.reserved_number.proxy_identifier
        for body in bodies or ("Is it still there?",):
            bob_texts(number, body)
            clock.shift(timedelta(seconds=1))
        for body in from_ann:
            Client().post("/switchboard/phones/api/phones", {"name": "Ann", "number": ANNS_PHONE})
            text = {"from": ANNS_PHONE, "to": number, "body": body}
            assert Client().post("/switchboard/phones/api/messages", text).status_code == 201
        wait()
        network.faults.clear()

    return text


def spoke(seller, buyer, n=5, **fields):
    """A Session of the two, which Twilio does not know."""
    return ProxySession.objects.create(
        reserved_number=seller.reserved_number,
        buyer_index=blind_index(buyer),
        unique_name=f"sp-{n}",
        contact_sid=f"CA{n:032x}",
        **{"session_sid": f"KC{n:032x}", **fields},
    )


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


def test_text_to_a_number_that_was_the_pools_is_passed_on_only_from_known_buyers(
    away, clock, seller, bob_texts
):
    """Ann may be a seller, to whom the number stood for somebody else."""
    bob_texts(seller.reserved_number.proxy_identifier, "Hello")
    ReservedNumber.objects.update(pooled_until=timezone.now() - timedelta(days=89))
    clock.shift(timedelta(hours=2))
    outages.beat()
    away("Is it still there?", from_ann=("Me too",))
    back(clock)
    said = sorted(body.rpartition(") ")[2] for body in on_toms_phone())
    assert said == ["Hello", "Is it still there?"]


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


def test_text_of_a_buyer_whom_we_have_forgotten_is_not_sent_again(away, bob_texts, seller, clock):
    bob_texts(seller.reserved_number.proxy_identifier, "Hello?")
    sells("Bob", BOBS_PHONE).leave()
    away("Are you there?")

    back(clock)

    assert len(on_toms_phone()) == 2
    assert not MissedText.objects.exists()


def test_texts_are_passed_on_in_the_order_of_sending(away, clock):
    away("one", "two", "three", "four", "five")
    back(clock)
    sent = Message.objects.filter(from_number=BOBS_PHONE).order_by("date_created")
    passed_on = MissedText.objects.order_by("pk").values_list("message_sid", flat=True)
    assert [*passed_on] == [message.sid for message in sent]
    assert len(on_toms_phone()) == 5


def test_texts_that_come_at_once_now_are_under_no_limit_of_an_hour(away, clock, settings):
    settings.CONTACTS_OF_A_PAIR_AN_HOUR = 1
    away("one", "two", "three")
    back(clock)
    assert len(on_toms_phone()) == 3


def test_word_to_opt_out_is_not_passed_on(away, clock):
    away(" Stop ")
    back(clock)
    assert on_toms_phone() == []
    assert MissedText.objects.get().outcome == "an opt-out word"


@pytest.mark.parametrize("answer", [403, 500])
def test_pair_of_which_twilio_does_not_tell_keeps_no_other_waiting(
    away, seller, clock, network, answer
):
    unclear = spoke(seller, BOBS_PHONE)
    away(from_ann=["And I?"])
    network.fail(answer, f"{unclear.session_sid}/Interactions", method="GET", times=99)
    back(clock)
    (body,) = on_toms_phone()
    assert body.endswith("And I?")

    assert Outage.objects.get().looked_at is None
    network.faults.clear()
    clock.shift(timedelta(minutes=3))
    tasks.pass_on_missed_texts()
    assert len(on_toms_phone()) == 2
    assert Outage.objects.get().looked_at


def test_next_look_goes_on_where_the_last_one_stopped(away, seller, bob_texts, clock, network):
    bob_texts(seller.reserved_number.proxy_identifier, "Hello?")
    bobs = ProxySession.objects.get()
    unclear = spoke(seller, ANNS_PHONE)
    away(from_ann=["And I?"])
    network.fail(403, f"{unclear.session_sid}/Interactions", method="GET", times=1)
    back(clock)
    clock.shift(timedelta(minutes=3))
    tasks.pass_on_missed_texts()
    assert network.count("GET", f"{unclear.session_sid}/Interactions") == 2
    # Then, too, Twilio is asked of it once: what it carried is known by now.
    assert network.count("GET", f"{bobs.session_sid}/Interactions") == 1
    assert len(on_toms_phone()) == 3


def test_service_that_is_gone_keeps_no_text(away, seller, clock, network):
    away()
    spoke(seller, BOBS_PHONE, session_sid=None)
    network.fail(404, "/Sessions?", method="GET")
    back(clock)
    assert len(on_toms_phone()) == 1


def test_only_sessions_that_can_have_been_open_are_asked_for(away, seller, clock, network):
    for n in range(5):
        spoke(seller, BOBS_PHONE, n, created_at=timezone.now() - timedelta(hours=2 + n))
    away()
    back(clock)
    asked = [line for line in network.requests if "/Interactions" in line and "KC000" in line]
    assert len(asked) == 1
    assert "KC" + "0" * 32 in asked[0]
    assert len(on_toms_phone()) == 1


def test_old_session_in_which_something_was_said_is_asked_for(away, seller, clock, network):
    old = spoke(seller, BOBS_PHONE, created_at=timezone.now() - timedelta(hours=2))
    Interaction.objects.create(interaction_sid="KI5", session_sid="KC5", proxy_session=old)
    spoke(seller, BOBS_PHONE, 6)
    away()
    back(clock)
    assert network.count("GET", f"{old.session_sid}/Interactions") == 1


def test_look_without_time_is_no_death_and_loses_nothing(away, clock):
    away()
    outages.beat()
    for _ in range(6):
        clock.shift(timedelta(minutes=3))
        assert outages.look_back(seconds=-1) == 0
    clock.shift(timedelta(minutes=3))
    tasks.pass_on_missed_texts()
    assert len(on_toms_phone()) == 1


def test_session_that_a_long_list_has_not_shown_yet_may_have_carried_the_text(seller, bob_texts):
    bob_texts(seller.reserved_number.proxy_identifier, "Hello?")
    spoke(seller, BOBS_PHONE, session_sid=None)
    pair = outages._Pair(["SM5"], [ProxySession.objects.get(session_sid=None)])
    named = outages._Named([pair], until=time.monotonic() - 1)
    with pytest.raises(outages._NotFoundInTime):
        named.records(pair.sessions[0])


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


@pytest.mark.parametrize("how", [NO_CONNECTION, LOST_ANSWER, 502, 301])
def test_text_that_came_while_the_web_alone_was_away_reaches_the_seller(away, clock, network, how):
    def workers_go_on():
        network.fail(how, "/livez", method="GET", times=99)
        for _ in range(5):
            clock.shift(timedelta(seconds=50))
            tasks.sweep()
            tasks.ask_web()

    tasks.ask_web()
    away(wait=workers_go_on)
    assert not Outage.objects.exists()

    tasks.ask_web()

    back(clock)
    (body,) = on_toms_phone()
    assert body.endswith(") Is it still there?")


def test_web_that_no_worker_can_reach_is_no_outage(seller, clock, network):
    network.fail(NO_CONNECTION, "/livez", method="GET", times=99)
    for _ in range(5):
        clock.shift(timedelta(seconds=50))
        tasks.sweep()
        tasks.ask_web()
    assert not Outage.objects.exists()
    assert [heart.pk for heart in Heartbeat.objects.all()] == [Heartbeat.Part.WORKERS]


@pytest.mark.parametrize("signs", [(tasks.ask_web, tasks.sweep), (tasks.sweep, tasks.ask_web)])
def test_outage_of_all_is_promised_once(seller, clock, signs):
    tasks.ask_web()
    clock.shift(timedelta(minutes=20))
    for sign in signs:
        sign()
        clock.shift(timedelta(seconds=15))
    assert Outage.objects.count() == 1


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
        outages.look_back(seconds=60)
    ours = [query["sql"] for query in queries if '"proxying_' in query["sql"]]
    written = str([sql for sql in ours if sql.startswith(("INSERT", "UPDATE"))])
    assert "proxying_missedtext" in written
    assert "still there" not in written
    assert TOMS_PHONE not in written


def test_staff_see_what_became_of_each_and_try_a_parked_one_again(client):
    client.force_login(UserFactory(username="olga", is_staff=True, is_superuser=True))
    now = timezone.now()
    page = reverse("admin:proxying_outage_changelist")
    Outage.objects.create(began_at=now, ended_at=now)
    Outage.objects.create(began_at=now, ended_at=now, looked_at=now)
    parked = Outage.objects.create(
        began_at=now, ended_at=now, next_attempt_at=None, unended_attempts=5, last_error="died"
    )
    seen = client.get(page).content.decode()
    for told in ("are being looked for", "were looked for", "parked, needs staff: died"):
        assert told in seen

    client.post(page, {"action": "try_again", "_selected_action": [parked.pk]})

    parked.refresh_from_db()
    assert parked.next_attempt_at
