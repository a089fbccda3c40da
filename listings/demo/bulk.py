"""Any number of listings at once, made inside PostgreSQL: to measure with, not to look at.

The same seed makes the same listings. A third of them name oak, as a word does that is
everywhere; ``RARE`` stands for one in some thousands.
"""

from typing import Final

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from listings.models import REFERENCE_ALPHABET, Category, Listing, Photo, SearchWord
from listings.places import all_places
from proxying.models import ProxyService, ReservedNumber, Seller, SellerKey
from proxying.phone_numbers import PhoneNumber

LISTINGS_A_SELLER: Final = 40
RARE: Final = ("harpsichord", "astrolabe", "gramophone", "theremin")

_WOODS: Final = ("oak", "walnut", "steel")
_QUALITIES: Final = (
    "solid", "small", "large", "vintage", "modern", "round", "white", "green", "blue", "folding",
    "antique", "sturdy", "bright", "rustic", "compact", "handmade",
)  # fmt: skip
_THINGS: Final = (
    "table", "chair", "bookshelf", "bicycle", "guitar", "camera", "lamp", "kettle", "tent",
    "mirror", "desk", "cabinet", "drum", "speaker", "scooter", "stroller", "sofa", "armchair",
    "wardrobe", "mattress", "kayak", "typewriter", "telescope", "printer", "monitor", "keyboard",
    "planter", "ladder", "toolbox", "drill", "heater", "blanket", "backpack", "skateboard",
)  # fmt: skip
_SENTENCES: Final = (
    "Bought new a few years ago and used with care.",
    "One scratch on the left side, which you only see when you look for it.",
    "Comes from a home without smoke or pets.",
    "We are moving and it does not fit into the new place.",
    "Everything works, you may try it before you decide.",
    "Has stood in a dry garage since the summer.",
    "The manual and the original box are still there.",
    "Fits into a station wagon with the seats down.",
    "Needs a little polish and somebody who has the time for it.",
    "My daughter has grown out of it.",
)
_CHUNK: Final = 50_000


class CannotFill(Exception):
    """This database is not one to fill; the message says why."""


