"""Texts that came while nobody could be found for them: passed on once, or not at all."""

import math
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from proxying import (
    deadlines,
    last_known_good,
    missed_texts,
    provisioning,
    routing,
    tasks,
    twilio_client,
)
from proxying.encryption import blind_index
from proxying.models import (
    Block,
    LimitCounter,
    MissedText,
    ProxySession,
    ReservedNumber,
    Seller,
)
from proxying.switchboard.models import Message, Session
from proxying.switchboard.sessions import close as end
from tests.proxying.callbacks import contact
from tests.proxying.conftest import KILLED_AFTER, KILLED_BEFORE, LOST_ANSWER, Killed
from tests.proxying.factories import (
    BETHS_NUMBER,
    BOBS_PHONE,
    TOMS_PHONE,
    PoolNumberFactory,
    SellerFactory,
    UserFactory,
    beth,
)
from tests.proxying.test_erasing import sells

SENDING = "MessageInteractions"


@pytest.fixture
def seller(service, settings):
    """Tom, whose phone and number are really at the switchboard."""
    settings.TIME_ZONE = "UTC"
    last_known_good.nearby.clear()
    return sells("Tom", TOMS_PHONE)


@pytest.fixture
def bobs_text_is_missed(bob_texts, monkeypatch):
    """It comes while we leave the database alone."""

    def text(seller):
        monkeypatch.setattr(deadlines.line, "_next_try", math.inf)
        bob_texts(seller.reserved_number.proxy_identifier, "Is it still there?")
        deadlines.line.is_up()
        assert "could not pass on" in texts_on(BOBS_PHONE)[0]
        tasks.settle_aside()

    return text


@pytest.fixture
def missed(seller, bobs_text_is_missed):
    bobs_text_is_missed(seller)
    return MissedText.objects.get()


def texts_on(phone):
    answer = Client().get(f"/switchboard/phones/api/phones/{phone}")
    return [text["body"] for text in answer.json()["messages"] if text["direction"] != "sent"]


def on_toms_phone():
    return list(Message.objects.filter(to=TOMS_PHONE).values_list("body", flat=True))


def again(missed):
    """The next attempt, whoever holds the row."""
    MissedText.objects.filter(pk=missed.pk).update(next_attempt_at=timezone.now())
    tasks.pass_on_missed_texts()
    missed.refresh_from_db()


def test_missed_text_reaches_the_seller_with_its_time(missed):
    tasks.pass_on_missed_texts()
    (body,) = on_toms_phone()
    assert body.startswith("(sent ")
    assert body.endswith(") Is it still there?")
    missed.refresh_from_db()
    assert missed.settled_at
    assert missed.outcome == ""


def test_it_is_passed_on_once(missed):
    for _ in range(3):
        again(missed)
        missed_texts.promise(missed.message_sid)
    assert len(on_toms_phone()) == 1
    assert MissedText.objects.count() == 1


def test_seller_can_answer(missed):
    tasks.pass_on_missed_texts()
    seen = Message.objects.get(to=TOMS_PHONE).from_number
    text = {"from": TOMS_PHONE, "to": seen, "body": "Yes"}
    assert Client().post("/switchboard/phones/api/messages", text).status_code == 201
    assert "Yes" in texts_on(BOBS_PHONE)
    session = ProxySession.objects.get()
    assert session.session_sid
    assert session.buyer_index == blind_index(BOBS_PHONE)


@pytest.mark.parametrize("what", [KILLED_BEFORE, KILLED_AFTER])
@pytest.mark.parametrize("nth", range(1, 9))
def test_death_at_any_request_loses_and_doubles_nothing(missed, network, what, nth):
    network.kill(what, nth)
    with pytest.raises(Killed):
        tasks.pass_on_missed_texts()
    again(missed)
    assert len(on_toms_phone()) == 1
    assert missed.settled_at
    assert ProxySession.objects.count() == 1


@pytest.mark.parametrize("what", [LOST_ANSWER, 500, 429])
def test_unclear_answer_loses_and_doubles_nothing(missed, network, what):
    network.fail(what, SENDING)
    tasks.pass_on_missed_texts()
    missed.refresh_from_db()
    assert missed.settled_at is None
    again(missed)
    assert len(on_toms_phone()) == 1


@pytest.mark.parametrize("we_know", [False, True])
def test_text_is_passed_on_in_its_own_session_after_that_has_ended(missed, network, we_know):
    """Its name is taken for good."""
    network.fail(500, SENDING)
    tasks.pass_on_missed_texts()
    end(Session.objects.get())
    if we_know:
        ProxySession.objects.update(closed_at=timezone.now())

    again(missed)

    assert len(on_toms_phone()) == 1
    assert Session.objects.get().is_active
    assert ProxySession.objects.get().closed_at is None


