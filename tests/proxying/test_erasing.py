"""A person leaves for good, and Twilio forgets who spoke with whom, whatever goes wrong."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from proxying import provisioning, tasks
from proxying.models import ProxySession, Seller
from proxying.phone_numbers import PhoneNumber
from proxying.switchboard.models import Call, Interaction, Message, Participant, Session
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
@pytest.mark.parametrize("nth", range(1, 8))
def test_failure_at_any_request_is_made_good(seller, network, what, nth):
    seller.leave()
    if what in {KILLED_BEFORE, KILLED_AFTER}:
        network.kill(what, nth)
        with pytest.raises(Killed):
            tasks.erase_sessions()
    else:
        network.fatal = (what, len(network.requests) + nth)
        tasks.erase_sessions()
    assert not is_forgotten(TOMS_PHONE) or nth == 7

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
