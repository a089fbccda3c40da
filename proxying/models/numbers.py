"""The Services at Twilio, and the numbers that are sellers' or the pool's."""

import uuid
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from proxying.models.intents import Intent
from proxying.phone_numbers import E164

E164_REGEX = rf"^{E164.pattern}$"


class ProxyService(models.Model):
    """One Proxy Service at Twilio: a shard of at most 5,000 reserved and 500 other numbers.

    https://www.twilio.com/docs/proxy/understanding-proxy-limits
    """

    service_sid = models.CharField(_("Service SID"), max_length=34, unique=True)
    unique_name = models.CharField(_("unique name"), max_length=191, unique=True)
    country = models.CharField(
        _("country"), max_length=2, help_text=_("ISO 3166-1, the country of its numbers")
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("Proxy Service")
        verbose_name_plural = _("Proxy Services")

    def __str__(self) -> str:
        return self.unique_name


class ReservedNumberQuerySet(models.QuerySet["ReservedNumber"]):
    def live(self) -> Self:
        return self.filter(status__in=ReservedNumber.LIVE)

    def due(self) -> Self:
        """Promises not yet kept whose next attempt has come."""
        return self.filter(
            status__in=ReservedNumber.UNFINISHED, next_attempt_at__lte=timezone.now()
        )


class ReservedNumber(Intent):
    """The promise of one permanent number to one seller, and how far it has been kept.

    ``proxy_identifier`` is the masked number that buyers dial; it is chosen in our rows
    before Twilio hears of it, so a crash at any line leaves a row that says what to do.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("waiting for a number")
        BUYING = "buying", _("buying the chosen number")
        RESERVING = "reserving", _("being reserved at Twilio")
        ACTIVE = "active", _("active")
        QUARANTINED = "quarantined", _("in quarantine")
        RELEASED = "released", _("released")

    UNFINISHED: ClassVar = (Status.PENDING, Status.BUYING, Status.RESERVING)
    LIVE: ClassVar = (*UNFINISHED, Status.ACTIVE)
    STILL_TO_DO: ClassVar = Q(status__in=UNFINISHED)
    READ_WITH: ClassVar = ("seller", "service")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    seller = models.ForeignKey(
        "proxying.Seller",
        verbose_name=_("seller"),
        on_delete=models.PROTECT,
        related_name="reserved_numbers",
    )
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.PENDING)
    service = models.ForeignKey(
        ProxyService,
        verbose_name=_("service"),
        on_delete=models.PROTECT,
        null=True,
        related_name="reserved_numbers",
    )
    proxy_identifier = models.CharField(_("reserved number"), max_length=16, null=True)  # noqa: DJ001 (unique when set)
    phone_number_sid = models.CharField(_("phone number SID"), max_length=34, blank=True)
    requested_at = models.DateTimeField(_("requested at"), default=timezone.now, editable=False)
    active_at = models.DateTimeField(_("active at"), null=True, editable=False)
    quarantined_at = models.DateTimeField(_("quarantined at"), null=True, editable=False)
    released_at = models.DateTimeField(_("released at"), null=True, editable=False)

    objects = ReservedNumberQuerySet.as_manager()

    class Meta:
        verbose_name = _("reserved number")
        verbose_name_plural = _("reserved numbers")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["seller"],
                condition=Q(status__in=["pending", "buying", "reserving", "active"]),
                name="one_live_number_a_seller",
            ),
            models.UniqueConstraint(
                fields=["proxy_identifier"],
                condition=~Q(status="released"),
                name="one_live_seller_a_number",
            ),
            models.CheckConstraint(
                condition=Q(status="pending", proxy_identifier__isnull=True)
                | Q(status="released")
                | Q(proxy_identifier__regex=E164_REGEX, service__isnull=False),
                name="chosen_number_has_a_service",
            ),
            models.CheckConstraint(
                condition=~Q(status="active") | ~Q(phone_number_sid=""),
                name="active_number_is_ours",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(status__in=["pending", "buying", "reserving"]),
                name="due_numbers",
            ),
        ]

    def __str__(self) -> str:
        return self.proxy_identifier or self.get_status_display()

    def retire(self) -> None:
        """Into quarantine, or released at once when it never was a number. Hold its lock."""
        now = timezone.now()
        if self.proxy_identifier is None:
            self.status, self.released_at = self.Status.RELEASED, now
        else:
            self.status, self.quarantined_at = self.Status.QUARANTINED, now
        self.unended_attempts, self.next_attempt_at = 0, None
        self.save(
            update_fields=[
                "status",
                "released_at",
                "quarantined_at",
                "unended_attempts",
                "next_attempt_at",
            ]
        )

    @property
    def is_live(self) -> bool:
        return self.status in self.LIVE

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE

    @property
    def is_stuck(self) -> bool:
        """Nothing will happen by itself any more: staff must look."""
        return self.status in self.UNFINISHED and self.next_attempt_at is None


class PoolNumber(Intent):
    """A number of a Service that is nobody's: Proxy shows these to sellers in Sessions.

    Without a SID it is an intent to buy exactly this number; without ``added_at`` it is
    ours and still has to be added to the Service.
    """

    STILL_TO_DO: ClassVar = Q(added_at=None)
    READ_WITH: ClassVar = ("service",)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(
        ProxyService,
        verbose_name=_("service"),
        on_delete=models.PROTECT,
        related_name="pool_numbers",
    )
    proxy_identifier = models.CharField(_("number"), max_length=16, unique=True)
    phone_number_sid = models.CharField(_("phone number SID"), max_length=34, blank=True)
    added_at = models.DateTimeField(_("added at"), null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("pool number")
        verbose_name_plural = _("pool numbers")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(proxy_identifier__regex=E164_REGEX), name="pool_number_is_e164"
            ),
        ]

    def __str__(self) -> str:
        return self.proxy_identifier

    @property
    def is_stuck(self) -> bool:
        """Nothing will happen by itself any more: staff must look."""
        return self.added_at is None and self.next_attempt_at is None


class StrayNumber(Intent):
    """A number that we pay for, by our marker, and that none of our rows claims.

    Perhaps somebody's buyers still dial it: it is kept for as long as a number that a seller
    gave up, and then given back to Twilio. The row is gone with the number.
    """

    STILL_TO_DO: ClassVar = Q()

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    proxy_identifier = models.CharField(_("number"), max_length=16)
    phone_number_sid = models.CharField(_("phone number SID"), max_length=34, unique=True)
    marker = models.CharField(_("marker"), max_length=64)
    found_at = models.DateTimeField(_("found at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("stray number")
        verbose_name_plural = _("stray numbers")

    def __str__(self) -> str:
        return self.proxy_identifier
