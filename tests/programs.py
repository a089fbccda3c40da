"""Finds the programs that the tests need, or gets them; never skips, never guesses."""

import ctypes
import fcntl
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POSTGRESQL = "initdb"
REDIS = "redis-server"
DRIVER_LIBRARY = "libatomic.so.1"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# World-readable when root fills it, since PostgreSQL then runs as somebody else.
_CACHE = (
    Path("/var/cache" if os.geteuid() == 0 else Path.home() / ".cache")
    / "shoppingplace-test-programs"
)
_UNPACKED = _CACHE / "unpacked"


class CannotFind(Exception):
    """A program is not here and cannot be had; the message says what to install."""


@functools.cache
def postgresql() -> Path:
    """The folder with ``initdb`` and ``postgres`` (>= 15)."""
    return _find_or_get(POSTGRESQL, packages=["postgresql"], unpack=True).resolve().parent


@functools.cache
def redis() -> Path:
    return _find_or_get(REDIS, packages=["redis-server"], unpack=True)


@functools.cache
def chromium() -> Path:
    if sys.platform == "linux" and not _loads(DRIVER_LIBRARY):
        with _alone():
            _install_packages(["libatomic1"])
        if not _loads(DRIVER_LIBRARY):
            raise CannotFind(
                f"Playwright's driver needs {DRIVER_LIBRARY}, which this machine lacks. "
                "Install it (Debian, Ubuntu: apt-get install libatomic1) and run the tests again."
            )
    # Not unpacked beside the system: it needs its fonts where the system looks for them.
    return _find_or_get(*CHROMIUM, packages=["chromium", "fonts-liberation"], unpack=False)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def environment(program: Path) -> dict[str, str]:
    """For running *program*: an unpacked one has its libraries beside it."""
    if not program.is_relative_to(_UNPACKED):
        return dict(os.environ)
    libraries = sorted({str(path.parent) for path in _UNPACKED.glob("usr/lib/**/*.so*")})
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(libraries)}


def _find_or_get(*names: str, packages: list[str], unpack: bool) -> Path:
    if found := _find(names):
        return found
    with _alone():
        for get in (_unpack_packages if unpack else None, _install_packages):
            if get and not _find(names):
                get(packages)
    if found := _find(names):
        return found
    raise CannotFind(
        f"The tests need {' or '.join(names)}, and this machine has none that can be found "
        f"or fetched. Install it (Debian, Ubuntu: apt-get install {' '.join(packages)}; "
        "macOS: brew install postgresql@17 redis, and Chrome) and run the tests again."
    )


def _find(names: tuple[str, ...]) -> Path | None:
    folders = [
        *os.environ.get("PATH", "").split(os.pathsep),
        # Where PATH does not lead: Debian's and Homebrew's PostgreSQL, macOS's Chrome.
        *_newest_first("/", "usr/lib/postgresql/*/bin"),
        *_newest_first("/", "opt/homebrew/opt/postgresql@*/bin"),
        *_newest_first(str(_UNPACKED), "usr/lib/postgresql/*/bin"),
        str(_UNPACKED / "usr/bin"),
    ]
    found = (shutil.which(name, path=os.pathsep.join(folders)) for name in names)
    return next((Path(path).absolute() for path in found if path), None)


def _newest_first(root: str, pattern: str) -> list[str]:
    return sorted(map(str, Path(root).glob(pattern)), reverse=True)


def _unpack_packages(packages: list[str]) -> None:
    """Debian's packages, and what they lack here, unpacked into a folder of our own."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return
    _say(f"fetching {', '.join(packages)} into {_CACHE}; nothing is installed")
    for folder in ("lists/partial", "archives/partial"):
        (_CACHE / folder).mkdir(parents=True, exist_ok=True)
    apt = [
        "apt-get", "-qq", "--no-install-recommends", "-o", "Debug::NoLocking=true",
        "-o", f"Dir::State::lists={_CACHE}/lists", "-o", f"Dir::Cache={_CACHE}",
        "-o", "APT::Sandbox::User=root",
    ]  # fmt: skip
    if _run([*apt, "update"]) and _run([*apt, "install", "--download-only", "-y", *packages]):
        for package in sorted((_CACHE / "archives").glob("*.deb")):
            _run(["dpkg", "-x", str(package), str(_UNPACKED)])
            package.unlink()


def _install_packages(packages: list[str]) -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    _say(f"installing {', '.join(packages)} with apt-get")
    if _run(["apt-get", "-qq", "update"]):
        _run(["apt-get", "-qq", "install", "-y", "--no-install-recommends", *packages])


def _run(command: list[str]) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode:
        _say(f"{' '.join(command)} failed:\n{done.stderr.strip()}")
    return done.returncode == 0


def _say(what: str) -> None:
    print(f"tests: {what}", file=sys.__stderr__, flush=True)


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time: the workers of one run would fetch the same thing twice."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
