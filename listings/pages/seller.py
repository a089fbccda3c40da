"""A seller, as buyers see one: what is for sale, and what others say. No number."""

from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Case, Count, Q, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from listings.models import Listing
from listings.pages import beside
from proxying.models import Seller

PAGE_SIZE = 24
COMMENTS = 5


@require_safe
def seller_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Items for sale first, then the reserved ones; sold ones are counted."""
    seller = get_object_or_404(
        Seller.objects.filter(
            phone_verified_at__isnull=False, suspended_at__isnull=True
        ).prefetch_related("reserved_numbers"),
        pk=pk,
    )
    public = Listing.objects.public().filter(seller=seller)
    counts = public.aggregate(all=Count("pk"), sold=Count("pk", filter=Q(state=Listing.State.SOLD)))
    if not counts["all"] and seller.reserved_number is None:
        raise Http404
    reserved_last = Case(When(state=Listing.State.RESERVED, then=Value(1)), default=Value(0))
    shown = public.exclude(state=Listing.State.SOLD).prefetch_related("photos")
    items = Paginator(shown.order_by(reserved_last, "-published_at", "-id"), PAGE_SIZE)
    page = items.get_page(request.GET.get("page"))
    ratings = beside.ratings_of(seller)
    context = {
        "seller": seller,
        "page": page,
        "page_numbers": items.get_elided_page_range(page.number, on_each_side=1),
        "sold_count": counts["sold"],
        "stars": beside.stars_of(seller),
        "comments": ratings.exclude(comment="")[:COMMENTS],
    }
    return render(request, "listings/seller_page.html", context)
