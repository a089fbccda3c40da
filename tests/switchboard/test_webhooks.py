"""The signed POSTs: what the receiver can rely on, and how long it may take."""

import socket
import threading
import time

import pytest
from twilio.request_validator import RequestValidator

from proxying.switchboard import webhooks
from tests.switchboard.cast import BOB, TOMS_NUMBER


def test_every_webhook_passes_twilios_own_validator(phones, shop, customer, settings):
    customer.answers_json('{"participantIdentifier": "+14152345555"}')

    phones.text(BOB, TOMS_NUMBER, "Größe? &=+\n")

    validator = RequestValidator(settings.TWILIO_AUTH_TOKENS[0])
    assert len(customer.signatures) == 4
    assert all(validator.validate(*signed) for signed in customer.signatures)


def test_signature_is_the_documented_one(settings):
    settings.TWILIO_AUTH_TOKENS = ["12345", "old"]
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }

    signed = webhooks.signature("https://mycompany.com/myapp.php?foo=1&bar=2", fields)

    assert signed == "GvWf1cFY/Q7PnoempGyD5oXAezc="


@pytest.fixture
def server():
    """A server that does to each connection what the test says; its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads = []

    def serve(behave):
        def run():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                behave(connection)

        thread = threading.Thread(target=run)
        thread.start()
        threads.append(thread)
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield serve
    for thread in threads:
        thread.join()
    listener.close()


def drip(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        try:
            connection.sendall(b"x")
        except OSError:
            return
        time.sleep(0.05)


def test_answer_that_drips_is_cut_off_in_all(server, monkeypatch):
    monkeypatch.setattr(webhooks, "TOTAL_SECONDS", 0.5)
    started = time.monotonic()

    with pytest.raises(webhooks.NoAnswer) as caught:
        webhooks.send(server(drip), {"a": "b"})

    assert caught.value.code == webhooks.RETRIEVAL_FAILED
    assert time.monotonic() - started < 3


def test_answer_that_never_comes_is_given_up(server, monkeypatch):
    monkeypatch.setattr(webhooks, "TOTAL_SECONDS", 0.3)

    with pytest.raises(webhooks.NoAnswer) as caught:
        webhooks.send(server(lambda connection: time.sleep(1)), {"a": "b"})

    assert caught.value.code == webhooks.RETRIEVAL_FAILED


def test_answer_of_a_megabyte_is_given_up(server):
    def flood(connection):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
        try:
            connection.sendall(head + b"x" * 1_000_000)
        except OSError:
            return

    with pytest.raises(webhooks.NoAnswer):
        webhooks.send(server(flood), {"a": "b"})


def test_redirect_is_not_followed(server):
    def redirect(connection):
        connection.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
        )

    assert webhooks.send(server(redirect), {"a": "b"}).status == 302


def test_fragment_is_neither_sent_nor_signed(customer, settings):
    webhooks.send("http://testserver/customer/x#rc=2&rp=5xx", {"a": "b"})

    [(url, fields, signature)] = customer.signatures
    assert url == "http://testserver/customer/x"
    assert signature == webhooks.signature(url, fields)
