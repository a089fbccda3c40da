"""Numbers bought ahead of the sellers who will get them."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from proxying.models.intents import Intent
from proxying.models.numbers import E164_REGEX


class StockNumber(Intent):
    """A number that is ours and in no Service yet: the next seller's, who need not wait.

    In no Service it can be in no Session, so whoever takes it need not ask Twilio first. Without
    a SID it is an intent to buy exactly this number. The row is gone once a seller has it.
    """

    STILL_TO_DO: ClassVar = Q(phone_number_sid="")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    country = models.CharField(_("country"), max_length=2, help_text=_("ISO 3166-1"))
    proxy_identifier = models.CharField(_("number"), max_length=16, unique=True)
    phone_number_sid = models.CharField(_("phone number SID"), max_length=34, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("stock number")
        verbose_name_plural = _("stock numbers")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(proxy_identifier__regex=E164_REGEX), name="stock_number_is_e164"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["country", "id"], condition=~Q(phone_number_sid=""), name="stock_to_take"
            ),
        ]

    def __str__(self) -> str:
        return self.proxy_identifier
