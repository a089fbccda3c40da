"""``python -m shoppingplace.demo``; ``PORT`` in the environment chooses another than 8000.

``PREFIX=/shop`` serves it all below that path, as in a site that shares its host.

The data is SQLite under ``var``; what the web server and the worker say goes to ``var/log``.
"""

import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import django

from shoppingplace.demo import CannotGoOn, addresses, children, environment
from shoppingplace.demo.addresses import HOST
from shoppingplace.demo.children import Child

BASE_DIR = Path(__file__).resolve().parent.parent.parent
_PORTS = 65_536


def main() -> None:
    # SIGINT too: a shell starts what runs in its background with Ctrl-C ignored.
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    try:
        run(os.environ.get("PORT", "8000"), os.environ.get("PREFIX", ""))
    except CannotGoOn as reason:
        sys.exit(f"\n{reason}")
    except KeyboardInterrupt:
        _say("\nStopped. The data stays in var/.")


def run(port: str, prefix: str = "") -> None:
    """Serves the demo until it is interrupted."""
    var_dir = Path(os.environ.get("VAR_DIR", BASE_DIR / "var")).resolve()
    for folder in ("media", "broker", "broker-control"):
        (var_dir / folder).mkdir(parents=True, exist_ok=True)
    with children.alone(var_dir):
        _serve(_free_port(port), _known(prefix), var_dir)


def _serve(port: int, prefix: str, var_dir: Path) -> None:
    site = f"http://{HOST}:{port}{prefix}"
    environment.complete_file(Path(os.environ.get("ENV_FILE", BASE_DIR / ".env")))
    os.environ |= environment.for_site(site, var_dir)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoppingplace.settings")
    # In this terminal only what goes wrong; the children's logs have the rest.
    os.environ["LOG_LEVEL"] = "WARNING"
    django.setup()

    from shoppingplace.demo import data  # noqa: PLC0415 (models need Django to be set up)

    password = os.environ["DEMO_PASSWORD"]  # read from .env together with the settings
    with _step("Preparing database and static files"):
        data.prepare(password)
    with ExitStack() as stack:
        with _step("Starting web server and worker"):
            processes = stack.enter_context(children.running(port, var_dir))
        with _step("Reserving numbers for eight sellers, posting what they sell"):
            data.fill()
        _say(welcome(site, password, processes))
        children.watch(processes)


def welcome(site: str, password: str, processes: Sequence[Child]) -> str:
    logs = "\n".join(f"  {child.name:<12} {child.log}" for child in processes)
    return f"""
ShoppingPlace is at {site}/

  The shop     {site}/
  The phones   {site}/switchboard/phones/
  Admin        {site}/admin/

  Log in at {site}/accounts/login/ with the password {password}
    tom@example.com     sells; phone +1 415-234-5555, reserved number +1 415-111-1111
    beth@example.com    sells; phone +1 209-987-6666, reserved number +1 209-222-2222
    bob@example.com     buys;  phone +1 415-111-5555
    admin@example.com   staff

  Try it: open the phones, and text +1 415-111-1111 from Bob's.

{logs}

Ctrl-C stops it; the data stays in var/."""


def _free_port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < _PORTS:
        raise CannotGoOn(f"PORT is {text!r}; it must be a number from 1 to {_PORTS - 1}.")
    port = int(text)
    try:
        addresses.check(port)
    except OSError as error:
        raise CannotGoOn(
            f"Port {port} cannot be used: {error.strerror}. "
            f"Stop what is there, or take another: make demo PORT={port + 1}"
        ) from None
    return port


def _known(prefix: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9_-]+)*", prefix):
        raise CannotGoOn(f"PREFIX is {prefix!r}; it must be a path such as /shop.")
    return prefix


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _step(what: str) -> Iterator[None]:
    began = time.monotonic()
    print(f"{what} ... ", end="", flush=True)
    yield
    _say(f"{time.monotonic() - began:.1f} s")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
