"""Callers while the database is really away: every one is answered, and none by a stale route."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from proxying import deadlines, last_known_good, memory, provisioning, remembered, routing, tasks
from proxying.encryption import blind_index
from proxying.models import Block, Interaction, ProxySession, ReservedNumber, Seller
from proxying.phone_numbers import PhoneNumber
from tests.proxying.callbacks import contact, interaction, post_fields
from tests.proxying.factories import (
    BETHS_NUMBER,
    BETHS_PHONE,
    BOBS_PHONE,
    TOMS_NUMBER,
    TOMS_PHONE,
    ReservedNumberFactory,
    SellerFactory,
    beth,
    tom,
)
from tests.proxying.outages import database_away, database_hangs, redis_away, redis_hangs

pytestmark = pytest.mark.django_db(transaction=True)

MALLORYS_PHONE = "+14154440000"
TEXT = "SM" + "2" * 32


@pytest.fixture(autouse=True)
def nothing_remembered():
    last_known_good.nearby.clear()
    deadlines.line.is_up()
    yield
    last_known_good.nearby.clear()


def call(sid="CA" + "1" * 32, *, sender=BOBS_PHONE, dialled=TOMS_NUMBER, **more):
    return contact(sender, dialled, sid, **more)


def call_number(n, **more):
    return call(f"CA{n:032x}", **more)


def verbs(answer):
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/xml"
    return [verb.tag for verb in ElementTree.fromstring(answer.content)]


def rings(answer):
    assert answer.status_code == 200
    return json.loads(answer.content).get("participantIdentifier")


def connects(answer):
    return answer["Content-Type"] == "application/json"


def held(turn, sid="CA" + "1" * 32):
    fields = {
        "AccountSid": settings.TWILIO_ACCOUNT_SID,
        "CallSid": sid,
        "From": BOBS_PHONE,
        "To": TOMS_NUMBER,
    }
    return post_fields(f"hold_{turn}", fields)


def test_known_seller_is_still_reached(settings):
    tom()
    call_number(1)
    with database_away():
        assert rings(call_number(2)) == TOMS_PHONE


def test_seller_nobody_called_yet_is_reached_once_all_routes_are_remembered():
    tom()
    assert tasks.remember_routes() is None
    with database_away():
        assert rings(call_number(2)) == TOMS_PHONE


def test_same_call_told_twice_is_answered_the_same():
    tom()
    fresh = call_number(1).content
    with database_away():
        assert call_number(1).content == fresh == call_number(1).content


def test_database_that_hangs_costs_less_than_three_seconds():
    tom()
    call_number(1)
    with database_hangs():
        began = time.monotonic()
        assert rings(call_number(2)) == TOMS_PHONE
        assert time.monotonic() - began < 3
        began = time.monotonic()
        assert rings(call_number(3)) == TOMS_PHONE
        assert time.monotonic() - began < 0.5


def test_redis_that_hangs_costs_less_than_three_seconds():
    """Also a caller of a resting number, whose call is written down."""
    provisioning.release(tom().reserved_numbers.get())
    with redis_hangs():
        began = time.monotonic()
        assert not connects(call_number(1))
        assert time.monotonic() - began < 3


def test_statement_that_waits_for_ever_is_broken_off(monkeypatch):
    monkeypatch.setattr(deadlines, "_PATIENCE", 1.0)
    seller = tom()
    call_number(1)
    other = ThreadPoolExecutor(1)

    def lock():
        connection.ensure_connection()
        connection.connection.execute("BEGIN; LOCK TABLE proxying_reservednumber")

    other.submit(lock).result()
    try:
        began = time.monotonic()
        assert rings(call_number(2)) == TOMS_PHONE
        assert time.monotonic() - began < 2
    finally:
        other.submit(lambda: connection.close()).result()  # noqa: PLW0108 (that thread's own)
    deadlines.line.is_up()
    assert rings(call_number(3)) == TOMS_PHONE
    assert Seller.objects.get().pk == seller.pk


def test_connection_lost_meanwhile_costs_the_caller_nothing():
    tom()
    call_number(1)
    with ThreadPoolExecutor(1) as other:
        pid = connection.connection.info.backend_pid

        def terminate():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
            connection.close()

        other.submit(terminate).result()
    assert rings(call_number(2)) == TOMS_PHONE
    assert ProxySession.objects.count() == 2


def test_redis_and_database_away_seller_called_just_now_is_reached():
    tom()
    call_number(1)
    with database_away(), redis_away():
        assert rings(call_number(2)) == TOMS_PHONE


def test_redis_away_alone_changes_nothing():
    tom()
    with redis_away():
        assert rings(call_number(1)) == TOMS_PHONE


def test_blocked_buyer_does_not_get_through():
    seller = tom()
    Block.objects.create(seller=seller, buyer_index=blind_index(MALLORYS_PHONE))
    call_number(1)
    with database_away():
        assert connects(call_number(2))
        assert not connects(call_number(3, sender=MALLORYS_PHONE))


def test_who_is_turned_away_hears_what_is_heard_of_unknown_numbers():
    seller = tom()
    Block.objects.create(seller=seller, buyer_index=blind_index(MALLORYS_PHONE))
    call_number(1)
    with database_away():
        blocked = call_number(2, sender=MALLORYS_PHONE)
        own = call_number(3, sender=TOMS_PHONE)
        unknown = call_number(4, dialled=BETHS_NUMBER)
    assert blocked.content == own.content == unknown.content


@pytest.mark.parametrize(
    "change",
    [
        lambda seller: provisioning.suspend(seller, "spam"),
        lambda seller: provisioning.release(seller.reserved_number),
        lambda seller: seller.leave(),
        lambda seller: Block.objects.create(seller=seller, buyer_index=blind_index(BOBS_PHONE)),
        lambda seller: Seller.objects.filter(pk=seller.pk).update(
            away_until=timezone.now() + timedelta(days=1)
        ),
    ],
    ids=["suspended", "released", "left", "blocked", "away"],
)
def test_change_ends_what_is_remembered(change):
    seller = tom()
    call_number(1)
    change(seller)
    with database_away():
        assert not connects(call_number(2))


def test_old_phone_is_not_rung_after_a_change():
    seller = tom()
    call_number(1)
    seller.phone_number = PhoneNumber(BETHS_PHONE)
    seller.save()
    with database_away():
        assert not connects(call_number(2))
    call_number(3)
    with database_away():
        assert rings(call_number(4)) == BETHS_PHONE


def test_route_that_another_process_changed_is_kept_anew_by_the_next_call():
    seller = tom()
    call_number(1)
    kept_here = last_known_good.nearby.find(TOMS_NUMBER)
    seller.phone_number = PhoneNumber(BETHS_PHONE)
    seller.save()
    last_known_good.nearby.keep(TOMS_NUMBER, kept_here)
    with database_away():
        assert not connects(call_number(2))

    call_number(3)

    with database_away():
        assert rings(call_number(4)) == BETHS_PHONE


def test_unblocked_buyer_is_reached_again():
    seller = tom()
    block = Block.objects.create(seller=seller, buyer_index=blind_index(BOBS_PHONE))
    Block.objects.filter(pk=block.pk).delete()
    call_number(1)
    with database_away():
        assert connects(call_number(2))


def test_read_before_a_change_and_kept_after_it_does_not_count():
    seller = tom()
    known = last_known_good.epochs([TOMS_NUMBER])
    number = ReservedNumber.objects.annotate(was_anothers=routing.was_anothers()).get()
    assert number.seller.secret()
    provisioning.suspend(seller, "spam")
    remembered._keep([(number, [])], known)
    with database_away():
        assert not connects(call_number(2))


def test_process_that_dies_between_change_and_purge_leaves_nothing_stale():
    seller = tom()
    call_number(1)
    # Commits, and dies before what was to happen on commit.
    with transaction.atomic():
        provisioning.suspend(seller, "spam")
        connection.run_on_commit.clear()
    with database_away():
        assert not connects(call_number(2))


def test_change_whose_process_died_is_remembered_for_longer_than_any_route():
    last_known_good.begin_change([TOMS_NUMBER])
    key = last_known_good._epoch_key(TOMS_NUMBER)
    assert memory.ask(lambda redis: redis.ttl(key)) > last_known_good.LIFE.total_seconds()


def test_change_ends_what_is_remembered_though_redis_was_late_for_a_caller():
    seller = tom()
    call_number(1)
    memory.line.away_until = time.monotonic() + 60
    provisioning.suspend(seller, "spam")
    memory.line.away_until = 0.0
    with database_away():
        assert not connects(call_number(2))


def test_what_was_read_during_a_change_is_not_kept():
    seller = tom()
    last_known_good.begin_change([TOMS_NUMBER])
    call_number(1)
    with database_away():
        assert not connects(call_number(2))
    assert seller.reserved_number.is_active


def test_number_that_was_anothers_is_not_remembered():
    """Bob knew it as Tom's. Memory does not know that, and must not ring Beth for him."""
    tom()
    call_number(1)
    ReservedNumber.objects.update(status=ReservedNumber.Status.RELEASED)
    seller = SellerFactory(phone_number=PhoneNumber(BETHS_PHONE))
    ReservedNumberFactory(seller=seller, proxy_identifier=TOMS_NUMBER)
    assert rings(call_number(2, sender=MALLORYS_PHONE)) == BETHS_PHONE
    remembered.keep_all()
    with database_away():
        assert not connects(call_number(3))


