"""The index of Sessions to erase, built while calls come in: their rows are not locked.

Broken off, it leaves an index that is not valid: drop it, and migrate again.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class AddIndex(AddIndexConcurrently):
    """Only PostgreSQL can build it beside the traffic."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            add = migrations.AddIndex(self.model_name, self.index)
            add.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            add = migrations.AddIndex(self.model_name, self.index)
            add.database_backwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("proxying", "0019_take_from_stock")]

    operations = [
        AddIndex(
            "proxysession",
            models.Index(
                fields=["erase_at"],
                condition=models.Q(erase_at__isnull=False),
                name="sessions_to_erase",
            ),
        )
    ]
