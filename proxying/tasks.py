"""Celery's doors: an id in, one call, a retry policy. No task carries a phone number.

A task is a nudge and may be lost; ``sweep`` finds in our rows what still has to be done.
"""

from typing import Any
from uuid import UUID

import structlog
from celery import Task, shared_task
from django.conf import settings
from django.db.models import QuerySet

from proxying import (
    aside,
    capacity,
    interactions,
    limits,
    missed_texts,
    outages,
    passed_on_codes,
    provisioning,
    reconciliation,
    remembered,
    texting,
)
from proxying.models import PhoneCode, ProxyService, ProxySession, ReservedNumber
from proxying.provisioning import spending
from proxying.provisioning.ending import sessions_to_close
from proxying.provisioning.spending import SpentForToday
from proxying.twilio_client import TwilioRefused, TwilioUnavailable

logger = structlog.get_logger(__name__)

# Ends well before the time limit of a task.
_RECONCILED_FOR = 90.0
_ERASED_FOR = 45.0
_LOOKED_BACK_FOR = 45.0
_SWEPT_EVERY = 15.0
# So that what waits behind a long outage is not nudged a thousand times over.
_NUDGED_AT_ONCE = 500


@shared_task(bind=True, max_retries=None)
def reserve_number(self: "Task[Any, Any]", reserved_number_id: str) -> None:
    """``provisioning.reserve``, again after each ``NotYet``: soon here, later by ``sweep``."""
    try:
        provisioning.reserve(reserved_number_id)
    except provisioning.NotYet as not_yet:
        # Redis delivers again what a worker holds for longer than the visibility timeout.
        if not_yet.retry_in < _SWEPT_EVERY:
            # A second later than due, so that two clocks need not agree.
            raise self.retry(exc=not_yet, countdown=not_yet.retry_in + 1) from None


@shared_task(
    autoretry_for=(TwilioUnavailable,), retry_backoff=True, retry_jitter=True, max_retries=8
)
def close_proxy_sessions(reserved_number_id: str) -> None:
    """``provisioning.close_proxy_sessions``."""
    provisioning.close_proxy_sessions(reserved_number_id)


@shared_task
def close_blocked_sessions(seller_id: str) -> None:
    """After a block: nudges the closing of the seller's Sessions in which nobody may speak."""
    _close(sessions_to_close().filter(reserved_number__seller__pk=seller_id))


@shared_task
def erase_sessions() -> None:
    """``provisioning.erase_sessions``. Runs every minute; what fails is the next run's."""
    try:
        provisioning.erase_sessions(seconds=_ERASED_FOR)
    except (TwilioUnavailable, TwilioRefused) as reason:
        logger.warning("sessions_not_erased", reason=str(reason))


@shared_task
def sweep() -> None:
    """Nudges again whatever a lost task left behind, longest due first. Runs every 15 seconds.

    Also says that workers are well, for ``outages``.
    """
    outages.beat()
    due = ReservedNumber.objects.due().order_by("next_attempt_at")
    for pk in due.values_list("pk", flat=True)[:_NUDGED_AT_ONCE]:
        reserve_number.delay(str(pk))
    _close(sessions_to_close())


@shared_task
def ask_web() -> None:
    """``outages.ask_web``. Runs every 15 seconds."""
    outages.ask_web()


def _close(sessions: QuerySet[ProxySession]) -> None:
    for pk in sessions.values_list("reserved_number", flat=True).distinct():
        close_proxy_sessions.delay(str(pk))


@shared_task(
    autoretry_for=(TwilioUnavailable,), retry_backoff=True, retry_jitter=True, max_retries=8
)
def keep_stock() -> None:
    """Fills pools and the stock, and gives back what is out of quarantine."""
    for service in ProxyService.objects.all():
        try:
            provisioning.fill_pool(service)
        except SpentForToday:
            spending.alert_staff()
        except TwilioRefused as refusal:
            logger.error("pool_not_filled", service=service.service_sid, reason=str(refusal))
    for country in settings.SELLER_COUNTRIES:
        try:
            provisioning.fill_stock(country)
        except SpentForToday:
            spending.alert_staff()
        except TwilioRefused as refusal:
            logger.error("stock_not_filled", country=country, reason=str(refusal))
    provisioning.give_back_quarantined()


@shared_task
def send_seller_texts() -> None:
    """``texting.send_due``. Runs every minute; what fails waits in its row."""
    texting.send_due()


@shared_task
def watch_capacity() -> None:
    """Nudges all that is due for want of numbers. Runs every 15 seconds: buyers are calling."""
    if capacity.watch():
        keep_stock.delay()
    for service_id, seller_id in capacity.crowded_sellers():
        make_room.delay(service_id, str(seller_id))
    capacity.plan_services()
    for pk in capacity.due_services():
        open_service.delay(pk)


@shared_task
def make_room(service_id: int, seller_id: str) -> None:
    """``capacity.make_room``; what fails is tried again by ``watch_capacity``."""
    service = ProxyService.objects.get(pk=service_id)
    try:
        capacity.make_room(service, UUID(seller_id))
    except TwilioUnavailable as reason:
        logger.warning("no_room_made", service=service.service_sid, reason=str(reason))


@shared_task
def open_service(planned_service_id: int) -> None:
    """``capacity.open_service``, and its first numbers."""
    if capacity.open_service(planned_service_id):
        keep_stock.delay()


@shared_task
def reconcile_numbers() -> None:
    """``reconciliation.reconcile``. Runs every 15 minutes; what it leaves is the next run's."""
    try:
        reconciliation.reconcile(seconds=_RECONCILED_FOR)
    except (TwilioUnavailable, TwilioRefused) as error:
        logger.error("not_reconciled", reason=str(error))


@shared_task
def settle_aside() -> None:
    """Writes what callbacks could not while the database was away. Runs every 15 seconds.

    Also keeps, for the next time, in which Sessions nobody may speak.
    """
    writers = {"session": remembered.write_session, "event": _record, "text": _promise_text}
    aside.settle(writers)
    remembered.keep_refused()


@shared_task
def remember_routes() -> None:
    """``remembered.keep_all``. Runs every four minutes."""
    remembered.keep_all()


@shared_task
def pass_on_missed_texts() -> None:
    """``missed_texts.pass_on_due``, before and after outages are looked at: what is promised does
    not wait for that. Runs every minute; what fails waits in its row.
    """
    missed_texts.pass_on_due()
    if outages.look_back(seconds=_LOOKED_BACK_FOR):
        missed_texts.pass_on_due()


def _promise_text(facts: dict[str, Any]) -> None:
    missed_texts.promise(**facts)


def _record(facts: dict[str, Any]) -> None:
    interactions.record(interactions.Event(**facts))


@shared_task
def forget_counts() -> None:
    """Deletes counters and digests of codes that no limit asks about any more. Hourly."""
    limits.forget_old()
    passed_on_codes.forget_old()
    PhoneCode.objects.forget_old()