def test_remembered_route_does_not_open_as_another_numbers():
    tom()
    beth()
    call_number(1)

    def move(redis):
        sealed = redis.get(last_known_good._route_key(TOMS_NUMBER))
        redis.set(last_known_good._route_key(BETHS_NUMBER), sealed)
        return sealed

    assert TOMS_PHONE not in memory.ask(move)
    with database_away():
        assert not connects(call_number(2, dialled=BETHS_NUMBER))


def test_two_phones_that_forward_to_each_other_stop(settings):
    settings.CONTACTS_OF_A_PAIR_AN_HOUR = 3
    tom()
    call_number(1)
    with database_away():
        answers = [connects(call_number(n)) for n in range(2, 8)]
    assert answers == [True] * 3 + [False] * 3


def test_forwarded_call_is_not_connected_by_memory():
    tom()
    call_number(1)
    with database_away():
        assert not connects(call_number(2, ForwardedFrom=BETHS_PHONE))


def test_unknown_caller_holds_the_line_three_times_and_hears_an_apology():
    tom()
    with database_away():
        assert verbs(call()) == ["Say", "Pause", "Redirect"]
        assert reverse("hold_1").encode() in call().content
        assert reverse("hold_2").encode() in held(1).content
        assert reverse("hold_3").encode() in held(2).content
        assert verbs(held(3)) == ["Say", "Hangup"]


