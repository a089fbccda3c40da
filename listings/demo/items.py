"""What Tom and Beth sell. Ages are relative, so the demo is always of today."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from listings.demo import drawings
from listings.demo.scene import Scene
from listings.models import Listing

TOM: Final = "tom@example.com"
BETH: Final = "beth@example.com"
AMIRA: Final = "amira@example.com"
CARLOS: Final = "carlos@example.com"
DANA: Final = "dana@example.com"
HIRO: Final = "hiro@example.com"
INES: Final = "ines@example.com"
JOE: Final = "joe@example.com"

# Slug and name, in the order in which people see them; and what is below.
CATEGORIES: Final = (
    ("home-garden", "Home & garden", (
        ("furniture", "Furniture"),
        ("kitchen-home", "Kitchen & home"),
        ("garden-plants", "Garden & plants"),
    )),
    ("leisure", "Leisure", (
        ("bikes", "Bikes"),
        ("outdoors-sports", "Outdoors & sports"),
        ("music-audio", "Music & audio"),
        ("collectibles", "Collectibles"),
    )),
    ("electronics", "Electronics", (
        ("cameras", "Cameras & optics"),
        ("computers-phones", "Computers & phones"),
    )),
    ("family", "Family", (
        ("kids-toys", "Kids & toys"),
        ("clothes", "Clothes & shoes"),
    )),
)  # fmt: skip


@dataclass(frozen=True)
class Item:
    """One listing of the demo. The reference is fixed, so that loading twice changes nothing."""

    reference: str
    seller: str
    title: str
    price: Decimal
    category: str
    condition: Listing.Condition
    place: str
    age: timedelta
    draw: Callable[[], Scene]
    description: str
    state: Listing.State = Listing.State.ACTIVE
    is_negotiable: bool = False


def varied(draw: Callable[[], Scene], turn: int, *, mirrored: bool = False) -> Callable[[], Scene]:
    """What *draw* draws, in other colors, as ``Scene.varied``."""
    return lambda: draw().varied(turn, mirrored=mirrored)


_NEW = Listing.Condition.NEW
_LIKE_NEW = Listing.Condition.LIKE_NEW
_GOOD = Listing.Condition.GOOD
_WORN = Listing.Condition.WORN
_BROKEN = Listing.Condition.BROKEN

ITEMS: Final = (
    Item(
        "K7Q2M", TOM, "Oak table", Decimal(240), "furniture", _GOOD, "San Rafael, CA",
        timedelta(minutes=35), drawings.oak_table,
        "Solid oak, seats six. 63 by 35 inches, 30 high. One ring from a hot pan near the "
        "middle, which a runner covers; otherwise straight and steady.\n\n"
        "Comes apart with four bolts and fits into a station wagon. I can help carry it down.",
    ),
    Item(
        "B4XR9", BETH, "City bike with basket, 54 cm", Decimal(185), "bikes", _GOOD,
        "Modesto, CA", timedelta(hours=2), drawings.bicycle,
        "Steel frame, seven gears, new tires in spring. The basket holds a week of groceries. "
        "The bell is loud. I moved closer to work and walk now.",
    ),
    Item(
        "M3F8D", TOM, "35 mm film camera with 50 mm lens", Decimal("129.50"), "cameras", _GOOD,
        "Mill Valley, CA", timedelta(hours=5), drawings.film_camera,
        "Shutter and light meter work at all speeds, I shot a roll last month and can show you "
        "the prints. Small dent beside the hot shoe. Strap and one roll of film included.",
    ),
    Item(
        "W9T5C", BETH, "Green velvet armchair", Decimal(320), "furniture", _LIKE_NEW, "Turlock, CA",
        timedelta(hours=9), drawings.armchair,
        "Bought last year, hardly sat in: the cat chose another chair. Deep seat, walnut legs, "
        "the cushion comes along. Smoke-free home.",
    ),
    Item(
        "H2N6P", TOM, "Acoustic guitar, spruce top", Decimal(275), "music-audio", _GOOD,
        "San Rafael, CA", timedelta(days=1, hours=1), drawings.guitar,
        "Warm sound and an easy neck. New strings. A few scratches on the back from a belt "
        "buckle. Come by and play it, I have a quiet garage.",
        Listing.State.RESERVED,
    ),
    Item(
        "R8V3K", BETH, "Record player with speaker", Decimal(95), "music-audio", _WORN, "Ceres, CA",
        timedelta(days=1, hours=6), drawings.record_player,
        "Plays 33 and 45, built-in speaker, line out at the back. The lid has a hairline crack "
        "in one corner. Ten records included, all of them good for dancing.",
    ),
    Item(
        "J5D7A", BETH, "Stand mixer, red", Decimal(140), "kitchen-home", _GOOD, "Modesto, CA",
        timedelta(days=2), drawings.stand_mixer,
        "Kneads two loaves at once without walking off the counter. Whisk, hook and flat beater. "
        "We were given a second one.",
    ),
    Item(
        "P6Y4E", TOM, "Monstera, four feet tall", Decimal(40), "garden-plants", _GOOD,
        "Sausalito, CA", timedelta(days=3), drawings.monstera,
        "Healthy and still growing, that is the problem. Pot included. Wants light, not sun, and "
        "water once a week.",
    ),
    Item(
        "C9G2S", TOM, "White bookshelf", Decimal(0), "furniture", _WORN, "San Rafael, CA",
        timedelta(days=4), drawings.bookshelf,
        "Free to whoever carries it. 76 inches high, 40 wide. The books stay with me. First "
        "floor, no stairs.",
    ),
    Item(
        "T7B8H", BETH, "Hiking boots, women's 8.5", Decimal(65), "outdoors-sports", _LIKE_NEW,
        "Oakdale, CA", timedelta(days=5), drawings.hiking_boots,
        "Two weekends in Yosemite, then my knee said no. Waterproof leather, soles like new.",
    ),
    Item(
        "N4K6W", TOM, "Sea kayak, 14 feet, with paddle", Decimal(1250), "outdoors-sports", _GOOD,
        "Tiburon, CA", timedelta(days=6), drawings.kayak,
        "Dry hatches front and back, skirt and paddle included. Stored indoors. Roof rack pads "
        "go with it. You can try it on the bay before you decide.",
    ),
    Item(
        "D3Z9X", BETH, "Wooden train with two wagons", Decimal("24.90"), "kids-toys", _GOOD,
        "Turlock, CA", timedelta(days=8), drawings.wooden_train,
        "Beech wood, water-based paint. Loved by two children, gnawed by none. Sixteen pieces of "
        "track in a box.",
    ),
    Item(
        "F8M5R", TOM, "Brass desk lamp", Decimal(38), "kitchen-home", _GOOD, "Mill Valley, CA",
        timedelta(days=9), drawings.desk_lamp,
        "Stays where you put it. Takes an ordinary bulb, one is in it. Cable was renewed.",
    ),
    Item(
        "G2C7V", BETH, "Sewing machine, runs but skips", Decimal(30), "kitchen-home", _BROKEN,
        "Ceres, CA", timedelta(days=11), drawings.sewing_machine,
        "My grandmother's. Motor strong, light works, skips stitches: needs somebody who knows "
        "timing. Beautiful as it is.",
    ),
    Item(
        "X5A3J", TOM, "Skateboard, 8 inch, unused", Decimal(55), "outdoors-sports", _NEW,
        "San Rafael, CA", timedelta(days=13), drawings.skateboard,
        "A present for a nephew who prefers chess. Never on the road.",
    ),
    Item(
        "Y6E4T", BETH, "Portable typewriter, sea green", Decimal(110), "collectibles", _GOOD,
        "Modesto, CA", timedelta(days=16), drawings.typewriter,
        "All keys strike cleanly, new ribbon. Case with both keys.",
        Listing.State.SOLD,
    ),
)  # fmt: skip
