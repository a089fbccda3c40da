"""A person leaves for good, and Twilio forgets who spoke with whom, whatever goes wrong."""

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
import time_machine
from django.apps import apps
from django.test import Client
from django.utils import timezone

from proxying import provisioning, tasks
from proxying.models import ProxySession, Seller
from proxying.phone_numbers import PhoneNumber
from proxying.provisioning import erasing
from proxying.switchboard.models import Call, Interaction, Message, Participant, Service, Session
from proxying.twilio_client import TwilioUnavailable
from proxying.twilio_client import sessions as listing
from tests.proxying.callbacks import contact
from tests.proxying.conftest import KILLED_AFTER, KILLED_BEFORE, LOST_ANSWER, Killed
from tests.proxying.factories import BETHS_PHONE, BOBS_PHONE, TOMS_PHONE, SellerFactory

pytestmark = pytest.mark.django_db

SECONDS = 60.0


def sells(name, phone):
    Client().post("/switchboard/phones/api/phones", {"name": name, "number": phone})
    seller = SellerFactory(display_name=name, phone_number=PhoneNumber(phone))
    tasks.reserve_number(str(provisioning.promise(seller).pk))
    return Seller.objects.get(pk=seller.pk)


@pytest.fixture
def seller(service, bob_texts):
    """Tom, whom Bob has texted and called."""
    seller = sells("Tom", TOMS_PHONE)
    number = seller.reserved_number.proxy_identifier
    bob_texts(number)
    call = {"from": BOBS_PHONE, "to": number}
    sid = Client().post("/switchboard/phones/api/calls", call).json()["sid"]
    Client().post(f"/switchboard/phones/api/calls/{sid}/hangup")
    return seller


def later():
    return time_machine.travel(timezone.now() + timedelta(hours=2))


@pytest.fixture
def slow(network, monkeypatch):
    """Each request to Twilio takes ten seconds."""
    clock = SimpleNamespace(monotonic=lambda: 10.0 * len(network.requests))
    for module in (erasing, listing):
        monkeypatch.setattr(module, "time", clock)
    return network


def untold(seller, contact_sid="KC-none"):
    """A row of which no interaction is ever told: the other of two texts, or a refused Session."""
    return ProxySession.objects.create(
        reserved_number=seller.reserved_numbers.get(),
        buyer_index="b",
        unique_name=f"sp-{contact_sid}",
        contact_sid=contact_sid,
        created_at=timezone.now() - timedelta(minutes=5),
    )


def is_forgotten(*phones):
    """Nothing at Twilio names any of the *phones*, beside the phones themselves."""
    return not (
        Participant.objects.filter(identifier__in=phones).exists()
        or Message.objects.filter(to__in=phones).exists()
        or Message.objects.filter(from_number__in=phones).exists()
        or Call.objects.filter(to__in=phones).exists()
        or Call.objects.filter(from_number__in=phones).exists()
    )


def test_twilio_forgets_the_sessions_of_a_seller_who_left(seller):
    assert Interaction.objects.count() == 2
    seller.leave()

    assert provisioning.erase_sessions(seconds=SECONDS) == 1

    assert is_forgotten(TOMS_PHONE, BOBS_PHONE)
    assert not Session.objects.exists()
    assert not Interaction.objects.exists()
    row = ProxySession.objects.get()
    assert row.erased_at
    assert row.closed_at


def test_both_legs_of_texts_and_calls_are_asked_for(seller, network):
    seller.leave()
    provisioning.erase_sessions(seconds=SECONDS)
    assert network.count("DELETE", "/Messages/") == 2
    assert network.count("DELETE", "/Calls/") == 2


def test_what_another_sells_goes_on(seller, bob_texts):
    beth = sells("Beth", BETHS_PHONE)
    bob_texts(beth.reserved_number.proxy_identifier, "Hello Beth")
    seller.leave()

    provisioning.erase_sessions(seconds=SECONDS)

    (session,) = Session.objects.all()
    assert session.is_active
    assert session.participants.filter(identifier=BETHS_PHONE).exists()
    assert Message.objects.filter(to=BETHS_PHONE, body="Hello Beth").exists()


