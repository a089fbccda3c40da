"""How often something was done: exact, and whole after any crash."""

from typing import ClassVar

from django.db import models


class LimitCounter(models.Model):
    """How often *key* was taken in the window that began at *window_start*.

    A key names the limit and whom it counts, by a blind index and never by a number.
    """

    key = models.CharField(max_length=160)
    window_start = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["key", "window_start"], name="one_counter_a_window"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
