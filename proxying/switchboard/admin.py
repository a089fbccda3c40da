"""The switchboard for its operator: to look at. What it holds is changed through its API.

People's own numbers show their last two digits; those that we bought are public.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from proxying.switchboard import numbering
from proxying.switchboard.models import (
    Alert,
    Call,
    IncomingPhoneNumber,
    Interaction,
    Message,
    Participant,
    Phone,
    PhoneNumber,
    Purchase,
    Service,
    Session,
    Verification,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise as _StrOrPromise

    # Generic for the type checker only.
    _ModelAdmin = admin.ModelAdmin[Any]
    _StackedInline = admin.StackedInline[Any, Any]
else:
    _ModelAdmin, _StackedInline = admin.ModelAdmin, admin.StackedInline


class _LookOnly:
    """Rows cannot be added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _masked(field: str, heading: "_StrOrPromise") -> Callable[[Any, Model], str]:
    """For a list's column, or a line of a row's page: *field* with the numbers in it masked."""

    @admin.display(description=heading)
    def masked(self: Any, row: Model) -> str:
        return numbering.mask(getattr(row, field))

    return masked


@admin.register(Alert)
class AlertAdmin(_LookOnly, _ModelAdmin):
    what = _masked("alert_text", _("alert text"))
    list_display = ("date_created", "error_code", "what", "request_url", "response_status")
    fields = readonly_fields = (
        "sid",
        *list_display,
        "resource_sid",
        "service_sid",
    )
    list_filter = ("error_code",)
    search_fields = ("resource_sid", "service_sid")
    date_hierarchy = "date_created"


@admin.register(Purchase)
class PurchaseAdmin(_LookOnly, _ModelAdmin):
    list_display = ("date_created", "kind", "phone_number", "friendly_name", "price")
    list_filter = ("kind",)
    search_fields = ("phone_number", "phone_number_sid", "friendly_name")


@admin.register(IncomingPhoneNumber)
class IncomingPhoneNumberAdmin(_LookOnly, _ModelAdmin):
    list_display = ("phone_number", "friendly_name", "iso_country", "date_created")
    search_fields = ("phone_number", "friendly_name", "sid")


class PhoneNumberInline(_LookOnly, _StackedInline):
    model = PhoneNumber
    fields = readonly_fields = ("incoming_phone_number", "is_reserved", "date_created")


@admin.register(Service)
class ServiceAdmin(_LookOnly, _ModelAdmin):
    list_display = ("unique_name", "sid", "geo_match_level", "date_created")
    inlines = (PhoneNumberInline,)


class ParticipantInline(_LookOnly, _StackedInline):
    person = _masked("identifier", _("identifier"))
    model = Participant
    fields = readonly_fields = (
        "sid",
        "person",
        "proxy_identifier",
        "is_active",
        "date_created",
    )


class InteractionInline(_LookOnly, _StackedInline):
    """Without ``data``: what people write to each other is not for operators to read."""

    model = Interaction
    fields = readonly_fields = (
        "sid",
        "type",
        "inbound_resource_status",
        "outbound_resource_status",
        "date_created",
    )


@admin.register(Session)
class SessionAdmin(_LookOnly, _ModelAdmin):
    list_display = ("sid", "service", "status", "mode", "date_created", "expires_at")
    list_filter = ("status", "mode", "service")
    list_select_related = ("service",)
    search_fields = ("sid", "unique_name")
    inlines = (ParticipantInline, InteractionInline)


@admin.register(Message)
class MessageAdmin(_LookOnly, _ModelAdmin):
    """Without the body, for the same reason."""

    sender = _masked("from_number", _("from"))
    recipient = _masked("to", _("to"))
    list_display = (
        "sid",
        "sender",
        "recipient",
        "direction",
        "status",
        "error_code",
        "date_created",
    )
    list_filter = ("direction", "status")
    search_fields = ("sid",)
    fields = readonly_fields = (*list_display, "date_updated")


@admin.register(Call)
class CallAdmin(_LookOnly, _ModelAdmin):
    """Without its program, which says whom to ring."""

    sender = _masked("from_number", _("from"))
    recipient = _masked("to", _("to"))
    list_display = (
        "sid",
        "sender",
        "recipient",
        "direction",
        "status",
        "date_created",
        "answered_at",
        "ended_at",
    )
    list_filter = ("direction", "status")
    search_fields = ("sid",)
    fields = readonly_fields = (*list_display, "parent", "rings_until", "resume_at", "date_updated")


@admin.register(Verification)
class VerificationAdmin(_LookOnly, _ModelAdmin):
    """Without the code."""

    recipient = _masked("to", _("to"))
    list_display = ("sid", "recipient", "status", "checks", "date_created")
    list_filter = ("status",)
    fields = readonly_fields = (*list_display, "service", "channel", "date_updated")


@admin.register(Phone)
class PhoneAdmin(_ModelAdmin):
    """A virtual phone. Its number is typed once, when it is added."""

    masked_number = _masked("number", _("number"))
    list_display = ("name", "masked_number", "created_at")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("name", "masked_number" if obj else "number")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> tuple[str, ...]:
        return ("masked_number",) if obj else ()
