"""Links from one search to the next: without a filter, or further away."""

from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from listings import places
from listings.browsing.filters import ANY_DISTANCE, DISTANCES, ListingFilters
from listings.models import Listing

_WIDER: Final = 2
_SIMILAR: Final = 5
_LONGEST_NAME: Final = 80
_SHORTEST_START: Final = 2


class Link(NamedTuple):
    label: str
    query: str


def chips(filters: ListingFilters) -> list[Link]:
    """What narrows the search, each with the search that it would be without."""
    found = []
    if filters.words:
        found.append(Link(f"“{filters.words}”", filters.query_without("q")))
    if filters.category_chosen:
        found.append(Link(filters.category_chosen.name, filters.query_without("category")))
    if filters.place_chosen:
        found.append(Link(filters.describe_place(), filters.query_without("place", "km")))
    if filters.describe_price():
        found.append(Link(filters.describe_price(), filters.query_without("min", "max")))
    for condition in filters.conditions:
        rest = filters.query([("condition", condition)])
        found.append(Link(str(Listing.Condition(condition).label), rest))
    found += [
        Link(str(filters.fields[name].label), filters.query_without(name))
        for name in ("photos", "reserved", "sold")
        if filters.is_set(name)
    ]
    return found


def similar_places(filters: ListingFilters) -> list[Link]:
    """When the place is none that we know: those whose names begin like it."""
    if "place" not in filters.errors:
        return []
    text = str(filters["place"].data)
    # From "Oaklnd, CA" to those that begin with "Oakl".
    for length in range(min(len(text), _LONGEST_NAME), _SHORTEST_START - 1, -1):
        if found := places.suggest(text[:length], limit=_SIMILAR):
            return [Link(place.label, filters.query(place=place.label)) for place in found]
    return []


def wider(filters: ListingFilters) -> list[Link]:
    """The next distances up, when there is a place to be near to."""
    km = filters.within_km
    if km is None:
        return []
    further = [
        Link(
            _("Widen to %(km)d km") % {"km": more},
            filters.query(km=str(more)),
        )
        for more in DISTANCES
        if more > km
    ]
    anywhere = filters.query(km=ANY_DISTANCE)
    return [*further[:_WIDER], Link(_("Any distance"), anywhere)]
