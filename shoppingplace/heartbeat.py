"""When the sweep last ran: beat sent it and a worker did it, so both are alive."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.core.cache import cache

SWEPT_AT: Final = "heartbeat.swept_at"
# The sweep runs every 15 seconds; a busy worker may be late for some.
TOO_LONG: Final = timedelta(minutes=5)

_SWEEP: Final = "proxying.tasks.sweep"


def note(sender: Any = None, **kwargs: Any) -> None:
    """Receives Celery's ``task_success``."""
    if getattr(sender, "name", "") == _SWEEP:
        cache.set(SWEPT_AT, datetime.now(UTC), timeout=None)