def fill(count: int) -> None:
    """Adds *count* listings with a photo row each, and sellers to offer them."""
    if connection.vendor != "postgresql":
        raise CannotFill("Filling works on PostgreSQL alone: set DATABASE_URL.")
    if Seller.objects.exclude(user__email__endswith="@example.com").exists():
        raise CannotFill("There are sellers here who are not the demo's: this data is theirs.")
    categories = list(Category.objects.filter(children=None).values_list("pk", flat=True))
    if not categories:
        raise CannotFill("There are no categories yet.")
    with transaction.atomic():
        sellers = _sellers(max(1, count // LISTINGS_A_SELLER))
    for start in range(0, count, _CHUNK):
        _listings(range(start, min(start + _CHUNK, count)), count, sellers, categories)
    words = {*_WOODS, *_QUALITIES, *_THINGS, *RARE}
    SearchWord.objects.bulk_create(
        map(SearchWord, [None] * len(words), words), ignore_conflicts=True
    )
    _come_to_rest()


def _come_to_rest() -> None:
    """What the planner knows of the tables, and which of their pages all can see."""
    with connection.cursor() as cursor:
        for model in (Listing, Photo, Seller, User, ReservedNumber, SearchWord):
            cursor.execute(f"VACUUM ANALYZE {model._meta.db_table}")
        # The first has marked rows as committed; only another takes their pages for settled.
        cursor.execute(f"VACUUM {Listing._meta.db_table}")


def _sellers(count: int) -> list[str]:
    """The ids of *count* sellers, reachable at numbers that nobody has."""
    service, _ = ProxyService.objects.get_or_create(
        unique_name="measuring", defaults={"service_sid": "KS" + "0" * 32, "country": "US"}
    )
    start = User.objects.count()
    users = User.objects.bulk_create(
        User(username=f"bulk{n}@example.com", email=f"bulk{n}@example.com", password="!")  # noqa: S106 (no password fits it)
        for n in range(start, start + count)
    )
    now = timezone.now()
    unsaved = [
        Seller(
            user=user,
            display_name=f"Seller {start + n}",
            phone_number=PhoneNumber(f"+1555{start + n:07}"),
            phone_verified_at=now,
        )
        for n, user in enumerate(users)
    ]
    # Their keys first, all at once: each phone number is sealed with its seller's.
    SellerKey.objects.bulk_create([SellerKey(seller=seller) for seller in unsaved])
    sellers = Seller.objects.bulk_create(unsaved)
    ReservedNumber.objects.bulk_create(
        ReservedNumber(
            seller=seller,
            status=ReservedNumber.Status.ACTIVE,
            service=service,
            proxy_identifier=f"+1556{start + n:07}",
            phone_number_sid=f"PN{start + n:032}",
            active_at=now,
            next_attempt_at=None,
        )
        for n, seller in enumerate(sellers)
    )
    return [str(seller.pk) for seller in sellers]


_INSERT: Final = """
WITH given AS (
    SELECT %(sellers)s::uuid[] AS sellers, %(categories)s::bigint[] AS categories,
        %(places)s::text[] AS places, %(latitudes)s::float8[] AS latitudes,
        %(longitudes)s::float8[] AS longitudes, %(woods)s::text[] AS woods,
        %(qualities)s::text[] AS qualities, %(things)s::text[] AS things,
        %(rare)s::text[] AS rare, %(sentences)s::text[] AS sentences
), made AS (
    SELECT n, random() AS a, random() AS b, random() AS c, random() AS d, random() AS e,
        random() AS f, random() AS g
    FROM generate_series(%(start)s::int, %(end)s::int - 1) AS n
), placed AS (
    SELECT made.*,
        -- The largest towns come first in the list: squaring twice fills them more.
        1 + floor(power(f, 4) * cardinality(places))::int AS place,
        greatest(1, round(exp(2 + 5 * g)))::numeric AS price,
        -- Two months, in the order in which rows come to be.
        now() - interval '60 days' * (1 - n / %(count)s::float8) AS published_at
    FROM made, given
), listed AS (
    INSERT INTO listings_listing (
        reference, seller_id, seller_is_reachable, title, description, price, is_negotiable,
        category_id, condition, place, latitude, longitude, state, created_at, published_at,
        expires_at, hidden_reason, sold_where
    )
    SELECT
        (SELECT string_agg(substr(%(alphabet)s::text, 1 + (((n::bigint + 1) * 7368787 + 104729)
            %% 24300000 / (30 ^ digit)::bigint %% 30)::int, 1), '')
         FROM generate_series(0, 4) AS digit),
        sellers[1 + n %% cardinality(sellers)],
        true,
        initcap(quality) || ' ' || wood || ' ' || thing || CASE
            WHEN n %% 5000 = 17 THEN ' and ' || rare[1 + n / 5000 %% cardinality(rare)]
            ELSE '' END,
        sentences[1 + floor(d * cardinality(sentences))::int] || ' ' ||
        sentences[1 + floor(e * cardinality(sentences))::int] || ' Number ' || n || '.',
        price, n %% 3 = 0,
        categories[1 + floor(b * cardinality(categories))::int],
        (ARRAY['new', 'like_new', 'good', 'good', 'worn', 'broken'])[1 + n %% 6],
        places[place],
        latitudes[place] + (a - 0.5) / 50, longitudes[place] + (c - 0.5) / 50,
        CASE WHEN n %% 50 = 1 THEN 'reserved' WHEN n %% 50 = 2 THEN 'sold' ELSE 'active' END,
        published_at, published_at,
        now() + interval '30 days', '', ''
    FROM placed, given, LATERAL (SELECT
        qualities[1 + floor(a * cardinality(qualities))::int] AS quality,
        woods[1 + floor(c * cardinality(woods))::int] AS wood,
        things[1 + floor(d * cardinality(things))::int] AS thing) AS words
    RETURNING id
)
INSERT INTO listings_photo (listing_id, position, image, thumbnail, small, width, height)
SELECT id, 1, 'photos/none.webp', 'photos/none.webp', 'photos/none.webp', 800, 600 FROM listed
"""


def _listings(part: range, count: int, sellers: list[str], categories: list[int]) -> None:
    places = all_places()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT setseed(%s)", [part.start % 1000 / 1000])
        cursor.execute(
            _INSERT,
            {
                "start": part.start,
                "end": part.stop,
                "count": count,
                "sellers": sellers,
                "categories": categories,
                "alphabet": REFERENCE_ALPHABET,
                "places": [place.label for place in places],
                "latitudes": [place.latitude for place in places],
                "longitudes": [place.longitude for place in places],
                "woods": list(_WOODS),
                "qualities": list(_QUALITIES),
                "things": list(_THINGS),
                "sentences": list(_SENTENCES),
                "rare": list(RARE),
            },
        )
