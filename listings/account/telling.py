"""Mails about what happened to somebody's account, so that a thief does not go unnoticed."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from listings.notices import our_address, owe
from proxying.models import Seller


def phone_changed(seller: Seller, **kwargs: Any) -> None:
    """Receives ``proxying.reachability.phone_changed``, within its transaction."""
    owe(
        seller.user,
        _("Another phone rings for your number"),
        _(
            "The phone of your %(site)s account was changed just now. Buyers go on calling the "
            "same number; it rings on the new phone from now on.\n\n"
            "If this was you, there is nothing to do.\n\n"
            "If this was not you, somebody knows your password. Change it, and write to "
            "%(address)s at once:\n\n%(url)s"
        )
        % {
            "site": settings.SITE_NAME,
            "address": our_address(),
            "url": settings.PUBLIC_ORIGIN + reverse("account_change_password"),
        },
    )


def suspended(seller: Seller, **kwargs: Any) -> None:
    """Receives ``proxying.reachability.suspended``, within its transaction."""
    owe(
        seller.user,
        _("Your %(site)s account is suspended") % {"site": settings.SITE_NAME},
        _(
            "Our staff have suspended your account: buyers see none of your listings and cannot "
            "call or text you. The reason:\n\n%(reason)s\n\n"
            "Your listings and your number are kept. Write to %(address)s if you think that this "
            "is a mistake, or when it is put right."
        )
        % {"reason": seller.suspended_reason, "address": our_address()},
    )


def number_lost(seller: Seller, **kwargs: Any) -> None:
    """Receives ``proxying.reachability.number_lost``, within its transaction."""
    owe(
        seller.user,
        _("You get a new number on %(site)s") % {"site": settings.SITE_NAME},
        _(
            "The phone network has taken back the number on which buyers reached you. We are "
            "sorry: this happens rarely, and we cannot undo it.\n\n"
            "You get a new one by itself, within minutes as a rule, and your listings show it as "
            "soon as it is there. Who has the old number does not reach you on it any more. "
            "You see the new one here:\n\n%(url)s"
        )
        % {"url": settings.PUBLIC_ORIGIN + reverse("seller_number")},
    )
