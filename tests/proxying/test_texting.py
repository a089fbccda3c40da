import pytest
from django.core.management import call_command
from django.utils import timezone

from proxying import tasks
from proxying.models import ReservedNumber, Seller, SellerText
from proxying.phone_numbers import PhoneNumber
from proxying.provisioning import promise
from proxying.switchboard.models import Message
from tests.proxying.conftest import KILLED_AFTER, LOST_ANSWER, NO_CONNECTION, Killed
from tests.proxying.factories import TOMS_PHONE, SellerFactory

WORDS = "Bob asks to buy “Oak table”."
MESSAGES = "/Messages.json"


@pytest.fixture
def toms(service):
    """Tom at the switchboard, with a number that is really reserved there and a phone."""
    call_command("seed_switchboard", phone=[(TOMS_PHONE, "Tom")], verbosity=0)
    seller = SellerFactory(phone_number=PhoneNumber(TOMS_PHONE))
    tasks.reserve_number(str(promise(seller).pk))
    return seller


def owe(seller, **more):
    return SellerText.objects.create(seller=seller, body=WORDS, **more)


def again(text):
    """The next attempt, as if its time had come."""
    SellerText.objects.filter(pk=text.pk).update(next_attempt_at=timezone.now())
    tasks.send_seller_texts()
    text.refresh_from_db()


def on_the_phone():
    return Message.objects.filter(to=TOMS_PHONE, body=WORDS)


def test_text_goes_from_the_sellers_own_number_to_the_private_phone(toms):
    text = owe(toms)

    tasks.send_seller_texts()

    text.refresh_from_db()
    arrived = on_the_phone().get()
    assert arrived.from_number == ReservedNumber.objects.get().proxy_identifier
    assert text.message_sid == arrived.sid
    assert text.sent_at
    assert text.next_attempt_at is None


def test_text_is_sent_once(toms):
    owe(toms)

    tasks.send_seller_texts()
    tasks.send_seller_texts()

    assert on_the_phone().count() == 1


def test_text_that_is_not_due_waits(toms, network):
    owe(toms, next_attempt_at=timezone.now() + timezone.timedelta(minutes=1))

    tasks.send_seller_texts()

    assert network.requests == []


@pytest.mark.parametrize("fault", [LOST_ANSWER, NO_CONNECTION, 503, 429])
def test_after_an_unclear_answer_the_text_arrives_once(toms, network, fault):
    text = owe(toms)
    network.fail(fault, MESSAGES)
    tasks.send_seller_texts()
    text.refresh_from_db()
    assert text.sent_at is None
    assert text.last_error

    again(text)

    assert text.message_sid == on_the_phone().get().sid


def test_attempt_that_died_is_taken_up_after_its_lease(toms, network):
    text = owe(toms)
    network.kill(KILLED_AFTER, nth=1)
    with pytest.raises(Killed):
        tasks.send_seller_texts()
    tasks.send_seller_texts()
    assert network.count("POST", MESSAGES) == 1

    again(text)

    assert text.sent_at
    assert on_the_phone().count() == 1


def test_same_words_owed_twice_arrive_twice(toms, network):
    first, second = owe(toms), owe(toms)
    network.fail(503, MESSAGES, times=2)
    tasks.send_seller_texts()

    again(first)
    again(second)

    assert on_the_phone().count() == 2
    assert first.message_sid != second.message_sid


def test_one_text_that_fails_keeps_no_other_from_going(toms, network):
    owe(toms)
    owe(toms)
    network.fail(503, MESSAGES)

    tasks.send_seller_texts()

    assert SellerText.objects.filter(sent_at__isnull=False).count() == 1


def test_waits_grow_and_end_after_eight_tries(toms, network):
    text = owe(toms)
    network.fail(503, MESSAGES, times=8)
    tasks.send_seller_texts()

    for attempt in range(2, 9):
        text.refresh_from_db()
        assert text.next_attempt_at is not None, attempt
        again(text)

    assert text.attempts == 8
    assert text.next_attempt_at is text.sent_at is None


def test_refusal_that_is_final_ends_it_at_once(toms, network):
    text = owe(toms)
    body = '{"code": 21610, "message": "opted out: +14152345555", "status": 400}'
    network.fail((400, body), MESSAGES)

    tasks.send_seller_texts()

    text.refresh_from_db()
    assert text.next_attempt_at is None
    assert "21610" in text.last_error
    assert TOMS_PHONE not in text.last_error


@pytest.mark.parametrize("state", [{"suspended_at": timezone.now()}, {"phone_verified_at": None}])
def test_suspended_and_unverified_sellers_are_not_texted(toms, network, state):
    text = owe(toms)
    Seller.objects.update(**state)

    tasks.send_seller_texts()

    text.refresh_from_db()
    assert text.next_attempt_at is None
    assert network.requests == []


def test_text_waits_for_the_number(db, network):
    text = owe(promise(SellerFactory()).seller)

    tasks.send_seller_texts()

    text.refresh_from_db()
    assert text.next_attempt_at > timezone.now()
    assert network.requests == []


def test_no_number_stands_in_the_log(toms, network, caplog, capfd):
    owe(toms)
    network.fail((400, '{"code": 21606, "message": "to +14152345555", "status": 400}'), MESSAGES)

    tasks.send_seller_texts()

    assert "2345555" not in caplog.text + "".join(capfd.readouterr())
