"""``gunicorn tests.storm.forgetful``: our web server, broken on purpose. It remembers no route."""

from shoppingplace.wsgi import application  # isort: skip (sets Django up)

from proxying import remembered

remembered.decide = lambda contact: None

__all__ = ["application"]
