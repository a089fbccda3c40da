"""Mails about what saved searches have found: every hit in one mail, once.

Hits, mail and next time are one transaction. Whatever dies, either all of it is there, or
none of it and the search is still due.
"""

from datetime import timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from listings.browsing.filters import ListingFilters
from listings.browsing.search import matching
from listings.models import Listing, SavedSearch, SavedSearchHit
from listings.notices import owe
from listings.watching.unsubscribing import unsubscribe_url
from proxying.phone_numbers import redact

logger = structlog.get_logger(__name__)

EVERY: Final[dict[str, timedelta]] = {
    SavedSearch.Frequency.INSTANT: timedelta(minutes=5),
    SavedSearch.Frequency.DAILY: timedelta(days=1),
    SavedSearch.Frequency.WEEKLY: timedelta(weeks=1),
}
# Older ones are no news. Longer than a week, so that a weekly mail misses nothing.
NEWS_FOR: Final = timedelta(days=14)
# What is left over comes with the next mail.
MOST_A_MAIL: Final = 30
# The task is killed after three minutes; the rest is due again five minutes later.
MOST_A_RUN: Final = 1000


def run_due() -> int:
    """Runs the searches whose time has come, the longest waiting first; how many mails."""
    due = SavedSearch.objects.exclude(frequency=SavedSearch.Frequency.NONE).filter(
        next_mail_at__lte=timezone.now(), user__is_active=True
    )
    mails = 0
    for pk in list(due.order_by("next_mail_at").values_list("pk", flat=True)[:MOST_A_RUN]):
        try:
            mails += run(pk)
        except DatabaseError:
            # One search that takes too long must not keep the others from their mails.
            logger.exception("saved_search_failed", search=pk)
    return mails


def run(pk: int) -> bool:
    """Runs one search, unless another worker has it or had it just now; whether it wrote a mail."""
    now = timezone.now()
    with transaction.atomic():
        search = (
            SavedSearch.objects.select_related("user")
            .select_for_update(skip_locked=True, of=("self",))
            .exclude(frequency=SavedSearch.Frequency.NONE)
            .filter(pk=pk, next_mail_at__lte=now)
            .first()
        )
        if search is None:
            return False
        search.next_mail_at = now + EVERY[search.frequency]
        search.save(update_fields=["next_mail_at"])
        found = _news(search)
        if not found:
            return False
        SavedSearchHit.objects.bulk_create(
            SavedSearchHit(search=search, listing=listing) for listing in found
        )
        _write_mail(search, found)
    return True


def _news(search: SavedSearch) -> list[Listing]:
    """What the search finds that its owner has not been told of, the newest first."""
    since = max(search.created_at, timezone.now() - NEWS_FOR)
    told = SavedSearchHit.objects.filter(search=search, listing=OuterRef("pk"))
    found = (
        matching(ListingFilters(QueryDict(search.query)))
        .filter(~Exists(told), published_at__gte=since)
        .exclude(state=Listing.State.SOLD)
        .exclude(seller__user=search.user_id)
    )
    return list(found.order_by("-published_at", "-id")[:MOST_A_MAIL])


def _write_mail(search: SavedSearch, found: list[Listing]) -> None:
    subject = ngettext(
        "%(count)d new listing for “%(name)s”",
        "%(count)d new listings for “%(name)s”",
        len(found),
    ) % {"count": len(found), "name": redact(search.name)}
    site = settings.PUBLIC_ORIGIN
    lines = [
        {
            "title": redact(" ".join(listing.title.split())),
            "price": listing.price_text,
            "place": listing.place,
            "url": site + listing.get_absolute_url(),
        }
        for listing in found
    ]
    context: dict[str, Any] = {
        "listings": lines,
        "name": redact(search.name),
        "there_may_be_more": len(found) == MOST_A_MAIL,
        "search_url": f"{site}{reverse('listing_list')}?{search.query}",
        "searches_url": site + reverse("saved_search_list"),
        "unsubscribe_url": unsubscribe_url(search),
    }
    owe(
        search.user,
        subject,
        render_to_string("listings/watching/digest.txt", context),
        context["unsubscribe_url"],
    )
