"""The demo's settings: secrets kept in ``.env``, and what makes a demo of it."""

import os
import re
import secrets
from pathlib import Path
from typing import Final

from shoppingplace.demo.addresses import HOST, IPV4, IPV6
from shoppingplace.fresh_secrets import as_lines, fresh_secrets


def complete_file(path: Path) -> None:
    """Makes *path* with fresh secrets, readable for its owner alone.

    A file that is there keeps its lines, so the data stays readable at the next start; it
    gets a ``DEMO_PASSWORD`` if it has none.
    """
    password = {"DEMO_PASSWORD": secrets.token_urlsafe(9)}
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("# Made by the demo; .env.example explains every setting.\n")
            file.write(as_lines({**fresh_secrets(), **_fresh_account(), **_DEMO, **password}))
        return
    text = path.read_text()
    if not re.search(r"^DEMO_PASSWORD=", text, re.MULTILINE):
        gap = "" if text.endswith("\n") or not text else "\n"
        with path.open("a") as file:
            file.write(gap + as_lines(password))


def for_site(site: str, var_dir: Path) -> dict[str, str]:
    """What the demo sets in the environment, where it wins over ``.env``.

    Everything that could lead to a real account or a real site's data is among it.
    """
    return {
        **_DEMO,
        "PUBLIC_BASE_URL": site,
        "ALLOWED_HOSTS": f"{HOST},{IPV4},[{IPV6}]",
        "TWILIO_BASE_URL": _switchboard(site),
        **{f"TWILIO_{name}_BASE_URL": "" for name in ("PROXY", "API", "VERIFY", "LOOKUPS")},
        "VAR_DIR": str(var_dir),
        "DATABASE_URL": f"sqlite:///{var_dir}/shoppingplace.sqlite3",
        "REDIS_URL": "",
        "EMAIL_HOST": "",
        # The site calls itself; a proxy that is set for the outside must not hear of it.
        "NO_PROXY": f"{HOST},{IPV4},{IPV6}",
        "no_proxy": f"{HOST},{IPV4},{IPV6}",
    }


def _switchboard(site: str) -> str:
    return f"{site}/switchboard/{{product}}"


def _fresh_account() -> dict[str, str]:
    """An account at the switchboard, which asks for these as Twilio would."""
    return {
        "TWILIO_ACCOUNT_SID": f"AC{secrets.token_hex(16)}",
        "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        "TWILIO_VERIFY_SERVICE_SID": f"VA{secrets.token_hex(16)}",
        "TWILIO_BASE_URL": _switchboard(f"http://{HOST}:8000"),
    }


_DEMO: Final = {
    "SWITCHBOARD": "True",
    "SWITCHBOARD_VIRTUAL_CARRIER": "True",
    "SERVE_MEDIA": "True",
    "LOG_FORMAT": "console",
}
