"""Texts that nobody could be found for at first, and outages whose texts are looked for.

What became of each; neither text nor number.
"""

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from proxying import tasks
from proxying.admin.numbers import needs_staff
from proxying.admin.retrying import RetriedAdmin
from proxying.models import MissedText, Outage


@admin.register(MissedText)
class MissedTextAdmin(RetriedAdmin):
    list_display = ("message_sid", "state", "created_at", "settled_at", "attempts")
    list_filter = (
        ("settled_at", admin.EmptyFieldListFilter),
        ("outcome", admin.EmptyFieldListFilter),
    )
    search_fields = ("message_sid",)
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    task = tasks.pass_on_missed_texts
    fields = (
        "message_sid",
        "state",
        "created_at",
        "settled_at",
        "attempts",
        "next_attempt_at",
        "last_error",
    )
    readonly_fields = fields

    @admin.display(description=gettext_lazy("state"))
    def state(self, text: MissedText) -> str:
        if text.settled_at is None:
            return needs_staff(text) if text.next_attempt_at is None else _("to be passed on")
        if text.outcome:
            return _("not passed on: %(reason)s") % {"reason": text.outcome}
        return _("passed on")


@admin.register(Outage)
class OutageAdmin(RetriedAdmin):
    list_display = ("began_at", "state", "ended_at", "looked_at", "attempts")
    list_filter = (("looked_at", admin.EmptyFieldListFilter),)
    ordering = ("-began_at",)
    task = tasks.pass_on_missed_texts
    fields = (
        "began_at",
        "ended_at",
        "state",
        "looked_at",
        "attempts",
        "next_attempt_at",
        "last_error",
    )
    readonly_fields = fields

    @admin.display(description=gettext_lazy("state"))
    def state(self, outage: Outage) -> str:
        if outage.looked_at:
            return _("its texts were looked for")
        if outage.next_attempt_at is None:
            return needs_staff(outage)
        return _("its texts are being looked for")
