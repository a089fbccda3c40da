"""What people have done and what we wrote to them, to look at.

People type phone numbers into notes: staff read them without.
"""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from listings.admin.readonly import ReadOnlyAdmin
from listings.models import Notice, Purchase, Rating, SavedSearch
from proxying.phone_numbers import redact


@admin.register(Purchase)
class PurchaseAdmin(ReadOnlyAdmin):
    list_display = ("requested_at", "listing", "buyer_name", "price", "state", "ended_at")
    list_filter = ("state",)
    list_select_related = ("listing",)
    search_fields = ("listing__reference", "listing__title", "buyer_name", "buyer__email")
    date_hierarchy = "requested_at"
    ordering = ("-requested_at",)
    fields = (
        "listing",
        "buyer",
        "buyer_name",
        "note_without_numbers",
        "price",
        "state",
        "requested_at",
        "accepted_at",
        "held_until",
        "buyer_confirmed_at",
        "seller_confirmed_at",
        "ended_at",
        "ended_by",
    )

    @admin.display(description=_("note"))
    def note_without_numbers(self, purchase: Purchase) -> str:
        return redact(purchase.note)


@admin.register(Rating)
class RatingAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "listing", "by", "stars", "comment_without_numbers")
    list_filter = ("stars", "by_buyer")
    list_select_related = ("purchase__listing__seller",)
    search_fields = ("purchase__listing__reference", "purchase__buyer_name", "comment")
    ordering = ("-created_at",)
    fields = ("purchase", "listing", "by", "stars", "comment_without_numbers", "created_at")

    @admin.display(description=_("item"))
    def listing(self, rating: Rating) -> str:
        return str(rating.purchase.listing)

    @admin.display(description=_("by"))
    def by(self, rating: Rating) -> str:
        purchase = rating.purchase
        if rating.by_buyer:
            return _("%(name)s, who bought") % {"name": purchase.buyer_name}
        return _("%(name)s, who sold") % {"name": purchase.listing.seller}

    @admin.display(description=_("comment"))
    def comment_without_numbers(self, rating: Rating) -> str:
        return redact(rating.comment)


@admin.register(SavedSearch)
class SavedSearchAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "user", "name", "query", "frequency", "next_mail_at")
    list_filter = ("frequency",)
    list_select_related = ("user",)
    search_fields = ("user__email", "name", "query")
    ordering = ("-created_at",)
    fields = ("user", "name", "query", "frequency", "created_at", "next_mail_at")


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """Without the link that unsubscribes: whoever has it acts for the person."""

    list_display = ("created_at", "user", "subject", "attempts", "sent_at")
    list_filter = (("sent_at", admin.EmptyFieldListFilter),)
    list_select_related = ("user",)
    search_fields = ("user__email", "subject")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    fields = ("user", "subject", "body", "created_at", "attempts", "next_attempt_at", "sent_at")
