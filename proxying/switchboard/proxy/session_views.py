"""Sessions and who takes part in them.

https://www.twilio.com/docs/proxy/api/session and /participant
"""

import json
import re
from typing import Final

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from proxying.switchboard import sessions
from proxying.switchboard.api.paging import page
from proxying.switchboard.api.parameters import Parameters
from proxying.switchboard.errors import InvalidParameter
from proxying.switchboard.models import Participant, Session
from proxying.switchboard.proxy.views import ProxyView
from proxying.switchboard.sessions import ParticipantSpec

_SESSION_SID: Final = re.compile(r"KC[0-9a-fA-F]{32}")
# Field of a participant in the API, field of ParticipantSpec, most characters.
_SPEC: Final = (
    ("Identifier", "identifier", 191),
    ("FriendlyName", "friendly_name", 255),
    ("ProxyIdentifier", "proxy_identifier", 255),
    ("ProxyIdentifierSid", "proxy_identifier_sid", 34),
)


class Sessions(ProxyView):
    def get(self, request: Request, service_sid: str) -> Response:
        service = self.find_service(service_sid)
        rows = Session.objects.filter(service=service)
        sessions.close_expired(rows)
        return page(request, rows, "sessions", self.resources.session)

    def post(self, request: Request, service_sid: str) -> Response:
        given = self.parameters
        session = sessions.create_session(
            self.find_service(service_sid),
            participants=[_spec_in_json(text) for text in given.texts("Participants")],
            unique_name=given.text("UniqueName", limit=sessions.MAX_UNIQUE_NAME),
            ttl=given.integer("Ttl", least=1, most=sessions.MAX_TTL),
            date_expiry=given.moment("DateExpiry"),
            mode=given.choice("Mode", Session.Mode),
            status=given.choice("Status", Session.Status),
        )
        return Response(self.resources.session(session), status=HTTP_201_CREATED)


class OneSession(ProxyView):
    def get(self, request: Request, service_sid: str, session_sid: str) -> Response:
        """The Session with this SID or this unique name."""
        by_sid = _SESSION_SID.fullmatch(session_sid)
        find = self.find_session if by_sid else self.find_session_by_name
        return Response(self.resources.session(find(service_sid, session_sid)))

    def post(self, request: Request, service_sid: str, session_sid: str) -> Response:
        session = sessions.update_session(
            self.find_session(service_sid, session_sid),
            status=self.parameters.choice("Status", Session.Status),
            ttl=self.parameters.integer("Ttl", least=1, most=sessions.MAX_TTL),
            date_expiry=self.parameters.moment("DateExpiry"),
        )
        return Response(self.resources.session(session))

    def delete(self, request: Request, service_sid: str, session_sid: str) -> Response:
        self.find_session(service_sid, session_sid).delete()
        return Response(status=HTTP_204_NO_CONTENT)


class Participants(ProxyView):
    def get(self, request: Request, service_sid: str, session_sid: str) -> Response:
        """All who ever took part; those removed carry ``date_deleted``."""
        session = self.find_session(service_sid, session_sid)
        rows = Participant.objects.filter(session=session).select_related("session")
        return page(request, rows, "participants", self.resources.participant)

    def post(self, request: Request, service_sid: str, session_sid: str) -> Response:
        session = self.find_session(service_sid, session_sid)
        participant = sessions.add_participant(session, _spec_in_form(self.parameters))
        return Response(self.resources.participant(participant), status=HTTP_201_CREATED)


class OneParticipant(ProxyView):
    def get(
        self, request: Request, service_sid: str, session_sid: str, participant_sid: str
    ) -> Response:
        participant = self.find_participant(service_sid, session_sid, participant_sid)
        return Response(self.resources.participant(participant))

    def delete(
        self, request: Request, service_sid: str, session_sid: str, participant_sid: str
    ) -> Response:
        """200 with the participant, where every other deletion is 204: so Twilio's description."""
        participant = self.find_participant(service_sid, session_sid, participant_sid)
        return Response(self.resources.participant(sessions.remove_participant(participant)))


def _spec_in_form(given: Parameters) -> ParticipantSpec:
    given.required("Identifier", limit=_SPEC[0][2])
    fields = {field: given.text(name, limit=limit) for name, field, limit in _SPEC}
    return ParticipantSpec(**{field: text for field, text in fields.items() if text})


def _spec_in_json(text: str) -> ParticipantSpec:
    """One ``Participants`` field of a new Session: a JSON object."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise InvalidParameter("Participants is not a JSON object")
    fields = {}
    for name, field, limit in _SPEC:
        value = given.get(name)
        if value is None:
            continue
        if not (isinstance(value, str) and value.isprintable() and len(value) <= limit):
            raise InvalidParameter(f"{name} in Participants is no text of {limit} characters")
        fields[field] = value
    if not fields.get("identifier"):
        raise InvalidParameter("Missing required parameter Identifier in Participants")
    return ParticipantSpec(**fields)
