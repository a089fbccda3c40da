"""Every address of the site, read from Django's own URL table."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

_PARAMETER = re.compile(r"<(?:[^:<>]+:)?(\w+)>")


@dataclass(frozen=True)
class Address:
    """*route* as it stands in the table, from the root; *name* with its namespaces."""

    route: str
    name: str

    @property
    def parameters(self) -> list[str]:
        return _PARAMETER.findall(self.route)

    def path(self, values: Mapping[str, Any]) -> str:
        """The path, with *values* for its parameters; *values* may hold a path for the route."""
        if self.route in values:
            return f"/{values[self.route]}"
        return "/" + _PARAMETER.sub(lambda found: str(values[found[1]]), self.route)


def addresses(patterns: Sequence[URLPattern | URLResolver] | None = None) -> list[Address]:
    """Of the whole site, unless *patterns* are given."""
    table = get_resolver().url_patterns if patterns is None else patterns
    return list(_walk(table, "", ()))


def _walk(
    patterns: Iterable[URLPattern | URLResolver], before: str, spaces: tuple[str, ...]
) -> Iterator[Address]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from _walk(pattern.url_patterns, route, inner)
        else:
            yield Address(route, ":".join([*spaces, pattern.name or ""]))
