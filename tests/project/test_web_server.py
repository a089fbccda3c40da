"""gunicorn as gunicorn.conf.py sets it up."""

import os
import time
from contextlib import closing
from http.client import HTTPConnection

import pytest

from tests.storm import processes

# gunicorn's own two seconds are over, and it has looked, as it does each second.
IDLE_SECONDS = 4


@pytest.fixture
def connection(tmp_path):
    """As a proxy holds it, to gunicorn without a database."""
    address = f"127.0.0.1:{processes.free_port()}"
    web = processes.Process(
        "web",
        ["gunicorn", "shoppingplace.wsgi", "--worker-class", "gthread", "--bind", address],
        {**os.environ, "PUBLIC_BASE_URL": f"http://{address}"},
        tmp_path / "web.log",
    )
    web.start()
    try:
        processes.wait_for(f"http://{address}/livez", web)
        with closing(HTTPConnection(address, timeout=60)) as made:
            yield made
    finally:
        web.kill()


def test_idle_connection_is_the_proxys_to_close(connection):
    connection.request("GET", "/livez")
    connection.getresponse().read()
    held = connection.sock
    time.sleep(IDLE_SECONDS)

    connection.request("GET", "/livez")

    assert connection.getresponse().status == 200
    assert connection.sock is held
