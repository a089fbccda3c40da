"""When nobody of ours answered."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from proxying.models.intents import Intent


class Heartbeat(models.Model):
    """When a part of us was last seen to be well: the row with its number."""

    class Part(models.IntegerChoices):
        WORKERS = 1
        WEB = 2

    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.at)


class Outage(Intent):
    """The promise to look at Twilio for texts that came while we were away."""

    STILL_TO_DO: ClassVar = Q(looked_at=None)

    began_at = models.DateTimeField(_("began at"))
    ended_at = models.DateTimeField(_("ended at"))
    looked_at = models.DateTimeField(_("looked at"), null=True)

    class Meta:
        verbose_name = _("outage")
        verbose_name_plural = _("outages")

    def __str__(self) -> str:
        return f"{self.began_at} - {self.ended_at}"
