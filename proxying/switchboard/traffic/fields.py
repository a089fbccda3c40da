"""The form fields of each webhook, named as Twilio documents them.

Out of session: https://www.twilio.com/docs/proxy/out-of-session-callback-response-guide
Callback and intercept: https://www.twilio.com/docs/proxy/api/webhooks
"""

import json

from django.conf import settings

from proxying.switchboard import numbering
from proxying.switchboard.models import Call, Interaction, Message, Participant
from proxying.switchboard.moments import iso
from proxying.switchboard.sessions import Route

_NO_ADD_ONS = json.dumps({"status": "successful", "message": None, "code": None, "results": {}})


def message_fields(message: Message) -> dict[str, str]:
    """What an incoming text posts."""
    return {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsMessageSid": message.sid,
        "SmsStatus": "received",
        "AccountSid": settings.TWILIO_ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "From": message.from_number,
        "To": message.to,
        "Body": message.body,
        "NumMedia": "0",
        "NumSegments": "1",
        **_places(From=message.from_number, To=message.to),
    }


def status_fields(message: Message) -> dict[str, str]:
    """What the ``StatusCallback`` of an outgoing text is told."""
    fields = {
        "MessageSid": message.sid,
        "MessageStatus": message.status,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "AccountSid": settings.TWILIO_ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "From": message.from_number,
        "To": message.to,
    }
    return fields | ({"ErrorCode": str(message.error_code)} if message.error_code else {})


def call_fields(call: Call) -> dict[str, str]:
    """What an incoming call posts."""
    return {
        "CallSid": call.sid,
        "CallStatus": call.status,
        "AccountSid": settings.TWILIO_ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "AddOns": _NO_ADD_ONS,
        "Direction": "inbound",
        "From": call.from_number,
        "Caller": call.from_number,
        "To": call.to,
        "Called": call.to,
        **_places(From=call.from_number, Caller=call.from_number, To=call.to, Called=call.to),
    }


def earlier_session_fields(route: Route | None) -> dict[str, str]:
    """``session*`` and both participants of the pair's last Session; nothing without one."""
    if route is None:
        return {}
    session = route.session
    return {
        "sessionAccountSid": settings.TWILIO_ACCOUNT_SID,
        "sessionClosedReason": _text(session.closed_reason),
        "sessionDateCreated": _text(iso(session.date_created)),
        "sessionDateEnded": _text(iso(session.date_ended)),
        "sessionDateUpdated": _text(iso(session.date_updated)),
        "sessionMode": session.mode,
        "sessionServiceSid": session.service_id,
        "sessionSid": session.sid,
        "sessionStatus": session.status,
        "sessionUniqueName": _text(session.unique_name),
        **_participant("inboundParticipant", route.inbound),
        **_participant("outboundParticipant", route.outbound),
    }


def intercept_fields(interaction: Interaction) -> dict[str, str]:
    """What is asked before an interaction goes through."""
    return {
        "inboundParticipantSid": _text(interaction.inbound_participant_id),
        "inboundResourceSid": _text(interaction.inbound_resource_sid),
        "inboundResourceStatus": _text(interaction.inbound_resource_status),
        "inboundResourceType": _text(interaction.inbound_resource_type).lower(),
        "inboundResourceUrl": _text(interaction.inbound_resource_url),
        "interactionAccountSid": settings.TWILIO_ACCOUNT_SID,
        "interactionData": interaction.data or "",
        "interactionDateCreated": _text(iso(interaction.date_created)),
        "interactionDateUpdated": _text(iso(interaction.date_updated)),
        "interactionServiceSid": interaction.session.service_id,
        "interactionSessionSid": interaction.session_id,
        "interactionSid": interaction.sid,
        # With a capital, as the documentation's example has it.
        "interactionType": interaction.type.capitalize(),
    }


def callback_fields(interaction: Interaction) -> dict[str, str]:
    """What is told of an interaction, at its start and at each change."""
    return {
        **intercept_fields(interaction),
        "outboundParticipantSid": _text(interaction.outbound_participant_id),
        "outboundResourceSid": _text(interaction.outbound_resource_sid),
        "outboundResourceStatus": _text(interaction.outbound_resource_status),
        "outboundResourceType": _text(interaction.outbound_resource_type).lower(),
        "outboundResourceUrl": _text(interaction.outbound_resource_url),
    }


def _participant(prefix: str, participant: Participant) -> dict[str, str]:
    return {
        f"{prefix}AccountSid": settings.TWILIO_ACCOUNT_SID,
        f"{prefix}DateCreated": _text(iso(participant.date_created)),
        f"{prefix}DateUpdated": _text(iso(participant.date_updated)),
        f"{prefix}FriendlyName": _text(participant.friendly_name),
        f"{prefix}Identifier": participant.identifier,
        f"{prefix}ProxyIdentifier": _text(participant.proxy_identifier),
        f"{prefix}ProxyIdentifierSid": _text(participant.proxy_identifier_sid),
        f"{prefix}ServiceSid": participant.session.service_id,
        f"{prefix}SessionSid": participant.session_id,
        f"{prefix}Sid": participant.sid,
    }


def _places(**numbers: str) -> dict[str, str]:
    """City, state and postcode are empty, as they are for numbers Twilio cannot place."""
    fields = {}
    for role, number in numbers.items():
        fields[f"{role}City"] = fields[f"{role}State"] = fields[f"{role}Zip"] = ""
        fields[f"{role}Country"] = numbering.country(number) or ""
    return fields


def _text(value: str | None) -> str:
    return value or ""
