"""Texts that the product sends by itself, through Twilio's own client."""

import pytest

from proxying.switchboard.models import Alert
from tests.switchboard.cast import BETH, BOB, TOM, TOMS_NUMBER, own, refused
from tests.switchboard.customer import BASE


def test_text_from_an_owned_number_arrives(twilio, phones):
    own(TOMS_NUMBER)

    sent = twilio.messages.create(from_=TOMS_NUMBER, to=TOM, body="Your number is ready.")

    assert (sent.status, sent.direction, sent.num_segments) == ("queued", "outbound-api", "1")
    assert phones.texts(TOM) == [(TOMS_NUMBER, TOM, "Your number is ready.")]
    assert twilio.messages(sent.sid).fetch().status == "delivered"


@pytest.mark.parametrize("sender", [{"from_": "Shop"}, {"messaging_service_sid": "MG" + "0" * 32}])
def test_text_from_a_sender_arrives(twilio, phones, sender):
    twilio.messages.create(to=TOM, body="Hello", **sender)

    assert phones.texts(TOM)[0][2] == "Hello"


def test_text_to_nobody_is_undelivered(twilio, phones):
    sent = twilio.messages.create(from_="Shop", to="+14158880000", body="Hello")

    fetched = twilio.messages(sent.sid).fetch()
    assert (fetched.status, fetched.error_code) == ("undelivered", 30003)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"from_": "Shop", "body": "x", "to": "Tom"}, 21211),
        ({"from_": "Shop", "body": "x", "to": ""}, 21604),
        ({"from_": BOB, "body": "x", "to": TOM}, 21606),
        ({"body": "x", "to": TOM}, 21603),
        ({"messaging_service_sid": "MG1", "body": "x", "to": TOM}, 21701),
        ({"from_": "Shop", "body": "", "to": TOM}, 21602),
        ({"from_": "Shop", "body": "x" * 1601, "to": TOM}, 21617),
    ],
)
def test_bad_text_is_refused(twilio, phones, fields, code):
    with refused(code):
        twilio.messages.create(**fields)
    assert phones.texts(TOM) == []


@pytest.mark.parametrize(
    ("to", "status", "error"), [(TOM, "delivered", None), ("+14158880000", "undelivered", "30003")]
)
def test_status_callback_is_told_how_it_ended(twilio, phones, customer, to, status, error):
    url = f"{BASE}status"
    sent = twilio.messages.create(from_="Shop", to=to, body="Hello", status_callback=url)

    (told,) = customer.told("status")
    assert (told["MessageSid"], told["MessageStatus"]) == (sent.sid, status)
    assert told.get("ErrorCode") == error
    assert "Hello" not in told.values()


def test_status_callback_that_refuses_leaves_an_alert(twilio, phones, customer):
    customer.answers_status(500, name="status")
    url = f"{BASE}status"
    sent = twilio.messages.create(from_="Shop", to=TOM, body="Hello", status_callback=url)

    alert = Alert.objects.get()
    assert (alert.error_code, alert.resource_sid) == (11200, sent.sid)
    assert (alert.request_url, alert.response_status) == (url, 500)


def test_list_is_filtered_by_either_end(twilio, phones):
    for to in (TOM, BETH, TOM):
        twilio.messages.create(from_="Shop", to=to, body="Hello")

    assert len(twilio.messages.list(to=TOM, page_size=1)) == 2
    assert len(twilio.messages.list(from_="Shop")) == 3
    assert twilio.messages.list(from_=TOM) == []


def test_text_can_be_wiped_and_deleted(twilio, phones):
    sid = twilio.messages.create(from_="Shop", to=TOM, body="Secret").sid

    assert twilio.messages(sid).update(body="").body == ""
    with refused(20001):
        twilio.messages(sid).update(body="other")
    twilio.messages(sid).delete()

    with refused(20404, 404):
        twilio.messages(sid).fetch()
