"""What happened in a Session, and messages that the API sends into one.

https://www.twilio.com/docs/proxy/api/interaction and /message-interaction
"""

import json
from functools import partial

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_204_NO_CONTENT

from proxying.switchboard import sessions
from proxying.switchboard.api.paging import page
from proxying.switchboard.errors import InvalidParameter, NotFound, Rule, RuleBroken
from proxying.switchboard.models import Interaction, Participant, Session
from proxying.switchboard.proxy.views import ProxyView
from proxying.switchboard.traffic import interactions, messages


class Interactions(ProxyView):
    def get(self, request: Request, service_sid: str, session_sid: str) -> Response:
        session = self.find_session(service_sid, session_sid)
        rows = Interaction.objects.filter(session=session).select_related("session")
        return page(request, rows, "interactions", self.resources.interaction)


class OneInteraction(ProxyView):
    def get(
        self, request: Request, service_sid: str, session_sid: str, interaction_sid: str
    ) -> Response:
        interaction = self._find(service_sid, session_sid, interaction_sid)
        return Response(self.resources.interaction(interaction))

    def delete(
        self, request: Request, service_sid: str, session_sid: str, interaction_sid: str
    ) -> Response:
        self._find(service_sid, session_sid, interaction_sid).delete()
        return Response(status=HTTP_204_NO_CONTENT)

    def _find(self, service_sid: str, session_sid: str, interaction_sid: str) -> Interaction:
        session = self.find_session(service_sid, session_sid)
        interaction = session.interactions.filter(sid=interaction_sid).first()
        if interaction is None:
            raise NotFound(self.request.path)
        return interaction


class MessageInteractions(ProxyView):
    def get(
        self, request: Request, service_sid: str, session_sid: str, participant_sid: str
    ) -> Response:
        participant = self.find_participant(service_sid, session_sid, participant_sid)
        resource = partial(self.resources.message_interaction, participant=participant)
        return page(request, _sent_to(participant), "interactions", resource)

    def post(
        self, request: Request, service_sid: str, session_sid: str, participant_sid: str
    ) -> Response:
        """Text the participant from its proxy number. 200, not 201: so Twilio's description."""
        body = self.parameters.required("Body", limit=messages.MAX_BODY)
        if self.parameters.texts("MediaUrl"):
            raise InvalidParameter("MediaUrl is not supported")
        participant = self.find_participant(service_sid, session_sid, participant_sid)
        interaction = _send(participant, body)
        return Response(self.resources.message_interaction(interaction, participant))


class OneMessageInteraction(ProxyView):
    def get(
        self,
        request: Request,
        service_sid: str,
        session_sid: str,
        participant_sid: str,
        interaction_sid: str,
    ) -> Response:
        participant = self.find_participant(service_sid, session_sid, participant_sid)
        interaction = _sent_to(participant).filter(sid=interaction_sid).first()
        if interaction is None:
            raise NotFound(request.path)
        return Response(self.resources.message_interaction(interaction, participant))


def _sent_to(participant: Participant) -> QuerySet[Interaction]:
    return Interaction.objects.filter(
        outbound_participant=participant, inbound_participant=None
    ).select_related("session")


def _send(participant: Participant, body: str) -> Interaction:
    """No transaction: the message's webhooks are posted on the way."""
    session = participant.session
    if not session.is_active:
        raise RuleBroken(Rule.SESSION_CLOSED)
    if not participant.is_active:
        raise RuleBroken(Rule.PARTICIPANT_REMOVED)
    if session.mode == Session.Mode.VOICE_ONLY:
        raise RuleBroken(Rule.MODE_FORBIDS)
    if not session.participants.present().exclude(pk=participant.pk).exists():
        raise RuleBroken(Rule.NO_PARTNER)
    interaction = Interaction.objects.create(
        session=session,
        type=Interaction.Type.MESSAGE,
        data=json.dumps({"body": body}),
        outbound_participant=participant,
    )
    sessions.touch(session)
    sent = messages.deliver(
        from_=participant.proxy_identifier, to=participant.identifier, body=body
    )
    interactions.report(interaction, outbound=sent)
    return interaction
