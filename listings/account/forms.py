"""Forms of the account pages."""

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class AddPasskeyForm(AddWebAuthnForm):
    """A key that logs in by itself, unless its owner wants it as a second factor only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].label = _("Log in with this key alone")
        self.fields["passwordless"].help_text = _(
            "Without a tick it is asked for after the password."
        )


class DeleteAccountForm(forms.Form):
    """The address typed out: nobody does that by mistake."""

    email = forms.CharField(
        label=_("Type your e-mail address to confirm"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Accounts made at the command line may have no address.
        self.expected = user.email or user.get_username()

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"]
        if typed.casefold() != self.expected.casefold():
            raise ValidationError(_("This is not the address of your account."))
        return typed
