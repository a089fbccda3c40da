"""Two sellers with a buyer each and all that can be theirs, staff, and strangers."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from unittest import mock

from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.utils import timezone
from knox.models import AuthToken

from listings.api.throttling import AnonymousThrottle, PersonThrottle, WriteThrottle
from listings.models import Favourite, Listing, Photo, Purchase, SavedSearch
from listings.selling import expiry
from listings.watching.unsubscribing import unsubscribe_url
from proxying.models import BuyerAlias, Seller
from tests.listings.factories import ListingFactory, add_photo
from tests.proxying import factories

PASSWORD: Final = "an oak table for six"


@dataclass(frozen=True)
class Owner:
    """A *seller* and who buys from them; everything else belongs to one of the two."""

    seller: Seller
    buyer: User
    listing: Listing
    draft: Listing
    photo: Photo
    purchase: Purchase
    search: SavedSearch
    alias: BuyerAlias
    token_key: str

    def values(self) -> dict[str, Any]:
        """For the parameters of addresses, by route where a name alone says too little."""
        purchase, seller, photo = self.purchase.pk, self.seller.pk, self.photo.pk
        return {
            "reference": self.listing.reference,
            "slug": "any-words",
            "photo_id": photo,
            "token_key": self.token_key,
            "purchases": purchase,
            "sellers": seller,
            "searches": self.search.pk,
            "desk": self.alias.pk,
            "renew": expiry.token(self.listing),
            "unsubscribe": unsubscribe_url(self.search).rsplit("/", 2)[1],
        }


def an_owner(seller: Seller, buyer_name: str) -> Owner:
    buyer = factories.UserFactory(username=buyer_name)
    listing = ListingFactory(seller=seller)
    Favourite.objects.create(user=buyer, listing=listing)
    return Owner(
        seller=seller,
        buyer=buyer,
        listing=listing,
        draft=ListingFactory(seller=seller, draft=True),
        photo=add_photo(listing),
        purchase=Purchase.objects.create(
            listing=listing, buyer=buyer, buyer_name=buyer_name.title(), price=Decimal(200)
        ),
        search=SavedSearch.objects.create(user=buyer, query="q=oak", name="Oak"),
        alias=BuyerAlias.objects.create(seller=seller, buyer_index="0" * 64, number=1),
        token_key=AuthToken.objects.create(buyer)[0].token_key,
    )


def people() -> tuple[dict[str, User | None], list[Owner]]:
    """By role: Tom and Mallory sell, Bob buys from Tom and Carol from Mallory."""
    tom = an_owner(factories.tom(), "bob")
    mallorys = factories.ReservedNumberFactory(seller__user__username="mallory").seller
    mallory = an_owner(mallorys, "carol")
    suspended = factories.ReservedNumberFactory(
        seller__suspended=True, seller__user__username="sam"
    ).seller
    roles = {
        "anybody": None,
        "tom": tom.seller.user,
        "bob": tom.buyer,
        "mallory": mallory.seller.user,
        "sam": suspended.user,
        "clerk": factories.UserFactory(username="clerk", is_staff=True),
        "chief": factories.UserFactory(username="chief", is_staff=True, is_superuser=True),
    }
    for user in filter(None, roles.values()):
        user.set_password(PASSWORD)
        user.save()
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        for owner in (tom, mallory):
            Favourite.objects.get_or_create(user=user, listing=owner.listing)
    return roles, [tom, mallory]


def a_browser(user: User | None, **options: Any) -> Client:
    """Logged in with a password just now; an error of ours is a 500, as it is for a browser."""
    client = Client(raise_request_exception=False, **options)
    if user is not None:
        client.force_login(user)
        session = client.session
        session["account_authentication_methods_user"] = str(user.pk)
        session["account_authentication_methods"] = [
            {
                "method": "password",
                "reauthenticated": True,
                "at": (timezone.now() + timedelta(hours=1)).timestamp(),
            }
        ]
        session.save()
    return client


def a_program(user: User | None) -> Client:
    """With a token, as programs have one."""
    told = {"Authorization": f"Token {AuthToken.objects.create(user)[1]}"} if user else {}
    return Client(raise_request_exception=False, headers=told)


@contextmanager
def nothing_held_back() -> Iterator[None]:
    """Plain static files, and no limit on how often: what is measured is something else."""
    plain = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with ExitStack() as changed:
        for throttle in (AnonymousThrottle, PersonThrottle, WriteThrottle):
            changed.enter_context(mock.patch.object(throttle, "allow_request", return_value=True))
        changed.enter_context(
            override_settings(
                STORAGES=plain,
                ACCOUNT_RATE_LIMITS=False,
                PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
            )
        )
        yield
