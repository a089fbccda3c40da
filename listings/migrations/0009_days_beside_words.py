"""The index of words learns the days, so that of a common word the newest alone are fetched."""

from django.db import migrations

PUBLIC = "state IN ('active', 'reserved', 'sold') AND seller_is_reachable AND hidden_at IS NULL"
# An array, since that is what a GIN index takes apart.
DAYS = "(ARRAY[(published_at AT TIME ZONE 'UTC')::date])"

FORWARD = [
    "DROP INDEX listings_by_words",
    f"CREATE INDEX listings_by_words ON listings_listing USING gin (search, {DAYS}) WHERE {PUBLIC}",
    # The planner does not take the statistics of an index that leaves rows out.
    f"CREATE STATISTICS listings_a_day ON {DAYS} FROM listings_listing",
]
BACKWARD = [
    "DROP STATISTICS listings_a_day",
    "DROP INDEX listings_by_words",
    f"CREATE INDEX listings_by_words ON listings_listing USING gin (search) WHERE {PUBLIC}",
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
    dependencies = [("listings", "0008_faster_search")]

    operations = [migrations.RunPython(forward, backward)]
