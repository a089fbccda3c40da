"""What we remember of Proxy's Sessions, and of the calls and messages in them."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from proxying.models.numbers import ReservedNumber


class ProxySession(models.Model):
    """A Session that we told Proxy to create, known by the contact that caused it."""

    reserved_number = models.ForeignKey(
        ReservedNumber,
        verbose_name=_("reserved number"),
        on_delete=models.PROTECT,
        related_name="proxy_sessions",
    )
    buyer_index = models.CharField(max_length=64)
    unique_name = models.CharField(_("unique name"), max_length=191, unique=True)
    contact_sid = models.CharField(_("CallSid or MessageSid"), max_length=34, unique=True)
    session_sid = models.CharField(_("Session SID"), max_length=34, null=True, unique=True)  # noqa: DJ001 (unique when set)
    first_participant_sid = models.CharField(
        max_length=34, blank=True, help_text=_("of who began it: the buyer, or the seller")
    )
    phone_epoch = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("the seller's, when the phone was read")
    )
    begun_by_seller = models.BooleanField(default=False, help_text=_("a call or text back"))
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    closed_at = models.DateTimeField(
        _("closed at"),
        null=True,
        editable=False,
        help_text=_("When we closed it; Sessions also end by themselves"),
    )
    # Twilio keeps both phone numbers with it: when a person leaves for good, it goes there too.
    erase_at = models.DateTimeField(
        null=True, editable=False, help_text=_("when next to try to delete it at Twilio")
    )
    erased_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("Proxy Session")
        verbose_name_plural = _("Proxy Sessions")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(closed_at=None),
                name="sessions_not_closed",
            ),
            models.Index(fields=["buyer_index", "created_at"], name="sessions_of_a_buyer"),
            models.Index(
                fields=["erase_at"],
                condition=models.Q(erase_at__isnull=False),
                name="sessions_to_erase",
            ),
        ]

    def __str__(self) -> str:
        return self.unique_name

    @property
    def rings_an_old_phone(self) -> bool:
        """Proxy was told another phone than the one that is the seller's today.

        Time alone does not tell: the phone is read some moments before this row is made.
        """
        seller = self.reserved_number.seller
        verified_at = seller.phone_verified_at
        return self.phone_epoch != seller.phone_epoch or (
            verified_at is not None and self.created_at < verified_at
        )


class Interaction(models.Model):
    """One message or call in a Session, as far as Twilio has told: no text, no number."""

    interaction_sid = models.CharField(_("Interaction SID"), max_length=34, unique=True)
    session_sid = models.CharField(_("Session SID"), max_length=34, db_index=True)
    proxy_session = models.ForeignKey(
        ProxySession,
        verbose_name=_("proxy session"),
        on_delete=models.CASCADE,
        null=True,
        related_name="interactions",
    )
    type = models.CharField(_("type"), max_length=16)
    from_buyer = models.BooleanField(null=True, help_text=_("who called or texted, when known"))
    item_reference = models.CharField(
        max_length=8, blank=True, help_text=_("what a text named in brackets, as (K7Q2M)")
    )
    inbound_status = models.CharField(_("inbound status"), max_length=20, blank=True)
    inbound_rank = models.SmallIntegerField(default=-1)
    outbound_status = models.CharField(_("outbound status"), max_length=20, blank=True)
    outbound_rank = models.SmallIntegerField(default=-1)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("interaction")
        verbose_name_plural = _("interactions")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["created_at"], name="interactions_by_time"),
        ]

    def __str__(self) -> str:
        return self.interaction_sid
