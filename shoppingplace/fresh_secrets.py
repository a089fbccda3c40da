"""``python -m shoppingplace.fresh_secrets``: lines for an environment file, new each time."""

import base64
import secrets

_KEY_BYTES = 32


def fresh_secrets() -> dict[str, str]:
    """The settings that nobody but this site must know, by name."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "PHONE_NUMBER_KEYS": f"first:{_key()}",
        "PHONE_NUMBER_INDEX_KEY": _key(),
    }


def as_lines(values: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


if __name__ == "__main__":
    print(as_lines(fresh_secrets()), end="")
