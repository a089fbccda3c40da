"""How the phones' page writes numbers and calls."""

from django import template

from proxying.switchboard import numbering
from proxying.switchboard.models import Call

register = template.Library()

_OUTGOING = {
    Call.Status.RINGING: "Ringing",
    Call.Status.IN_PROGRESS: "On the line",
    Call.Status.BUSY: "Busy",
    Call.Status.NO_ANSWER: "No answer",
    Call.Status.CANCELED: "Canceled",
    Call.Status.FAILED: "Could not be connected",
}
_INCOMING = {
    **_OUTGOING,
    Call.Status.RINGING: "Incoming call",
    Call.Status.BUSY: "Declined",
    Call.Status.NO_ANSWER: "Missed",
    Call.Status.CANCELED: "Missed",
}


@register.filter
def display(number: str) -> str:
    """``+1 415-111-1111``."""
    return numbering.display(number)


@register.filter
def other_end(call: Call) -> str:
    """The number this leg's phone sees at the other end."""
    return call.to if call.parent_id is None else call.from_number


@register.filter
def outcome(call: Call) -> str:
    """``Missed``, ``Busy``, or how long was spoken: ``1:05``."""
    if call.status == Call.Status.COMPLETED:
        return f"{call.duration // 60}:{call.duration % 60:02}"
    words = _OUTGOING if call.parent_id is None else _INCOMING
    return words[Call.Status(call.status)]
