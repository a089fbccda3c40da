"""Mails about what happened to somebody's account, so that a thief does not go unnoticed."""

from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from listings.notices import owe
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
            "address": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
            "url": settings.PUBLIC_BASE_URL + reverse("account_change_password"),
        },
    )
