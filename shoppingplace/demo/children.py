"""The demo's two processes: started, watched, and ended together."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import requests

from shoppingplace.demo import CannotGoOn
from shoppingplace.demo.addresses import IPV4, bindings

_START_SECONDS = 60
_STOP_SECONDS = 10
_LINES_SHOWN = 20
_LOCKS = "log/*.lock"


@dataclass(frozen=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """``CannotGoOn`` when it does not run any more."""
        if self.process.poll() is not None:
            lines = self.log.read_text(errors="replace").splitlines()[-_LINES_SHOWN:]
            raise CannotGoOn("\n".join([f"The {self.name} stopped. {self.log} ends:", *lines]))


@contextmanager
def alone(var_dir: Path) -> Iterator[None]:
    """No other demo uses *var_dir* in this block, nor what a killed one left running.

    Two would send each other's calls astray: the Service has one address for callbacks.
    """
    with (var_dir / "demo.lock").open("w") as lock:
        if not _lock(lock):
            raise CannotGoOn(
                f"A demo is running on {var_dir} already. Stop it, or start this one with data "
                "and a port of its own: VAR_DIR=/tmp/another PORT=8001 make demo"
            )
        for path in var_dir.glob(_LOCKS):
            _end_leftover(path)
        yield


@contextmanager
def running(port: int, var_dir: Path) -> Iterator[list[Child]]:
    """A web server that answers, and a worker; gone when the block is left, however it is.

    ``CannotGoOn`` when the web server does not come up.
    """
    children: list[Child] = []
    try:
        children.append(_start("web server", var_dir / "log" / "web.log", _web(port)))
        _wait_until_ready(port, children[0])
        # Not earlier: both reading their code at a time would make the first page wait longer.
        children.append(_start("worker", var_dir / "log" / "worker.log", _worker(var_dir)))
        yield children
    finally:
        _stop(children)


def watch(children: Sequence[Child]) -> None:
    """Comes back only by ``CannotGoOn``, or by an interrupt from outside."""
    while True:
        for child in children:
            child.check()
        time.sleep(0.5)


def _wait_until_ready(port: int, web: Child) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        web.check()
        try:
            if requests.get(f"http://{IPV4}:{port}/readyz", timeout=5).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            pass  # not listening yet, or reading its code for the first time
        time.sleep(0.1)
    raise CannotGoOn(f"The site was not ready after {_START_SECONDS} seconds: see {web.log}")


def _web(port: int) -> list[str]:
    # A text waits in its thread for our callbacks, which need another one: as many texts at
    # once as there are threads would wait for each other until their time is over.
    return [
        "gunicorn", "shoppingplace.wsgi", "--worker-class", "gthread",
        "--workers", "1", "--threads", "64", "--graceful-timeout", "3",
        *(f"--bind={address}" for address in bindings(port)),
    ]  # fmt: skip


def _worker(var_dir: Path) -> list[str]:
    return [
        "celery", "-A", "shoppingplace", "worker", "--beat", "--pool", "threads",
        "--concurrency", "4", "--loglevel", "INFO", "--schedule", str(var_dir / "beat-schedule"),
    ]  # fmt: skip


def _start(name: str, log: Path, module: list[str]) -> Child:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output, log.with_suffix(".lock").open("w") as lock:
        _lock(lock)
        process = subprocess.Popen(  # noqa: S603 (our own words, no shell)
            [sys.executable, "-m", *module],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LOG_LEVEL": "INFO"},
            # Ctrl-C is for the demo alone, which then ends them in order.
            start_new_session=True,
            # It and what it starts hold the lock for as long as one of them lives.
            pass_fds=(lock.fileno(),),
        )
        lock.write(str(process.pid))
    return Child(name, process, log)


def _lock(file: IO[str]) -> bool:
    """Whether *file* is ours now; the system gives it back when we end, however we end."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _end_leftover(path: Path) -> None:
    """Ends the group of processes that holds *path*, if there is one."""
    with path.open() as lock:
        if not _lock(lock):
            os.killpg(int(lock.read()), signal.SIGKILL)
            fcntl.flock(lock, fcntl.LOCK_EX)  # not before the last one is gone


def _stop(children: Sequence[Child]) -> None:
    # A second Ctrl-C must not leave one of them behind.
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.SIG_IGN)
    for child in children:
        child.process.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, deadline - time.monotonic()))
        # Each leads a group of its own. One that was killed leaves what it started behind,
        # as the worker does with the process that sends its periodic tasks.
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
