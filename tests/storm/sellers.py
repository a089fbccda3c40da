"""Sellers who ask for their number, and whether each has got exactly one."""

import time
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from proxying import twilio_client
from proxying.models import PoolNumber, ReservedNumber, Seller
from proxying.nudges import nudge
from proxying.phone_numbers import PhoneNumber
from proxying.provisioning import buying, promise
from proxying.switchboard.models import IncomingPhoneNumber, Purchase
from proxying.switchboard.models import PhoneNumber as NumberOfAService
from proxying.tasks import reserve_number
from proxying.twilio_client import NUMBER_NOT_FOR_SALE, TwilioRefused

# Enough that their shops for numbers do not sell out: each has 400.
_AREA_CODES = (
    201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225,
    228, 229, 231, 234, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281,
    301, 302, 303, 304, 305, 307,
)  # fmt: skip


def sign_up(nth: int) -> Seller:
    """The *nth* person, whose phone is proved."""
    area = _AREA_CODES[nth % len(_AREA_CODES)]
    user = get_user_model().objects.create(username=f"seller{nth}", password="!")
    return Seller.objects.create(
        user=user,
        display_name=f"Seller {nth}",
        phone_number=PhoneNumber(f"+1{area}22{nth // len(_AREA_CODES):05}"),
        phone_verified_at=timezone.now(),
    )


def ask_for_a_number(nth: int) -> ReservedNumber:
    """As proving the phone does: the row, and the nudge once it is committed."""
    with transaction.atomic():
        number = promise(sign_up(nth))
        nudge(reserve_number, number.pk)
    return number


def buy_blindly(e164: str, row_id: object) -> str | None:
    """``buying.acquire`` that does not look whether it has bought already: for controls."""
    try:
        return twilio_client.buy(e164, friendly_name=buying.marker(row_id))
    except TwilioRefused as refusal:
        if refusal.code in NUMBER_NOT_FOR_SALE:
            return None
        raise


def served() -> int:
    return ReservedNumber.objects.filter(status=ReservedNumber.Status.ACTIVE).count()


def wait_until_served(wanted: float, *, patience: float) -> None:
    """Until so many are, or for as many seconds as *patience* nobody more was."""
    before, deadline = -1, 0.0
    while (now := served()) < wanted:
        if now != before:
            before, deadline = now, time.monotonic() + patience
        elif time.monotonic() > deadline:
            return
        time.sleep(0.05)


@dataclass(frozen=True)
class Books:
    """What went wrong, by our rows and by Twilio's."""

    lost: int  # sellers without an active number
    double: int  # sellers with two, numbers of two, or bought twice for one row
    orphans: int  # paid for, and in no row of ours
    not_reserved: int  # a seller's, and open to Proxy's automatic choice
    purchases: int
    needed: int  # for the sellers and the pool

    @property
    def are_right(self) -> bool:
        wrong = self.lost or self.double or self.orphans or self.not_reserved
        return not wrong and self.purchases == self.needed

    def __str__(self) -> str:
        return (
            f"{self.lost} lost, {self.double} double, {self.orphans} orphan purchases, "
            f"{self.not_reserved} not reserved; {self.purchases} bought of {self.needed} needed"
        )


def books(sellers: int, twilio: str = "default") -> Books:
    """Compares our rows with those of the switchboard in the database *twilio*."""
    active = ReservedNumber.objects.filter(status=ReservedNumber.Status.ACTIVE)
    pool = PoolNumber.objects.values_list("proxy_identifier", flat=True)
    ours = {*active.values_list("proxy_identifier", flat=True), *pool}
    unfinished = ReservedNumber.objects.exclude(proxy_identifier=None).exclude(pk__in=active)
    owned = set(IncomingPhoneNumber.objects.using(twilio).values_list("phone_number", flat=True))
    reserved = set(
        NumberOfAService.objects.using(twilio)
        .filter(is_reserved=True)
        .values_list("incoming_phone_number__phone_number", flat=True)
    )
    bought = Purchase.objects.using(twilio).filter(kind=Purchase.Kind.PURCHASE)
    sellers_numbers = set(active.values_list("proxy_identifier", flat=True))
    return Books(
        lost=sellers - active.values("seller").distinct().count(),
        double=_more_than_one(active, "seller")
        + _more_than_one(active, "proxy_identifier")
        + _more_than_one(bought, "friendly_name")
        + _more_than_one(bought, "phone_number"),
        orphans=len(owned - ours - set(unfinished.values_list("proxy_identifier", flat=True))),
        not_reserved=len(sellers_numbers - reserved),
        purchases=bought.count(),
        needed=sellers + len(pool),
    )


def _more_than_one(rows, field: str) -> int:
    counted = rows.order_by().values(field).annotate(times=Count("pk"))
    return counted.filter(times__gt=1).count()
