"""What a visitor asks for, read from a query string: the page's, the API's, a saved search's."""

from collections.abc import Container
from decimal import Decimal
from typing import Any, ClassVar, Final, Self
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from listings import places
from listings.browsing.words import lexemes_of, words_of
from listings.models import Category, Listing, dollars
from listings.places import Place

MAX_WORDS_LENGTH: Final = 100
DISTANCES: Final = (5, 10, 25, 50, 100, 200)
USUAL_KM: Final = 25
ANY_DISTANCE: Final = "any"

NEWEST, CHEAPEST, DEAREST = "newest", "price", "-price"
NEAREST, RELEVANCE = "distance", "relevance"
SORTS: Final = {
    RELEVANCE: gettext_lazy("Best match"),
    NEWEST: gettext_lazy("Newest first"),
    CHEAPEST: gettext_lazy("Lowest price"),
    DEAREST: gettext_lazy("Highest price"),
    NEAREST: gettext_lazy("Nearest first"),
}


class WordsField(forms.CharField):
    """Any text is a search: what is too long is cut, what no text may hold is left out."""

    def to_python(self, value: Any) -> str:
        text = str(value or "").replace("\0", "").encode("utf-8", "ignore").decode()
        return " ".join(text.split())[:MAX_WORDS_LENGTH].rstrip()


class PlaceField(forms.CharField):
    """A town by its name; cleaned, a ``Place``, or None."""

    def clean(self, value: Any) -> Place | None:
        text = super().clean(value)
        if not text:
            return None
        place = places.find(text)
        if place is None:
            raise forms.ValidationError(_("We know no place of that name."), code="unknown")
        return place


class PriceField(forms.DecimalField):
    """Whole cents in dollars, or None."""

    def __init__(self) -> None:
        super().__init__(required=False, min_value=0, max_digits=10, decimal_places=2)


class FlagField(forms.BooleanField):
    """``1`` is yes; ``0``, ``false`` and nothing are no. A checkbox would read ``0`` as yes."""

    widget = forms.TextInput

    def __init__(self, label: Any) -> None:
        super().__init__(label=label, required=False)


