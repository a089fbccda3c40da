"""Webhooks that come twice, late, or in another order than things happened."""

import pytest
import requests
from twilio.request_validator import RequestValidator

from proxying.switchboard.faults import held
from proxying.switchboard.models import Fault, HeldWebhook
from proxying.switchboard.tasks import tick
from tests.switchboard.cast import BOB, TOM, TOMS_NUMBER

TO_TOM = '{"participantIdentifier": "+14152345555"}'


@pytest.fixture
def told(phones, shop, customer, clock):
    """Bob texts Tom; the SIDs and statuses that the callback was told so far, in its order."""
    customer.answers_json(TO_TOM)

    def states():
        return [
            (post["interactionSid"], post.get("outboundResourceStatus", ""))
            for post in customer.told("callback")
        ]

    return states


def plan(kind, path="customer/callback", **fields):
    return Fault.objects.create(kind=kind, path=path, **fields)


def test_webhook_arrives_as_often_as_rules_strike(told, phones):
    plan("webhook_twice", seed="a")
    plan("webhook_twice", seed="b")

    phones.text(BOB, TOMS_NUMBER)

    states = told()
    assert len(states) % 3 == 0
    assert all(states.count(state) == 3 for state in states)


def test_question_is_asked_twice_and_the_last_answer_counts(phones, shop, customer):
    customer.answers_json(TO_TOM)
    plan("webhook_twice", "customer/out-of-session")

    phones.text(BOB, TOMS_NUMBER, "Hello")

    assert len(customer.told("out-of-session")) == 2
    assert phones.texts(TOM)[0][2] == "Hello"


def test_late_webhook_comes_when_it_is_due(told, phones, clock):
    plan("webhook_late", delay_ms=9000)
    phones.text(BOB, TOMS_NUMBER)
    assert told() == []
    waiting = HeldWebhook.objects.count()

    clock.shift(8)
    tick()
    assert told() == []
    clock.shift(2)
    tick()

    assert len(told()) == waiting > 0
    assert not HeldWebhook.objects.exists()


def test_late_question_is_waited_for(phones, shop, customer, monkeypatch):
    slept = []
    monkeypatch.setattr("proxying.switchboard.webhooks.time.sleep", slept.append)
    customer.answers_json(TO_TOM)
    plan("webhook_late", "customer/out-of-session", delay_ms=700)

    phones.text(BOB, TOMS_NUMBER, "Hello")

    assert [seconds for seconds in slept if seconds] == [0.7]
    assert phones.texts(TOM)[0][2] == "Hello"


def shuffled(phones, told, seed):
    rule = plan("webhook_shuffled", delay_ms=5000, seed=seed)
    before = len(told())
    for number in range(6):
        phones.text(BOB, TOMS_NUMBER, f"Text {number}")
    in_order = list(HeldWebhook.objects.order_by("pk").values_list("fields", flat=True))
    held.deliver(everything=True)
    rule.delete()
    wanted = [post["interactionSid"] for post in in_order]
    arrived = [sid for sid, _status in told()[before:]]
    return [wanted.index(sid) for sid in arrived], wanted, arrived


def test_shuffled_webhooks_all_arrive_in_an_order_that_replays(told, phones):
    first, wanted, arrived = shuffled(phones, told, "1")

    assert sorted(wanted) == sorted(arrived)
    assert wanted != arrived
    assert shuffled(phones, told, "1")[0] == first != shuffled(phones, told, "2")[0]


def test_everything_kept_back_is_delivered_on_demand(told, phones, client):
    plan("webhook_late", delay_ms=60_000)
    phones.text(BOB, TOMS_NUMBER)
    waiting = HeldWebhook.objects.count()

    answer = client.post("/switchboard/faults/deliver/")

    assert answer.json() == {"delivered": waiting}
    assert len(told()) == waiting


def test_kept_back_webhook_that_nobody_takes_stops_no_other(told, phones):
    plan("webhook_late", delay_ms=1)
    phones.text(BOB, TOMS_NUMBER)
    HeldWebhook.objects.filter(pk=HeldWebhook.objects.first().pk).update(
        url="http://127.0.0.1:9/nobody"
    )
    waiting = HeldWebhook.objects.count()

    assert held.deliver(everything=True) == waiting
    assert len(told()) == waiting - 1


def test_webhook_is_signed_when_it_is_sent(told, phones, customer, settings):
    plan("webhook_late", delay_ms=1)
    phones.text(BOB, TOMS_NUMBER)
    settings.TWILIO_AUTH_TOKENS = ["a-new-one"]
    before = len(customer.signatures)

    held.deliver(everything=True)

    late = customer.signatures[before:]
    assert late
    assert all(RequestValidator("a-new-one").validate(*signed) for signed in late)


def test_webhooks_are_left_alone_by_faults_of_requests(told, phones):
    plan("outage", "customer")

    phones.text(BOB, TOMS_NUMBER)

    assert told()


def test_requests_are_left_alone_by_faults_of_webhooks(twilio):
    plan("webhook_late", "", delay_ms=60_000)

    assert twilio.proxy.v1.services.list() == []
    assert requests.get("http://testserver/switchboard/faults/").json()["faults"][0]["seen"] == 0
