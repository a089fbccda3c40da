"""The real thing in processes of its own: Redis, PostgreSQL, web server, workers, beat, Twilio.

Twilio is the switchboard behind gunicorn, on a database of its own: whatever of ours is
killed, Twilio lives and remembers what it was asked.
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import environ
import redis
import requests
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from shoppingplace.celery import app as celery_app
from tests import engines
from tests.storm import stage

TWILIO = "twilio"
_START_SECONDS = 60


@contextmanager
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="shoppingplace-storm-", dir="/tmp"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@dataclass
class Process:
    """One that is started again when it was killed, as systemd would."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    running: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        with self.log.open("ab") as said:
            self.running = subprocess.Popen(
                [sys.executable, "-m", *self.command],
                cwd=stage.ROOT,
                env=self.environment,
                stdout=said,
                stderr=said,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        assert self.running is not None
        return self.running.pid

    def children(self) -> list[int]:
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        with suppress(OSError):
            return [int(pid) for pid in listed.read_text().split()]
        return []

    def kill(self) -> None:
        """With all that it started."""
        assert self.running is not None
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.running.wait()

    def kill_alone(self) -> None:
        """What it started goes on for a while, as orphans."""
        assert self.running is not None
        self.running.kill()
        self.running.wait()

    def kill_children(self, some: Callable[[list[int]], list[int]] = list) -> None:
        for pid in some(self.children()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def revive(self) -> None:
        if self.running is not None and self.running.poll() is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self.start()


class Redis:
    """One of our own, to be killed with all its data."""

    def __init__(self, folder: Path) -> None:
        self._home = engines.home_for(folder, "own-redis")
        self.url = engines.redis_url(self._home)
        self._process = engines.start_redis(self._home)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        (self._home / "redis.sock").unlink(missing_ok=True)
        self._process = engines.start_redis(self._home)

    def flush(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()


class PostgreSQL:
    """A cluster of our own, to be killed; its data stay."""

    def __init__(self, folder: Path) -> None:
        self._home = engines.make_postgresql(folder)
        self.url = f"postgres://shop@/postgres?{urlencode({'host': self._home})}"
        self._process = engines.start_postgresql(self._home)

    def kill(self) -> None:
        """The postmaster, which takes its backends with it."""
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """Comes back when it runs; what it left in shared memory may keep it for a moment."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            (self._home / ".s.PGSQL.5432").unlink(missing_ok=True)
            with suppress(RuntimeError):
                self._process = engines.start_postgresql(self._home)
                return
            if time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL does not come back")
            time.sleep(0.05)


@dataclass
class Site:
    """Our processes, beside a Twilio that is none of ours."""

    folder: Path
    environment: dict[str, str]
    processes: list[Process] = field(default_factory=list)

    def add(self, name: str, *command: str) -> Process:
        process = Process(name, list(command), self.environment, self.folder / f"{name}.log")
        process.start()
        self.processes.append(process)
        return process

    def add_web(
        self, *, workers: int = 1, threads: int = 16, app: str = "shoppingplace.wsgi"
    ) -> Process:
        web = self.add(
            "web", "gunicorn", app, "--worker-class", "gthread",
            "--workers", str(workers), "--threads", str(threads),
            "--bind", self.environment["PUBLIC_BASE_URL"].removeprefix("http://"),
        )  # fmt: skip
        wait_for(f"{self.environment['PUBLIC_BASE_URL']}/livez", web)
        return web

    def add_worker(self, name: str, *, children: int, app: str = "shoppingplace") -> Process:
        return self.add(
            name, "celery", "-A", app, "worker", "--pool", "prefork", "--hostname", f"{name}@%h",
            "--concurrency", str(children), "--loglevel", "WARNING", "--without-gossip",
            "--without-mingle",
        )  # fmt: skip

    def add_beat(self, app: str = "shoppingplace") -> Process:
        schedule = str(self.folder / "beat-schedule")
        return self.add(
            "beat", "celery", "-A", app, "beat", "--schedule", schedule, "--loglevel", "WARNING",
            "--pidfile", "",
        )  # fmt: skip

    def logs(self) -> str:
        return "\n".join(
            line
            for process in self.processes
            for line in process.log.read_text(errors="replace").splitlines()[-15:]
        )


@contextmanager
def site(folder: Path, *, redis_url: str, database_url: str = "", **more: str) -> Iterator[Site]:
    """A Twilio that runs, and what our own processes need to find it; none of ours yet.

    This process finds it too: its settings point there, and ``using("twilio")`` reads the
    rows of the switchboard.
    """
    with ExitStack() as ending, stage.another_database("_twilio") as twilio_database:
        web, twilio = free_port(), free_port()
        own = {
            "DATABASE_URL": database_url or os.environ["DATABASE_URL"],
            "REDIS_URL": redis_url,
            "PUBLIC_BASE_URL": f"http://127.0.0.1:{web}",
            "TWILIO_BASE_URL": f"http://127.0.0.1:{twilio}/switchboard/{{product}}",
            "SWITCHBOARD": "False",
            "SWITCHBOARD_VIRTUAL_CARRIER": "False",
            **more,
        }
        made = Site(folder, {**os.environ, **own})
        ending.callback(_end, made.processes)
        _start_twilio(folder, twilio, stage.url_of(twilio_database), ending)
        _look_there(own, twilio_database)
        call_command("configure_proxy_service", verbosity=0)
        yield made
        connections[TWILIO].close()


@contextmanager
def own_site(folder: Path, database_url: str, redis_url: str) -> Iterator[Site]:
    """Our processes on engines that may be killed, and no Twilio. This process uses them too."""
    own = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{free_port()}",
        "SWITCHBOARD": "False",
        "SWITCHBOARD_VIRTUAL_CARRIER": "False",
    }
    made = Site(folder, {**os.environ, **own})
    settings.PUBLIC_ORIGIN, settings.REDIS_URL = own["PUBLIC_BASE_URL"], redis_url
    given = environ.Env.db_url_config(database_url)
    here = connections["default"].settings_dict
    here["NAME"] = given["NAME"]
    here["OPTIONS"] = {**here["OPTIONS"], **given["OPTIONS"]}
    try:
        yield made
    finally:
        connections.close_all()
        _end(made.processes)


def _start_twilio(folder: Path, port: int, database_url: str, ending: ExitStack) -> None:
    home = folder / "twilio"
    (home / "static").mkdir(parents=True)
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": "",
        "VAR_DIR": str(home),
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
    }
    command = [
        "gunicorn", "shoppingplace.wsgi", "--worker-class", "gthread", "--workers", "2",
        "--threads", "32", "--bind", f"127.0.0.1:{port}",
    ]  # fmt: skip
    process = Process("twilio", command, environment, folder / "twilio.log")
    process.start()
    ending.callback(process.kill)
    wait_for(f"http://127.0.0.1:{port}/livez", process)


def _look_there(own: dict[str, str], twilio_database: str) -> None:
    settings.PUBLIC_ORIGIN = own["PUBLIC_BASE_URL"]
    settings.TWILIO_BASE_URL = own["TWILIO_BASE_URL"]
    celery_app.conf.broker_url = own["REDIS_URL"].replace("unix://", "redis+socket://")
    connections.databases[TWILIO] = {**connections.databases["default"], "NAME": twilio_database}


def wait_for(url: str, process: Process) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with suppress(requests.RequestException):
            if requests.get(url, timeout=5).ok:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{process.name} does not answer: {process.log.read_text()[-2000:]}")


def one_of(chance: random.Random) -> Callable[[list[int]], list[int]]:
    """For ``Process.kill_children``."""
    return lambda pids: [chance.choice(pids)] if pids else []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end(processes: list[Process]) -> None:
    for process in processes:
        process.kill()
