"""``celery -A tests.storm.sweepless``: our worker, broken on purpose. Its sweep heals nothing."""

from shoppingplace.celery import app

app.loader.import_default_modules()
app.tasks["proxying.tasks.sweep"].run = lambda: None
