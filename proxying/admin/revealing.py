"""A seller's private number, shown once to staff who say why. What is shown was recorded first."""

from typing import Any, Final

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import constant_time_compare, get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from proxying.admin.readonly import ReadOnlyAdmin
from proxying.encryption import CannotUnseal
from proxying.models import PhoneNumberReveal, Seller
from proxying.phone_numbers import redact

PERMISSION: Final = "proxying.reveal_phone_number"
_FEWEST_WORDS: Final = 3
_TICKET: Final = "reveal_ticket"


class RevealForm(forms.Form):
    """Why. The ticket makes one answer of one question: a reloaded page shows nothing."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("A few words; they are kept with your name."),
        max_length=PhoneNumberReveal._meta.get_field("reason").max_length,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )
    ticket = forms.CharField(widget=forms.HiddenInput, max_length=32, required=False)

    def __init__(self, *args: Any, valid_ticket: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._valid_ticket = valid_ticket

    def clean_reason(self) -> str:
        reason: str = " ".join(self.cleaned_data["reason"].split())
        if len(reason.split()) < _FEWEST_WORDS:
            raise ValidationError(_("Say why in a few words."))
        if redact(reason) != reason:
            raise ValidationError(_("Leave phone numbers out of the reason."))
        return reason

    def clean_ticket(self) -> str:
        ticket: str = self.cleaned_data["ticket"]
        if not self._valid_ticket or not constant_time_compare(ticket, self._valid_ticket):
            raise ValidationError(_("This page was sent already. Ask again if you must."))
        return ticket


@never_cache
def page(
    request: HttpRequest, seller: Seller, model_admin: "admin.ModelAdmin[Any]"
) -> HttpResponse:
    """Asks for the reason; to a POST that gives one, answers with the number.

    The number stands in that answer alone: no address, log, session or record has it.
    """
    staff = request.user
    if not (staff.is_authenticated and staff.has_perm(PERMISSION)):
        raise PermissionDenied
    posted = request.method == "POST"
    valid_ticket = request.session.pop(_TICKET, "")
    form = RevealForm(request.POST if posted else None, valid_ticket=valid_ticket)
    number = None
    problem = ""
    if posted and form.is_valid():
        with transaction.atomic():
            reason = form.cleaned_data["reason"]
            PhoneNumberReveal.objects.create(seller=seller, staff=staff, reason=reason)
            said = _("Private number revealed: %(reason)s") % {"reason": reason}
            model_admin.log_change(request, seller, said)
        try:
            # Opened by the template alone: Django logs a template's context at DEBUG.
            number = seller.phone_number
        except CannotUnseal as error:
            problem = str(error)
    else:
        request.session[_TICKET] = get_random_string(32)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Private number of %(seller)s") % {"seller": seller},
        "opts": model_admin.opts,
        "seller": seller,
        "form": form,
        "ticket": request.session.get(_TICKET, ""),
        "recorded": posted and form.is_valid(),
        "number": number,
        "problem": problem,
    }
    return render(request, "admin/proxying/seller/reveal.html", context)


@admin.register(PhoneNumberReveal)
class PhoneNumberRevealAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "staff", "seller", "reason")
    list_select_related = ("staff", "seller")
    search_fields = ("seller__display_name", "staff__username", "staff__email", "reason")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    fields = readonly_fields = ("created_at", "staff", "seller", "reason")
