"""Logs: one line an event on standard error, numbers redacted whoever wrote the event."""

import logging
import logging.config
import sys
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any

import structlog

from proxying.phone_numbers import redact_event


def configure(level: str, *, as_json: bool) -> None:
    """The standard library's loggers and structlog's write alike, from *level* on."""
    chain: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact_event,
    ]
    structured = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": chain,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer()
            if as_json
            else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"structured": structured},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["stderr"], "level": level},
            # Its client tells each request in ten lines.
            "loggers": {"twilio": {"level": "WARNING"}},
        }
    )
    # A line that cannot be written is lost: the standard library would print what it was
    # made of on standard error, past everything that redacts.
    logging.raiseExceptions = False
    structlog.configure(
        processors=[
            _without_polls,
            *chain,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _without_polls(logger: Any, method: str, event: MutableMapping[str, Any]) -> Any:
    """The phones' page asks for itself every second: what went well there is no event."""
    if str(event.get("request")).startswith("GET /switchboard/phones/") and (
        event["event"] == "request_started" or event.get("code") == HTTPStatus.OK
    ):
        raise structlog.DropEvent
    return event
