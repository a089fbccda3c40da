"""Texts that Proxy could not carry when they came."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from proxying.models.intents import Intent


class MissedText(Intent):
    """The promise to pass on a text that Proxy could not carry. Neither text nor number.

    ``outcome`` says what became of it, once it is settled: ``""`` when it was passed on.
    """

    message_sid = models.CharField(_("Message SID"), max_length=34, unique=True)
    earlier_session = models.CharField(
        max_length=191,
        blank=True,
        editable=False,
        help_text=_("the unique name of the Session of the two that had ended when it came"),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    settled_at = models.DateTimeField(_("settled at"), null=True, editable=False)
    outcome = models.CharField(_("outcome"), max_length=100, blank=True)

    STILL_TO_DO: ClassVar = Q(settled_at=None)

    class Meta:
        verbose_name = _("missed text")
        verbose_name_plural = _("missed texts")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(settled_at__isnull=True),
                name="due_missed_texts",
            ),
        ]

    def __str__(self) -> str:
        return self.message_sid
