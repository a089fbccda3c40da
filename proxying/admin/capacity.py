"""The staff's page on numbers: what there is, what is needed, and what more would cost."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from proxying import capacity
from proxying.capacity import Plan, Reading
from proxying.models import PlannedService
from proxying.provisioning import spending

_MAY_TRY_AGAIN = "proxying.change_reservednumber"


class PlanForm(forms.Form):
    """What to plan for; valid when ``plan`` is there."""

    sellers = forms.IntegerField(label=gettext_lazy("Sellers"), min_value=1)
    simultaneous = forms.IntegerField(
        label=gettext_lazy("Buyers at a time"),
        help_text=gettext_lazy("whom the busiest seller talks to"),
        min_value=1,
    )
    price = forms.DecimalField(
        label=gettext_lazy("Price of a number"),
        help_text=gettext_lazy("a month"),
        min_value=0,
        max_digits=8,
        decimal_places=4,
        initial=capacity.price_of_a_number,
    )

    plan: Plan | None = None

    def clean(self) -> dict[str, Any]:
        asked = super().clean() or {}
        if not self.errors:
            try:
                self.plan = capacity.plan_numbers(**asked)
            except ValueError as error:
                raise forms.ValidationError(str(error)) from None
        return asked


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """For staff; the address is wrapped in ``admin_view``. Wrong input is said in the form.

    A POST tries planned Services again at once, for those who may do so with numbers.
    """
    if request.method == "POST":
        return _try_again(request)
    readings = capacity.measure()
    form = PlanForm(request.GET if "sellers" in request.GET else None)
    form.is_valid()
    price = capacity.price_of_a_number()
    stock = capacity.in_stock()
    numbers = sum(reading.numbers for reading in readings) + stock
    context = {
        **admin.site.each_context(request),
        "title": _("Numbers and capacity"),
        "readings": [(reading, _cost(reading, price)) for reading in readings],
        "low": [reading for reading in readings if reading.is_low],
        "stock": stock,
        "numbers": numbers,
        "cost": capacity.cost_of(numbers, price),
        "most_sellers": capacity.RESERVED_IN_A_SERVICE,
        "bought_today": spending.bought_today(),
        "buyable_today": settings.NUMBERS_BOUGHT_A_DAY,
        "planned": PlannedService.objects.order_by("country"),
        "may_try_again": request.user.has_perm(_MAY_TRY_AGAIN),
        "form": form,
        "plan": form.plan,
    }
    return TemplateResponse(request, "admin/capacity.html", context)


def _try_again(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(_MAY_TRY_AGAIN):
        raise PermissionDenied
    capacity.hurry_services()
    messages.success(request, _("It is tried again within the next seconds."))
    return redirect("capacity")


def _cost(reading: Reading, price: Decimal) -> Decimal:
    return capacity.cost_of(reading.numbers, price)
