"""Fields of what a seller types: an amount of money, several pictures."""

import re
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from listings.models import Listing
from listings.selling.photos import MAX_PHOTOS, EncodedPhoto, NotAPhoto, encode

# 1,250 but neither 12,50, which would lose its comma and cost a thousand, nor 1e5.
_AMOUNT: Final = re.compile(r"-?(\d{1,3}(,\d{3})+|\d*)(\.\d*)?", re.ASCII)


class AmountInput(forms.TextInput):
    """Never ``required`` for the browser: what is given away needs no amount."""

    def use_required_attribute(self, initial: Any) -> bool:
        return False


class PriceField(forms.DecimalField):
    """US dollars as people write them: ``1250``, ``1,250``, ``$12.50``."""

    widget = AmountInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def clean(self, value: Any) -> Any:
        if isinstance(value, str):
            value = value.strip().removeprefix("$").strip()
            if not _AMOUNT.fullmatch(value):
                raise ValidationError(self.error_messages["invalid"], code="invalid")
            value = value.replace(",", "")
        return super().clean(value)

    def prepare_value(self, value: Any) -> Any:
        whole = isinstance(value, Decimal) and value == value.to_integral_value()
        return f"{value:.0f}" if whole else value


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Any number of pictures, each re-encoded; a bad one is named.

    ``SomeUnreadable`` carries the good ones among bad ones.
    """

    widget = SeveralFilesInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/heic"})

    def clean(self, data: Any, initial: Any = None) -> list[EncodedPhoto]:
        uploads: list[UploadedFile[Any]] = (
            data if isinstance(data, list) else [data] if data else []
        )
        photos: list[EncodedPhoto] = []
        problems = []
        for upload in uploads[:MAX_PHOTOS]:
            try:
                photos.append(encode(upload))
            except NotAPhoto as problem:
                problems.append(f"{upload.name}: {problem}")
        if len(uploads) > MAX_PHOTOS:
            problems.append(no_room(len(uploads) - MAX_PHOTOS))
        if problems:
            raise SomeUnreadable(problems, photos)
        return photos


class SomeUnreadable(ValidationError):
    """Some of the pictures cannot be kept; ``photos`` are those that can."""

    def __init__(self, problems: list[str], photos: list[EncodedPhoto]) -> None:
        super().__init__(problems)
        self.photos = photos


class SaleForm(forms.Form):
    """Where a sold item went and for how much, both optional."""

    sold_where = forms.ChoiceField(
        label=gettext_lazy("Where?"),
        choices=Listing.SoldWhere.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    sold_price = PriceField(
        label=gettext_lazy("For how much, in US dollars?"),
        required=False,
        min_value=Decimal(0),
        max_digits=10,
        decimal_places=2,
    )


def no_room(left_out: int) -> str:
    return _("A listing has room for %(room)s pictures; %(left_out)s had none.") % {
        "room": MAX_PHOTOS,
        "left_out": left_out,
    }