def test_caller_on_hold_is_connected_once_the_database_is_back():
    tom()
    with database_away():
        call()
    dial = ElementTree.fromstring(held(1).content)[0]
    assert (dial.tag, dial.get("callerId"), dial[0].text) == ("Dial", TOMS_NUMBER, TOMS_PHONE)


def test_caller_on_hold_who_is_blocked_is_turned_away():
    seller = tom()
    Block.objects.create(seller=seller, buyer_index=blind_index(BOBS_PHONE))
    assert verbs(held(1)) == ["Say", "Hangup"]


def test_text_is_answered_with_an_apology_once_a_day():
    tom()
    with database_away():
        assert verbs(contact(BOBS_PHONE, TOMS_NUMBER, TEXT)) == ["Message"]
        assert verbs(contact(BOBS_PHONE, TOMS_NUMBER, TEXT)) == ["Message"]
        assert verbs(contact(BOBS_PHONE, TOMS_NUMBER, "SM" + "3" * 32)) == []


def test_everything_away_every_call_and_text_is_answered():
    tom()
    with database_away(), redis_away():
        assert verbs(call()) == ["Say", "Pause", "Redirect"]
        assert verbs(contact(BOBS_PHONE, TOMS_NUMBER, TEXT)) == []


def test_error_of_our_own_loses_no_caller(monkeypatch):
    tom()
    call_number(1)
    monkeypatch.setattr("proxying.routing._numbers_concerned", lambda contact: 1 / 0)
    assert rings(call_number(2)) == TOMS_PHONE


def test_session_is_written_down_when_the_database_is_back():
    tom()
    call_number(1)
    with database_away():
        call_number(2)
    tasks.settle_aside()
    tasks.settle_aside()
    session = ProxySession.objects.get(contact_sid=f"CA{2:032x}")
    assert session.buyer_index == blind_index(BOBS_PHONE)


def test_interaction_is_recorded_when_the_database_is_back():
    seller = tom()
    service_sid = seller.reserved_number.service.service_sid
    call_number(1)
    with database_away():
        call_number(2)
        answer = interaction(interactionServiceSid=service_sid, inboundResourceSid=f"CA{2:032x}")
        assert answer.status_code == 204
        told_at = timezone.now()
    tasks.settle_aside()
    row = Interaction.objects.get()
    assert row.proxy_session.contact_sid == f"CA{2:032x}"
    assert row.created_at <= told_at


def test_interaction_that_nobody_can_keep_is_not_acknowledged():
    with database_away(), redis_away():
        assert interaction().status_code == 503


def test_blocked_pair_stays_refused_in_their_session():
    seller = tom()
    number = seller.reserved_number
    call_number(1)
    ProxySession.objects.update(session_sid=f"KC{1:032x}")
    Block.objects.create(seller=seller, buyer_index=blind_index(BOBS_PHONE))
    tasks.settle_aside()
    sid = number.service.service_sid
    with database_away():
        assert interaction("intercept_callback", interactionServiceSid=sid).status_code == 403
        other = interaction("intercept_callback", interactionServiceSid=sid, number=2)
        assert other.status_code == 204


def test_number_is_nowhere_in_redis_in_clear():
    tom()
    call_number(1)
    with database_away():
        call_number(2)

    def everything(redis):
        keys = redis.keys("proxying.*")
        return keys + [
            redis.get(k) if redis.type(k) == "string" else redis.lrange(k, 0, -1) for k in keys
        ]

    held_there = str(memory.ask(everything))
    assert "proxying.route" in held_there
    assert "proxying.aside" in held_there
    for number in (TOMS_PHONE, BOBS_PHONE, TOMS_PHONE[1:], BOBS_PHONE[1:]):
        assert number not in held_there
