"""``gunicorn shoppingplace.wsgi``"""

import os
from typing import Any

import django
from django.core.exceptions import BadRequest
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoppingplace.settings")


class _Request(WSGIRequest):
    """Takes a Content-Type that it cannot read for none; Django's answers 500 to anybody's."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            # The stubs do not know it.
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (BadRequest, ValueError):
            self.content_type, self.content_params = "", {}


class _Handler(WSGIHandler):
    request_class = _Request


django.setup(set_prefix=False)
application = _Handler()
