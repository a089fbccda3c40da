"""Numbers: reserved, waiting and in the pool, and the Services that hold them."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.options import ActionLocation
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from proxying import tasks
from proxying.admin.readonly import ReadOnlyAdmin
from proxying.models import ProxyService, ReservedNumber
from proxying.models.intents import MOST_DEATHS, Intent
from proxying.nudges import nudge
from proxying.phone_numbers import PhoneNumber, display

_LOOKS_LIKE_A_NUMBER = re.compile(r"\+?[0-9 ().-]+")


def as_e164(search_term: str) -> str:
    """*search_term* as our rows write it, if it is a whole phone number; else unchanged."""
    if not _LOOKS_LIKE_A_NUMBER.fullmatch(search_term):
        return search_term
    try:
        return PhoneNumber.parse(search_term, settings.SELLER_COUNTRIES[0]).reveal()
    except ValueError:
        return search_term


def explain(number: ReservedNumber) -> str:
    """The state of a number in words, for staff: where it stands, and why if it does not move."""
    state = number.get_status_display()
    if number.status == ReservedNumber.Status.QUARANTINED and number.quarantined_at:
        over = number.quarantined_at + timedelta(days=settings.NUMBER_QUARANTINE_DAYS)
        if number.last_contact_at:
            over = max(over, number.last_contact_at + timedelta(days=settings.NUMBER_QUIET_DAYS))
        return _("%(state)s until %(day)s") % {
            "state": state,
            "day": date_format(timezone.localtime(over), "DATE_FORMAT"),
        }
    if number.is_stuck:
        return needs_staff(number)
    if number.status in ReservedNumber.UNFINISHED and number.last_error:
        return _("%(state)s, tries again by itself: %(reason)s") % {
            "state": state,
            "reason": number.last_error,
        }
    return state


def needs_staff(number: Intent) -> str:
    reason = number.last_error or _("no reason was noted")
    if number.is_parked:
        return _("parked, needs staff: %(reason)s") % {"reason": reason}
    return _("stuck, needs staff: %(reason)s") % {"reason": reason}


class StuckFilter(admin.SimpleListFilter):
    title = gettext_lazy("stuck")
    parameter_name = "stuck"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        return [
            ("staff", _("needs staff")),
            ("parked", _("parked: its attempts died")),
            ("retrying", _("tries again by itself")),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ReservedNumber]
    ) -> QuerySet[ReservedNumber]:
        unfinished = queryset.filter(ReservedNumber.STILL_TO_DO)
        match self.value():
            case "staff":
                return unfinished.filter(next_attempt_at=None)
            case "parked":
                return unfinished.filter(next_attempt_at=None, unended_attempts__gte=MOST_DEATHS)
            case "retrying":
                return unfinished.filter(next_attempt_at__isnull=False).exclude(last_error="")
        return queryset


@admin.register(ReservedNumber)
class ReservedNumberAdmin(ReadOnlyAdmin):
    list_display = ("number", "seller", "state", "attempts", "next_attempt", "service")
    list_filter = (StuckFilter, "status", "service")
    list_select_related = ("seller", "service")
    search_fields = (
        "proxy_identifier",
        "phone_number_sid",
        "seller__display_name",
        "seller__user__email",
    )
    ordering = ("-requested_at",)
    actions = ("try_again", "choose_another")
    fields = (
        "seller",
        "number",
        "state",
        "service",
        "phone_number_sid",
        "attempts",
        "next_attempt_at",
        "last_error",
        "requested_at",
        "active_at",
        "quarantined_at",
        "released_at",
    )
    readonly_fields = fields

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("proxying.change_reservednumber")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ReservedNumber], search_term: str
    ) -> tuple[QuerySet[ReservedNumber], bool]:
        return super().get_search_results(request, queryset, as_e164(search_term))

    @admin.display(description=gettext_lazy("reserved number"), ordering="proxy_identifier")
    def number(self, number: ReservedNumber) -> str:
        return display(number.proxy_identifier) if number.proxy_identifier else _("none yet")

    @admin.display(description=gettext_lazy("state"), ordering="status")
    def state(self, number: ReservedNumber) -> str:
        return explain(number)

    @admin.display(description=gettext_lazy("next attempt"), ordering="next_attempt_at")
    def next_attempt(self, number: ReservedNumber) -> str | None:
        return naturaltime(number.next_attempt_at) if number.next_attempt_at else None

    @admin.action(
        description=gettext_lazy("Try again now"),
        permissions=["retry"],
        location=[ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM],
    )
    def try_again(self, request: HttpRequest, numbers: QuerySet[ReservedNumber]) -> None:
        again = numbers.filter(ReservedNumber.STILL_TO_DO).select_related("seller")
        finished = numbers.exclude(ReservedNumber.STILL_TO_DO).count()
        hurried = [number for number in again if self._hurry(request, number)]
        self._say_for_whom(request, _("Trying again now for: %(names)s."), hurried)
        if finished:
            said = ngettext(
                "%(n)s not waiting for anything: left alone.",
                "%(n)s not waiting for anything: left alone.",
                finished,
            ) % {"n": finished}
            self.message_user(request, said, messages.WARNING)

    @admin.action(
        description=gettext_lazy("Choose another number to buy"),
        permissions=["retry"],
        location=[ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM],
    )
    def choose_another(self, request: HttpRequest, numbers: QuerySet[ReservedNumber]) -> None:
        """For purchases that are refused for good. One that went through after all is found."""
        stuck = numbers.filter(status=ReservedNumber.Status.BUYING, next_attempt_at=None)
        begun = [
            number
            for number in stuck.select_related("seller")
            if self._change(request, number, number.choose_anew, _("Chose another number."))
        ]
        self._say_for_whom(request, _("Choosing another number for: %(names)s."), begun)
        if len(begun) < len(numbers):
            said = _("Only where the purchase is stuck another number can be chosen.")
            self.message_user(request, said, messages.WARNING)

    def _say_for_whom(self, request: HttpRequest, said: str, numbers: list[ReservedNumber]) -> None:
        if numbers:
            names = ", ".join(str(number.seller) for number in numbers)
            self.message_user(request, said % {"names": names}, messages.SUCCESS)

    def _hurry(self, request: HttpRequest, number: ReservedNumber) -> bool:
        # An attempt that is at work now is not harmed: it is fenced by its count.
        hurry = partial(number.end_attempt, next_attempt_at=timezone.now())
        return self._change(request, number, hurry, _("Tried again at once."))

    def _change(
        self, request: HttpRequest, number: ReservedNumber, change: Callable[[], bool], log: str
    ) -> bool:
        with transaction.atomic():
            changed = change()
            if changed:
                self.log_change(request, number, log)
                if number.status in ReservedNumber.UNFINISHED:
                    nudge(tasks.reserve_number, number.pk)
                else:
                    nudge(tasks.keep_stock)
        return changed


@admin.register(ProxyService)
class ProxyServiceAdmin(ReadOnlyAdmin):
    """Services come from the ``configure_proxy_service`` command."""

    list_display = ("unique_name", "service_sid", "country", "reserved", "pool")
    fields = ("unique_name", "service_sid", "country", "reserved", "pool", "created_at")
    readonly_fields = fields
    ordering = ("unique_name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProxyService]:
        held = ~Q(reserved_numbers__status=ReservedNumber.Status.RELEASED)
        services: QuerySet[ProxyService] = super().get_queryset(request)
        return services.annotate(
            reserved_count=Count("reserved_numbers", filter=held, distinct=True),
            pool_count=Count("pool_numbers", distinct=True),
        )

    @admin.display(description=gettext_lazy("reserved (of 5,000)"))
    def reserved(self, service: Any) -> int:
        count: int = service.reserved_count
        return count

    @admin.display(description=gettext_lazy("in the pool (of 500)"))
    def pool(self, service: Any) -> int:
        count: int = service.pool_count
        return count
