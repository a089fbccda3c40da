"""A purchase between two people. No money passes through the site."""

import uuid
from typing import ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from listings.models.catalog import Listing, dollars
from proxying.models import Seller


class PurchaseQuerySet(models.QuerySet["Purchase"]):
    def of(self, user_id: int | None) -> Self:
        """Those in which the person buys or sells."""
        return self.filter(Q(buyer=user_id) | Q(listing__seller__user=user_id))

    def open(self) -> Self:
        return self.filter(state__in=Purchase.OPEN)


class Purchase(models.Model):
    """A buyer asks, the seller accepts, both confirm the hand-over.

    ``requested -> accepted -> completed``, or ``declined``, ``cancelled``, ``lapsed``.
    Accepting reserves the listing until ``held_until``.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        ACCEPTED = "accepted", _("Accepted")
        COMPLETED = "completed", _("Done")
        DECLINED = "declined", _("Declined")
        CANCELLED = "cancelled", _("Cancelled")
        LAPSED = "lapsed", _("Lapsed")

    class Side(models.TextChoices):
        BUYER = "buyer", _("Buyer")
        SELLER = "seller", _("Seller")

    OPEN: ClassVar = (State.REQUESTED, State.ACCEPTED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    listing = models.ForeignKey(
        Listing, verbose_name=_("listing"), on_delete=models.PROTECT, related_name="purchases"
    )
    buyer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("buyer"),
        on_delete=models.PROTECT,
        related_name="purchases",
    )
    buyer_name = models.CharField(_("buyer name"), max_length=60)
    note = models.CharField(max_length=500, blank=True)
    price = models.DecimalField(
        _("price in US dollars"),
        max_digits=10,
        decimal_places=2,
        validators=[MinValueValidator(0)],
        help_text=_("What the buyer offers; the asking price unless they say otherwise."),
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.REQUESTED)
    requested_at = models.DateTimeField(_("requested at"), default=timezone.now, editable=False)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, editable=False)
    held_until = models.DateTimeField(_("held until"), null=True, editable=False)
    buyer_confirmed_at = models.DateTimeField(_("buyer confirmed at"), null=True, editable=False)
    seller_confirmed_at = models.DateTimeField(_("seller confirmed at"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)
    # Who declined or called it off; empty when neither did: the item was gone, or time was up.
    ended_by = models.CharField(
        _("ended by"), max_length=6, choices=Side, blank=True, editable=False
    )

    objects = PurchaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["listing"],
                condition=Q(state="accepted"),
                name="one_accepted_purchase_a_listing",
            ),
            models.UniqueConstraint(
                fields=["listing", "buyer"],
                condition=Q(state__in=["requested", "accepted"]),
                name="one_open_purchase_a_buyer_a_listing",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted")
                | Q(accepted_at__isnull=False, held_until__isnull=False),
                name="accepted_means_held_until",
            ),
            models.CheckConstraint(
                condition=~Q(state="completed")
                | Q(buyer_confirmed_at__isnull=False, seller_confirmed_at__isnull=False),
                name="completed_means_both_confirmed",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["held_until"], condition=Q(state="accepted"), name="purchases_to_lapse"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.buyer_name}, {self.listing_id}: {self.get_state_display()}"

    def get_absolute_url(self) -> str:
        return reverse("purchase_detail", args=[self.pk])

    @property
    def price_text(self) -> str:
        """``$1,250``, ``$12.50`` or ``Free``."""
        return dollars(self.price)

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class Rating(models.Model):
    """What one of the two says of the other after a completed purchase, once."""

    purchase = models.ForeignKey(
        Purchase, verbose_name=_("purchase"), on_delete=models.CASCADE, related_name="ratings"
    )
    by_buyer = models.BooleanField(_("by buyer"))
    stars = models.PositiveSmallIntegerField(
        _("stars"), validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    comment = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["purchase", "by_buyer"], name="one_rating_a_side_a_purchase"
            ),
            models.CheckConstraint(condition=Q(stars__range=(1, 5)), name="one_to_five_stars"),
        ]

    def __str__(self) -> str:
        return gettext("%(stars)s of 5") % {"stars": self.stars}


class AccountBlock(models.Model):
    """A buyer's account that may not ask to buy from a seller. Callers: ``proxying.Block``."""

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="account_blocks")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="blocked_by"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("account block")
        verbose_name_plural = _("account blocks")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["seller", "user"], name="one_block_an_account"),
        ]

    def __str__(self) -> str:
        return gettext("%(seller)s blocks an account") % {"seller": self.seller}
