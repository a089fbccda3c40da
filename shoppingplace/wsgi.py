"""``gunicorn shoppingplace.wsgi``"""

import os
import re
from typing import Any, Final

import django
from django.conf import settings
from django.core.exceptions import BadRequest
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http.response import HttpResponseBase

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoppingplace.settings")

_ROOT: Final = f"/{settings.URL_PREFIX}"
# Told by signature, or by nothing: a proxy that passes another Host must not cost a call.
_FOR_MACHINES: Final = re.compile("|".join(settings.SECURE_REDIRECT_EXEMPT))


class _Request(WSGIRequest):
    def get_host(self) -> str:
        if _FOR_MACHINES.search(self.path.lstrip("/")):
            return settings.PUBLIC_ORIGIN.partition("://")[2]
        return super().get_host()

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """Takes a Content-Type that cannot be read for none; Django's answers 500 to anybody's."""
        try:
            # The stubs do not know it.
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (BadRequest, ValueError):
            self.content_type, self.content_params = "", {}


class _Handler(WSGIHandler):
    """Answers the path below our prefix alike, whether a proxy before us cut that off or not."""

    request_class = _Request

    def __call__(self, environ: dict[str, Any], start_response: Any) -> HttpResponseBase:
        # gunicorn takes the first from a header of that name, and cuts it off the second.
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        if not f"{path}/".startswith(_ROOT):
            path = _ROOT + path.removeprefix("/")
        return super().__call__({**environ, "SCRIPT_NAME": "", "PATH_INFO": path}, start_response)


django.setup(set_prefix=False)
application = _Handler()
