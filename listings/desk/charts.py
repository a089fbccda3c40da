"""How each item does: views, favourites, calls and texts, and the last fourteen days of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from listings.desk.buyers import CALL_TYPES, TEXT_TYPES
from listings.models import Favourite, Listing, ListingDay
from proxying.models import Interaction, Seller

DAYS: Final = 14

# Of the drawing, in its own units: views stand on the upper line, calls and texts below.
DAY_WIDTH: Final = 20
_VIEWS_LINE, _VIEWS_HEIGHT = 46, 42
_CONTACTS_LINE, _CONTACTS_HEIGHT = 76, 22
_LEAST: Final = 3


@dataclass
class Day:
    day: date
    views: int = 0
    calls: int = 0
    texts: int = 0

    @property
    def contacts(self) -> int:
        return self.calls + self.texts


@dataclass(frozen=True)
class Bar:
    """A rectangle that stands on its line."""

    x: int
    y: int
    height: int


@dataclass
class Item:
    """One listing on the desk. Totals are of all time, *days* oldest first."""

    listing: Listing
    days: list[Day]
    views: int = 0
    favourites: int = 0
    calls: int = 0
    texts: int = 0

    @property
    def is_quiet(self) -> bool:
        """Nothing to draw."""
        return not any(day.views or day.contacts for day in self.days)

    @property
    def recent_views(self) -> int:
        return sum(day.views for day in self.days)

    @property
    def recent_contacts(self) -> int:
        return sum(day.contacts for day in self.days)

    @property
    def view_bars(self) -> list[Bar]:
        return _bars([day.views for day in self.days], _VIEWS_LINE, _VIEWS_HEIGHT)

    @property
    def contact_bars(self) -> list[Bar]:
        return _bars([day.contacts for day in self.days], _CONTACTS_LINE, _CONTACTS_HEIGHT)


def items(seller: Seller, listings: Sequence[Listing]) -> list[Item]:
    """The *listings* of this seller with their figures. Five queries, however many they are."""
    today = timezone.localdate()
    first = today - timedelta(days=DAYS - 1)
    found = {
        listing.reference: Item(listing, [Day(first + timedelta(days=n)) for n in range(DAYS)])
        for listing in listings
    }
    by_pk = {item.listing.pk: item for item in found.values()}
    seen = ListingDay.objects.filter(listing__in=by_pk)
    for pk, views in seen.values_list("listing").annotate(Sum("views")):
        by_pk[pk].views = views
    for pk, day, views in seen.filter(day__range=(first, today)).values_list(
        "listing", "day", "views"
    ):
        by_pk[pk].days[(day - first).days].views = views
    liked = Favourite.objects.filter(listing__in=by_pk)
    for pk, count in liked.values_list("listing").annotate(Count("pk")):
        by_pk[pk].favourites = count
    _count_contacts(_named(seller, found), found, first)
    return list(found.values())


def _named(seller: Seller, found: dict[str, Item]) -> QuerySet[Interaction]:
    return Interaction.objects.filter(
        proxy_session__reserved_number__seller=seller, from_buyer=True, item_reference__in=found
    )


def _count_contacts(named: QuerySet[Interaction], found: dict[str, Item], first: date) -> None:
    kinds = dict.fromkeys(CALL_TYPES, "calls") | dict.fromkeys(TEXT_TYPES, "texts")
    totals = named.values_list("item_reference", "type").annotate(Count("pk"))
    for reference, kind, count in totals:
        if kind in kinds:
            item = found[reference]
            setattr(item, kinds[kind], getattr(item, kinds[kind]) + count)
    since = timezone.make_aware(datetime.combine(first, time()))
    daily: dict[tuple[str, int, str], int] = defaultdict(int)
    rows = (
        named.filter(created_at__gte=since)
        .values_list("item_reference", TruncDate("created_at"), "type")
        .annotate(Count("pk"))
    )
    for reference, day, kind, count in rows:
        if kind in kinds and (nth := (day - first).days) < DAYS:
            daily[reference, nth, kinds[kind]] += count
    for (reference, nth, name), count in daily.items():
        setattr(found[reference].days[nth], name, count)


def _bars(values: list[int], line: int, height: int) -> list[Bar]:
    most = max(*values, 1)
    bars = []
    for nth, value in enumerate(values):
        if value:
            tall = max(_LEAST, round(height * value / most))
            bars.append(Bar(x=nth * DAY_WIDTH + 3, y=line - tall, height=tall))
    return bars
