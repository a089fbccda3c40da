"""What mends one difference. Each says whether it did: False when the row has moved on."""

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from proxying import twilio_client
from proxying.models import PoolNumber, ProxyService, ReservedNumber, StockNumber, StrayNumber
from proxying.provisioning import buying, promise, reserving
from proxying.reachability import announce, number_lost
from proxying.reconciliation.inventory import Row
from proxying.twilio_client import OwnedNumber, ProxyServiceConfiguration

logger = structlog.get_logger(__name__)

Status = ReservedNumber.Status
_GONE = "Twilio no longer has this number"


def restore_service(
    service: ProxyService, found: ProxyServiceConfiguration, wanted: ProxyServiceConfiguration
) -> bool:
    twilio_client.update_proxy_service(
        service.service_sid, wanted.urls, default_ttl=wanted.default_ttl
    )
    before, after = ({**vars(it.urls), "default_ttl": it.default_ttl} for it in (found, wanted))
    changed = sorted(name for name in after if before[name] != after[name])
    logger.error("service_restored", service=service.service_sid, changed=changed)
    return True


def adopt(row: ReservedNumber, owned: OwnedNumber) -> bool:
    """The promise gets what was bought for it after all; a task takes it from there."""
    if not reserving.adopt(row, owned.proxy_identifier, owned.phone_number_sid):
        return False
    logger.warning("number_adopted", reserved_number=str(row.pk))
    return True


def set_aside(owned: OwnedNumber) -> bool:
    """Into quarantine, from which ``strays`` gives it back."""
    with transaction.atomic():
        if buying.in_our_rows([owned.proxy_identifier]):
            return False
        over = timezone.now() + timedelta(days=settings.NUMBER_QUARANTINE_DAYS)
        _stray, is_new = StrayNumber.objects.get_or_create(
            phone_number_sid=owned.phone_number_sid,
            defaults={
                "proxy_identifier": owned.proxy_identifier,
                "marker": owned.friendly_name,
                "next_attempt_at": over,
            },
        )
    if is_new:
        logger.error("stray_number_found", phone_number_sid=owned.phone_number_sid)
    return is_new


def write_new_sid(row: Row, owned: OwnedNumber) -> bool:
    same = row.as_read().filter(phone_number_sid=row.phone_number_sid)
    return bool(same.update(phone_number_sid=owned.phone_number_sid))


def end_vanished(row: Row) -> bool:
    """The number is no more. Its seller is promised another, and told; a pool buys another."""
    if twilio_client.fetch_owned(row.phone_number_sid) is not None:
        return False  # bought, or back, since the list was read
    with transaction.atomic():
        same = row.as_read().select_for_update().filter(phone_number_sid=row.phone_number_sid)
        locked: Row | None = same.first()
        match locked:
            case None:
                return False
            case StockNumber() | PoolNumber():
                locked.delete()
            case ReservedNumber(status=Status.RESERVING):
                locked.choose_anew()
            case ReservedNumber():
                _end(locked)
    logger.error("number_vanished", row=str(row.pk), phone_number_sid=row.phone_number_sid)
    return True


def _end(number: ReservedNumber) -> None:
    was_active = number.is_active
    number.status, number.released_at, number.last_error = Status.RELEASED, timezone.now(), _GONE
    number.save(update_fields=["status", "released_at", "last_error"])
    if was_active:
        promise(number.seller)
        number_lost.send(sender=None, seller=number.seller)
        announce(number.seller_id)


def bring_home(row: PoolNumber | ReservedNumber, astray: ProxyService | None) -> bool:
    """Into its own Service, out of another of ours."""
    if not _is_unchanged(row):
        return False
    assert row.service is not None
    home = row.service.service_sid
    if astray:
        twilio_client.remove_from_service(astray.service_sid, row.phone_number_sid)
    is_reserved = isinstance(row, ReservedNumber)
    twilio_client.put_into_service(home, row.phone_number_sid, is_reserved=is_reserved)
    logger.error("number_brought_home", row=str(row.pk), service=home)
    return True


def reserve_again(row: ReservedNumber) -> bool:
    if not _is_unchanged(row):
        return False
    assert row.service is not None
    twilio_client.put_into_service(row.service.service_sid, row.phone_number_sid, is_reserved=True)
    logger.error("number_reserved_again", reserved_number=str(row.pk))
    return True


def _is_unchanged(row: PoolNumber | ReservedNumber) -> bool:
    sid = row.phone_number_sid
    if isinstance(row, PoolNumber):
        return row.as_read().filter(phone_number_sid=sid).exists()
    return row.as_read().filter(phone_number_sid=sid, status=row.status).exists()
