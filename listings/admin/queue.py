"""The moderation queue: one row an item, and a page on which staff decide about it."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Max, Min, Prefetch, Q, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from listings.admin.decisions import DECISIONS, Decision, ReasonForm
from listings.admin.readonly import ReadOnlyAdmin
from listings.admin.sellers import history_of
from listings.models import Listing, Report, ReportedListing
from proxying.phone_numbers import redact

_MOST_LOG_LINES = 50


class WaitingFilter(admin.SimpleListFilter):
    """Without a choice: what waits for a decision."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("handled", _("Decided")), ("hidden", _("Hidden now"))]

    def choices(self, changelist: Any) -> Any:
        waiting, *others = super().choices(changelist)
        yield {**waiting, "display": _("Waiting")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        open_ones = Report.objects.open().values("listing")
        match self.value():
            case "hidden":
                return queryset.filter(hidden_at__isnull=False)
            case "handled":
                return queryset.filter(pk__in=Report.objects.values("listing")).exclude(
                    pk__in=open_ones
                )
        return queryset.filter(pk__in=open_ones)


class ReasonFilter(admin.SimpleListFilter):
    title = gettext_lazy("reason")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Report.Reason.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in Report.Reason:
            return queryset
        reports = Report.objects.filter(reason=self.value())
        return queryset.filter(pk__in=reports.values("listing"))


@admin.register(ReportedListing)
class ReportedListingAdmin(ReadOnlyAdmin):
    """Decisions are posted from the item's page, asked once more, done, and logged."""

    list_display = ("title", "reference", "seller", "reports", "reasons", "first", "last", "hidden")
    list_display_links = ("title", "reference")
    list_filter = (WaitingFilter, ReasonFilter)
    list_select_related = ("seller",)
    search_fields = ("title", "reference", "seller__display_name", "seller__user__email")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("listings.change_reportedlisting")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_decide_permission(request)

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Most reports first. In a method, for Django's check knows no annotations."""
        return ["-open_count", "-last_reported_at", "-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Django's own orders before anything is annotated; the list orders by itself.
        is_open = Q(reports__isnull=False, reports__handled_at__isnull=True)
        return ReportedListing.objects.annotate(
            open_count=Count("reports", filter=is_open),
            first_reported_at=Min("reports__created_at", filter=is_open),
            last_reported_at=Max("reports__created_at", filter=is_open),
        ).prefetch_related(Prefetch("reports", Report.objects.order_by("-created_at")))

    # Columns

    @admin.display(description=gettext_lazy("reports that wait"), ordering="open_count")
    def reports(self, listing: Any) -> int:
        count: int = listing.open_count
        return count

    @admin.display(description=gettext_lazy("reasons"))
    def reasons(self, listing: ReportedListing) -> str:
        reports = [report for report in listing.reports.all() if report.handled_at is None]
        counted = Counter(report.get_reason_display() for report in reports)
        return ", ".join(f"{reason} ({n})" for reason, n in counted.most_common())

    @admin.display(description=gettext_lazy("first report"), ordering="first_reported_at")
    def first(self, listing: Any) -> str | None:
        return _short(listing.first_reported_at)

    @admin.display(description=gettext_lazy("last report"), ordering="last_reported_at")
    def last(self, listing: Any) -> str | None:
        return _short(listing.last_reported_at)

    @admin.display(description=gettext_lazy("hidden"), boolean=True, ordering="hidden_at")
    def hidden(self, listing: ReportedListing) -> bool:
        return listing.hidden_at is not None

    # One item

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/<str:name>/decide/",
                self.admin_site.admin_view(self.decide),
                name="listings_reportedlisting_decide",
            ),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._item(request, self._listing(request, unquote(object_id)), ReasonForm())

    def decide(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """What staff chose on the item's page: asks once more, then does it and logs it."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        decision = DECISIONS.get(name)
        if decision is None:
            raise Http404
        listing = self._listing(request, str(pk))
        form = ReasonForm(request.POST, required=decision.needs_reason)
        if not form.is_valid():
            return self._item(request, listing, form)
        if "confirmed" not in request.POST:
            return self._question(request, listing, form, decision)
        self._carry_out(request, listing, decision, form.cleaned_data["reason"])
        return HttpResponseRedirect(
            reverse("admin:listings_reportedlisting_change", args=[listing.pk])
        )

    def _carry_out(
        self, request: HttpRequest, listing: Listing, decision: Decision, reason: str
    ) -> None:
        with transaction.atomic():
            changed = decision.carry_out(listing, reason)
            if changed:
                # In the history of the listing itself, where everything about it stands.
                said = f"{decision.done} {reason}".strip()
                self.log_change(request, Listing.objects.get(pk=listing.pk), said)
        if changed:
            self.message_user(request, str(decision.done), messages.SUCCESS)
        else:
            self.message_user(request, str(decision.not_done), messages.WARNING)

    def _listing(self, request: HttpRequest, object_id: str) -> ReportedListing:
        listing: ReportedListing | None = self.get_object(request, object_id)
        if listing is None:
            raise Http404
        return listing

    def _question(
        self, request: HttpRequest, listing: Listing, form: ReasonForm, decision: Decision
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": decision.question,
            "opts": self.opts,
            "listing": listing,
            "decision": decision,
            "reason": form.cleaned_data["reason"],
        }
        return TemplateResponse(request, "admin/listings/reportedlisting/confirm.html", context)

    def _item(
        self, request: HttpRequest, listing: ReportedListing, form: ReasonForm
    ) -> HttpResponse:
        content_type = ContentType.objects.get_for_model(Listing)
        decided = LogEntry.objects.filter(content_type=content_type, object_id=str(listing.pk))
        reports = [(report, redact(report.comment)) for report in listing.reports.all()]
        context = {
            **self.admin_site.each_context(request),
            "title": str(listing),
            "opts": self.opts,
            "listing": listing,
            "description": redact(listing.description),
            "reports": reports,
            "waiting": any(report.handled_at is None for report, _comment in reports),
            "photos": listing.photos.all(),
            "history": history_of(listing.seller),
            "decided": decided.select_related("user")[:_MOST_LOG_LINES],
            "form": form,
            "may_decide": self.has_decide_permission(request),
        }
        return TemplateResponse(request, "admin/listings/reportedlisting/item.html", context)


def _short(moment: datetime | None) -> str | None:
    return date_format(localtime(moment), "SHORT_DATETIME_FORMAT") if moment else None
