"""What the account asked of the API, and what it bought: what programs check against."""

import re
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, QuerySet, Sum
from django.http.response import HttpResponseBase

from proxying.switchboard.faults.connections import NoAnswer
from proxying.switchboard.models import Fault, IncomingPhoneNumber, JournalEntry, Purchase
from proxying.switchboard.moments import iso

MOST: Final = 1000

_OF_INTEREST: Final = ("sid", "friendly_name", "is_reserved", "status", "code")
# Lookup answers with people's own numbers, these two products with the account's.
_NUMBERS_OF_THE_ACCOUNT: Final = re.compile(r"(api|proxy)/.*PhoneNumbers")
# A SID's digits stand between letters and digits.
_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])\+?[0-9]{7,15}(?![0-9A-Za-z])")


def facts(path: str, answer: HttpResponseBase) -> dict[str, Any]:
    """What the answer says that does not change when it is lost: of one resource, not a list."""
    said = getattr(answer, "data", None)
    if not isinstance(said, dict):
        return {}
    found = {name: said[name] for name in _OF_INTEREST if said.get(name) is not None}
    known = {name: mask(v) if isinstance(v, str) else v for name, v in found.items()}
    if "phone_number" in said and _NUMBERS_OF_THE_ACCOUNT.match(path):
        known["phone_number"] = said["phone_number"]
    return known


def write(
    method: str,
    path: str,
    answer: HttpResponseBase,
    *,
    fault: Fault | None,
    facts: dict[str, Any],
) -> None:
    JournalEntry.objects.create(
        method=method[:10],
        path=mask(path)[:500],
        status=None if isinstance(answer, NoAnswer) else answer.status_code,
        fault=fault.kind if fault else "",
        facts=facts,
    )


def mask(text: str) -> str:
    """*text* with each number in it, written with a plus or not, cut to its last two digits."""
    return _NUMBER.sub(lambda found: f"•••{found[0][-2:]}", text)


def tail(*, after: int, most: int) -> list[dict[str, Any]]:
    """The oldest entries after the one with this id, oldest first; the newest ones for 0."""
    entries: QuerySet[JournalEntry] = JournalEntry.objects.all()
    if after:
        found = list(entries.filter(pk__gt=after).order_by("pk")[:most])
    else:
        found = list(entries[:most])[::-1]
    return [
        {
            "id": entry.pk,
            "date": entry.date_created.isoformat(),
            "method": entry.method,
            "path": entry.path,
            "status": entry.status,
            "fault": entry.fault,
            "facts": entry.facts,
        }
        for entry in found
    ]


def ledger(*, most: int) -> dict[str, Any]:
    """How often the account bought, gave back and lost a number, what it holds and pays.

    ``held`` are the numbers it has now, ``spent`` a month of each that it ever bought; both
    prices in US dollars. ``lines`` are the newest, oldest first.
    """
    counts = dict(Purchase.objects.order_by().values_list("kind").annotate(Count("pk")))
    held = IncomingPhoneNumber.objects.values("pk")
    bought = Purchase.objects.filter(kind=Purchase.Kind.PURCHASE)
    return {
        "account_sid": settings.TWILIO_ACCOUNT_SID,
        "purchases": counts.get(Purchase.Kind.PURCHASE, 0),
        "releases": counts.get(Purchase.Kind.RELEASE, 0),
        "vanished": counts.get(Purchase.Kind.VANISHED, 0),
        "held": held.count(),
        "a_month": _dollars(bought.filter(phone_number_sid__in=held)),
        "spent": _dollars(bought),
        "lines": [
            {
                "date": iso(line.date_created),
                "kind": line.kind,
                "phone_number": line.phone_number,
                "sid": line.phone_number_sid,
                "friendly_name": mask(line.friendly_name),
                "price": str(line.price),
            }
            for line in list(Purchase.objects.all()[:most])[::-1]
        ],
    }


def _dollars(lines: QuerySet[Purchase]) -> str:
    return f"{lines.aggregate(total=Sum('price'))['total'] or 0:.2f}"
