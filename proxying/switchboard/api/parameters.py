"""The form fields of a request, named in PascalCase; what is absent is None.

Everything else that is not a value of its kind raises ``InvalidParameter`` with the field's
name and never its content.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from proxying.switchboard.errors import InvalidParameter

_BOOLEANS: Final = {"true": True, "false": False}
MAX_URL: Final = 4000


class Parameters:
    """One request's fields."""

    def __init__(self, fields: Any) -> None:
        # DRF gives a plain dict for an empty body.
        self._fields = fields if isinstance(fields, QueryDict) else QueryDict()

    def text(self, name: str, *, limit: int) -> str | None:
        """At most *limit* characters; an empty field is an empty string."""
        value = self._fields.get(name)
        if value is None:
            return None
        if len(value) > limit:
            raise InvalidParameter(f"{name} is longer than {limit} characters")
        if "\0" in value:
            raise InvalidParameter(f"{name} holds a NUL character")
        return str(value)

    def required(self, name: str, *, limit: int) -> str:
        """Text that must be there and not be empty."""
        value = self.text(name, limit=limit)
        if not value:
            raise InvalidParameter(f"Missing required parameter {name} in the post body")
        return value

    def texts(self, name: str) -> list[str]:
        """Every value of a field that may be repeated."""
        return self._fields.getlist(name)

    def integer(self, name: str, *, least: int, most: int) -> int | None:
        value = self._fields.get(name)
        if value is None:
            return None
        # int() also reads "1_0" and the digits of every script.
        if not (value.isascii() and value.isdigit() and len(value) <= len(str(most))):
            raise InvalidParameter(f"{name} is not a whole number of at least {least}")
        if not least <= int(value) <= most:
            raise InvalidParameter(f"{name} is not between {least} and {most}")
        return int(value)

    def boolean(self, name: str) -> bool | None:
        value = self._fields.get(name)
        if value is None:
            return None
        if value.lower() not in _BOOLEANS:
            raise InvalidParameter(f"{name} is neither true nor false")
        return _BOOLEANS[value.lower()]

    def choice(self, name: str, choices: Iterable[str]) -> str | None:
        value = self._fields.get(name)
        if value is None:
            return None
        known: Sequence[str] = [str(choice) for choice in choices]
        if value not in known:
            raise InvalidParameter(f"{name} is none of {', '.join(known)}")
        return str(value)

    def moment(self, name: str) -> datetime | None:
        """ISO 8601; without a zone it is UTC."""
        value = self._fields.get(name)
        if value is None:
            return None
        try:
            moment = parse_datetime(value)
        except ValueError:
            moment = None
        if moment is None:
            raise InvalidParameter(f"{name} is no ISO 8601 date and time")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def url(self, name: str) -> str | None:
        """http or https, or empty to have none."""
        value = self.text(name, limit=MAX_URL)
        if not value:
            return value
        try:
            parts = urlsplit(value)
            known = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            known = False
        if not known:
            raise InvalidParameter(f"{name} is no http or https address")
        return value
