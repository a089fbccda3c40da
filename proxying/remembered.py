"""What routing needs while the database is away: kept from fresh answers, and decided by.

``last_known_good`` says where it lies, how long it is good, and what ends it.
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import Prefetch
from django.utils import timezone
from django.utils.dateparse import parse_datetime, parse_time

from proxying import aside, last_known_good, memory, routing
from proxying.contacts import Contact
from proxying.encryption import CannotUnseal, blind_index
from proxying.memory import MemoryAway
from proxying.models import Block, ProxySession, ReservedNumber, Seller
from proxying.phone_numbers import PhoneNumber
from proxying.provisioning.ending import sessions_to_close
from proxying.routing import CreateSession, Decision, Remembered, TurnAway

_A_BATCH: Final = 500
# With more the route would be too large to read while somebody waits.
_MOST_BLOCKED: Final = 2_000
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


def epochs(contact: Contact) -> dict[str, str]:
    """What ``keep`` must be given, from before the database was read."""
    return last_known_good.epochs(routing.numbers_of(contact))


def keep(decision: Decision, known: dict[str, str]) -> None:
    """Keeps the route of a fresh answer for whoever calls while the database is away.

    Not for each call anew; but at once after a change, though another process made it.
    """
    if known and isinstance(decision, CreateSession):
        row: Any = decision.reserved_number
        number = str(row.proxy_identifier)
        if last_known_good.is_kept(number, known.get(number, "")):
            return
        blocked = row.blocked_buyers.split(",") if row.blocked_buyers else []
        _keep([(row, blocked)], known)


def keep_all() -> int:
    """Keeps the route of every number that can be called; how many.

    It also replaces what a change could not end because Redis was away.
    """
    numbers = (
        ReservedNumber.objects.filter(
            status=ReservedNumber.Status.ACTIVE, seller__suspended_at=None
        )
        .annotate(was_anothers=routing.was_anothers())
        .order_by("pk")
    )
    kept, last = 0, UUID(int=0)
    while batch := list(
        numbers.filter(pk__gt=last).values_list("pk", "proxy_identifier")[:_A_BATCH]
    ):
        known = last_known_good.epochs([str(identifier) for _pk, identifier in batch])
        rows = numbers.filter(pk__in=[pk for pk, _identifier in batch]).select_related(
            "seller__key"
        )
        blocks = Prefetch("seller__blocks", Block.objects.only("seller", "buyer_index"))
        kept += _keep(
            (
                (row, [block.buyer_index for block in row.seller.blocks.all()])
                for row in rows.prefetch_related(blocks)
            ),
            known,
        )
        last = batch[-1][0]
    return kept


def decide(contact: Contact) -> Decision | None:
    """What ``routing.decide`` would have said minutes ago; None when that is not to be said.

    Nobody can be told apart by it: who is turned away, by whatever cause, hears what all hear
    of whose number nothing is known. That a seller is away or sleeps is told as ever.
    """
    known = {}
    for number in {*routing.numbers_of(contact), contact.sender}:
        if route := last_known_good.find(number):
            known[number] = _read(route)
    decision = routing.decide_by_memory(contact, known)
    match decision:
        case CreateSession(is_beside=True) if not contact.is_call:
            return None
        case CreateSession():
            return decision if _may_call(decision) else None
        case TurnAway(answer=routing.Answer.NEUTRAL):
            return None
        case TurnAway():
            return decision


def put_session_aside(contact: Contact, decision: CreateSession) -> None:
    """The row that ``write_session`` makes once the database is back."""
    aside.put(
        "session",
        {
            "reserved_number_id": str(decision.reserved_number.pk),
            "buyer_index": blind_index(decision.buyer),
            "unique_name": decision.unique_name,
            "contact_sid": contact.contact_sid,
            "begun_by_seller": decision.begun_by_seller,
            "phone_epoch": decision.reserved_number.seller.phone_epoch,
            "created_at": timezone.now().isoformat(),
        },
    )


def write_session(facts: dict[str, Any]) -> None:
    """What ``put_session_aside`` kept: told of twice, it is one row."""
    ProxySession.objects.bulk_create([ProxySession(**facts)], ignore_conflicts=True)


def keep_refused() -> int:
    """Keeps for ``is_refused`` in which Sessions nobody may speak; how many."""
    sids = sessions_to_close().exclude(session_sid=None).values_list("session_sid", flat=True)
    with suppress(MemoryAway):
        return int(memory.ask(partial(_mark_refused, [str(sid) for sid in sids])))
    return 0


def is_refused(session_sid: str) -> bool:
    """Whether the last look at the database found that nobody may speak in this Session."""
    with suppress(MemoryAway):
        return bool(memory.ask(lambda redis: redis.exists(_refused_key(session_sid))))
    return False


def is_first_today(contact: Contact) -> bool:
    """Once a day for each sender: a phone that answers by itself would go on for ever."""
    key = f"proxying.told.{blind_index(contact.sender)}.{blind_index(contact.dialled)}"
    with suppress(MemoryAway):
        memory.ask(lambda redis: redis.set(key, contact.contact_sid, nx=True, ex=_DAY))
        return bool(memory.ask(lambda redis: redis.get(key)) == contact.contact_sid)
    return False


def _mark_refused(sids: list[str], redis: Any) -> int:
    pipeline = redis.pipeline(transaction=False)
    for sid in sids:
        pipeline.set(_refused_key(sid), 1, ex=last_known_good.LIFE)
    pipeline.execute()
    return len(sids)


def _refused_key(session_sid: str) -> str:
    return f"proxying.refused.{session_sid}"


def _may_call(decision: CreateSession) -> bool:
    """The limit of a pair, in Redis meanwhile: two phones that forward to each other stop."""
    pair = f"{decision.reserved_number.pk}.{blind_index(decision.buyer)}"
    key = f"proxying.contacts.{pair}"
    try:
        count = memory.ask(lambda redis: redis.incr(key))
        if count == 1:
            memory.ask(lambda redis: redis.expire(key, _HOUR))
    except MemoryAway:
        return True
    return bool(count <= settings.CONTACTS_OF_A_PAIR_AN_HOUR)


def _keep(routes: Iterable[tuple[Any, list[str]]], known: dict[str, str]) -> int:
    """*routes* are rows with ``was_anothers``, and the indexes of the buyers blocked."""
    texts = {
        str(row.proxy_identifier): text
        for row, blocked in routes
        # Whoever called it then means somebody else, and memory does not know who they are.
        if not row.was_anothers
        and len(blocked) <= _MOST_BLOCKED
        and (text := _written(row, blocked))
    }
    last_known_good.keep(texts, known)
    return len(texts)


def _written(row: ReservedNumber, blocked: list[str]) -> str:
    """The route as JSON; empty when nobody can be called by it."""
    seller = row.seller
    try:
        phone_number = seller.phone_number
    except CannotUnseal:
        return ""
    if phone_number is None or not row.is_active or seller.suspended_at:
        return ""
    return json.dumps(
        {
            "number": str(row.pk),
            "proxy_identifier": row.proxy_identifier,
            "seller": str(seller.pk),
            "phone_number": phone_number.reveal(),
            "phone_epoch": seller.phone_epoch,
            "away_until": _iso(seller.away_until),
            "quiet_from": _iso(seller.quiet_from),
            "quiet_until": _iso(seller.quiet_until),
            "time_zone": seller.time_zone,
            "blocked": blocked,
        }
    )


def _read(route: str) -> Remembered:
    facts = json.loads(route)
    seller = Seller(
        pk=UUID(facts["seller"]),
        phone_number=PhoneNumber(facts["phone_number"]),
        phone_number_index=blind_index(facts["phone_number"]),
        phone_epoch=facts["phone_epoch"],
        away_until=parse_datetime(facts["away_until"]),
        quiet_from=parse_time(facts["quiet_from"]),
        quiet_until=parse_time(facts["quiet_until"]),
        time_zone=facts["time_zone"],
    )
    row = ReservedNumber(
        pk=UUID(facts["number"]),
        seller=seller,
        status=ReservedNumber.Status.ACTIVE,
        proxy_identifier=facts["proxy_identifier"],
    )
    return Remembered(row, frozenset(facts["blocked"]))


def _iso(moment: datetime | time | None) -> str:
    return moment.isoformat() if moment else ""
