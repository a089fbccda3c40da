"""Sellers: who they are, which number is theirs, and what staff may do about it."""

from collections.abc import Callable
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
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from proxying import provisioning, tasks
from proxying.admin import revealing
from proxying.admin.confirming import confirmed
from proxying.admin.numbers import as_e164, explain
from proxying.admin.readonly import ReadOnlyInline
from proxying.encryption import CannotUnseal, blind_index
from proxying.forms import FindByPhoneForm
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
        return [("yes", "yes"), ("no", "no")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Seller]) -> QuerySet[Seller]:
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(**{f"{self.parameter_name}__isnull": self.value() == "no"})


class VerifiedFilter(_HappenedFilter):
    title = "verified"
    parameter_name = "phone_verified_at"


class SuspendedFilter(_HappenedFilter):
    title = "suspended"
    parameter_name = "suspended_at"


class ReservedNumberInline(ReadOnlyInline):
    model = ReservedNumber
    verbose_name_plural = "numbers, now and before"
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
    search_help_text = "Display name, e-mail or reserved number"
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

    @admin.display(description="e-mail", ordering="user__email")
    def email(self, seller: Seller) -> str:
        return seller.user.email

    @admin.display(description="account", ordering="suspended_at")
    def standing(self, seller: Seller) -> str:
        verified = "verified" if seller.phone_verified_at else "not verified"
        return f"suspended, {verified}" if seller.suspended_at else verified

    @admin.display(description="reserved number", empty_value="none")
    def number(self, seller: Seller) -> str | None:
        number = seller.reserved_number
        return display(number.proxy_identifier) if number and number.proxy_identifier else None

    @admin.display(description="state of the number", empty_value="none")
    def number_state(self, seller: Seller) -> str | None:
        number = seller.reserved_number
        return explain(number) if number else None

    @admin.display(description="private phone", empty_value="none")
    def masked_phone(self, seller: Seller) -> str | None:
        try:
            return str(seller.phone_number) if seller.phone_number else None
        except CannotUnseal as reason:
            return f"cannot be opened: {reason}"

    # Actions

    @admin.action(
        description="Suspend: nobody reaches them", permissions=["change"], location=_ANYWHERE
    )
    @confirmed(
        "Suspend these sellers?",
        consequence="Nobody can call or text them until they are reinstated, and their open"
        " Sessions are closed. They keep their numbers.",
        button="Suspend",
    )
    def suspend(self, request: HttpRequest, sellers: QuerySet[Seller]) -> None:
        self._apply(request, sellers, _suspend, done="Suspended", not_done="Suspended already")

    @admin.action(
        description="Reinstate: let buyers reach them again",
        permissions=["change"],
        location=_ANYWHERE,
    )
    def reinstate(self, request: HttpRequest, sellers: QuerySet[Seller]) -> None:
        self._apply(request, sellers, _reinstate, done="Reinstated", not_done="Not suspended")

    @admin.action(
        description="Reserve a number, or try again", permissions=["change"], location=_ANYWHERE
    )
    def reserve_number(self, request: HttpRequest, sellers: QuerySet[Seller]) -> None:
        self._apply(
            request,
            sellers,
            _reserve,
            done="A number is being reserved for",
            not_done="Not verified, suspended, or has a number",
        )

    @admin.action(
        description="Release the number for good", permissions=["change"], location=_ANYWHERE
    )
    @confirmed(
        "Release the numbers of these sellers?",
        consequence="Buyers who noted such a number reach nobody any more. It rests in quarantine"
        " and then goes back to Twilio; the same number cannot be had again.",
        button="Release",
    )
    def release_number(self, request: HttpRequest, sellers: QuerySet[Seller]) -> None:
        self._apply(
            request, sellers, _release, done="Released the number of", not_done="Has no number"
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
        """*change* on each, with a line in its history; says whom it changed and whom not."""
        changed, unchanged = [], []
        for seller in sellers:
            with transaction.atomic():
                if change(seller):
                    self.log_change(request, seller, f"{done} {seller}.")
                    changed.append(str(seller))
                else:
                    unchanged.append(str(seller))
        if changed:
            self.message_user(request, f"{done}: {', '.join(changed)}.", messages.SUCCESS)
        if unchanged:
            self.message_user(request, f"{not_done}: {', '.join(unchanged)}.", messages.WARNING)

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
            "title": "Find a seller by private phone",
            "opts": self.opts,
            "form": form,
            "found": found,
        }
        return TemplateResponse(request, "admin/proxying/seller/by_phone.html", context)


def _suspend(seller: Seller) -> bool:
    if seller.suspended_at:
        return False
    provisioning.suspend(seller)
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
