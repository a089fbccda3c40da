"""A seller answers in an old Session while a new one of the two is open: Proxy makes no third."""

import math
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from proxying import deadlines, last_known_good, provisioning, tasks
from proxying.encryption import blind_index
from proxying.models import (
    Block,
    Interaction,
    MissedText,
    PoolNumber,
    ProxySession,
    Seller,
    SellerText,
)
from proxying.phone_numbers import PhoneNumber
from proxying.switchboard import sessions
from proxying.switchboard.models import Alert, Call, Message, Service, Session
from proxying.switchboard.traffic import calls
from tests.proxying.conftest import KILLED_AFTER, KILLED_BEFORE, Killed
from tests.proxying.factories import (
    BETHS_PHONE,
    BOBS_PHONE,
    TOMS_PHONE,
    ReservedNumberFactory,
    SellerFactory,
)


@pytest.fixture
def tom(service, settings):
    """Whose phone is shown another number each time that Bob writes anew."""
    settings.TIME_ZONE = "UTC"
    last_known_good.nearby.clear()
    Client().post("/switchboard/phones/api/phones", {"name": "Tom", "number": TOMS_PHONE})
    seller = SellerFactory(phone_number=PhoneNumber(TOMS_PHONE))
    tasks.reserve_number(str(provisioning.promise(seller).pk))
    Service.objects.update(number_selection_behavior=Service.NumberSelectionBehavior.AVOID_STICKY)
    return Seller.objects.get()


@pytest.fixture
def our_row_is_lost(old):
    """Of the old Session: with Redis, where it waited for the database."""
    ProxySession.objects.order_by("created_at")[0].delete()


@pytest.fixture
def old(tom, bob_texts):
    """The number at which Tom was shown Bob in the Session before the open one."""
    number = tom.reserved_number.proxy_identifier
    bob_texts(number, "Is it still there?")
    old = Message.objects.get(to=TOMS_PHONE).from_number
    sessions_end()
    bob_texts(number, "Hello?")
    new = Message.objects.filter(to=TOMS_PHONE).exclude(from_number=old).get().from_number
    assert {old, new} <= set(PoolNumber.objects.values_list("proxy_identifier", flat=True))
    return old


def sessions_end():
    for session in Session.objects.all():
        sessions.close(session)


def tom_texts(to, body="Yes, it is"):
    text = {"from": TOMS_PHONE, "to": to, "body": body}
    assert Client().post("/switchboard/phones/api/messages", text).status_code == 201


def to_bob():
    texts = Message.objects.filter(to=BOBS_PHONE)
    return list(texts.values_list("from_number", "body"))


def test_text_is_passed_on_in_the_open_session(tom, old):
    tom_texts(old)
    tasks.pass_on_missed_texts()
    [(shown, body)] = to_bob()
    assert shown == tom.reserved_number.proxy_identifier
    assert body.endswith(") Yes, it is")
    assert Session.objects.count() == 2
    assert not Alert.objects.exists()


def test_text_told_twice_is_passed_on_once(old):
    tom_texts(old)
    for _ in range(3):
        MissedText.objects.update(next_attempt_at=timezone.now())
        tasks.pass_on_missed_texts()
    assert len(to_bob()) == 1


def test_call_is_put_through(tom, old):
    call = calls.place(TOMS_PHONE, old)
    leg = Call.objects.get(parent=call)
    assert (leg.to, leg.from_number) == (BOBS_PHONE, tom.reserved_number.proxy_identifier)


def test_code_is_passed_on_only_when_the_seller_sends_it_again(tom, old):
    tom_texts(old, "your code is 123456")
    tasks.pass_on_missed_texts()
    assert to_bob() == []
    assert MissedText.objects.get().outcome == "the seller is warned of passing on a code"
    told = SellerText.objects.get()
    assert (told.seller, "123456" in told.body) == (tom, False)

    tom_texts(old, "your code is 123456")
    tasks.pass_on_missed_texts()
    [(_shown, body)] = to_bob()
    assert body.endswith(") your code is 123456")
    assert SellerText.objects.count() == 1


