"""What an index and the planner's statistics understand: cells of the map, and whole words.

How many rows lie between two latitudes and two longitudes the planner can only guess; how
many lie in a cell it knows. The same goes for words and their beginnings, so beginnings are
looked up among the words that listings say.
"""

from django.db import migrations

PUBLIC = "state IN ('active', 'reserved', 'sold') AND seller_is_reachable AND hidden_at IS NULL"

FORWARD = [
    # Quarters of a degree, counted from the South Pole and the date line, eastwards.
    """
    ALTER TABLE listings_listing ADD COLUMN cell integer GENERATED ALWAYS AS (
        floor((latitude + 90) * 4)::integer * 1440 + floor((longitude + 180) * 4)::integer
    ) STORED
    """,
    # The same two as before, with columns that pages filter by: most rows that do not match
    # are passed over without being fetched.
    "DROP INDEX listings_newest_first, category_newest_first",
    f"""
    CREATE INDEX listings_newest_first ON listings_listing (published_at DESC, id DESC)
    INCLUDE (category_id, state, price, condition, cell, latitude, longitude) WHERE {PUBLIC}
    """,
    f"""
    CREATE INDEX category_newest_first ON listings_listing
    (category_id, published_at DESC, id DESC) INCLUDE (state) WHERE {PUBLIC}
    """,
    # Of all rows: PostgreSQL never joins the bitmaps of two indexes with the same condition,
    # and this one is to be joined with that of the words.
    "CREATE INDEX listings_by_cell ON listings_listing (cell)",
    # Three hundred cells hold most of the people, and five thousand lexemes most of the words.
    "ALTER TABLE listings_listing ALTER COLUMN cell SET STATISTICS 300",
    "ALTER TABLE listings_listing ALTER COLUMN search SET STATISTICS 500",
    """
    INSERT INTO listings_searchword (word)
    SELECT DISTINCT word FROM listings_listing,
        regexp_split_to_table(lower(title || ' ' || description), '[^[:alnum:]]+') AS word
    WHERE state <> 'draft' AND word ~ '[[:alpha:]]' AND length(word) BETWEEN 3 AND 40
    ON CONFLICT DO NOTHING
    """,
]
BACKWARD = [
    "DROP INDEX listings_newest_first, category_newest_first",
    f"""
    CREATE INDEX listings_newest_first ON listings_listing (published_at DESC, id DESC)
    WHERE {PUBLIC}
    """,
    f"""
    CREATE INDEX category_newest_first ON listings_listing
    (category_id, published_at DESC, id DESC) WHERE {PUBLIC}
    """,
    "ALTER TABLE listings_listing ALTER COLUMN search SET STATISTICS -1",
    "ALTER TABLE listings_listing DROP COLUMN cell",
]


def forward(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in FORWARD:
            schema_editor.execute(statement)


def backward(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in BACKWARD:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("listings", "0007_name_what_staff_see")]

    operations = [
        migrations.RemoveIndex(model_name="listing", name="listings_by_position"),
        migrations.RunPython(forward, backward),
    ]
