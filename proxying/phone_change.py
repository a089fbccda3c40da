"""The pages on which a seller lets another phone ring. The old one is good until the code is right.

The first asks who is there once more, so that nobody who finds a browser open takes the
number over. Between the two pages the new number lies sealed in the visitor's session.
"""

from collections.abc import Callable
from functools import wraps

from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from proxying import tasks, verification
from proxying.codes import CodeNotAccepted, NumberNotAccepted
from proxying.encryption import CannotUnseal, seal, unseal
from proxying.forms import CodeForm, NewPhoneForm
from proxying.models import Seller
from proxying.nudges import nudge
from proxying.phone_numbers import PhoneNumber
from proxying.views import network

_KEY = "new_phone"

type _View = Callable[[HttpRequest], HttpResponse]


def freshly_proved(view: _View) -> _View:
    """Asks for the password or a passkey, unless it was given in the last five minutes.

    What was posted is not kept meanwhile, as allauth would in the session: it names a phone.
    """
    asking: _View = reauthentication_required(view)

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        try:
            return asking(request)
        except ReauthenticationRequired:
            if request.method == "POST":
                return redirect(request.path)
            raise

    return guarded


@login_required
@freshly_proved
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("phone_number")
@sensitive_variables()
def seller_phone_change(request: HttpRequest) -> HttpResponse:
    """Asks for the new phone, and sends the code there."""
    seller = _changing(request)
    if seller is None:
        return redirect("seller_number")
    form = NewPhoneForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        phone_number: PhoneNumber = form.cleaned_data["phone_number"]
        try:
            verification.take_turn_to_ask(seller, network(request))
            verification.send_change_code(seller, phone_number)
        except NumberNotAccepted as reason:
            form.add_error("phone_number", str(reason))
        else:
            request.session[_KEY] = seal(
                phone_number.reveal(), place=_place(seller), secret=seller.secret_or_new()
            )
            return redirect("seller_phone_change_code")
    context = {"form": form, "last_two_digits": str(seller.phone_number)[-2:]}
    return render(request, "proxying/seller_phone_change.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("code")
@sensitive_variables()
def seller_phone_change_code(request: HttpRequest) -> HttpResponse:
    """Asks for the code. With the right one the new phone rings, and the old one never again."""
    seller = _changing(request)
    if seller is None:
        return redirect("seller_number")
    phone_number = _new_phone(request, seller)
    if phone_number is None:
        return redirect("seller_phone_change")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            verification.change_phone(seller, phone_number, form.cleaned_data["code"])
        except CodeNotAccepted as reason:
            form.add_error("code", str(reason))
        else:
            request.session.pop(_KEY, None)
            for number in seller.reserved_numbers.all():
                nudge(tasks.close_proxy_sessions, number.pk)
            nudge(tasks.send_seller_texts)
            messages.success(request, _("Your new phone rings from now on."))
            return redirect("seller_number")
    context = {"form": form, "last_two_digits": str(phone_number)[-2:]}
    return render(request, "proxying/seller_phone_change_code.html", context)


def _changing(request: HttpRequest) -> Seller | None:
    """The seller who may change a phone: one that has a proved one and is not suspended."""
    assert request.user.is_authenticated
    return Seller.objects.filter(
        user=request.user, phone_verified_at__isnull=False, suspended_at=None
    ).first()


def _new_phone(request: HttpRequest, seller: Seller) -> PhoneNumber | None:
    try:
        sealed = request.session.get(_KEY, "")
        return PhoneNumber(unseal(sealed, place=_place(seller), secret=seller.secret()))
    except CannotUnseal:
        return None


def _place(seller: Seller) -> str:
    return f"session.{seller.pk}.{_KEY}"
