"""Sellers, the numbers reserved for them, and what we remember of their Sessions."""

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from proxying.fields import BlindIndexField, EncryptedPhoneNumberField
from proxying.phone_numbers import E164
from proxying.reachability import announce

E164_REGEX = rf"^{E164.pattern}$"


class ProxyService(models.Model):
    """One Proxy Service at Twilio: a shard of at most 5,000 reserved and 500 other numbers.

    https://www.twilio.com/docs/proxy/understanding-proxy-limits
    """

    service_sid = models.CharField("Service SID", max_length=34, unique=True)
    unique_name = models.CharField(max_length=191, unique=True)
    country = models.CharField(max_length=2, help_text="ISO 3166-1, the country of its numbers")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "Proxy Service"

    def __str__(self) -> str:
        return self.unique_name


def _site_time_zone() -> str:
    zone: str = settings.TIME_ZONE
    return zone


class SellerQuerySet(models.QuerySet["Seller"]):
    def reachable(self) -> Self:
        """Sellers whom a buyer can call now: verified, not suspended, number active."""
        return self.filter(
            suspended_at__isnull=True,
            phone_verified_at__isnull=False,
            reserved_numbers__status=ReservedNumber.Status.ACTIVE,
        )


class Seller(models.Model):
    """A person who sells, and the private phone that nobody gets to see."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="seller"
    )
    display_name = models.CharField(max_length=60)
    phone_number = EncryptedPhoneNumberField("private phone number", null=True, editable=False)
    phone_number_index = BlindIndexField(source="phone_number", null=True, db_index=True)
    phone_verified_at = models.DateTimeField(null=True, editable=False)
    suspended_at = models.DateTimeField(null=True, editable=False)
    # While away neither calls nor texts come through; in the quiet hours no calls do.
    away_until = models.DateTimeField(null=True, blank=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=40, default=_site_time_zone)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SellerQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["phone_number_index"],
                condition=Q(phone_verified_at__isnull=False),
                name="one_verified_seller_a_phone",
            ),
            models.CheckConstraint(
                condition=Q(phone_verified_at__isnull=True) | Q(phone_number__isnull=False),
                name="verified_means_a_phone",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_have_two_ends",
            ),
        ]
        permissions: ClassVar = [
            ("reveal_phone_number", "Can read a seller's private phone number")
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def reserved_number(self) -> "ReservedNumber | None":
        """The seller's one live number, in whatever state; None before the phone is proved."""
        return next(
            (number for number in self.reserved_numbers.all() if number.is_live),
            None,
        )

    def leave(self) -> None:
        """Ends the seller for good: what tells who it was is gone, the row stays for others' sake.

        Nobody reaches the number from now on; it goes into quarantine. The sweep closes open
        Sessions. Safe to call twice.
        """
        with transaction.atomic():
            # Locked: a worker may be choosing or dropping a number for this row.
            for number in self.reserved_numbers.live().select_for_update():
                number.retire()
            self.display_name = "Former seller"
            self.phone_number = None
            self.phone_verified_at = None
            self.suspended_at = self.suspended_at or timezone.now()
            self.away_until = self.quiet_from = self.quiet_until = None
            self.save()
            self.blocks.all().delete()
            self.buyer_aliases.all().delete()
            self.texts.all().delete()
            announce(self.pk)


class ReservedNumberQuerySet(models.QuerySet["ReservedNumber"]):
    def live(self) -> Self:
        return self.filter(status__in=ReservedNumber.LIVE)

    def due(self) -> Self:
        """Promises not yet kept whose next attempt has come."""
        return self.filter(
            status__in=ReservedNumber.UNFINISHED, next_attempt_at__lte=timezone.now()
        )


