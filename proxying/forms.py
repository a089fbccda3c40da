"""What a seller types on the way to a number."""

import re

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from proxying.models import Seller
from proxying.phone_numbers import PhoneNumber, redact

_CODE = re.compile(r"[0-9]{6}")


class PhoneNumberField(forms.CharField):
    """Cleans to a ``PhoneNumber``; without a leading ``+`` it is one of our first country."""

    widget = forms.TelInput

    def clean(self, value: str) -> PhoneNumber | None:
        typed = super().clean(value)
        if not typed:
            return None
        country = settings.SELLER_COUNTRIES[0]
        try:
            return PhoneNumber.parse(typed, country)
        except ValueError:
            raise ValidationError(
                _(
                    "This cannot be a phone number. Type it with its area code,"
                    " and with + and the country code if it is not from %(country)s."
                ),
                params={"country": country},
            ) from None


class PhoneForm(forms.Form):
    """Who sells, and the phone that rings."""

    display_name = forms.CharField(
        label=_("Your name"),
        max_length=Seller._meta.get_field("display_name").max_length,
        help_text=_("Buyers see it on your listings. A first name is enough."),
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    phone_number = PhoneNumberField(
        label=_("Your mobile number"),
        max_length=32,
        help_text=_(
            "Nobody sees it: no buyer, no other seller. We text it a code, to be sure that"
            " it is yours."
        ),
        widget=forms.TelInput(attrs={"autocomplete": "tel"}),
    )

    def clean_display_name(self) -> str:
        name: str = self.cleaned_data["display_name"]
        if redact(name) != name:
            raise ValidationError(_("Leave phone numbers out of your name: buyers see it."))
        return name


class NewPhoneForm(forms.Form):
    """The phone that shall ring instead."""

    phone_number = PhoneNumberField(
        label=_("Your new mobile number"),
        max_length=32,
        help_text=_("We text it a code. Until you type that in, the old one rings."),
        widget=forms.TelInput(attrs={"autocomplete": "tel"}),
    )


class CodeForm(forms.Form):
    """The code that arrived on the phone. Spaces and hyphens in it do no harm."""

    code = forms.CharField(
        label=_("Code from the text"),
        max_length=12,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )

    def clean_code(self) -> str:
        code = re.sub(r"[\s-]", "", self.cleaned_data["code"])
        if not _CODE.fullmatch(code):
            raise ValidationError(_("The code has six digits. Look again at the text we sent."))
        return code


class SuspensionForm(forms.Form):
    """Staff say why; the seller reads it."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The seller is mailed it, and reads it at the desk and with the listings."),
        max_length=Seller._meta.get_field("suspended_reason").max_length,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )


class FindByPhoneForm(forms.Form):
    """Staff look for the seller behind a private phone number."""

    phone_number = PhoneNumberField(label=_("Private phone number"), max_length=32)
