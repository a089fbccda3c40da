"""Proxy's rows as its API shows them: every field, in Twilio's order, empty text as null.

https://www.twilio.com/docs/proxy/api/service and the pages beside it.
"""

from typing import Any

from django.conf import settings
from django.urls import reverse
from rest_framework.request import Request

from proxying.switchboard.models import Interaction, Participant, PhoneNumber, Service, Session
from proxying.switchboard.moments import iso


class Resources:
    """Builds resources whose links lead back to the address that *request* asked."""

    def __init__(self, request: Request) -> None:
        self._services = request.build_absolute_uri(reverse("switchboard:proxy:services"))

    def service(self, service: Service) -> dict[str, Any]:
        url = f"{self._services}/{service.sid}"
        return {
            "sid": service.sid,
            "account_sid": settings.TWILIO_ACCOUNT_SID,
            "unique_name": service.unique_name,
            "chat_instance_sid": service.chat_instance_sid or None,
            "default_ttl": service.default_ttl,
            "callback_url": service.callback_url or None,
            "intercept_callback_url": service.intercept_callback_url or None,
            "out_of_session_callback_url": service.out_of_session_callback_url or None,
            "geo_match_level": service.geo_match_level,
            "number_selection_behavior": service.number_selection_behavior,
            **_dates(service),
            "url": url,
            "links": {"sessions": f"{url}/Sessions", "phone_numbers": f"{url}/PhoneNumbers"},
        }

    def phone_number(self, number: PhoneNumber) -> dict[str, Any]:
        """*number* comes from ``with_in_use``."""
        owned = number.incoming_phone_number
        return {
            "sid": number.pk,
            "account_sid": settings.TWILIO_ACCOUNT_SID,
            "service_sid": number.service_id,
            "phone_number": owned.phone_number,
            "friendly_name": owned.friendly_name or None,
            "iso_country": owned.iso_country,
            "capabilities": {
                "fax": False,
                "mms": owned.mms,
                "sms": owned.sms,
                "voice": owned.voice,
            },
            "is_reserved": number.is_reserved,
            "in_use": number.in_use,
            **_dates(number),
            "url": f"{self._services}/{number.service_id}/PhoneNumbers/{number.pk}",
        }

    def session(self, session: Session) -> dict[str, Any]:
        url = f"{self._services}/{session.service_id}/Sessions/{session.sid}"
        return {
            "sid": session.sid,
            "service_sid": session.service_id,
            "account_sid": settings.TWILIO_ACCOUNT_SID,
            "unique_name": session.unique_name,
            "status": session.status,
            "mode": session.mode,
            "ttl": session.ttl,
            "closed_reason": session.closed_reason or None,
            "date_started": iso(session.date_started),
            "date_ended": iso(session.date_ended),
            "date_last_interaction": iso(session.date_last_interaction),
            "date_expiry": iso(session.date_expiry),
            **_dates(session),
            "url": url,
            "links": {
                "interactions": f"{url}/Interactions",
                "participants": f"{url}/Participants",
            },
        }

    def participant(self, participant: Participant) -> dict[str, Any]:
        url = self._participant_url(participant)
        return {
            "sid": participant.sid,
            "session_sid": participant.session_id,
            "service_sid": participant.session.service_id,
            "account_sid": settings.TWILIO_ACCOUNT_SID,
            "identifier": participant.identifier,
            "proxy_identifier": participant.proxy_identifier,
            "proxy_identifier_sid": participant.proxy_identifier_sid,
            "friendly_name": participant.friendly_name or None,
            "date_deleted": iso(participant.date_deleted),
            **_dates(participant),
            "url": url,
            "links": {"message_interactions": f"{url}/MessageInteractions"},
        }

    def interaction(self, interaction: Interaction) -> dict[str, Any]:
        service_sid = interaction.session.service_id
        session_url = f"{self._services}/{service_sid}/Sessions/{interaction.session_id}"
        return {
            "sid": interaction.sid,
            "session_sid": interaction.session_id,
            "service_sid": service_sid,
            "account_sid": settings.TWILIO_ACCOUNT_SID,
            "type": interaction.type,
            "data": interaction.data or None,
            "inbound_participant_sid": interaction.inbound_participant_id,
            "inbound_resource_sid": interaction.inbound_resource_sid or None,
            "inbound_resource_status": interaction.inbound_resource_status or None,
            "inbound_resource_type": interaction.inbound_resource_type or None,
            "inbound_resource_url": interaction.inbound_resource_url or None,
            "outbound_participant_sid": interaction.outbound_participant_id,
            "outbound_resource_sid": interaction.outbound_resource_sid or None,
            "outbound_resource_status": interaction.outbound_resource_status or None,
            "outbound_resource_type": interaction.outbound_resource_type or None,
            "outbound_resource_url": interaction.outbound_resource_url or None,
            **_dates(interaction),
            "url": f"{session_url}/Interactions/{interaction.sid}",
        }

    def message_interaction(
        self, interaction: Interaction, participant: Participant
    ) -> dict[str, Any]:
        """A message that the API sent to *participant*."""
        url = f"{self._participant_url(participant)}/MessageInteractions/{interaction.sid}"
        return {
            **self.interaction(interaction),
            "participant_sid": participant.sid,
            "url": url,
        }

    def _participant_url(self, participant: Participant) -> str:
        session = participant.session
        return (
            f"{self._services}/{session.service_id}/Sessions/{session.sid}"
            f"/Participants/{participant.sid}"
        )


def _dates(row: Service | PhoneNumber | Session | Participant | Interaction) -> dict[str, Any]:
    return {"date_created": iso(row.date_created), "date_updated": iso(row.date_updated)}