class ReservedNumber(models.Model):
    """The promise of one permanent number to one seller, and how far it has been kept.

    ``proxy_identifier`` is the masked number that buyers dial; it is chosen in our rows
    before Twilio hears of it, so a crash at any line leaves a row that says what to do.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "waiting for a number"
        BUYING = "buying", "buying the chosen number"
        RESERVING = "reserving", "being reserved at Twilio"
        ACTIVE = "active", "active"
        QUARANTINED = "quarantined", "in quarantine"
        RELEASED = "released", "released"

    UNFINISHED: ClassVar = (Status.PENDING, Status.BUYING, Status.RESERVING)
    LIVE: ClassVar = (*UNFINISHED, Status.ACTIVE)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="reserved_numbers")
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    service = models.ForeignKey(
        ProxyService, on_delete=models.PROTECT, null=True, related_name="reserved_numbers"
    )
    proxy_identifier = models.CharField("reserved number", max_length=16, null=True)  # noqa: DJ001 (unique when set)
    phone_number_sid = models.CharField("phone number SID", max_length=34, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now)
    last_error = models.CharField(max_length=500, blank=True)
    requested_at = models.DateTimeField(default=timezone.now, editable=False)
    active_at = models.DateTimeField(null=True, editable=False)
    quarantined_at = models.DateTimeField(null=True, editable=False)
    released_at = models.DateTimeField(null=True, editable=False)

    objects = ReservedNumberQuerySet.as_manager()

    class Meta:
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

    def advance(self, **changes: Any) -> bool:
        """Writes *changes*, unless a later attempt holds the row by now; whether it did.

        The attempt's number is the fence: an attempt that was thought dead and wakes up
        changes nothing.
        """
        written = ReservedNumber.objects.filter(pk=self.pk, attempts=self.attempts).filter(
            status__in=self.UNFINISHED
        )
        if not written.update(**changes):
            return False
        for name, value in changes.items():
            setattr(self, name, value)
        return True

    def retire(self) -> None:
        """Into quarantine, or released at once when it never was a number. Hold its lock."""
        now = timezone.now()
        if self.proxy_identifier is None:
            self.status, self.released_at = self.Status.RELEASED, now
        else:
            self.status, self.quarantined_at = self.Status.QUARANTINED, now
        self.next_attempt_at = None
        self.save(update_fields=["status", "released_at", "quarantined_at", "next_attempt_at"])

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


class PoolNumber(models.Model):
    """A number of a Service that is nobody's: Proxy shows these to sellers in Sessions.

    Without a SID it is an intent to buy exactly this number; without ``added_at`` it is
    ours and still has to be added to the Service.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(ProxyService, on_delete=models.PROTECT, related_name="pool_numbers")
    proxy_identifier = models.CharField("number", max_length=16, unique=True)
    phone_number_sid = models.CharField("phone number SID", max_length=34, blank=True)
    added_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(proxy_identifier__regex=E164_REGEX), name="pool_number_is_e164"
            ),
        ]

    def __str__(self) -> str:
        return self.proxy_identifier


class Block(models.Model):
    """A buyer whom a seller does not want to hear from. Only an index of the number is kept."""

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="blocks")
    buyer_index = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["seller", "buyer_index"], name="one_block_a_buyer"),
        ]

    def __str__(self) -> str:
        return f"{self.seller} blocks a buyer"


class BuyerAlias(models.Model):
    """What a seller calls a buyer who has called or texted: "Buyer 7", never the number."""

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="buyer_aliases")
    buyer_index = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "buyer aliases"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["seller", "buyer_index"], name="one_alias_a_buyer"),
            models.UniqueConstraint(fields=["seller", "number"], name="one_buyer_an_alias"),
        ]

    def __str__(self) -> str:
        return f"Buyer {self.number}"


class SellerText(models.Model):
    """A text that we owe a seller, from us, on the private phone. No number stands in it."""

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="texts")
    body = models.CharField(max_length=320)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now)
    last_error = models.CharField(max_length=500, blank=True)
    message_sid = models.CharField("Message SID", max_length=34, blank=True)
    sent_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(sent_at__isnull=True), name="due_texts"
            ),
        ]

    def __str__(self) -> str:
        return f"text to {self.seller}"


class PhoneNumberReveal(models.Model):
    """Who of staff has read a seller's private number, and why."""

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="reveals")
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"{self.staff} read the number of {self.seller}"


class ProxySession(models.Model):
    """A Session that we told Proxy to create, known by the contact that caused it."""

    reserved_number = models.ForeignKey(
        ReservedNumber, on_delete=models.PROTECT, related_name="proxy_sessions"
    )
    buyer_index = models.CharField(max_length=64)
    unique_name = models.CharField(max_length=191, unique=True)
    contact_sid = models.CharField("CallSid or MessageSid", max_length=34, unique=True)
    session_sid = models.CharField("Session SID", max_length=34, null=True, unique=True)  # noqa: DJ001 (unique when set)
    buyer_participant_sid = models.CharField("buyer's SID", max_length=34, blank=True)
    begun_by_seller = models.BooleanField(default=False, help_text="a call or text back")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(
        null=True, editable=False, help_text="When we closed it; Sessions also end by themselves"
    )

    class Meta:
        verbose_name = "Proxy Session"

    def __str__(self) -> str:
        return self.unique_name

    @property
    def rings_an_old_phone(self) -> bool:
        """Proxy was told the seller's phone before the one of today was proved."""
        verified_at = self.reserved_number.seller.phone_verified_at
        return verified_at is not None and self.created_at < verified_at


class Interaction(models.Model):
    """One message or call in a Session, as far as Twilio has told: no text, no number."""

    interaction_sid = models.CharField("Interaction SID", max_length=34, unique=True)
    session_sid = models.CharField("Session SID", max_length=34, db_index=True)
    proxy_session = models.ForeignKey(
        ProxySession, on_delete=models.CASCADE, null=True, related_name="interactions"
    )
    type = models.CharField(max_length=16)
    from_buyer = models.BooleanField(null=True, help_text="who called or texted, when known")
    item_reference = models.CharField(
        max_length=8, blank=True, help_text="what a text named in brackets, as (K7Q2M)"
    )
    inbound_status = models.CharField(max_length=20, blank=True)
    inbound_rank = models.SmallIntegerField(default=-1)
    outbound_status = models.CharField(max_length=20, blank=True)
    outbound_rank = models.SmallIntegerField(default=-1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.interaction_sid
