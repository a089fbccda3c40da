"""The database and Redis, really away: addresses where nobody answers."""

import copy
import socket
from contextlib import contextmanager
from unittest import mock

from django.db import connection
from django.test import override_settings

from proxying import deadlines, memory


@contextmanager
def database_away(**changes):
    """Whoever asks the database finds nobody: a socket's folder that is not there."""
    was = copy.deepcopy(connection.settings_dict)
    connection.close()
    connection.settings_dict.update({"HOST": "/tmp/no-such-folder", **changes})
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update(was)
        deadlines.line.is_up()


@contextmanager
def database_hangs():
    """It takes connections and never says a word, as a stopped server does."""
    with (
        mock.patch.object(deadlines, "_PATIENCE", 1.0),
        socket.create_server(("127.0.0.1", 0)) as mute,
        database_away(HOST="127.0.0.1", PORT=str(mute.getsockname()[1])),
    ):
        yield


@contextmanager
def redis_hangs():
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        redis_away(f"redis://127.0.0.1:{mute.getsockname()[1]}"),
    ):
        yield


@contextmanager
def redis_away(url="unix:///tmp/no-such-redis.sock"):
    with override_settings(REDIS_URL=url):
        _redis_may_be_asked()
        yield
    _redis_may_be_asked()


def _redis_may_be_asked():
    memory.line.away_until = memory.line_of_changes.away_until = 0.0
