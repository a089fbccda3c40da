"""What a seller types about an item."""

import re
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from listings.models import Category, Listing
from listings.selling.photos import MAX_BYTES, MAX_PHOTOS, EncodedPhoto, NotAPhoto, encode
from proxying.phone_numbers import redact

CONTAINS_A_NUMBER = (
    "This looks like a phone number. Leave it out: everybody could read it, "
    "and buyers reach you on your ShoppingPlace number."
)

_TOO_MUCH = "This is more than a listing can ask for."

# 1,250 but neither 12,50, which would lose its comma and cost a thousand, nor 1e5.
_AMOUNT = re.compile(r"-?(\d{1,3}(,\d{3})+|\d*)(\.\d*)?", re.ASCII)


class PriceField(forms.DecimalField):
    """US dollars as people write them: ``1250``, ``1,250``, ``$12.50``."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

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
    """Any number of pictures, each re-encoded; a bad one is named."""

    widget = SeveralFilesInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/heic"})

    def clean(self, data: Any, initial: Any = None) -> list[EncodedPhoto]:
        uploads: list[UploadedFile[Any]] = (
            data if isinstance(data, list) else [data] if data else []
        )
        if len(uploads) > MAX_PHOTOS:
            raise ValidationError(f"A listing has room for {MAX_PHOTOS} pictures.")
        photos, problems = [], []
        for upload in uploads:
            try:
                photos.append(encode(upload))
            except NotAPhoto as problem:
                problems.append(f"{upload.name}: {problem}")
        if problems:
            raise ValidationError(problems)
        return photos


class ListingForm(forms.ModelForm):  # type: ignore[type-arg]  # no parameter at run time
    """A draft needs a title; whatever is *published* needs all but pictures."""

    price = PriceField(
        label="Price in US dollars",
        help_text="0 means you give it away.",
        min_value=Decimal(0),
        max_digits=10,
        decimal_places=2,
        error_messages={
            "required": "Name a price; 0 gives it away.",
            "invalid": "Write an amount such as 240 or 12.50.",
            "min_value": "A price cannot be less than 0.",
            "max_digits": _TOO_MUCH,
            "max_whole_digits": _TOO_MUCH,
            "max_decimal_places": "Write no more than two digits for the cents.",
        },
    )
    category = forms.ModelChoiceField(
        Category.objects.all(),
        empty_label="Choose one",
        error_messages={"required": "Choose where buyers will look for it."},
    )
    condition = forms.ChoiceField(
        choices=Listing.Condition.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say what state it is in."},
    )
    photos = PhotosField(
        label="Pictures",
        required=False,
        help_text=f"JPEG, PNG, WebP or HEIC, up to {MAX_BYTES // 1024**2} MB each. "
        "The place where they were taken is removed.",
    )

    class Meta:
        model = Listing
        fields = ("title", "photos", "category", "condition", "price", "description", "place")
        widgets: ClassVar = {
            "title": forms.TextInput(attrs={"autocomplete": "off"}),
            "description": forms.Textarea(attrs={"rows": 6}),
            "place": forms.TextInput(attrs={"autocomplete": "address-level2"}),
        }
        labels: ClassVar = {"title": "What are you selling?", "place": "Town"}
        error_messages: ClassVar = {
            "title": {"required": "Give it a name."},
            "description": {"required": "Describe it in a few words."},
            "place": {"required": "Say which town it is in."},
        }
        help_texts: ClassVar = {
            "description": "What a buyer would ask: size, age, what is good and what is not. "
            "Leave your phone number out: buyers reach you on your ShoppingPlace number.",
            "place": "Town or neighborhood, never your address.",
        }

    def __init__(self, *args: Any, publish: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("category", "condition", "price", "description", "place"):
            self.fields[name].required = publish

    def clean(self) -> dict[str, Any]:
        for name in ("title", "description", "place"):
            text = self.cleaned_data.get(name, "")
            if redact(text) != text:
                self.add_error(name, CONTAINS_A_NUMBER)
        return self.cleaned_data

    def clean_photos(self) -> list[EncodedPhoto]:
        photos: list[EncodedPhoto] = self.cleaned_data["photos"]
        kept = self.instance.photos.count() if self.instance.pk and photos else 0
        if kept + len(photos) > MAX_PHOTOS:
            raise ValidationError(
                f"A listing has room for {MAX_PHOTOS} pictures, and this one has {kept}."
            )
        return photos
