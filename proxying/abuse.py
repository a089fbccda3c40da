"""Signs that a contact comes from a spammer or from a machine, as conditions of a query.

They tell of numbers by their blind index. None of them costs a statement of its own.
"""

from datetime import timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Concat
from django.utils import timezone

from proxying import limits
from proxying.models import Interaction, PoolNumber, ReservedNumber, Seller

_PREFIX: Final = "quarantined."
_QUARANTINE: Final = timedelta(days=1)
# Longer than a phone rings. Were we never told that a call was over, it still ends here.
_RINGS_FOR: Final = timedelta(seconds=60)
_NOT_YET_ANSWERED: Final = ("", "initiated", "queued", "ringing")


def quarantine(caller_index: str) -> None:
    """For a day nobody is connected with this caller."""
    limits.mark(_PREFIX + caller_index)


def is_quarantined(caller_index: str | OuterRef) -> Exists:
    if isinstance(caller_index, str):
        return limits.marked(_PREFIX + caller_index, within=_QUARANTINE)
    return limits.marked(Concat(Value(_PREFIX), caller_index), within=_QUARANTINE)


def is_ours(e164: str) -> Q:
    """Whether this is a masked number of ours: a call to it would come back to us."""
    reserved = ReservedNumber.objects.exclude(status=ReservedNumber.Status.RELEASED)
    return Q(Exists(PoolNumber.objects.filter(proxy_identifier=e164))) | Q(
        Exists(reserved.filter(proxy_identifier=e164))
    )


def is_sellers_phone(index: str) -> Q:
    """Whether this is the phone behind some seller's number: the last stop of every call."""
    return Q(
        Exists(Seller.objects.filter(phone_number_index=index, phone_verified_at__isnull=False))
    )


def is_ringing(index: str | OuterRef) -> Q:
    """Whether that phone rings through us right now. Who calls from it is then no person:
    it forwards its calls, and two that forward to each other would go round for ever.
    """
    calls = Interaction.objects.filter(
        type="voice",
        created_at__gt=timezone.now() - _RINGS_FOR,
        outbound_status__in=_NOT_YET_ANSWERED,
    )
    rung = Q(from_buyer=True, proxy_session__reserved_number__seller__phone_number_index=index) | Q(
        from_buyer=False, proxy_session__buyer_index=index
    )
    return Q(Exists(calls.filter(rung)))
