"""People with tokens, and a limit that stays out of the way."""

import pytest
from django.contrib.auth.models import User
from knox.models import AuthToken
from rest_framework.test import APIClient

from listings.api.throttling import AnonymousThrottle, PersonThrottle, WriteThrottle
from proxying.models import Seller
from tests.proxying.factories import ReservedNumberFactory, UserFactory


@pytest.fixture(autouse=True)
def no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for throttle in (AnonymousThrottle, PersonThrottle, WriteThrottle):
        monkeypatch.setattr(throttle, "rate", None, raising=False)


def with_token(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {AuthToken.objects.create(user)[1]}")
    return client


@pytest.fixture
def anybody() -> APIClient:
    return APIClient()


@pytest.fixture
def toms(tom: Seller) -> APIClient:
    return with_token(tom.user)


@pytest.fixture
def bob(db: None) -> User:
    return UserFactory(username="bob")


@pytest.fixture
def bobs(bob: User) -> APIClient:
    return with_token(bob)


@pytest.fixture
def mallorys(db: None) -> APIClient:
    """Mallory sells too, and must not get at what is another's."""
    return with_token(ReservedNumberFactory().seller.user)
