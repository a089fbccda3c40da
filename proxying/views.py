"""The seller's pages: a phone, the code that proves it, and the number that stands for it."""

import ipaddress
from datetime import datetime, timedelta
from email.utils import parseaddr

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from proxying import tasks, verification
from proxying.codes import CodeNotAccepted, NumberNotAccepted
from proxying.forms import CodeForm, PhoneForm
from proxying.models import Seller
from proxying.nudges import nudge
from proxying.phone_numbers import PhoneNumber, display


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("phone_number")
@sensitive_variables()
def seller_phone(request: HttpRequest) -> HttpResponse:
    """Asks for name and private phone, and sends the code. Makes the ``Seller``."""
    seller = _seller(request)
    if seller and (seller.phone_verified_at or seller.suspended_at):
        return _go(request, "seller_number")
    if request.method == "POST":
        form = PhoneForm(request.POST)
        if form.is_valid():
            try:
                seller = _named(request, form.cleaned_data["display_name"])
                _send_code(request, seller, form.cleaned_data["phone_number"])
            except NumberNotAccepted as reason:
                form.add_error("phone_number", str(reason))
            else:
                return _go(request, "seller_phone_code")
    else:
        form = PhoneForm(initial={"display_name": seller.display_name if seller else ""})
    return render(request, "proxying/seller_phone.html", {"form": form, "next": _next(request)})


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("code")
@sensitive_variables()
def seller_phone_code(request: HttpRequest) -> HttpResponse:
    """Asks for the code. The right one proves the phone and starts the reservation."""
    seller = _seller(request)
    if elsewhere := _not_waiting_for_a_code(request, seller):
        return elsewhere
    assert seller is not None
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            number = verification.check_code(seller, form.cleaned_data["code"])
        except CodeNotAccepted as reason:
            form.add_error("code", str(reason))
        else:
            nudge(tasks.reserve_number, number.pk)
            return _go(request, "seller_number")
    return _code_page(request, seller, form)


@login_required
@require_POST
@sensitive_variables()
def seller_phone_code_resend(request: HttpRequest) -> HttpResponse:
    """Sends the code once more to the phone that we have."""
    seller = _seller(request)
    if elsewhere := _not_waiting_for_a_code(request, seller):
        return elsewhere
    assert seller is not None
    assert seller.phone_number is not None
    try:
        _send_code(request, seller, seller.phone_number)
    except NumberNotAccepted as reason:
        return _code_page(request, seller, CodeForm(), resend_error=str(reason))
    return _code_page(request, seller, CodeForm(), resent=True)


@login_required
@never_cache
@require_GET
def seller_number(request: HttpRequest) -> HttpResponse:
    """The reserved number, or that it is on its way. The page renews itself until it is there."""
    return _number_page(request, "proxying/seller_number.html")


@login_required
@never_cache
@require_GET
def seller_number_state(request: HttpRequest) -> HttpResponse:
    """The part of ``seller_number`` that changes, for its script."""
    return _number_page(request, "proxying/seller_number.html#state")


def _number_page(request: HttpRequest, template: str) -> HttpResponse:
    seller = _seller(request)
    if seller is None or not (seller.phone_verified_at or seller.suspended_at):
        return _go(request, "seller_phone")
    number = seller.reserved_number
    is_moving = any(one.is_for_move for one in seller.reserved_numbers.all())
    context = {
        "seller": seller,
        "number": number,
        "display": display(number.proxy_identifier)
        if number and number.is_active and number.proxy_identifier
        else None,
        "is_waiting": bool(number and not number.is_active and not seller.suspended_at)
        or is_moving,
        "is_moving": is_moving,
        "former": _former(seller),
        "contact": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        "next": _next(request),
    }
    return render(request, template, context)


def _former(seller: Seller) -> list[tuple[str, datetime]]:
    """The numbers that the seller moved from, and until when those they know reach them there."""
    kept = timedelta(days=settings.NUMBER_MOVED_DAYS)
    return [
        (display(one.proxy_identifier), one.moved_at + kept)
        for one in seller.reserved_numbers.all()
        if one.is_left and one.proxy_identifier and one.moved_at
    ]


def _code_page(
    request: HttpRequest,
    seller: Seller,
    form: CodeForm,
    *,
    resent: bool = False,
    resend_error: str = "",
) -> HttpResponse:
    context = {
        "form": form,
        "last_two_digits": str(seller.phone_number)[-2:],
        "resent": resent,
        "resend_error": resend_error,
        "next": _next(request),
    }
    return render(request, "proxying/seller_phone_code.html", context)


def _seller(request: HttpRequest) -> Seller | None:
    assert request.user.is_authenticated
    return Seller.objects.filter(user=request.user).prefetch_related("reserved_numbers").first()


def _named(request: HttpRequest, display_name: str) -> Seller:
    assert request.user.is_authenticated
    seller, _ = Seller.objects.update_or_create(
        user=request.user, defaults={"display_name": display_name}
    )
    return seller


def _send_code(request: HttpRequest, seller: Seller, phone_number: PhoneNumber) -> None:
    verification.take_turn_to_ask(seller, network(request))
    verification.send_code(seller, phone_number)


def network(request: HttpRequest) -> str:
    """Where a visitor comes from: the address, and of IPv6 the /64 that one household has."""
    address: str = get_adapter().get_client_ip(request)
    try:
        return str(ipaddress.IPv6Interface(f"{address}/64").network)
    except ipaddress.AddressValueError:
        return address


def _not_waiting_for_a_code(request: HttpRequest, seller: Seller | None) -> HttpResponse | None:
    if seller is None or (seller.phone_number is None and not seller.suspended_at):
        return _go(request, "seller_phone")
    if seller.phone_verified_at or seller.suspended_at:
        return _go(request, "seller_number")
    return None


def _next(request: HttpRequest) -> str:
    """Where the seller came from, if that is one of our pages; else nothing."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else ""


def _go(request: HttpRequest, url_name: str) -> HttpResponse:
    wanted = _next(request)
    return redirect(reverse(url_name, query={"next": wanted} if wanted else None))
