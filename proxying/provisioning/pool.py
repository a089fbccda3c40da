"""The unreserved numbers of a Service, of which every Session shows one to the seller.

How many there are is how many buyers one seller can talk to at a time, so a floor of them
(``PROXY_POOL_FLOOR``) is never given away.
https://www.twilio.com/docs/proxy/phone-numbers-needed
"""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from proxying import twilio_client
from proxying.models import PoolNumber, ProxyService, ReservedNumber
from proxying.provisioning import buying


def fill_pool(service: ProxyService) -> int:
    """Buys and adds numbers until the floor is reached; how many were added.

    Finishes what an earlier call left half-way before it begins anything new.
    ``TwilioUnavailable`` or ``TwilioRefused`` when it cannot go on.
    """
    added = 0
    for number in service.pool_numbers.filter(added_at=None):
        added += _finish(number)
    while service.pool_numbers.count() < settings.PROXY_POOL_FLOOR:
        intent = _choose(service)
        if intent is None or not _finish(intent):
            break  # the next call goes on; a shelf that offers what cannot be had does not hold us
        added += 1
    return added


def claim_from_pool(number: ReservedNumber, area_code: str | None) -> bool:
    """Turns a spare pool number into *number*'s, in our rows; whether there was one.

    Spare: above the floor, and in no Session, for in a Session it already stands for
    somebody else. One in *area_code* comes first.
    """
    for service in ProxyService.objects.filter(country=country_of(number)):
        if not _has_spare(service):
            continue
        idle = {
            candidate.phone_number_sid
            for candidate in twilio_client.list_service_numbers(service.service_sid)
            if not candidate.is_reserved and candidate.in_use == 0
        }
        if _claim(service, idle, number, area_code):
            return True
    return False


def _claim(
    service: ProxyService, idle: set[str], number: ReservedNumber, area_code: str | None
) -> bool:
    with transaction.atomic():
        _queue_up(service)
        spare = [
            pooled
            for pooled in service.pool_numbers.exclude(added_at=None)
            if pooled.phone_number_sid in idle
        ]
        if not spare or not _has_spare(service):
            return False
        prefix = f"+1{area_code}"
        chosen = next((one for one in spare if one.proxy_identifier.startswith(prefix)), spare[0])
        claimed = number.advance(
            status=ReservedNumber.Status.RESERVING,
            service=service,
            proxy_identifier=chosen.proxy_identifier,
            phone_number_sid=chosen.phone_number_sid,
        )
        # Overtaken or released meanwhile: the number stays in the pool, or it would be nobody's.
        if claimed:
            chosen.delete()
        return claimed


def _queue_up(service: ProxyService) -> None:
    """Whoever changes this pool waits here, until the transaction of who came before is over.

    So two cannot both take the last spare, or both buy the number that was missing.
    """
    ProxyService.objects.select_for_update().get(pk=service.pk)


def _has_spare(service: ProxyService) -> bool:
    return service.pool_numbers.exclude(added_at=None)[settings.PROXY_POOL_FLOOR :].exists()


def _choose(service: ProxyService) -> PoolNumber | None:
    for e164 in buying.for_sale(service.country, None):
        if ReservedNumber.objects.filter(proxy_identifier=e164).exists():
            continue
        try:
            with transaction.atomic():
                _queue_up(service)
                if service.pool_numbers.count() >= settings.PROXY_POOL_FLOOR:
                    return None
                return PoolNumber.objects.create(service=service, proxy_identifier=e164)
        except IntegrityError:
            continue  # chosen meanwhile for another Service
    return None


def _finish(number: PoolNumber) -> bool:
    if not number.phone_number_sid:
        sid = buying.acquire(number.proxy_identifier, number.pk)
        if sid is None:
            number.delete()
            return False
        number.phone_number_sid = sid
        number.save(update_fields=["phone_number_sid"])
    twilio_client.add_to_service(number.service.service_sid, number.phone_number_sid)
    number.added_at = timezone.now()
    number.save(update_fields=["added_at"])
    return True


def country_of(number: ReservedNumber) -> str:
    """Where the seller's phone is, ISO 3166-1: the pool numbers must match it."""
    phone_number = number.seller.phone_number
    country = phone_number.country if phone_number else None
    return country or settings.SELLER_COUNTRIES[0]
