"""From what a visitor asks for to listings in order. The page, the API and saved searches share it.

Made for a million rows on PostgreSQL: every query walks an index in its order, or fetches
the rows of a narrow one, and stops. SQLite searches plainly.
"""

import math
import re
from functools import reduce
from operator import and_
from typing import Final

from django.contrib.postgres.search import (
    Lexeme,
    SearchQuery,
    SearchRank,
    SearchVectorExact,
    SearchVectorField,
)
from django.db import connection
from django.db.models import (
    Case,
    Exists,
    Expression,
    F,
    Field,
    FloatField,
    Func,
    OrderBy,
    OuterRef,
    Q,
    Value,
    When,
)
from django.db.models.functions import ASin, Cos, Least, Radians, Sin, Sqrt

from listings.browsing import filters as asked
from listings.browsing.columns import Column
from listings.browsing.filters import ListingFilters
from listings.models import Listing, ListingQuerySet, Photo
from listings.places import Place

# Ranking reads every match, so only so many of the newest are ranked.
RANKED: Final = 2000
MAX_WORDS: Final = 8
PREFIX_FROM: Final = 3
EARTH_KM: Final = 6371.0
_KM_A_DEGREE: Final = 111.2

type Order = tuple[str | Expression | OrderBy, ...]
_NEWEST: Final = ("-published_at", "-id")
_ORDERS: Final[dict[str, Order]] = {
    asked.NEWEST: _NEWEST,
    asked.CHEAPEST: ("price", "id"),
    asked.DEAREST: ("-price", "-id"),
    # These two need to know what is looked for, and where.
    asked.RELEVANCE: _NEWEST,
    asked.NEAREST: _NEWEST,
}

# Words that say nothing: whoever types them does not want them looked for.
_SILENT: Final = re.compile("an?|and|at|by|for|from|in|is|it|of|on|or|the|to|with")


def find(filters: ListingFilters) -> ListingQuerySet:
    """The listings that *filters* asks for, in its order.

    Each has ``distance_km`` (a float, or None without a position) when a place was given.
    """
    found = matching(filters)
    order = _ORDERS[filters.order]
    if filters.order == asked.RELEVANCE:
        found, order = _best(found, filters.words)
    if filters.place_chosen:
        chord = _chord(filters.place_chosen)
        found = found.annotate(distance_km=2 * EARTH_KM * ASin(Least(chord / 2, 1.0)))
        if filters.order == asked.NEAREST:
            order = (chord, "-id")
    return found.order_by(*order)


def newest_first(filters: ListingFilters) -> ListingQuerySet:
    """The same listings as ``find``, the newest first whatever order was asked for."""
    return matching(filters).order_by(*_NEWEST)


def matching(filters: ListingFilters) -> ListingQuerySet:
    """The listings that *filters* asks for, in no order."""
    # ``public`` is what the indexes hold; the states narrow it further.
    found = Listing.objects.public().filter(state__in=filters.states)
    if filters.category_chosen:
        found = found.filter(category__in=filters.category_ids)
    if filters.lowest is not None:
        found = found.filter(price__gte=filters.lowest)
    if filters.highest is not None:
        found = found.filter(price__lte=filters.highest)
    if filters.conditions:
        found = found.filter(condition__in=filters.conditions)
    if filters.with_photos:
        found = found.filter(Exists(Photo.objects.filter(listing=OuterRef("pk"))))
    if filters.place_chosen and filters.within_km is not None:
        found = _within(found, filters.place_chosen, filters.within_km)
    return _saying(found, filters.words) if filters.words else found


def words_of(text: str) -> list[str]:
    """The words to look for: lower case, at most eight, the silent ones only if alone."""
    spoken = [word for word in text.casefold().split() if any(map(str.isalnum, word))]
    words = list(dict.fromkeys(spoken))
    return ([word for word in words if not _SILENT.fullmatch(word)] or words)[:MAX_WORDS]


# Words


def _saying(found: ListingQuerySet, text: str) -> ListingQuerySet:
    """Those whose title or description has every word, or a word that begins with it."""
    words = words_of(text)
    if not words:
        return found.none()
    if connection.vendor != "postgresql":
        return found.matching(" ".join(words))
    return found.filter(SearchVectorExact(Column("search", SearchVectorField()), _query(words)))


def _best(found: ListingQuerySet, text: str) -> tuple[ListingQuerySet, Order]:
    """Those to rank, and by what."""
    words = words_of(text)
    if not words:
        return found, _NEWEST
    if connection.vendor != "postgresql":
        in_title = reduce(and_, (Q(title__icontains=word) for word in words))
        return found, (Case(When(in_title, then=0), default=1), *_NEWEST)
    some = found.order_by(*_NEWEST).values("pk")[:RANKED]
    rank = SearchRank(Column("search", SearchVectorField()), _query(words), cover_density=True)
    return Listing.objects.filter(pk__in=some), (rank.desc(), *_NEWEST)


def _query(words: list[str]) -> SearchQuery:
    """Each word by its stem, or as it stands, or as a beginning. Words come as parameters."""
    return reduce(
        and_,
        (
            SearchQuery(word, config="english")
            | SearchQuery(Lexeme(word, prefix=len(word) >= PREFIX_FROM), config="simple")
            for word in words
        ),
    )


# Places


def _within(found: ListingQuerySet, place: Place, km: int) -> ListingQuerySet:
    """A box, which an index knows, and in it the circle."""
    high = km / _KM_A_DEGREE
    wide = high / max(math.cos(math.radians(place.latitude)), 0.01)
    return (
        found.filter(
            latitude__range=(place.latitude - high, place.latitude + high),
            longitude__range=(place.longitude - wide, place.longitude + wide),
        )
        .alias(chord=_chord(place))
        .filter(chord__lte=2 * math.sin(km / EARTH_KM / 2))
    )


def _chord(place: Place) -> Func:
    """The straight line through a ball of radius 1 to *place*: it grows with the distance."""
    latitude, longitude = math.radians(place.latitude), math.radians(place.longitude)
    point = (
        math.cos(latitude) * math.cos(longitude),
        math.cos(latitude) * math.sin(longitude),
        math.sin(latitude),
    )
    if connection.vendor == "postgresql":
        cube = Func(*map(Value, point), template="cube(ARRAY[%(expressions)s]::float8[])")
        return Func(
            Column("position", Field()),
            cube,
            template="(%(expressions)s)",
            arg_joiner=" <-> ",
            output_field=FloatField(),
        )
    high, wide = Radians(F("latitude")), Radians(F("longitude"))
    here = (Cos(high) * Cos(wide), Cos(high) * Sin(wide), Sin(high))
    return Sqrt(sum(((a - b) * (a - b) for a, b in zip(here, point, strict=True)), Value(0.0)))
