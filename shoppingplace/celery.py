"""The Celery application: ``celery -A shoppingplace worker -B``."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoppingplace.settings")

app = Celery("shoppingplace")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "sweep": {"task": "proxying.tasks.sweep", "schedule": 60.0},
    "keep-stock": {"task": "proxying.tasks.keep_stock", "schedule": 600.0},
}
if settings.SWITCHBOARD:
    app.conf.beat_schedule["switchboard-tick"] = {
        "task": "proxying.switchboard.tasks.tick",
        "schedule": 5.0,
    }