def test_session_to_an_old_phone_is_not_opened_again(missed, network, seller):
    network.fail(500, SENDING)
    tasks.pass_on_missed_texts()
    seller.phone_epoch += 1
    seller.save()
    end(Session.objects.get())

    again(missed)

    assert on_toms_phone() == []
    assert not Session.objects.get().is_active
    assert missed.outcome == "the Session has another phone"


def test_another_attempt_at_work_is_left_alone(missed, network):
    MissedText.claim(str(missed.pk), lease=timedelta(minutes=3))
    tasks.pass_on_missed_texts()
    assert on_toms_phone() == []
    assert network.requests == []


def test_open_session_of_the_two_is_used(missed, seller, bob_texts):
    bob_texts(seller.reserved_number.proxy_identifier, "Hello?")
    tasks.pass_on_missed_texts()
    assert len(on_toms_phone()) == 2
    assert Session.objects.count() == 1


def test_session_that_was_looked_for_too_early_is_open_once_it_is_made(missed, seller):
    """Whoever needed a number found none of its name, and took it for closed."""
    ProxySession.objects.create(
        reserved_number=seller.reserved_number,
        buyer_index=blind_index(BOBS_PHONE),
        unique_name=routing.unique_name(missed.message_sid),
        contact_sid=missed.message_sid,
        closed_at=timezone.now(),
    )

    tasks.pass_on_missed_texts()

    session = ProxySession.objects.get()
    assert (session.session_sid, session.closed_at) == (Session.objects.get().sid, None)


def test_text_that_proxy_carried_after_all_is_not_sent_again(seller, bob_texts):
    bob_texts(seller.reserved_number.proxy_identifier, "Is it still there?")
    missed_texts.promise(ProxySession.objects.get().contact_sid)
    tasks.pass_on_missed_texts()
    assert on_toms_phone() == ["Is it still there?"]
    assert MissedText.objects.get().settled_at


def test_text_that_proxy_carried_in_a_session_nobody_remembers_is_not_sent_again(seller, bob_texts):
    """The Session has ended since, and another one of the two is open."""
    bob_texts(seller.reserved_number.proxy_identifier, "Is it still there?")
    sid = ProxySession.objects.get().contact_sid
    ProxySession.objects.all().delete()
    twilio_client.close_session(Session.objects.get().service_id, Session.objects.get().sid)
    bob_texts(seller.reserved_number.proxy_identifier, "Hello?")
    open_one = Session.objects.exclude(status=Session.Status.CLOSED).get()
    ProxySession.objects.update(session_sid=open_one.sid)
    missed_texts.promise(sid)
    tasks.pass_on_missed_texts()
    assert sorted(on_toms_phone()) == ["Hello?", "Is it still there?"]


@pytest.mark.parametrize(
    ("meanwhile", "outcome"),
    [
        (
            lambda s: Block.objects.create(seller=s, buyer_index=blind_index(BOBS_PHONE)),
            "the seller blocks this buyer",
        ),
        (lambda s: provisioning.suspend(s, "spam"), "the seller is suspended"),
        (
            lambda s: Seller.objects.update(away_until=timezone.now() + timedelta(days=1)),
            "the seller is away",
        ),
        (
            lambda s: Message.objects.update(date_created=timezone.now() - timedelta(hours=25)),
            "too old",
        ),
        (lambda s: Message.objects.all().delete(), "nothing to pass on"),
        (
            lambda s: PoolNumberFactory(proxy_identifier=TOMS_PHONE),
            "the seller's phone number is one of our own",
        ),
    ],
    ids=["blocked", "suspended", "away", "old", "gone", "ours"],
)
def test_text_that_would_not_be_let_through_now_is_not_passed_on(
    missed, seller, meanwhile, outcome
):
    meanwhile(seller)
    tasks.pass_on_missed_texts()
    assert on_toms_phone() == []
    missed.refresh_from_db()
    assert missed.outcome == outcome
    assert missed.settled_at


def test_senders_of_late_texts_do_not_ring_one_seller_after_the_other(missed, settings):
    settings.NUMBERS_OF_A_CALLER_IN_TEN_MINUTES = 1
    tasks.pass_on_missed_texts()
    beth()
    assert contact(BOBS_PHONE, BETHS_NUMBER)["Content-Type"] == "application/json"
    assert len(on_toms_phone()) == 1


