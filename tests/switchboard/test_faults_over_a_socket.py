"""A connection that gunicorn drops is one for a client on the other end of a real socket."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from django.conf import settings
from django.db import connection

from proxying.switchboard.models import Fault, JournalEntry, Purchase

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = f"/switchboard/api/2010-04-01/Accounts/{settings.TWILIO_ACCOUNT_SID}"
FOR_SALE = "+14155550199"


@pytest.fixture
def site(transactional_db):
    """The product under gunicorn, as the demo runs it, on the database of the tests."""
    url = urlsplit(os.environ["DATABASE_URL"])
    database = urlunsplit(url._replace(path=f"/{connection.settings_dict['NAME']}"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable, "-m", "gunicorn", "shoppingplace.wsgi", "--bind", f"127.0.0.1:{port}",
            "--worker-class", "gthread", "--threads", "4", "--log-level", "critical",
        ],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database, "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}"},
    )  # fmt: skip
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(port, process):
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
    raise AssertionError("gunicorn did not start")


def buy(site):
    return requests.post(
        f"{site}{ACCOUNT}/IncomingPhoneNumbers.json",
        {"PhoneNumber": FOR_SALE},
        auth=(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKENS[0]),
        timeout=60,
    )


def test_connections_are_dropped_before_and_after_the_purchase(site):
    for kind, bought in (("drop_before", 0), ("drop_after", 1)):
        rule = requests.post(f"{site}/switchboard/faults/", {"kind": kind}, timeout=60).json()
        with pytest.raises(requests.ConnectionError, match=r"closed connection|reset"):
            buy(site)
        assert Purchase.objects.count() == bought
        requests.delete(f"{site}/switchboard/faults/{rule['id']}/", timeout=60)

    assert list(JournalEntry.objects.values_list("status", flat=True)) == [None, None]
    assert not Fault.objects.exists()
    assert buy(site).status_code == 400  # the server lives, and the number is ours already
