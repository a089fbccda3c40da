"""``gunicorn shoppingplace.wsgi``"""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.exceptions import BadRequest
from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoppingplace.settings")

_django = get_wsgi_application()


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Django, and 400 for a Content-Type that it cannot read: those it lets fall through as 500."""
    try:
        return _django(environ, start_response)
    except (BadRequest, ValueError):
        # Only making the request raises here; what a view raises is an answer by now.
        start_response("400 Bad Request", [("Content-Type", "text/plain")])
        return [b"Bad Request\n"]
