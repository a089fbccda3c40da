"""Whom a seller knows, and whom a buyer means by a number: as conditions of a query."""

from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Exists, Q
from django.utils import timezone

from proxying.models import ProxySession

_PICKED_UP: Final = ("in-progress", "answered", "completed")


def are_known(*, seller: Any, buyers: list[Any]) -> Exists:
    """Whether *seller* picked up a call with one of *buyers*, or called or texted them.

    In a Session of the last ``KNOWN_BUYER_DAYS``, on whichever number. *buyers* are blind
    indexes; both may be ``OuterRef``. That somebody called or texted the seller proves
    nothing: so does a spammer.
    """
    spoken = ProxySession.objects.filter(
        Q(begun_by_seller=True)
        | Q(interactions__from_buyer=False)
        | Q(interactions__outbound_status__in=_PICKED_UP),
        buyer_index__in=buyers,
        reserved_number__seller=seller,
        created_at__gt=timezone.now() - timedelta(days=settings.KNOWN_BUYER_DAYS),
    )
    return Exists(spoken)


def meant_another(*, number: Any, seller: Any, buyers: list[Any]) -> Exists:
    """Whether one of *buyers* had a Session on *number* when it was not *seller*'s.

    Proxy forgets that after 90 days, and a number that was given back may come again later.
    *buyers* are blind indexes; all may be ``OuterRef``.
    """
    others = ProxySession.objects.exclude(reserved_number__seller=seller)
    return Exists(others.filter(buyer_index__in=buyers, reserved_number__proxy_identifier=number))
