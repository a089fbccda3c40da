"""How a number ends: quarantined, quiet, out of its Service, released. And who still rings."""

from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from proxying import provisioning, tasks, twilio_client
from proxying.models import ProxySession, ReservedNumber, Seller
from proxying.phone_numbers import PhoneNumber
from proxying.provisioning.ending import sessions_to_close
from proxying.switchboard.models import IncomingPhoneNumber, Session
from proxying.switchboard.models import PhoneNumber as ServiceNumber
from tests.proxying.callbacks import contact, interaction
from tests.proxying.conftest import KILLED_AFTER, KILLED_BEFORE, Killed
from tests.proxying.factories import (
    BETHS_PHONE,
    BOBS_PHONE,
    TOMS_NUMBER,
    ReservedNumberFactory,
    SellerFactory,
    tom,
)

Status = ReservedNumber.Status
IN_SERVICE = "/PhoneNumbers/"
OWNED = "/IncomingPhoneNumbers/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def resting(service):
    """A number that Twilio knows, just put into quarantine."""
    number = provisioning.promise(SellerFactory())
    provisioning.reserve(number.pk)
    number.refresh_from_db()
    provisioning.release(number)
    return number


def after(**time):
    return time_machine.travel(timezone.now() + timedelta(**time), tick=False)


def give_back(number, *, days, hours=0):
    with after(days=days, hours=hours):
        given = provisioning.give_back_quarantined()
    number.refresh_from_db()
    return given


def is_in_service(number):
    return ServiceNumber.objects.filter(pk=number.phone_number_sid).exists()


def is_ours(number):
    return IncomingPhoneNumber.objects.filter(pk=number.phone_number_sid).exists()


def test_quarantined_number_leaves_its_service_first_and_us_in_a_later_run(resting):
    assert give_back(resting, days=89) == 0
    assert resting.status == Status.QUARANTINED

    assert give_back(resting, days=91) == 0
    assert (resting.status, is_in_service(resting), is_ours(resting)) == ("removed", False, True)

    assert give_back(resting, days=91, hours=2) == 1
    assert (resting.status, is_ours(resting)) == (Status.RELEASED, False)


def test_number_that_somebody_still_dials_stays_thirty_quiet_days(resting):
    with after(days=80):
        contact(BOBS_PHONE, resting.proxy_identifier)

    give_back(resting, days=109)
    assert resting.status == Status.QUARANTINED

    give_back(resting, days=111)
    assert resting.status == Status.REMOVED


def test_contact_to_a_resting_number_leaves_no_trace_of_the_buyer(resting):
    contact(BOBS_PHONE, resting.proxy_identifier)

    resting.refresh_from_db()
    assert resting.last_contact_at
    assert not ProxySession.objects.exists()


def test_contact_is_written_once_an_hour(resting, django_assert_num_queries):
    contact(BOBS_PHONE, resting.proxy_identifier)

    with django_assert_num_queries(1):
        contact(BOBS_PHONE, resting.proxy_identifier)


@pytest.mark.parametrize("what", [KILLED_BEFORE, KILLED_AFTER])
@pytest.mark.parametrize(("run", "path"), [(0, IN_SERVICE), (1, OWNED)])
def test_giving_back_goes_on_after_death(resting, network, what, run, path):
    moments = [timedelta(days=91 + n) for n in range(4)]
    for n, moment in enumerate(moments):
        if n == run:
            network.kill(what, 1)
        with after(days=moment.days):
            try:
                provisioning.give_back_quarantined()
            except Killed:
                assert n == run
    resting.refresh_from_db()
    assert network.count("DELETE", path)
    assert (resting.status, is_ours(resting), is_in_service(resting)) == ("released", False, False)


def test_number_that_proxy_still_lets_go_of_is_tried_again(resting, network):
    give_back(resting, days=91)
    refusal = '{"code": 80601, "message": "draining", "status": 400}'
    network.fail((400, refusal), OWNED, method="DELETE")

    assert give_back(resting, days=92) == 0
    assert (resting.status, is_ours(resting)) == (Status.REMOVED, True)
    assert give_back(resting, days=93) == 1


def test_number_that_twilio_keeps_does_not_hold_up_the_others(service, network):
    for _ in range(2):
        number = provisioning.promise(SellerFactory())
        provisioning.reserve(number.pk)
        provisioning.release(ReservedNumber.objects.get(pk=number.pk))
    network.fail(403, IN_SERVICE, method="DELETE")

    give_back(number, days=91)

    statuses = ReservedNumber.objects.values_list("status", flat=True)
    assert sorted(statuses) == ["removed", "removing"]


