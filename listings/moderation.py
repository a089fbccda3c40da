"""What staff decide about a listing that people have reported.

Each decision is one transaction, and taking it twice changes and mails nothing more.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from listings import notices
from listings.models import Listing, Report
from listings.purchasing import ending


@transaction.atomic
def hide(listing: Listing, reason: str) -> bool:
    """Takes the page from everybody but its seller, who is told *reason*; False if it was hidden.

    Purchases under way end, and every open report is answered.
    """
    hidden = Listing.objects.filter(pk=listing.pk, hidden_at__isnull=True).update(
        hidden_at=timezone.now(), hidden_reason=reason
    )
    if hidden:
        ending.listing_left(listing)
        notices.owe(
            listing.seller.user,
            _("Your item was taken down: %(title)s") % {"title": listing.title},
            _(
                "Nobody but you sees “%(title)s” any more. Our staff took it down, for this"
                " reason:\n\n%(reason)s\n\nEverything you wrote and every photo is kept."
                " Answer this mail if you think that we are wrong."
            )
            % {"title": listing.title, "reason": reason},
        )
    _answer_reports(
        listing,
        Report.Outcome.HIDDEN,
        _(
            "Thank you for your report about “%(title)s”. A person has looked at it, and the"
            " item is no longer on the site."
        ),
    )
    return bool(hidden)


@transaction.atomic
def restore(listing: Listing, reason: str) -> bool:
    """Lets a hidden listing be seen again and tells its seller why; False if it was not hidden."""
    restored = Listing.objects.filter(pk=listing.pk, hidden_at__isnull=False).update(
        hidden_at=None, hidden_reason=""
    )
    if restored:
        notices.owe(
            listing.seller.user,
            _("Your item is back: %(title)s") % {"title": listing.title},
            _(
                "Our staff no longer hide “%(title)s”. It is as you left it. The reason:"
                "\n\n%(reason)s"
            )
            % {"title": listing.title, "reason": reason},
        )
    return bool(restored)


@transaction.atomic
def dismiss(listing: Listing) -> bool:
    """Answers every open report: nothing is wrong. False if none was open."""
    return _answer_reports(
        listing,
        Report.Outcome.DISMISSED,
        _(
            "Thank you for your report about “%(title)s”. A person has looked at it and left"
            " the item as it is. If you see something new, report it again."
        ),
    )


def _answer_reports(listing: Listing, outcome: Report.Outcome, thanks: str) -> bool:
    # Locked: of two who decide at once the second finds none open, and nobody is mailed twice.
    waiting = Report.objects.select_for_update(of=("self",)).open().filter(listing=listing)
    reports = list(waiting.select_related("reporter").order_by("pk"))
    Report.objects.filter(pk__in=[report.pk for report in reports]).update(
        handled_at=timezone.now(), outcome=outcome
    )
    for reporter in dict.fromkeys(report.reporter for report in reports):
        if reporter is not None:
            notices.owe(reporter, _("We looked at your report"), thanks % {"title": listing.title})
    return bool(reports)
