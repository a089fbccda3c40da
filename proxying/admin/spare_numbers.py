"""Numbers that are no seller's: the pools', the stock, and strays that go back to Twilio."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import ActionLocation
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from proxying import tasks
from proxying.admin.numbers import as_e164, needs_staff
from proxying.admin.retrying import RetriedAdmin
from proxying.models import PoolNumber, StockNumber, StrayNumber
from proxying.phone_numbers import display


class _NumberOfNobodyAdmin(RetriedAdmin):
    """Numbers that are no seller's: staff may set going again what waits for them."""

    search_fields = ("proxy_identifier", "phone_number_sid")
    ordering = ("proxy_identifier",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, as_e164(search_term))

    @admin.display(description=gettext_lazy("number"), ordering="proxy_identifier")
    def number(self, number: PoolNumber | StockNumber | StrayNumber) -> str:
        return display(number.proxy_identifier)


@admin.register(PoolNumber)
class PoolNumberAdmin(_NumberOfNobodyAdmin):
    list_display = ("number", "service", "state", "attempts", "added_at")
    list_filter = ("service",)
    list_select_related = ("service",)
    actions = ("try_again", "drop")
    task = tasks.keep_stock
    fields = (
        "number",
        "service",
        "state",
        "phone_number_sid",
        "attempts",
        "next_attempt_at",
        "last_error",
        "added_at",
        "created_at",
    )
    readonly_fields = fields

    @admin.display(description=gettext_lazy("state"))
    def state(self, number: PoolNumber) -> str:
        if number.is_stuck:
            return needs_staff(number)
        if number.added_at:
            return _("in the pool")
        if not number.phone_number_sid:
            return _("to be bought")
        return _("bought, to be added to the Service")

    @admin.action(
        description=gettext_lazy("Drop the choice of this number"),
        permissions=["retry"],
        location=[ActionLocation.CHANGE_LIST],
    )
    def drop(self, request: HttpRequest, numbers: QuerySet[PoolNumber]) -> None:
        """One that was bought after all bears our marker: it becomes a stray, and goes back."""
        with transaction.atomic():
            stuck = numbers.filter(added_at=None, next_attempt_at=None)
            locked = [number.pk for number in stuck.select_for_update(of=["self"])]
            dropped = PoolNumber.objects.filter(pk__in=locked)
            self.log_deletions(request, dropped)
            dropped.delete()
        said = ngettext("Dropped %(n)s choice.", "Dropped %(n)s choices.", len(locked))
        self.message_user(request, said % {"n": len(locked)}, messages.SUCCESS)


@admin.register(StockNumber)
class StockNumberAdmin(_NumberOfNobodyAdmin):
    list_display = ("number", "country", "state", "attempts", "created_at")
    list_filter = ("country",)
    task = tasks.keep_stock
    fields = (
        "number",
        "country",
        "state",
        "phone_number_sid",
        "attempts",
        "next_attempt_at",
        "last_error",
        "created_at",
    )
    readonly_fields = fields

    @admin.display(description=gettext_lazy("state"))
    def state(self, number: StockNumber) -> str:
        if number.phone_number_sid:
            return _("waits for a seller")
        if number.next_attempt_at is None:
            return needs_staff(number)
        return _("to be bought")


@admin.register(StrayNumber)
class StrayNumberAdmin(_NumberOfNobodyAdmin):
    """Found by reconciliation. To keep one, take our marker off it at Twilio."""

    list_display = ("number", "state", "found_at", "next_attempt_at")
    task = tasks.reconcile_numbers
    fields = (
        "number",
        "state",
        "marker",
        "phone_number_sid",
        "found_at",
        "attempts",
        "next_attempt_at",
        "last_error",
    )
    readonly_fields = fields

    @admin.display(description=gettext_lazy("state"))
    def state(self, number: StrayNumber) -> str:
        if number.next_attempt_at is None:
            return needs_staff(number)
        day = date_format(timezone.localtime(number.next_attempt_at), "DATE_FORMAT")
        return _("goes back to Twilio on %(day)s") % {"day": day}
