"""What the resources under ``/2010-04-01/Accounts/{AC}/`` share: addresses, dates, pages."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from proxying.switchboard.api.paging import cut
from proxying.switchboard.api.parameters import Parameters
from proxying.switchboard.errors import NotFound
from proxying.switchboard.rest.views import CarrierView

VERSION: Final = "2010-04-01"
MAX_PAGE_SIZE: Final = 1000


class AccountView(CarrierView):
    """A resource of our one account; another account's address leads nowhere."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.kwargs["account_sid"] != settings.TWILIO_ACCOUNT_SID:
            raise NotFound(_below_version(request.path))

    @property
    def query(self) -> Parameters:
        return Parameters(self.request.query_params)


def page[M: Model](
    request: Request, rows: QuerySet[M], key: str, resource: Callable[[M], dict[str, Any]]
) -> Response:
    """The page of *rows* that the request asks for, in this API's own shape.

    The addresses in it have no host: the client puts its own in front.
    https://www.twilio.com/docs/usage/twilios-response#pagination
    """
    found = cut(Parameters(request.query_params), rows, most=MAX_PAGE_SIZE)
    start = found.number * found.size

    def address(fields: dict[str, Any]) -> str:
        query = request.query_params.copy()
        query.pop("PageToken", None)
        for name, value in fields.items():
            query[name] = str(value)
        return f"{_below_version(request.path)}?{query.urlencode()}"

    def numbered(page: int) -> str:
        return address({"PageSize": found.size, "Page": page})

    return Response(
        {
            "page": found.number,
            "page_size": found.size,
            "start": start,
            "end": start + max(len(found.rows) - 1, 0),
            "uri": numbered(found.number),
            "first_page_uri": numbered(0),
            "previous_page_uri": numbered(found.number - 1) if found.number else None,
            "next_page_uri": address(found.next) if found.next else None,
            key: [resource(row) for row in found.rows],
        }
    )


def uri(*parts: str) -> str:
    """``/2010-04-01/Accounts/AC.../Messages/SM....json``"""
    return f"/{VERSION}/Accounts/{settings.TWILIO_ACCOUNT_SID}/{'/'.join(parts)}.json"


def date(moment: datetime) -> str:
    """RFC 2822, as this API writes times: ``Thu, 24 Aug 2023 05:01:45 +0000``."""
    return format_datetime(moment.astimezone(UTC))


def _below_version(path: str) -> str:
    return path[path.index(f"/{VERSION}") :]