def test_five_deaths_park_a_number_for_staff(resting, network):
    give_back(resting, days=91)
    for n in range(6):
        network.kill(KILLED_BEFORE, 1)
        with after(days=92 + n), suppress(Killed):
            provisioning.give_back_quarantined()
    resting.refresh_from_db()
    assert resting.is_stuck


def test_phone_read_before_its_change_is_an_old_phone_although_the_row_came_after():
    seller = tom()
    contact(BOBS_PHONE, TOMS_NUMBER)
    seller.phone_epoch += 1
    seller.save(update_fields=["phone_epoch"])
    ProxySession.objects.update(created_at=timezone.now() + timedelta(seconds=5))

    assert ProxySession.objects.get().rings_an_old_phone
    assert sessions_to_close().exists()


@pytest.mark.parametrize("how", ["suspended", "left", "released"])
def test_open_session_of_an_ended_seller_carries_nothing(how):
    seller = tom()
    ProxySession.objects.create(
        reserved_number=seller.reserved_number,
        buyer_index="b" * 64,
        unique_name="sp-x",
        contact_sid="SM" + "7" * 32,
        session_sid=f"KC{1:032x}",
    )
    service_sid = seller.reserved_number.service.service_sid
    event = {"interactionServiceSid": service_sid, "interactionData": "{}"}
    assert interaction("intercept_callback", **event).status_code == 204

    if how == "suspended":
        provisioning.suspend(seller, "")
    elif how == "left":
        seller.leave()
    else:
        provisioning.release(seller.reserved_number)

    assert interaction("intercept_callback", **event).status_code == 403


def change_phone(seller):
    seller.phone_number = PhoneNumber(BETHS_PHONE)
    seller.phone_epoch += 1
    seller.phone_verified_at = timezone.now()
    seller.save()


ENDINGS = {
    "suspended": lambda seller: provisioning.suspend(seller, ""),
    "left": lambda seller: seller.leave(),
    "released": lambda seller: provisioning.release(seller.reserved_number),
    "another phone": change_phone,
}


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("what", [KILLED_BEFORE, KILLED_AFTER])
@pytest.mark.parametrize("how", ENDINGS)
def test_sweep_closes_what_a_dead_worker_left_open(service, bob_texts, network, how, what, nth):
    seller = SellerFactory()
    provisioning.reserve(provisioning.promise(seller).pk)
    seller = Seller.objects.get()
    number = seller.reserved_number
    bob_texts(number.proxy_identifier)
    ProxySession.objects.update(session_sid=None)

    ENDINGS[how](seller)
    network.kill(what, nth)
    with pytest.raises(Killed):
        tasks.close_proxy_sessions(str(number.pk))
    tasks.sweep()

    assert Session.objects.get().status == "closed"
    assert ProxySession.objects.get().closed_at
    assert not sessions_to_close().exists()


def test_session_that_is_made_while_it_is_looked_for_is_not_taken_for_closed(
    service, bob_texts, monkeypatch
):
    seller = SellerFactory()
    number = provisioning.promise(seller)
    provisioning.reserve(number.pk)
    number.refresh_from_db()
    bob_texts(number.proxy_identifier)
    sid = ProxySession.objects.get().session_sid
    ProxySession.objects.update(session_sid=None, created_at=timezone.now() - timedelta(minutes=5))
    provisioning.suspend(seller, "Selling what is not theirs.")

    def is_not_there_yet(service_sid, unique_name):
        ProxySession.objects.update(session_sid=sid)

    monkeypatch.setattr(twilio_client, "find_session", is_not_there_yet)
    tasks.close_proxy_sessions(str(number.pk))
    assert ProxySession.objects.get().closed_at is None

    tasks.close_proxy_sessions(str(number.pk))
    assert ProxySession.objects.get().closed_at is not None
    assert Session.objects.get().status == Session.Status.CLOSED


def test_releasing_ends_a_move_that_was_under_way():
    seller = tom()
    move = ReservedNumberFactory(pending=True, seller=seller, is_for_move=True)

    provisioning.release(seller.reserved_number)

    move.refresh_from_db()
    assert move.status == Status.RELEASED
