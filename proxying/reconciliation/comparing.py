"""The differences between Twilio and our rows, each with what mends it."""

from collections.abc import Iterator
from functools import partial

from django.conf import settings

from proxying.capacity import callback_urls
from proxying.models import PoolNumber, ReservedNumber, StockNumber
from proxying.provisioning import buying
from proxying.reconciliation import repairs
from proxying.reconciliation.inventory import AtTwilio, InOurRows, Row
from proxying.reconciliation.report import Finding, Kind
from proxying.twilio_client import OwnedNumber, ProxyServiceConfiguration

Status = ReservedNumber.Status
# Numbers that buyers dial: at home in their Service, and out of the automatic choice.
_DIALLED = (Status.ACTIVE, Status.RETIRING)
# Those that go back to Twilio are followed there step by step.
_MAY_VANISH = (Status.RESERVING, *_DIALLED, Status.QUARANTINED)


def differences(twilio: AtTwilio, rows: InOurRows, *, however_many: bool) -> Iterator[Finding]:
    """Services first: a number is put into a Service that calls us.

    When a Service is gone or most numbers are, the account is more likely wrong than they
    are: vanished ones are then left to staff, unless *however_many* says to go ahead.
    """
    yield from _services(twilio)
    vanished = [row for row in rows.with_a_sid() if _is_missing(row, twilio)]
    credible = however_many or _is_credible(len(vanished), twilio, rows)
    yield from _bought(twilio, rows)
    owned = {number.proxy_identifier: number for number in twilio.owned.values()}
    for row in vanished:
        same_number = owned.get(row.proxy_identifier or "")
        is_back = same_number is not None and _is_of(row, same_number, rows)
        yield _vanished(row, same_number if is_back else None, credible=credible)
    for row in rows.with_a_sid():
        # What is in stock is in no Service.
        if row.phone_number_sid in twilio.owned and not isinstance(row, StockNumber):
            yield from _placed(row, twilio)


def count_foreign(twilio: AtTwilio, rows: InOurRows) -> int:
    """Numbers of the account that are not ours to touch."""
    ours = {row.phone_number_sid for row in rows.with_a_sid()}
    return sum(
        buying.row_of(owned.friendly_name) is None
        for sid, owned in twilio.owned.items()
        if sid not in ours
    )


def _services(twilio: AtTwilio) -> Iterator[Finding]:
    wanted = ProxyServiceConfiguration(callback_urls(), settings.PROXY_SESSION_TTL)
    for service, configuration in twilio.services:
        if configuration is None:
            yield Finding(Kind.SERVICE_GONE, service.service_sid)
        elif configuration != wanted:
            repair = partial(repairs.restore_service, service, configuration, wanted)
            yield Finding(Kind.SERVICE_CHANGED, service.service_sid, repair)


def _bought(twilio: AtTwilio, rows: InOurRows) -> Iterator[Finding]:
    """Numbers with our marker that no row knows."""
    known = {row.proxy_identifier for row in rows.stock}
    known |= {row.proxy_identifier for row in rows.pool}
    known |= {row.proxy_identifier or "" for row in rows.reserved}
    waiting = {row.pk: row for row in rows.reserved if row.status == Status.PENDING}
    for sid, owned in twilio.owned.items():
        row_id = buying.row_of(owned.friendly_name)
        if row_id is None or owned.proxy_identifier in known or sid in rows.stray_sids:
            continue
        if row := waiting.get(row_id):
            yield Finding(Kind.UNCLAIMED, str(row.pk), partial(repairs.adopt, row, owned))
        else:
            yield Finding(Kind.STRAY, sid, partial(repairs.set_aside, owned))


def _is_missing(row: Row, twilio: AtTwilio) -> bool:
    settled = not isinstance(row, ReservedNumber) or row.status in _MAY_VANISH
    return settled and not row.is_at_work and row.phone_number_sid not in twilio.owned


def _is_of(row: Row, owned: OwnedNumber, rows: InOurRows) -> bool:
    """Whether what is *row*'s number to dial is its number: bought by us, and for no other row."""
    bought_for = buying.row_of(owned.friendly_name)
    all_rows: list[Row] = [*rows.stock, *rows.pool, *rows.reserved]
    others = [other for other in all_rows if other.pk != row.pk]
    return bought_for is not None and not any(
        owned.phone_number_sid == other.phone_number_sid or bought_for == other.pk
        for other in others
    )


def _is_credible(vanished: int, twilio: AtTwilio, rows: InOurRows) -> bool:
    if any(configuration is None for _service, configuration in twilio.services):
        return False
    return vanished * 2 <= sum(1 for _row in rows.with_a_sid())


def _vanished(row: Row, same_number: OwnedNumber | None, *, credible: bool) -> Finding:
    if same_number:
        repair = partial(repairs.write_new_sid, row, same_number)
        return Finding(Kind.RENAMED, str(row.pk), repair)
    if not credible:
        return Finding(Kind.VANISHED, str(row.pk))
    return Finding(Kind.VANISHED, str(row.pk), partial(repairs.end_vanished, row))


def _placed(row: PoolNumber | ReservedNumber, twilio: AtTwilio) -> Iterator[Finding]:
    """Is the number in its Service, and reserved if it is a seller's?"""
    place = twilio.places.get(row.phone_number_sid)
    gone = {service.pk for service, configuration in twilio.services if configuration is None}
    if not _has_a_place(row) or row.service_id in gone:
        yield from ()
    elif place is None:
        # In quarantine it may never have been in one.
        if not _is_resting(row):
            yield Finding(Kind.NO_SERVICE, str(row.pk), partial(repairs.bring_home, row, None))
    elif place.service.pk != row.service_id:
        repair = partial(repairs.bring_home, row, place.service)
        yield Finding(Kind.WRONG_SERVICE, str(row.pk), repair)
    elif isinstance(row, PoolNumber):
        if place.number.is_reserved:
            # Perhaps a seller has just got it: not ours to undo.
            yield Finding(Kind.RESERVED_IN_POOL, str(row.pk))
    elif not place.number.is_reserved:
        # In the automatic choice it would be shown to somebody as somebody else.
        repair = partial(repairs.reserve_again, row)
        yield Finding(Kind.NOT_RESERVED, str(row.pk), repair)


def _has_a_place(row: PoolNumber | ReservedNumber) -> bool:
    if isinstance(row, PoolNumber):
        return row.added_at is not None
    return row.status in (*_DIALLED, Status.QUARANTINED)


def _is_resting(row: PoolNumber | ReservedNumber) -> bool:
    return isinstance(row, ReservedNumber) and row.status == Status.QUARANTINED
