"""Sessions, and texts in them: https://www.twilio.com/docs/proxy/api/session"""

import json
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, cast

from django.conf import settings

from proxying.twilio_client.errors import (
    NOT_FOUND,
    SESSION_ALREADY_CLOSED,
    SESSION_NAME_TAKEN,
    TwilioRefused,
)
from proxying.twilio_client.wire import client, none_if_not_found, translated_errors

_OPEN: Final = ("open", "in-progress")


@dataclass(frozen=True)
class SessionText:
    """A text in a Session. *inbound_resource_sid* is empty when it was sent by us."""

    inbound_resource_sid: str
    body: str


@dataclass(frozen=True)
class OpenSession:
    """A Session that is not closed. Of one made by hand *unique_name* may be empty."""

    session_sid: str
    unique_name: str
    created_at: datetime


@dataclass(frozen=True)
class PageOfSessions:
    """Those of a page that are not closed, perhaps none, and where the next page is."""

    not_closed: list[OpenSession]
    next_url: str | None


@dataclass(frozen=True)
class FoundSessions:
    """SIDs by unique name. Only when *is_all* is what is missing nowhere at Twilio."""

    sids: dict[str, str]
    is_all: bool


@dataclass(frozen=True)
class Carried:
    """A text or call that went through a Session: the SIDs of its records, both legs."""

    interaction_sid: str
    records: frozenset[str]


@dataclass(frozen=True)
class Participant:
    """Who takes part in a Session, by phone number, and the number that they see and dial."""

    participant_sid: str
    identifier: str = field(repr=False)
    proxy_identifier: str
    created_at: datetime


def page_of_sessions(service_sid: str, url: str | None = None) -> PageOfSessions:
    """The page of the Service's Sessions at *url*, a ``next_url``; without one the first."""
    with translated_errors():
        sessions = client().proxy.v1.services(service_sid).sessions
        page = sessions.get_page(url) if url else sessions.page(page_size=100)
        # No filter at Twilio: closed ones are listed for 90 days too.
        not_closed = [
            OpenSession(session.sid, session.unique_name or "", session.date_created)
            for session in page
            if session.status in _OPEN
        ]
    return PageOfSessions(not_closed, page.next_page_url)


def find_session(service_sid: str, unique_name: str) -> str | None:
    """The SID of the Service's Session of this name."""
    return find_sessions(service_sid, [unique_name]).get(unique_name)


def find_sessions(service_sid: str, unique_names: Collection[str]) -> dict[str, str]:
    """The SIDs of the Service's Sessions of these names, for those that there are."""
    return look_for_sessions(service_sid, unique_names, until=None).sids


def look_for_sessions(
    service_sid: str, unique_names: Collection[str], *, until: float | None
) -> FoundSessions:
    """``find_sessions``, in as much of Twilio's list as is read until then (``monotonic``)."""
    found: dict[str, str] = {}
    with translated_errors():
        # Fetching by name seems to work but is not documented, and a 404 must be certain here.
        for session in client().proxy.v1.services(service_sid).sessions.stream(page_size=100):
            if session.unique_name in unique_names:
                found[session.unique_name] = session.sid
                if len(found) == len(unique_names):
                    break
            if until is not None and time.monotonic() > until:
                return FoundSessions(found, is_all=False)
    return FoundSessions(found, is_all=True)


def close_session(service_sid: str, session_sid: str) -> None:
    """Closes the Session; closed or gone already is success."""
    with translated_errors(
        also_fine=lambda error: error.status == NOT_FOUND or error.code in SESSION_ALREADY_CLOSED
    ):
        client().proxy.v1.services(service_sid).sessions(session_sid).update(status="closed")


def reopen_session(service_sid: str, session_sid: str) -> None:
    """Opens a closed Session again, between the same two, for as long as a new one.

    ``TwilioRefused`` while one of them holds their number in another one.
    """
    with translated_errors():
        client().proxy.v1.services(service_sid).sessions(session_sid).update(status="in-progress")


def is_session_open(service_sid: str, session_sid: str) -> bool:
    try:
        with translated_errors():
            session = client().proxy.v1.services(service_sid).sessions(session_sid).fetch()
    except TwilioRefused as refusal:
        if refusal.status == NOT_FOUND:
            return False
        raise
    return session.status in _OPEN


