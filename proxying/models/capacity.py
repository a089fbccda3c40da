"""How many numbers are needed, day by day, and Services that are about to be opened."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from proxying.models.intents import Intent
from proxying.models.numbers import ProxyService


class PoolPeak(models.Model):
    """With how many buyers at a time the busiest seller of a Service was, on one day (UTC)."""

    service = models.ForeignKey(ProxyService, on_delete=models.CASCADE, related_name="pool_peaks")
    day = models.DateField()
    busiest = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["service", "day"], name="one_peak_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.service}, {self.day}: {self.busiest}"


class PlannedService(Intent):
    """The promise of one more Service for a country, written before Twilio hears of it.

    Its unique name finds the Service again, should the answer to its creation be lost. The
    row goes once the Service is a ``ProxyService``.
    """

    STILL_TO_DO: ClassVar[models.Q] = models.Q()

    unique_name = models.CharField(_("unique name"), max_length=191, unique=True)
    country = models.CharField(_("country"), max_length=2, unique=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("planned Service")
        verbose_name_plural = _("planned Services")

    def __str__(self) -> str:
        return self.unique_name
