"""What a seller's desk knows of buyers, each by an index of the number and never the number."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from proxying.models.sellers import Seller


class Block(models.Model):
    """A buyer whom a seller does not want to hear from. Only an index of the number is kept."""

    seller = models.ForeignKey(
        Seller, verbose_name=_("seller"), on_delete=models.CASCADE, related_name="blocks"
    )
    buyer_index = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["seller", "buyer_index"], name="one_block_a_buyer"),
        ]

    def __str__(self) -> str:
        return gettext("%(seller)s blocks a buyer") % {"seller": self.seller}


class BuyerAlias(models.Model):
    """What a seller calls a buyer who has called or texted: "Buyer 7", never the number."""

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="buyer_aliases")
    buyer_index = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("buyer alias")
        verbose_name_plural = _("buyer aliases")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["seller", "buyer_index"], name="one_alias_a_buyer"),
            models.UniqueConstraint(fields=["seller", "number"], name="one_buyer_an_alias"),
        ]

    def __str__(self) -> str:
        return gettext("Buyer %(number)s") % {"number": self.number}
