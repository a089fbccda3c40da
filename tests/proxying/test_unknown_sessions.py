"""Sessions whose row was lost: found by the reconciliation, adopted or closed, once."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.utils import timezone

from proxying import provisioning, tasks
from proxying.encryption import blind_index
from proxying.models import Block, Interaction, ProxySession, StrayNumber
from proxying.phone_numbers import PhoneNumber
from proxying.reconciliation import Kind, Outcome, reconcile, reconciling, sessions
from proxying.switchboard.models import Service, Session
from proxying.switchboard.sessions import ParticipantSpec, create_session
from tests.proxying.callbacks import interaction
from tests.proxying.conftest import KILLED_AFTER, KILLED_BEFORE, LOST_ANSWER, Killed
from tests.proxying.factories import BETHS_PHONE, BOBS_PHONE, TOMS_PHONE
from tests.proxying.test_erasing import sells
from tests.proxying.test_reconciliation import assert_settled

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller(service):
    """Tom, whose phone was verified before the second in which Bob texts."""
    seller = sells("Tom", TOMS_PHONE)
    seller.phone_verified_at -= timedelta(minutes=1)
    seller.save()
    return seller


@pytest.fixture
def lost(seller, bob_texts):
    """The Session of Bob and Tom, of which we know nothing any more."""
    bob_texts(seller.reserved_number.proxy_identifier)
    Interaction.objects.all().delete()
    ProxySession.objects.all().delete()
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        yield Session.objects.get()


def is_open(session):
    session.refresh_from_db()
    return session.is_active


def test_session_whose_row_was_lost_is_adopted(lost, seller, network):
    report = reconcile()

    assert report.kinds(Outcome.REPAIRED) == [Kind.UNKNOWN_SESSION]
    row = ProxySession.objects.get()
    assert row.session_sid == lost.sid
    assert row.unique_name == lost.unique_name
    assert row.reserved_number == seller.reserved_number
    assert row.buyer_index == blind_index(BOBS_PHONE)
    buyer = lost.participants.get(identifier=BOBS_PHONE)
    assert row.first_participant_sid == buyer.sid
    assert row.created_at == lost.date_created.replace(microsecond=0)
    assert is_open(lost)
    assert_settled(network)


def test_no_number_is_written_or_logged(lost, caplog, capsys):
    reconcile()
    told = f"{ProxySession.objects.values().get()}{caplog.text}{capsys.readouterr()}"
    assert BOBS_PHONE[1:] not in told
    assert TOMS_PHONE[1:] not in told


def test_block_holds_again_in_an_adopted_session(lost, seller):
    reconcile()
    Block.objects.create(seller=seller, buyer_index=blind_index(BOBS_PHONE))
    event = {
        "interactionServiceSid": lost.service_id,
        "interactionSessionSid": lost.sid,
        "inboundParticipantSid": lost.participants.get(identifier=BOBS_PHONE).sid,
    }
    assert interaction("intercept_callback", **event).status_code == 403


def give_another_phone(seller):
    seller.phone_number = PhoneNumber(BETHS_PHONE)
    seller.save()


ENDINGS = {
    "suspended": lambda seller: provisioning.suspend(seller, "spam"),
    "released": lambda seller: provisioning.release(seller.reserved_number),
    "left": lambda seller: seller.leave(),
    "another phone": give_another_phone,
    "blocked": lambda seller: Block.objects.create(
        seller=seller, buyer_index=blind_index(BOBS_PHONE)
    ),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_session_in_which_nobody_may_speak_is_closed(lost, seller, network, how):
    ENDINGS[how](seller)

    assert reconcile().kinds(Outcome.REPAIRED) == [Kind.UNKNOWN_SESSION]

    assert not is_open(lost)
    assert ProxySession.objects.get().closed_at
    assert_settled(network)


def test_session_of_a_seller_who_left_is_forgotten_too(lost, seller):
    seller.leave()
    reconcile()
    provisioning.erase_sessions(seconds=60)
    assert not Session.objects.exists()


@pytest.mark.parametrize("nth", range(4, 7))
@pytest.mark.parametrize("what", [KILLED_BEFORE, KILLED_AFTER, LOST_ANSWER])
def test_death_at_any_request_leaves_no_old_phone_ringing(lost, seller, network, what, nth):
    give_another_phone(seller)
    network.fatal = (what, nth)
    try:
        tasks.reconcile_numbers()
    except Killed:
        tasks.sweep()
    network.fatal = ("", 0)

    reconcile()
    tasks.sweep()

    assert not is_open(lost)
    assert ProxySession.objects.get().closed_at


def test_session_on_numbers_that_are_nobodys_is_closed(seller, network):
    with time_machine.travel(timezone.now() - timedelta(minutes=11)):
        session = create_session(
            Service.objects.get(),
            participants=[ParticipantSpec(TOMS_PHONE), ParticipantSpec(BOBS_PHONE)],
        )

    assert reconcile().kinds(Outcome.REPAIRED) == [Kind.UNKNOWN_SESSION]

    assert not is_open(session)
    assert not ProxySession.objects.exists()
    assert_settled(network)


def test_row_that_is_still_being_written_is_waited_for(seller, bob_texts):
    bob_texts(seller.reserved_number.proxy_identifier)
    ProxySession.objects.all().delete()
    with time_machine.travel(timezone.now() + timedelta(minutes=9)):
        assert reconcile().results == []


def test_session_known_by_its_name_alone_is_known(seller, bob_texts, network):
    bob_texts(seller.reserved_number.proxy_identifier)
    ProxySession.objects.update(session_sid=None)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert_settled(network)


def test_dry_run_only_tells(lost, network):
    report = reconcile(dry_run=True)
    assert report.kinds(Outcome.FOUND) == [Kind.UNKNOWN_SESSION]
    assert not ProxySession.objects.exists()
    assert is_open(lost)
    assert {line.split()[0] for line in network.requests} == {"GET"}


@pytest.mark.parametrize("fault", [500, LOST_ANSWER])
def test_list_of_sessions_that_breaks_off_keeps_nothing_else_waiting(lost, network, fault):
    network.fail(fault, "/Sessions", method="GET")
    assert reconcile().results == []
    assert reconcile().kinds(Outcome.REPAIRED) == [Kind.UNKNOWN_SESSION]


def closed_since(session, *, pages):
    """Sessions that Twilio lists before the older *session*."""
    Session.objects.bulk_create(
        Session(
            service=session.service,
            status=Session.Status.CLOSED,
            expires_at=timezone.now(),
            date_created=timezone.now(),
        )
        for _number in range(100 * pages)
    )


def test_list_that_takes_too_long_is_gone_on_with(lost, network, monkeypatch):
    """Nothing on the first two pages is open: the time is looked at nevertheless."""
    closed_since(lost, pages=2)
    # Each request to Twilio takes ten seconds.
    clock = SimpleNamespace(monotonic=lambda: 10.0 * len(network.requests))
    monkeypatch.setattr(reconciling, "time", clock)
    monkeypatch.setattr(sessions, "time", clock)

    runs = [reconcile(seconds=1) for _page in range(3)]

    assert network.count("GET", "/Sessions?") == 3
    assert [run.kinds(Outcome.FOUND) for run in runs] == [[], [], [Kind.UNKNOWN_SESSION]]
    assert reconcile(seconds=1000).kinds(Outcome.REPAIRED) == [Kind.UNKNOWN_SESSION]
    assert network.count("GET", "/Sessions?") == 4
    reconcile(seconds=1000)
    assert network.count("GET", "/Sessions?") == 7


def test_page_that_twilio_does_not_know_any_more_is_forgotten(lost, network):
    closed_since(lost, pages=1)
    reconcile(seconds=-1)
    network.fail(400, "/Sessions?", method="GET")

    assert reconcile(seconds=60).results == []
    assert reconcile(seconds=60).kinds(Outcome.REPAIRED) == [Kind.UNKNOWN_SESSION]
    assert network.count("GET", "/Sessions?") == 4


def test_run_that_dies_of_the_sessions_has_given_back_the_strays(lost, network):
    StrayNumber.objects.create(
        phone_number_sid="PN" + "0" * 32,
        proxy_identifier="+14155550100",
        next_attempt_at=timezone.now(),
    )
    network.fail(KILLED_BEFORE, "/Sessions?", method="GET")

    with pytest.raises(Killed):
        reconcile()

    assert not StrayNumber.objects.exists()
