"""How the phones' page writes numbers and calls."""

from django import template
from django.utils.translation import gettext_lazy as _

from proxying.switchboard import numbering
from proxying.switchboard.models import Call

register = template.Library()

_OUTGOING = {
    Call.Status.RINGING: _("Ringing"),
    Call.Status.IN_PROGRESS: _("On the line"),
    Call.Status.BUSY: _("Busy"),
    Call.Status.NO_ANSWER: _("No answer"),
    Call.Status.CANCELED: _("Canceled"),
    Call.Status.FAILED: _("Could not be connected"),
}
_INCOMING = {
    **_OUTGOING,
    Call.Status.RINGING: _("Incoming call"),
    Call.Status.BUSY: _("Declined"),
    Call.Status.NO_ANSWER: _("Missed"),
    Call.Status.CANCELED: _("Missed"),
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
    return str(words[Call.Status(call.status)])
