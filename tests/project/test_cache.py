"""Redis may go away at any time: pages go on without it."""

import socket
import time

import pytest
from django.core.cache import caches


@pytest.fixture
def away(settings):
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/redis.sock"}
    }
    return caches["default"]


@pytest.fixture
def silent(settings, tmp_path):
    """Takes connections and says nothing, as a machine does that hangs."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "redis.sock"))
        server.listen(50)
        location = f"unix://{tmp_path}/redis.sock"
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": location}}
        yield caches["default"]


def test_cache_without_redis_is_an_empty_one(away):
    assert away.add("key", 1) is True
    away.set("key", 1)
    assert away.get("key", "absent") == "absent"
    assert away.get_many(["key"]) == {}
    assert away.delete("key") is False
    with pytest.raises(ValueError, match="no such key"):
        away.incr("key")


def test_cache_remembers_while_redis_is_there():
    cache = caches["default"]
    assert (cache.add("key", 1), cache.add("key", 2), cache.incr("key")) == (True, False, 2)
    assert (cache.get("key"), cache.delete("key"), cache.get("key")) == (2, True, None)


def test_redis_that_hangs_is_waited_for_once(silent):
    started = time.monotonic()

    for _ in range(20):
        silent.get("key")

    assert time.monotonic() - started < 4


@pytest.mark.django_db
def test_sign_up_goes_on_without_redis(away, client):
    form = {"email": "rita@example.com", "password1": "a-long-enough-one-9182"}

    response = client.post("/accounts/signup/", form)

    assert (response.status_code, response.url) == (302, "/seller/phone/")
