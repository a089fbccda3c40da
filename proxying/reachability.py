"""Says what has become of a seller's phone and number, to whoever listens."""

from functools import partial
from uuid import UUID

from django.db import transaction
from django.dispatch import Signal

# Buyers can, or can no longer, reach a seller. Sent with ``seller_id`` once the change is
# committed. It may be lost with its process: a listener looks for itself from time to time.
reachability_changed = Signal()

# Another private phone rings; staff have suspended the seller. Sent with ``seller`` within the
# transaction of the change: what a receiver writes is committed with it, and one that raises
# undoes it.
phone_changed = Signal()
suspended = Signal()
# Twilio no longer has the seller's number, and another is promised. Sent as those two are.
number_lost = Signal()


def announce(seller_id: UUID) -> None:
    """Sends ``reachability_changed`` on commit."""
    transaction.on_commit(
        partial(reachability_changed.send_robust, sender=None, seller_id=seller_id), robust=True
    )
