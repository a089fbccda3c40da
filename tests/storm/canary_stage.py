"""The site as in production, on engines of its own, and every place where something could lie.

Twilio is a process apart on the measurement's own database; ours is another cluster, so
that its whole write-ahead log is ours.
"""

import base64
import http.client
import json
import logging
import multiprocessing
import os
import queue
import secrets
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import redis
from celery.signals import task_failure
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.signals import got_request_exception
from django.db import connection, connections
from django.test import override_settings
from django.views.debug import get_exception_reporter_class

from shoppingplace import logs
from shoppingplace.celery import app as celery_app
from tests import programs
from tests.storm import processes
from tests.storm.canary_scanner import Canary
from tests.storm.canary_sinks import Sinks
from tests.storm.people import nothing_held_back

AREA: Final = "628731"
_AT_MOST: Final = 60
_PHONES: Final = "/switchboard/phones/api"


class Twilio:
    """The switchboard with its virtual carrier, in a process forked off this one."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._process = multiprocessing.get_context("fork").Process(
            target=_be_twilio, args=(port,), daemon=True
        )
        connections.close_all()
        self._process.start()

    def stop(self) -> None:
        self._process.kill()
        self._process.join()

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> Any:
        """The phones' JSON API, by a client that writes no log."""
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        body = None if fields is None else json.dumps(fields)
        line.request(method, _PHONES + path, body, {"Content-Type": "application/json"})
        answer = line.getresponse()
        said = answer.read()
        line.close()
        return json.loads(said) if answer.status < http.client.MULTIPLE_CHOICES else None


def _be_twilio(port: int) -> None:
    settings.PUBLIC_BASE_URL = settings.PUBLIC_ORIGIN = f"http://127.0.0.1:{port}"
    settings.ALLOWED_HOSTS = ["*"]
    logging.disable(logging.CRITICAL)
    _server(port).serve_forever()


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """A production server's log is not Django's."""


def _server(port: int) -> ThreadedWSGIServer:
    server = ThreadedWSGIServer(("127.0.0.1", port), _Quiet)
    server.set_app(WSGIHandler())
    return server


class House:
    """Our product, running here: its pages by ``django.test.Client``, callbacks by a socket."""

    def __init__(self, folder: Path, twilio: Twilio, sinks: Sinks) -> None:
        self.folder = folder
        self.twilio = twilio
        self.sinks = sinks

    def work(self) -> None:
        """Does what lies in the queue, as a worker would, and what that sends."""
        with celery_app.connection_for_read() as line, line.SimpleQueue("celery") as waiting:
            for _ in range(_AT_MOST):
                try:
                    message = waiting.get(block=False)
                except queue.Empty:
                    return
                arguments, named, _about = message.payload
                self.sinks.note("task", str(message.headers["task"]), _raw(message))
                message.ack()
                celery_app.tasks[message.headers["task"]].apply(arguments, named)

    def tick(self) -> None:
        """Everything that beat sends."""
        for entry in settings.CELERY_BEAT_SCHEDULE.values():
            celery_app.send_task(entry["task"])
        self.work()


def _raw(message: Any) -> bytes:
    return json.dumps([message.headers, message.properties]).encode() + _bytes(message.body)


def _bytes(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)


@contextmanager
def house() -> Iterator[tuple[House, list[Canary]]]:
    """The site, configured, with the secrets of its settings as canaries."""
    with ExitStack() as ending:
        ending.enter_context(nothing_held_back())
        folder = ending.enter_context(processes.folder())
        canaries = _own_secrets(ending)
        database, memory = processes.PostgreSQL(folder), processes.Redis(folder)
        ending.callback(database.kill)
        ending.callback(memory.kill)
        _copy_tables_to(database.url, folder)
        call_command(
            "seed_switchboard", verify_service=settings.TWILIO_VERIFY_SERVICE_SID, verbosity=0
        )
        port = processes.free_port()
        twilio = Twilio(port)
        ending.callback(twilio.stop)
        _live_there(ending, database.url, memory.url, f"http://127.0.0.1:{port}")
        # Whoever listens waits for as long as nothing passes.
        redis_itself = redis.Redis.from_url(memory.url, socket_timeout=None)
        sinks = Sinks(redis_itself, Path(settings.VAR_DIR))
        ending.callback(sinks.close)
        _listen(ending, sinks)
        server = _server(urlsplit(settings.PUBLIC_ORIGIN).port or 0)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ending.callback(server.shutdown)
        call_command("configure_proxy_service", verbosity=0)
        sinks.begin()
        yield House(folder, twilio, sinks), canaries


