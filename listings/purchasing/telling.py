"""What the two are told at each step: a mail each, and for the seller a text.

Call within the transaction of the step, once. The seller gets no text about what the seller
did just now. No number stands in any of it, also where somebody typed one into a name.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.template.defaultfilters import date
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from listings.models import Purchase, dollars
from listings.notices import owe
from listings.nudges import nudge
from proxying.models import SellerText
from proxying.phone_numbers import redact

# Two texts' worth, as carriers count; the row holds a little more.
_TEXT_LENGTH: Final = 300


@dataclass(frozen=True)
class Words:
    """What the sentences below are filled with."""

    buyer: str
    seller: str
    item: str
    price: str
    until: str

    @classmethod
    def of(cls, purchase: Purchase) -> "Words":
        return cls(
            buyer=redact(purchase.buyer_name),
            seller=redact(purchase.listing.seller.display_name),
            item=redact(purchase.listing.title),
            price=dollars(purchase.price),
            until=_day(purchase.held_until),
        )

    def into(self, sentence: str) -> str:
        return sentence % vars(self)


def requested(purchase: Purchase) -> None:
    words = Words.of(purchase)
    note = redact(purchase.note)
    _to_seller(
        purchase,
        words.into(_("%(buyer)s wants to buy “%(item)s”")),
        words.into(_("%(buyer)s asks to buy “%(item)s” and offers %(price)s."))
        + (f"\n\n“{note}”" if note else ""),
        _("Accept or decline here:"),
        text=words.into(_("%(buyer)s wants to buy “%(item)s” (%(price)s). Accept or decline:")),
    )
    _to_buyer(
        purchase,
        words.into(_("You asked to buy “%(item)s”")),
        words.into(
            _(
                "We told %(seller)s that you offer %(price)s. You hear from us as soon as "
                "there is an answer; without one your question lapses after two weeks."
            )
        ),
    )


def accepted(purchase: Purchase) -> None:
    words = Words.of(purchase)
    _to_buyer(
        purchase,
        words.into(_("%(seller)s accepted: “%(item)s” is reserved for you")),
        words.into(
            _(
                "It is reserved for you until %(until)s. Call or text %(seller)s on the number "
                "on the listing to agree when and where. See it before you pay; no money "
                "passes through this site."
            )
        ),
    )
    _to_seller(
        purchase,
        words.into(_("“%(item)s” is reserved for %(buyer)s")),
        words.into(
            _(
                "You accepted %(price)s and reserved it until %(until)s. When it is handed over, "
                "say so here; if it falls through, offer it again with one click:"
            )
        ),
    )


def reserved_for_another(purchase: Purchase) -> None:
    words = Words.of(purchase)
    _to_buyer(
        purchase,
        words.into(_("“%(item)s” is reserved for somebody else")),
        words.into(
            _(
                "%(seller)s reserved it for another buyer for now. Your question stays open: "
                "you hear from us if it is free again and yours is accepted, or if it is sold."
            )
        ),
    )


def declined(purchase: Purchase) -> None:
    words = Words.of(purchase)
    _to_buyer(
        purchase,
        words.into(_("“%(item)s”: %(seller)s declined")),
        words.into(_("This one did not work out. Others may sell something like it.")),
    )
    _to_seller(
        purchase,
        words.into(_("You declined the offer of %(buyer)s for “%(item)s”")),
        words.into(_("We told %(buyer)s, without a reason.")),
    )


def gone(purchase: Purchase) -> None:
    """An open purchase ended because the item is not to be had any more."""
    words = Words.of(purchase)
    _to_buyer(
        purchase,
        words.into(_("“%(item)s” is not available any more")),
        words.into(
            _("The item has gone to somebody else or is no longer offered, so your purchase ends.")
        ),
    )


def cancelled(purchase: Purchase, *, by_buyer: bool) -> None:
    words = Words.of(purchase)
    if by_buyer:
        for_seller = for_text = words.into(_("%(buyer)s does not buy “%(item)s” after all"))
        for_buyer = words.into(_("You cancelled buying “%(item)s”"))
    else:
        for_seller, for_text = words.into(_("You called off selling “%(item)s” to %(buyer)s")), ""
        for_buyer = words.into(_("%(seller)s called off selling you “%(item)s”"))
    over = _("The purchase is cancelled, and nothing is owed.")
    _to_buyer(purchase, for_buyer, over)
    _to_seller(purchase, for_seller, over, text=for_text)


def confirmed(purchase: Purchase, *, by_buyer: bool) -> None:
    """One of the two says that it is done; the other is asked."""
    words = Words.of(purchase)
    ask = words.into(_("If that is right, please confirm it too; if not, call it off:"))
    if by_buyer:
        said = words.into(_("%(buyer)s says that “%(item)s” changed hands"))
        _to_seller(purchase, said, ask, text=said)
        _to_buyer(purchase, words.into(_("You confirmed “%(item)s”")), _("Thank you."))
    else:
        _to_buyer(purchase, words.into(_("%(seller)s says that “%(item)s” changed hands")), ask)
        _to_seller(purchase, words.into(_("You confirmed “%(item)s”")), _("Thank you."))


def completed(purchase: Purchase, *, by_buyer: bool) -> None:
    words = Words.of(purchase)
    _to_buyer(
        purchase,
        words.into(_("“%(item)s” is yours")),
        words.into(
            _(
                "You both confirmed it: %(item)s, %(price)s. "
                "How was it with %(seller)s? Rate each other once:"
            )
        ),
    )
    _to_seller(
        purchase,
        words.into(_("“%(item)s” is sold")),
        words.into(
            _(
                "You both confirmed it: %(item)s, %(price)s. "
                "How was it with %(buyer)s? Rate each other once:"
            )
        ),
        text=words.into(_("Sold: %(buyer)s confirmed “%(item)s”.")) if by_buyer else "",
    )


def lapsed(purchase: Purchase, *, was_accepted: bool) -> None:
    words = Words.of(purchase)
    if was_accepted:
        subject = words.into(_("The reservation of “%(item)s” is over"))
        body = words.into(_("Its time ran out before both of you confirmed, so the purchase ends."))
    else:
        subject = words.into(_("No answer about “%(item)s”"))
        body = words.into(_("The question stayed without an answer for two weeks, so it ends."))
    _to_buyer(purchase, subject, body)
    _to_seller(purchase, subject, body, text=subject)


def rated(purchase: Purchase, *, by_buyer: bool) -> None:
    """Only whoever was rated hears of it."""
    words = Words.of(purchase)
    if by_buyer:
        _to_seller(purchase, words.into(_("%(buyer)s rated you")), words.into("“%(item)s”"))
    else:
        _to_buyer(purchase, words.into(_("%(seller)s rated you")), words.into("“%(item)s”"))


def _to_buyer(purchase: Purchase, subject: str, body: str) -> None:
    owe(purchase.buyer, subject, f"{body}\n\n{_page(purchase)}\n")


def _to_seller(purchase: Purchase, subject: str, *body: str, text: str = "") -> None:
    seller, page = purchase.listing.seller, _page(purchase)
    owe(seller.user, subject, "\n\n".join((*body, page)) + "\n")
    if text:
        # The address must stay whole: what was typed by people gives way.
        room = _TEXT_LENGTH - len(page) - len("ShoppingPlace:  ")
        said = Truncator(" ".join(text.split())).chars(room)
        SellerText.objects.create(seller=seller, body=f"{settings.SITE_NAME}: {said} {page}")
        nudge("proxying.tasks.send_seller_texts")


def _page(purchase: Purchase) -> str:
    return f"{settings.PUBLIC_ORIGIN}{purchase.get_absolute_url()}"


def _day(moment: datetime | None) -> str:
    return date(timezone.localtime(moment), "l, F j, g:i A") if moment else ""
