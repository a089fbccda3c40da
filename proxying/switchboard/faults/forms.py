"""A rule, checked; the page and the JSON API say the same sentences."""

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from proxying.switchboard.models import Fault
from proxying.switchboard.phones.forms import NumberField

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Fault]  # generic for the type checker only
else:
    _ModelForm = forms.ModelForm

VANISH: Final = "vanish"
MOST_MILLISECONDS: Final = 60_000
MOST_SECONDS: Final = 86_400
_BIG: Final = 2**31 - 1
_DEFAULTS: Final = {"chance": 1.0, "seed": "1", "delay_ms": 0}
_METHODS: Final = [("", _("any")), *((name, name) for name in ("GET", "POST", "DELETE"))]


class FaultForm(_ModelForm):
    """What is left out, or empty, is as if it were not there."""

    method = forms.ChoiceField(label=_("Method"), choices=_METHODS, required=False)

    class Meta:
        model = Fault
        fields: ClassVar[list[str]] = [
            "kind",
            "path",
            "method",
            "chance",
            "seed",
            "times",
            "delay_ms",
            "retry_after",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _DEFAULTS:
            self.fields[name].required = False
        for name, most in (
            ("chance", 1),
            ("times", _BIG),
            ("delay_ms", MOST_MILLISECONDS),
            ("retry_after", MOST_SECONDS),
        ):
            self.fields[name].validators += [MinValueValidator(0), MaxValueValidator(most)]

    def clean_path(self) -> str:
        path: str = self.cleaned_data["path"].removeprefix("/").removeprefix("switchboard/")
        try:
            re.compile(path)
        except (re.error, OverflowError, RecursionError):
            raise ValidationError(_("This is no regular expression.")) from None
        return path

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, default in _DEFAULTS.items():
            if cleaned.get(name) in {None, ""} and name not in self.errors:
                cleaned[name] = default
        return cleaned


class VanishForm(forms.Form):
    """A number that the account is to lose."""

    phone_number = NumberField(
        label=_("Phone number"), error_messages={"required": _("Say which number vanishes.")}
    )
