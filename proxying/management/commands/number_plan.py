"""``manage.py number_plan``: how many numbers so many sellers need, and what they cost."""

from argparse import ArgumentParser
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from proxying import capacity

_COLUMNS = ("Service", "country", "reserved", "pool", "busiest", "wanted", "a month")


class Command(BaseCommand):
    help = (
        "Says how many numbers, and how many Proxy Services, sellers of one country need, and "
        "what they cost a month; then what is there now. Asks nothing of Twilio and buys nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--sellers", type=int, required=True, help="who have a number")
        parser.add_argument(
            "--simultaneous",
            type=int,
            required=True,
            help="buyers whom the busiest seller talks to at a time",
        )
        parser.add_argument("--price", type=_amount, help="of a number a month")
        parser.add_argument(
            "--country", default=settings.SELLER_COUNTRIES[0], help="of the sellers, ISO 3166-1"
        )

    def handle(self, *args: Any, sellers: int, simultaneous: int, **options: Any) -> None:
        country = options["country"].upper()
        if country not in settings.SELLER_COUNTRIES:
            known = ", ".join(settings.SELLER_COUNTRIES)
            raise CommandError(f"Sellers come from {known} (SELLER_COUNTRIES), not from {country}.")
        price = options["price"]
        price = capacity.price_of_a_number() if price is None else price
        try:
            plan = capacity.plan_numbers(sellers, simultaneous, price)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(_described(plan, country))
        self.stdout.write(_table(price))


def _described(plan: capacity.Plan, country: str) -> str:
    return (
        f"{plan.sellers:,} sellers in {country}, the busiest with {plan.simultaneous} buyers"
        " at a time, need\n"
        f"  {plan.reserved:,} reserved numbers, one for each seller\n"
        f"  {plan.pool:,} pool numbers, {plan.pool_per_service} in each of {plan.services}"
        f" {'Service' if plan.services == 1 else 'Services'}\n"
        f"  {plan.numbers:,} numbers in all, {plan.cost:,} a month at {plan.price} each\n"
    )


def _table(price: Decimal) -> str:
    readings = capacity.measure()
    if not readings:
        return "There is no Service yet: run configure_proxy_service."
    rows = [
        (
            reading.service.unique_name,
            reading.service.country,
            f"{reading.reserved:,}",
            f"{reading.pool:,}",
            f"{reading.busiest:,}",
            f"{reading.wanted:,}",
            f"{capacity.cost_of(reading.numbers, price):,}",
        )
        for reading in readings
    ]
    stock = capacity.in_stock()
    total = sum(reading.numbers for reading in readings) + stock
    widths = [max(map(len, column)) for column in zip(_COLUMNS, *rows, strict=True)]
    lines = [
        "  ".join(
            [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
            + [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
        ).rstrip()
        for row in (_COLUMNS, *rows)
    ]
    cost = capacity.cost_of(total, price)
    summary = f"{total:,} numbers, {stock:,} of them in stock, {cost:,} a month"
    return "\n".join(["There now:", *lines, summary])


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None
