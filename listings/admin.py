"""Listings for staff. (The admin's classes are generic for mypy alone, hence the ignores.)"""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from listings.models import Category, Listing, Photo


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no parameter at run time
    list_display = ("name", "slug", "position")
    list_editable = ("position",)
    prepopulated_fields = {"slug": ("name",)}  # noqa: RUF012 (Django's own form)


class PhotoInline(admin.TabularInline):  # type: ignore[type-arg]  # no parameter at run time
    """Photos come in through the site alone, where they are re-encoded; staff may delete."""

    model = Photo
    extra = 0
    fields = readonly_fields = ("position", "image", "width", "height")

    def has_add_permission(self, request: HttpRequest, obj: Listing | None = None) -> bool:
        return False


@admin.register(Listing)
class ListingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no parameter at run time
    list_display = ("title", "reference", "seller", "price", "state", "category", "published_at")
    list_filter = ("state", "category", "condition", "published_at")
    search_fields = ("title", "reference", "seller__display_name", "seller__user__email")
    date_hierarchy = "created_at"
    raw_id_fields = ("seller",)
    # A state is moved to, never typed: by its seller, or by the action below.
    readonly_fields = ("reference", "state", "created_at", "published_at")
    inlines = (PhotoInline,)
    actions = ("pause",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Listing]:
        return super().get_queryset(request).select_related("seller", "category")

    @admin.action(description="Pause: only the seller sees it", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Listing]) -> None:
        paused = sum(listing.move_to(Listing.State.PAUSED) for listing in queryset)
        self.message_user(request, f"{paused} paused.")
