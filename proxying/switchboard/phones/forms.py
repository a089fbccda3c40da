"""What a phone may be asked to do, checked; the page and the JSON API say the same sentences."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from proxying.switchboard import numbering
from proxying.switchboard.models import IncomingPhoneNumber, Phone
from proxying.switchboard.traffic.messages import MAX_BODY


class NumberField(forms.CharField):
    """A phone number as people type it; cleans to E.164."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}))
        super().__init__(max_length=32, **options)

    def clean(self, value: Any) -> str:
        typed = super().clean(value)
        try:
            return numbering.parse(typed)
        except ValueError:
            raise ValidationError(
                _(
                    "This is no phone number. Write it with its country code,"
                    " such as +1 415 555 0100."
                )
            ) from None


class SenderField(NumberField):
    """A phone number, or what carriers send in place of one that is not shown."""

    def clean(self, value: Any) -> str:
        if isinstance(value, str) and _WITHOUT_A_NUMBER.fullmatch(value):
            return value
        return super().clean(value)


# ``anonymous``, a company's name, a short code.
_WITHOUT_A_NUMBER = re.compile(r"[A-Za-z][A-Za-z0-9 ]{0,10}|[0-9]{3,6}")


class FromPhoneForm(forms.Form):
    """Somebody uses a phone. One that nobody has added is added by being used."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # "from" is a keyword of Python, so it cannot be declared as the others are.
        self.fields["from"] = SenderField(error_messages={"required": _("Say which phone it is.")})

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        sender, to = cleaned.get("from"), cleaned.get("to")
        if sender and sender == to:
            self.add_error("to", _("A phone cannot reach itself."))
        return cleaned

    def pick_up(self) -> str:
        """The sender, who from now on has a phone; a number of ours stays nobody's."""
        sender: str = self.cleaned_data["from"]
        if (
            numbering.is_e164(sender)
            and not IncomingPhoneNumber.objects.filter(phone_number=sender).exists()
        ):
            name = numbering.display(sender)
            Phone.objects.get_or_create(number=sender, defaults={"name": name})
        return sender


class MessageForm(FromPhoneForm):
    to = NumberField(error_messages={"required": _("Say whom the text is for.")})
    body = forms.CharField(
        max_length=MAX_BODY,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": _("Write something first."),
            "max_length": _("A text can be 1600 characters long."),
        },
    )

    def clean_body(self) -> str:
        body: str = self.cleaned_data["body"]
        if not body.strip():
            raise ValidationError(_("Write something first."))
        return body


class CallForm(FromPhoneForm):
    to = NumberField(error_messages={"required": _("Say which number to dial.")})


class PhoneForm(forms.Form):
    """A new phone on the virtual carrier."""

    number = NumberField(
        label=_("Phone number"),
        error_messages={"required": _("Give the phone a number.")},
        help_text=_("Such as +1 212 555 0142. It need not exist; no real phone is ever reached."),
    )
    name = forms.CharField(
        label=_("Whose phone it is"),
        max_length=40,
        error_messages={
            "required": _("Say whose phone it is."),
            "max_length": _("A name can be 40 characters long."),
        },
    )

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"]
        if Phone.objects.filter(number=number).exists():
            raise ValidationError(_("There is a phone with this number already."))
        if IncomingPhoneNumber.objects.filter(phone_number=number).exists():
            raise ValidationError(_("The switchboard owns this number; it cannot be a person's."))
        return number

    def save(self) -> Phone:
        phone, _created = Phone.objects.get_or_create(
            number=self.cleaned_data["number"], defaults={"name": self.cleaned_data["name"]}
        )
        return phone
