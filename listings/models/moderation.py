"""What people tell staff about a listing, and what staff look at."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from listings.models.catalog import Listing
from proxying.models import Seller


class ReportQuerySet(models.QuerySet["Report"]):
    def open(self) -> Self:
        """Those that wait for staff."""
        return self.filter(handled_at__isnull=True)


class Report(models.Model):
    """One person's complaint about one listing, for one reason.

    ``visitor`` tells people apart: ``user:<pk>``, or a random key kept in the session.
    """

    class Reason(models.TextChoices):
        SOLD = "sold", _("It is already sold")
        FRAUD = "fraud", _("It looks like fraud")
        WRONG = "wrong", _("Wrong category, price or description")
        FORBIDDEN = "forbidden", _("It may not be sold here")
        OFFENSIVE = "offensive", _("It is offensive")
        OTHER = "other", _("Something else")

    class Outcome(models.TextChoices):
        HIDDEN = "hidden", _("Listing hidden")
        DISMISSED = "dismissed", _("Nothing wrong")

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="reports"
    )
    visitor = models.CharField(max_length=64)
    reason = models.CharField(max_length=10, choices=Reason)
    comment = models.TextField(max_length=1000, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    handled_at = models.DateTimeField(null=True, editable=False)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True, editable=False)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["listing", "visitor", "reason"], name="one_report_a_person_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.listing_id}"


class ReportedListing(Listing):
    """A listing as the moderation queue shows it, with permissions of its own."""

    class Meta:
        proxy = True
        verbose_name = _("reported item")
        verbose_name_plural = _("reported items")
        default_permissions = ("view", "change")


class SellerHistory(Seller):
    """A seller as staff judge them: what was reported, hidden, sold and rated."""

    class Meta:
        proxy = True
        verbose_name = _("seller's history")
        verbose_name_plural = _("sellers' histories")
        default_permissions = ("view",)
