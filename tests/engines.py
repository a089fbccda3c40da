"""A real PostgreSQL and a real Redis for the tests, and the settings to go with them.

A pytest plugin, loaded by ``-p tests.engines`` before Django reads its settings.
``TEST_DATABASE_URL`` and ``TEST_REDIS_URL`` name engines to use; without them throwaway
ones are started on unix sockets in a temporary folder and removed at the end, PostgreSQL
with the settings of ``TEST_POSTGRESQL_OPTIONS`` (``shared_buffers=1GB jit=on``). Under
pytest-xdist the first process starts them and the workers find them in the environment.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests import programs

_START_SECONDS = 30

_SETTINGS = {
    # Never the developer's own .env
    "ENV_FILE": os.devnull,
    "SECRET_KEY": "a-key-for-tests-that-is-long-enough-and-random-enough-0123456789",
    "PUBLIC_BASE_URL": "http://testserver",
    "TWILIO_BASE_URL": "http://testserver/switchboard/{product}",
    "TWILIO_ACCOUNT_SID": "AC" + "7e57" * 8,
    "TWILIO_AUTH_TOKEN": "7e57" * 8,
    "TWILIO_VERIFY_SERVICE_SID": "VA" + "7e57" * 8,
    "PHONE_NUMBER_KEYS": "test:dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=",
    "PHONE_NUMBER_INDEX_KEY": "aW5kZXhpbmRleGluZGV4aW5kZXhpbmRleGluZGV4aW4=",
    "PROXY_POOL_FLOOR": "3",
    "SERVE_MEDIA": "True",
    "SWITCHBOARD": "True",
    "SWITCHBOARD_VIRTUAL_CARRIER": "True",
    "LOG_LEVEL": "WARNING",
    # A proxy for the outside must not be asked for this machine.
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
    # Playwright's synchronous API keeps an event loop running in the test's own thread.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
}


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    """A wrapper, since pytest-django reads the settings in this same hook."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        _use_own_redis_database(worker)
        return (yield)
    with ExitStack() as running:
        try:
            start(running)
        except programs.CannotFind as missing:
            raise pytest.UsageError(str(missing)) from None
        early_config.add_cleanup(running.pop_all().close)
    return (yield)


def start(running: ExitStack) -> None:
    """Sets the environment and starts what it does not name; *running* ends them again."""
    # Else a terminated run would leave its engines behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="shoppingplace-tests-", dir="/tmp"))
    running.callback(shutil.rmtree, folder, ignore_errors=True)
    for setting in [name for name in os.environ if name.startswith(("TWILIO_", "EMAIL_"))]:
        del os.environ[setting]
    var = folder / "var"
    # WhiteNoise warns when the folder of collected files is not there.
    (var / "static").mkdir(parents=True)
    os.environ.update(_SETTINGS, VAR_DIR=str(var))
    os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or _postgresql(folder, running)
    os.environ["REDIS_URL"] = os.environ.get("TEST_REDIS_URL") or _redis(folder, running)


def _postgresql(folder: Path, running: ExitStack) -> str:
    home = make_postgresql(folder)
    process = start_postgresql(home)
    # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
    running.callback(_stop, process, signal.SIGINT)
    return f"postgres://shop@/shoppingplace?{urlencode({'host': home})}"


def make_postgresql(folder: Path) -> Path:
    """The home of a new cluster, which ``start_postgresql`` can start."""
    home = home_for(folder, "postgresql")
    _run(
        programs.postgresql() / "initdb",
        ["-U", "shop", "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8", "-D", home / "data"],
        home,
    )
    return home


def start_postgresql(home: Path) -> subprocess.Popen[bytes]:
    """Comes back once it takes connections; there is a socket a little earlier."""
    # Losing everything in a crash is fine here, so nothing waits for the disk.
    options = {
        "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
        "listen_addresses": "", "unix_socket_directories": home, "jit": "off",
    }  # fmt: skip
    given = os.environ.get("TEST_POSTGRESQL_OPTIONS", "").split()
    settings = [*(f"{name}={value}" for name, value in options.items()), *given]
    flags = [part for setting in settings for part in ("-c", setting)]
    program = programs.postgresql() / "postgres"
    process = _spawn(program, ["-D", home / "data", *flags], home)
    _wait_for(lambda: _says_ready(process.pid, home / "data" / "postmaster.pid"), process, home)
    return process


def _redis(folder: Path, running: ExitStack) -> str:
    home = home_for(folder, "redis")
    running.callback(_stop, start_redis(home), signal.SIGTERM)
    return redis_url(home)


def start_redis(home: Path) -> subprocess.Popen[bytes]:
    """Comes back once there is a socket to connect to."""
    socket = home / "redis.sock"
    process = _spawn(
        programs.redis(),
        ["--port", "0", "--unixsocket", socket, "--dir", home, "--save", "", "--databases", "64"],
        home,
    )
    _wait_for(socket.exists, process, home)
    return process


def redis_url(home: Path) -> str:
    return f"unix://{home / 'redis.sock'}"


def _use_own_redis_database(worker: str) -> None:
    """Each worker clears its cache after each test: it must be nobody else's."""
    number = int(worker.removeprefix("gw")) + 1
    url = os.environ["REDIS_URL"]
    os.environ["REDIS_URL"] = (
        f"{url}?db={number}" if url.startswith("unix:") else f"{url.rstrip('/')}/{number}"
    )


def home_for(folder: Path, name: str) -> Path:
    """A folder for one engine, which as root runs as somebody else: PostgreSQL insists."""
    home = folder / name
    home.mkdir()
    if user := _other_user():
        folder.chmod(0o711)
        os.chown(home, user.pw_uid, user.pw_gid)
    return home


def _other_user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    users = {user.pw_name: user for user in pwd.getpwall()}
    return users.get("postgres") or users["nobody"]


def _as_user(program: Path, home: Path) -> dict[str, Any]:
    user = _other_user()
    rights = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    environment = programs.environment(program)
    return {"cwd": home, "env": environment, "stderr": subprocess.STDOUT, **rights}


def _run(program: Path, arguments: list[str | Path], home: Path) -> None:
    done = subprocess.run(
        [program, *arguments], stdout=subprocess.PIPE, check=False, **_as_user(program, home)
    )
    if done.returncode:
        raise RuntimeError(f"{program} failed:\n{done.stdout.decode()}")


def _spawn(program: Path, arguments: list[str | Path], home: Path) -> subprocess.Popen[bytes]:
    # In a session of its own, so that Ctrl-C reaches the tests first and they end in order.
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            [program, *arguments], stdout=log, start_new_session=True, **_as_user(program, home)
        )


def _says_ready(pid: int, lock: Path) -> bool:
    """PostgreSQL, in its lock file: its process first, and last how far it is."""
    try:
        first, *_, last = lock.read_text().split()
    except (OSError, ValueError):
        return False
    return (first, last) == (str(pid), "ready")


def _wait_for(is_ready: Callable[[], bool], process: subprocess.Popen[bytes], home: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args} did not start:\n{(home / 'log').read_text()}")
        time.sleep(0.02)


def _stop(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
