"""How a buyer reaches the seller of a listing, or why not now."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from listings.models import Listing
from proxying import hours
from proxying.phone_numbers import display


@dataclass(frozen=True)
class Contact:
    """The reserved number as people read it, and the two links that use it.

    While ``away_until`` is set nothing comes through; while ``is_quiet``, only texts do.
    """

    number: str
    call_url: str
    text_url: str
    away_until: datetime | None
    is_quiet: bool


def contact_of(listing: Listing, now: datetime) -> Contact | None:
    """None where nobody is to call: the item is gone or withheld, or no number works."""
    seller = listing.seller
    number = seller.reserved_number
    if (
        listing.state not in {Listing.State.ACTIVE, Listing.State.RESERVED}
        or listing.hidden_at
        or seller.suspended_at
        or seller.phone_verified_at is None
        or number is None
        or not number.is_active
        or number.proxy_identifier is None
    ):
        return None
    return Contact(
        number=display(number.proxy_identifier),
        call_url=f"tel:{number.proxy_identifier}",
        text_url=text_url(listing, number.proxy_identifier),
        away_until=seller.away_until if hours.is_away(seller, now) else None,
        is_quiet=hours.is_quiet(seller, now),
    )


def text_url(listing: Listing, proxy_identifier: str) -> str:
    """A link that opens the phone's messages with the question already written.

    The reference is in it because one number serves all of a seller's items. RFC 5724 and
    Android want ``?body=``, older iPhones ``&body=``; both understand ``?&body=``.
    """
    question = f'Hi, is "{listing.title}" ({listing.reference}) still available?'
    return f"sms:{proxy_identifier}?&body={quote(question, safe='')}"
