"""What buyers and sellers type about a purchase."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from listings.models import Listing, Purchase, Rating
from listings.purchasing.deciding import MAX_DAYS, MIN_DAYS
from listings.selling import contact_data
from listings.selling.fields import PriceField

_LINES = {"rows": 3}


def refuse_contact_data(text: str) -> None:
    """Others read it, and the two reach each other on the ShoppingPlace number."""
    if found := contact_data.find(text):
        raise ValidationError(
            _(
                "“%(found)s” looks like a phone number or an e-mail address. Leave it out: "
                "you reach each other on the ShoppingPlace number."
            )
            % {"found": "”, “".join(found)},
            code="contact_data",
        )


class RequestForm(forms.Form):
    """The price stands there already; a free item has none."""

    name = forms.CharField(
        max_length=Purchase._meta.get_field("buyer_name").max_length,
        validators=[refuse_contact_data],
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
        error_messages={"required": gettext_lazy("Say what the seller should call you.")},
    )
    price = PriceField(
        label=gettext_lazy("Your offer in US dollars"),
        min_value=Decimal(0),
        max_digits=10,
        decimal_places=2,
        help_text=gettext_lazy("The asking price, unless you offer another."),
    )
    note = forms.CharField(
        label=gettext_lazy("A few words to the seller"),
        required=False,
        max_length=Purchase._meta.get_field("note").max_length,
        validators=[refuse_contact_data],
        widget=forms.Textarea(attrs=_LINES),
        help_text=gettext_lazy("When you could pick it up, for example."),
    )

    def __init__(self, *args: Any, listing: Listing, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("What should %(seller)s call you?") % {
            "seller": listing.seller.display_name
        }
        if listing.price:
            self.fields["price"].initial = listing.price
        else:
            del self.fields["price"]

    def clean(self) -> dict[str, Any]:
        self.cleaned_data.setdefault("price", Decimal(0))
        return self.cleaned_data


def _days() -> list[tuple[int, str]]:
    return [
        (days, ngettext("%(days)s day", "%(days)s days", days) % {"days": days})
        for days in range(MIN_DAYS, MAX_DAYS + 1)
    ]


class AcceptForm(forms.Form):
    days = forms.TypedChoiceField(
        label=gettext_lazy("Reserve it for"),
        coerce=int,
        initial=settings.RESERVED_DAYS,
        choices=_days,
    )


class RatingForm(forms.Form):
    stars = forms.TypedChoiceField(
        label=gettext_lazy("How was it?"),
        coerce=int,
        choices=[
            (5, gettext_lazy("5 stars: excellent")),
            (4, gettext_lazy("4 stars: good")),
            (3, gettext_lazy("3 stars: all right")),
            (2, gettext_lazy("2 stars: poor")),
            (1, gettext_lazy("1 star: bad")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose how many stars.")},
    )
    comment = forms.CharField(
        label=gettext_lazy("Say more"),
        required=False,
        max_length=Rating._meta.get_field("comment").max_length,
        validators=[refuse_contact_data],
        widget=forms.Textarea(attrs=_LINES),
        help_text=gettext_lazy("Everybody can read it."),
    )
