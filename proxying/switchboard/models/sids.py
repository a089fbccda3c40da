"""Twilio's identifiers: two capitals that say what it is, then 32 lower-case hex digits."""

import secrets
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    _CharField = models.CharField[str, str]
else:
    _CharField = models.CharField


def new_sid(prefix: str) -> str:
    """A fresh SID such as ``KS`` followed by 32 hex digits."""
    return prefix + secrets.token_hex(16)


class SidField(_CharField):
    """The primary key of a resource: its SID, made when the row is."""

    def __init__(self, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        options |= {
            "max_length": 34,
            "primary_key": True,
            "editable": False,
            "default": partial(new_sid, prefix),
        }
        super().__init__(verbose_name="SID", **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        for given in ("verbose_name", "max_length", "primary_key", "editable", "default"):
            options.pop(given, None)
        return name, path, [self.prefix, *args], options
