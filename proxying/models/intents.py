"""Intents: rows that say what must still happen at Twilio, until it has happened."""

from datetime import timedelta
from typing import Any, ClassVar, Self
from uuid import UUID

import structlog
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

logger = structlog.get_logger(__name__)

# Work that has killed so many workers in a row would kill the next one too.
MOST_DEATHS = 5
_PARKED = "each of its last five attempts died: a worker was killed or ran out of time"


class Intent(models.Model):
    """What must happen is the row's own; here is who tries it, and when next.

    ``attempts`` is the fence: who holds an earlier one writes nothing. ``next_attempt_at`` is
    the lease of an attempt at work, else the schedule, and None when staff must look.
    ``unended_attempts`` have begun since the last that told its outcome: all of them have
    died, but the one that may be at work. After five deaths the row is parked.
    """

    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    unended_attempts = models.PositiveSmallIntegerField(
        _("attempts without an outcome"), default=0, editable=False
    )
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, default=timezone.now)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)

    STILL_TO_DO: ClassVar[Q]
    # What an attempt reads beside the row.
    READ_WITH: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True

    @classmethod
    def unfinished(cls) -> models.QuerySet[Self]:
        return cls._rows().filter(cls.STILL_TO_DO)

    @classmethod
    def _rows(cls) -> models.QuerySet[Self]:
        return cls._default_manager.all()

    @classmethod
    def claim(cls, pk: UUID | str, *, lease: timedelta, among: Q | None = None) -> Self | None:
        """The row, if it is due and *among* those: nobody else tries it for as long as *lease*.

        The attempt is counted before any work, so one that dies has been counted. A row that
        is to be parked is parked now, and not handed out.
        """
        now = timezone.now()
        dies_of_it = When(unended_attempts__gte=MOST_DEATHS, then=Value(None))
        claimed = (
            cls.unfinished()
            .filter(among or Q(), pk=pk, next_attempt_at__lte=now)
            .update(
                attempts=F("attempts") + 1,
                unended_attempts=F("unended_attempts") + 1,
                next_attempt_at=Case(
                    dies_of_it, default=Value(now + lease), output_field=models.DateTimeField()
                ),
                last_error=Case(
                    When(unended_attempts__gte=MOST_DEATHS, then=Value(_PARKED)),
                    default=F("last_error"),
                ),
            )
        )
        if not claimed:
            return None
        row = cls.unfinished().select_related(*cls.READ_WITH or [None]).filter(pk=pk).first()
        if row is not None and row.next_attempt_at is None:
            logger.error("parked", row=cls.__name__, pk=str(row.pk), attempts=row.attempts)
            return None
        return row

    def as_read(self) -> models.QuerySet[Self]:
        """The row, finished or not, unless another attempt has begun since it was read."""
        return self._rows().filter(pk=self.pk, attempts=self.attempts)

    def advance(self, **changes: Any) -> bool:
        """Writes *changes*, unless a later attempt holds the row by now; whether it did.

        The attempt's number is the fence: an attempt that was thought dead and wakes up
        changes nothing.
        """
        written = self.unfinished().filter(pk=self.pk, attempts=self.attempts)
        if not written.update(**changes):
            return False
        for name, value in changes.items():
            setattr(self, name, value)
        return True

    def end_attempt(self, **changes: Any) -> bool:
        """``advance``, as the outcome of the attempt: it did not die."""
        return self.advance(unended_attempts=0, **changes)

    @property
    def is_at_work(self) -> bool:
        """An attempt holds the row, and its lease is not over."""
        return (
            self.unended_attempts > 0
            and self.next_attempt_at is not None
            and self.next_attempt_at > timezone.now()
        )

    @property
    def is_parked(self) -> bool:
        return self.next_attempt_at is None and self.unended_attempts >= MOST_DEATHS
