"""A seller's history: what there is to know before deciding about one of their items."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Avg, Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from listings.admin.readonly import ReadOnlyAdmin
from listings.models import Listing, Purchase, Rating, Report, SellerHistory
from proxying.models import Seller

_MOST_ROWS = 50


@dataclass(frozen=True)
class History:
    """One seller in figures; ``stars`` is the mean of buyers' ratings, None without any."""

    member_since: datetime
    listings: int
    hidden: int
    reports: int
    open_reports: int
    upheld_reports: int
    sold: int
    completed_purchases: int
    ratings: int
    stars: float | None


def history_of(seller: Seller) -> History:
    """Four queries, whatever the seller has."""
    listings = Listing.objects.filter(seller=seller).aggregate(
        listings=Count("pk"),
        hidden=Count("pk", filter=Q(hidden_at__isnull=False)),
        sold=Count("pk", filter=Q(state=Listing.State.SOLD)),
    )
    reports = Report.objects.filter(listing__seller=seller).aggregate(
        reports=Count("pk"),
        open_reports=Count("pk", filter=Q(handled_at__isnull=True)),
        upheld_reports=Count("pk", filter=Q(outcome=Report.Outcome.HIDDEN)),
    )
    completed = Purchase.objects.filter(
        listing__seller=seller, state=Purchase.State.COMPLETED
    ).count()
    ratings = Rating.objects.filter(purchase__listing__seller=seller, by_buyer=True).aggregate(
        ratings=Count("pk"), stars=Avg("stars")
    )
    return History(
        member_since=seller.created_at,
        completed_purchases=completed,
        **listings,
        **reports,
        **ratings,
    )


@admin.register(SellerHistory)
class SellerHistoryAdmin(ReadOnlyAdmin):
    """Every seller with what happened on the marketplace. Who they are is in Sellers."""

    list_display = ("display_name", "email", "created_at", "listing_count", "hidden_count")
    list_select_related = ("user",)
    search_fields = ("display_name", "user__email")
    ordering = ("-created_at",)
    fields = (
        "display_name",
        "account",
        "created_at",
        "suspended_at",
        "figures",
        "reported_items",
        "hidden_items",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[SellerHistory]:
        sellers: QuerySet[SellerHistory] = super().get_queryset(request)
        return sellers.annotate(
            listing_count=Count("listings"),
            hidden_count=Count("listings", filter=Q(listings__hidden_at__isnull=False)),
        )

    @admin.display(description=_("e-mail"), ordering="user__email")
    def email(self, seller: Seller) -> str:
        return seller.user.email

    @admin.display(description=_("items"), ordering="listing_count")
    def listing_count(self, seller: Any) -> int:
        count: int = seller.listing_count
        return count

    @admin.display(description=_("hidden items"), ordering="hidden_count")
    def hidden_count(self, seller: Any) -> int:
        count: int = seller.hidden_count
        return count

    @admin.display(description=_("account"))
    def account(self, seller: Seller) -> str:
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:proxying_seller_change", args=[seller.pk]),
            seller.user.email,
        )

    @admin.display(description=_("in figures"))
    def figures(self, seller: Seller) -> str:
        history = history_of(seller)
        return format_html_join(
            "",
            "{}: {}<br>",
            [
                (_("Items"), history.listings),
                (_("Sold"), history.sold),
                (_("Hidden by staff"), history.hidden),
                (_("Reports, all"), history.reports),
                (_("Reports that wait"), history.open_reports),
                (_("Reports that were right"), history.upheld_reports),
                (_("Purchases completed"), history.completed_purchases),
                (_("Ratings by buyers"), history.ratings),
                (_("Mean rating"), _("none") if history.stars is None else f"{history.stars:.1f}"),
            ],
        )

    @admin.display(description=_("items with reports"))
    def reported_items(self, seller: Seller) -> str:
        reported = Report.objects.filter(listing__seller=seller).values("listing")
        return _links(Listing.objects.filter(pk__in=reported))

    @admin.display(description=_("items hidden now"))
    def hidden_items(self, seller: Seller) -> str:
        return _links(Listing.objects.filter(seller=seller, hidden_at__isnull=False))


def _links(listings: QuerySet[Listing]) -> str:
    rows = [
        (reverse("admin:listings_reportedlisting_change", args=[listing.pk]), listing)
        for listing in listings.order_by("-id")[:_MOST_ROWS]
    ]
    return format_html_join("", '<a href="{}">{}</a><br>', rows) if rows else gettext("none")
