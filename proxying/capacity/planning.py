"""How many numbers so many sellers need, and what they cost."""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from proxying.capacity.sizing import MOST_UNRESERVED, RESERVED_IN_A_SERVICE, size_for

MOST_SELLERS: Final = 100_000_000
HIGHEST_PRICE: Final = 10_000


@dataclass(frozen=True)
class Plan:
    """Numbers to pay for: one reserved for each seller, and a pool in each Service.

    *price* is that of one number a month.
    """

    sellers: int
    simultaneous: int
    services: int
    pool_per_service: int
    price: Decimal

    @property
    def reserved(self) -> int:
        return self.sellers

    @property
    def pool(self) -> int:
        return self.services * self.pool_per_service

    @property
    def numbers(self) -> int:
        return self.reserved + self.pool

    @property
    def cost(self) -> Decimal:
        """A month; without calls, texts and taxes."""
        return cost_of(self.numbers, self.price)


def plan_numbers(sellers: int, simultaneous: int, price: Decimal) -> Plan:
    """For *sellers* of one country, of whom the busiest has *simultaneous* buyers at a time.

    ``ValueError`` with a sentence for whoever asked when Proxy cannot do it.
    """
    if not 1 <= sellers <= MOST_SELLERS:
        raise ValueError(
            _("Between 1 and %(most)d sellers can be planned for.") % {"most": MOST_SELLERS}
        )
    if simultaneous < 1:
        raise ValueError(_("A seller talks to at least one buyer at a time."))
    if simultaneous > MOST_UNRESERVED:
        raise ValueError(
            _("Proxy allows %(most)d buyers of one seller at a time: its Services hold no more.")
            % {"most": MOST_UNRESERVED}
        )
    if not (price.is_finite() and 0 <= price <= HIGHEST_PRICE):
        raise ValueError(
            _("The price of a number is an amount of money, up to %(highest)d a month.")
            % {"highest": HIGHEST_PRICE}
        )
    return Plan(
        sellers=sellers,
        simultaneous=simultaneous,
        services=math.ceil(sellers / RESERVED_IN_A_SERVICE),
        pool_per_service=size_for(simultaneous),
        price=price,
    )


def price_of_a_number() -> Decimal:
    """``NUMBER_PRICE_A_MONTH``, as it was written."""
    return Decimal(str(settings.NUMBER_PRICE_A_MONTH))


def cost_of(numbers: int, price: Decimal) -> Decimal:
    """What *numbers* cost a month, in whole cents."""
    return (numbers * price).quantize(Decimal("0.01"))
