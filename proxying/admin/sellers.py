"""Sellers: who they are, which number is theirs, and what staff may do about it."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.options import ActionLocation
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from proxying import provisioning, tasks
from proxying.admin import revealing
from proxying.admin.confirming import confirmed
from proxying.admin.numbers import as_e164, explain
from proxying.admin.readonly import ReadOnlyInline
from proxying.encryption import CannotUnseal, blind_index
from proxying.forms import FindByPhoneForm, SuspensionForm
from proxying.models import ReservedNumber, Seller
from proxying.nudges import nudge
from proxying.phone_numbers import display

if TYPE_CHECKING:
    # Generic for the type checker only.
    _ModelAdmin = admin.ModelAdmin[Seller]
else:
    _ModelAdmin = admin.ModelAdmin

_ANYWHERE = [ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM]


class _HappenedFilter(admin.SimpleListFilter):
    """Yes: the moment in *parameter_name* is known."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("yes")), ("no", _("no"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Seller]) -> QuerySet[Seller]:
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(**{f"{self.parameter_name}__isnull": self.value() == "no"})


class VerifiedFilter(_HappenedFilter):
    title = gettext_lazy("verified")
    parameter_name = "phone_verified_at"


class SuspendedFilter(_HappenedFilter):
    title = gettext_lazy("suspended")
    parameter_name = "suspended_at"


class ReservedNumberInline(ReadOnlyInline):
    model = ReservedNumber
    verbose_name_plural = gettext_lazy("numbers, now and before")
    fields = (
        "proxy_identifier",
        "status",
        "service",
        "requested_at",
        "active_at",
        "quarantined_at",
    )
    readonly_fields = fields
    ordering = ("-requested_at",)
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("service", "seller")


