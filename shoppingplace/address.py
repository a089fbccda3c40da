"""Where the site is, as the world sees it."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured


class Address(NamedTuple):
    origin: str  # Paths that the site makes have the prefix in them already, so they go on this.
    host: str
    prefix: str  # As a Django route: empty, or such as "shop/".
    is_https: bool


def parse(public_base_url: str) -> Address:
    """Raises ``ImproperlyConfigured`` for anything but scheme, host, port and a plain path."""
    parts = urlsplit(public_base_url)
    origin = f"{parts.scheme}://{parts.netloc}"
    prefix = f"{parts.path}/".removeprefix("/")
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or origin + parts.path != public_base_url
        or not re.fullmatch(r"([A-Za-z0-9_-]+/)*", prefix)
    ):
        raise ImproperlyConfigured(
            "PUBLIC_BASE_URL must be scheme and host, such as https://shop.example,"
            " and may go on with a path of letters, digits, - and _"
        )
    return Address(origin, parts.hostname, prefix, parts.scheme == "https")
