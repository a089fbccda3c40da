"""A connection that ends without an answer, as far as WSGI lets an application do that."""

import errno
from collections.abc import Iterator
from typing import NoReturn

from django.http import HttpResponse


class ConnectionDropped(ConnectionResetError):
    """Raised to the server when it asks for the first byte of the answer.

    gunicorn has sent nothing by then, takes it for a client that went away, and closes the
    socket. A transport that works in process iterates over the response likewise, and makes
    of it whatever its own broken connections are. Django's development server keeps the
    connection open instead: there the client waits until its time is over.
    """

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "dropped on purpose")


class NoAnswer(HttpResponse):
    """Goes through every middleware like an answer, and never leaves."""

    def __iter__(self) -> Iterator[NoReturn]:
        raise ConnectionDropped
