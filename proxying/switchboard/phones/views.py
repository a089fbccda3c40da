"""The phones in the browser.

Each form posts and then leads back to its phone. The script that keeps the page fresh sends
the same forms and shows the same answers, so the page is written once, in its templates.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from proxying.switchboard.models import Alert, Call, Fault, Phone, Purchase
from proxying.switchboard.phones.doors import virtual_carrier_only
from proxying.switchboard.phones.forms import CallForm, MessageForm, PhoneForm
from proxying.switchboard.phones.screens import handsets
from proxying.switchboard.traffic import calls, messages

NEWEST_ALERTS: Final = 100


@dataclass(frozen=True)
class Refused:
    """A form that could not be obeyed, so that its phone can show why and keep what was typed."""

    action: str
    form: forms.Form
    number: str = ""

    @property
    def typed(self) -> dict[str, Any]:
        return {name: self.form.data.get(name, "") for name in self.form.fields}

    @property
    def sentences(self) -> list[str]:
        return [str(sentence) for errors in self.form.errors.values() for sentence in errors]


@virtual_carrier_only
@require_GET
def phones(request: HttpRequest) -> HttpResponse:
    return _page(request)


@virtual_carrier_only
@require_POST
def send_message(request: HttpRequest) -> HttpResponse:
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _page(request, Refused("send", form, request.POST.get("from", "")))
    given = form.cleaned_data
    messages.text(form.pick_up(), given["to"], given["body"])
    return _back_to(given["from"])


@virtual_carrier_only
@require_POST
def place_call(request: HttpRequest) -> HttpResponse:
    form = CallForm(request.POST)
    if not form.is_valid():
        return _page(request, Refused("call", form, request.POST.get("from", "")))
    calls.place(form.pick_up(), form.cleaned_data["to"])
    return _back_to(form.cleaned_data["from"])


@virtual_carrier_only
@require_POST
def answer_call(request: HttpRequest, sid: str) -> HttpResponse:
    """Pick up. When it does not ring any more, the page that follows shows just that."""
    leg = get_object_or_404(Call.objects.select_related("parent"), pk=sid)
    if leg.parent is None:
        raise Http404
    calls.settle()
    calls.answer(leg)
    return _back_to(leg.to)


@virtual_carrier_only
@require_POST
def hang_up_call(request: HttpRequest, sid: str) -> HttpResponse:
    leg = get_object_or_404(Call.objects.select_related("parent"), pk=sid)
    calls.hang_up(leg)
    return _back_to(leg.from_number if leg.parent is None else leg.to)


@virtual_carrier_only
@require_POST
def add_phone(request: HttpRequest) -> HttpResponse:
    form = PhoneForm(request.POST)
    if not form.is_valid():
        return _page(request, Refused("add", form))
    return _back_to(form.save().number)


@virtual_carrier_only
@require_GET
def alerts(request: HttpRequest) -> HttpResponse:
    """What went wrong and was told nobody, and what the numbers cost."""
    context = {
        "alerts": Alert.objects.all()[:NEWEST_ALERTS],
        "purchases": Purchase.objects.all()[:NEWEST_ALERTS],
    }
    return render(request, "switchboard/alerts.html", context)


def _page(request: HttpRequest, refused: Refused | None = None) -> HttpResponse:
    calls.settle()
    context: dict[str, Any] = {
        "handsets": handsets(*Phone.objects.all()),
        "refused": refused,
        "keys": "123456789*0#",
        "add_form": refused.form if refused and refused.action == "add" else PhoneForm(),
        "alert_count": Alert.objects.count(),
        "fault_count": Fault.objects.count(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return render(request, "switchboard/phones.html", context, status=status)


def _back_to(number: str) -> HttpResponse:
    return redirect(f"{reverse('switchboard:phones:page')}#phone-{number.removeprefix('+')}")
