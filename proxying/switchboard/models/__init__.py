"""The switchboard's tables: Proxy's resources, and the carrier below them."""

from proxying.switchboard.models.carrier import (
    Alert,
    Call,
    IncomingPhoneNumber,
    Message,
    Phone,
    Purchase,
    Verification,
    VerifyService,
)
from proxying.switchboard.models.proxy import (
    Interaction,
    Participant,
    PhoneNumber,
    Service,
    Session,
)

__all__ = [
    "Alert",
    "Call",
    "IncomingPhoneNumber",
    "Interaction",
    "Message",
    "Participant",
    "Phone",
    "PhoneNumber",
    "Purchase",
    "Service",
    "Session",
    "Verification",
    "VerifyService",
]