def test_seller_who_also_bought_is_forgotten_there_too(service):
    tom, beth = sells("Tom", TOMS_PHONE), sells("Beth", BETHS_PHONE)
    text = {"from": TOMS_PHONE, "to": beth.reserved_number.proxy_identifier, "body": "Hello"}
    Client().post("/switchboard/phones/api/messages", text)
    assert Session.objects.exists()
    tom.leave()

    provisioning.erase_sessions(seconds=SECONDS)

    assert is_forgotten(TOMS_PHONE)


@pytest.mark.parametrize("what", [KILLED_BEFORE, KILLED_AFTER, LOST_ANSWER])
@pytest.mark.parametrize("nth", range(1, 10))
def test_failure_at_any_request_is_made_good(seller, network, what, nth):
    seller.leave()
    if what in {KILLED_BEFORE, KILLED_AFTER}:
        network.kill(what, nth)
        with pytest.raises(Killed):
            tasks.erase_sessions()
    else:
        network.fatal = (what, len(network.requests) + nth)
        tasks.erase_sessions()
    assert not is_forgotten(TOMS_PHONE) or nth == 9

    with later():
        tasks.erase_sessions()

    assert is_forgotten(TOMS_PHONE, BOBS_PHONE)
    assert ProxySession.objects.get().erased_at


def test_forgotten_once(seller, network):
    seller.leave()
    provisioning.erase_sessions(seconds=SECONDS)
    asked = len(network.requests)

    with later():
        assert provisioning.erase_sessions(seconds=SECONDS) == 0

    assert len(network.requests) == asked


def test_one_that_twilio_refuses_keeps_no_other_from_going(seller, bob_texts, network):
    beth = sells("Beth", BETHS_PHONE)
    bob_texts(beth.reserved_number.proxy_identifier)
    seller.leave()
    beth.leave()
    network.fail((400, '{"code": 20001, "message": "under way", "status": 400}'), "/", method="DEL")

    assert provisioning.erase_sessions(seconds=SECONDS) == 1
    with later():
        assert provisioning.erase_sessions(seconds=SECONDS) == 1

    assert is_forgotten(TOMS_PHONE, BETHS_PHONE, BOBS_PHONE)


def test_session_of_which_nothing_was_told_is_found_by_its_name(seller):
    ProxySession.objects.update(session_sid=None)
    seller.leave()
    with later():
        provisioning.erase_sessions(seconds=SECONDS)
    assert is_forgotten(TOMS_PHONE)


def test_session_that_proxy_is_still_making_is_waited_for(seller):
    """Answered while the seller was leaving: the row comes after, and the Session later still."""
    seller.leave()
    provisioning.erase_sessions(seconds=SECONDS)
    number = seller.reserved_numbers.get()
    contact(BOBS_PHONE, number.proxy_identifier)
    late = ProxySession.objects.create(
        reserved_number=number, buyer_index="b", unique_name="sp-late", contact_sid="CA-late"
    )

    assert provisioning.erase_sessions(seconds=SECONDS) == 0
    late.refresh_from_db()
    assert late.erased_at is None

    with later():
        assert provisioning.erase_sessions(seconds=SECONDS) == 1


def test_time_that_is_up_leaves_the_rest_to_the_next_run(seller):
    seller.leave()
    assert provisioning.erase_sessions(seconds=-1) == 0
    assert provisioning.erase_sessions(seconds=SECONDS) == 1


def test_what_is_known_waits_for_no_list(seller, network):
    untold(seller)
    seller.leave()
    network.fail(500, "/Sessions?", method="GET")

    with pytest.raises(TwilioUnavailable):
        provisioning.erase_sessions(seconds=SECONDS)

    assert ProxySession.objects.get(contact_sid__startswith="SM").erased_at
    assert is_forgotten(TOMS_PHONE, BOBS_PHONE)


