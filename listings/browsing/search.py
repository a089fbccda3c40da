"""From what a visitor asks for to listings in order. The page, the API and saved searches share it.

Made for a million rows on PostgreSQL: every query walks an index in its order, or fetches
the rows of a narrow one, and stops. SQLite searches plainly.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from functools import reduce
from operator import and_, or_
from typing import Final

from django.contrib.postgres.fields import ArrayField
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
    DateField,
    Exists,
    Expression,
    F,
    Field,
    FloatField,
    Func,
    IntegerField,
    OrderBy,
    OuterRef,
    Q,
    Value,
    When,
)
from django.db.models.functions import ASin, Cos, Greatest, Least, Radians, Sin, Sqrt

from listings.browsing import filters as asked
from listings.browsing.columns import AnyOf, Column
from listings.browsing.filters import ListingFilters
from listings.browsing.words import words_of
from listings.models import Listing, ListingQuerySet, Photo
from listings.places import Place

# Ranking reads every match, so only so many of the newest are ranked.
RANKED: Final = 1000
# So many days are looked through first for the newest that say a word.
_LATEST_DAYS: Final = 8
EARTH_KM: Final = 6371.0
_KM_A_DEGREE: Final = 111.2
# Quarters of a degree: the column "cell" counts them from the South Pole, eastwards.
CELLS_A_DEGREE: Final = 4
CELLS_AROUND: Final = 360 * CELLS_A_DEGREE

_WORDS: Final = Column("search", SearchVectorField())
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


def find(filters: ListingFilters, among: Sequence[int] | None = None) -> ListingQuerySet:
    """The listings that *filters* asks for, in its order.

    *among* are the keys of those that match, from a caller who knows them; without it they are
    looked for. Each has ``distance_km`` (a float, or None without a position) when a place
    was given.
    """
    order = _ORDERS[filters.order]
    if among is not None:
        found = Listing.objects.filter(AnyOf(F("pk"), among))
    elif filters.order == asked.RELEVANCE:
        found = Listing.objects.filter(pk__in=newest(filters, RANKED).values("pk"))
    else:
        found = matching(filters)
    if filters.order == asked.RELEVANCE:
        order = (*_likeness_to(filters), *_NEWEST)
    if filters.place_chosen:
        chord = _chord(filters.place_chosen)
        found = found.annotate(distance_km=2 * EARTH_KM * ASin(Least(chord / 2, 1.0)))
        if filters.order == asked.NEAREST:
            # PostgreSQL walks its index by distance only when nothing else is to be sorted by.
            # Two of one place are hardly ever equally far: each is a random way off it.
            order = (chord,) if among is None else (chord, "-id")
    return found.order_by(*order)


def newest(filters: ListingFilters, count: int) -> ListingQuerySet:
    """The first *count* of what ``find`` finds, the newest first whatever order was asked for.

    The index of words has no order, so every match is fetched to see when it was published. But
    it knows the days: the others are fetched only if the latest are too few.
    """
    found = matching(filters).order_by(*_NEWEST)
    if not filters.words or filters.place_chosen or connection.vendor != "postgresql":
        return found[:count]
    # A clock that is ahead of ours has tomorrow already.
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    days = [tomorrow - timedelta(days=ago) for ago in range(_LATEST_DAYS + 1)]
    published_on = Func(
        F("published_at"),
        template="ARRAY[(%(expressions)s AT TIME ZONE 'UTC')::date]",
        output_field=ArrayField(DateField()),
    )
    latest = found.alias(published_on=published_on).filter(published_on__overlap=days)
    others = found.filter(published_at__lt=datetime.combine(days[-1], time.min, UTC))
    # PostgreSQL does one after the other, and stops when there are enough.
    return latest[:count].union(others[:count], all=True)[:count]


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
        found = _within(
            found, filters.place_chosen, filters.within_km, has_words=bool(filters.words)
        )
    return _saying(found, filters) if filters.words else found


# Words


def _saying(found: ListingQuerySet, filters: ListingFilters) -> ListingQuerySet:
    """Those whose title or description has every word, or a word that begins with it."""
    words = words_of(filters.words)
    if not words:
        return found.none()
    if connection.vendor != "postgresql":
        return found.matching(" ".join(words))
    return found.filter(SearchVectorExact(_WORDS, _query(words, filters.lexemes)))


def _likeness_to(filters: ListingFilters) -> Order:
    """What sorts the best match first."""
    words = words_of(filters.words)
    if not words:
        return ()
    if connection.vendor != "postgresql":
        in_title = reduce(and_, (Q(title__icontains=word) for word in words))
        return (Case(When(in_title, then=0), default=1),)
    alone = {word: meant[:1] for word, meant in filters.lexemes.items()}
    # Those that say the words themselves come before those with words that begin so.
    ways = [alone] if alone == filters.lexemes else [alone, filters.lexemes]
    return tuple(
        SearchRank(_WORDS, _query(words, meant), cover_density=True).desc() for meant in ways
    )


def _query(words: list[str], lexemes: dict[str, list[str]]) -> SearchQuery:
    """Every word, as any of its lexemes; one with signs in it as it stands.

    Whole lexemes, no prefixes: PostgreSQL knows how many rows have one, and so which index
    is the shortest way.
    """
    return reduce(
        and_, (_any_of(lexemes[word]) if word in lexemes else _signs(word) for word in words)
    )


def _any_of(lexemes: list[str]) -> SearchQuery:
    return reduce(or_, (SearchQuery(Lexeme(one), config="simple") for one in lexemes))


def _signs(word: str) -> SearchQuery:
    return SearchQuery(word, config="english") | SearchQuery(word, config="simple")


# Places


def _within(found: ListingQuerySet, place: Place, km: int, *, has_words: bool) -> ListingQuerySet:
    """The circle, and around it what an index knows: cells, or a box.

    Without words the index has all that is asked, and rows need not be fetched; with words
    they are, and the chord is the cheaper to compute.
    """
    high = km / _KM_A_DEGREE
    wide = high / max(math.cos(math.radians(place.latitude)), 0.01)
    south, north = place.latitude - high, place.latitude + high
    west, east = place.longitude - wide, place.longitude + wide
    if connection.vendor == "postgresql":
        cells = [
            row * CELLS_AROUND + column
            for row in range(_cell(south + 90), _cell(north + 90) + 1)
            for column in range(_cell(west + 180), _cell(east + 180) + 1)
        ]
        found = found.alias(cell=Column("cell", IntegerField())).filter(cell__in=cells)
    else:
        found = found.filter(latitude__range=(south, north), longitude__range=(west, east))
    if has_words:
        return found.alias(chord=_chord(place)).filter(chord__lte=2 * math.sin(km / EARTH_KM / 2))
    return found.alias(cosine=_cosine(place)).filter(cosine__gte=math.cos(km / EARTH_KM))


def _cell(degrees: float) -> int:
    return math.floor(degrees * CELLS_A_DEGREE)


def _chord(place: Place) -> Expression:
    """The straight line through a ball of radius 1 to *place*: it grows with the distance."""
    if connection.vendor != "postgresql":
        return Sqrt(Greatest(2 - 2 * _cosine(place), 0.0))
    cube = Func(*map(Value, _point(place)), template="cube(ARRAY[%(expressions)s]::float8[])")
    return Func(
        Column("position", Field()),
        cube,
        template="(%(expressions)s)",
        arg_joiner=" <-> ",
        output_field=FloatField(),
    )


def _cosine(place: Place) -> Expression:
    """Of the angle at the middle of the Earth, from columns that the newest-first index carries."""
    x, y, z = _point(place)
    high, wide = Radians(F("latitude")), Radians(F("longitude"))
    return Cos(high) * (Cos(wide) * x + Sin(wide) * y) + Sin(high) * z


def _point(place: Place) -> tuple[float, float, float]:
    """*place* on a ball of radius 1."""
    latitude, longitude = math.radians(place.latitude), math.radians(place.longitude)
    return (
        math.cos(latitude) * math.cos(longitude),
        math.cos(latitude) * math.sin(longitude),
        math.sin(latitude),
    )
