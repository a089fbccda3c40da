"""Which faults befall what happens now, by the rules that all processes share."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings

from proxying.switchboard.models import Fault


def rules() -> list[Fault]:
    """Every rule, oldest first; none, and no query, where the virtual carrier is off."""
    return list(Fault.objects.all()) if settings.SWITCHBOARD_VIRTUAL_CARRIER else []


def of_request(planned: list[Fault], method: str, path: str) -> Iterator[Fault]:
    """The faults that befall a request of the API, one after the other.

    Whoever reads on counts further; what is not read was not met.
    """
    for rule in planned:
        if rule.kind not in Fault.WEBHOOKS and rule.meets(method, path) and rule.strikes():
            yield rule


@dataclass(frozen=True)
class Delivery:
    """How one webhook arrives: *delays* has an item for each time that it does."""

    delays: list[timedelta] = field(default_factory=lambda: [timedelta()])

    @classmethod
    def of(cls, url: str) -> Self:
        path = urlsplit(url).path.removeprefix("/")
        befalls = [
            rule
            for rule in rules()
            if rule.kind in Fault.WEBHOOKS and rule.meets("POST", path) and rule.strikes()
        ]
        copies = 1 + sum(rule.kind == Fault.Kind.WEBHOOK_TWICE for rule in befalls)
        return cls([_delay(befalls, copy) for copy in range(copies)])

    @property
    def is_at_once(self) -> bool:
        return not any(self.delays)


def _delay(befalls: list[Fault], copy: int) -> timedelta:
    """A late webhook waits its time out, one that is overtaken any part of it."""
    milliseconds = 0.0
    for rule in befalls:
        match rule.kind:
            case Fault.Kind.WEBHOOK_LATE:
                milliseconds += rule.delay_ms
            case Fault.Kind.WEBHOOK_SHUFFLED:
                milliseconds += rule.delay_ms * rule.draw(f"delay of {copy}")
    return timedelta(milliseconds=milliseconds)
