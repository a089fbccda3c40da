"""The Celery application: ``celery -A shoppingplace worker -B``."""

import os

from celery import Celery
from celery.signals import task_success
from kombu.transport import TRANSPORT_ALIASES

from shoppingplace import heartbeat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoppingplace.settings")

TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), "shoppingplace.broker:Transport"))

app = Celery("shoppingplace")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

task_success.connect(heartbeat.note)
