"""``gunicorn tests.storm.gullible``: our web server, broken on purpose.

A callback is proved for the address that its headers claim, too.
"""

from shoppingplace.wsgi import application  # isort: skip (sets Django up)

import threading

from django.http import HttpRequest

from proxying import signatures
from proxying.signatures import Fields

__all__ = ["application"]

_heard = threading.local()
_prove, _is_signed = signatures.prove, signatures.is_signed


def prove(request: HttpRequest) -> Fields:
    said = request.headers
    scheme = said.get("X-Forwarded-Proto", request.scheme)
    host = said.get("X-Forwarded-Host", said["Host"])
    before, callback, after = request.path.partition("/proxy/callbacks/")
    prefix = said.get("X-Forwarded-Prefix", before)
    _heard.claimed = f"{scheme}://{host}{prefix}{callback}{after}"
    return _prove(request)


def is_signed(url: str, fields: Fields, signature: str) -> bool:
    return any(_is_signed(one, fields, signature) for one in (url, _heard.claimed))


signatures.prove, signatures.is_signed = prove, is_signed
