"""The switchboard for its operator: to look at. What it holds is changed through its API."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

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
    # Generic for the type checker only.
    _ModelAdmin = admin.ModelAdmin[Any]
    _TabularInline = admin.TabularInline[Any, Any]
else:
    _ModelAdmin, _TabularInline = admin.ModelAdmin, admin.TabularInline


class _LookOnly:
    """Rows cannot be added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Alert)
class AlertAdmin(_LookOnly, _ModelAdmin):
    list_display = ("date_created", "error_code", "alert_text", "request_url", "response_status")
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


class PhoneNumberInline(_LookOnly, _TabularInline):
    model = PhoneNumber
    fields = readonly_fields = ("incoming_phone_number", "is_reserved", "date_created")


@admin.register(Service)
class ServiceAdmin(_LookOnly, _ModelAdmin):
    list_display = ("unique_name", "sid", "geo_match_level", "date_created")
    inlines = (PhoneNumberInline,)


class ParticipantInline(_LookOnly, _TabularInline):
    model = Participant
    fields = readonly_fields = (
        "sid",
        "identifier",
        "proxy_identifier",
        "is_active",
        "date_created",
    )


class InteractionInline(_LookOnly, _TabularInline):
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
    list_display = ("sid", "direction", "status", "error_code", "date_created")
    list_filter = ("direction", "status")
    search_fields = ("sid",)
    exclude = ("body",)


@admin.register(Call)
class CallAdmin(_LookOnly, _ModelAdmin):
    list_display = ("sid", "direction", "status", "date_created", "answered_at", "ended_at")
    list_filter = ("direction", "status")
    search_fields = ("sid",)


@admin.register(Verification)
class VerificationAdmin(_LookOnly, _ModelAdmin):
    list_display = ("sid", "to", "status", "checks", "date_created")
    list_filter = ("status",)
    exclude: ClassVar[list[str]] = ["code"]


@admin.register(Phone)
class PhoneAdmin(_ModelAdmin):
    list_display = ("name", "number", "created_at")
