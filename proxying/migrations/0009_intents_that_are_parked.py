"""Numbers whose work is parked after five deaths, and numbers that are nobody's."""

import uuid
from typing import ClassVar

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("proxying", "0008_capacity"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="StrayNumber",
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
                        default=django.utils.timezone.now, null=True, verbose_name="next attempt at"
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
                ("proxy_identifier", models.CharField(max_length=16, verbose_name="number")),
                (
                    "phone_number_sid",
                    models.CharField(max_length=34, unique=True, verbose_name="phone number SID"),
                ),
                ("marker", models.CharField(max_length=64, verbose_name="marker")),
                (
                    "found_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="found at"
                    ),
                ),
            ],
            options={
                "verbose_name": "stray number",
                "verbose_name_plural": "stray numbers",
            },
        ),
        migrations.AddField(
            model_name="poolnumber",
            name="attempts",
            field=models.PositiveIntegerField(default=0, verbose_name="attempts"),
        ),
        migrations.AddField(
            model_name="poolnumber",
            name="last_error",
            field=models.CharField(blank=True, max_length=500, verbose_name="last error"),
        ),
        migrations.AddField(
            model_name="poolnumber",
            name="next_attempt_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now, null=True, verbose_name="next attempt at"
            ),
        ),
        migrations.AddField(
            model_name="poolnumber",
            name="unended_attempts",
            field=models.PositiveSmallIntegerField(
                default=0, editable=False, verbose_name="attempts without an outcome"
            ),
        ),
        migrations.AddField(
            model_name="reservednumber",
            name="unended_attempts",
            field=models.PositiveSmallIntegerField(
                default=0, editable=False, verbose_name="attempts without an outcome"
            ),
        ),
    ]
