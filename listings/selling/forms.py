"""What a seller types about an item."""

from decimal import Decimal
from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from listings import places
from listings.models import Category, Listing
from listings.selling import contact_data
from listings.selling.fields import AmountInput, PhotosField, PriceField, SomeUnreadable
from listings.selling.photos import MAX_BYTES, EncodedPhoto

# Where a phone number or an e-mail address is looked for.
WORDS: Final = ("title", "description", "place")

_TOO_MUCH = gettext_lazy("This is more than a listing can ask for.")
_SUGGESTIONS: Final = 5
_SHORTEST_BEGINNING: Final = 3


class PriceKind(TextChoices):
    FIXED = "fixed", gettext_lazy("Fixed price")
    NEGOTIABLE = "negotiable", gettext_lazy("Negotiable")
    FREE = "free", gettext_lazy("Free")


class ListingForm(forms.ModelForm):  # type: ignore[type-arg]  # no parameter at run time
    """A draft may lack anything; whatever is *publish*-ed needs all but pictures.

    With errors too the form knows what can be kept: ``keep_valid`` and ``photos_read``.
    """

    price_kind = forms.ChoiceField(
        label=gettext_lazy("Price"),
        choices=PriceKind.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    price = PriceField(
        label=gettext_lazy("Price in US dollars"),
        min_value=Decimal(0),
        max_digits=10,
        decimal_places=2,
        widget=AmountInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("Name a price, or choose “Free”."),
            "invalid": gettext_lazy("Write an amount such as 240 or 12.50."),
            "min_value": gettext_lazy("A price cannot be less than 0."),
            "max_digits": _TOO_MUCH,
            "max_whole_digits": _TOO_MUCH,
            "max_decimal_places": gettext_lazy("Write no more than two digits for the cents."),
        },
    )
    category = forms.ModelChoiceField(
        Category.objects.all(),
        label=gettext_lazy("Category"),
        empty_label=gettext_lazy("Choose one"),
        error_messages={"required": gettext_lazy("Choose where buyers will look for it.")},
    )
    condition = forms.ChoiceField(
        label=gettext_lazy("Condition"),
        choices=Listing.Condition.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Say what state it is in.")},
    )
    photos = PhotosField(label=gettext_lazy("Pictures"), required=False)

    class Meta:
        model = Listing
        fields = ("title", "photos", "category", "condition", "price", "description", "place")
        widgets: ClassVar = {
            "title": forms.TextInput(attrs={"autocomplete": "off"}),
            "description": forms.Textarea(attrs={"rows": 6}),
            "place": forms.TextInput(attrs={"autocomplete": "address-level2", "list": "places"}),
        }
        labels: ClassVar = {
            "title": gettext_lazy("What are you selling?"),
            "description": gettext_lazy("Description"),
            "place": gettext_lazy("Town"),
        }
        error_messages: ClassVar = {
            "title": {"required": gettext_lazy("Give it a name.")},
            "description": {"required": gettext_lazy("Describe it in a few words.")},
            "place": {"required": gettext_lazy("Say which town it is in.")},
        }
        help_texts: ClassVar = {
            "description": gettext_lazy(
                "What a buyer would ask: size, age, what is good and what is not. "
                "Leave your phone number out: buyers reach you on your ShoppingPlace number."
            ),
            "place": gettext_lazy("The town, never your address. Buyers see an area on the map."),
        }

    def __init__(self, *args: Any, publish: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.publish = publish
        self.contact_data: dict[str, list[str]] = {}
        self.unknown_place = ""
        self.photos_read: list[EncodedPhoto] = []
        for name in ("title", "category", "condition", "price", "description", "place"):
            self.fields[name].required = publish
        self.fields["photos"].help_text = _(
            "JPEG, PNG, WebP or HEIC, up to %(size)s MB each, several at once. "
            "The place where they were taken is removed."
        ) % {"size": MAX_BYTES // 1024**2}
        self.initial["price_kind"] = _kind_of(self.instance)
        if self.instance.price == 0:
            self.initial["price"] = None

    def clean_photos(self) -> list[EncodedPhoto]:
        self.photos_read = self.cleaned_data["photos"]
        return self.photos_read

    def clean_title(self) -> str:
        return self._without_contact_data("title")

    def clean_description(self) -> str:
        return self._without_contact_data("description")

    def clean_place(self) -> str:
        typed = self._without_contact_data("place")
        known_already = typed == self.instance.place and self.instance.latitude is not None
        if not typed or known_already:
            return typed
        if place := places.find(typed):
            return place.label
        self.unknown_place = typed
        raise ValidationError(_unknown_place(typed), code="unknown_place")

    def clean(self) -> dict[str, Any]:
        kind = self.cleaned_data.get("price_kind") or PriceKind.FIXED
        if kind == PriceKind.FREE:
            self.errors.pop("price", None)
            self.cleaned_data["price"] = Decimal(0)
        self.cleaned_data["price_kind"] = kind
        return self.cleaned_data

    def add_error(self, field: Any, error: Any) -> None:
        if isinstance(error, SomeUnreadable):
            self.photos_read = error.photos
        super().add_error(field, error)

    def _post_clean(self) -> None:
        old_place = self.instance.place
        super()._post_clean()  # type: ignore[misc]  # the stubs do not know it
        listing = self.instance
        if "price" in self.cleaned_data:
            listing.is_negotiable = self.cleaned_data.get("price_kind") == PriceKind.NEGOTIABLE
        if "place" in self.cleaned_data and (
            listing.place != old_place or listing.latitude is None
        ):
            place = places.find(listing.place)
            listing.latitude, listing.longitude = places.near(place) if place else (None, None)

    def keep_valid(self) -> Listing:
        """Save what was typed without a mistake, whatever else was; as a draft.

        Words with a phone number or an e-mail address are kept without it, and a town that
        we do not know as it was typed: without a position, so nothing is published with it.
        ``ValueError`` for what is no draft: it is on show, and half a change is none.
        """
        if self.instance.state != Listing.State.DRAFT:
            raise ValueError("only a draft is saved by halves")
        for name in self.contact_data:
            if name != "place":
                setattr(self.instance, name, contact_data.remove(str(self.data.get(name, ""))))
        listing: Listing = self.instance
        if self.unknown_place:
            listing.place, listing.latitude, listing.longitude = self.unknown_place, None, None
        listing.save()
        return listing

    @property
    def says_something(self) -> bool:
        """Whether anything at all was typed or chosen that could be lost."""
        chosen = [self.cleaned_data.get(name) for name in ("category", "condition", "price")]
        return (
            any(value not in (None, "") for value in chosen)
            or any(str(self.data.get(name, "")).strip() for name in WORDS)
            or bool(self.photos_read)
        )

    def _without_contact_data(self, name: str) -> str:
        text: str = self.cleaned_data[name]
        if found := contact_data.find(text):
            self.contact_data[name] = found
            raise ValidationError(
                _(
                    "“%(found)s” looks like a phone number or an e-mail address. Leave it out: "
                    "everybody could read it, and buyers reach you on your ShoppingPlace number."
                )
                % {"found": "”, “".join(found)},
                code="contact_data",
            )
        return text


def _kind_of(listing: Listing) -> PriceKind:
    if listing.price == 0:
        return PriceKind.FREE
    return PriceKind.NEGOTIABLE if listing.is_negotiable else PriceKind.FIXED


def _unknown_place(typed: str) -> str:
    """Names towns that begin as *typed* does, as far as any do."""
    for length in range(len(typed), _SHORTEST_BEGINNING - 1, -1):
        if found := places.suggest(typed[:length], limit=_SUGGESTIONS):
            return _("We know no town of that name. Did you mean %(towns)s?") % {
                "towns": "; ".join(place.label for place in found)
            }
    return _("We know no town of that name. Type the nearest larger one, such as “Oakland, CA”.")
