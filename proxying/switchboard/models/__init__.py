"""The switchboard's tables: Proxy's resources, the carrier below them, and faults on purpose."""

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
from proxying.switchboard.models.faults import Fault, HeldWebhook, JournalEntry
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
    "Fault",
    "HeldWebhook",
    "IncomingPhoneNumber",
    "Interaction",
    "JournalEntry",
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
