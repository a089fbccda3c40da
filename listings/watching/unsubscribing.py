"""The signed address that ends the mails about one search, without a log-in."""

from typing import Final

from django.conf import settings
from django.core import signing
from django.urls import reverse

from listings.models import SavedSearch

_SALT: Final = "saved-search-unsubscribe"


def unsubscribe_url(search: SavedSearch) -> str:
    """It works for as long as the search is there: old mails are opened late."""
    token = signing.Signer(salt=_SALT).sign(str(search.pk))
    url: str = settings.PUBLIC_ORIGIN + reverse("saved_search_unsubscribe", args=[token])
    return url


def search_of(token: str) -> int:
    """The search's id; ``BadSignature`` for what we have not signed."""
    return int(signing.Signer(salt=_SALT).unsign(token))
