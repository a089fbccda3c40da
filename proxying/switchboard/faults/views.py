"""The faults in the browser: which are in force, one more, one less, and what they did."""

from http import HTTPStatus
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from proxying.switchboard.errors import NotFound
from proxying.switchboard.faults import held
from proxying.switchboard.faults.forms import FaultForm, VanishForm
from proxying.switchboard.models import Fault, HeldWebhook, JournalEntry
from proxying.switchboard.phones.doors import virtual_carrier_only
from proxying.switchboard.rest import numbers

_NEWEST: Final = 50


@virtual_carrier_only
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    return _page(request)


@virtual_carrier_only
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    form = FaultForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form)
    form.save()
    return redirect("switchboard:phones:faults")


@virtual_carrier_only
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Gone already is fine too."""
    Fault.objects.filter(pk=pk).delete()
    return redirect("switchboard:phones:faults")


@virtual_carrier_only
@require_POST
def vanish(request: HttpRequest) -> HttpResponse:
    form = VanishForm(request.POST)
    if form.is_valid():
        try:
            numbers.vanish(form.cleaned_data["phone_number"])
        except NotFound:
            form.add_error("phone_number", _("The account has no such number."))
    if not form.is_valid():
        return _page(request, vanish_form=form)
    messages.success(request, _("The number has vanished."))
    return redirect("switchboard:phones:faults")


@virtual_carrier_only
@require_POST
def deliver(request: HttpRequest) -> HttpResponse:
    count = held.deliver(everything=True)
    said = ngettext("%(count)d webhook was delivered.", "%(count)d webhooks were delivered.", count)
    messages.success(request, said % {"count": count})
    return redirect("switchboard:phones:faults")


def _page(
    request: HttpRequest, form: FaultForm | None = None, vanish_form: VanishForm | None = None
) -> HttpResponse:
    refused = form is not None or vanish_form is not None
    context: dict[str, Any] = {
        "faults": Fault.objects.all(),
        "form": form or FaultForm(),
        "vanish_form": vanish_form or VanishForm(auto_id="id_vanish_%s"),
        "held_count": HeldWebhook.objects.count(),
        "journal": JournalEntry.objects.all()[:_NEWEST],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return render(request, "switchboard/faults.html", context, status=status)