class ListingFilters(forms.Form):
    """A search, from query parameters: ``ListingFilters(request.GET)``.

    Nothing in them is an error for whoever asks. A field that makes no sense counts as not
    given, and ``dropped`` says so in a sentence; the others hold. Read the attributes
    (``words``, ``category``, ...), not ``cleaned_data``.
    """

    q = WordsField(label=gettext_lazy("Search"), required=False)
    category = forms.ModelChoiceField(
        Category.objects.all(),
        label=gettext_lazy("Category"),
        to_field_name="slug",
        required=False,
    )
    place = PlaceField(label=gettext_lazy("Place"), max_length=80, required=False)
    km = forms.ChoiceField(
        label=gettext_lazy("Within"),
        choices=[
            *((str(km), gettext_lazy("%(km)d km") % {"km": km}) for km in DISTANCES),
            (ANY_DISTANCE, gettext_lazy("Any distance")),
        ],
        required=False,
    )
    min = PriceField()
    max = PriceField()
    condition = forms.MultipleChoiceField(
        label=gettext_lazy("Condition"), choices=Listing.Condition.choices, required=False
    )
    photos = FlagField(gettext_lazy("With photos only"))
    reserved = FlagField(gettext_lazy("Include reserved"))
    sold = FlagField(gettext_lazy("Include sold"))
    sort = forms.ChoiceField(
        label=gettext_lazy("Sort by"), choices=list(SORTS.items()), required=False
    )

    # The names a query string may hold, and what a sentence about one calls it.
    NAMES: ClassVar = {
        "q": gettext_lazy("search words"),
        "category": gettext_lazy("category"),
        "place": gettext_lazy("place"),
        "km": gettext_lazy("distance"),
        "min": gettext_lazy("lowest price"),
        "max": gettext_lazy("highest price"),
        "condition": gettext_lazy("condition"),
        "photos": gettext_lazy("photos"),
        "reserved": gettext_lazy("reserved"),
        "sold": gettext_lazy("sold"),
        "sort": gettext_lazy("order"),
    }

    def __init__(
        self,
        data: QueryDict | dict[str, Any],
        lexemes: dict[str, dict[str, list[str]]] | None = None,
    ) -> None:
        super().__init__(data)
        # By the words. Searches made from this one share it, so the database is asked once.
        self._lexemes = {} if lexemes is None else lexemes

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        low, high = cleaned.get("min"), cleaned.get("max")
        if low is not None and high is not None and low > high:
            self.add_error("max", _("The highest price is below the lowest."))
        # What is usual anyway, or goes nowhere without its place or words, is as good as not set.
        place, words = cleaned.get("place"), cleaned.get("q")
        if not place or cleaned.get("km") == str(USUAL_KM):
            cleaned["km"] = ""
        usual = RELEVANCE if words else NEWEST
        pointless = {usual, NEAREST if not place else usual, RELEVANCE if not words else usual}
        if cleaned.get("sort") in pointless:
            cleaned["sort"] = ""
        return cleaned

    def _value(self, name: str) -> Any:
        self.is_valid()
        return self.cleaned_data.get(name)

    @property
    def dropped(self) -> list[str]:
        """A sentence for each field that makes no sense."""
        return [
            _("We left out the %(field)s: %(reason)s")
            % {"field": self.NAMES[name], "reason": " ".join(map(str, errors))}
            for name, errors in self.errors.items()
        ]

    @property
    def words(self) -> str:
        return self._value("q") or ""

    @property
    def lexemes(self) -> dict[str, list[str]]:
        """What the words mean to PostgreSQL."""
        if self.words not in self._lexemes:
            self._lexemes[self.words] = lexemes_of(words_of(self.words))
        return self._lexemes[self.words]

    @property
    def category_chosen(self) -> Category | None:
        chosen: Category | None = self._value("category")
        return chosen

    @cached_property
    def category_ids(self) -> list[int]:
        """The chosen category and those below it; empty when none is chosen."""
        chosen = self.category_chosen
        if chosen is None:
            return []
        below = [] if chosen.parent_id else chosen.children.values_list("pk", flat=True)
        return [chosen.pk, *below]

    @property
    def place_chosen(self) -> Place | None:
        chosen: Place | None = self._value("place")
        return chosen

    @property
    def within_km(self) -> int | None:
        """How far from the place; None without one, and when any distance will do."""
        if self.place_chosen is None or self._value("km") == ANY_DISTANCE:
            return None
        return int(self._value("km") or USUAL_KM)

    @property
    def lowest(self) -> Decimal | None:
        lowest: Decimal | None = self._value("min")
        return lowest

    @property
    def highest(self) -> Decimal | None:
        highest: Decimal | None = self._value("max")
        return highest

    @property
    def conditions(self) -> list[str]:
        return self._value("condition") or []

    @property
    def with_photos(self) -> bool:
        return self.is_set("photos")

    @property
    def with_reserved(self) -> bool:
        return self.is_set("reserved")

    @property
    def with_sold(self) -> bool:
        return self.is_set("sold")

    @property
    def states(self) -> list[Listing.State]:
        """For sale, and what else was asked for."""
        states = [Listing.State.ACTIVE]
        if self.with_reserved:
            states.append(Listing.State.RESERVED)
        if self.with_sold:
            states.append(Listing.State.SOLD)
        return states

    @property
    def order(self) -> str:
        """One of ``SORTS``: what was asked for, or the usual."""
        return self._value("sort") or self.usual_order

    @property
    def usual_order(self) -> str:
        """The best match when there are words to match, else the newest."""
        return RELEVANCE if self.words else NEWEST

    @property
    def orders(self) -> dict[str, Any]:
        """The sorts that make sense here, with their names."""
        return {
            name: label
            for name, label in SORTS.items()
            if (name != NEAREST or self.place_chosen) and (name != RELEVANCE or self.words)
        }

    @property
    def narrows(self) -> bool:
        """Whether anything but the order was asked for."""
        return any(name != "sort" for name, _value in self.pairs())

    def asks_only_for(self, names: Container[str]) -> bool:
        return all(name in names for name, _value in self.pairs())

    def is_set(self, name: str) -> bool:
        """Whether a parameter was given, and makes sense."""
        return bool(self._value(name))

    def pairs(self) -> list[tuple[str, str]]:
        """Parameter and value, sorted, of what was set and makes sense."""
        self.is_valid()
        found = []
        for name in self.NAMES:
            value = self.cleaned_data.get(name)
            if isinstance(value, list):
                found += [(name, one) for one in dict.fromkeys(value)]
            elif value is not None and value != "" and value is not False:
                found.append((name, _as_text(value)))
        return sorted(found)

    def canonical_query(self) -> str:
        """The query string: the same for the same search, without a page."""
        return urlencode(self.pairs())

    def query(self, without: Container[tuple[str, str]] = (), /, **new: str) -> str:
        """The query string *without* some pairs, and with *new* values; it asks no database."""
        kept = [(name, value) for name, value in self.pairs() if (name, value) not in without]
        return urlencode(sorted([*(pair for pair in kept if pair[0] not in new), *new.items()]))

    def query_without(self, *names: str) -> str:
        return self.query([pair for pair in self.pairs() if pair[0] in names])

    def changed(self, **new: str) -> Self:
        """The same search with *new* values."""
        return self._asking(self.query(**new))

    def without(self, *names: str) -> Self:
        return self._asking(self.query_without(*names))

    def _asking(self, query: str) -> Self:
        return type(self)(QueryDict(query), self._lexemes)

    def describe(self) -> str:
        """In a few words: ``oak table · Furniture · within 25 km of Oakland, CA``."""
        return " · ".join(self.parts()) or _("Everything for sale")

    def parts(self) -> list[str]:
        """What was asked for, each in a few words."""
        parts = [self.words, self.category_chosen.name if self.category_chosen else ""]
        parts += [self.describe_place(), self.describe_price()]
        parts.append(", ".join(str(Listing.Condition(one).label) for one in self.conditions))
        parts += [
            str(self.fields[name].label)
            for name in ("photos", "reserved", "sold")
            if self.is_set(name)
        ]
        return [part for part in parts if part]

    def describe_place(self) -> str:
        place, km = self.place_chosen, self.within_km
        if place is None:
            return ""
        if km is None:
            return _("from %(place)s") % {"place": place.label}
        return ngettext("within %(km)d km of %(place)s", "within %(km)d km of %(place)s", km) % {
            "km": km,
            "place": place.label,
        }

    def describe_price(self) -> str:
        low, high = self.lowest, self.highest
        if low is not None and high is not None:
            return _("%(low)s to %(high)s") % {"low": dollars(low), "high": dollars(high)}
        if low is not None:
            return _("from %(price)s") % {"price": dollars(low)}
        if high is not None:
            return _("up to %(price)s") % {"price": dollars(high)}
        return ""


def _as_text(value: Any) -> str:
    if value is True:
        return "1"
    if isinstance(value, Category):
        return value.slug
    if isinstance(value, Place):
        return value.label
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)
