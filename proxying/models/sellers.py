"""Sellers, and who of staff has read a private number."""

import os
import secrets
import uuid
from typing import Any, ClassVar, Self

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from proxying import last_known_good
from proxying.fields import BlindIndexField, EncryptedPhoneNumberField
from proxying.models.numbers import ReservedNumber
from proxying.models.sessions import ProxySession
from proxying.reachability import announce


def _site_time_zone() -> str:
    zone: str = settings.TIME_ZONE
    return zone


class SellerQuerySet(models.QuerySet["Seller"]):
    def update(self, **changes: Any) -> int:
        """What is remembered of these sellers' routes is forgotten."""
        numbers = ReservedNumber.objects.filter(seller__in=self)
        with last_known_good.change(*numbers.values_list("proxy_identifier", flat=True)):
            return super().update(**changes)

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
        settings.AUTH_USER_MODEL,
        verbose_name=_("account"),
        on_delete=models.PROTECT,
        related_name="seller",
    )
    display_name = models.CharField(_("display name"), max_length=60)
    phone_number = EncryptedPhoneNumberField(_("private phone number"), null=True, editable=False)
    phone_number_index = BlindIndexField(source="phone_number", null=True, db_index=True)
    phone_verified_at = models.DateTimeField(_("phone verified at"), null=True, editable=False)
    # Counts the changes of the phone: a Session knows for which of them it was made.
    phone_epoch = models.PositiveIntegerField(default=0, editable=False)
    suspended_at = models.DateTimeField(_("suspended at"), null=True, editable=False)
    suspended_reason = models.CharField(
        _("reason of the suspension"), max_length=300, blank=True, editable=False
    )
    # While away neither calls nor texts come through; in the quiet hours no calls do.
    away_until = models.DateTimeField(null=True, blank=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=40, default=_site_time_zone)
    left_at = models.DateTimeField(
        null=True, editable=False, help_text=_("when the person left for good")
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = SellerQuerySet.as_manager()

    class Meta:
        verbose_name = _("seller")
        verbose_name_plural = _("sellers")
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

    def secret(self) -> bytes | None:
        """What the private number opens with, beside our key; None once the seller is erased."""
        try:
            return bytes(self.key.secret)
        except SellerKey.DoesNotExist:
            return None

    def secret_or_new(self) -> bytes:
        """``secret``, made when there is none. The seller need not be saved yet."""
        secret = None if self._state.adding and not self._has_key_at_hand else self.secret()
        if secret is None:
            self.key, _made = SellerKey.objects.get_or_create(seller_id=self.pk)
            secret = bytes(self.key.secret)
        return secret

    @property
    def _has_key_at_hand(self) -> bool:
        return SellerKey.seller.field.remote_field.is_cached(self)

    def leave(self) -> None:
        """Ends the seller for good: what tells who it was is gone, the row stays for others' sake.

        Nobody reaches the numbers from now on; they go into quarantine. The sweep closes open
        Sessions, and what Twilio keeps of them is deleted (``provisioning.erasing``). The key is
        destroyed, so no copy of the database opens the private number again. What other sellers
        know of the person as a buyer names nobody any more, but for a seller's block. Safe to
        call twice.
        """
        with transaction.atomic():
            # Locked: the phone may be changing just now, and a move beginning.
            today = Seller.objects.select_for_update().get(pk=self.pk)
            # One that was typed but not proved is somebody else's, who may be a buyer here.
            index = today.phone_number_index if today.phone_verified_at else None
            # Locked: a worker may be choosing or dropping a number for this row.
            for number in self.reserved_numbers.held().order_by("pk").select_for_update():
                number.retire()
            _erase_sessions(self, index)
            if index:
                _forget_buyer(index)
            SellerKey.objects.filter(seller_id=self.pk).delete()
            self.display_name = gettext("Former seller")
            self.phone_number = None
            self.phone_verified_at = None
            self.left_at = self.left_at or timezone.now()
            self.suspended_at = self.suspended_at or self.left_at
            self.suspended_reason = ""
            self.away_until = self.quiet_from = self.quiet_until = None
            self.save()
            self.blocks.all().delete()
            self.buyer_aliases.all().delete()
            self.texts.all().delete()
            announce(self.pk)


def _erase_sessions(seller: Seller, index: str | None) -> None:
    """Promises that Twilio forgets the Sessions in which this person spoke, on either side."""
    spoke = Q(reserved_number__seller=seller.pk)
    if index:
        spoke |= Q(buyer_index=index)
    sessions = ProxySession.objects.filter(spoke, erase_at=None, erased_at=None)
    sessions.update(erase_at=timezone.now())


def _forget_buyer(index: str) -> None:
    """Puts a word that means nothing in place of *index*, the same one everywhere.

    So a seller's "Buyer 7" and what they said to each other stay one, and stay theirs. Sellers
    who have blocked that phone keep the index: else leaving would be a way to be let in again.
    """
    meaningless = secrets.token_hex(32)
    proxying = apps.get_app_config("proxying")
    blocks = proxying.get_model("Block")._base_manager  # noqa: SLF001 (Django's way in)
    has_blocked = blocks.filter(buyer_index=index).values("seller")
    for model in proxying.get_models():
        fields = {field.name for field in model._meta.concrete_fields}
        if "buyer_index" in fields:
            seller = "seller" if "seller" in fields else "reserved_number__seller"
            rows = model._base_manager.filter(buyer_index=index)  # noqa: SLF001 (Django's way in)
            rows.exclude(**{f"{seller}__in": has_blocked}).update(buyer_index=meaningless)


def _new_secret() -> bytes:
    return os.urandom(32)


class SellerKey(models.Model):
    """The secret without which nothing opens that was sealed for a seller.

    Erasing a seller destroys it. Backups of the database leave this table out (the README
    says how), and of its own copy only the newest is kept: so old backups die with the row.
    There is no foreign key in the database, because the table may be restored by itself.
    """

    seller = models.OneToOneField(
        Seller,
        primary_key=True,
        on_delete=models.CASCADE,
        db_constraint=False,
        related_name="key",
    )
    secret = models.BinaryField(max_length=32, default=_new_secret)

    def __str__(self) -> str:
        return f"key of {self.seller_id}"


class PhoneNumberReveal(models.Model):
    """Who of staff has read a seller's private number, and why."""

    seller = models.ForeignKey(
        Seller, verbose_name=_("seller"), on_delete=models.CASCADE, related_name="reveals"
    )
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("staff"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    reason = models.CharField(_("reason"), max_length=300)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("phone number reveal")
        verbose_name_plural = _("phone number reveals")

    def __str__(self) -> str:
        return gettext("%(staff)s read the number of %(seller)s") % {
            "staff": self.staff,
            "seller": self.seller,
        }
