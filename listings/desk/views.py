"""The seller's desk. Everything here is the seller's own; another's is a 404."""

from email.utils import parseaddr
from typing import Any, Final
from uuid import UUID
from zoneinfo import available_timezones

from celery import current_app
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from listings.desk.buyers import contacts, name_new_buyers, with_items
from listings.desk.charts import items
from listings.desk.forms import AwayForm, QuietHoursForm
from listings.models import Listing
from proxying.models import Block, BuyerAlias, ReservedNumber, Seller
from proxying.phone_numbers import display

_BUYERS_A_PAGE: Final = 20
_ITEMS_A_PAGE: Final = 10


@login_required
@never_cache
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """Who called and texted, newest first, and the state of the number."""
    seller = _seller(request)
    if seller is None:
        return _to_phone_page("desk")
    name_new_buyers(seller)
    page = Paginator(contacts(seller), _BUYERS_A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "buyers": with_items(seller, list(page)), "tab": "buyers"}
    return render(request, "listings/desk.html", _frame(seller) | context)


@login_required
@require_POST
def desk_block(request: HttpRequest, pk: int) -> HttpResponse:
    """From now on neither calls nor texts of this buyer come through."""
    alias = _own_buyer(request, pk)
    Block.objects.get_or_create(seller=alias.seller, buyer_index=alias.buyer_index)
    _nudge_closing(alias.seller_id)
    messages.success(
        request,
        _("Buyer %(number)d is blocked: no call and no text comes through any more.")
        % {"number": alias.number},
    )
    return _back_to_buyers(request)


@login_required
@require_POST
def desk_unblock(request: HttpRequest, pk: int) -> HttpResponse:
    alias = _own_buyer(request, pk)
    Block.objects.filter(seller=alias.seller_id, buyer_index=alias.buyer_index).delete()
    messages.success(
        request, _("Buyer %(number)d can call and text you again.") % {"number": alias.number}
    )
    return _back_to_buyers(request)


@login_required
@never_cache
@require_safe
def desk_items(request: HttpRequest) -> HttpResponse:
    """How each listing does."""
    seller = _seller(request)
    if seller is None:
        return _to_phone_page("desk_items")
    offered = Listing.objects.filter(seller=seller).exclude(state=Listing.State.DRAFT)
    newest = offered.order_by("-published_at", "-pk")
    page = Paginator(newest, _ITEMS_A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "items": items(seller, list(page)), "tab": "items"}
    return render(request, "listings/desk_items.html", _frame(seller) | context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def desk_hours(request: HttpRequest) -> HttpResponse:
    """The quiet hours, and being away."""
    seller = _seller(request)
    if seller is None:
        return _to_phone_page("desk_hours")
    if request.method != "POST":
        return _hours_page(request, seller, QuietHoursForm.of(seller), _away_form(seller))
    form = QuietHoursForm(request.POST)
    if not form.is_valid():
        return _hours_page(request, seller, form, _away_form(seller))
    Seller.objects.filter(pk=seller.pk).update(**form.cleaned_data)
    quiet = form.cleaned_data["quiet_from"] is not None
    messages.success(
        request,
        _("Your quiet hours are saved.") if quiet else _("You take calls at any hour."),
    )
    return redirect("desk_hours")


@login_required
@never_cache
@require_POST
def desk_away(request: HttpRequest) -> HttpResponse:
    seller = _seller(request)
    if seller is None:
        return _to_phone_page("desk_hours")
    form = _away_form(seller, request.POST)
    if not form.is_valid():
        return _hours_page(request, seller, QuietHoursForm.of(seller), form)
    Seller.objects.filter(pk=seller.pk).update(away_until=form.cleaned_data["back_on"])
    messages.success(request, _("You are away: no call and no text comes through till then."))
    return redirect("desk_hours")


@login_required
@require_POST
def desk_back(request: HttpRequest) -> HttpResponse:
    Seller.objects.filter(user=request.user.pk).update(away_until=None)
    messages.success(request, _("Welcome back: buyers can reach you again."))
    return redirect("desk_hours")


def _seller(request: HttpRequest) -> Seller | None:
    return Seller.objects.filter(user=request.user.pk).prefetch_related("reserved_numbers").first()


def _own_buyer(request: HttpRequest, pk: int) -> BuyerAlias:
    own = BuyerAlias.objects.select_related("seller").filter(seller__user=request.user.pk)
    return get_object_or_404(own, pk=pk)


def _nudge_closing(seller_id: UUID) -> None:
    """The open Session is closed at once; were this lost, the sweep would do it."""
    task = current_app.signature(
        "proxying.tasks.close_blocked_sessions", args=[str(seller_id)], immutable=True
    )
    transaction.on_commit(task.delay, robust=True)


def _frame(seller: Seller) -> dict[str, Any]:
    """What every tab shows: whether buyers reach the seller, and at which number."""
    number = seller.reserved_number
    return {
        "seller": seller,
        "number": number,
        "display": display(number.proxy_identifier)
        if number and number.is_active and number.proxy_identifier
        else "",
        "is_quarantined": any(
            one.status == ReservedNumber.Status.QUARANTINED for one in seller.reserved_numbers.all()
        ),
        "quarantine_days": settings.NUMBER_QUARANTINE_DAYS,
        "is_away": seller.away_until is not None and seller.away_until > timezone.now(),
        "contact": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
    }


def _hours_page(
    request: HttpRequest, seller: Seller, quiet: QuietHoursForm, away: AwayForm
) -> HttpResponse:
    context = {"quiet_form": quiet, "away_form": away, "tab": "hours"}
    return render(request, "listings/desk_hours.html", _frame(seller) | context)


def _away_form(seller: Seller, data: Any = None) -> AwayForm:
    known = seller.time_zone in available_timezones()
    return AwayForm(data, zone=seller.time_zone if known else settings.TIME_ZONE)


def _back_to_buyers(request: HttpRequest) -> HttpResponse:
    page = request.POST.get("page", "")
    wanted = {"page": page} if page.isdecimal() and page != "1" else None
    return redirect(reverse("desk", query=wanted))


def _to_phone_page(then: str) -> HttpResponse:
    return redirect(reverse("seller_phone", query={"next": reverse(then)}))