def test_list_too_long_for_the_time_is_left_for_an_hour(seller, slow):
    ProxySession.objects.all().delete()
    row = untold(seller)
    seller.leave()

    for _run in range(2):
        assert provisioning.erase_sessions(seconds=15) == 0
        assert slow.count("GET", "/Sessions?") == 1
    row.refresh_from_db()
    assert row.erased_at is None

    with later():
        assert provisioning.erase_sessions(seconds=300) == 1


def test_what_was_found_in_a_list_is_not_looked_for_again(seller, slow):
    ProxySession.objects.update(session_sid=None, created_at=timezone.now() - timedelta(hours=1))
    seller.leave()

    runs = [provisioning.erase_sessions(seconds=25) for _run in range(8)]

    assert sum(runs) == 1
    assert slow.count("GET", "/Sessions?") == 1
    assert is_forgotten(TOMS_PHONE, BOBS_PHONE)


def test_session_with_more_than_one_run_can_delete_gets_shorter(seller, slow, bob_texts):
    for _text in range(3):
        bob_texts(seller.reserved_number.proxy_identifier)
    seller.leave()

    runs = [provisioning.erase_sessions(seconds=45) for _run in range(8)]

    assert sum(runs) == 1
    assert is_forgotten(TOMS_PHONE, BOBS_PHONE)


def test_both_legs_of_a_call_that_was_on_hold_are_deleted(seller, network):
    """No Session has carried it: the call itself tells whom it rang."""
    ended = {"status": Call.Status.COMPLETED, "ended_at": timezone.now()}
    number = seller.reserved_number.proxy_identifier
    held = Call.objects.create(
        from_number=BOBS_PHONE, to=number, direction=Call.Direction.INBOUND, **ended
    )
    Call.objects.create(
        from_number=number, to=TOMS_PHONE, parent=held, direction="outbound-dial", **ended
    )
    untold(seller, held.sid)
    seller.leave()

    assert provisioning.erase_sessions(seconds=SECONDS) == 2

    assert is_forgotten(TOMS_PHONE, BOBS_PHONE)
    assert network.count("DELETE", "/Calls/") == 4


def test_missed_text_that_came_in_is_deleted(seller):
    number = seller.reserved_number.proxy_identifier
    missed = Message.objects.create(
        from_number=BOBS_PHONE, to=number, body="Hello?", direction=Message.Direction.INBOUND
    )
    untold(seller, missed.sid)
    seller.leave()

    assert provisioning.erase_sessions(seconds=SECONDS) == 2

    assert is_forgotten(BOBS_PHONE)


def test_service_that_is_gone_has_no_sessions(seller):
    untold(seller)
    Service.objects.all().delete()
    seller.leave()
    assert provisioning.erase_sessions(seconds=SECONDS) == 2


def test_service_whose_list_is_refused_waits_an_hour(seller, network):
    row = untold(seller)
    seller.leave()
    network.fail((400, '{"code": 20001, "status": 400}'), "/Sessions?", method="GET")

    assert provisioning.erase_sessions(seconds=SECONDS) == 1
    assert provisioning.erase_sessions(seconds=SECONDS) == 0

    row.refresh_from_db()
    assert row.erase_at > timezone.now() + timedelta(minutes=59)
    with later():
        assert provisioning.erase_sessions(seconds=SECONDS) == 1


def test_who_left_before_it_was_written_down_is_erased_too(seller):
    """Beth, who is only suspended, stays."""
    beth = sells("Beth", BETHS_PHONE)
    provisioning.suspend(beth, "spam")
    seller.leave()
    Seller.objects.filter(pk=seller.pk).update(left_at=None)
    ProxySession.objects.update(erase_at=None)

    import_module("proxying.migrations.0021_who_left_before").forward(apps, None)

    assert Seller.objects.get(left_at__isnull=False).pk == seller.pk
    assert provisioning.erase_sessions(seconds=SECONDS) == 1
