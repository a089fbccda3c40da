"""Intents that have stopped, set going again by staff."""

from typing import Any

from celery import Task
from django.contrib import admin, messages
from django.contrib.admin.options import ActionLocation
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from proxying.admin.readonly import ReadOnlyAdmin
from proxying.nudges import nudge


class RetriedAdmin(ReadOnlyAdmin):
    """Of an ``Intent``; *task* is what goes on with it."""

    actions: tuple[str, ...] = ("try_again",)
    task: "Task[Any, Any]"

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("proxying.change_reservednumber")

    @admin.action(
        description=gettext_lazy("Try again now"),
        permissions=["retry"],
        location=[ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM],
    )
    def try_again(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Only what has stopped: the quarantine of a stray is not cut short."""
        with transaction.atomic():
            again = [
                row
                for row in rows.filter(self.model.STILL_TO_DO, next_attempt_at=None)
                if row.end_attempt(next_attempt_at=timezone.now())
            ]
            for row in again:
                self.log_change(request, row, _("Tried again at once."))
            nudge(self.task)
        said = ngettext("Trying %(n)s again now.", "Trying %(n)s again now.", len(again))
        self.message_user(request, said % {"n": len(again)}, messages.SUCCESS)
