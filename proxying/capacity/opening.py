"""Opening Services: the first by hand, another when a country's last one is full.

Promised in a row, then created at Twilio by its unique name, which finds it again when the
answer was lost, then a row of its own: a crash at any line leaves a row that says how to go on.
"""

from datetime import timedelta
from itertools import count
from typing import Final

import structlog
from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from proxying import twilio_client
from proxying.capacity.sizing import RESERVED_IN_A_SERVICE
from proxying.models import PlannedService, ProxyService, ReservedNumber
from proxying.twilio_client import CallbackUrls, TwilioRefused, TwilioUnavailable

logger = structlog.get_logger(__name__)

# Longer than a walk through all the account's Services takes.
_LEASE: Final = timedelta(minutes=2)
# Twilio opens Proxy to new accounts on request only: somebody has to ask, and then we go on.
# https://www.twilio.com/docs/api/errors/80506
_AGAIN_WHEN_REFUSED: Final = timedelta(hours=1)
_AGAIN: Final = timedelta(seconds=30)


def configure_service(unique_name: str, country: str) -> ProxyService:
    """The Service of this name, made if it is not there, with our callbacks and time to live.

    ``TwilioUnavailable`` or ``TwilioRefused``. Can be repeated, and after any crash.
    """
    urls, ttl = callback_urls(), settings.PROXY_SESSION_TTL
    # An earlier run may have died between Twilio's answer and our row: look there first.
    service_sid = twilio_client.find_proxy_service(unique_name)
    if service_sid:
        twilio_client.update_proxy_service(service_sid, urls, default_ttl=ttl)
    else:
        service_sid = twilio_client.create_proxy_service(unique_name, urls, default_ttl=ttl)
    service, _ = ProxyService.objects.update_or_create(
        unique_name=unique_name, defaults={"service_sid": service_sid, "country": country}
    )
    return service


def callback_urls() -> CallbackUrls:
    """Where Proxy finds us: absolute, on ``PUBLIC_ORIGIN``."""
    base: str = settings.PUBLIC_ORIGIN
    return CallbackUrls(
        callback_url=base + reverse("interaction_callback"),
        intercept_callback_url=base + reverse("intercept_callback"),
        out_of_session_callback_url=base + reverse("out_of_session_callback"),
    )


def plan_services() -> None:
    """Writes down a new Service for each of ``SELLER_COUNTRIES`` whose Services are all full.

    None before ``configure_proxy_service`` has made the first: that one is a person's decision.
    """
    if not ProxyService.objects.exists():
        return
    for country in settings.SELLER_COUNTRIES:
        if not _with_room().filter(country=country).exists():
            _plan, is_new = PlannedService.objects.get_or_create(
                country=country, defaults={"unique_name": _free_name(country)}
            )
            if is_new:
                logger.info("service_planned", country=country)


def open_service(planned_service_id: int | str) -> ProxyService | None:
    """Keeps the promise of one planned Service; None if it is not due, needed, or to be had yet.

    ``last_error`` says why not. Can be called at any time, any number of times.
    """
    plan = PlannedService.claim(str(planned_service_id), lease=_LEASE)
    if plan is None:
        return None
    if _with_room().filter(country=plan.country).exists():
        # Staff made one by hand meanwhile, or an attempt died just before it took the plan away.
        plan.delete()
        return None
    try:
        service = configure_service(plan.unique_name, plan.country)
    except (TwilioUnavailable, TwilioRefused) as error:
        refused = isinstance(error, TwilioRefused)
        again = timezone.now() + (_AGAIN_WHEN_REFUSED if refused else _AGAIN)
        plan.end_attempt(last_error=str(error)[:500], next_attempt_at=again)
        logger.error("service_not_opened", country=plan.country, reason=str(error))
        return None
    # Whoever overtook us finds the Service by its name, and then the plan gone.
    plan.delete()
    logger.info("service_opened", service=service.service_sid, country=service.country)
    return service


def hurry_services() -> None:
    """Planned Services that wait, or that are parked, are tried again at once."""
    for plan in PlannedService.objects.all():
        if not plan.is_at_work:
            plan.end_attempt(next_attempt_at=timezone.now())


def due_services() -> list[int]:
    """The ids of planned Services whose next attempt has come."""
    due = PlannedService.objects.filter(next_attempt_at__lte=timezone.now())
    return list(due.values_list("pk", flat=True))


def _with_room() -> QuerySet[ProxyService]:
    held = Count(
        "reserved_numbers", filter=~Q(reserved_numbers__status=ReservedNumber.Status.RELEASED)
    )
    return ProxyService.objects.annotate(held=held).filter(held__lt=RESERVED_IN_A_SERVICE)


def _free_name(country: str) -> str:
    taken = set(ProxyService.objects.values_list("unique_name", flat=True))
    names = (f"shoppingplace-{country.lower()}-{n}" for n in count(1))
    return next(name for name in names if name not in taken)
