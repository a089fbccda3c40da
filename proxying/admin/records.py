"""What happened: Sessions, interactions and blocks, to look at. No index of a buyer is shown."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from proxying.admin.readonly import ReadOnlyAdmin
from proxying.models import Block, Interaction, ProxySession


@admin.register(ProxySession)
class ProxySessionAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "reserved_number", "seller", "session_sid", "closed_at")
    list_select_related = ("reserved_number__seller",)
    search_fields = (
        "session_sid",
        "contact_sid",
        "unique_name",
        "reserved_number__proxy_identifier",
        "reserved_number__seller__display_name",
    )
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    fields = (
        "reserved_number",
        "seller",
        "unique_name",
        "contact_sid",
        "session_sid",
        "created_at",
        "closed_at",
    )
    readonly_fields = fields

    @admin.display(
        description=gettext_lazy("seller"), ordering="reserved_number__seller__display_name"
    )
    def seller(self, session: ProxySession) -> str:
        return str(session.reserved_number.seller)


@admin.register(Interaction)
class InteractionAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "type", "inbound_status", "outbound_status", "session_sid")
    list_filter = ("type", "inbound_status", "outbound_status")
    search_fields = ("interaction_sid", "session_sid")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    fields = (
        "interaction_sid",
        "proxy_session",
        "session_sid",
        "type",
        "inbound_status",
        "outbound_status",
        "created_at",
    )
    readonly_fields = fields


@admin.register(Block)
class BlockAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "seller")
    list_select_related = ("seller",)
    search_fields = ("seller__display_name",)
    ordering = ("-created_at",)
    fields = readonly_fields = ("seller", "created_at")
