"""Who calls or texts whom out of session, as Proxy tells it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from proxying.signatures import Fields


@dataclass(frozen=True)
class EarlierSession:
    """What Proxy remembers of the last Session between the two, which has ended."""

    unique_name: str
    partner: str
    partner_proxy_identifier: str
    created_at: datetime | None


@dataclass(frozen=True)
class Contact:
    """A call or text that fits no open Session.

    *sender* is what Twilio says is calling: a number (E.164), a short code, ``anonymous``.
    *forwarded_from* is the phone that passed the call on, where its carrier tells; else empty.
    """

    contact_sid: str
    sender: str
    dialled: str
    is_call: bool
    earlier: EarlierSession | None
    forwarded_from: str = ""

    @property
    def earlier_session(self) -> str:
        """The unique name of the earlier Session; empty without one."""
        return self.earlier.unique_name if self.earlier else ""

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        """From the fields of an out-of-session callback.

        https://www.twilio.com/docs/proxy/out-of-session-callback-response-guide
        """
        earlier = EarlierSession(
            unique_name=fields.get("sessionUniqueName", ""),
            partner=fields.get("outboundParticipantIdentifier", ""),
            partner_proxy_identifier=fields.get("outboundParticipantProxyIdentifier", ""),
            created_at=_moment(fields.get("sessionDateCreated", "")),
        )
        return cls(
            contact_sid=fields.get("CallSid") or fields["MessageSid"],
            sender=fields["From"],
            dialled=fields["To"],
            is_call="CallSid" in fields,
            earlier=earlier if earlier.partner and _is_same_pair(fields) else None,
            forwarded_from=fields.get("ForwardedFrom", ""),
        )


def _is_same_pair(fields: Fields) -> bool:
    return (
        fields.get("inboundParticipantIdentifier") == fields["From"]
        and fields.get("inboundParticipantProxyIdentifier") == fields["To"]
    )


def _moment(iso_8601: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(iso_8601)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
