"""Home: everything for sale, narrowed by what a visitor asks for, page by page."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url

from listings import places
from listings.browsing import categories, links, words
from listings.browsing.filters import (
    ANY_DISTANCE,
    NEAREST,
    NEWEST,
    RELEVANCE,
    USUAL_KM,
    ListingFilters,
)
from listings.browsing.pages import CAP, PAGE_SIZE, CappedPaginator, cursor_of, older_than
from listings.browsing.search import find, newest
from listings.models import ListingQuerySet

# So few that a wider circle is offered.
FEW = 6
_WALKED_BY_DISTANCE = frozenset({"q", "place", "km", "sort"})


@dataclass(frozen=True)
class Hits:
    """The keys of what a search finds, the first ones, and how many are in each category.

    *keys* end with the ``CAP + 1``th. *by_category* is empty when there are too many to tell,
    None when nothing narrows them.
    """

    keys: Sequence[int]
    by_category: Mapping[int, int] | None

    @property
    def count(self) -> int:
        """How many there are; ``CAP + 1`` means more."""
        return len(self.keys)

    def in_order(self, filters: ListingFilters) -> ListingQuerySet:
        """The listings themselves. What is known of them need not be looked for again."""
        if self.count <= CAP or filters.order in {NEWEST, RELEVANCE}:
            return find(filters, self.keys)
        if filters.order == NEAREST:
            # So many are within the circle that pages end before its edge.
            return find(filters.changed(km=ANY_DISTANCE))
        return find(filters)


@require_safe
@vary_on_headers("HX-Request")
def listing_list(request: HttpRequest) -> HttpResponse:
    """Home, or for htmx the results and the filters alone."""
    asked = ListingFilters(request.GET)
    filters, hits = _mended(asked, _look(asked))
    before = request.GET.get("before", "") if filters.order == NEWEST else ""
    older = older_than(find(filters), before) if before else None
    context: dict[str, Any] = {
        "asked": asked,
        "filters": filters,
        "hits": hits,
        "cap": CAP,
        "query": asked.canonical_query(),
        "elsewhere": filters.query_without("category"),
        "categories": categories.tree(hits.by_category),
        "chips": links.chips(filters),
        "wider": links.wider(filters) if hits.count < FEW else [],
        "similar_places": links.similar_places(asked),
        "km": str(asked.within_km or (ANY_DISTANCE if asked.place_chosen else USUAL_KM)),
    }
    if older is not None:
        context |= _older(older)
    else:
        context |= _numbered(filters, hits, request.GET.get("page"))
    if not _wants_part(request):
        return render(request, "listings/listing_list.html", context)
    answer = render(request, "listings/browsing/_found.html", context)
    return push_url(answer, f"{request.path}?{context['query']}".rstrip("?"))


def _wants_part(request: HttpRequest) -> bool:
    """htmx asks for the part it swaps; for history it wants the page."""
    headers = request.headers
    return "HX-Request" in headers and "HX-History-Restore-Request" not in headers


def _look(filters: ListingFilters) -> Hits:
    """Looks in all categories at once, so that the others can say how many they have."""
    anywhere = filters.without("category")
    if not anywhere.narrows:
        return Hits([pk for pk, _in in _first(filters)], None)
    seen = _first(anywhere)
    if len(seen) > CAP:
        found = _first(filters) if filters.category_chosen else seen
        return Hits([pk for pk, _in in found], {})
    wanted = filters.category_ids
    keys = [pk for pk, category in seen if category in wanted or not wanted]
    return Hits(keys, Counter(category for _pk, category in seen if category))


def _first(filters: ListingFilters) -> list[tuple[int, int]]:
    """Key and category of the first ``CAP + 1``, the newest or the nearest."""
    if filters.order != NEAREST or not filters.asks_only_for(_WALKED_BY_DISTANCE):
        return list(newest(filters, CAP + 1).values_list("pk", "category"))
    # The index by distance is walked up to the last of these, wherever that is: far less than
    # all the newest of the country. Told to stay within the circle it would look for more of
    # them all around the Earth; and what few rows match it would look for as long, which of
    # words alone the planner knows beforehand.
    nearest = find(filters.changed(km=ANY_DISTANCE))[: CAP + 1]
    within = math.inf if filters.within_km is None else filters.within_km
    return [
        (pk, category)
        # The plugin cannot see that find() annotates the distance.
        for pk, category, away in nearest.values_list("pk", "category", "distance_km")  # type: ignore[misc]
        if (math.inf if away is None else away) <= within
    ]


def _mended(asked: ListingFilters, hits: Hits) -> tuple[ListingFilters, Hits]:
    """The search as it was asked for, or with its words mended if only so it finds something."""
    if hits.count or not asked.words:
        return asked, hits
    for said in words.corrections(asked.words):
        mended = asked.changed(q=said)
        there = _look(mended)
        if there.count:
            return mended, there
    return asked, hits


def _numbered(filters: ListingFilters, hits: Hits, number: str | None) -> dict[str, Any]:
    paginator = CappedPaginator(hits.in_order(filters).prefetch_related("photos"), hits.count)
    page = paginator.get_page(number)
    ends_early = paginator.is_capped and not page.has_next() and filters.order == NEWEST
    listings = list(page.object_list)
    return {
        "page": page,
        "listings": listings,
        "page_numbers": paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "older": cursor_of(listings[-1]) if listings and ends_early else "",
    }


def _older(found: ListingQuerySet) -> dict[str, Any]:
    listings = list(found.prefetch_related("photos")[: PAGE_SIZE + 1])
    there_are_more = len(listings) > PAGE_SIZE
    listings = listings[:PAGE_SIZE]
    return {
        "page": None,
        "listings": listings,
        "older": cursor_of(listings[-1]) if there_are_more else "",
    }


@require_safe
def place_suggestions(request: HttpRequest) -> HttpResponse:
    """Places that begin with ``?q=``, as options of a list."""
    found = places.suggest(request.GET.get("q", "")[:80])
    return render(request, "listings/browsing/_places.html", {"places": found})
