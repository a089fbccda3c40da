"""A clean database, a Redis and a process of its own for each measurement."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests import engines
from tests.storm.program import Program, Result

ROOT = Path(__file__).resolve().parents[2]
# Seconds. Somebody who wants far more of a program than `make storm` does waits longer.
_LONGEST = float(os.environ.get("STORM_PATIENCE", "570"))
_ENDS_WITHIN = 20.0
_TEMPLATE = "STORM_TEMPLATE"


class Stage:
    """Runs programs against the PostgreSQL of ``DATABASE_URL``."""

    def __init__(self, template: str) -> None:
        self._template = template
        self._running: set[subprocess.Popen[bytes]] = set()
        self._was_left = False

    @contextmanager
    def side_by_side(self, most: int) -> Iterator[ThreadPoolExecutor]:
        """Threads to measure in. Left by an exception, they end what they do, and begin no more."""
        with ThreadPoolExecutor(most) as threads:
            try:
                yield threads
            except BaseException:
                self._was_left = True
                for child in list(self._running):
                    _end(child)
                raise

    def measure_with_control(self, program: Program, *, n: int, seed: int) -> tuple[Result, Result]:
        """What the program and its control found: one after the other, unless the latter waits."""
        with self.side_by_side(2 if program.control_waits else 1) as threads:
            ran = threads.submit(self.measure, program, "run", n=n, seed=seed)
            broken = threads.submit(
                self.measure, program, "control", n=program.of_control, seed=seed
            )
            return ran.result(), broken.result()

    def measure(self, program: Program, what: str, *, n: int, seed: int) -> Result:
        """*what* is ``run`` or ``control``. A program that dies has not held, and says why."""
        database = f"{self._template}_{program.name}_{what}"
        with (
            _database(database, self._template),
            tempfile.TemporaryDirectory(prefix="shoppingplace-storm-", dir="/tmp") as folder,
            own_redis(Path(folder)) as redis_url,
        ):
            environment = _environment(database, redis_url, Path(folder), self._template)
            return self._run(program.name, what, n, seed, environment)

    def _run(self, name: str, what: str, n: int, seed: int, environment: dict[str, str]) -> Result:
        answer = Path(environment["VAR_DIR"]) / "result.json"
        log = Path(environment["VAR_DIR"]) / "log"
        with log.open("wb") as said:
            child = subprocess.Popen(
                [
                    sys.executable, "-m", "tests.storm.child", name, what, str(n), str(seed),
                    str(answer),
                ],
                cwd=ROOT,
                env=environment,
                stdout=said,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
            self._running.add(child)
            try:
                # Looked at after it is known to whoever leaves: one of the two sees the other.
                if self._was_left:
                    return Result(held=False, measured="DIED: ended from outside")
                child.wait(_LONGEST)
            except subprocess.TimeoutExpired:
                # A control that hangs has shown nothing either.
                return Result(held=False, measured=f"DIED: not done after {_LONGEST} seconds")
            finally:
                self._running.discard(child)
                _end(child)
        if not answer.exists():
            return Result(held=False, measured=f"DIED: {log.read_text(errors='replace')[-3000:]}")
        return Result(**json.loads(answer.read_text()))


@contextmanager
def stage() -> Iterator[Stage]:
    """Migrates once; each measurement gets a copy."""
    template = f"storm_{os.getpid()}"
    _admin(f"CREATE DATABASE {template}")
    try:
        with tempfile.TemporaryDirectory(prefix="shoppingplace-storm-", dir="/tmp") as folder:
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
                cwd=ROOT,
                env=_environment(template, "", Path(folder)),
                check=True,
            )
        yield Stage(template)
    finally:
        _admin(f"DROP DATABASE IF EXISTS {template} WITH (FORCE)")


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Lets it end what it has started."""
    child.terminate()
    try:
        child.wait(_ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _environment(database: str, redis_url: str, folder: Path, template: str = "") -> dict[str, str]:
    (folder / "static").mkdir()
    own = {
        "DATABASE_URL": url_of(database),
        "REDIS_URL": redis_url,
        "VAR_DIR": str(folder),
        # What is spent a day is limited; no storm is about that.
        "NUMBERS_BOUGHT_A_DAY": "1000000",
        # Nor is any about few people who call often, of whom programs have few.
        "CONTACTS_OF_A_PAIR_AN_HOUR": "1000000",
        "CONTACTS_OF_A_CALLER_AN_HOUR": "1000000",
        "CONTACTS_OF_A_NUMBER_AN_HOUR": "1000000",
        "NUMBERS_OF_A_CALLER_IN_TEN_MINUTES": "1000000",
        "INTERACTIONS_IN_HALF_A_MINUTE": "1000000",
        _TEMPLATE: template,
    }
    return {**os.environ, **own}


@contextmanager
def own_redis(folder: Path) -> Iterator[str]:
    """Its URL; what was cached or asked there is nobody else's."""
    home = engines.home_for(folder, "redis")
    running = engines.start_redis(home)
    try:
        yield engines.redis_url(home)
    finally:
        running.kill()
        running.wait()


@contextmanager
def another_database(suffix: str) -> Iterator[str]:
    """In a measurement: the name of one more database, migrated and empty."""
    name = urlsplit(os.environ["DATABASE_URL"]).path.removeprefix("/") + suffix
    with _database(name, os.environ[_TEMPLATE]):
        yield name


def url_of(database: str) -> str:
    """Of another database at the same PostgreSQL."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()


@contextmanager
def _database(name: str, template: str) -> Iterator[None]:
    _admin(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield
    finally:
        _admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _admin(statement: str) -> None:
    with psycopg.connect(url_of("postgres"), autocommit=True) as connection:
        connection.execute(statement)
