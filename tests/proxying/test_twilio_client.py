"""Errors are translated and redacted; nothing leaves for anywhere but the configured Twilio."""

import pytest
from django.db import transaction

from proxying import twilio_client
from proxying.phone_numbers import PhoneNumber
from proxying.twilio_client import HttpInsideTransaction, TwilioRefused, TwilioUnavailable, wire
from tests.proxying.conftest import LOST_ANSWER, NO_CONNECTION

CALLS = {
    "create": lambda: twilio_client.buy("+14155550100", friendly_name="x"),
    "list": lambda: twilio_client.list_service_numbers("KS" + "0" * 32),
    "fetch": lambda: twilio_client.line_type(PhoneNumber("+14152345555")),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)

pytestmark = pytest.mark.django_db


@every_call
@pytest.mark.parametrize("fault", [408, 429, 500, 502, 503, NO_CONNECTION, LOST_ANSWER])
def test_passing_fault_is_unavailable(call, fault, network):
    network.fail(fault, "/", method="")

    with pytest.raises(TwilioUnavailable) as error:
        call()

    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None


@every_call
@pytest.mark.parametrize("code", [200, 201, 502, 503])
@pytest.mark.parametrize("body", ["<html>Bad gateway</html>", "[]", "null", "{", ""])
def test_answer_that_is_not_twilios_is_unavailable(call, code, body, network):
    """A proxy between us and Twilio speaks up."""
    network.fail((code, body), "/", method="")

    with pytest.raises(TwilioUnavailable):
        call()


@every_call
@pytest.mark.parametrize("fault", [400, 401, 403, 404])
def test_answer_that_is_no_is_refused_without_the_number(call, fault, network):
    network.fail(fault, "/", method="")

    with pytest.raises(TwilioRefused) as error:
        call()

    assert error.value.status == fault
    assert "+1415" not in str(error.value)


def test_request_inside_a_transaction_is_refused(network):
    with transaction.atomic(), pytest.raises(HttpInsideTransaction):
        CALLS["fetch"]()

    assert network.requests == []


@pytest.mark.parametrize(
    "url", ["https://twilio.com.mallory.example/", "https://mallory.example/", "http://127.0.0.1/"]
)
def test_other_hosts_are_refused(url):
    with pytest.raises(ValueError, match="not an address of Twilio's"):
        wire.rebased(url)


def test_one_product_can_have_its_own_address(settings):
    settings.TWILIO_PRODUCT_BASE_URLS = {"proxy": "https://switchboard.example/proxy/"}

    assert wire.rebased("https://proxy.twilio.com/v1/Services?PageSize=5") == (
        "https://switchboard.example/proxy/v1/Services?PageSize=5"
    )


def test_api_key_signs_in_when_there_is_one(settings, network):
    settings.TWILIO_API_KEY_SID = "SK" + "1" * 32
    settings.TWILIO_API_KEY_SECRET = "secret"

    client = wire.client()

    assert (client.username, client.account_sid) == ("SK" + "1" * 32, settings.TWILIO_ACCOUNT_SID)
