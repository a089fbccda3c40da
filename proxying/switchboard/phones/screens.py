"""What a phone shows of itself: only what its owner could see, so masked numbers stay masked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from proxying.switchboard.models import Call, Message, Phone
from proxying.switchboard.moments import iso

NEWEST: Final = 100
LINGERS: Final = timedelta(seconds=6)


def message_item(message: Message, number: str) -> dict[str, Any]:
    """One text as the phone *number* sees it; what it sent has simply been delivered."""
    outgoing = message.from_number == number
    status = message.status
    if not outgoing:
        status = Message.Status.RECEIVED
    elif status == Message.Status.RECEIVED:
        status = Message.Status.DELIVERED
    return {
        "sid": message.sid,
        "direction": "outbound" if outgoing else "inbound",
        "status": status,
        "from": message.from_number,
        "to": message.to,
        "body": message.body,
        "date": iso(message.date_created),
        "error_code": message.error_code,
    }


def call_item(leg: Call) -> dict[str, Any]:
    """One leg as its phone sees it. ``duration`` in seconds, of a live call so far."""
    until = leg.ended_at or timezone.now()
    spoken = int((until - leg.answered_at).total_seconds()) if leg.answered_at else 0
    return {
        "sid": leg.sid,
        "direction": "outbound" if leg.parent_id is None else "inbound",
        "status": leg.status,
        "from": leg.from_number,
        "to": leg.to,
        "date": iso(leg.date_created),
        "date_answered": iso(leg.answered_at),
        "date_ended": iso(leg.ended_at),
        "duration": spoken,
        "heard": leg.heard,
    }


def screens(*phones: Phone) -> list[dict[str, Any]]:
    """The phones with all they show, newest first; two queries, however many phones.

    At most 100 texts and 100 calls, times the number of phones.
    """
    texts, legs = _newest(phones)
    return [
        {
            "number": phone.number,
            "name": phone.name,
            "messages": [
                message_item(text, phone.number) for text in texts if text.is_on(phone.number)
            ],
            "calls": [call_item(leg) for leg in legs if leg.phone == phone.number],
        }
        for phone in phones
    ]


def _newest(phones: Sequence[Phone]) -> tuple[list[Message], list[Call]]:
    numbers = [phone.number for phone in phones]
    most = NEWEST * len(phones)
    return (
        list(Message.objects.of_phones(*numbers)[:most]),
        list(Call.objects.of_phones(*numbers)[:most]),
    )


@dataclass(frozen=True)
class Thread:
    """What went to and fro between a phone and one other number, oldest first."""

    other: str
    texts: list[dict[str, Any]]

    @property
    def newest(self) -> dict[str, Any]:
        return self.texts[-1]


@dataclass(frozen=True)
class Handset:
    """A phone, arranged for the page."""

    phone: Phone
    threads: list[Thread]
    calls: list[Call]
    line: Call | None
    """The call to show over everything else: a live one, or one that has only just ended."""

    @property
    def key(self) -> str:
        return self.phone.number.removeprefix("+")


def handsets(*phones: Phone) -> list[Handset]:
    """The same for the page."""
    texts, legs = _newest(phones)
    return [
        _handset(
            phone,
            [text for text in texts if text.is_on(phone.number)],
            [leg for leg in legs if leg.phone == phone.number],
        )
        for phone in phones
    ]


def _handset(phone: Phone, texts: list[Message], legs: list[Call]) -> Handset:
    by_other: dict[str, list[dict[str, Any]]] = {}
    for text in texts:
        item = message_item(text, phone.number) | {"at": text.date_created}
        other = text.to if item["direction"] == "outbound" else text.from_number
        by_other.setdefault(other, []).append(item)
    threads = [Thread(other, items[::-1]) for other, items in by_other.items()]
    return Handset(phone, threads, calls=legs, line=_line(legs))


def _line(log: list[Call]) -> Call | None:
    live = next((leg for leg in log if leg.ended_at is None), None)
    if live or not log:
        return live
    newest = log[0]
    ended_just_now = newest.ended_at and newest.ended_at > timezone.now() - LINGERS
    return newest if ended_just_now else None
