"""Sellers who left before it was written down: what Twilio keeps of them is erased too.

Who once had a number had a phone. Only ``Seller.leave`` takes that away, and the key.
"""

from django.db import migrations
from django.db.models import F


def forward(apps, schema_editor):
    Seller = apps.get_model("proxying", "Seller")
    had_a_number = apps.get_model("proxying", "ReservedNumber").objects.values("seller")
    Seller.objects.filter(
        pk__in=had_a_number,
        left_at=None,
        phone_number__isnull=True,
        suspended_at__isnull=False,
        key=None,
    ).update(left_at=F("suspended_at"))


class Migration(migrations.Migration):
    dependencies = [("proxying", "0020_sessions_to_erase")]

    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]
