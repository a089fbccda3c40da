"""The legs of a call and their states.

Each change is a conditional UPDATE: of two who try at once, one wins.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from proxying.switchboard.models import Call, Phone


@contextmanager
def together(call: Call) -> Iterator[None]:
    """What happens to the legs of one call happens one after the other, and never half.

    No webhook may be posted inside: this is a transaction.
    """
    with transaction.atomic():
        Call.objects.select_for_update().get(pk=call.parent_id or call.pk)
        yield


def ring(parent: Call, *, caller_id: str, to: str, seconds: int) -> Call:
    """Let the phone *to* ring, showing *caller_id*. The leg comes back ended when it cannot.

    ``failed``: nobody has that number. A number of our own is nobody's phone: a call that
    is forwarded back into the switchboard would go round unheard. ``busy``: on another call.
    ``canceled``: the caller has hung up meanwhile.
    """
    now = timezone.now()
    direct = parent.direction == Call.Direction.DIRECT
    with together(parent):
        cannot = _why_not(parent, to)
        return Call.objects.create(
            parent=parent,
            from_number=caller_id,
            to=to,
            direction=Call.Direction.DIRECT if direct else Call.Direction.OUTBOUND_DIAL,
            status=cannot or Call.Status.RINGING,
            ended_at=now if cannot else None,
            rings_until=None if cannot else now + timedelta(seconds=seconds),
        )


def _why_not(parent: Call, to: str) -> Call.Status | None:
    if not Call.objects.live().filter(pk=parent.pk).exists():
        return Call.Status.CANCELED
    # Locked, so that of two who call it at once one finds it busy.
    if Phone.objects.select_for_update().filter(number=to).first() is None:
        return Call.Status.FAILED
    return Call.Status.BUSY if _on_the_phone(to) else None


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
