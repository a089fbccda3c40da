"""Texts outside of Sessions, and what Twilio keeps of texts and calls.

https://www.twilio.com/docs/messaging/api/message-resource and /voice/api/call-resource
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from proxying.phone_numbers import PhoneNumber
from proxying.twilio_client.errors import NOT_FOUND, TwilioRefused
from proxying.twilio_client.wire import client, translated_errors


@dataclass(frozen=True)
class ReceivedText:
    """A text to a number of ours, as the Message resource has it."""

    sender: str
    dialled: str
    body: str
    sent_at: datetime


@dataclass(frozen=True)
class TextToUs:
    """That somebody texted a number of ours, and nothing of what."""

    message_sid: str
    sender: str = field(repr=False)
    dialled: str


def texts_to_us(since: datetime, until: datetime) -> list[TextToUs]:
    """All that came in between the two moments, on whatever number of the account."""
    with translated_errors():
        messages = client().messages.list(
            date_sent_after=since, date_sent_before=until, page_size=1000
        )
    # Twilio may round what it is asked for to whole days.
    return [
        TextToUs(message.sid, message.from_, message.to)
        for message in messages
        if message.direction == "inbound" and since <= message.date_created <= until
    ]


def send_text(sender: str, to: PhoneNumber, body: str) -> str:
    """The SID of a text from *sender*, a number of ours. Sends again each time it is called."""
    with translated_errors():
        message = client().messages.create(from_=sender, to=to.reveal(), body=body)
    return cast(str, message.sid)


def find_texts(sender: str, to: PhoneNumber, body: str, *, since: datetime) -> list[str]:
    """The SIDs of such texts among the newest of this pair, made at *since* or later."""
    # Twilio's times have no fractions of a second.
    since = since.replace(microsecond=0)
    with translated_errors():
        messages = client().messages.list(from_=sender, to=to.reveal(), limit=20, page_size=20)
    return [
        message.sid
        for message in messages
        if message.body == body and message.date_created and message.date_created >= since
    ]


def find_received_text(message_sid: str) -> ReceivedText | None:
    """The text that somebody sent to a number of ours; None when Twilio has it no more."""
    try:
        with translated_errors():
            message = client().messages(message_sid).fetch()
    except TwilioRefused as refusal:
        if refusal.status == NOT_FOUND:
            return None
        raise
    return ReceivedText(message.from_, message.to, message.body or "", message.date_created)


def delete_record(sid: str) -> None:
    """Deletes what Twilio keeps of a message or call, both numbers in it; gone is success.

    ``TwilioRefused`` while it is still under way.
    """
    records = client().calls if sid.startswith("CA") else client().messages
    with translated_errors(also_fine=lambda error: error.status == NOT_FOUND):
        records(sid).delete()


def calls_rung_by(call_sid: str) -> list[str]:
    """The SIDs of the legs that this call of somebody to us has rung elsewhere."""
    with translated_errors():
        legs = client().calls.list(parent_call_sid=call_sid, page_size=100)
    return [leg.sid for leg in legs]
