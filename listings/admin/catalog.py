"""Categories as the tree they are, and listings."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from listings.admin import duplicates
from listings.admin.readonly import ModelAdmin, StackedInline
from listings.models import Category, Listing, Photo, Report


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    """Each branch with its leaves below it, as the site shows them."""

    list_display = ("branch", "parent", "slug", "position")
    list_select_related = ("parent",)
    search_fields = ("name", "slug")
    fields = ("parent", "name", "slug", "position")
    prepopulated_fields: ClassVar = {"slug": ["name"]}

    class Media:
        css: ClassVar = {"all": ["listings/admin.css"]}

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        return [
            Coalesce("parent__position", "position"),
            Coalesce("parent__name", "name"),
            F("parent__position").asc(nulls_first=True),
            "position",
            "name",
        ]

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        if db_field.name == "parent":
            kwargs["queryset"] = Category.objects.filter(parent=None)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=_("name"))
    def branch(self, category: Category) -> str:
        if category.parent_id is None:
            return category.name
        return format_html('<span class="category-leaf">{}</span>', category.name)


class HiddenFilter(admin.SimpleListFilter):
    title = _("hidden by staff")
    parameter_name = "hidden"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Listing]) -> QuerySet[Listing]:
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(hidden_at__isnull=self.value() == "no")


class PhotoInline(StackedInline):
    """Photos come in through the site alone, where they are re-encoded; staff may delete."""

    model = Photo
    extra = 0
    fields = readonly_fields = ("position", "picture", "width", "height")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("photo"))
    def picture(self, photo: Photo) -> str:
        return format_html(
            '<a href="{}"><img class="listing-photo" src="{}" alt="{}"></a>',
            photo.image.url,
            photo.small.url,
            _("Photo %(position)s") % {"position": photo.position},
        )


@admin.register(Listing)
class ListingAdmin(ModelAdmin):
    list_display = (
        "cover",
        "title",
        "reference",
        "seller",
        "price",
        "state",
        "is_hidden",
        "reports",
        "published_at",
    )
    list_display_links = ("title", "reference")
    list_filter = (HiddenFilter, "state", "category", "condition", "published_at")
    list_select_related = ("seller", "category")
    search_fields = ("title", "reference", "seller__display_name", "seller__user__email")
    search_help_text = _("Title, reference, or the seller's name or e-mail")
    show_full_result_count = False
    date_hierarchy = "created_at"
    ordering = ("-id",)
    raw_id_fields = ("seller",)
    # A state is moved to, never typed: by its seller, or by the action below.
    readonly_fields = (
        "reference",
        "state",
        "moderation",
        "hidden_at",
        "hidden_reason",
        "created_at",
        "published_at",
        "expires_at",
        "sold_at",
    )
    inlines = (PhotoInline,)
    actions = ("pause",)

    class Media:
        css: ClassVar = {"all": ["listings/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Listing]:
        listings: QuerySet[Listing] = super().get_queryset(request)
        counted = (
            Report.objects.filter(listing=OuterRef("pk"))
            .values("listing")
            .annotate(reports=Count("pk"))
        )
        return listings.annotate(
            report_count=Coalesce(Subquery(counted.values("reports")), 0)
        ).prefetch_related("photos")

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "duplicates/",
                self.admin_site.admin_view(self.duplicates),
                name="listings_duplicates",
            ),
            *super().get_urls(),
        ]

    def duplicates(self, request: HttpRequest) -> HttpResponse:
        """What several sellers offer in the same words or with the same picture."""
        return duplicates.page(self, request)

    @admin.display(description=_("photo"))
    def cover(self, listing: Listing) -> str | None:
        if listing.cover is None:
            return None
        return format_html(
            '<img class="listing-cover" src="{}" alt="">', listing.cover.thumbnail.url
        )

    @admin.display(description=_("hidden"), boolean=True, ordering="hidden_at")
    def is_hidden(self, listing: Listing) -> bool:
        return listing.hidden_at is not None

    @admin.display(description=_("reports"), ordering="report_count")
    def reports(self, listing: Any) -> int:
        count: int = listing.report_count
        return count

    @admin.display(description=_("moderation"))
    def moderation(self, listing: Listing) -> str:
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:listings_reportedlisting_change", args=[listing.pk]),
            _("Reports, hide and restore"),
        )

    @admin.action(description=_("Pause: only the seller sees it"), permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Listing]) -> None:
        paused = sum(listing.move_to(Listing.State.PAUSED) for listing in queryset)
        self.message_user(
            request, ngettext("%(n)d paused.", "%(n)d paused.", paused) % {"n": paused}
        )
