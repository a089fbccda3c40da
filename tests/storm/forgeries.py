"""Forged callbacks, of every way to forge one that we know, in process and over a socket.

What answers over the socket is gunicorn with the product's own settings and a database that
does not exist: a statement would be an error of ours, and be counted as one.
"""

import http.client
import io
import logging
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl

from django.db import connection

from proxying import signatures
from shoppingplace.wsgi import application
from tests.storm import Result
from tests.storm.forged_posts import CLASSES, FORM, Post, genuine, of_every_class

FIGURE = 7
TITLE = "Forged and mutated callbacks, a tenth over a socket"
N = 200_000
SMALL = 1_000
CONTROL = 500

_ROOT = Path(__file__).resolve().parents[2]
_REFUSAL = (403, b"Forbidden\n")
_GENUINE_EACH = 500
_CLIENTS = 8


def run(n: int, seed: int) -> Result:
    chance = random.Random(seed)
    over_socket = n // 10
    answers: Counter[str] = Counter()
    statements = _in_process(n - over_socket, chance, answers)
    welcomed, sent = _welcome(max(n // _GENUINE_EACH, 10), chance)
    with _server() as port:
        _over_socket(port, list(of_every_class(over_socket, chance)), answers)
    refused = answers.pop("refused", 0)
    return Result(
        held=refused == n and not statements and welcomed == sent,
        measured=(
            f"{refused} of {n} refused alike in {len(CLASSES)} classes, {over_socket} over a "
            f"socket; {statements} statements; otherwise: {dict(answers) or 'none'}; "
            f"{welcomed} of {sent} genuine ones accepted"
        ),
    )


def control(n: int, seed: int) -> Result:
    """Each variant forgets one thing of the check. The worst for us: one that nobody notices."""
    unnoticed = []
    for name, patch in _VARIANTS.items():
        answers: Counter[str] = Counter()
        with patch:
            statements = _in_process(n, random.Random(seed), answers)
        if answers["refused"] == n and not statements:
            unnoticed.append(name)
    noticed = f"{len(_VARIANTS) - len(unnoticed)} of {len(_VARIANTS)} weaker checks noticed"
    return Result(
        held=bool(unnoticed),
        measured=f"{noticed}; unnoticed: {', '.join(unnoticed)}" if unnoticed else noticed,
    )


def _in_process(n: int, chance: random.Random, answers: Counter[str]) -> int:
    """Through the whole WSGI application; how many statements that took."""
    statements = 0

    def count(execute: Any, *args: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(*args)

    logging.disable(logging.CRITICAL)
    with connection.execute_wrapper(count):
        for name, post in of_every_class(n, chance):
            _judge(name, *_answer(post), answers)
    logging.disable(logging.NOTSET)
    return statements


def _welcome(n: int, chance: random.Random) -> tuple[int, int]:
    """Of *n* genuine posts, how many are accepted. A check that refuses all proves nothing."""
    answers = [_answer(genuine(chance))[0] for _ in range(n)]
    return sum(status in {200, 204} for status in answers), n


def _answer(post: Post) -> tuple[int, bytes]:
    """But for the signals, which would have us connect to the database anew each time."""
    try:
        response = application.get_response(application.request_class(_environ(post)))
    except Exception as raised:  # noqa: BLE001 (a server would answer 500)
        return 500, repr(raised).encode()
    return response.status_code, response.content


def _judge(name: str, status: int, body: bytes, answers: Counter[str]) -> None:
    refused = (status, body) == _REFUSAL
    answers["refused" if refused else f"{status} for {name}"] += 1


def _environ(post: Post) -> dict[str, Any]:
    """As a WSGI server hands it over, with no client between that sets things right."""
    environ = {
        "REQUEST_METHOD": post.method,
        "PATH_INFO": post.path,
        "QUERY_STRING": post.query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(post.body),
    }
    for name, value in post.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    if post.chunked:
        return environ | {"HTTP_TRANSFER_ENCODING": "chunked"}
    return environ | {"CONTENT_LENGTH": str(len(post.body))}


def _over_socket(port: int, forgeries: list[tuple[str, Post]], answers: Counter[str]) -> None:
    def send_some(part: list[tuple[str, Post]]) -> Counter[str]:
        heard: Counter[str] = Counter()
        for name, post in part:
            _judge(name, *_send(port, post), heard)
        return heard

    with ThreadPoolExecutor(_CLIENTS) as clients:
        for heard in clients.map(send_some, [forgeries[at::_CLIENTS] for at in range(_CLIENTS)]):
            answers.update(heard)


def _send(port: int, post: Post) -> tuple[int, bytes]:
    """Written byte for byte: no client's idea of what may be sent comes between."""
    query = f"?{post.query}" if post.query else ""
    headers = {"Host": "testserver", "Connection": "close", **post.headers}
    if post.chunked:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(post.body), post.body)
        headers["Transfer-Encoding"] = "chunked"
    else:
        body = post.body
        headers["Content-Length"] = str(len(body))
    lines = [f"{post.method} {post.path}{query} HTTP/1.1", *map(": ".join, headers.items())]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        # It may answer before it has read all of a body that is too long.
        with suppress(BrokenPipeError, ConnectionResetError):
            line.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        response = http.client.HTTPResponse(line, method=post.method)
        try:
            response.begin()
            return response.status, response.read()
        except (ConnectionResetError, http.client.HTTPException) as broken:
            return 0, repr(broken).encode()


@contextmanager
def _server() -> Iterator[int]:
    """gunicorn on a free port, and no database behind it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    nowhere = "postgres://nobody@127.0.0.1:1/none"
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "gunicorn", "shoppingplace.wsgi", "--bind",
                f"127.0.0.1:{port}", "--worker-class", "gthread", "--workers", "2",
                "--threads", "4", "--log-level", "error",
            ],
            cwd=_ROOT, stdout=log, stderr=log, env={**os.environ, "DATABASE_URL": nowhere},
        )  # fmt: skip
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("gunicorn did not start")


def _lenient(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode("latin-1"), keep_blank_values=True))


def _of_any_case(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


_VARIANTS = {
    "no signature needed": mock.patch.object(signatures, "is_signed", return_value=True),
    "any account": mock.patch.object(signatures, "_check_account"),
    "nothing required": mock.patch.object(signatures, "_check_presence"),
    "no pattern kept": mock.patch.object(signatures, "PATTERNS", {}),
    "any field's name": mock.patch.object(signatures, "_NAME", re.compile(r".*", re.DOTALL)),
    "a lenient body": mock.patch.object(signatures, "_parse", _lenient),
    "any number of fields": mock.patch.object(signatures, "MOST_FIELDS", 10_000),
    "any length": mock.patch.object(signatures, "MOST_BYTES", 2**30),
    "a signature of any case": mock.patch.object(signatures.hmac, "compare_digest", _of_any_case),
    "any form of content": mock.patch.object(
        application.request_class, "content_type", property(lambda _: FORM, lambda *_: None),
        create=True,
    ),
}  # fmt: skip
