"""Of who began a Session the SID is kept, instead of the buyer's: it is the first that is told.

Where the seller began it, what was kept is the SID of the other one, and is forgotten: until
that Session ends nobody knows again which of the two speaks.
"""

from django.db import migrations, models


def forward(apps, schema_editor):
    sessions = apps.get_model("proxying", "ProxySession").objects
    sessions.filter(begun_by_seller=True).update(first_participant_sid="")


class Migration(migrations.Migration):
    dependencies = [("proxying", "0024_outages_that_staff_see")]

    operations = [
        migrations.RenameField("proxysession", "buyer_participant_sid", "first_participant_sid"),
        migrations.AlterField(
            "proxysession",
            "first_participant_sid",
            models.CharField(
                blank=True,
                help_text="of who began it: the buyer, or the seller",
                max_length=34,
            ),
        ),
        migrations.RunPython(forward, forward),
    ]
