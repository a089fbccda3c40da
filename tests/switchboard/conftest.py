"""Twilio's own client, pointed at the switchboard and nowhere else."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import settings
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from proxying.switchboard.models import Phone
from tests.switchboard import customer as customers
from tests.switchboard.cast import (
    BETH,
    BOB,
    MALLORY,
    POOL_1,
    POOL_2,
    TOM,
    TOMS_NUMBER,
    own,
)
from tests.switchboard.hands import Phones


class SwitchboardHttpClient(TwilioHttpClient):
    """What a customer of Twilio would write: the host's first name leads to a path."""

    def request(self, method, url, *args, **kwargs):
        parts = urlsplit(url)
        product, _, domain = parts.netloc.partition(".")
        if domain == "twilio.com":
            base = f"http://testserver/switchboard/{product}"
            url = base + url.removeprefix(f"https://{parts.netloc}")
        return super().request(method, url, *args, **kwargs)


@pytest.fixture
def twilio(db):
    return client_of(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKENS[0])


@pytest.fixture
def services(twilio):
    return twilio.proxy.v1.services


@pytest.fixture
def service(services):
    """An empty Service, as Twilio's client sees it."""
    return services(services.create("shop").sid)


def client_of(username, password):
    account = settings.TWILIO_ACCOUNT_SID
    return Client(username, password, account, http_client=SwitchboardHttpClient(timeout=10))


@pytest.fixture
def customer(settings):
    """A server of ours that the Service's webhooks reach, ready to be told what to answer."""
    settings.ROOT_URLCONF = "tests.switchboard.customer"
    customers.customer.__init__()
    return customers.customer


@pytest.fixture
def phones(db):
    """Bob's, Tom's, Beth's and Mallory's phones on the virtual carrier."""
    for number, name in ((BOB, "Bob"), (TOM, "Tom"), (BETH, "Beth"), (MALLORY, "Mallory")):
        Phone.objects.create(number=number, name=name)
    return Phones()


@pytest.fixture
def shop(customer, services):
    """A Service with Tom's reserved number, two pool numbers and all three webhooks."""
    created = services.create(
        "shop",
        out_of_session_callback_url=customers.OUT_OF_SESSION,
        intercept_callback_url=customers.INTERCEPT,
        callback_url=customers.CALLBACK,
    )
    service = services(created.sid)
    service.phone_numbers.create(sid=own(TOMS_NUMBER), is_reserved=True)
    for number in (POOL_1, POOL_2):
        service.phone_numbers.create(sid=own(number))
    return service


@pytest.fixture
def clock():
    """Time that passes only when the test says so: ``shift(seconds)``."""
    with time_machine.travel(datetime.now(UTC).replace(microsecond=0), tick=False) as traveller:
        yield traveller


@pytest.fixture
def stocked(service):
    """A Service with Tom's reserved number and two for anybody."""
    service.phone_numbers.create(sid=own(TOMS_NUMBER), is_reserved=True)
    for number in (POOL_1, POOL_2):
        service.phone_numbers.create(sid=own(number))
    return service


@pytest.fixture
def opened(stocked):
    """``opened(**fields)`` is a new Session of Bob and Tom, for Twilio's client."""

    people = [{"Identifier": BOB, "ProxyIdentifier": TOMS_NUMBER}, {"Identifier": TOM}]

    def create(**fields):
        return stocked.sessions(stocked.sessions.create(participants=people, **fields).sid)

    return create
