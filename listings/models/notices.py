"""Mails that we owe somebody."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Notice(models.Model):
    """One mail to one person: written with what caused it, in one transaction, sent later.

    It goes to the account's address of the time when it is sent, unless it names another.
    No phone number stands in it.
    """

    SUBJECT_LENGTH: ClassVar = 200

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("account"),
        on_delete=models.CASCADE,
        related_name="notices",
    )
    # One that the person has given up, and has to hear of that; forgotten once it is sent.
    former_address = models.EmailField(_("former address"), blank=True, editable=False)
    subject = models.CharField(_("subject"), max_length=SUBJECT_LENGTH)
    body = models.TextField(_("body"), help_text=_("plain text"))
    # For List-Unsubscribe, RFC 8058; empty for mails that are about the person's own doing.
    unsubscribe_url = models.CharField(_("unsubscribe address"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, default=timezone.now)
    sent_at = models.DateTimeField(_("sent at"), null=True, editable=False)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(sent_at__isnull=True), name="due_notices"
            ),
        ]

    def __str__(self) -> str:
        return self.subject
