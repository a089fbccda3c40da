"""Counts who looks at a listing: once a page, not the owner, not a program that says so."""

import re
from typing import Final

import structlog
from django.db import DatabaseError, connection
from django.http import HttpRequest
from django.utils import timezone

from listings.models import Listing, ListingDay

logger = structlog.get_logger(__name__)

# What the name of a browser says when it is none. Link previews are programs too.
_PROGRAM: Final = re.compile(
    r"bot|crawl|spider|slurp|preview|facebookexternalhit|whatsapp|headless|monitor"
    r"|curl|wget|python|java/|go-http|okhttp|httpclient",
    re.IGNORECASE,
)


def count_view(request: HttpRequest, listing: Listing) -> None:
    """One more view today. A page that cannot be counted is shown all the same."""
    if request.method != "GET" or _is_program(request):
        return
    table = connection.ops.quote_name(ListingDay._meta.db_table)
    try:
        with connection.cursor() as cursor:
            # The same words to PostgreSQL and SQLite; the ORM's upsert cannot add.
            cursor.execute(
                f"INSERT INTO {table} (listing_id, day, views) VALUES (%s, %s, 1) "  # noqa: S608 (the table's own name)
                f"ON CONFLICT (listing_id, day) DO UPDATE SET views = {table}.views + 1",
                [listing.pk, timezone.localdate()],
            )
    except DatabaseError:
        logger.warning("view_not_counted", listing=listing.reference, exc_info=True)


def _is_program(request: HttpRequest) -> bool:
    name = request.headers.get("User-Agent", "")
    fetched_ahead = "prefetch" in request.headers.get("Sec-Purpose", "")
    return not name or fetched_ahead or bool(_PROGRAM.search(name))
