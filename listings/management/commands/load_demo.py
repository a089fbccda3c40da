"""Fill the marketplace with what Tom and Beth sell.

Running it again renews the dates, and leaves alone what anybody has changed since.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from listings.demo.items import CATEGORIES, ITEMS, Item
from listings.models import Category, Listing
from listings.selling.photos import IMAGE_SIDE, attach, encoded
from proxying.models import Seller

# The drawings are small and flat; larger would only be more of the same color.
PICTURE_WIDTH = min(IMAGE_SIDE, 1000)


class Command(BaseCommand):
    help = "Load demo categories and listings for the sellers Tom and Beth, who must exist."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        categories = {
            slug: Category.objects.update_or_create(
                slug=slug, defaults={"name": name, "position": position}
            )[0]
            for position, (slug, name) in enumerate(CATEGORIES)
        }
        sellers = {email: _seller(email) for email in {item.seller for item in ITEMS}}
        for item in ITEMS:
            listing, is_new = _listing(item, sellers[item.seller], categories[item.category])
            if is_new:
                scene = item.draw()
                attach(listing, [encoded(scene.picture(PICTURE_WIDTH))])
        self.stdout.write(f"{len(ITEMS)} listings in {len(categories)} categories are there.")


def _seller(email: str) -> Seller:
    seller = Seller.objects.filter(user__email=email).first()
    if seller is None:
        raise CommandError(f"There is no seller {email}: load the demo's people first.")
    return seller


def _listing(item: Item, seller: Seller, category: Category) -> tuple[Listing, bool]:
    """The item's listing, dated from now, and whether it was made just now."""
    published_at = timezone.now() - item.age
    dates = {"created_at": published_at, "published_at": published_at}
    words = {
        "seller": seller,
        "title": item.title,
        "description": item.description,
        "price": item.price,
        "category": category,
        "condition": item.condition,
        "place": item.place,
        "state": item.state,
    }
    return Listing.objects.update_or_create(
        reference=item.reference, defaults=dates, create_defaults=words | dates
    )
