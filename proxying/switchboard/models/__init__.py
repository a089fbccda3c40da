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

__all__ = [
    "Alert",
    "Call",
    "IncomingPhoneNumber",
    "Message",
    "Phone",
    "Purchase",
    "Verification",
    "VerifyService",
]