def _own_secrets(ending: ExitStack) -> list[Canary]:
    keys = [secrets.token_bytes(32) for _ in range(2)]
    sealing, index = (base64.b64encode(key).decode() for key in keys)
    ours = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "TWILIO_AUTH_TOKENS": [secrets.token_hex(16)],
        "TWILIO_API_KEY_SID": f"SK{secrets.token_hex(16)}",
        "TWILIO_API_KEY_SECRET": secrets.token_hex(16),
        "PHONE_NUMBER_KEYS": [f"k1:{sealing}"],
        "PHONE_NUMBER_INDEX_KEY": index,
    }
    ending.enter_context(override_settings(**ours))
    return [
        Canary("SECRET_KEY", settings.SECRET_KEY),
        Canary("auth token", settings.TWILIO_AUTH_TOKENS[0]),
        Canary("API key", settings.TWILIO_API_KEY_SECRET),
        Canary("sealing key", sealing),
        Canary("sealing key", keys[0].hex()),
        Canary("index key", index),
        Canary("index key", keys[1].hex()),
    ]


def _copy_tables_to(url: str, folder: Path) -> None:
    bin_folder = programs.postgresql()
    environment = programs.environment(bin_folder / "postgres")
    source = os.environ["DATABASE_URL"].replace("postgres://", "postgresql://")
    script = folder / "schema.sql"
    for program, arguments in (
        ("pg_dump", [source, "--no-owner", "--file", str(script)]),
        ("psql", [url.replace("postgres://", "postgresql://"), "-q", "-f", str(script)]),
    ):
        subprocess.run(
            [bin_folder / program, *arguments],
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )


def _live_there(ending: ExitStack, database: str, memory: str, twilio: str) -> None:
    """This process is our product from here on, with no switchboard in it."""
    connections.close_all()
    ending.enter_context(processes.own_site(Path(settings.VAR_DIR), database, memory))
    ending.enter_context(
        override_settings(
            TWILIO_BASE_URL=f"{twilio}/switchboard/{{product}}",
            ALLOWED_HOSTS=["127.0.0.1", "testserver"],
            SWITCHBOARD=False,
            SWITCHBOARD_VIRTUAL_CARRIER=False,
            REDIS_URL=memory,
            CACHES={"default": {**settings.CACHES["default"], "LOCATION": memory}},
            CODES_OF_AN_ADDRESS_AN_HOUR=1_000_000,
            CODES_OF_AN_ACCOUNT_AN_HOUR=1_000_000,
            CODES_TO_A_PHONE_AN_HOUR=1_000_000,
            ADMINS=["staff@shoppingplace.example"],
        )
    )
    celery_app.conf.broker_url = memory.replace("unix://", "redis+socket://")
    celery_app.autodiscover_tasks(force=True)


def _listen(ending: ExitStack, sinks: Sinks) -> None:
    """Every logger at DEBUG, through our own formatter; and a report of every error."""
    logs.configure("DEBUG", as_json=True)
    written = logging.getLogger().handlers[0]
    assert isinstance(written, logging.StreamHandler)
    written.setStream(sinks.log)
    logging.getLogger().addHandler(_Reports(sinks))
    ending.enter_context(redirect_stderr(sinks.log))
    connection.force_debug_cursor = True

    def report(sender: Any, request: Any = None, **more: Any) -> None:
        error = more.get("exception") or sinks.current_error()
        if error is not None:
            sinks.report(_reported(request, error))

    got_request_exception.connect(report)
    task_failure.connect(report)
    ending.callback(got_request_exception.disconnect, report)
    ending.callback(task_failure.disconnect, report)


class _Reports(logging.Handler):
    """What Django's mails to admins would say of a logged error."""

    def __init__(self, sinks: Sinks) -> None:
        super().__init__(logging.WARNING)
        self._sinks = sinks

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            self._sinks.report(_reported(getattr(record, "request", None), error))


def _reported(request: Any, error: BaseException) -> bytes:
    reporter = get_exception_reporter_class(request)(
        request, type(error), error, error.__traceback__
    )
    return (reporter.get_traceback_html() + reporter.get_traceback_text()).encode()
