"""Moving: a seller whose number spammers have harvested takes a new one.

The next number is promised beside the seller's own (``is_for_move``), which goes on working
until the next one is active. Then, in one transaction, the next takes its place, and the old
one is kept for ``NUMBER_MOVED_DAYS`` for the buyers whom the seller knows; strangers on it
hear what all hear who are turned away (``routing``). After that it goes into quarantine.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from proxying.models import ReservedNumber, Seller

Status = ReservedNumber.Status


class CannotMove(Exception):
    """The seller has no number to move from, or has moved too lately."""


def move(seller: Seller) -> ReservedNumber:
    """The promise of the seller's next number; the one of before while it is being kept.

    ``CannotMove`` when there is nothing to move from, and before ``next_move_at``. Whoever
    calls this nudges ``reserve_number`` for the returned row.
    """
    with transaction.atomic():
        # Two who ask at the same time wait for each other here.
        locked = Seller.objects.select_for_update().get(pk=seller.pk)
        under_way = locked.reserved_numbers.filter(is_for_move=True).first()
        if under_way:
            return under_way
        if locked.suspended_at or not locked.reserved_numbers.filter(status=Status.ACTIVE).exists():
            raise CannotMove
        if next_move_at(locked) > timezone.now():
            raise CannotMove
        return ReservedNumber.objects.create(seller=locked, is_for_move=True)


def next_move_at(seller: Seller) -> datetime:
    """From when on the seller may move: ``NUMBER_MOVE_EVERY_DAYS`` after the last time."""
    moved = [number.moved_at for number in seller.reserved_numbers.all() if number.moved_at]
    if not moved:
        return seller.created_at
    return max(moved) + timedelta(days=settings.NUMBER_MOVE_EVERY_DAYS)


def make_way(number: ReservedNumber) -> None:
    """Before *number*, promised for a move, becomes active, in the same transaction.

    The seller's number is kept for those they know from here on. A promise that is not kept
    yet, because they lost their number meanwhile, is needless now.
    """
    held = ReservedNumber.objects.held().filter(seller=number.seller_id).order_by("pk")
    for former in held.select_for_update():
        if former.is_active:
            former.status, former.moved_at = Status.RETIRING, timezone.now()
            former.save(update_fields=["status", "moved_at"])
        elif former.is_live:
            former.retire()
