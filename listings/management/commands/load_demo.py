"""Fill the marketplace with what the demo's eight people sell, and what came of it.

Running it again renews the dates, and leaves alone what anybody has changed since.
"""

import functools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from listings import places, reachability
from listings.browsing import words
from listings.demo import bulk, story
from listings.demo.items import CATEGORIES, Item
from listings.demo.items import ITEMS as FIRST_ITEMS
from listings.demo.more_items import MORE_ITEMS
from listings.models import Category, Listing
from listings.selling.photos import IMAGE_SIDE, EncodedPhoto, attach, encoded
from proxying.models import Seller

ITEMS = FIRST_ITEMS + MORE_ITEMS

# The drawings are small and flat; larger would only be more of the same color.
PICTURE_WIDTH = min(IMAGE_SIDE, 800)


class Command(BaseCommand):
    help = "Load demo categories, listings and purchases for the demo's people, who must exist."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--listings",
            type=int,
            default=0,
            help="add so many listings to measure with (PostgreSQL alone; a million in minutes)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        categories = _categories()
        if options["listings"]:
            try:
                bulk.fill(options["listings"])
            except bulk.CannotFill as reason:
                raise CommandError(str(reason)) from None
            self.stdout.write(f"{options['listings']} listings to measure with are there.")
            return
        pictures = _pictures()
        with transaction.atomic():
            sellers = {email: _seller(email) for email in {item.seller for item in ITEMS}}
            for item in ITEMS:
                listing, is_new = _listing(item, sellers[item.seller], categories[item.category])
                if is_new:
                    attach(listing, [pictures[item.reference]])
                    words.learn(listing)
            story.tell()
        reachability.follow_all()
        self.stdout.write(f"{len(ITEMS)} listings in {len(categories)} categories are there.")


def _categories() -> dict[str, Category]:
    """By slug, the branches and what hangs on them."""
    made = {}
    for position, (slug, name, below) in enumerate(CATEGORIES):
        branch = made[slug] = _category(slug, name, position, None)
        for place, (leaf, title) in enumerate(below):
            made[leaf] = _category(leaf, title, place, branch)
    return made


def _category(slug: str, name: str, position: int, parent: Category | None) -> Category:
    wanted = {"name": name, "position": position, "parent": parent}
    return Category.objects.update_or_create(slug=slug, defaults=wanted)[0]


def _pictures() -> dict[str, EncodedPhoto]:
    """By reference, those of the items that are not there yet.

    Drawn before anything is written: on SQLite nobody else could write meanwhile.
    """
    there = Listing.objects.filter(reference__in=[item.reference for item in ITEMS])
    known = set(there.values_list("reference", flat=True))
    missing = [item for item in ITEMS if item.reference not in known]
    # Threads are enough: Pillow lets go of the interpreter while it resizes and encodes.
    with ThreadPoolExecutor() as pool:
        pictures = pool.map(_picture, missing)
        return {item.reference: picture for item, picture in zip(missing, pictures, strict=True)}


@functools.cache
def _picture(item: Item) -> EncodedPhoto:
    """Drawn once, however often a process loads the demo, as tests do."""
    return encoded(item.draw().picture(PICTURE_WIDTH))


def _seller(email: str) -> Seller:
    seller = Seller.objects.filter(user__email=email).first()
    if seller is None:
        raise CommandError(f"There is no seller {email}: load the demo's people first.")
    return seller


def _listing(item: Item, seller: Seller, category: Category) -> tuple[Listing, bool]:
    """The item's listing, dated from now, and whether it was made just now."""
    published_at = timezone.now() - item.age
    place = places.find(item.place)
    assert place is not None
    latitude, longitude = places.near(place)
    dates: dict[str, Any] = {
        "created_at": published_at,
        "published_at": published_at,
        "expires_at": timezone.now() + timedelta(days=settings.LISTING_DAYS) - item.age,
    }
    words = {
        "seller": seller,
        "title": item.title,
        "description": item.description,
        "price": item.price,
        "category": category,
        "condition": item.condition,
        "is_negotiable": item.is_negotiable,
        "place": place.label,
        "latitude": latitude,
        "longitude": longitude,
        "state": item.state,
        "sold_at": published_at + timedelta(days=1) if item.state == Listing.State.SOLD else None,
    }
    return Listing.objects.update_or_create(
        reference=item.reference, defaults=dates, create_defaults=words | dates
    )
