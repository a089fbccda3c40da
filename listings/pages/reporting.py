"""Anybody may tell staff that something is wrong with a listing."""

import secrets
from http import HTTPStatus
from typing import Any, ClassVar

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from listings.models import Listing, Report

_VISITOR = "visitor"


class ReportForm(forms.ModelForm):  # type: ignore[type-arg]  # no parameter at run time
    class Meta:
        model = Report
        fields = ("reason", "comment")
        labels: ClassVar = {
            "reason": gettext_lazy("What is wrong?"),
            "comment": gettext_lazy("What should we know?"),
        }
        widgets: ClassVar = {
            "reason": forms.RadioSelect,
            "comment": forms.Textarea(attrs={"rows": 4}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self.fields["reason"]
        assert isinstance(reason, forms.ChoiceField)
        # Radio buttons show the empty choice of a drop-down as one of them.
        reason.choices = Report.Reason.choices


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, reference: str) -> HttpResponse:
    """One report a person a reason: the second is thanked for, and changes nothing."""
    listing = get_object_or_404(Listing.objects.public(), reference=reference)
    form = ReportForm(request.POST if request.method == "POST" else None)
    status = HTTPStatus.OK
    if form.is_valid():
        visitor = _visitor(request)
        if ratelimit.consume(request, action="report_listing", key=visitor):
            Report.objects.get_or_create(
                listing=listing,
                visitor=visitor,
                reason=form.cleaned_data["reason"],
                defaults={
                    "reporter": request.user if request.user.is_authenticated else None,
                    "comment": form.cleaned_data["comment"],
                },
            )
            messages.success(request, _("Thank you. Somebody of our staff will look at it."))
            return redirect(listing)
        form.add_error(None, _("You have sent many reports. Wait an hour, then try again."))
        status = HTTPStatus.TOO_MANY_REQUESTS
    return render(
        request, "listings/report.html", {"listing": listing, "form": form}, status=status
    )


def _visitor(request: HttpRequest) -> str:
    """What tells this person from others: the account, or a key in the session."""
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    key: str = request.session.setdefault(_VISITOR, secrets.token_urlsafe(16))
    return key
