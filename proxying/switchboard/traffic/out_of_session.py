"""A stranger reached a number of a Service: ask its owner what to do, and do exactly that.

https://www.twilio.com/docs/proxy/out-of-session-callback-response-guide
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.dateparse import parse_datetime

from proxying.switchboard import alerts, sessions, webhooks
from proxying.switchboard.errors import TwilioError
from proxying.switchboard.models import Service
from proxying.switchboard.sessions import ParticipantSpec, Route
from proxying.switchboard.traffic import twiml
from proxying.switchboard.traffic.fields import earlier_session_fields


@dataclass(frozen=True)
class Contact:
    """Who reached what, and the fields that tell it. *sid* is the message's or the call's."""

    sid: str
    from_number: str
    to: str
    fields: Mapping[str, str]
    code_without_callback: int


@dataclass(frozen=True)
class Script:
    """TwiML to obey; *url* is what relative addresses in it start from."""

    verbs: list[twiml.Verb]
    url: str


class NotConnected(Exception):
    """Why this contact goes nowhere: an error code, a sentence, the answer's status if one came."""

    def __init__(self, code: int, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.status = status


def ask(service: Service, contact: Contact) -> Route | Script | None:
    """The Session made for this contact, or TwiML for it, or None: then an Alert says why."""
    try:
        return _ask(service, contact)
    except NotConnected as failure:
        alerts.raise_alert(
            failure.code,
            f"Out of session: {failure}",
            resource_sid=contact.sid,
            service_sid=service.sid,
            request_url=service.out_of_session_callback_url or "",
            response_status=failure.status,
        )
        return None


def _ask(service: Service, contact: Contact) -> Route | Script | None:
    url = service.out_of_session_callback_url
    if not url:
        raise NotConnected(contact.code_without_callback, "the Service has no callback for it")
    earlier = sessions.last_closed_route(contact.from_number, contact.to)
    try:
        answer = webhooks.post(url, {**contact.fields, **earlier_session_fields(earlier)})
    except webhooks.NoAnswer as failure:
        raise NotConnected(failure.code, str(failure)) from failure
    if not answer.ok:
        raise NotConnected(alerts.OUT_OF_SESSION_REFUSED, "not answered 2xx", answer.status)
    try:
        if answer.content_type == "application/json":
            return _create(service, contact, _auto_create_fields(answer.body))
        if answer.content_type in twiml.CONTENT_TYPES:
            return Script(twiml.parse(answer.body), url)
    except (UnusableAnswer, twiml.Unreadable) as error:
        raise NotConnected(alerts.NO_ROUTE, str(error), answer.status) from error
    except TwilioError as error:
        # Two texts of one stranger within a second: the other one's answer may have made
        # the Session that this one collided with.
        if route := sessions.active_route(contact.from_number, contact.to):
            return route
        raise NotConnected(error.code, error.message, answer.status) from error
    raise NotConnected(alerts.NO_ROUTE, "the answer is neither JSON nor XML", answer.status)


class UnusableAnswer(ValueError):
    """JSON that does not say how to create a Session."""


def _auto_create_fields(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise UnusableAnswer("not valid JSON") from None
    if not isinstance(fields, dict):
        raise UnusableAnswer("the JSON is no object")
    wrong = [name for name, kind in _AUTO_CREATE.items() if not _fits(fields.get(name), kind)]
    if wrong:
        raise UnusableAnswer(f"wrong type of {', '.join(wrong)}")
    if not fields.get("participantIdentifier"):
        raise UnusableAnswer("no participantIdentifier")
    return fields


_AUTO_CREATE: Final[Mapping[str, type]] = {
    "participantIdentifier": str,
    "participantProxyIdentifier": str,
    "uniqueName": str,
    "mode": str,
    "ttl": int,
    "dateExpiry": str,
}


def _fits(value: object, kind: type) -> bool:
    if isinstance(value, str) and not value.isprintable():
        return False  # a NUL or half a character, which no database takes
    return value is None or (isinstance(value, kind) and not isinstance(value, bool))


def _create(service: Service, contact: Contact, fields: dict[str, Any]) -> Route | None:
    """The caller comes first and keeps the number dialled; the other gets the one named or any."""
    expiry = fields.get("dateExpiry")
    date_expiry = parse_datetime(expiry) if expiry else None
    if expiry and (date_expiry is None or date_expiry.tzinfo is None):
        raise UnusableAnswer("dateExpiry is no ISO 8601 time with its zone")
    sessions.create_session(
        service,
        participants=[
            ParticipantSpec(contact.from_number, proxy_identifier=contact.to),
            ParticipantSpec(
                fields["participantIdentifier"],
                proxy_identifier=fields.get("participantProxyIdentifier") or None,
            ),
        ],
        unique_name=fields.get("uniqueName") or None,
        ttl=fields.get("ttl"),
        date_expiry=date_expiry,
        mode=fields.get("mode") or None,
    )
    return sessions.active_route(contact.from_number, contact.to)
