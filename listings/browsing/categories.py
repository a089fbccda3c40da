"""The tree of categories, with how many listings each holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.cache import cache
from django.db.models import IntegerField, OuterRef, QuerySet, Subquery

from listings.models import Category, Listing

# Nobody reads an exact number above this, and counting further costs.
CAP: Final = 1000
_SECONDS: Final = 60
_KEY: Final = "listings.browsing.categories"


@dataclass
class Branch:
    """A category and those below it. *count* is None when nobody has counted."""

    category: Category
    count: int | None = None
    children: list["Branch"] = field(default_factory=list)

    @property
    def is_capped(self) -> bool:
        return self.count is not None and self.count > CAP


def tree(counts: Mapping[int, int] | None = None) -> list[Branch]:
    """The branches, each with its leaves. A branch counts what its leaves hold, too.

    *counts* are listings by the category they hang on; an empty one means not counted.
    Without any, all that is for sale is counted, up to a minute ago.
    """
    known = _kept("all", lambda: list(Category.objects.all()))
    if counts is None:
        counts = _kept("for_sale", _counts_for_sale)
    branches = {category.pk: Branch(category, _count(counts, category.pk)) for category in known}
    for branch in branches.values():
        above = branches.get(branch.category.parent_id or 0)
        if above:
            above.children.append(branch)
            if above.count is not None and branch.count is not None:
                above.count += branch.count
    return [branch for branch in branches.values() if not branch.category.parent_id]


def _count(counts: Mapping[int, int], pk: int) -> int | None:
    return counts.get(pk, 0) if counts else None


def _kept[T](name: str, make: Callable[[], T]) -> T:
    """What *make* makes, up to a minute old."""
    kept: T | None = cache.get(f"{_KEY}.{name}")
    if kept is None:
        kept = make()
        cache.set(f"{_KEY}.{name}", kept, _SECONDS)
    return kept


def _counts_for_sale() -> dict[int, int]:
    """How many listings for sale hang on each category: 1,001 when there are more."""
    counted = Category.objects.annotate(number=_Capped(_for_sale_here()))
    return dict(counted.values_list("pk", "number"))


def _for_sale_here() -> "QuerySet[Listing, Any]":
    # In the index's order, else the planner may prefer to read the whole table.
    newest = Listing.objects.for_sale().order_by("-published_at", "-id")
    return newest.filter(category=OuterRef("pk")).values("pk")[: CAP + 1]


class _Capped(Subquery):
    """How many rows a query has that stops by itself."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()