@admin.register(Seller)
class SellerAdmin(_ModelAdmin):
    """Staff may mend a display name; all else is changed by the actions, which are logged."""

    list_display = (
        "display_name",
        "email",
        "standing",
        "number",
        "number_state",
    )
    list_filter = (VerifiedFilter, SuspendedFilter, "reserved_numbers__status")
    list_select_related = ("user",)
    search_fields = ("display_name", "user__email", "reserved_numbers__proxy_identifier")
    search_help_text = gettext_lazy("Display name, e-mail or reserved number")
    ordering = ("-created_at",)
    actions = ("suspend", "reinstate", "reserve_number", "release_number")
    fields = (
        "display_name",
        "email",
        "user",
        "masked_phone",
        "phone_verified_at",
        "number",
        "number_state",
        "suspended_at",
        "suspended_reason",
        "created_at",
    )
    readonly_fields = fields[1:]
    inlines: ClassVar = [ReservedNumberInline]

    class Media:
        css: ClassVar = {"all": ["proxying/admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Seller | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seller]:
        return super().get_queryset(request).prefetch_related("reserved_numbers")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Seller], search_term: str
    ) -> tuple[QuerySet[Seller], bool]:
        return super().get_search_results(request, queryset, as_e164(search_term))

    # Columns

    @admin.display(description=gettext_lazy("e-mail"), ordering="user__email")
    def email(self, seller: Seller) -> str:
        return seller.user.email

    @admin.display(description=gettext_lazy("account"), ordering="suspended_at")
    def standing(self, seller: Seller) -> str:
        verified = seller.phone_verified_at is not None
        if seller.suspended_at:
            return _("suspended, verified") if verified else _("suspended, not verified")
        return _("verified") if verified else _("not verified")

    @admin.display(description=gettext_lazy("reserved number"))
    def number(self, seller: Seller) -> str:
        number = seller.reserved_number
        if number is None or number.proxy_identifier is None:
            return _("none")
        return display(number.proxy_identifier)

    @admin.display(description=gettext_lazy("state of the number"))
    def number_state(self, seller: Seller) -> str:
        number = seller.reserved_number
        return explain(number) if number else _("none")

    @admin.display(description=gettext_lazy("private phone"))
    def masked_phone(self, seller: Seller) -> str:
        try:
            return str(seller.phone_number) if seller.phone_number else _("none")
        except CannotUnseal as reason:
            return _("cannot be opened: %(reason)s") % {"reason": reason}

    # Actions

    @admin.action(
        description=gettext_lazy("Suspend: nobody reaches them"),
        permissions=["change"],
        location=_ANYWHERE,
    )
    @confirmed(
        gettext_lazy("Suspend these sellers?"),
        consequence=gettext_lazy(
            "Nobody can call or text them until they are reinstated, and their open"
            " Sessions are closed. They keep their numbers."
        ),
        button=gettext_lazy("Suspend"),
        form_class=SuspensionForm,
    )
    def suspend(self, request: HttpRequest, sellers: QuerySet[Seller], reason: str) -> None:
        self._apply(
            request,
            sellers,
            partial(_suspend, reason=reason),
            done=_("Suspended: %(names)s."),
            not_done=_("Suspended already: %(names)s."),
        )

    @admin.action(
        description=gettext_lazy("Reinstate: let buyers reach them again"),
        permissions=["change"],
        location=_ANYWHERE,
    )
    def reinstate(self, request: HttpRequest, sellers: QuerySet[Seller]) -> None:
        self._apply(
            request,
            sellers,
            _reinstate,
            done=_("Reinstated: %(names)s."),
            not_done=_("Not suspended: %(names)s."),
        )

    @admin.action(
        description=gettext_lazy("Reserve a number, or try again"),
        permissions=["change"],
        location=_ANYWHERE,
    )
    def reserve_number(self, request: HttpRequest, sellers: QuerySet[Seller]) -> None:
        self._apply(
            request,
            sellers,
            _reserve,
            done=_("A number is being reserved for: %(names)s."),
            not_done=_("Not verified, suspended, or has a number: %(names)s."),
        )

    @admin.action(
        description=gettext_lazy("Release the number for good"),
        permissions=["change"],
        location=_ANYWHERE,
    )
    @confirmed(
        gettext_lazy("Release the numbers of these sellers?"),
        consequence=gettext_lazy(
            "Buyers who noted such a number reach nobody any more. It rests in quarantine"
            " and then goes back to Twilio; the same number cannot be had again."
        ),
        button=gettext_lazy("Release"),
    )
    def release_number(self, request: HttpRequest, sellers: QuerySet[Seller]) -> None:
        self._apply(
            request,
            sellers,
            _release,
            done=_("Released the number of: %(names)s."),
            not_done=_("Has no number: %(names)s."),
        )

    def _apply(
        self,
        request: HttpRequest,
        sellers: QuerySet[Seller],
        change: Callable[[Seller], bool],
        *,
        done: str,
        not_done: str,
    ) -> None:
        """*change* on each, with a line in its history; says whom it changed and whom not.

        Both sentences take ``%(names)s``.
        """
        changed, unchanged = [], []
        for seller in sellers:
            with transaction.atomic():
                if change(seller):
                    self.log_change(request, seller, done % {"names": seller})
                    changed.append(str(seller))
                else:
                    unchanged.append(str(seller))
        if changed:
            self.message_user(request, done % {"names": ", ".join(changed)}, messages.SUCCESS)
        if unchanged:
            self.message_user(request, not_done % {"names": ", ".join(unchanged)}, messages.WARNING)

    # Whose phone is this?

    def get_urls(self) -> list[URLPattern]:
        find = self.admin_site.admin_view(self.find_by_phone)
        reveal = self.admin_site.admin_view(self.reveal)
        return [
            path("by-phone/", find, name="proxying_seller_by_phone"),
            path("<uuid:pk>/reveal/", reveal, name="proxying_seller_reveal"),
            *super().get_urls(),
        ]

    def reveal(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The private number, to staff who may and who say why."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        seller = self.get_object(request, str(pk))
        if seller is None:
            raise Http404
        return revealing.page(request, seller, self)

    @method_decorator(sensitive_post_parameters("phone_number"))
    @sensitive_variables()
    def find_by_phone(self, request: HttpRequest) -> HttpResponse:
        """Sellers with exactly this private phone. Posted, so that no URL or log has the number."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = FindByPhoneForm(request.POST if request.method == "POST" else None)
        found = None
        if form.is_valid():
            index = blind_index(form.cleaned_data["phone_number"].reveal())
            found = self.get_queryset(request).filter(phone_number_index=index)
            form = FindByPhoneForm()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Find a seller by private phone"),
            "opts": self.opts,
            "form": form,
            "found": found,
        }
        return TemplateResponse(request, "admin/proxying/seller/by_phone.html", context)


def _suspend(seller: Seller, reason: str) -> bool:
    if seller.suspended_at:
        return False
    provisioning.suspend(seller, reason)
    _close_sessions(seller.reserved_number)
    return True


def _reinstate(seller: Seller) -> bool:
    if not seller.suspended_at:
        return False
    provisioning.reinstate(seller)
    return True


def _reserve(seller: Seller) -> bool:
    number = seller.reserved_number
    if not seller.phone_verified_at or seller.suspended_at or (number and number.is_active):
        return False
    nudge(tasks.reserve_number, provisioning.promise(seller).pk)
    return True


def _release(seller: Seller) -> bool:
    number = seller.reserved_number
    if number is None:
        return False
    provisioning.release(number)
    _close_sessions(number)
    return True


def _close_sessions(number: ReservedNumber | None) -> None:
    if number:
        nudge(tasks.close_proxy_sessions, number.pk)
