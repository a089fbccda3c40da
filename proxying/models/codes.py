"""Codes that we sent to phones, and codes that sellers were about to give away. None is here."""

from datetime import timedelta
from typing import ClassVar, Final

from django.db import models
from django.db.models import F
from django.utils import timezone

from proxying.models.sessions import ProxySession

# Much longer than a code is good for, ten minutes at Twilio.
_KEPT: Final = timedelta(days=2)


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

    def last_sent(self, phone_number_index: str) -> "PhoneCode | None":
        """The code that the holder of that phone would type in now."""
        sent = self.filter(phone_number_index=phone_number_index)
        return sent.order_by("-sent_at", "-pk").first()

    def forget_old(self) -> int:
        """Deletes codes that nobody can use any more; how many."""
        deleted, _by_model = self.filter(sent_at__lt=timezone.now() - _KEPT).delete()
        return deleted


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

    def take_try(self) -> bool:
        """Takes one of the code's ``MOST_TRIES``; False when none is left.

        Before the code is looked at, so that tries at once cannot exceed them, nor do those
        of a process that dies.
        """
        mine = PhoneCode.objects.filter(pk=self.pk, tries__lt=self.MOST_TRIES)
        return bool(mine.update(tries=F("tries") + 1))


class PassedOnCode(models.Model):
    """A seller was warned of texting a code to a buyer. A keyed digest, for a few minutes."""

    proxy_session = models.ForeignKey(ProxySession, on_delete=models.CASCADE)
    code_index = models.CharField(max_length=64)
    interaction_sid = models.CharField(max_length=34, unique=True)
    warned_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.interaction_sid
