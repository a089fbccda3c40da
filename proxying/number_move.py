"""The page on which a seller takes another number. The old one is good until the new one is."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from proxying import tasks
from proxying.models import Seller
from proxying.nudges import nudge
from proxying.phone_change import freshly_proved
from proxying.phone_numbers import display
from proxying.provisioning import moving
from proxying.provisioning.moving import CannotMove


@login_required
@freshly_proved
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def seller_number_move(request: HttpRequest) -> HttpResponse:
    """Says what moving means, and begins it. Asks who is there once more, as for a new phone."""
    assert request.user.is_authenticated
    sellers = Seller.objects.filter(user=request.user, suspended_at=None)
    seller = sellers.prefetch_related("reserved_numbers").first()
    number = seller.reserved_number if seller else None
    if seller is None or number is None or not number.is_active:
        return redirect("seller_number")
    if request.method == "POST":
        try:
            nudge(tasks.reserve_number, moving.move(seller).pk)
        except CannotMove:
            return redirect("seller_number_move")
        return redirect("seller_number")
    next_move_at = moving.next_move_at(seller)
    context = {
        "display": display(number.proxy_identifier or ""),
        "wait_until": next_move_at if next_move_at > timezone.now() else None,
        "every_days": settings.NUMBER_MOVE_EVERY_DAYS,
        "kept_days": settings.NUMBER_MOVED_DAYS,
    }
    return render(request, "proxying/seller_number_move.html", context)
