"""What is for sale: categories, listings, photos."""

import secrets
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import PurePath
from typing import Any, ClassVar, Final, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from proxying.models import Seller

# Read out on the phone and typed by hand, so nothing that looks like another: no 0 O, 1 I L, U.
# Five of these name 24 million listings.
REFERENCE_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE_LENGTH: Final = 5


class Category(models.Model):
    """A branch (no parent) or a leaf of a tree two levels deep. Listings hang on either."""

    parent = models.ForeignKey(
        "self",
        verbose_name=_("parent"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
    )
    name = models.CharField(_("name"), max_length=60, unique=True)
    slug = models.SlugField(_("slug"), max_length=60, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("category")
        ordering: ClassVar = ["position", "name"]
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.parent and (self.parent.parent_id or self.parent == self):
            raise ValidationError({"parent": _("Categories are two levels deep.")})


class ListingQuerySet(models.QuerySet["Listing"]):
    def public(self) -> Self:
        """Pages anybody may open: published, not hidden, and the seller can be reached now."""
        return self.filter(
            state__in=Listing.PUBLISHED, seller_is_reachable=True, hidden_at__isnull=True
        )

    def for_sale(self) -> Self:
        """What browsing shows unless asked for more: public, neither reserved nor sold."""
        return self.public().filter(state=Listing.State.ACTIVE)

    def ended(self) -> Self:
        """What is over and was public once: who follows an old link is told so, and no more.

        Expired, or sold by somebody whose number is gone since. Nothing that staff have
        hidden, and nobody who is suspended or has left.
        """
        return self.filter(
            Q(state=Listing.State.EXPIRED) | Q(state=Listing.State.SOLD, seller_is_reachable=False),
            hidden_at__isnull=True,
            seller__phone_verified_at__isnull=False,
            seller__suspended_at__isnull=True,
        )

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """What is public, and the person's own in whatever state."""
        if not user.is_authenticated:
            return self.public()
        # In one condition: a subquery of what is public would read all of it for one page.
        return self.filter(_PUBLIC | Q(seller__user=user.pk))

    def that_may_move_to(self, state: str) -> Self:
        """Those that their seller may take to *state* now."""
        allowed_from = [old for old, new in Listing.NEXT_STATES.items() if state in new]
        found = self.filter(state__in=allowed_from)
        if Listing.State.SOLD in allowed_from:
            undone = Q(sold_at__gt=timezone.now() - Listing.UNDO_SALE_WITHIN) & ~Q(
                pk__in=Listing.objects.filter(purchases__state="completed").values("pk")
            )
            found = found.filter(~Q(state=Listing.State.SOLD) | undone)
        return found

    def matching(self, words: str) -> Self:
        """Listings whose title or description holds every one of the *words*."""
        found = self
        for word in words.split():
            found = found.filter(Q(title__icontains=word) | Q(description__icontains=word))
        return found


# ``ListingQuerySet.public``, as the indexes know it.
_PUBLIC: Final = Q(
    state__in=["active", "reserved", "sold"], seller_is_reachable=True, hidden_at__isnull=True
)


class Listing(models.Model):
    """One item of one seller. A draft may be half-written; anything else is complete.

    ``ACTIVE`` is the seller's wish. Whether buyers see the page depends on the seller's
    number and on staff too (``ListingQuerySet.public``), so a listing goes live by itself
    when the number is there and vanishes with a suspended seller.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("For sale")
        RESERVED = "reserved", _("Reserved")
        SOLD = "sold", _("Sold")
        PAUSED = "paused", _("Paused")
        EXPIRED = "expired", _("Expired")

    class Condition(models.TextChoices):
        NEW = "new", _("New")
        LIKE_NEW = "like_new", _("Like new")
        GOOD = "good", _("Good")
        WORN = "worn", _("Well used")
        BROKEN = "broken", _("For parts or repair")

    class SoldWhere(models.TextChoices):
        HERE = "here", _("Sold through ShoppingPlace")
        ELSEWHERE = "elsewhere", _("Sold elsewhere")
        WITHDRAWN = "withdrawn", _("Not selling it any more")

    PUBLISHED: ClassVar = (State.ACTIVE, State.RESERVED, State.SOLD)

    # How long a seller may take back that it is sold.
    UNDO_SALE_WITHIN: ClassVar = timedelta(hours=24)

    # Where a seller may take a listing from each state. From ``SOLD`` only while the sale may
    # be undone (``sale_may_be_undone``).
    NEXT_STATES: ClassVar[dict[str, tuple[State, ...]]] = {
        State.DRAFT: (State.ACTIVE,),
        State.ACTIVE: (State.RESERVED, State.SOLD, State.PAUSED, State.EXPIRED),
        State.RESERVED: (State.ACTIVE, State.SOLD),
        State.SOLD: (State.ACTIVE,),
        State.PAUSED: (State.ACTIVE, State.SOLD),
        State.EXPIRED: (State.ACTIVE, State.SOLD),
    }

    reference = models.CharField(
        _("reference"), max_length=REFERENCE_LENGTH, unique=True, editable=False
    )
    seller = models.ForeignKey(
        Seller, verbose_name=_("seller"), on_delete=models.PROTECT, related_name="listings"
    )
    seller_is_reachable = models.BooleanField(default=False, editable=False)
    title = models.CharField(_("title"), max_length=80, blank=True)
    description = models.TextField(_("description"), max_length=4000, blank=True)
    price = models.DecimalField(
        _("price in US dollars"), max_digits=10, decimal_places=2, null=True
    )
    is_negotiable = models.BooleanField(_("price is negotiable"), default=False)
    category = models.ForeignKey(
        Category,
        verbose_name=_("category"),
        on_delete=models.PROTECT,
        null=True,
        related_name="listings",
    )
    condition = models.CharField(_("condition"), max_length=10, choices=Condition, blank=True)
    place = models.CharField(_("place"), max_length=80, blank=True)
    # Somewhere near the middle of the place, a random way off it: never where the item is.
    latitude = models.FloatField(null=True, editable=False)
    longitude = models.FloatField(null=True, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)
    expires_at = models.DateTimeField(_("expires at"), null=True, editable=False)
    expiry_warned_at = models.DateTimeField(null=True, editable=False)
    hidden_at = models.DateTimeField(_("hidden by staff"), null=True, editable=False)
    hidden_reason = models.CharField(_("hidden reason"), max_length=300, blank=True, editable=False)
    sold_at = models.DateTimeField(_("sold at"), null=True, editable=False)
    sold_where = models.CharField(_("sold where"), max_length=10, choices=SoldWhere, blank=True)
    sold_price = models.DecimalField(_("sold price"), max_digits=10, decimal_places=2, null=True)

    objects = ListingQuerySet.as_manager()

    class Meta:
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gte=0), name="price_is_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(
                    ~Q(title=""),
                    ~Q(description=""),
                    ~Q(condition=""),
                    ~Q(place=""),
                    price__isnull=False,
                    category__isnull=False,
                    published_at__isnull=False,
                ),
                name="only_a_draft_is_incomplete",
            ),
        ]
        # What pages walk in order until they have enough rows; each holds the public ones
        # alone. On PostgreSQL migrations add three more (the words, the position,
        # the cell), and columns to the first two.
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["-published_at", "-id"], condition=_PUBLIC, name="listings_newest_first"
            ),
            models.Index(
                fields=["category", "-published_at", "-id"],
                condition=_PUBLIC,
                name="category_newest_first",
            ),
            models.Index(fields=["price", "id"], condition=_PUBLIC, name="listings_cheapest_first"),
            models.Index(
                fields=["category", "price", "id"],
                condition=_PUBLIC,
                name="category_cheapest_first",
            ),
            models.Index(
                fields=["expires_at"], condition=Q(state="active"), name="listings_to_expire"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title or _('Untitled')} ({self.reference})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.reference:
            self.reference = unused_reference()
        if self._state.adding:
            self.seller_is_reachable = Seller.objects.reachable().filter(pk=self.seller_id).exists()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("listing_detail", args=[self.reference, self.slug])

    def clean(self) -> None:
        if self.state != self.State.DRAFT and not self.is_complete:
            raise ValidationError(_("Only a draft may be incomplete."))

    @property
    def slug(self) -> str:
        slug = slugify(self.title) or "item"
        # Words that lead elsewhere in the same place.
        return f"{slug}-item" if slug in {"buy", "favourite", "report"} else slug

    @property
    def price_text(self) -> str:
        """``$1,250``, ``$12.50`` or ``Free``; empty while a draft has no price."""
        return "" if self.price is None else dollars(self.price)

    @property
    def cover(self) -> "Photo | None":
        """The first photo. Prefetch ``photos`` for a list."""
        return next(iter(self.photos.all()), None)

    @property
    def is_published(self) -> bool:
        return self.state in self.PUBLISHED

    @property
    def is_public(self) -> bool:
        """``ListingQuerySet.public``, of the row as it was read."""
        return self.is_published and self.seller_is_reachable and self.hidden_at is None

    @property
    def is_complete(self) -> bool:
        """All that a buyer needs is there: it may be more than a draft."""
        return bool(
            self.title
            and self.description
            and self.condition
            and self.place
            and self.price is not None
            and self.category_id
        )

    @property
    def next_states(self) -> tuple[State, ...]:
        if self.state == self.State.SOLD and not self.sale_may_be_undone:
            return ()
        return self.NEXT_STATES[self.state]

    @property
    def sale_may_be_undone(self) -> bool:
        """Sold by hand within the last 24 hours. Prefetch ``purchases`` for a list."""
        return (
            self.state == self.State.SOLD
            and self.sold_at is not None
            and self.sold_at > timezone.now() - self.UNDO_SALE_WITHIN
            and not any(purchase.state == "completed" for purchase in self.purchases.all())
        )

    def move_to(self, state: State) -> bool:
        """Take the listing to *state*, from what it is in the database; False if it may not.

        ``published_at`` is the first time it was offered: a listing that comes back from
        a pause is not new.
        """
        now = timezone.now()
        changes: dict[str, Any] = {"state": state, "published_at": self.published_at or now}
        if state == self.State.ACTIVE:
            changes |= {
                "expires_at": now + timedelta(days=settings.LISTING_DAYS),
                "expiry_warned_at": None,
                "sold_at": None,
                "sold_where": "",
                "sold_price": None,
            }
        if state == self.State.SOLD:
            changes["sold_at"] = now
        moved = Listing.objects.filter(pk=self.pk).that_may_move_to(state).update(**changes)
        self.refresh_from_db(fields=["state", *changes])
        return moved == 1


def random_path(photo: "Photo", filename: str) -> str:
    """Where a photo is stored: a name that says nothing and cannot be guessed."""
    return f"photos/{secrets.token_urlsafe(18)}{PurePath(filename).suffix}"


class Photo(models.Model):
    """A picture of a listing: our own re-encoding in three sizes, never the bytes uploaded."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="photos")
    position = models.PositiveSmallIntegerField(_("position"))
    image = models.ImageField(upload_to=random_path, width_field="width", height_field="height")
    thumbnail = models.ImageField(upload_to=random_path)
    small = models.ImageField(upload_to=random_path)
    # What it looks like in 64 bits: the same picture, also scaled or re-encoded, has the same.
    fingerprint = models.BigIntegerField(null=True, db_index=True, editable=False)
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering: ClassVar = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["listing", "position"], name="one_photo_a_position"),
        ]

    def __str__(self) -> str:
        return gettext("photo %(position)s") % {"position": self.position}

    def forget_files(self) -> None:
        """Delete the files that it names now, once the row is gone or names others."""
        for file in (self.image, self.thumbnail, self.small):
            if file.name:
                transaction.on_commit(partial(file.storage.delete, file.name))


@receiver(post_delete, sender=Photo)
def delete_files(instance: Photo, **kwargs: Any) -> None:
    """Files go with their row, however it goes (a cascade calls no ``delete``)."""
    instance.forget_files()


def dollars(amount: Decimal) -> str:
    """``$1,250``, ``$12.50``; ``Free`` for nothing."""
    if amount == 0:
        return gettext("Free")
    return f"${amount:,.0f}" if amount == amount.to_integral_value() else f"${amount:,.2f}"


def unused_reference() -> str:
    """A reference nobody has. The unique constraint stands behind the tiny race."""
    while True:
        reference = "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))
        if not Listing.objects.filter(reference=reference).exists():
            return reference
