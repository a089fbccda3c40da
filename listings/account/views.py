"""Take your data with you; delete your account."""

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from listings.account.forms import DeleteAccountForm
from listings.account.leaving import leave
from listings.account.own_data import own_data
from listings.models import Listing, Purchase


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(allow_get=True)
@never_cache
def account_data(request: HttpRequest) -> HttpResponse:
    """POST answers with one JSON file that holds all we know of the person."""
    assert request.user.is_authenticated
    if request.method != "POST":
        return render(request, "listings/account_data.html")
    return JsonResponse(
        own_data(request.user, request.build_absolute_uri),
        encoder=DjangoJSONEncoder,
        json_dumps_params={"indent": 2, "ensure_ascii": False},
        headers={"Content-Disposition": 'attachment; filename="shoppingplace-my-data.json"'},
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(allow_get=True)
@never_cache
def account_delete(request: HttpRequest) -> HttpResponse:
    """Says what will happen first; then asks for the address, and for the password once more."""
    assert request.user.is_authenticated
    form = DeleteAccountForm(request.user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        leave(request.user)
        logout(request)
        messages.success(request, _("Your account is deleted. Thank you for having been here."))
        return redirect("listing_list")
    context = {
        "form": form,
        "quarantine_days": settings.NUMBER_QUARANTINE_DAYS,
        "listing_count": Listing.objects.filter(seller__user=request.user).count(),
        "open_purchase_count": Purchase.objects.of(request.user.pk).open().count(),
    }
    return render(request, "listings/account_delete.html", context)
