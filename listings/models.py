"""What is for sale: categories, listings, photos."""

import secrets
from decimal import Decimal
from functools import partial
from pathlib import PurePath
from typing import Any, ClassVar, Final, Self

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from proxying.models import Seller

# Read out on the phone and typed by hand, so nothing that looks like another: no 0 O, 1 I L, U.
# Five of these name 24 million listings.
REFERENCE_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE_LENGTH: Final = 5


class Category(models.Model):
    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=60, unique=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["position", "name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class ListingQuerySet(models.QuerySet["Listing"]):
    def public(self) -> Self:
        """Pages anybody may open: published, and the seller can be reached now."""
        return self.filter(
            state__in=Listing.PUBLISHED, seller__in=Seller.objects.reachable().values("pk")
        )

    def for_sale(self) -> Self:
        """What browsing shows: public and not sold."""
        return self.public().exclude(state=Listing.State.SOLD)

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """What is public, and the person's own in whatever state."""
        if not user.is_authenticated:
            return self.public()
        return self.filter(Q(pk__in=self.public().values("pk")) | Q(seller__user=user.pk))

    def matching(self, words: str) -> Self:
        """Listings whose title or description holds every one of the *words*."""
        found = self
        for word in words.split():
            found = found.filter(Q(title__icontains=word) | Q(description__icontains=word))
        return found


class Listing(models.Model):
    """One item of one seller. A draft may be half-written; anything else is complete.

    ``ACTIVE`` is the seller's wish. Whether buyers see the page depends on the seller's
    number too (``ListingQuerySet.public``), so a listing goes live by itself when the
    number is there and vanishes with a suspended seller.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "For sale"
        RESERVED = "reserved", "Reserved"
        SOLD = "sold", "Sold"
        PAUSED = "paused", "Paused"

    class Condition(models.TextChoices):
        NEW = "new", "New"
        LIKE_NEW = "like_new", "Like new"
        GOOD = "good", "Good"
        WORN = "worn", "Well used"
        BROKEN = "broken", "For parts or repair"

    PUBLISHED: ClassVar = (State.ACTIVE, State.RESERVED, State.SOLD)

    # Where a seller may take a listing from each state.
    NEXT_STATES: ClassVar[dict[str, tuple[State, ...]]] = {
        State.DRAFT: (State.ACTIVE,),
        State.ACTIVE: (State.RESERVED, State.SOLD, State.PAUSED),
        State.RESERVED: (State.ACTIVE, State.SOLD),
        State.SOLD: (State.ACTIVE,),
        State.PAUSED: (State.ACTIVE, State.SOLD),
    }

    reference = models.CharField(max_length=REFERENCE_LENGTH, unique=True, editable=False)
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="listings")
    title = models.CharField(max_length=80)
    description = models.TextField(max_length=4000, blank=True)
    price = models.DecimalField("price in US dollars", max_digits=10, decimal_places=2, null=True)
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, null=True, related_name="listings"
    )
    condition = models.CharField(max_length=10, choices=Condition, blank=True)
    place = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)

    objects = ListingQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gte=0), name="price_is_not_negative"
            ),
            models.CheckConstraint(condition=~Q(title=""), name="listing_has_a_title"),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(
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
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["-published_at", "-id"],
                condition=Q(state__in=["active", "reserved"]),
                name="listings_newest_first",
            ),
            models.Index(
                fields=["category", "-published_at", "-id"],
                condition=Q(state__in=["active", "reserved"]),
                name="category_newest_first",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.reference})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.reference:
            self.reference = _unused_reference()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("listing_detail", args=[self.reference, self.slug])

    def clean(self) -> None:
        if self.state != self.State.DRAFT and not self.is_complete:
            raise ValidationError("Only a draft may be incomplete.")

    @property
    def slug(self) -> str:
        return slugify(self.title) or "item"

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
    def is_complete(self) -> bool:
        """All that a buyer needs is there: it may be more than a draft."""
        return bool(
            self.description
            and self.condition
            and self.place
            and self.price is not None
            and self.category_id
        )

    @property
    def next_states(self) -> tuple[State, ...]:
        return self.NEXT_STATES[self.state]

    def move_to(self, state: State) -> bool:
        """Take the listing to *state*, from what it is in the database; False if it may not.

        ``published_at`` is the first time it was offered: a listing that comes back from
        a pause is not new.
        """
        allowed_from = [old for old, new in self.NEXT_STATES.items() if state in new]
        moved = Listing.objects.filter(pk=self.pk, state__in=allowed_from).update(
            state=state, published_at=self.published_at or timezone.now()
        )
        self.refresh_from_db(fields=["state", "published_at"])
        return moved == 1


def random_path(photo: "Photo", filename: str) -> str:
    """Where a photo is stored: a name that says nothing and cannot be guessed."""
    return f"photos/{secrets.token_urlsafe(18)}{PurePath(filename).suffix}"


class Photo(models.Model):
    """A picture of a listing: our own re-encoding in two sizes, never the bytes uploaded."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="photos")
    position = models.PositiveSmallIntegerField()
    image = models.ImageField(upload_to=random_path, width_field="width", height_field="height")
    thumbnail = models.ImageField(upload_to=random_path)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["listing", "position"], name="one_photo_a_position"),
        ]

    def __str__(self) -> str:
        return f"photo {self.position} of {self.listing_id}"


@receiver(post_delete, sender=Photo)
def delete_files(instance: Photo, **kwargs: Any) -> None:
    """Files go with their row, however it goes (a cascade calls no ``delete``), once it is gone."""
    for file in (instance.image, instance.thumbnail):
        if file.name:
            transaction.on_commit(partial(file.storage.delete, file.name))


def dollars(amount: Decimal) -> str:
    """``$1,250``, ``$12.50``; ``Free`` for nothing."""
    if amount == 0:
        return "Free"
    return f"${amount:,.0f}" if amount == amount.to_integral_value() else f"${amount:,.2f}"


def _unused_reference() -> str:
    """A reference nobody has. The unique constraint stands behind the tiny race."""
    while True:
        reference = "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))
        if not Listing.objects.filter(reference=reference).exists():
            return reference
