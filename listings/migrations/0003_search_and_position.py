"""What PostgreSQL searches by, and what earlier listings lack.

Both columns are computed by the database from the row itself, so nothing has to remember
to renew them; the models do not name them, since SQLite has neither type. ``listings.search``
asks them by name.
"""

from datetime import timedelta
from io import BytesIO

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import migrations
from django.utils import timezone
from PIL import Image

PUBLIC = "state IN ('active', 'reserved', 'sold') AND seller_is_reachable AND hidden_at IS NULL"

FORWARD = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE EXTENSION IF NOT EXISTS cube",
    # Stems find "chairs" by "chair"; the plain words beside them find "guitar" by "guit".
    """
    ALTER TABLE listings_listing ADD COLUMN search tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('english', title), 'A')
        || setweight(to_tsvector('simple', title), 'A')
        || setweight(to_tsvector('english', description), 'B')
        || setweight(to_tsvector('simple', description), 'B')
    ) STORED
    """,
    f"CREATE INDEX listings_by_words ON listings_listing USING gin (search) WHERE {PUBLIC}",
    # A point on the unit sphere: the straight line between two grows with the way between
    # them, and GiST walks it nearest first.
    """
    ALTER TABLE listings_listing ADD COLUMN position cube GENERATED ALWAYS AS (
        CASE WHEN latitude IS NOT NULL AND longitude IS NOT NULL THEN cube(ARRAY[
            cos(radians(latitude)) * cos(radians(longitude)),
            cos(radians(latitude)) * sin(radians(longitude)),
            sin(radians(latitude))
        ]) END
    ) STORED
    """,
    f"CREATE INDEX listings_nearest_first ON listings_listing USING gist (position) WHERE {PUBLIC}",
    """
    CREATE INDEX search_words_alike ON listings_searchword USING gist (word gist_trgm_ops)
    """,
]
BACKWARD = [
    "DROP INDEX search_words_alike",
    "ALTER TABLE listings_listing DROP COLUMN position, DROP COLUMN search",
]


def forward(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in FORWARD:
            schema_editor.execute(statement)


def backward(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in BACKWARD:
            schema_editor.execute(statement)


def complete(apps, schema_editor):
    """Earlier listings: until when they run. ``listings.reachability`` finds who is reachable."""
    listings = apps.get_model("listings", "Listing").objects
    in_time = timezone.now() + timedelta(days=settings.LISTING_DAYS)
    listings.filter(state="active", expires_at=None).update(expires_at=in_time)
    listings.filter(state="sold", sold_at=None).update(sold_at=timezone.now())
    for photo in apps.get_model("listings", "Photo").objects.filter(small=""):
        with Image.open(photo.thumbnail) as picture:
            picture.thumbnail((240, 240))
            out = BytesIO()
            picture.save(out, "WEBP", quality=82)
        # The historical model does not choose random names by itself.
        name = photo.thumbnail.name.replace(".webp", "-small.webp")
        photo.small.name = photo.small.storage.save(name, ContentFile(out.getvalue()))
        photo.save(update_fields=["small"])


class Migration(migrations.Migration):
    dependencies = [("listings", "0002_marketplace")]

    operations = [
        migrations.RunPython(forward, backward),
        migrations.RunPython(complete, migrations.RunPython.noop),
    ]
