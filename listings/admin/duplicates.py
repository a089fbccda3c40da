"""Items that several sellers offer with the same picture, or in the same words."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import MD5, RowNumber
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from listings.models import Listing, Photo

_MOST_GROUPS: Final = 50
_MOST_LISTINGS: Final = 10


@dataclass(frozen=True)
class Group:
    """What is the same, how many listings have it, and the first few of them."""

    total: int
    listings: list[Listing]


def page(model_admin: Any, request: HttpRequest) -> HttpResponse:
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Offered by several sellers"),
        "opts": model_admin.opts,
        "by_picture": same_picture(),
        "by_words": same_words(),
    }
    return TemplateResponse(request, "admin/listings/listing/duplicates.html", context)


def same_picture() -> list[Group]:
    """Active listings of different sellers that show one picture; most listings first."""
    photos = Photo.objects.filter(listing__state=Listing.State.ACTIVE, fingerprint__isnull=False)
    totals = dict(
        photos.values_list("fingerprint")
        .annotate(
            total=Count("listing", distinct=True), sellers=Count("listing__seller", distinct=True)
        )
        .filter(sellers__gt=1)
        .order_by("-total", "fingerprint")
        .values_list("fingerprint", "total")[:_MOST_GROUPS]
    )
    first = (
        photos.filter(fingerprint__in=totals)
        .values_list("fingerprint", "listing")
        .annotate(nth=Window(RowNumber(), partition_by=[F("fingerprint")], order_by=[F("listing")]))
        .filter(nth__lte=_MOST_LISTINGS)
    )
    return _groups(totals, [(fingerprint, pk) for fingerprint, pk, _nth in first])


def same_words() -> list[Group]:
    """Active listings of different sellers with one title and description."""
    listings = Listing.objects.filter(state=Listing.State.ACTIVE).annotate(words=MD5("description"))
    totals = {
        (title, words): total
        for title, words, total in listings.values_list("title", "words")
        .annotate(total=Count("pk"), sellers=Count("seller", distinct=True))
        .filter(sellers__gt=1)
        .order_by("-total", "title", "words")
        .values_list("title", "words", "total")[:_MOST_GROUPS]
    }
    first = (
        listings.filter(
            title__in={title for title, _words in totals},
            words__in={words for _title, words in totals},
        )
        .annotate(
            nth=Window(
                RowNumber(), partition_by=[F("title"), F("words")], order_by=[F("published_at")]
            )
        )
        .filter(nth__lte=_MOST_LISTINGS)
        .values_list("title", "words", "pk")
    )
    return _groups(totals, [((title, words), pk) for title, words, pk in first])


def _groups[Key](totals: dict[Key, int], members: Iterable[tuple[Key, int]]) -> list[Group]:
    # Each once: a listing may show one picture twice.
    pairs = dict.fromkeys((key, pk) for key, pk in members if key in totals)
    listings = _shown().in_bulk({pk for _key, pk in pairs})
    grouped: dict[Key, list[Listing]] = defaultdict(list)
    for key, pk in pairs:
        grouped[key].append(listings[pk])
    return [Group(total, grouped[key]) for key, total in totals.items()]


def _shown() -> QuerySet[Listing]:
    return Listing.objects.select_related("seller").prefetch_related("photos")
