"""Webhooks that a fault kept back: delivered when they are due, in whichever order that is."""

from contextlib import suppress

from django.db import transaction
from django.utils import timezone

from proxying.switchboard import webhooks
from proxying.switchboard.models import HeldWebhook


def deliver(*, everything: bool = False) -> int:
    """Deliver what is due, or *everything*, by the times they are due; how many that were.

    Each is taken before it is sent: whoever dies between the two loses it, as happens.
    """
    delivered = 0
    while held := _take(everything=everything):
        with suppress(webhooks.NoAnswer):
            webhooks.send(held.url, held.fields)
        delivered += 1
    return delivered


def _take(*, everything: bool) -> HeldWebhook | None:
    waiting = HeldWebhook.objects.select_for_update(skip_locked=True)
    if not everything:
        waiting = waiting.filter(due_at__lte=timezone.now())
    with transaction.atomic():
        held = waiting.first()
        if held is not None:
            HeldWebhook.objects.filter(pk=held.pk).delete()
    return held
