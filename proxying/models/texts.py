"""The texts that we ourselves send to sellers."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from proxying.fields import EncryptedPhoneNumberField
from proxying.models.sellers import Seller


class SellerText(models.Model):
    """A text that we owe a seller, from us, on the private phone. No number stands in it.

    It goes to the phone of the time when it is sent, unless it is for one that the seller
    has given up. That number is forgotten as soon as the text is sent or given up.
    """

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="texts")
    body = models.CharField(max_length=320)
    former_phone_number = EncryptedPhoneNumberField(owner="seller", null=True, editable=False)
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
