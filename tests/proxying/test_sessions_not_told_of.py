"""A Session of which we have not been told yet does not ring a phone of yesterday."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from proxying import tasks
from proxying.models import MissedText, ProxySession
from proxying.phone_numbers import PhoneNumber
from proxying.switchboard.models import Message, Session
from tests.proxying.callbacks import contact, interaction
from tests.proxying.conftest import NO_CONNECTION
from tests.proxying.factories import BETHS_PHONE, BOBS_PHONE, TOMS_PHONE
from tests.proxying.test_erasing import sells

pytestmark = pytest.mark.django_db

NEW = BETHS_PHONE
SECOND = f"SM{2:032x}"


@pytest.fixture
def seller(service):
    return sells("Tom", TOMS_PHONE)


@pytest.fixture
def number(seller):
    return seller.reserved_number.proxy_identifier


@pytest.fixture
def not_told_of(number, bob_texts, network):
    """Bob's Session with Tom, on its way to us."""
    for callback in ("intercept_callback", "interaction_callback"):
        network.fail(NO_CONNECTION, reverse(callback), times=9)
    bob_texts(number, "Hello")
    network.faults.clear()
    assert ProxySession.objects.get().session_sid is None
    return Session.objects.get()


@pytest.fixture
def another_phone(not_told_of, seller):
    moves_to_another_phone(seller)


def moves_to_another_phone(seller):
    Client().post("/switchboard/phones/api/phones", {"name": "Tom", "number": NEW})
    seller.phone_number = PhoneNumber(NEW)
    seller.phone_epoch += 1
    seller.save()


def texts_on(phone):
    texts = Message.objects.filter(to=phone).exclude(body="Hello")
    return [body.rpartition(") ")[2] for body in texts.values_list("body", flat=True)]


def all_settle():
    tasks.sweep()
    tasks.pass_on_missed_texts()


def test_text_in_it_waits_for_another_session(number, bob_texts, another_phone):
    bob_texts(number, "Is it still there?")
    assert texts_on(TOMS_PHONE) == []

    all_settle()

    assert (texts_on(TOMS_PHONE), texts_on(NEW)) == ([], ["Is it still there?"])


def test_text_that_proxy_asked_about_at_the_same_time_does_too(number, not_told_of, another_phone):
    """The answer is right by now; the Session is that of the text before."""
    assert contact(BOBS_PHONE, number, SECOND).json()["participantIdentifier"] == NEW
    event = {
        "interactionServiceSid": not_told_of.service_id,
        "interactionSessionSid": not_told_of.sid,
        "inboundResourceSid": SECOND,
    }

    assert interaction("intercept_callback", **event).status_code == 403
    interaction(**event)

    assert MissedText.objects.get().message_sid == SECOND
    assert ProxySession.objects.get(contact_sid=SECOND).session_sid is None


def test_call_in_it_is_refused(number, not_told_of, another_phone):
    call = {"from": BOBS_PHONE, "to": number}
    answer = Client().post("/switchboard/phones/api/calls", call)
    assert answer.status_code == 201
    assert "ringing" not in answer.content.decode()
    assert not MissedText.objects.exists()


def test_text_in_another_that_is_fine_is_passed_on_too(
    service, bob_texts, network, not_told_of, another_phone
):
    """Nothing tells the two apart yet; nothing is lost by it."""
    beth = sells("Ann", "+14155550177")
    for callback in ("intercept_callback", "interaction_callback"):
        network.fail(NO_CONNECTION, reverse(callback), times=9)
    bob_texts(beth.reserved_number.proxy_identifier, "Hello")
    network.faults.clear()

    bob_texts(beth.reserved_number.proxy_identifier, "And that?")
    assert texts_on("+14155550177") == []
    all_settle()

    assert texts_on("+14155550177") == ["And that?"]


def test_nothing_waits_for_one_that_was_never_made(number, seller, bob_texts):
    """With it open, Proxy would not have asked again."""
    contact(BOBS_PHONE, number, SECOND)
    ProxySession.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    moves_to_another_phone(seller)

    bob_texts(number, "Is it still there?")

    assert texts_on(NEW) == ["Is it still there?"]


def test_nothing_waits_once_the_old_one_is_closed(number, bob_texts, another_phone):
    tasks.sweep()
    bob_texts(number, "Is it still there?")
    assert texts_on(NEW) == ["Is it still there?"]


def test_session_that_is_to_be_closed_itself_is_known_by_its_first_text(seller, number):
    """Nothing is in doubt: the text is refused, and not passed on later."""
    contact(BOBS_PHONE, number, SECOND)
    row = ProxySession.objects.get()
    seller.blocks.create(buyer_index=row.buyer_index)
    service_sid = row.reserved_number.service.service_sid
    event = {"interactionServiceSid": service_sid, "inboundResourceSid": SECOND}

    assert interaction("intercept_callback", **event).status_code == 403

    assert not MissedText.objects.exists()
    row.refresh_from_db()
    assert row.session_sid
