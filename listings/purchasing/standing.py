"""How a purchase stands, in two or three words for each side: whose turn it is."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from listings.models import Listing, Purchase

State = Purchase.State


@dataclass(frozen=True)
class Standing:
    """``is_ones_turn`` when the purchase waits for whoever reads this."""

    words: str
    is_ones_turn: bool = False

    @classmethod
    def of(cls, purchase: Purchase, *, by_buyer: bool) -> "Standing":
        """*purchase*, with its listing, for its buyer or for its seller."""
        is_on_hold = purchase.listing.state == Listing.State.RESERVED
        match purchase.state:
            case State.REQUESTED if is_on_hold:
                words = _("On hold")
            case State.ACCEPTED if purchase.seller_confirmed_at:
                return cls._waiting(for_buyer=True, by_buyer=by_buyer)
            case State.ACCEPTED if not purchase.buyer_confirmed_at:
                words = _("Reserved for you") if by_buyer else _("Reserved by you")
            case State.REQUESTED | State.ACCEPTED:
                return cls._waiting(for_buyer=False, by_buyer=by_buyer)
            case State.DECLINED if not purchase.ended_by:
                words = _("Item gone")
            case _ended:
                words = str(purchase.get_state_display())
        return cls(words)

    @classmethod
    def _waiting(cls, *, for_buyer: bool, by_buyer: bool) -> "Standing":
        if for_buyer == by_buyer:
            return cls(_("Waiting for you"), is_ones_turn=True)
        return cls(_("Waiting for the buyer") if for_buyer else _("Waiting for the seller"))
