"""How often a listing was looked at."""

from typing import ClassVar

from django.db import models

from listings.models.catalog import Listing


class ListingDay(models.Model):
    """One listing on one day, in the site's time zone."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    views = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["listing", "day"], name="one_row_a_listing_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.listing_id} on {self.day}: {self.views}"
