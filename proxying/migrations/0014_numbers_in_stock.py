import uuid

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("proxying", "0013_passed_on_codes")]

    operations = [
        migrations.CreateModel(
            name="StockNumber",
            fields=[
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                (
                    "unended_attempts",
                    models.PositiveSmallIntegerField(
                        default=0, editable=False, verbose_name="attempts without an outcome"
                    ),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        null=True,
                        verbose_name="next attempt at",
                    ),
                ),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=500, verbose_name="last error"),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        help_text="ISO 3166-1", max_length=2, verbose_name="country"
                    ),
                ),
                (
                    "proxy_identifier",
                    models.CharField(max_length=16, unique=True, verbose_name="number"),
                ),
                (
                    "phone_number_sid",
                    models.CharField(blank=True, max_length=34, verbose_name="phone number SID"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="created at",
                    ),
                ),
            ],
            options={
                "verbose_name": "stock number",
                "verbose_name_plural": "stock numbers",
                "indexes": [
                    models.Index(
                        condition=models.Q(("phone_number_sid", ""), _negated=True),
                        fields=["country", "id"],
                        name="stock_to_take",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("proxy_identifier__regex", "^\\+[1-9][0-9]{6,14}$")),
                        name="stock_number_is_e164",
                    )
                ],
            },
        ),
    ]
