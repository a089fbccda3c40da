"""The Services at Twilio, and the numbers that are sellers' or the pool's."""

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from proxying import last_known_good
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
    def update(self, **changes: Any) -> int:
        """Numbers that are no longer to be called are also forgotten as such."""
        if changes.get("status", ReservedNumber.Status.ACTIVE) in ReservedNumber.LIVE:
            return super().update(**changes)
        with last_known_good.change(*self.values_list("proxy_identifier", flat=True)):
            return super().update(**changes)

    def live(self) -> Self:
        """Each seller's one number, in whatever state: not the next one while they move."""
        return self.filter(status__in=ReservedNumber.LIVE, is_for_move=False)

    def held(self) -> Self:
        """All that a seller still has: the number, the next one, and the one they moved from."""
        return self.filter(status__in=(*ReservedNumber.LIVE, ReservedNumber.Status.RETIRING))

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
        RETIRING = "retiring", _("kept for buyers known before the move")
        QUARANTINED = "quarantined", _("in quarantine")
        REMOVING = "removing", _("being taken out of its Service")
        REMOVED = "removed", _("out of its Service, going back to Twilio")
        RELEASED = "released", _("released")

    UNFINISHED: ClassVar = (Status.PENDING, Status.BUYING, Status.RESERVING)
    LIVE: ClassVar = (*UNFINISHED, Status.ACTIVE)
    GOING_BACK: ClassVar = (Status.REMOVING, Status.REMOVED)
    STILL_TO_DO: ClassVar = Q(status__in=(*UNFINISHED, *GOING_BACK))
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
    is_for_move = models.BooleanField(
        default=False,
        editable=False,
        help_text=_("promised beside the seller's number, until it takes that one's place"),
    )
    requested_at = models.DateTimeField(_("requested at"), default=timezone.now, editable=False)
    pooled_until = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_(
            "when it was taken from the pool, where sellers were shown it as somebody else"
        ),
    )
    active_at = models.DateTimeField(_("active at"), null=True, editable=False)
    moved_at = models.DateTimeField(
        null=True, editable=False, help_text=_("when the seller's next number took its place")
    )
    quarantined_at = models.DateTimeField(_("quarantined at"), null=True, editable=False)
    last_contact_at = models.DateTimeField(
        null=True, editable=False, help_text=_("in quarantine, to the hour")
    )
    removed_at = models.DateTimeField(null=True, editable=False)
    released_at = models.DateTimeField(_("released at"), null=True, editable=False)

    objects = ReservedNumberQuerySet.as_manager()

    class Meta:
        verbose_name = _("reserved number")
        verbose_name_plural = _("reserved numbers")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["seller"],
                condition=Q(
                    status__in=["pending", "buying", "reserving", "active"], is_for_move=False
                ),
                name="one_live_number_a_seller",
            ),
            models.UniqueConstraint(
                fields=["seller"], condition=Q(is_for_move=True), name="one_move_a_seller"
            ),
            models.CheckConstraint(
                condition=Q(is_for_move=False) | Q(status__in=["pending", "buying", "reserving"]),
                name="move_ends_when_active",
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
                condition=Q(status__in=["pending", "buying", "reserving", "removing", "removed"]),
                name="due_numbers",
            ),
            models.Index(
                fields=["proxy_identifier"],
                condition=Q(status="released"),
                name="numbers_of_former_sellers",
            ),
        ]

    def __str__(self) -> str:
        return self.proxy_identifier or self.get_status_display()

    def note_contact(self) -> None:
        """Somebody still calls or texts it: it stays in quarantine. Nothing of who it was.

        Written once an hour at most.
        """
        now = timezone.now()
        if self.last_contact_at is None or self.last_contact_at < now - timedelta(hours=1):
            resting = ReservedNumber.objects.filter(status=self.Status.QUARANTINED)
            resting.filter(pk=self.pk).update(last_contact_at=now)

    def choose_anew(self) -> bool:
        """Waits for a number again, as if none had been chosen; ``advance`` says when it may.

        If the former one was bought after all, its marker says for whom: it is not lost.
        """
        return self.end_attempt(
            attempts=self.attempts + 1,
            status=self.Status.PENDING,
            service=None,
            proxy_identifier=None,
            phone_number_sid="",
            pooled_until=None,
            next_attempt_at=timezone.now(),
        )

    def retire(self) -> None:
        """Into quarantine, or released at once when it never was a number. Hold its lock."""
        now = timezone.now()
        if self.proxy_identifier is None:
            self.status, self.released_at = self.Status.RELEASED, now
        else:
            self.status, self.quarantined_at = self.Status.QUARANTINED, now
        self.unended_attempts, self.next_attempt_at = 0, None
        self.is_for_move = False
        self.save(
            update_fields=[
                "status",
                "is_for_move",
                "released_at",
                "quarantined_at",
                "unended_attempts",
                "next_attempt_at",
            ]
        )

    @property
    def is_live(self) -> bool:
        return self.status in self.LIVE and not self.is_for_move

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE

    def was_held_at(self, moment: datetime) -> bool:
        """Whether it was the seller's by then. *moment* is Twilio's, in whole seconds."""
        return self.active_at is not None and self.active_at.replace(microsecond=0) <= moment

    @property
    def is_left(self) -> bool:
        """The seller has moved to another number. Whom they know still reaches them here."""
        return self.status == self.Status.RETIRING

    @property
    def is_stuck(self) -> bool:
        """Nothing will happen by itself any more: staff must look."""
        waits = self.status in self.UNFINISHED or self.status in self.GOING_BACK
        return waits and self.next_attempt_at is None


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
