"""The codes that were sent to phones, to count how often each was guessed at."""

from typing import ClassVar

from django.db import models
from django.db.models import F
from django.utils import timezone


class PhoneCodeQuerySet(models.QuerySet["PhoneCode"]):
    def sent(self, phone_number_index: str, verification_sid: str) -> None:
        """Writes down that a code went out; one sent once more keeps the tries it has had."""
        code = PhoneCode(phone_number_index=phone_number_index, verification_sid=verification_sid)
        self.bulk_create(
            [code],
            update_conflicts=True,
            unique_fields=["verification_sid"],
            update_fields=["sent_at"],
        )

    def try_once(self, phone_number_index: str) -> str | None:
        """Takes one of the tries at the code last sent to that phone: its SID, or None.

        Counted before the code is looked at, so that tries at once cannot exceed
        ``MOST_TRIES``, nor do those of a process that dies.
        """
        last = self.filter(phone_number_index=phone_number_index).order_by("-sent_at", "-pk")
        code = last.first()
        if code is None:
            return None
        counted = self.filter(pk=code.pk, tries__lt=PhoneCode.MOST_TRIES).update(
            tries=F("tries") + 1
        )
        return code.verification_sid if counted else None


class PhoneCode(models.Model):
    """One code at Twilio Verify, known by its Verification's SID. The code itself is not here."""

    MOST_TRIES: ClassVar = 5

    phone_number_index = models.CharField(max_length=64, db_index=True)
    verification_sid = models.CharField(max_length=34, unique=True)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = PhoneCodeQuerySet.as_manager()

    def __str__(self) -> str:
        return self.verification_sid
