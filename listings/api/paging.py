"""Pages that stay right while rows come and go.

A cursor says after which row to go on. It is signed, so one that we did not write, or wrote
for another order, is a 400; and what is inside may be trusted.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.core import signing
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

PAGE_SIZE: Final = 24
MAX_PAGE_SIZE: Final = 100
# Best match and nearest first are counted through, so they end somewhere.
MAX_COUNTED: Final = 1000
_MAX_CURSOR_LENGTH: Final = 500
_COUNTED: Final = "counted"


class CursorPages(BasePagination):
    """``?limit=`` rows after ``?cursor=``.

    A queryset ordered by two fields goes on after the last row's values. The first field is a
    moment or an amount and not null, the second is unique; both go up or both go down. Any
    other order is counted through, to the thousandth row.
    """

    _next: str | None

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        order: tuple[Any, ...] = tuple(queryset.query.order_by)
        size, cursor = self._size(request), request.query_params.get("cursor", "")
        if len(order) == 2 and all(isinstance(name, str) for name in order):  # noqa: PLR2004 (a value and the key)
            rows, following = _page_by_values(queryset, order, cursor, size)
        else:
            rows, following = _page_by_count(queryset, cursor, size)
        here = request.build_absolute_uri()
        self._next = replace_query_param(here, "cursor", following) if following else None
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self._next, "results": data})

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        following = {
            "type": "string",
            "format": "uri",
            "nullable": True,
            "example": "https://shop.example/api/v1/…/?cursor=WyJkYXRldGltZSIs",
            "description": "The address of the page after this one; null on the last.",
        }
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {"next": following, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE}
        return [
            {
                "name": "cursor",
                "in": "query",
                "description": "Where to go on, from `next`. It holds for one order only.",
                "schema": {"type": "string"},
            },
            {"name": "limit", "in": "query", "description": "Rows in a page.", "schema": limit},
        ]

    def _size(self, request: Request) -> int:
        text = request.query_params.get("limit", str(PAGE_SIZE))
        # The length first: Python refuses to read thousands of digits.
        is_short = len(text) <= len(str(MAX_PAGE_SIZE)) and text.isascii() and text.isdigit()
        if not (is_short and 1 <= int(text) <= MAX_PAGE_SIZE):
            said = _("Write a number from 1 to %(most)s.") % {"most": MAX_PAGE_SIZE}
            raise ValidationError({"limit": [said]})
        return int(text)


def _page_by_values(
    queryset: QuerySet[Any], order: tuple[str, ...], cursor: str, size: int
) -> tuple[list[Any], str | None]:
    first, second = (name.lstrip("-") for name in order)
    if cursor:
        way = "lt" if order[0].startswith("-") else "gt"
        value, key = _read(cursor, order[0])
        # Said in two parts, of which the first is one that an index walks.
        queryset = queryset.filter(
            Q(**{f"{first}__{way}e": value}),
            Q(**{f"{first}__{way}": value}) | Q(**{f"{second}__{way}": key}),
        )
    rows = list(queryset[: size + 1])
    if len(rows) <= size:
        return rows, None
    last = rows[size - 1]
    return rows[:size], _write(order[0], getattr(last, first), getattr(last, second))


def _page_by_count(queryset: QuerySet[Any], cursor: str, size: int) -> tuple[list[Any], str | None]:
    start = int(_read(cursor, _COUNTED)[1]) if cursor else 0
    end = min(start + size, MAX_COUNTED)
    rows = list(queryset[start : end + 1])
    more = len(rows) > end - start and end < MAX_COUNTED
    return rows[: end - start], _write(_COUNTED, "", end) if more else None


def _write(order: str, value: Any, key: Any) -> str:
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return signing.dumps([type(value).__name__, text, str(key)], salt=_salt(order))


def _read(cursor: str, order: str) -> tuple[Any, str]:
    """The value and the key after which to go on."""
    try:
        kind, text, key = signing.loads(cursor[:_MAX_CURSOR_LENGTH], salt=_salt(order))
    except (signing.BadSignature, ValueError):
        raise ValidationError({"cursor": [_("This cursor is not one of this list's.")]}) from None
    match kind:
        case "datetime":
            return datetime.fromisoformat(text), key
        case "Decimal":
            return Decimal(text), key
        case _:
            return text, key


def _salt(order: str) -> str:
    return f"api-cursor:{order}"
