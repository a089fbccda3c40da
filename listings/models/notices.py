"""Mails that we owe somebody."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Notice(models.Model):
    """One mail to one person: written with what caused it, in one transaction, sent later.

    The address is looked up when it is sent. No phone number stands in it.
    """

    SUBJECT_LENGTH: ClassVar = 200

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    subject = models.CharField(max_length=SUBJECT_LENGTH)
    body = models.TextField(help_text="plain text")
    # For List-Unsubscribe, RFC 8058; empty for mails that are about the person's own doing.
    unsubscribe_url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now)
    sent_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(sent_at__isnull=True), name="due_notices"
            ),
        ]

    def __str__(self) -> str:
        return self.subject
