"""Numbers: reserved, waiting and in the pool, and the Services that hold them."""

import re
from datetime import timedelta
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
from proxying.models import PoolNumber, ProxyService, ReservedNumber
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
        return _("%(state)s until %(day)s") % {
            "state": state,
            "day": date_format(timezone.localtime(over), "DATE_FORMAT"),
        }
    if number.status not in ReservedNumber.UNFINISHED:
        return state
    if number.is_stuck:
        reason = number.last_error or _("no reason was noted")
        return _("stuck, needs staff: %(reason)s") % {"reason": reason}
    if number.last_error:
        return _("%(state)s, tries again by itself: %(reason)s") % {
            "state": state,
            "reason": number.last_error,
        }
    return state


class StuckFilter(admin.SimpleListFilter):
    title = gettext_lazy("stuck")
    parameter_name = "stuck"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        return [("staff", _("needs staff")), ("retrying", _("tries again by itself"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ReservedNumber]
    ) -> QuerySet[ReservedNumber]:
        unfinished = queryset.filter(status__in=ReservedNumber.UNFINISHED)
        match self.value():
            case "staff":
                return unfinished.filter(next_attempt_at=None)
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
    actions = ("try_again",)
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
        again = numbers.filter(status__in=ReservedNumber.UNFINISHED).select_related("seller")
        finished = numbers.exclude(status__in=ReservedNumber.UNFINISHED).count()
        hurried = [number for number in again if self._hurry(request, number)]
        if hurried:
            names = ", ".join(str(number.seller) for number in hurried)
            said = _("Trying again now for: %(names)s.") % {"names": names}
            self.message_user(request, said, messages.SUCCESS)
        if finished:
            said = ngettext(
                "%(n)s not waiting for anything: left alone.",
                "%(n)s not waiting for anything: left alone.",
                finished,
            ) % {"n": finished}
            self.message_user(request, said, messages.WARNING)

    def _hurry(self, request: HttpRequest, number: ReservedNumber) -> bool:
        with transaction.atomic():
            # An attempt that is at work now is not harmed: it is fenced by its count.
            due = number.advance(next_attempt_at=timezone.now())
            if due:
                self.log_change(request, number, _("Tried again at once."))
                nudge(tasks.reserve_number, number.pk)
        return due


@admin.register(PoolNumber)
class PoolNumberAdmin(ReadOnlyAdmin):
    list_display = ("number", "service", "state", "added_at")
    list_filter = ("service",)
    list_select_related = ("service",)
    search_fields = ("proxy_identifier", "phone_number_sid")
    ordering = ("proxy_identifier",)
    fields = ("number", "service", "state", "phone_number_sid", "added_at", "created_at")
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[PoolNumber], search_term: str
    ) -> tuple[QuerySet[PoolNumber], bool]:
        return super().get_search_results(request, queryset, as_e164(search_term))

    @admin.display(description=gettext_lazy("number"), ordering="proxy_identifier")
    def number(self, number: PoolNumber) -> str:
        return display(number.proxy_identifier)

    @admin.display(description=gettext_lazy("state"))
    def state(self, number: PoolNumber) -> str:
        if not number.phone_number_sid:
            return _("to be bought")
        if not number.added_at:
            return _("bought, to be added to the Service")
        return _("in the pool")


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
