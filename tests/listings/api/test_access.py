"""Who gets in, how often, and the page on which tokens are made."""

import pytest
from django.test import Client
from knox.models import AuthToken
from rest_framework.test import APIClient

from listings.api.throttling import AnonymousThrottle, WriteThrottle
from listings.api.tokens import MAX_TOKENS
from tests.listings.api.conftest import with_token
from tests.listings.factories import ListingFactory

MINE = "/api/v1/my/listings/"
PAGE = "/account/tokens/"


@pytest.fixture
def toms_proved_browser(tom):
    """Tom, who typed his password a moment ago."""
    tom.user.set_password("a good long one")
    tom.user.save()
    client = Client()
    client.force_login(tom.user)
    client.post("/accounts/reauthenticate/", {"password": "a good long one"})
    return client


@pytest.mark.parametrize(
    "header",
    ["Token", "Token x", "Token a b", "Token a\0b", "Token é", "Token " + "a" * 9000, "Bearer x"],
)
def test_what_is_no_token_is_refused(db, header):
    answer = APIClient().get(MINE, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Token"


def test_token_of_somebody_inactive_does_not_work(toms, tom):
    assert toms.get(MINE).status_code == 200
    tom.user.is_active = False
    tom.user.save()
    assert toms.get(MINE).status_code == 401


def test_session_reads_and_changes_only_with_the_csrf_token(tom):
    listing = ListingFactory(seller=tom)
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(tom.user)
    assert browser.get(MINE).status_code == 200
    assert browser.put(f"/api/v1/favourites/{listing.reference}/").status_code == 403


def test_too_many_are_told_when_to_come_back(anybody, db, monkeypatch):
    monkeypatch.setattr(AnonymousThrottle, "rate", "2/min", raising=False)
    answers = [anybody.get("/api/v1/categories/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60


def test_invented_forwarding_header_gives_no_new_limit(anybody, db, monkeypatch):
    monkeypatch.setattr(AnonymousThrottle, "rate", "2/min", raising=False)
    codes = [
        anybody.get("/api/v1/categories/", HTTP_X_FORWARDED_FOR=f"192.0.2.{n}").status_code
        for n in range(3)
    ]
    assert codes == [200, 200, 429]


def test_writes_are_counted_apart_and_for_all_tokens_of_a_person(toms, tom, monkeypatch):
    monkeypatch.setattr(WriteThrottle, "rate", "1/min", raising=False)
    mark = f"/api/v1/favourites/{ListingFactory().reference}/"
    assert toms.put(mark).status_code == 204
    assert with_token(tom.user).put(mark).status_code == 429
    assert toms.get(MINE).status_code == 200


def test_nobody_is_refused_while_redis_is_away(anybody, db, monkeypatch, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "shoppingplace.cache.ForgivingRedisCache",
            "LOCATION": "redis://127.0.0.1:1",
        }
    }
    monkeypatch.setattr(AnonymousThrottle, "rate", "1/min", raising=False)
    codes = {anybody.get("/api/v1/categories/").status_code for _ in range(3)}
    assert codes == {200}


def test_token_is_shown_once_and_works_until_revoked(toms_proved_browser):
    made = toms_proved_browser.post(PAGE)
    token = made.context["new_token"]
    assert token in made.content.decode()
    assert "no-store" in made.headers["Cache-Control"]
    assert token not in toms_proved_browser.get(PAGE).content.decode()
    program = APIClient()
    program.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    assert program.get(MINE).status_code == 200
    toms_proved_browser.post(f"{PAGE}{AuthToken.objects.get().token_key}/revoke/")
    assert program.get(MINE).status_code == 401


def test_token_is_made_only_after_the_password(tom):
    tom.user.set_password("a good long one")
    tom.user.save()
    browser = Client()
    browser.force_login(tom.user)
    assert browser.post(PAGE).headers["Location"].startswith("/accounts/reauthenticate/")
    assert not AuthToken.objects.exists()


def test_eleventh_token_is_refused(toms_proved_browser, tom):
    for _ in range(MAX_TOKENS):
        AuthToken.objects.create(tom.user)
    assert b"limit" in toms_proved_browser.post(PAGE, follow=True).content
    assert AuthToken.objects.count() == MAX_TOKENS


def test_token_of_another_is_not_revoked(toms_proved_browser, mallorys_browser, tom):
    AuthToken.objects.create(tom.user)
    revoke = f"{PAGE}{AuthToken.objects.get().token_key}/revoke/"
    assert mallorys_browser.post(revoke).status_code == 404
    assert Client().post(revoke).headers["Location"].startswith("/accounts/login/")
    assert toms_proved_browser.get(revoke).status_code == 405
    assert AuthToken.objects.count() == 1
