"""Lists, a page at a time: ``meta`` says where the next one is.

https://www.twilio.com/docs/usage/twilios-response#pagination
"""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from django.db import models
from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from proxying.switchboard.api.parameters import Parameters

DEFAULT_SIZE: Final = 50
MAX_SIZE: Final = 100
_BIG: Final = 10**9


def page[M: models.Model](
    request: Request, rows: models.QuerySet[M], key: str, resource: Callable[[M], dict[str, Any]]
) -> Response:
    """The page of *rows* that ``Page`` (from 0) and ``PageSize`` ask for, under *key*.

    A ``PageSize`` of more than 100 gives 100, as Proxy does.
    """
    asked = Parameters(QueryDict(request.META["QUERY_STRING"]))
    size = min(asked.integer("PageSize", least=1, most=_BIG) or DEFAULT_SIZE, MAX_SIZE)
    number = asked.integer("Page", least=0, most=_BIG) or 0
    start = number * size
    found = list(rows[start : start + size + 1])

    def address(of: int) -> str:
        query = urlencode({"PageSize": size, "Page": of})
        return request.build_absolute_uri(f"{request.path}?{query}")

    meta = {
        "page": number,
        "page_size": size,
        "key": key,
        "url": address(number),
        "first_page_url": address(0),
        "previous_page_url": address(number - 1) if number else None,
        "next_page_url": address(number + 1) if len(found) > size else None,
    }
    return Response({"meta": meta, key: [resource(row) for row in found[:size]]})
