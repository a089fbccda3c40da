"""One measurement: ``python -m tests.storm.child <program> <run|control> <n> <seed> <answer>``."""

import dataclasses
import importlib
import json
import os
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit

import django
import requests


def main(name: str, what: str, n: str, seed: str, answer: str) -> None:
    # Else what it has started would outlive it.
    signal.signal(signal.SIGTERM, lambda *told: sys.exit("ended from outside"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoppingplace.settings")
    django.setup(set_prefix=False)
    from django.core.cache import cache  # noqa: PLC0415 (needs the settings)

    answer_in_process()
    cache.clear()
    program = importlib.import_module(f"tests.storm.{name}")
    result = getattr(program, what)(int(n), int(seed))
    Path(answer).write_text(json.dumps(dataclasses.asdict(result)))


def answer_in_process() -> None:
    """``http://testserver`` is Django itself in this thread, as in the tests."""
    from tests.conftest import InProcessAdapter, NoSuchPlace  # noqa: PLC0415

    real, inside = requests.adapters.HTTPAdapter(), InProcessAdapter()
    adapters = {"testserver": inside, "127.0.0.1": real, "localhost": real}

    def get_adapter(session: requests.Session, url: str) -> requests.adapters.BaseAdapter:
        host = urlsplit(url).hostname
        if host not in adapters:
            raise NoSuchPlace(f"a program asked {host}, which is not this machine")
        return adapters[host]

    requests.Session.get_adapter = get_adapter


if __name__ == "__main__":
    main(*sys.argv[1:])
