"""The legs of a call and their states.

Each change is a conditional UPDATE: of two who try at once, one wins.
"""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from proxying.switchboard.models import Call, Phone


def ring(parent: Call, *, caller_id: str, to: str, seconds: int) -> Call:
    """Let the phone *to* ring, showing *caller_id*. The leg comes back ended when it cannot.

    ``failed``: nobody has that number. A number of our own is nobody's phone: a call that
    is forwarded back into the switchboard would go round unheard. ``busy``: on another call.
    """
    now = timezone.now()
    leg = Call(
        parent=parent,
        from_number=caller_id,
        to=to,
        direction=(
            Call.Direction.DIRECT
            if parent.direction == Call.Direction.DIRECT
            else Call.Direction.OUTBOUND_DIAL
        ),
        rings_until=now + timedelta(seconds=seconds),
    )
    if not Phone.objects.filter(number=to).exists():
        leg.status, leg.ended_at = Call.Status.FAILED, now
    elif _on_the_phone(to):
        leg.status, leg.ended_at = Call.Status.BUSY, now
    leg.save()
    if not Call.objects.live().filter(pk=parent.pk).exists():
        # The caller hung up in this very moment and did not see the new leg.
        end(leg, Call.Status.CANCELED)
    return leg


def _on_the_phone(number: str) -> bool:
    placed = Q(from_number=number, parent=None)
    reached = Q(to=number, parent__isnull=False)
    return Call.objects.live().filter(placed | reached).exists()


def pick_up(call: Call) -> bool:
    """Ringing to in-progress; False when it no longer rang. *call* is up to date after it."""
    now = timezone.now()
    won = Call.objects.filter(pk=call.pk, status=Call.Status.RINGING).update(
        status=Call.Status.IN_PROGRESS, answered_at=now, rings_until=None, date_updated=now
    )
    call.refresh_from_db()
    return bool(won)


def end(call: Call, status: str, *, was: str | None = None) -> bool:
    """End a live call (one in state *was*, when given); False when there was none.

    *call* is up to date after it.
    """
    now = timezone.now()
    live = Call.objects.filter(pk=call.pk, status__in=[was] if was else Call.LIVE)
    won = live.update(
        status=status,
        ended_at=now,
        rings_until=None,
        resume_at=None,
        program=[],
        date_updated=now,
    )
    call.refresh_from_db()
    return bool(won)


def hang_up(leg: Call, *, unanswered: str) -> bool:
    """End a leg as ``completed`` when it was answered and as *unanswered* when it still rang."""
    return end(leg, unanswered, was=Call.Status.RINGING) or end(
        leg, Call.Status.COMPLETED, was=Call.Status.IN_PROGRESS
    )