def fetch_session_named(service_sid: str, unique_name: str) -> str | None:
    """The SID of the Session of this name, as fetching by name tells.

    It seems to work but is not documented: None says nothing. ``find_session`` is certain, and
    reads the Service's whole list.
    """
    try:
        with translated_errors():
            session = client().proxy.v1.services(service_sid).sessions(unique_name).fetch()
    except TwilioRefused:
        return None
    return str(session.sid)


def create_session(
    service_sid: str, unique_name: str, *, buyer: str, buyer_sees: str, seller: str
) -> str:
    """The SID of a Session of the two; of the one that has this name, if it was made before.

    The buyer sees *buyer_sees*; Proxy chooses what the seller sees.
    """
    participants = [{"Identifier": buyer, "ProxyIdentifier": buyer_sees}, {"Identifier": seller}]
    try:
        with translated_errors():
            session = (
                client()
                .proxy.v1.services(service_sid)
                .sessions.create(
                    unique_name=unique_name,
                    ttl=settings.PROXY_SESSION_TTL,
                    mode=settings.PROXY_SESSION_MODE,
                    participants=participants,
                )
            )
        return cast(str, session.sid)
    except TwilioRefused as refusal:
        made_before = refusal.code == SESSION_NAME_TAKEN and find_session(service_sid, unique_name)
        if not made_before:
            raise
        return made_before


def who_takes_part(service_sid: str, session_sid: str) -> list[Participant]:
    """Those who have not been taken out of the Session, whatever became of it."""
    with translated_errors():
        found = client().proxy.v1.services(service_sid).sessions(session_sid).participants.list()
    return [
        Participant(one.sid, one.identifier, one.proxy_identifier, one.date_created)
        for one in found
        if one.date_deleted is None
    ]


def participants(service_sid: str, session_sid: str) -> dict[str, str]:
    """The SID of each who takes part in the Session, by phone number."""
    people = who_takes_part(service_sid, session_sid)
    return {one.identifier: one.participant_sid for one in people}


def texts_in_session(service_sid: str, session_sid: str) -> list[SessionText]:
    """Those that went out to somebody: one that was stopped did not."""
    with translated_errors():
        found = (
            client()
            .proxy.v1.services(service_sid)
            .sessions(session_sid)
            .interactions.list(page_size=100)
        )
    return [
        SessionText(one.inbound_resource_sid or "", _body(one.data))
        for one in found
        if str(one.type).lower() == "message" and one.outbound_resource_sid
    ]


def records_of_session(service_sid: str, session_sid: str) -> set[str]:
    """The SIDs of the messages and calls that went through the Session, both legs of each.

    Empty when Twilio does not know the Session.
    """
    carried = carried_by_session(service_sid, session_sid)
    return {sid for one in carried for sid in one.records}


def carried_by_session(service_sid: str, session_sid: str) -> list[Carried]:
    """What went through the Session. Empty when Twilio does not know the Session."""
    with none_if_not_found() as found:
        session = client().proxy.v1.services(service_sid).sessions(session_sid)
        found.extend(session.interactions.list(page_size=100))
    return [
        Carried(
            one.sid,
            frozenset(filter(None, (one.inbound_resource_sid, one.outbound_resource_sid))),
        )
        for one in found
    ]


def delete_interaction(service_sid: str, session_sid: str, interaction_sid: str) -> None:
    """Deletes what the Session keeps of it, not its records; gone already is success."""
    with translated_errors(also_fine=lambda error: error.status == NOT_FOUND):
        session = client().proxy.v1.services(service_sid).sessions(session_sid)
        session.interactions(interaction_sid).delete()


def delete_session(service_sid: str, session_sid: str) -> None:
    """Deletes the Session, its participants and interactions; gone already is success.

    The messages and calls that went through it are records of their own and stay.
    """
    with translated_errors(also_fine=lambda error: error.status == NOT_FOUND):
        client().proxy.v1.services(service_sid).sessions(session_sid).delete()


def text_in_session(service_sid: str, session_sid: str, participant_sid: str, body: str) -> None:
    """Texts the participant from the number that they see. Sends each time it is called."""
    with translated_errors():
        (
            client()
            .proxy.v1.services(service_sid)
            .sessions(session_sid)
            .participants(participant_sid)
            .message_interactions.create(body=body)
        )


def _body(data: str | None) -> str:
    try:
        return str(json.loads(data or "")["body"])
    except (ValueError, TypeError, KeyError):
        return ""