@pytest.mark.parametrize("what", [KILLED_BEFORE, KILLED_AFTER])
@pytest.mark.parametrize("nth", range(1, 7))
def test_death_at_any_request_loses_and_doubles_nothing(old, network, what, nth):
    tom_texts(old)
    network.kill(what, nth)
    with pytest.raises(Killed):
        tasks.pass_on_missed_texts()
    MissedText.objects.update(next_attempt_at=timezone.now())
    tasks.pass_on_missed_texts()
    assert len(to_bob()) == 1


def test_blocked_meanwhile_it_is_not_passed_on(tom, old):
    tom_texts(old)
    Block.objects.create(seller=tom, buyer_index=blind_index(BOBS_PHONE))
    tasks.pass_on_missed_texts()
    assert to_bob() == []
    assert MissedText.objects.get().outcome == "the seller blocks this buyer"


def test_open_session_that_ended_meanwhile_is_replaced(tom, old):
    tom_texts(old)
    sessions_end()
    tasks.pass_on_missed_texts()
    [(shown, _body)] = to_bob()
    assert shown == tom.reserved_number.proxy_identifier
    session = ProxySession.objects.get(begun_by_seller=True)
    assert session.session_sid
    assert session.first_participant_sid


@pytest.fixture
def toms_answer_is_missed(old, monkeypatch):
    monkeypatch.setattr(deadlines.line, "_next_try", math.inf)
    last_known_good.nearby.clear()
    tom_texts(old)
    deadlines.line.is_up()
    tasks.settle_aside()


def test_text_of_an_outage_is_passed_on_too(toms_answer_is_missed):
    tasks.pass_on_missed_texts()
    assert len(to_bob()) == 1


def test_that_the_row_of_the_old_session_is_lost_does_not_matter(
    toms_answer_is_missed, our_row_is_lost
):
    tasks.pass_on_missed_texts()
    assert len(to_bob()) == 1


def test_lost_row_does_not_lead_the_seller_to_the_numbers_new_holder(
    toms_answer_is_missed, our_row_is_lost, old
):
    """Tom was shown Bob on a number of the pool that is Beth's by now."""
    beth = SellerFactory(phone_number=PhoneNumber(BETHS_PHONE))
    Client().post("/switchboard/phones/api/phones", {"name": "Beth", "number": BETHS_PHONE})
    _gets(beth, old)
    tasks.pass_on_missed_texts()
    assert MissedText.objects.get().outcome == "the number had another meaning for this sender"
    assert not Message.objects.filter(to=BETHS_PHONE).exists()


def test_session_that_twilio_has_lost_too_leads_to_nobody(
    toms_answer_is_missed, our_row_is_lost, old
):
    Session.objects.all().delete()
    tasks.pass_on_missed_texts()
    assert to_bob() == []
    assert MissedText.objects.get().outcome == "the earlier Session is gone"


def _gets(seller, e164):
    """As from the pool, an hour after Tom's text."""
    pooled = PoolNumber.objects.get(proxy_identifier=e164)
    ReservedNumberFactory(
        seller=seller,
        service=pooled.service,
        proxy_identifier=e164,
        phone_number_sid=pooled.phone_number_sid,
        active_at=timezone.now() + timedelta(hours=1),
    )
    pooled.delete()


def test_session_of_which_nothing_was_heard_for_long_is_not_in_the_way(old, settings):
    long_ago = timezone.now() - timedelta(seconds=settings.PROXY_SESSION_TTL, hours=2)
    ProxySession.objects.update(created_at=long_ago)
    Interaction.objects.update(created_at=long_ago)
    sessions_end()
    tom_texts(old)
    assert [body for _shown, body in to_bob()] == ["Yes, it is"]
    assert not MissedText.objects.exists()
