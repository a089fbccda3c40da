"""Home: everything for sale, narrowed by what a visitor asks for."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from listings.models import Category, Listing

PAGE_SIZE = 24
MAX_WORDS_LENGTH = 100


@require_safe
def listing_list(request: HttpRequest) -> HttpResponse:
    """Home: newest first, narrowed by ``?category=<slug>`` and ``?q=<words>``, in ``?page=``s."""
    categories = list(Category.objects.all())
    chosen = next((one for one in categories if one.slug == request.GET.get("category")), None)
    words = request.GET.get("q", "").replace("\0", "").strip()[:MAX_WORDS_LENGTH]
    found = Listing.objects.for_sale().matching(words)
    if chosen:
        found = found.filter(category=chosen)
    newest = found.order_by("-published_at", "-id").prefetch_related("photos")
    page = Paginator(newest, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "page_numbers": page.paginator.get_elided_page_range(page.number, on_each_side=1),
        "categories": categories,
        "chosen": chosen,
        "words": words,
    }
    return render(request, "listings/listing_list.html", context)
