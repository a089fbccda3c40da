"""Says that buyers can, or can no longer, reach a seller; whoever shows sellers listens."""

from functools import partial
from uuid import UUID

from django.db import transaction
from django.dispatch import Signal

# Sent with ``seller_id`` once the change is committed. It may be lost with its process:
# a listener looks for itself from time to time.
reachability_changed = Signal()


def announce(seller_id: UUID) -> None:
    transaction.on_commit(
        partial(reachability_changed.send_robust, sender=None, seller_id=seller_id), robust=True
    )