@pytest.fixture
def missed_twice(missed, bobs_text_is_missed):
    """One text to Tom, and one to Beth."""
    bobs_text_is_missed(sells("Beth", "+14155550123"))
    return MissedText.objects.order_by("pk")


def counters():
    return set(LimitCounter.objects.values_list("key", flat=True))


def outcomes(missed_twice):
    tasks.pass_on_missed_texts()
    return list(missed_twice.values_list("outcome", flat=True))


def test_late_texts_reach_no_more_sellers_than_others_may(missed_twice, settings):
    settings.NUMBERS_OF_A_CALLER_IN_TEN_MINUTES = 1
    assert outcomes(missed_twice) == ["", "late texts to too many sellers"]


def test_late_texts_of_a_sender_are_limited(missed_twice, settings):
    settings.CONTACTS_OF_A_CALLER_AN_HOUR = 1
    assert outcomes(missed_twice) == ["", "too many late texts"]


def test_late_texts_put_nobody_into_quarantine_and_use_up_no_turn(missed_twice, settings):
    settings.NUMBERS_OF_A_CALLER_IN_TEN_MINUTES = 1
    before = counters()
    tasks.pass_on_missed_texts()
    assert [key.split(".")[0] for key in counters() - before] == ["late"]


def test_attempt_that_is_repeated_is_counted_once(missed, network, settings):
    settings.CONTACTS_OF_A_CALLER_AN_HOUR = 1
    network.fail(500, SENDING)
    tasks.pass_on_missed_texts()
    again(missed)
    assert len(on_toms_phone()) == 1


def test_sender_who_knew_the_number_as_anothers_does_not_reach_its_new_holder(missed, seller):
    number = seller.reserved_number
    former = SellerFactory()
    old = number.__class__.objects.create(
        seller=former,
        status="released",
        proxy_identifier=number.proxy_identifier,
        service=number.service,
        phone_number_sid="PN" + "5" * 32,
    )
    ProxySession.objects.create(
        reserved_number=old,
        buyer_index=blind_index(BOBS_PHONE),
        unique_name="sp-old",
        contact_sid="CA" + "5" * 32,
    )
    tasks.pass_on_missed_texts()
    assert on_toms_phone() == []


def test_text_from_before_the_number_was_the_sellers_is_not_for_them(missed, seller):
    ReservedNumber.objects.update(active_at=timezone.now() + timedelta(minutes=1))
    tasks.pass_on_missed_texts()
    assert on_toms_phone() == []
    assert MissedText.objects.get().outcome == "the number was not this seller's yet"


def test_neither_text_nor_number_is_kept(missed):
    tasks.pass_on_missed_texts()
    row = str(MissedText.objects.values().get()) + str(ProxySession.objects.values().get())
    for told in ("still there", BOBS_PHONE[1:], TOMS_PHONE[1:]):
        assert told not in row


# What staff see of it

PAGE = "/admin/proxying/missedtext/"


@pytest.fixture
def olga(db, client):
    client.force_login(UserFactory(username="olga", is_staff=True, is_superuser=True))
    return client


def missed_text(n, **fields):
    return MissedText.objects.create(message_sid=f"SM{n:032x}", **fields)


def test_staff_see_what_became_of_each(olga):
    now = timezone.now()
    missed_text(1)
    missed_text(2, settled_at=now)
    missed_text(3, settled_at=now, outcome="too old")
    missed_text(4, next_attempt_at=None, unended_attempts=5, last_error="died")
    page = olga.get(PAGE).content.decode()
    for told in ("to be passed on", "passed on", "not passed on: too old", "parked, needs staff"):
        assert f">{told}" in page


def test_staff_see_neither_text_nor_number(missed, olga):
    tasks.pass_on_missed_texts()
    page = olga.get(f"{PAGE}{missed.pk}/change/").content.decode()
    assert missed.message_sid in page
    for told in ("still there", BOBS_PHONE[1:], TOMS_PHONE[1:]):
        assert told not in page


def test_parked_text_is_tried_again_by_staff(olga):
    parked = missed_text(4, next_attempt_at=None, unended_attempts=5, last_error="died")
    olga.post(PAGE, {"action": "try_again", "_selected_action": [parked.pk]})
    assert parked.is_parked
    parked.refresh_from_db()
    assert parked.next_attempt_at


def test_list_costs_the_same_for_one_and_three(olga):
    costs = []
    for n in range(3):
        missed_text(n, settled_at=timezone.now(), outcome="too old")
        with CaptureQueriesContext(connection) as queries:
            olga.get(PAGE)
        costs.append(len(queries))
    assert costs[0] == costs[2] <= 12
