"""What goes wrong on purpose, and what was asked meanwhile. Nothing of it in production."""

import hashlib
import re
from typing import ClassVar, Final

from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

_DRAWS: Final = 2**64


class Fault(models.Model):
    """One rule: which requests it meets, how often it strikes, and what it does then.

    Whether it strikes is drawn from its seed and the running number of the request among those
    it met, so the same requests in the same order meet the same faults again.
    """

    class Kind(models.TextChoices):
        DELAY = "delay", _("answers late")
        TOO_MANY = "too_many", _("429 with Retry-After")
        TOO_MANY_BARE = "too_many_bare", _("429 without Retry-After")
        ERROR_500 = "error_500", _("500")
        ERROR_503 = "error_503", _("503")
        DROP_BEFORE = "drop_before", _("connection lost, nothing done")
        DROP_AFTER = "drop_after", _("done, then the connection is lost")
        TRUNCATED = "truncated", _("done, half of the answer arrives")
        HTML = "html", _("a page of HTML, with 200 or 502")
        OUTAGE = "outage", _("nothing answers, until it is removed")
        WEBHOOK_TWICE = "webhook_twice", _("webhook arrives once more")
        WEBHOOK_LATE = "webhook_late", _("webhook arrives late")
        WEBHOOK_SHUFFLED = "webhook_shuffled", _("webhooks overtake each other")

    WEBHOOKS: ClassVar = frozenset({Kind.WEBHOOK_TWICE, Kind.WEBHOOK_LATE, Kind.WEBHOOK_SHUFFLED})

    kind = models.CharField(_("what happens"), max_length=16, choices=Kind)
    path = models.CharField(
        _("path"),
        max_length=200,
        blank=True,
        help_text=_(
            "How it begins, below /switchboard/, or a regular expression for that,"
            " such as api/.*/IncomingPhoneNumbers. Of a webhook: the path it goes to."
        ),
    )
    method = models.CharField(_("method"), max_length=6, blank=True, help_text=_("Empty for any."))
    chance = models.FloatField(_("chance"), default=1, help_text=_("From 0, never, to 1, always."))
    seed = models.CharField(_("seed"), max_length=64, default="1")
    times = models.PositiveIntegerField(
        _("times"), null=True, blank=True, help_text=_("At most so often; empty for no end.")
    )
    delay_ms = models.PositiveIntegerField(_("delay"), default=0, help_text=_("Milliseconds."))
    retry_after = models.PositiveIntegerField(
        _("Retry-After"), null=True, blank=True, help_text=_("Seconds.")
    )
    seen = models.PositiveBigIntegerField(_("requests met"), default=0, editable=False)
    struck = models.PositiveBigIntegerField(_("strikes"), default=0, editable=False)
    date_created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("fault")
        verbose_name_plural = _("faults")
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(chance__gte=0, chance__lte=1), name="chance_is_a_share"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.method} {self.path}".strip()

    def meets(self, method: str, path: str) -> bool:
        """Whether the request is one of those that the rule is about."""
        return self.method in {"", method} and re.match(self.path, path) is not None

    def strikes(self) -> bool:
        """Count a request that the rule met; whether the fault befalls it. Any process may ask."""
        self.seen = F("seen") + 1
        try:
            self.save(update_fields=["seen"])
        except Fault.NotUpdated:
            return False  # removed meanwhile
        if self.kind != Fault.Kind.OUTAGE and self.draw("strike") >= self.chance:
            return False
        mine = Fault.objects.filter(pk=self.pk)
        if self.times is not None:
            mine = mine.filter(struck__lt=self.times)
        return mine.update(struck=F("struck") + 1) == 1

    def draw(self, what: str) -> float:
        """At least 0 and less than 1, the same for the same request and question."""
        text = f"{self.seed}/{self.kind}/{self.method}/{self.path}/{self.seen}/{what}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / _DRAWS


class JournalEntry(models.Model):
    """One request to the API, kept while there is any fault. Lines are only ever added."""

    method = models.CharField(max_length=10)
    path = models.CharField(max_length=500, help_text="below /switchboard/, numbers masked")
    status = models.PositiveSmallIntegerField(null=True, help_text="none: no answer arrived")
    fault = models.CharField(max_length=16, blank=True, choices=Fault.Kind)
    facts = models.JSONField(default=dict, help_text="of the answer, as it was made")
    date_created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-pk"]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class HeldWebhook(models.Model):
    """A webhook that a fault keeps back until it is due."""

    url = models.CharField(max_length=4000)
    fields = models.JSONField()
    due_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["due_at", "pk"]

    def __str__(self) -> str:
        return self.url
