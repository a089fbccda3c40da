"""What time does to calls and Sessions, for when nobody looks."""

from celery import shared_task

from proxying.switchboard import sessions
from proxying.switchboard.faults import held
from proxying.switchboard.traffic import calls


@shared_task(name="switchboard.tick")
def tick() -> None:
    """Unanswered calls stop ringing, TwiML goes on after a pause, Sessions expire and are purged,
    and webhooks that a fault kept back go out.

    Run every five seconds. Whoever asks about a call or a Session does the same for it
    first, so a tick that is late or lost changes nothing anybody sees.
    """
    calls.settle()
    sessions.expire_due()
    held.deliver()
