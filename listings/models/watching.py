"""What buyers keep an eye on: single listings, and searches."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from listings.models.catalog import Listing


class Favourite(models.Model):
    """A listing somebody with an account has marked. Without one it is kept in the session."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourites"
    )
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="favourites")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("favourite")
        verbose_name_plural = _("favourites")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "listing"], name="one_favourite_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} likes {self.listing_id}"


class SavedSearch(models.Model):
    """A search that somebody wants to hear of. ``query`` is the page's query string."""

    class Frequency(models.TextChoices):
        INSTANT = "instant", _("At once")
        DAILY = "daily", _("Once a day")
        WEEKLY = "weekly", _("Once a week")
        NONE = "none", _("No mail")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("account"),
        on_delete=models.CASCADE,
        related_name="saved_searches",
    )
    query = models.CharField(_("query"), max_length=500)
    name = models.CharField(_("name"), max_length=100)
    frequency = models.CharField(
        _("frequency"), max_length=10, choices=Frequency, default=Frequency.DAILY
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    next_mail_at = models.DateTimeField(_("next mail at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("saved search")
        verbose_name_plural = _("saved searches")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "query"], name="one_search_a_person_a_query"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_mail_at"], condition=~Q(frequency="none"), name="searches_due"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SavedSearchHit(models.Model):
    """A listing that a saved search has found; written with its mail, so it is mailed once."""

    search = models.ForeignKey(SavedSearch, on_delete=models.CASCADE, related_name="hits")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("saved search hit")
        verbose_name_plural = _("saved search hits")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["search", "listing"], name="one_hit_a_search"),
        ]

    def __str__(self) -> str:
        return f"{self.search_id} found {self.listing_id}"
