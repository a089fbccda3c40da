"""For what can only be seen from outside: a Python of its own, with its own environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run_python():
    """Runs a script in a fresh process, with the tests' settings and those given (None: unset)."""

    def run(script, **settings):
        environment = {
            name: value for name, value in {**os.environ, **settings}.items() if value is not None
        }
        return subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    return run
