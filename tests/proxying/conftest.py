"""Fixtures for what talks to Twilio: a configured Service, and a network that can fail."""

from dataclasses import dataclass, field

import pytest
import requests
from django.core.management import call_command
from django.test import Client

from proxying.models import ProxyService
from tests.conftest import InProcessAdapter
from tests.proxying.factories import BOBS_PHONE

LOST_ANSWER = "the request arrives, its answer does not"
NO_CONNECTION = "the request does not arrive"
KILLED_BEFORE = "we die with the request on our lips"
KILLED_AFTER = "the request takes effect, and we die"


class Killed(BaseException):
    """kill -9: no handler of the product's own sees it."""


@dataclass
class Network:
    """Between the twilio client and the switchboard: counts requests, and fails on demand."""

    requests: list[str] = field(default_factory=list)
    faults: list[list] = field(default_factory=list)
    fatal: tuple[str, int] = ("", 0)

    def fail(self, what, path, *, method="POST", times=1):
        """The next *times* requests whose path contains *path*: *what* is a status, alone or
        with a body, or a fault.
        """
        self.faults.append([what, method, path, times])

    def kill(self, what, nth):
        """At the *nth* request from now."""
        self.fatal = (what, len(self.requests) + nth)

    def count(self, method, path):
        return sum(line.startswith(method) and path in line for line in self.requests)

    def fault_for(self, line):
        self.requests.append(line)
        if len(self.requests) == self.fatal[1]:
            return self.fatal[0]
        for fault in self.faults:
            what, method, path, times = fault
            if times and line.startswith(method) and path in line:
                fault[3] -= 1
                return what
        return None


@pytest.fixture
def network(monkeypatch):
    network = Network()
    through = InProcessAdapter.send

    def send(adapter, request, *args, **kwargs):
        what = network.fault_for(f"{request.method} {request.path_url}")
        if what == NO_CONNECTION:
            raise requests.ConnectionError(request.url)
        if what == KILLED_BEFORE:
            raise Killed
        if isinstance(what, int):
            return status(request, what)
        if isinstance(what, tuple):
            code, body = what
            return status(request, code, body)
        response = through(adapter, request, *args, **kwargs)
        if what == KILLED_AFTER:
            raise Killed
        if what == LOST_ANSWER:
            raise requests.ReadTimeout(request.url)
        return response

    monkeypatch.setattr(InProcessAdapter, "send", send)
    return network


def status(request, code, body=None):
    response = requests.Response()
    response.status_code = code
    response.request = request
    response.url = request.url
    response.headers["Content-Type"] = "application/json"
    said = f'{{"code": 20{code}, "message": "no for +14152345555", "status": {code}}}'
    response._content = (said if body is None else body).encode()
    return response


@pytest.fixture
def service(db):
    """A Service at the switchboard with a filled pool, as the command makes it."""
    call_command("configure_proxy_service", verbosity=0)
    return ProxyService.objects.get()


@pytest.fixture
def verify_service(db, settings):
    call_command("seed_switchboard", verify_service=settings.TWILIO_VERIFY_SERVICE_SID, verbosity=0)


@pytest.fixture
def bob_texts(db):
    """Bob texts a number from his phone at the switchboard."""
    call_command("seed_switchboard", phone=[(BOBS_PHONE, "Bob")], verbosity=0)

    def send(to, body="Is it still there?"):
        text = {"from": BOBS_PHONE, "to": to, "body": body}
        response = Client().post("/switchboard/phones/api/messages", text)
        assert response.status_code == 201, response.content

    return send
