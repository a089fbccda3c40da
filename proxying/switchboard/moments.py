"""How Twilio's newer APIs and its webhooks write a time."""

from datetime import UTC, datetime


def iso(moment: datetime | None) -> str | None:
    """``2026-11-23T00:00:00Z``: whole seconds, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
