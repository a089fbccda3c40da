"""Favourites: the page, and the button that marks a listing."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from listings.models import Listing
from listings.watching import favourites

PAGE_SIZE = 24


@require_safe
@never_cache
def favourite_list(request: HttpRequest) -> HttpResponse:
    """What the visitor has marked, reserved and sold ones too."""
    marked = Paginator(favourites.marked_by(request), PAGE_SIZE)
    page = marked.get_page(request.GET.get("page"))
    context = {
        "page": page,
        "page_numbers": marked.get_elided_page_range(page.number, on_each_side=1),
    }
    return render(request, "listings/watching/favourites.html", context)


@require_POST
def favourite_toggle(request: HttpRequest, reference: str) -> HttpResponse:
    """Marks or unmarks, then goes back to ``next`` if it is ours, else to the listing."""
    listing = get_object_or_404(Listing.objects.public(), reference=reference)
    if favourites.toggle(request, listing):
        messages.success(request, _("Kept with your favourites."))
    else:
        messages.success(request, _("No longer among your favourites."))
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    # Not redirect(): it takes a word without a slash for a view's name.
    return HttpResponseRedirect(wanted if ours else listing.get_absolute_url())
