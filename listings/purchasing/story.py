"""A purchase as one of the two sees it: what was, what is next, what may be done now."""

from dataclasses import dataclass
from datetime import datetime

from django.template.defaultfilters import date
from django.utils import timezone
from django.utils.translation import gettext as _

from listings.models import Listing, Purchase, dollars

State = Purchase.State
Side = Purchase.Side


@dataclass(frozen=True)
class Event:
    at: datetime
    words: str


@dataclass(frozen=True)
class Story:
    """*purchase*, with its listing and seller, told to its buyer or to its seller."""

    purchase: Purchase
    by_buyer: bool
    has_rated: bool

    @property
    def heading(self) -> str:
        """Who buys, bought or wanted to buy what."""
        purchase = self.purchase
        names = {"buyer": purchase.buyer_name, "item": purchase.listing.title}
        if purchase.is_open:
            words = _("You buy: %(item)s") if self.by_buyer else _("%(buyer)s buys: %(item)s")
        elif purchase.state == State.COMPLETED:
            words = _("You bought: %(item)s") if self.by_buyer else _("%(buyer)s bought: %(item)s")
        elif self.by_buyer:
            words = _("You asked for: %(item)s")
        else:
            words = _("%(buyer)s asked for: %(item)s")
        return words % names

    @property
    def other(self) -> str:
        if self.by_buyer:
            return self.purchase.listing.seller.display_name
        return self.purchase.buyer_name

    @property
    def actions(self) -> frozenset[str]:
        """What this person may do now, as ``purchase_act`` names it."""
        purchase = self.purchase
        may: set[str] = set()
        if purchase.state == State.REQUESTED and self.by_buyer:
            may = {"cancel"}
        elif purchase.state == State.REQUESTED:
            free = purchase.listing.state == Listing.State.ACTIVE
            may = {"accept", "decline"} if free else {"decline"}
        elif purchase.state == State.ACCEPTED and not self._confirmed:
            may = {"confirm", "cancel"}
        elif purchase.state == State.COMPLETED and not self.has_rated:
            may = {"rate"}
        return frozenset(may)

    @property
    def timeline(self) -> list[Event]:
        """What happened, oldest first."""
        purchase = self.purchase
        names = {
            "buyer": _("You") if self.by_buyer else purchase.buyer_name,
            "seller": purchase.listing.seller.display_name if self.by_buyer else _("You"),
            "price": dollars(purchase.price),
        }
        events = (
            (purchase.requested_at, _("%(buyer)s asked to buy it: %(price)s")),
            (purchase.accepted_at, _("%(seller)s accepted and reserved it")),
            (purchase.buyer_confirmed_at, _("%(buyer)s confirmed that it changed hands")),
            (purchase.seller_confirmed_at, _("%(seller)s confirmed that it changed hands")),
            (purchase.ended_at, self._end()),
        )
        happened = [Event(at, words % names) for at, words in events if at]
        return sorted(happened, key=lambda event: event.at)

    @property
    def next(self) -> str:
        """What happens next, in plain words."""
        match self.purchase.state:
            case State.REQUESTED:
                sentence = self._while_requested()
            case State.ACCEPTED:
                sentence = self._while_accepted()
            case State.COMPLETED:
                sentence = self._once_completed()
            case State.LAPSED:
                sentence = _("Time ran out, so the purchase ended. Nothing is owed.")
            case _either_said_no:
                sentence = self._once_called_off()
        held_until = self.purchase.held_until
        return sentence % {
            "other": self.other,
            "until": date(timezone.localtime(held_until), "l, F j, g:i A") if held_until else "",
        }

    @property
    def _confirmed(self) -> bool:
        purchase = self.purchase
        mine = purchase.buyer_confirmed_at if self.by_buyer else purchase.seller_confirmed_at
        return mine is not None

    def _while_requested(self) -> str:
        is_reserved = self.purchase.listing.state == Listing.State.RESERVED
        if self.by_buyer and is_reserved:
            return _("It is reserved for somebody else for now. Your request stays open.")
        if self.by_buyer:
            return _("%(other)s has been told and can accept or decline. You get a mail.")
        if is_reserved:
            return _("The item is reserved already. If that falls through, you can accept this.")
        return _(
            "Accept to reserve it for %(other)s, or decline. Without an answer this lapses "
            "two weeks after it was asked."
        )

    def _while_accepted(self) -> str:
        if self._confirmed:
            return _(
                "You confirmed that it changed hands. As soon as %(other)s confirms too, it is "
                "done; this stays open until %(until)s."
            )
        if self.purchase.buyer_confirmed_at or self.purchase.seller_confirmed_at:
            return _(
                "%(other)s says that it changed hands. If that is right, confirm it too; if not, "
                "say that it fell through. This stays open until %(until)s."
            )
        if self.by_buyer:
            return _(
                "It is reserved for you until %(until)s. Call or text %(other)s to agree when "
                "and where, see it, pay, and confirm here that you have it."
            )
        return _(
            "It is reserved for %(other)s until %(until)s, who will call or text you. Once it "
            "is handed over and paid, confirm it here."
        )

    def _once_completed(self) -> str:
        if self.has_rated:
            return _("All done. Thank you for rating %(other)s.")
        return _("All done. How was it with %(other)s?")

    def _once_called_off(self) -> str:
        purchase = self.purchase
        if not purchase.ended_by:
            return _("The item was not to be had any more, so this ended. Nothing is owed.")
        if (purchase.ended_by == Side.BUYER) == self.by_buyer:
            return _("You ended it, and %(other)s was told. Nothing is owed.")
        if purchase.state == State.DECLINED:
            return _("%(other)s declined. Nothing is owed; others may sell something like it.")
        return _("%(other)s called it off. Nothing is owed.")

    def _end(self) -> str:
        """Whose doing it was that it ended, for the timeline."""
        purchase = self.purchase
        withdrew = _("%(buyer)s withdrew the request")
        sentences: dict[tuple[str, str], str] = {
            (State.DECLINED, Side.SELLER): _("%(seller)s declined"),
            (State.CANCELLED, Side.SELLER): _("%(seller)s called it off"),
            (State.CANCELLED, Side.BUYER): (
                _("%(buyer)s called it off") if purchase.accepted_at else withdrew
            ),
            (State.COMPLETED, ""): _("Sold: you have both confirmed"),
            (State.LAPSED, ""): self._lapse(),
        }
        gone = _("The item was not to be had any more")
        return sentences.get((purchase.state, purchase.ended_by), gone)

    def _lapse(self) -> str:
        purchase = self.purchase
        if not purchase.accepted_at:
            return _("%(seller)s did not answer within two weeks")
        if purchase.seller_confirmed_at:
            return _("%(buyer)s did not confirm in time")
        if purchase.buyer_confirmed_at:
            return _("%(seller)s did not confirm in time")
        return _("The reservation ran out before either confirmed")
