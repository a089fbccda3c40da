"""Which number of the pool a participant gets.

https://www.twilio.com/docs/proxy/understanding-phone-number-management-in-proxy

Call these under the lock that ``sessions`` takes on the Service: what is free must still be
free when it is given away.
"""

from typing import Final

import phonenumbers
from django.db.models import F, Q

from proxying.switchboard import numbering
from proxying.switchboard.errors import Rule, RuleBroken
from proxying.switchboard.models import (
    IncomingPhoneNumber,
    Participant,
    PhoneNumber,
    Service,
    Session,
)
from proxying.switchboard.models.proxy import PhoneNumberQuerySet

# They share a dialling code with a larger neighbour, but have numbers of their own.
_ON_THEIR_OWN: Final = frozenset({"CA", "KZ"})


def named(
    service: Service, identifier: str, *, proxy_identifier: str | None, sid: str | None
) -> PhoneNumber:
    """The number asked for by its SID or its digits, reserved or not.

    ``RuleBroken`` when it is not in the pool, or this identifier holds it already.
    """
    ours = IncomingPhoneNumber.objects.filter(
        Q(sid=sid) if sid else Q(phone_number=proxy_identifier)
    ).first()
    if ours is None:
        raise RuleBroken(Rule.PROXY_NOT_OURS)
    number = service.phone_numbers.filter(pk=ours.sid).first()
    if number is None:
        raise RuleBroken(Rule.PROXY_NOT_IN_SERVICE)
    if is_held(identifier, ours.phone_number):
        raise RuleBroken(Rule.PAIR_IN_USE)
    return number


def choose(service: Service, identifier: str, mode: str) -> PhoneNumber:
    """An unreserved number that fits and that this identifier does not hold already.

    Of those the last one this identifier had (or, avoiding it, any other), then the one
    in the fewest active Sessions. ``RuleBroken`` says why there is none.
    """
    held = Participant.objects.active().filter(identifier=identifier)
    free = (
        _compatible(service, identifier, mode)
        .filter(is_reserved=False)
        .exclude(pk__in=held.values("proxy_identifier_sid"))
        .with_in_use()
        .order_by(F("in_use"), "date_created", "pk")
    )
    last = (
        Participant.objects.filter(identifier=identifier, session__service=service)
        .order_by("-date_created", "-pk")
        .values_list("proxy_identifier_sid", flat=True)
        .first()
    )
    if service.number_selection_behavior == Service.NumberSelectionBehavior.AVOID_STICKY:
        preferred = free.exclude(pk=last)
    else:
        preferred = free.filter(pk=last)
    number = preferred.first() or free.first()
    if number is None:
        raise RuleBroken(_why_none(service, identifier, mode))
    return number


def is_held(identifier: str, proxy_identifier: str) -> bool:
    """Whether this pair of numbers routes somewhere already."""
    return (
        Participant.objects.active()
        .filter(identifier=identifier, proxy_identifier=proxy_identifier)
        .exists()
    )


def _compatible(service: Service, identifier: str, mode: str) -> PhoneNumberQuerySet:
    """Numbers, reserved or not, with the place and the capabilities for this participant."""
    numbers = _capable(service, mode).filter(
        incoming_phone_number__iso_country__in=_countries_like(identifier)
    )
    area_code = numbering.area_code(identifier)
    if service.geo_match_level == Service.GeoMatchLevel.AREA_CODE and area_code:
        numbers = numbers.filter(incoming_phone_number__phone_number__startswith=f"+1{area_code}")
    return numbers


def _capable(service: Service, mode: str) -> PhoneNumberQuerySet:
    numbers = PhoneNumber.objects.filter(service=service)
    if mode != Session.Mode.VOICE_ONLY:
        numbers = numbers.filter(incoming_phone_number__sms=True)
    if mode != Session.Mode.MESSAGE_ONLY:
        numbers = numbers.filter(incoming_phone_number__voice=True)
    return numbers


def _countries_like(identifier: str) -> list[str]:
    """The countries whose numbers serve this one: those that share its dialling code.

    So the Caribbean islands get American numbers, and Jersey British ones.
    """
    country = numbering.country(identifier)
    if country is None:
        return []
    if country in _ON_THEIR_OWN:
        return [country]
    dialling_code = phonenumbers.country_code_for_region(country)
    neighbours = phonenumbers.region_codes_for_country_code(dialling_code)
    return [neighbour for neighbour in neighbours if neighbour not in _ON_THEIR_OWN]


def _why_none(service: Service, identifier: str, mode: str) -> Rule:
    compatible = _compatible(service, identifier, mode)
    if compatible.filter(is_reserved=False).exists():
        return Rule.ALL_NUMBERS_IN_USE
    if compatible.exists():
        return Rule.ONLY_RESERVED_NUMBERS
    return _what_the_pool_lacks(service, identifier, mode)


def _what_the_pool_lacks(service: Service, identifier: str, mode: str) -> Rule:
    """The plainest lack first, as the pages of these errors tell them apart."""
    pool = IncomingPhoneNumber.objects.filter(proxy_phone_number__service=service)
    if not pool.exists():
        return Rule.NO_NUMBERS
    if mode != Session.Mode.MESSAGE_ONLY and not pool.filter(voice=True).exists():
        return Rule.NO_VOICE_NUMBER
    if mode != Session.Mode.VOICE_ONLY and not pool.filter(sms=True).exists():
        return Rule.NO_MESSAGE_NUMBER
    if not pool.filter(iso_country__in=_countries_like(identifier)).exists():
        return Rule.NO_NUMBER_IN_COUNTRY
    return Rule.NO_COMPATIBLE_NUMBER
