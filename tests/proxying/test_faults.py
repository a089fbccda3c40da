"""Whatever the switchboard does wrong, the client says so in one way, or is not harmed."""

import pytest

from proxying import twilio_client
from proxying.switchboard.models import Fault, IncomingPhoneNumber, Purchase
from proxying.twilio_client import TwilioUnavailable

NUMBER = "+14155550100"

pytestmark = pytest.mark.django_db

NOTHING_DONE = [
    "too_many", "too_many_bare", "error_500", "error_503", "drop_before", "html", "outage",
]  # fmt: skip
DONE = ["drop_after", "truncated"]


def buy():
    return twilio_client.buy(NUMBER, friendly_name="marker")


def plan(kind, **fields):
    return Fault.objects.create(kind=kind, **fields)


@pytest.mark.parametrize("kind", NOTHING_DONE + DONE)
def test_every_fault_is_unavailable(kind):
    plan(kind)

    for call in (
        buy,
        lambda: twilio_client.find_owned(NUMBER),
        lambda: twilio_client.list_service_numbers("KS" + "0" * 32),
        lambda: twilio_client.create_proxy_service(
            "shop", twilio_client.CallbackUrls("", "", ""), default_ttl=1
        ),
    ):
        with pytest.raises(TwilioUnavailable) as unavailable:
            call()
        assert NUMBER not in str(unavailable.value)


@pytest.mark.parametrize(("kinds", "owned"), [(NOTHING_DONE, False), (DONE, True)])
def test_purchase_that_failed_is_known_afterwards_by_looking(kinds, owned):
    for kind in kinds:
        fault = plan(kind)
        with pytest.raises(TwilioUnavailable):
            buy()
        fault.delete()
        assert (twilio_client.find_owned(NUMBER) is not None) is owned
        IncomingPhoneNumber.objects.all().delete()


def test_delay_is_harmless():
    plan("delay", delay_ms=20)

    assert buy().startswith("PN")


@pytest.mark.parametrize("call", ["give_back", "remove_from_service"])
def test_garbled_not_found_does_not_pass_for_gone(call):
    plan("truncated", times=1)
    gone = {
        "give_back": lambda: twilio_client.give_back("PN" + "0" * 32),
        "remove_from_service": lambda: twilio_client.remove_from_service(
            "KS" + "0" * 32, "PN" + "0" * 32
        ),
    }[call]

    with pytest.raises(TwilioUnavailable):
        gone()

    gone()


def test_number_given_back_whose_answer_was_lost_is_given_back_again():
    sid = buy()
    plan("drop_after", times=1)

    with pytest.raises(TwilioUnavailable):
        twilio_client.give_back(sid)
    twilio_client.give_back(sid)

    assert Purchase.objects.filter(kind=Purchase.Kind.RELEASE).count() == 1


@pytest.mark.parametrize(
    ("kind", "asked", "heard"),
    [
        ("too_many", 7, 7),
        ("too_many", 86_400, 3600),
        ("too_many_bare", None, None),
        ("error_503", 30, 30),
        ("error_500", None, None),
        ("drop_before", None, None),
    ],
)
def test_how_long_twilio_wants_to_be_left_alone_is_told(kind, asked, heard):
    plan(kind, retry_after=asked)

    with pytest.raises(TwilioUnavailable) as unavailable:
        buy()

    assert unavailable.value.retry_after == heard
