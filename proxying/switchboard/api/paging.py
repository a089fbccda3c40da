"""Lists, a page at a time: ``meta`` says where the next one is.

https://www.twilio.com/docs/usage/twilios-response#pagination
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db import models
from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from proxying.switchboard.api.parameters import Parameters
from proxying.switchboard.errors import InvalidParameter

DEFAULT_SIZE: Final = 50
MAX_SIZE: Final = 100
_BIG: Final = 10**9
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Cut[M: models.Model]:
    """One page's rows. ``next`` are the query fields that lead to the page after it, if any."""

    rows: list[M]
    number: int
    size: int
    next: dict[str, Any] | None


def cut[M: models.Model](asked: Parameters, rows: models.QuerySet[M], *, most: int) -> Cut[M]:
    """The page of *rows* that ``PageToken``, or else ``Page`` (from 0), and ``PageSize`` ask for.

    *rows* come by ``-date_created`` and primary key. The token names the last row of the page
    before, so that whoever follows it misses none, whatever comes and goes meanwhile. A
    ``PageSize`` above *most* gives *most*.
    """
    size = min(asked.integer("PageSize", least=1, most=_BIG) or DEFAULT_SIZE, most)
    number = asked.integer("Page", least=0, most=_BIG) or 0
    if token := asked.text("PageToken", limit=64):
        rows, start = _after(rows, token), 0
    else:
        start = number * size
    found = list(rows[start : start + size + 1])
    shown = found[:size]
    more = len(found) > size
    return Cut(
        shown,
        number,
        size,
        {"PageSize": size, "Page": number + 1, "PageToken": _token(shown[-1])} if more else None,
    )


def page[M: models.Model](
    request: Request, rows: models.QuerySet[M], key: str, resource: Callable[[M], dict[str, Any]]
) -> Response:
    """The page of *rows* that the request asks for, under *key*, in Proxy's own shape.

    A ``PageSize`` of more than 100 gives 100, as Proxy does.
    """
    found = cut(Parameters(QueryDict(request.META["QUERY_STRING"])), rows, most=MAX_SIZE)

    def address(query: dict[str, Any]) -> str:
        return request.build_absolute_uri(f"{request.path}?{urlencode(query)}")

    def numbered(page: int) -> str:
        return address({"PageSize": found.size, "Page": page})

    meta = {
        "page": found.number,
        "page_size": found.size,
        "key": key,
        "url": numbered(found.number),
        "first_page_url": numbered(0),
        "previous_page_url": numbered(found.number - 1) if found.number else None,
        "next_page_url": address(found.next) if found.next else None,
    }
    return Response({"meta": meta, key: [resource(row) for row in found.rows]})


def _token(row: Any) -> str:
    return f"{row.pk}.{(row.date_created - _EPOCH) // _MICROSECOND}"


def _after[M: models.Model](rows: models.QuerySet[M], token: str) -> models.QuerySet[M]:
    sid, _, microseconds = token.partition(".")
    try:
        date = _EPOCH + int(microseconds) * _MICROSECOND
    except (ValueError, OverflowError):
        raise InvalidParameter("PageToken is none that a page gave") from None
    same_moment = models.Q(date_created=date, pk__gt=sid)
    return rows.filter(models.Q(date_created__lt=date) | same_moment)
